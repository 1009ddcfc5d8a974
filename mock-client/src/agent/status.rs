//! The state of the agent in the words of the router that row R8 of the status page comes from.

use super::state::{Activity, State};
use crate::keystore::{Keystore, StoreError, serial_name};

/// Both lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// `Module NAME disabled`, `running` or `not running`.
    pub module: String,
    /// `Certificate not enrolled`, `enrollment`, `re-enrollment` or `enrolled SERIAL`.
    pub certificate: String,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.module)?;
        write!(f, "{}", self.certificate)
    }
}

/// The status. `is_at_work` says whether an agent is doing something at this moment: what it wrote down
/// before it was killed is no work.
///
/// # Errors
/// When the keystore cannot be read.
pub fn status(
    module: &str,
    enabled: bool,
    is_at_work: bool,
    state: &State,
    store: &dyn Keystore,
) -> Result<Status, StoreError> {
    let activity = state.activity.filter(|_| is_at_work && enabled);
    let word = match (enabled, activity) {
        (false, _) => "disabled",
        (true, Some(_)) => "running",
        (true, None) => "not running",
    };
    let certificate = match (activity, store.current()?) {
        (Some(Activity::Enrolment), _) => "enrollment".to_owned(),
        (Some(Activity::ReEnrolment), _) => "re-enrollment".to_owned(),
        (None, Some(current)) => format!("enrolled {}", serial_name(&current.certificate)),
        (None, None) => "not enrolled".to_owned(),
    };
    Ok(Status {
        module: format!("Module {module} {word}"),
        certificate: format!("Certificate {certificate}"),
    })
}

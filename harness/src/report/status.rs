//! How a case ended for a reader: its result with the overlays of the expectations folded in.

use crate::results::CaseLine;
use crate::verdict::{CaseResult, Overlay};

/// What a reader needs to do about a case, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// A check failed that no expectation lists.
    Fail,
    /// The harness failed.
    Error,
    /// Could not be decided.
    Inconclusive,
    /// Listed as failing, and did not.
    UnexpectedPass,
    /// Its control did not succeed.
    Blocked,
    /// Nothing failed, something warned.
    Warn,
    /// Failed as listed.
    ExpectedFail,
    /// The subject lacks an ability.
    Unsupported,
    /// All is well.
    Pass,
}

impl Status {
    /// Every status, most urgent first.
    pub const ALL: [Self; 9] = [
        Self::Fail,
        Self::Error,
        Self::Inconclusive,
        Self::UnexpectedPass,
        Self::Blocked,
        Self::Warn,
        Self::ExpectedFail,
        Self::Unsupported,
        Self::Pass,
    ];

    /// Folds the overlays of a case into its result.
    #[must_use]
    pub fn of(case: &CaseLine) -> Self {
        let expected = case.overlay.contains(&Overlay::ExpectedFail);
        let unexpected = case.overlay.contains(&Overlay::UnexpectedPass);
        match case.result {
            CaseResult::Error => Self::Error,
            CaseResult::Fail if !expected => Self::Fail,
            CaseResult::Inconclusive if !expected => Self::Inconclusive,
            _ if unexpected => Self::UnexpectedPass,
            CaseResult::Fail | CaseResult::Inconclusive => Self::ExpectedFail,
            CaseResult::Blocked => Self::Blocked,
            CaseResult::Unsupported => Self::Unsupported,
            CaseResult::Warn => Self::Warn,
            CaseResult::Pass => Self::Pass,
        }
    }

    /// The word for people and filters.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Inconclusive => "inconclusive",
            Self::UnexpectedPass => "unexpected-pass",
            Self::Blocked => "blocked",
            Self::Warn => "warn",
            Self::ExpectedFail => "expected-fail",
            Self::Unsupported => "unsupported",
            Self::Pass => "pass",
        }
    }

    /// True when somebody has to look.
    #[must_use]
    pub fn needs_attention(self) -> bool {
        match self {
            Self::Fail | Self::Error | Self::Inconclusive | Self::UnexpectedPass => true,
            Self::Blocked | Self::Warn | Self::ExpectedFail | Self::Unsupported | Self::Pass => false,
        }
    }
}

/// The area of a case: `srv.enrol` of `srv.enrol.granted[via=get]`, and the rest of its id.
#[must_use]
pub(super) fn area(case: &CaseLine) -> (&str, &str) {
    let Some(dot) = case.case.rfind('.') else { return ("", &case.id) };
    let name = case.id.get(dot + 1..).unwrap_or(&case.id);
    (&case.case[..dot], name)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::case;
    use super::*;

    fn status(result: CaseResult, overlay: &[Overlay]) -> Status {
        let mut case = case("srv.enrol.granted", "srv.enrol.granted", result);
        case.overlay = overlay.to_vec();
        Status::of(&case)
    }

    #[test]
    fn overlays_change_what_a_reader_has_to_do() {
        use Overlay::{ExpectedFail, Flaky, UnexpectedPass};
        assert_eq!(status(CaseResult::Fail, &[]), Status::Fail);
        assert_eq!(status(CaseResult::Fail, &[ExpectedFail]), Status::ExpectedFail);
        assert_eq!(status(CaseResult::Pass, &[UnexpectedPass]), Status::UnexpectedPass);
        assert_eq!(status(CaseResult::Fail, &[UnexpectedPass]), Status::Fail);
        assert_eq!(status(CaseResult::Fail, &[ExpectedFail, UnexpectedPass]), Status::UnexpectedPass);
        assert_eq!(status(CaseResult::Inconclusive, &[ExpectedFail]), Status::ExpectedFail);
        assert_eq!(status(CaseResult::Pass, &[Flaky]), Status::Pass);
    }

    #[test]
    fn an_error_of_ours_never_looks_like_anything_else() {
        for overlay in [Overlay::ExpectedFail, Overlay::UnexpectedPass, Overlay::Flaky, Overlay::Slow] {
            assert_eq!(status(CaseResult::Error, &[overlay]), Status::Error);
        }
    }

    #[test]
    fn an_instance_belongs_to_the_area_of_its_case() {
        let instance = case("srv.enrol.granted[via=get.x]", "srv.enrol.granted", CaseResult::Pass);
        assert_eq!(area(&instance), ("srv.enrol", "granted[via=get.x]"));
    }
}

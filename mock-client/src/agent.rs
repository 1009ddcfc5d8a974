//! The agent: keeps a device enrolled. Each check asks a pure plan what is to be done, does it, and asks
//! again, until there is nothing left but to wait.
//!
//! ```text
//!  settings file -> Settings        keystore + state file -> Situation
//!                       \              /
//!                     plan(now, situation, policy) -> Task -> work -> keystore, state file, scripts
//!                                     ^                         |
//!                                     +-------------------------+
//! ```

pub mod plan;
mod script;
pub mod settings;
mod state;
mod status;
mod work;

pub use script::{Environment, Runner, Shell};
pub use settings::Settings;
pub use state::{Activity, Outcome, State};
pub use status::{Status, status};
pub use work::{Agent, AgentError, Checked};

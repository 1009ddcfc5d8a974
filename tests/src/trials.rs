//! Test programs whose tests are decided at run time: run, ignored with the reason, or failed for it.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::peers::namespace::{self, Place};
use crate::peers::policy::{Decision, Policy};

/// What a test does.
pub type Run = Box<dyn FnOnce() -> Result<(), Failed> + Send>;

/// What the tests of a program may count on.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    policy: Policy,
    is_wanted: bool,
}

/// Runs a test program: its tests are made when it is known what is asked for.
pub fn run(tests: impl FnOnce(Asked) -> Vec<Trial>) -> ExitCode {
    program(|asked| Ok(tests(asked)))
}

/// The same in a network namespace of its own. `tests` is told why there is none, where there is none.
pub fn run_apart(tests: impl FnOnce(Asked, Option<String>) -> Vec<Trial>) -> ExitCode {
    program(|asked| {
        let refused = if asked.is_wanted {
            match namespace::enter() {
                Place::Inside => None,
                Place::Ran(code) => return Err(code),
                Place::Outside(reason) => Some(reason),
            }
        } else {
            None
        };
        Ok(tests(asked, refused))
    })
}

fn program(tests: impl FnOnce(Asked) -> Result<Vec<Trial>, ExitCode>) -> ExitCode {
    let arguments = Arguments::from_args();
    let policy = match Policy::from_environment() {
        Ok(policy) => policy,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };
    let is_wanted = !arguments.list && policy != Policy::Off;
    match tests(Asked { policy, is_wanted }) {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(code) => code,
    }
}

impl Asked {
    /// What is missing, unless nobody wants to know.
    pub fn missing(self, look: impl FnOnce() -> Vec<String>) -> Vec<String> {
        if self.is_wanted { look() } else { Vec::new() }
    }

    /// A test that needs what may be missing.
    pub fn trial(self, name: impl Into<String>, missing: &[String], run: Run) -> Trial {
        let decision = self.policy.decide(missing);
        Trial::ignorable_test(name, move || match decision {
            Decision::Run => run().map(|()| Completion::Completed),
            Decision::Ignore(reason) => Ok(Completion::ignored_with(reason)),
            Decision::Fail(reason) => Err(reason.into()),
        })
    }
}

/// A test that needs nothing.
pub fn always(name: impl Into<String>, run: Run) -> Trial {
    Trial::test(name, run)
}

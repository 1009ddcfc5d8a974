//! The codec against software that is not ours: what `scep` writes, OpenSSL and Python read and open to the
//! same octets; what OpenSSL writes, `scep` reads.
//!
//! `SCEPTIC_PEERS=auto|require|off` says what a missing oracle means: ignored, failed, or not looked for.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tests::peers::policy::{Decision, Policy, missing_programs};

mod command;
mod crl;
mod from_openssl;
mod material;
mod names;
mod next_ca;
mod python;
mod to_openssl;
mod vectors;

/// What an oracle test does.
type Run = Box<dyn FnOnce() -> Result<(), Failed> + Send>;

/// The same, when it needs to know nothing.
type Claim = fn() -> Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let policy = match Policy::from_environment() {
        Ok(policy) => policy,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };
    let is_wanted = !arguments.list && policy != Policy::Off;
    let missing = |look: fn() -> Vec<String>| if is_wanted { look() } else { Vec::new() };
    let openssl = missing(|| missing_programs(&["openssl"]));
    let legacy = missing(command::missing_legacy);
    let python = missing(command::missing_python);

    let mut trials = Vec::new();
    for (name, needs_legacy, run) in to_openssl::tests().into_iter().chain(from_openssl::tests()) {
        let mut missing = openssl.clone();
        if needs_legacy && missing.is_empty() {
            missing.extend_from_slice(&legacy);
        }
        trials.push(trial(name, policy, &missing, run));
    }
    trials.extend(names::tests().into_iter().map(|(name, run)| trial(name, policy, &openssl, run)));
    for (name, run) in crl::OPENSSL.into_iter().chain(next_ca::OPENSSL) {
        trials.push(trial(name.to_owned(), policy, &openssl, Box::new(run)));
    }
    for (name, run) in crl::PYTHON {
        trials.push(trial(name.to_owned(), policy, &python, Box::new(run)));
    }
    let with_python = python::tests().into_iter().chain(names::python_tests()).chain(vectors::tests());
    trials.extend(with_python.map(|(name, run)| trial(name, policy, &python, run)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: String, policy: Policy, missing: &[String], run: Run) -> Trial {
    let decision = policy.decide(missing);
    Trial::ignorable_test(name, move || match decision {
        Decision::Run => run().map(|()| Completion::Completed),
        Decision::Ignore(reason) => Ok(Completion::ignored_with(reason)),
        Decision::Fail(reason) => Err(reason.into()),
    })
}

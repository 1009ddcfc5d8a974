//! The codec against software that is not ours: what `scep` writes, OpenSSL and Python read and open to the
//! same octets; what OpenSSL writes, `scep` reads.
//!
//! `SCEPTIC_PEERS=auto|require|off` says what a missing oracle means: ignored, failed, or not looked for.

use std::process::ExitCode;

use libtest_mimic::Failed;
use tests::peers::policy::missing_programs;
use tests::trials::{self, Run};

mod command;
mod crl;
mod from_openssl;
mod from_python;
mod material;
mod names;
mod next_ca;
mod python;
mod to_openssl;
mod vectors;

/// What an oracle test does, when it needs to know nothing.
type Claim = fn() -> Result<(), Failed>;

fn main() -> ExitCode {
    trials::run(|asked| {
        let openssl = asked.missing(|| missing_programs(&["openssl"]));
        let legacy = asked.missing(command::missing_legacy);
        let python = asked.missing(command::missing_python);

        let mut trials = Vec::new();
        for (name, needs_legacy, run) in to_openssl::tests().into_iter().chain(from_openssl::tests()) {
            let mut missing = openssl.clone();
            if needs_legacy && missing.is_empty() {
                missing.extend_from_slice(&legacy);
            }
            trials.push(asked.trial(name, &missing, run));
        }
        trials.extend(names::tests().into_iter().map(|(name, run)| asked.trial(name, &openssl, run)));
        for (name, run) in crl::OPENSSL.into_iter().chain(next_ca::OPENSSL) {
            trials.push(asked.trial(name, &openssl, Box::new(run)));
        }
        for (name, run) in crl::PYTHON {
            trials.push(asked.trial(name, &python, Box::new(run)));
        }
        let with_python = python::tests()
            .into_iter()
            .chain(from_python::tests())
            .chain(names::python_tests())
            .chain(vectors::tests());
        trials.extend(with_python.map(|(name, run)| asked.trial(name, &python, run)));
        trials
    })
}

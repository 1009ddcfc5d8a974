//! `cargo bench -p benches --bench bounds`: how many times longer than its bare RSA operations each takes.
//! Fails when one is above its bound in every attempt.

use std::process::ExitCode;
use std::time::Duration;

use benches::bound::{Measured, measure};
use benches::{certrep, pkcs_req};

/// A neighbour that empties the caches for a second spoils one attempt, not all.
const ATTEMPTS: usize = 5;

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it runs.
    let attempts = if std::env::args().any(|argument| argument == "--test") { 1 } else { ATTEMPTS };
    let (message, verifications) = (pkcs_req::message(), pkcs_req::Bare::new());
    let (mut server, bare) = (certrep::Server::new(), certrep::Bare::new());
    let mut holds = true;
    holds &= hold("read and verify a PKCSReq / two verifications", 1.3, attempts, || {
        measure(|| pkcs_req::read_and_verify(&message), || verifications.two_verifications())
    });
    holds &= hold("issue and build a CertRep / two private operations", 1.1, attempts, || {
        let operations = || drop((bare.private_operation(), bare.private_operation()));
        measure(|| drop(server.issue_and_answer()), operations)
    });
    holds &= hold("build a CertRep / private and public operation", 1.1, attempts, || {
        let operations = || drop((bare.private_operation(), bare.public_operation()));
        measure(|| drop(server.answer()), operations)
    });
    // What the public operation is worth depends on the processor, so this one is only told.
    let measured = measure(|| drop(server.answer()), || drop(bare.private_operation()));
    println!("{}", line("build a CertRep / one private operation", measured));
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether one of the attempts is below the bound.
fn hold(what: &str, bound: f64, attempts: usize, mut measure: impl FnMut() -> Measured) -> bool {
    for _ in 0..attempts {
        let measured = measure();
        let holds = measured.ratio() < bound;
        println!("{}, {} {bound}", line(what, measured), if holds { "below" } else { "NOT BELOW" });
        if holds {
            return true;
        }
    }
    false
}

fn line(what: &str, measured: Measured) -> String {
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    let (operation, bare) = (us(measured.operation), us(measured.bare));
    format!("{what}: {operation:.1} us / {bare:.1} us = {:.3}", measured.ratio())
}

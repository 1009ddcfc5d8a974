//! The client machines against a server made of `receive`, `transaction` and `answer`, under a simulated
//! clock, over a link that loses, repeats, delays and reorders. Nothing sleeps, nothing is random but by seed.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its material has failed")]

mod determinism;
mod discovery;
mod enrolment;
mod historic;
mod lab;
mod link;
mod lookup;
mod server;

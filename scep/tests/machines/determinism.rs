//! Same plan, same clock, same seed: the same requests, the same answers, the same end.

use rstest::rstest;
use scep::client::{Enrolment, Plan, RequestForm, Step, Verdict};
use scep::fault::Faults;

use crate::lab::{NOW, enrol, renew, rng};
use crate::server::{Operator, Server};

/// Everything that crosses the link, in order, and how it ends.
fn exchanged(plan: Plan, seed: u64) -> (Vec<Vec<u8>>, Verdict) {
    let (mut rng, mut now, mut octets) = (rng(seed), NOW, Vec::new());
    let mut server = Server::new(Operator::ApprovesAt(NOW.plus(100)));
    let mut machine = Enrolment::new(plan, now, &mut rng);
    loop {
        match machine.poll(now, &mut Faults::none(), &mut rng).unwrap() {
            Step::Send(request) => {
                let response = server.answer(&request, now);
                machine.handle(&response, now);
                octets.extend([request.query.into_bytes(), request.body, response.body]);
            }
            Step::Wait(until) => now = until,
            Step::Done(verdict) => return (octets, *verdict),
        }
    }
}

// Not with a key on a curve: OpenSSL 3.0 draws the number of an ECDSA signature itself.
#[rstest]
#[case::first(enrol("pool-00"))]
#[case::renewal(renew("pool-00", "pool-01", RequestForm::RenewalReq))]
fn the_same_seed_gives_the_same_enrolment(#[case] plan: Plan) {
    let first = exchanged(plan.clone(), 7);
    assert!(
        first.0.len() > 3 && matches!(first.1, Verdict::Issued { .. }),
        "polls and is issued: {:?}",
        first.1
    );
    assert_eq!(first, exchanged(plan.clone(), 7));
    assert_ne!(first.0, exchanged(plan, 8).0);
}

//! Enrolments over every kind of link.

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rstest::rstest;
use scep::UnixTime;
use scep::attribute::{FailInfo, MessageType};
use scep::client::{Enrolment, Plan, Recovery, RequestForm, Retry, Step, Verdict};
use scep::fault::Faults;

use crate::lab::{NOW, POLL, cases, enrol, renew, rng};
use crate::link::{Fate, Link, TIMEOUT, schedule};
use crate::server::{Operator, Server};

/// More losses than any schedule here has.
const AGAIN: Retry = Retry { times: 9, wait: 20 };

/// Longest schedule.
const LENGTH: usize = 8;

/// One enrolment from beginning to end.
struct Run {
    link: Link,
    verdict: Verdict,
    seconds: u64,
}

/// What the client does next; None when it is over.
fn step(machine: &mut Enrolment, link: &mut Link, rng: &mut ChaCha20Rng) -> Option<Verdict> {
    match machine.poll(link.now, &mut Faults::none(), rng).unwrap() {
        Step::Send(request) => match link.send(&request) {
            Some(response) => machine.handle(&response, link.now),
            None => machine.handle_no_answer("timeout", link.now),
        },
        Step::Wait(until) => {
            assert!(until > link.now, "to wait for what is past is to turn in circles");
            link.pass_until(until);
        }
        Step::Done(verdict) => return Some(*verdict),
    }
    None
}

fn run(plan: Plan, server: Server, schedule: Vec<Fate>) -> Run {
    let mut rng = rng(7);
    let mut link = Link::new(server, schedule, NOW);
    let mut machine = Enrolment::new(plan, NOW, &mut rng);
    for _ in 0..1000 {
        if let Some(verdict) = step(&mut machine, &mut link, &mut rng) {
            let seconds = link.now.0 - NOW.0;
            // What is still on its way arrives after the end.
            link.pass_until(link.now.plus(10_000));
            return Run { link, verdict, seconds };
        }
    }
    panic!("no end after a thousand steps at {}", link.now);
}

impl Run {
    /// What is true of every enrolment, whatever the link did.
    fn check(&self, plan: &Plan) -> Result<(), TestCaseError> {
        let server = &self.link.server;
        prop_assert!(server.most_certificates() <= 1, "{:?}", server.issued);
        if let Verdict::Issued { certificate, .. } = &self.verdict {
            prop_assert_eq!(&certificate.spki, &plan.spki);
            prop_assert!(server.issued.iter().any(|(_, issued)| issued == certificate.as_ref()));
        }
        let transactions = match plan.recovery {
            Recovery::NewTransaction(_) => 1 + u64::from(self.link.losses),
            Recovery::End | Recovery::SameTransaction(_) => 1,
        };
        // A transaction ends with its time; around it, a wait for its beginning and for its last answer.
        let longest = transactions * (POLL.max_seconds + 2 * TIMEOUT + AGAIN.wait);
        prop_assert!(self.seconds <= longest, "{} of {longest} seconds", self.seconds);
        Ok(())
    }

    fn is_issued(&self) -> bool {
        matches!(self.verdict, Verdict::Issued { .. })
    }
}

fn recovery() -> impl Strategy<Value = Recovery> {
    prop_oneof![
        Just(Recovery::End),
        Just(Recovery::NewTransaction(AGAIN)),
        Just(Recovery::SameTransaction(AGAIN)),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    prop_oneof![
        Just(Operator::Automatic),
        (0..3000_u64).prop_map(|after| Operator::ApprovesAt(NOW.plus(after))),
        (0..3000_u64).prop_map(|after| Operator::RejectsAt(NOW.plus(after))),
        Just(Operator::Absent),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let plan = prop_oneof![
        Just(enrol("pool-00")),
        // A key that cannot encrypt: the answers to it are for the challengePassword (RFC 8894 2.3).
        Just(enrol("ec-p256")),
        Just(renew("pool-00", "pool-01", RequestForm::RenewalReq)),
        Just(renew("pool-00", "pool-01", RequestForm::PkcsReq)),
    ];
    (plan, recovery(), any::<bool>()).prop_map(|(mut plan, recovery, post)| {
        plan.recovery = recovery;
        plan.suite.post = post;
        plan
    })
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn no_link_makes_two_certificates_of_one_transaction_or_keeps_a_client_for_ever(
        plan in plan(),
        operator in operator(),
        unique_subjects: bool,
        schedule in schedule(LENGTH),
    ) {
        let mut server = Server::new(operator);
        server.unique_subjects = unique_subjects;
        let run = run(plan.clone(), server, schedule);
        run.check(&plan)?;
    }

    #[test]
    fn what_is_lost_is_recovered_by_the_rule_of_the_policy(
        plan in plan(),
        schedule in schedule(LENGTH),
    ) {
        let run = run(plan.clone(), Server::new(Operator::Automatic), schedule);
        run.check(&plan)?;
        match plan.recovery {
            // RFC 8894 2.5.1: no response reverts to CERT-NONEXISTENT.
            Recovery::End if run.link.losses > 0 => {
                prop_assert_eq!(&run.verdict, &Verdict::NoAnswer("timeout".to_owned()));
            }
            Recovery::End | Recovery::NewTransaction(_) => prop_assert!(run.is_issued(), "{:?}", run.verdict),
            // The same transaction again is the same certificate again.
            Recovery::SameTransaction(_) => {
                prop_assert!(run.is_issued(), "{:?}", run.verdict);
                prop_assert_eq!(run.link.server.issued.len(), 1);
            }
        }
    }

    #[test]
    fn the_operators_word_reaches_the_client_through_every_link(
        is_approved: bool,
        own in prop::sample::select(vec!["pool-00", "ec-p256"]),
        after in 0..1200_u64,
        recovery in prop_oneof![
            Just(Recovery::NewTransaction(AGAIN)),
            Just(Recovery::SameTransaction(AGAIN)),
        ],
        // Fewer losses than polls.
        schedule in schedule(3),
    ) {
        let at = NOW.plus(after);
        let operator = if is_approved { Operator::ApprovesAt(at) } else { Operator::RejectsAt(at) };
        let plan = Plan { recovery, ..enrol(own) };
        let run = run(plan.clone(), Server::new(operator), schedule);
        run.check(&plan)?;
        if is_approved {
            prop_assert!(run.is_issued(), "{:?}", run.verdict);
        } else {
            let refused = Verdict::Refused { fail_info: Some(FailInfo::BadRequest), text: None };
            prop_assert_eq!(&run.verdict, &refused);
            prop_assert!(run.link.server.issued.is_empty());
        }
    }
}

/// messageTypes that the server saw.
fn arrived(plan: Plan, server: Server, schedule: Vec<Fate>) -> (Vec<MessageType>, Run) {
    let run = run(plan, server, schedule);
    (run.link.server.arrived.clone(), run)
}

const LOST: Fate = Fate::AnswerLost;
const FINE: Fate = Fate::Delivered(0);

fn pending_until(seconds: u64) -> Server {
    Server::new(Operator::ApprovesAt(NOW.plus(seconds)))
}

// The four resync cases of RFC 8894 5.2.

#[test]
fn resync_case_1_a_lost_pending_is_followed_by_a_new_request() {
    use MessageType::{CertPoll, PkcsReq};
    let plan = Plan { recovery: Recovery::NewTransaction(AGAIN), ..enrol("pool-00") };
    let (arrived, run) = arrived(plan, pending_until(200), vec![FINE, LOST]);
    assert_eq!(arrived[..3], [PkcsReq, CertPoll, PkcsReq]);
    assert!(run.is_issued());
    assert_eq!(run.link.server.transactions(), 2);
}

#[test]
fn resync_case_2_a_lost_pending_is_followed_by_another_poll() {
    use MessageType::{CertPoll, PkcsReq};
    let plan = Plan { recovery: Recovery::SameTransaction(AGAIN), ..enrol("pool-00") };
    let (arrived, run) = arrived(plan, pending_until(100), vec![FINE, LOST]);
    assert_eq!(arrived, [PkcsReq, CertPoll, CertPoll]);
    assert!(run.is_issued());
    assert_eq!(run.link.server.transactions(), 1);
}

#[test]
fn resync_case_3_a_lost_success_stands_in_the_way_of_a_new_request() {
    let plan = Plan { recovery: Recovery::NewTransaction(AGAIN), ..enrol("pool-00") };
    let mut server = pending_until(60);
    server.unique_subjects = true;
    let (_, run) = arrived(plan, server, vec![FINE, LOST]);
    // There is a valid certificate of that name: somebody has to revoke it first.
    let refused = Verdict::Refused { fail_info: Some(FailInfo::BadRequest), text: None };
    assert_eq!(run.verdict, refused);
    assert_eq!(run.link.server.issued.len(), 1);
}

#[test]
fn resync_case_4_a_lost_success_is_found_again_by_a_poll() {
    let plan = Plan { recovery: Recovery::SameTransaction(AGAIN), ..enrol("pool-00") };
    let mut server = pending_until(60);
    server.unique_subjects = true;
    let (_, run) = arrived(plan, server, vec![FINE, LOST]);
    assert!(run.is_issued(), "{:?}", run.verdict);
    assert_eq!(run.link.server.issued.len(), 1);
}

#[test]
fn an_absent_operator_is_waited_for_until_the_limit_and_no_longer() {
    let run = run(enrol("pool-00"), Server::new(Operator::Absent), Vec::new());
    assert_eq!(run.verdict, Verdict::StillPending { polls: POLL.max_polls });
    // 60, 90, 135, 203, then 300 seconds apart.
    assert_eq!(run.seconds, 60 + 90 + 135 + 203 + 4 * 300);
}

#[rstest]
#[case::rfc(RequestForm::RenewalReq, MessageType::RenewalReq)]
#[case::drafts(RequestForm::PkcsReq, MessageType::PkcsReq)]
fn a_renewal_signed_by_the_old_key_is_granted(#[case] form: RequestForm, #[case] expected: MessageType) {
    let (arrived, run) =
        arrived(renew("pool-00", "pool-01", form), Server::new(Operator::Automatic), Vec::new());
    assert_eq!(arrived, [expected]);
    assert!(run.is_issued(), "{:?}", run.verdict);
}

#[test]
fn a_renewal_with_a_certificate_of_nobody_is_refused() {
    let plan = Plan { request: RequestForm::RenewalReq, ..enrol("pool-00") };
    let run = run(plan, Server::new(Operator::Automatic), Vec::new());
    assert_eq!(run.verdict, Verdict::Refused { fail_info: Some(FailInfo::BadRequest), text: None });
}

#[test]
fn a_renewal_with_an_expired_certificate_is_refused() {
    let plan = renew("pool-00", "pool-01", RequestForm::RenewalReq);
    let late = NOW.plus(8 * 86_400);
    let mut rng = rng(7);
    let mut link = Link::new(Server::new(Operator::Automatic), Vec::new(), late);
    let mut machine = Enrolment::new(plan, late, &mut rng);
    while step(&mut machine, &mut link, &mut rng).is_none() {}
    assert!(matches!(machine.verdict(), Some(Verdict::Refused { .. })), "{:?}", machine.verdict());
}

/// Two clients at one server.
struct Pair {
    link: Link,
    rng: ChaCha20Rng,
    machines: [Enrolment; 2],
}

fn pair() -> Pair {
    let mut rng = rng(7);
    let machines = ["pool-00", "pool-01"].map(|own| Enrolment::new(enrol(own), NOW, &mut rng));
    Pair { link: Link::new(Server::new(Operator::Automatic), Vec::new(), NOW), rng, machines }
}

impl Pair {
    fn requests(&mut self) -> [scep::http::HttpRequest; 2] {
        let Self { rng, machines, .. } = self;
        machines.each_mut().map(|machine| match machine.poll(NOW, &mut Faults::none(), rng).unwrap() {
            Step::Send(request) => request,
            other => panic!("{other:?}"),
        })
    }
}

#[test]
fn two_clients_at_one_server_get_a_certificate_each() {
    let mut pair = pair();
    let requests = pair.requests();
    for (machine, request) in pair.machines.iter_mut().zip(&requests).rev() {
        machine.handle(&pair.link.send(request).unwrap(), NOW);
    }
    for (machine, own) in pair.machines.iter().zip(["pool-00", "pool-01"]) {
        let Some(Verdict::Issued { certificate, .. }) = machine.verdict() else { panic!("{machine:?}") };
        assert_eq!(certificate.spki, enrol(own).spki);
    }
}

#[test]
fn crossed_answers_are_rejected_by_both() {
    let mut pair = pair();
    let requests = pair.requests();
    let answers = requests.each_ref().map(|request| pair.link.send(request).unwrap());
    for (machine, answer) in pair.machines.iter_mut().zip(answers.iter().rev()) {
        machine.handle(answer, NOW);
        assert!(matches!(machine.verdict(), Some(Verdict::Rejected(_))), "{:?}", machine.verdict());
    }
}

#[test]
fn an_answer_from_the_past_is_rejected() {
    let mut rng = rng(7);
    let mut link = Link::new(pending_until(1), Vec::new(), NOW);
    let mut machine = Enrolment::new(enrol("pool-00"), NOW, &mut rng);
    let Step::Send(request) = machine.poll(NOW, &mut Faults::none(), &mut rng).unwrap() else { panic!() };
    let pending = link.send(&request).unwrap();
    machine.handle(&pending, NOW);
    let then = UnixTime(NOW.0 + POLL.interval);
    let Step::Send(_) = machine.poll(then, &mut Faults::none(), &mut rng).unwrap() else { panic!() };
    // A cache on the way answers the poll with what it kept of the request.
    machine.handle(&pending, then);
    let Some(Verdict::Rejected(error)) = machine.verdict() else { panic!("{:?}", machine.verdict()) };
    assert!(error.to_string().contains("recipientNonce"), "{error}");
}

//! What is to be done now: a pure function of the time, of what the device has, and of its policy.
//!
//! ```text
//!  disabled? --------------------------------> Disabled
//!  an attempt failed a short while ago? -----> Rest until the next one, or as long as the server asked for
//!  a request may have been answered? --------> Resume: poll for it
//!  no CA, or other settings than then? ------> Bootstrap
//!  a CA expired, and there is a later one? --> DropExpiredCa
//!  no certificate, expired, other settings? -> Enrol
//!  the end is near? -------------------------> Renew
//!  the end of the CA is near? ---------------> FetchNextCa, once a period
//!  else -------------------------------------> Rest until something of this is due
//! ```

use scep::UnixTime;
use scep::client::BackOff;

/// When things are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Anything at all.
    pub enabled: bool,
    /// What the trust was built on: endpoint, CA certificate, fingerprint. Another value means a new
    /// bootstrap and a new enrolment.
    pub settings: String,
    /// Renewal before expiry.
    pub renew: bool,
    /// Seconds before expiry, of a certificate or of the CA, from which something is done about it.
    pub before: u64,
    /// Rollover of the CA.
    pub rollover: bool,
    /// Seconds between two checks.
    pub period: u64,
    /// Seconds after a first failure.
    pub retry: u64,
    /// How the waits grow from failure to failure.
    pub back_off: BackOff,
}

/// Validity of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// notBefore.
    pub from: UnixTime,
    /// notAfter.
    pub to: UnixTime,
}

/// What the device has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Situation {
    /// Settings of the last bootstrap.
    pub bootstrapped: Option<String>,
    /// Settings under which the current certificate was issued.
    pub enrolled: Option<String>,
    /// CA certificates that are trusted, in any order.
    pub authorities: Vec<Span>,
    /// The CA certificate that issued the current certificate, when it is among them.
    pub issuer: Option<Span>,
    /// The current certificate.
    pub current: Option<Span>,
    /// A request was, or may have been, sent, and its answer is not known; under these settings.
    pub pending: Option<String>,
    /// Attempts that failed since the last that did not.
    pub failures: u32,
    /// When the last attempt failed.
    pub failed_at: Option<UnixTime>,
    /// Before then the server does not want to be asked again.
    pub not_before: Option<UnixTime>,
    /// When the next CA was asked for last.
    pub next_ca_asked: Option<UnixTime>,
    /// When a certificate was issued last.
    pub issued_at: Option<UnixTime>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Nothing, ever.
    Disabled,
    /// Nothing before then.
    Rest(UnixTime),
    /// Fetch and authenticate the certificates of the CA.
    Bootstrap,
    /// Ask for a certificate with the challengePassword.
    Enrol,
    /// Ask for a certificate with the current one.
    Renew,
    /// Poll for what was asked.
    Resume,
    /// Ask for the certificates of the next CA.
    FetchNextCa,
    /// Forget CA certificates that have expired, as there are later ones.
    DropExpiredCa,
}

impl Policy {
    /// Seconds to wait after that many failures in a row.
    #[must_use]
    pub fn wait_after(&self, failures: u32) -> u64 {
        let poll = scep::client::PollPolicy {
            interval: self.retry,
            max_polls: u32::MAX,
            max_seconds: u64::MAX,
            back_off: self.back_off,
        };
        poll.interval_after(failures.saturating_sub(1))
    }
}

/// What is to be done now.
#[must_use]
pub fn plan(now: UnixTime, situation: &Situation, policy: &Policy) -> Task {
    let settings = Some(&policy.settings);
    if !policy.enabled {
        return Task::Disabled;
    }
    let is_same = situation.bootstrapped.as_ref() == settings;
    if let Some(failed_at) = situation.failed_at.filter(|_| situation.failures > 0 && is_same) {
        let wait = policy.wait_after(situation.failures);
        // A server may ask for more patience than the policy has by itself, and for no more than it can have.
        let most = failed_at.plus(wait.max(policy.back_off.longest));
        let until = situation.not_before.unwrap_or_default().min(most).max(failed_at.plus(wait));
        // A clock that was set back must not keep the device waiting for years.
        if now < until && failed_at <= now {
            return Task::Rest(until);
        }
    }
    if is_same && situation.pending.as_ref() == settings {
        return Task::Resume;
    }
    if !is_same || situation.authorities.is_empty() {
        return Task::Bootstrap;
    }
    let lasting = situation.authorities.iter().any(|ca| now <= ca.to);
    if lasting && situation.authorities.iter().any(|ca| ca.to < now) {
        return Task::DropExpiredCa;
    }
    if !lasting {
        return Task::Bootstrap;
    }
    let Some(current) = situation.current.filter(|current| now <= current.to) else { return Task::Enrol };
    if situation.enrolled.as_ref() != settings {
        return Task::Enrol;
    }
    let mut due = Due { now, rest: now.plus(policy.period) };
    if policy.renew && due.is_due(renewal(situation, current, policy)) {
        return Task::Renew;
    }
    if policy.rollover && due.is_due(next_ca(situation, policy)) {
        return Task::FetchNextCa;
    }
    Task::Rest(due.rest)
}

/// Collects when the next thing is due.
struct Due {
    now: UnixTime,
    rest: UnixTime,
}

impl Due {
    fn is_due(&mut self, at: Option<UnixTime>) -> bool {
        let Some(at) = at else { return false };
        self.rest = self.rest.min(at.max(self.now.plus(1)));
        at <= self.now
    }
}

/// When the current certificate is to be renewed.
fn renewal(situation: &Situation, current: Span, policy: &Policy) -> Option<UnixTime> {
    let by_itself = current.to.minus(policy.before);
    // A certificate that is shorter than the time before its end would be renewed at once, and again: half
    // of its life has to pass.
    let half = current.from.plus(current.to.0.saturating_sub(current.from.0) / 2);
    let by_itself = by_itself.max(half);
    // With the CA that issued it the certificate ends too. Only a later CA helps, once it is valid.
    let by_ca = situation.issuer.and_then(|issuer| {
        let later = situation.authorities.iter().filter(|ca| ca.to > issuer.to).map(|ca| ca.from).min()?;
        let at = issuer.to.minus(policy.before).max(later);
        // The CA may still issue as before: once a period is often enough.
        let again = situation.issued_at.map_or(at, |issued| issued.plus(policy.period));
        (issuer.to <= current.to).then_some(at.max(again))
    });
    Some(by_ca.map_or(by_itself, |by_ca| by_ca.min(by_itself)))
}

/// When the next CA is to be asked for.
fn next_ca(situation: &Situation, policy: &Policy) -> Option<UnixTime> {
    let last = situation.authorities.iter().map(|ca| ca.to).max()?;
    let at = last.minus(policy.before);
    let again = situation.next_ca_asked.map_or(at, |asked| asked.plus(policy.period));
    Some(at.max(again))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use scep::UnixTime;
    use scep::client::BackOff;

    use super::{Policy, Situation, Span, Task, plan};

    const DAY: u64 = 86_400;
    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn policy() -> Policy {
        Policy {
            enabled: true,
            settings: "now".to_owned(),
            renew: true,
            before: 10 * DAY,
            rollover: true,
            period: DAY,
            retry: 60,
            back_off: BackOff { percent: 200, longest: 3_600 },
        }
    }

    fn span(from: i64, to: i64) -> Span {
        let at = |days: i64| UnixTime(NOW.0.checked_add_signed(days * 86_400).unwrap());
        Span { from: at(from), to: at(to) }
    }

    fn enrolled() -> Situation {
        Situation {
            bootstrapped: Some("now".to_owned()),
            enrolled: Some("now".to_owned()),
            authorities: vec![span(-100, 1_000)],
            issuer: Some(span(-100, 1_000)),
            current: Some(span(-10, 355)),
            issued_at: Some(NOW.minus(10 * DAY)),
            ..Situation::default()
        }
    }

    #[rstest]
    #[case::nothing_due(enrolled(), Task::Rest(NOW.plus(DAY)))]
    #[case::fresh(Situation::default(), Task::Bootstrap)]
    #[case::bootstrapped(Situation { current: None, ..enrolled() }, Task::Enrol)]
    #[case::expired(Situation { current: Some(span(-10, -1)), ..enrolled() }, Task::Enrol)]
    #[case::near_the_end(Situation { current: Some(span(-300, 10)), ..enrolled() }, Task::Renew)]
    #[case::one_day_too_early(Situation { current: Some(span(-300, 11)), ..enrolled() }, Task::Rest(NOW.plus(DAY)))]
    #[case::short_life(Situation { current: Some(span(-2, 3)), ..enrolled() }, Task::Rest(NOW.plus(DAY / 2)))]
    #[case::short_life_half_over(Situation { current: Some(span(-2, 2)), ..enrolled() }, Task::Renew)]
    #[case::interrupted(Situation { pending: Some("now".to_owned()), ..enrolled() }, Task::Resume)]
    #[case::interrupted_elsewhere(Situation { pending: Some("then".to_owned()), ..enrolled() }, Task::Rest(NOW.plus(DAY)))]
    #[case::ca_near_its_end(
        Situation { authorities: vec![span(-100, 9)], issuer: Some(span(-100, 9)), current: Some(span(-1, 9)), ..enrolled() },
        Task::FetchNextCa
    )]
    #[case::ca_asked_today(
        Situation { authorities: vec![span(-100, 9)], current: Some(span(-1, 9)), next_ca_asked: Some(NOW.minus(60)), ..enrolled() },
        Task::Rest(NOW.plus(DAY - 60))
    )]
    #[case::later_ca_valid(
        Situation { authorities: vec![span(-100, 9), span(-1, 900)], issuer: Some(span(-100, 9)), current: Some(span(-1, 355)), ..enrolled() },
        Task::Renew
    )]
    #[case::later_ca_not_yet_valid(
        Situation { authorities: vec![span(-100, 9), span(5, 900)], issuer: Some(span(-100, 9)), current: Some(span(-1, 355)), ..enrolled() },
        Task::Rest(NOW.plus(DAY))
    )]
    #[case::ca_expired(
        Situation { authorities: vec![span(-100, -1), span(-1, 900)], ..enrolled() },
        Task::DropExpiredCa
    )]
    #[case::every_ca_expired(Situation { authorities: vec![span(-100, -1)], ..enrolled() }, Task::Bootstrap)]
    #[case::failed_just_now(
        Situation { failures: 3, failed_at: Some(NOW.minus(100)), current: None, ..enrolled() },
        Task::Rest(NOW.plus(140))
    )]
    #[case::failed_long_ago(Situation { failures: 3, failed_at: Some(NOW.minus(240)), current: None, ..enrolled() }, Task::Enrol)]
    #[case::clock_set_back(Situation { failures: 1, failed_at: Some(NOW.plus(DAY)), current: None, ..enrolled() }, Task::Enrol)]
    fn the_plan_follows_from_time_situation_and_policy(#[case] situation: Situation, #[case] expected: Task) {
        assert_eq!(plan(NOW, &situation, &policy()), expected);
    }

    #[test]
    fn k7_other_settings_mean_a_new_bootstrap_and_then_a_new_enrolment() {
        let other = Policy { settings: "other".to_owned(), ..policy() };
        assert_eq!(plan(NOW, &enrolled(), &other), Task::Bootstrap);
        let then = Situation { bootstrapped: Some("other".to_owned()), ..enrolled() };
        assert_eq!(plan(NOW, &then, &other), Task::Enrol);
        // Whoever failed under the old settings does not wait under the new ones.
        let failing = Situation { failures: 9, failed_at: Some(NOW), ..enrolled() };
        assert_eq!(plan(NOW, &failing, &other), Task::Bootstrap);
    }

    #[test]
    fn k6_what_is_disabled_does_nothing() {
        let disabled = Policy { enabled: false, ..policy() };
        for situation in [Situation::default(), enrolled()] {
            assert_eq!(plan(NOW, &situation, &disabled), Task::Disabled);
        }
    }

    #[test]
    fn k5_without_automatic_renewal_the_certificate_expires() {
        let manual = Policy { renew: false, ..policy() };
        let near = Situation { current: Some(span(-300, 1)), ..enrolled() };
        assert_eq!(plan(NOW, &near, &manual), Task::Rest(NOW.plus(DAY)));
    }

    fn any_span() -> impl Strategy<Value = Span> {
        (-500_i64..500, 0_i64..500).prop_map(|(from, length)| span(from, from + length))
    }

    proptest! {
        #[test]
        fn a_rest_ends_later_than_now_and_not_after_a_period_or_a_back_off(
            authorities in prop::collection::vec(any_span(), 0..4),
            current in prop::option::of(any_span()),
            failures in 0_u32..9,
            failed in prop::option::of(0_u64..10_000),
        ) {
            let issuer = authorities.first().copied();
            let failed_at = failed.map(|ago| NOW.minus(ago));
            let situation = Situation { authorities, issuer, current, failures, failed_at, ..enrolled() };
            if let Task::Rest(until) = plan(NOW, &situation, &policy()) {
                prop_assert!(until > NOW);
                prop_assert!(until <= NOW.plus(DAY.max(3_600)));
            }
        }
    }
}

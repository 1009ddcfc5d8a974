//! What every engine has to keep, as claims on one store or on two that share what they remember.

use std::thread;

use mock_ca::ra::{Credential, OneTime};
use mock_ca::store::{
    Credentials, CrlRecord, Fresh, Generation, Revocation, Revoked, Role, Settled, Settlement, Standing,
    Store,
};
use mock_ca::transaction::{State, Transaction};
use scep::crl::CrlParts;
use scep::server::transaction::Stage;

use crate::material::{NOW, Outcome, certificate, issued, key, pending, said};

/// A claim on stores that share what they remember.
pub(crate) type Claim = fn(&[Store]) -> Outcome<()>;

/// All of them.
pub(crate) const CLAIMS: &[(&str, Claim)] = &[
    ("a_transaction_is_remembered_as_it_was", remembered),
    ("one_transaction_is_issued_once", issued_once),
    ("one_challenge_is_spent_once", spent_once),
    ("a_serial_number_is_used_once", serial_once),
    ("what_was_decided_on_an_older_state_is_not_done", decided_on_older_state),
    ("the_oldest_waits_first", waiting),
    ("certificates_are_listed_in_the_order_of_issue", listed),
    ("a_revocation_is_for_good_and_on_the_crl", revoked),
    ("one_authority_is_founded", founded),
];

pub(crate) fn ensure(holds: bool, claim: &str) -> Outcome<()> {
    if holds { Ok(()) } else { Err(claim.to_owned()) }
}

/// The stores, again and again.
pub(crate) fn each(stores: &[Store], times: usize) -> Vec<Store> {
    stores.iter().cycle().take(times).cloned().collect()
}

fn settle(store: &Store, transaction: &Transaction, from: Option<Stage>) -> Outcome<Settled> {
    store.settle(Settlement { transaction, generation: 1, now: NOW, from }).map_err(said)
}

/// Runs as many at once as there are inputs, and collects what each says.
pub(crate) fn at_once<T: Send, R: Send>(
    inputs: Vec<T>,
    act: impl Fn(T) -> Outcome<R> + Sync,
) -> Outcome<Vec<R>> {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> = inputs.into_iter().map(|input| scope.spawn(move || act(input))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?).collect()
    })
}

fn count(settled: &[Settled], is_it: impl Fn(&Settled) -> bool) -> usize {
    settled.iter().filter(|one| is_it(one)).count()
}

fn remembered(stores: &[Store]) -> Outcome<()> {
    let [first, last] = [stores.first(), stores.last()].map(|store| store.ok_or("no store"));
    let (first, last) = (first?, last?);
    let mut transaction = pending("\u{e9} / %00", "pool-00", Credential::Challenge)?;
    transaction.due = Some(NOW.plus(60));
    settle(first, &transaction, None)?;
    let read = last.transaction(&transaction.id).map_err(said)?.ok_or("it is not there")?;
    ensure(read.csr == transaction.csr && read.identity == transaction.identity, "request and identity")?;
    ensure(read.due == transaction.due && read.since == NOW, "times")?;
    ensure(read.state == State::Pending && read.credential == Credential::Challenge, "state and credential")?;
    let issued = issued(&transaction, 1)?;
    settle(last, &issued, Some(Stage::Waiting))?;
    let read = first.transaction(&transaction.id).map_err(said)?.ok_or("it is not there")?;
    ensure(read.state == issued.state, "its certificate")
}

fn issued_once(stores: &[Store]) -> Outcome<()> {
    let transaction = pending("1", "pool-00", Credential::Challenge)?;
    let inputs = each(stores, 8).into_iter().zip(1..);
    let settled =
        at_once(inputs.collect(), |(store, serial)| settle(&store, &issued(&transaction, serial)?, None))?;
    ensure(count(&settled, |one| matches!(one, Settled::Done)) == 1, "one of eight is done")?;
    let known =
        |one: &Settled| matches!(one, Settled::Known(known) if matches!(known.state, State::Issued(_)));
    ensure(count(&settled, known) == 7, "seven get the certificate of the first")?;
    let listed = stores.first().ok_or("no store")?.certificates("", 100).map_err(said)?;
    ensure(listed.len() == 1, "there is one certificate")
}

fn spent_once(stores: &[Store]) -> Outcome<()> {
    let first = stores.first().ok_or("no store")?;
    let one_time = OneTime { digest: "d".to_owned(), subject: None, expires: None, spent: None };
    first.add_one_time(&one_time).map_err(said)?;
    let credential = Credential::OneTime { digest: "d".to_owned() };
    let inputs = each(stores, 6).into_iter().zip(1..);
    let settled = at_once(inputs.collect(), |(store, number): (Store, u8)| {
        let transaction = pending(&number.to_string(), "pool-00", credential.clone())?;
        settle(&store, &issued(&transaction, number)?, None)
    })?;
    ensure(count(&settled, |one| matches!(one, Settled::Done)) == 1, "one of six is done")?;
    ensure(count(&settled, |one| matches!(one, Settled::Spent)) == 5, "five are told that it is spent")?;
    ensure(first.certificates("", 100).map_err(said)?.len() == 1, "there is one certificate")
}

fn serial_once(stores: &[Store]) -> Outcome<()> {
    let inputs = each(stores, 6).into_iter().zip(1_u8..);
    let settled = at_once(inputs.collect(), |(store, number)| {
        let transaction = pending(&number.to_string(), "pool-00", Credential::Challenge)?;
        settle(&store, &issued(&transaction, 7)?, None)
    })?;
    ensure(count(&settled, |one| matches!(one, Settled::Done)) == 1, "one of six is done")?;
    ensure(count(&settled, |one| matches!(one, Settled::SerialTaken)) == 5, "five have to draw another")
}

fn decided_on_older_state(stores: &[Store]) -> Outcome<()> {
    let store = stores.first().ok_or("no store")?;
    let transaction = pending("1", "pool-00", Credential::Challenge)?;
    settle(store, &transaction, None)?;
    let rejected = Transaction { state: State::Rejected, ..transaction.clone() };
    settle(store, &rejected, Some(Stage::Waiting))?;
    let late = settle(store, &issued(&transaction, 1)?, Some(Stage::Waiting))?;
    ensure(matches!(late, Settled::Known(known) if known.state == State::Rejected), "it stays rejected")?;
    ensure(store.certificates("", 9).map_err(said)?.is_empty(), "no certificate is left behind")?;
    // Another request under the same name is told so, whatever it was decided on.
    let other = pending("1", "pool-01", Credential::Challenge)?;
    let taken = settle(store, &other, Some(Stage::Rejected))?;
    ensure(matches!(taken, Settled::Known(_)), "the name is taken")
}

fn waiting(stores: &[Store]) -> Outcome<()> {
    let store = stores.first().ok_or("no store")?;
    for (id, after) in [("late", 9), ("early", 1), ("middle", 5)] {
        let mut transaction = pending(id, "pool-00", Credential::Nothing)?;
        transaction.since = NOW.plus(after);
        settle(store, &transaction, None)?;
    }
    let names = |limit| -> Outcome<Vec<String>> {
        Ok(store.pending(limit).map_err(said)?.iter().map(|waiting| waiting.id.to_string()).collect())
    };
    ensure(names(9)? == ["early", "middle", "late"], "in the order of arrival")?;
    ensure(names(2)? == ["early", "middle"], "no more than asked for")?;
    let transaction = store.pending(1).map_err(said)?.remove(0);
    settle(store, &issued(&transaction, 1)?, Some(Stage::Waiting))?;
    ensure(names(9)? == ["middle", "late"], "what is issued waits no more")
}

fn listed(stores: &[Store]) -> Outcome<()> {
    let store = stores.first().ok_or("no store")?;
    for (number, after) in [(1_u8, 20), (2, 10), (3, 30)] {
        let transaction = pending(&number.to_string(), "pool-00", Credential::Challenge)?;
        let transaction = issued(&transaction, number)?;
        let now = NOW.plus(after);
        store
            .settle(Settlement { transaction: &transaction, generation: 1, now, from: None })
            .map_err(said)?;
    }
    let serials = |after: &str, limit| -> Outcome<Vec<u8>> {
        let listed = store.certificates(after, limit).map_err(said)?;
        Ok(listed.iter().filter_map(|(_, record)| record.certificate.serial.last().copied()).collect())
    };
    ensure(serials("", 9)? == [2, 1, 3], "the oldest first")?;
    let (first, record) = store.certificates("", 1).map_err(said)?.remove(0);
    ensure(record.transaction.to_string() == "2" && record.issued == NOW.plus(10), "with how it came about")?;
    ensure(serials(&first, 9)? == [1, 3], "those after one")
}

fn revoked(stores: &[Store]) -> Outcome<()> {
    let store = stores.first().ok_or("no store")?;
    let transaction = pending("1", "pool-00", Credential::Challenge)?;
    settle(store, &issued(&transaction, 1)?, None)?;
    let certificate = certificate(1)?;
    let wanted = |fresh: &Fresh| match fresh {
        Fresh::Wanted { number, covers, entries } => Some((*number, *covers, entries.len())),
        Fresh::Is(_) => None,
    };
    let fresh = store.crl(1, NOW).map_err(said)?;
    ensure(wanted(&fresh) == Some((1, 0, 0)), "the first CRL is empty")?;
    let ca = key("ca-rsa")?;
    let crl = CrlParts::new(&certificate.issuer, &[1], 1, NOW, 60).write(&ca).map_err(said)?;
    let record = CrlRecord { crl, number: 1, covers: 0 };
    store.put_crl(1, &record).map_err(said)?;
    ensure(store.crl(1, NOW).map_err(said)? == Fresh::Is(Box::new(record)), "it will do")?;
    ensure(wanted(&store.crl(1, NOW.plus(1)).map_err(said)?).is_some(), "until it is too old")?;

    let revocations: Vec<_> = each(stores, 4);
    let said_of = at_once(revocations, |store| {
        store.revoke(&certificate.serial, Revocation { at: NOW, reason: Some(1) }).map_err(said)
    })?;
    ensure(said_of.iter().filter(|one| **one == Revoked::Done).count() == 1, "revoked once")?;
    ensure(wanted(&store.crl(1, NOW).map_err(said)?) == Some((2, 1, 1)), "the next CRL tells of it")?;
    ensure(wanted(&store.crl(2, NOW).map_err(said)?) == Some((1, 0, 0)), "that of another CA does not")?;
    let unknown = store.revoke(&[1], Revocation { at: NOW, reason: None }).map_err(said)?;
    ensure(unknown == Revoked::Unknown, "what was not issued is not revoked")
}

fn founded(stores: &[Store]) -> Outcome<()> {
    let generation = |called: &str| Generation {
        number: 1,
        standing: Standing::Current,
        keys: vec![Credentials { role: Role::Issue, key: called.to_owned(), certificate: String::new() }],
        chain: Vec::new(),
    };
    let inputs = each(stores, 4).into_iter().zip(["a", "b", "c", "d"]);
    at_once(inputs.collect(), |(store, called)| store.found(&generation(called)).map_err(said))?;
    let mut versions = Vec::new();
    for store in stores {
        let (version, all) = store.generations().map_err(said)?;
        ensure(all.len() == 1 && version == 1, "one generation")?;
        versions.push(all);
    }
    ensure(versions.windows(2).all(|pair| pair[0] == pair[1]), "the same for all")
}

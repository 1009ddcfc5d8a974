//! Claims on clients in the store: preregistered and registered once, and their wrong tries all counted.

use mock_ca::device::DeviceForm;
use mock_ca::preregistration::{ClientName, Form, Record, Requestor};
use mock_ca::store::{Page, Store};
use mock_ca::template::Templates;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::contract::{Claim, at_once, each, ensure};
use crate::material::{NOW, Outcome, said};

/// All of them.
pub(crate) const CLAIMS: &[(&str, Claim)] = &[
    ("a_client_is_preregistered_once", preregistered_once),
    ("a_batch_is_imported_as_a_whole_or_not_at_all", whole_batch),
    ("a_device_is_registered_once", registered_once),
    ("every_wrong_try_is_counted", wrong_tries),
];

fn record(name: &str, passphrase: &str) -> Outcome<Record> {
    let form = Form {
        client_name: name.to_owned(),
        passphrase: passphrase.to_owned(),
        template: "5YSCEPP".to_owned(),
        ..Form::default()
    };
    let templates = Templates::built_in().map_err(said)?;
    form.record(&templates, NOW, &mut ChaCha20Rng::from_seed([1; 32])).map_err(said)
}

fn names(store: &Store, contains: &str, after: &str) -> Outcome<Vec<String>> {
    let records = store.preregistrations(&Page { contains, after, limit: 2 }).map_err(said)?;
    Ok(records.iter().map(|record| record.requestor.text().to_owned()).collect())
}

fn preregistered_once(stores: &[Store]) -> Outcome<()> {
    let tries = each(stores, 8).into_iter().enumerate();
    let tries = tries.map(|(number, store)| Ok((store, record("Router-1", &format!("word {number}"))?)));
    let tries: Vec<(Store, Record)> = tries.collect::<Outcome<_>>()?;
    let kept = at_once(tries, |(store, record)| {
        let taken = store.preregister(std::slice::from_ref(&record)).map_err(said)?;
        Ok(taken.is_empty().then_some(record))
    })?;
    let kept: Vec<Record> = kept.into_iter().flatten().collect();
    ensure(kept.len() == 1, "one of eight records")?;
    let requestor = Requestor::parse("ROUTER-1").map_err(said)?;
    for store in stores {
        ensure(
            store.preregistration(&requestor).map_err(said)? == kept.first().cloned(),
            "the same everywhere",
        )?;
    }
    Ok(())
}

fn whole_batch(stores: &[Store]) -> Outcome<()> {
    let (first, last) = (stores.first().ok_or("no store")?, stores.last().ok_or("no store")?);
    first.preregister(&[record("b", "p")?]).map_err(said)?;
    let taken = last.preregister(&[record("a", "p")?, record("b", "q")?, record("c", "p")?]).map_err(said)?;
    ensure(taken.iter().map(Requestor::text).eq(["b"]), "who is taken")?;
    ensure(names(first, "", "")? == ["b"], "nothing of the batch")?;
    last.preregister(&[record("A-1", "p")?, record("c", "p")?]).map_err(said)?;
    ensure(names(first, "", "")? == ["a-1", "b"] && names(first, "", "b")? == ["c"], "page by page")?;
    ensure(names(first, "A-", "")? == ["a-1"], "by a part of the name")?;
    let requestor = Requestor::parse("B").map_err(said)?;
    ensure(last.remove_preregistration(&requestor).map_err(said)?, "removed")?;
    ensure(!first.remove_preregistration(&requestor).map_err(said)?, "once")
}

fn registered_once(stores: &[Store]) -> Outcome<()> {
    let templates = Templates::built_in().map_err(said)?;
    let form = |id: &str| DeviceForm {
        manufacturer: "Acme".to_owned(),
        device_type: "router".to_owned(),
        model: "R-1".to_owned(),
        id: id.to_owned(),
        ..DeviceForm::default()
    };
    let kept = at_once(each(stores, 8), |store| {
        let made =
            form("FTX-1").device(&templates, NOW, &mut ChaCha20Rng::from_seed([2; 32])).map_err(said)?;
        store.register(&made.0).map_err(said)
    })?;
    ensure(kept.iter().filter(|is_kept| **is_kept).count() == 1, "one of eight devices")?;
    let last = stores.last().ok_or("no store")?;
    let found = last.devices(&Page { contains: "acme", after: "", limit: 9 }).map_err(said)?;
    ensure(found.len() == 1, "found by its manufacturer")?;
    ensure(last.remove_device(&ClientName::new("ftx-1")).map_err(said)?, "removed whatever the letter case")
}

fn wrong_tries(stores: &[Store]) -> Outcome<()> {
    let mut counts = at_once(each(stores, 8), |store| store.count_wrong_try("r1", NOW, 60).map_err(said))?;
    counts.sort_unstable();
    ensure(counts == [1, 2, 3, 4, 5, 6, 7, 8], "each try has a number of its own")?;
    let first = stores.first().ok_or("no store")?;
    ensure(first.count_wrong_try("r2", NOW, 60).map_err(said)? == 1, "another client")?;
    ensure(first.count_wrong_try("r1", NOW.plus(61), 60).map_err(said)? == 1, "after the window")?;
    first.forget_wrong_tries("r2").map_err(said)?;
    ensure(first.count_wrong_try("r2", NOW, 60).map_err(said)? == 1, "forgotten")
}

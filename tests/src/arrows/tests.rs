//! Planted trees that the checker must refuse, one per rule.

use super::*;

fn package(name: &str, dependencies: &[(&str, Kind)], tree: &[&str]) -> Package {
    let dependencies = dependencies
        .iter()
        .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: *kind })
        .collect();
    Package {
        name: name.to_owned(),
        dependencies,
        tree: tree.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// The workspace as it should be, in small.
fn packages() -> Vec<Package> {
    use Kind::{Dev, Normal};
    vec![
        package("scep", &[("openssl", Normal), ("scep-vectors", Dev)], &["scep", "openssl"]),
        package("scep-vectors", &[("openssl", Dev)], &["scep-vectors"]),
        package(
            "mock-ca",
            &[("scep", Normal), ("tokio", Normal), ("scep-vectors", Dev)],
            &["mock-ca", "scep"],
        ),
        package("mock-client", &[("scep", Normal), ("scep-vectors", Dev)], &["mock-client", "scep"]),
        package("sceptic", &[("scep", Normal), ("mock-ca", Normal), ("mock-client", Normal)], &["sceptic"]),
        package("scep-fuzz", &[("scep", Normal), ("scep-vectors", Normal)], &["scep-fuzz", "scep"]),
        package("tests", &[("sceptic", Normal)], &["tests"]),
    ]
}

/// One lawful file for each place that a rule covers.
fn files() -> Vec<SourceFile> {
    [
        ("scep/src/message.rs", "use crate::tlv::Span; use rand_core::RngCore; // never std::net"),
        ("harness/src/judge/facts.rs", "use crate::transcript::Transcript; use super::Check;"),
        ("harness/src/plan.rs", "use crate::data::case::Case;"),
        ("harness/src/report/html.rs", "use crate::results::Line; use super::Reporter; use std::fs;"),
        (
            "mock-ca/src/ra.rs",
            "use crate::ca::Template; use scep::message::PkcsReq; use crate::transaction::Record;",
        ),
        ("mock-ca/src/ca/issue.rs", "use x509_cert::Certificate;"),
        ("mock-ca/src/serve.rs", "use hyper::Request; use scep::fault::Fault; use crate::store::memory;"),
        (
            "fuzz/targets/csr.rs",
            "libfuzzer_sys::fuzz_target!(|octets: &[u8]| scep_fuzz::read(\"csr\", octets));",
        ),
        ("harness/src/runner/http.rs", "use std::net::TcpStream; use crate::step; use mock_client::Client;"),
    ]
    .map(|(path, text)| SourceFile { path: path.to_owned(), text: text.to_owned() })
    .to_vec()
}

fn printed(packages: &[Package], files: &[SourceFile]) -> Vec<String> {
    check(&rules::RULES, packages, files)
        .iter()
        .map(|breach| format!("{}: {}", breach.place, breach.what))
        .collect()
}

/// The lawful tree with one more dependency must give exactly this breach.
fn planted_dependency(from: &str, to: &str, kind: Kind, expected: &str) {
    let mut packages = packages();
    let package = packages.iter_mut().find(|package| package.name == from).expect(from);
    package.dependencies.push(Dependency { name: to.to_owned(), kind });
    let breaches = printed(&packages, &files());
    assert!(breaches.contains(&format!("{from}: {expected}")), "{from} -> {to}: {breaches:?}");
}

/// The lawful tree with one more file must give exactly this breach.
fn planted_file(path: &str, text: &str, expected: &str) {
    let mut files = files();
    files.push(SourceFile { path: path.to_owned(), text: text.to_owned() });
    assert_eq!(printed(&packages(), &files), [format!("{path}:1: {expected}")], "{text}");
}

#[test]
fn the_tree_as_it_should_be_is_accepted() {
    assert_eq!(printed(&packages(), &files()), [""; 0]);
}

#[test]
fn an_arrow_that_points_the_wrong_way_is_refused() {
    for (from, to) in [
        ("scep", "mock-ca"),
        ("scep", "scep-vectors"),
        ("scep-vectors", "scep"),
        ("mock-ca", "mock-client"),
        ("mock-client", "mock-ca"),
        ("mock-ca", "sceptic"),
        ("mock-client", "sceptic"),
        ("mock-ca", "scep-vectors"),
        ("sceptic", "tests"),
        ("scep-fuzz", "mock-ca"),
        ("scep-fuzz", "sceptic"),
    ] {
        planted_dependency(from, to, Kind::Normal, &format!("dependency on {to}"));
    }
}

#[test]
fn tests_do_not_turn_an_arrow_round_either() {
    for (from, to) in [
        ("scep", "mock-ca"),
        ("scep-vectors", "scep"),
        ("mock-ca", "mock-client"),
        ("mock-client", "mock-ca"),
        ("mock-ca", "sceptic"),
        ("sceptic", "tests"),
    ] {
        planted_dependency(from, to, Kind::Dev, &format!("dev-dependency on {to}"));
    }
}

#[test]
fn a_socket_library_below_scep_is_refused_however_it_comes_in() {
    planted_dependency("scep", "tokio", Kind::Normal, "compiles tokio");
    let mut packages = packages();
    packages[0].tree.insert("mio".to_owned());
    assert_eq!(printed(&packages, &files()), ["scep: compiles mio"]);
}

#[test]
fn the_reference_peers_do_not_reach_each_other_through_a_third_package() {
    let mut packages = packages();
    packages[2].tree.insert("mock-client".to_owned());
    packages[3].tree.insert("mock-ca".to_owned());
    assert_eq!(
        printed(&packages, &files()),
        ["mock-ca: compiles mock-client", "mock-client: compiles mock-ca"]
    );
}

#[test]
fn a_package_without_a_rule_is_refused() {
    let mut packages = packages();
    packages.push(package("stray", &[], &["stray"]));
    assert_eq!(printed(&packages, &files()), ["stray: no rule names this package"]);
}

#[test]
fn scep_names_no_io_no_clock_and_no_chance() {
    let planted = |text, expected| planted_file("scep/src/client/poll.rs", text, expected);
    planted("use tokio::time::Instant;", "names tokio::time::Instant");
    planted("use hyper::Uri;", "names hyper::Uri");
    planted("use std::{fmt, net::TcpStream};", "names std::net::TcpStream");
    planted("fn f() { std::fs::read(p); }", "names std::fs::read");
    planted("fn f() { SystemTime::now() }", "names SystemTime::now");
    planted("fn f() { std::time::Instant::now() }", "names std::time::Instant::now");
    planted("use rand_core::OsRng;", "names rand_core::OsRng");
    planted("use std::time::SystemTime;", "names std::time::SystemTime");
    planted("fn f() { rand::thread_rng() }", "names rand::thread_rng");
    planted("fn f() { ChaCha20Rng::from_os_rng() }", "names ChaCha20Rng::from_os_rng");
    planted("fn f() { std::thread::sleep(d) }", "names std::thread::sleep");
    planted("fn f() { std::env::var(v) }", "names std::env::var");
}

#[test]
fn judge_and_plan_name_no_runner_and_no_socket() {
    planted_file("harness/src/judge.rs", "use super::runner::Evidence;", "names crate::runner::Evidence");
    planted_file("harness/src/judge/alive.rs", "use std::net::TcpStream;", "names std::net::TcpStream");
    planted_file("harness/src/plan/select.rs", "use crate::runner;", "names crate::runner");
    planted_file("harness/src/plan/select.rs", "async fn f() { tokio::spawn(g) }", "names tokio::spawn");
    planted_file("harness/src/judge/alive.rs", "use crate::step::Step;", "names crate::step::Step");
    planted_file("harness/src/judge/alive.rs", "use mock_ca::Server;", "names mock_ca::Server");
    planted_file("harness/src/judge/alive.rs", "fn f() { std::fs::read(p) }", "names std::fs::read");
    // A glob would bring the runner in without naming it.
    planted_file("harness/src/judge.rs", "use super::*;", "names crate::*");
    planted_file("harness/src/judge/alive.rs", "use super::super::{*};", "names crate::*");
}

#[test]
fn reports_name_results_and_verdicts_and_nothing_else_of_sceptic() {
    let planted = |text, expected| planted_file("harness/src/report/junit.rs", text, expected);
    planted("use crate::judge::Facts;", "names crate::judge::Facts");
    planted("use super::super::runner::Run;", "names crate::runner::Run");
    planted("use crate::{results::Line, transcript::Transcript};", "names crate::transcript::Transcript");
    planted("fn f() { scep::message::read(b) }", "names scep::message::read");
}

#[test]
fn ra_and_ca_name_no_http_no_fault_and_no_store_engine() {
    let planted = |text, expected| planted_file("mock-ca/src/ra/challenge.rs", text, expected);
    planted("use hyper::StatusCode;", "names hyper::StatusCode");
    planted("use scep::http::HttpRequest;", "names scep::http::HttpRequest");
    planted("use crate::fault::Plan;", "names crate::fault::Plan");
    planted("use scep::fault::Fault;", "names scep::fault::Fault");
    planted("use crate::store::memory::MemoryStore;", "names crate::store::memory::MemoryStore");
    planted("use crate::service::Service;", "names crate::service::Service");
    planted("async fn f() { tokio::spawn(g) }", "names tokio::spawn");
    planted("fn f() { std::fs::read(p) }", "names std::fs::read");
    planted_file("mock-ca/src/ca/crl.rs", "use rusqlite::Row;", "names rusqlite::Row");
}

#[test]
fn a_fuzz_target_has_nothing_in_it() {
    let planted = |text, expected| planted_file("fuzz/targets/crl.rs", text, expected);
    planted("fn f() { scep::csr::Csr::read(s) }", "names scep::csr::Csr::read");
    planted("use std::fs;", "names std::fs");
}

#[test]
fn a_rule_over_no_file_is_refused() {
    let files: Vec<SourceFile> = files().into_iter().filter(|file| !file.path.contains("/plan")).collect();
    assert_eq!(printed(&packages(), &files), ["harness/src/plan: no file is there"]);
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    planted_file("scep/src/broken.rs", "fn f( {", "not readable as Rust");
}

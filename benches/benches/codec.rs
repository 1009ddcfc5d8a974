//! Reading and verifying a PKCSReq, and building a CertRep, each beside its bare RSA operations.
//!
//! `cargo bench -p benches --bench codec` prints the times; `--bench bounds` holds their ratio.

use benches::{certrep, pkcs_req};
use criterion::{Criterion, criterion_group, criterion_main};

fn read_and_verify(c: &mut Criterion) {
    let (message, bare) = (pkcs_req::message(), pkcs_req::Bare::new());
    let mut group = c.benchmark_group("pkcs-req");
    group.bench_function("read and verify", |b| b.iter(|| pkcs_req::read_and_verify(&message)));
    group.bench_function("two bare verifications", |b| b.iter(|| bare.two_verifications()));
    group.finish();
}

fn build_certrep(c: &mut Criterion) {
    let (mut server, bare) = (certrep::Server::new(), certrep::Bare::new());
    let mut group = c.benchmark_group("certrep");
    group.bench_function("build", |b| b.iter(|| server.answer()));
    group.bench_function("bare private operation", |b| b.iter(|| bare.private_operation()));
    group.bench_function("issue and build", |b| b.iter(|| server.issue_and_answer()));
    group.bench_function("two bare private operations", |b| {
        b.iter(|| (bare.private_operation(), bare.private_operation()));
    });
    group.finish();
}

criterion_group!(codec, read_and_verify, build_certrep);
criterion_main!(codec);

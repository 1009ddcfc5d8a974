//! Reading and verifying a PKCSReq, and building a CertRep, each beside its bare RSA operations.
//!
//! `cargo bench -p benches` prints both; what counts is the ratio.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::sign::{Signer, Verifier};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use scep::UnixTime;
use scep::attribute::{MessageType, Nonce, TransactionId};
use scep::certificate::{Certificate, CertificateParts};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::message::{MessageParts, PkiMessage, Sender};
use scep::server::{Reply, ReplyTo, answer};
use scep::suite::{Cipher, Digest};

const NOW: UnixTime = UnixTime(1_795_219_200);

fn key(index: usize) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::pool()[index].pem.as_bytes()).expect("pool keys load")
}

fn sender(index: usize) -> Sender {
    let key = key(index);
    let subject = scep::name::parse("CN=bench,O=sceptic").expect("a name");
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
    let der = parts.write(&key, &mut Faults::none()).expect("a certificate");
    Sender { certificate: Certificate::from_der(&der).expect("our own certificate"), key }
}

fn pkcs_req(client: &Sender, ca: &Sender) -> Vec<u8> {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let csr = CsrParts::new(&client.certificate.subject, client.key.public(), Some("secret"));
    let parts = MessageParts {
        message_type: MessageType::PkcsReq,
        transaction_id: TransactionId::random(&mut rng),
        sender_nonce: Some(Nonce::random(&mut rng)),
        recipient_nonce: None,
        outcome: None,
        message_data: Some(csr.write(&client.key, &mut Faults::none()).expect("a request")),
        recipient: Some(ca.certificate.clone().into()),
        cipher: Cipher::Aes128,
        digest: Digest::Sha256,
        certificates: vec![client.certificate.der.clone()],
    };
    parts.write(client, &mut Faults::none(), &mut rng).expect("a message")
}

/// Read, find the signer's certificate, verify message and certificate; the envelope stays shut.
fn read_and_verify(c: &mut Criterion) {
    let (client, ca) = (sender(0), sender(1));
    let message = pkcs_req(&client, &ca);
    let mut group = c.benchmark_group("pkcs-req");
    group.bench_function("read and verify", |b| {
        b.iter(|| {
            let read = PkiMessage::read(black_box(&message)).expect("our own message");
            let certificate = read.value.signer_certificate().expect("it is there");
            let key = certificate.public_key().expect("an RSA key");
            assert!(read.value.verify(&key).holds() && certificate.verifies_with(&key));
        });
    });
    // The bare operations: a key from modulus and exponent and one verification, twice.
    let rsa =
        Rsa::private_key_from_pem(scep_vectors::keys::pool()[0].pem.as_bytes()).expect("pool keys load");
    let (n, e) = (rsa.n().to_vec(), rsa.e().to_vec());
    let text = [7; 256];
    let pkey = PKey::from_rsa(rsa).expect("a key");
    let signature = Signer::new(MessageDigest::sha256(), &pkey)
        .and_then(|mut s| s.sign_oneshot_to_vec(&text))
        .expect("a signature");
    group.bench_function("two bare verifications", |b| {
        b.iter(|| {
            for _ in 0..2 {
                let n = BigNum::from_slice(black_box(&n)).expect("a number");
                let e = BigNum::from_slice(&e).expect("a number");
                let key = PKey::from_rsa(Rsa::from_public_components(n, e).expect("a key")).expect("a key");
                let mut verifier = Verifier::new(MessageDigest::sha256(), &key).expect("a verifier");
                assert!(verifier.verify_oneshot(&signature, &text).expect("a verdict"));
            }
        });
    });
    group.finish();
}

/// Envelope, attributes and signature of a CertRep SUCCESS, the certificate being there already.
fn build_certrep(c: &mut Criterion) {
    let (client, ca) = (sender(0), sender(1));
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let to = ReplyTo {
        transaction_id: TransactionId::random(&mut rng),
        sender_nonce: Some(Nonce::random(&mut rng)),
        digest: Digest::Sha256,
        cipher: Cipher::Aes128,
        password: None,
        signer: Some(client.certificate.clone()),
    };
    let issued = [client.certificate];
    let mut group = c.benchmark_group("certrep");
    group.bench_function("build", |b| {
        b.iter(|| {
            answer(black_box(&to), &Reply::Certificates(&issued), &ca, &mut Faults::none(), &mut rng)
                .expect("an answer")
        });
    });
    group.bench_function("bare private operation", |b| {
        b.iter(|| ca.key.sign(Digest::Sha256, black_box(&[7; 256])).expect("a signature"));
    });
    group.finish();
}

criterion_group!(codec, read_and_verify, build_certrep);
criterion_main!(codec);

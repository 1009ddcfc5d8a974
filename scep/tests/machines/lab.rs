//! Keys, names and certificates of both sides, at a fixed time.

use std::sync::LazyLock;

use proptest::test_runner::{Config, RngSeed};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use scep::ca_cert::CaCertificates;
use scep::certificate::{Certificate, CertificateParts, Extension, KeyUsage};
use scep::client::{BackOff, Checks, Continuity, Plan, PollPolicy, Recovery, RequestForm, Suite};
use scep::csr::CsrParts;
use scep::fault::Faults;
use scep::key::{Password, PrivateKey};
use scep::message::Sender;
use scep::suite::{Cipher, Digest};
use scep::{UnixTime, name};

/// 2027-01-15T08:00:00Z.
pub(crate) const NOW: UnixTime = UnixTime(1_800_000_000);

/// What the server wants to see in a first enrolment.
pub(crate) const CHALLENGE: &str = "hunter2";

/// How the client polls.
pub(crate) const POLL: PollPolicy = PollPolicy {
    interval: 60,
    max_polls: 8,
    max_seconds: 3600,
    back_off: BackOff { percent: 150, longest: 300 },
};

/// As many cases as given, from a fixed seed; `PROPTEST_RNG_SEED` takes another one, to look further.
pub(crate) fn cases(cases: u32) -> Config {
    let mut config = Config { cases, failure_persistence: None, ..Config::default() };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(8894);
    }
    config
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

static CA: LazyLock<Sender> = LazyLock::new(|| authority("CN=CA", "ca-rsa"));

static NEXT_CA: LazyLock<Sender> = LazyLock::new(|| authority("CN=CA", "ra-rsa"));

fn authority(subject: &str, key_name: &str) -> Sender {
    let (subject, key) = (name::parse(subject).unwrap(), key(key_name));
    let mut parts = CertificateParts::self_signed(&subject, key.public(), vec![1], NOW);
    let usage = KeyUsage::DIGITAL_SIGNATURE
        | KeyUsage::KEY_ENCIPHERMENT
        | KeyUsage::KEY_CERT_SIGN
        | KeyUsage::CRL_SIGN;
    parts.extensions = vec![Extension::basic_constraints(true), Extension::key_usage(usage)];
    parts.not_after = NOW.plus(365 * 86_400);
    sender(parts, key)
}

fn sender(parts: CertificateParts, key: PrivateKey) -> Sender {
    let der = parts.write(&key, &mut Faults::none()).unwrap();
    Sender { certificate: Certificate::from_der(&der).unwrap(), key }
}

/// The CA.
pub(crate) fn ca() -> Sender {
    CA.clone()
}

/// The CA's next key, under the same name.
pub(crate) fn next_ca() -> Sender {
    NEXT_CA.clone()
}

/// What a client knows of the CA.
pub(crate) fn known_ca() -> CaCertificates {
    CaCertificates { certificates: vec![ca().certificate], is_chain: false }
}

/// A certificate of the CA.
pub(crate) fn issue(subject: &[u8], spki: &[u8], serial: &[u8], now: UnixTime) -> Certificate {
    let ca = ca();
    let mut parts = CertificateParts::self_signed(subject, ca.key.public(), serial.to_vec(), now);
    parts.issuer = ca.certificate.subject;
    parts.spki = spki.to_vec();
    Certificate::from_der(&parts.write(&ca.key, &mut Faults::none()).unwrap()).unwrap()
}

/// Algorithms that both sides have.
pub(crate) const SUITE: Suite = Suite { cipher: Cipher::Aes128, digest: Digest::Sha256, post: true };

/// A first enrolment of the key `own`, signed with it.
pub(crate) fn enrol(own: &str) -> Plan {
    let (subject, key) = (name::parse(&format!("CN={own}")).unwrap(), key(own));
    let csr =
        CsrParts::new(&subject, key.public(), Some(CHALLENGE)).write(&key, &mut Faults::none()).unwrap();
    Plan {
        password: Some(Password::new(CHALLENGE)),
        ca: known_ca(),
        suite: SUITE,
        request: RequestForm::PkcsReq,
        spki: key.public().spki().to_vec(),
        signer: sender(CertificateParts::self_signed(&subject, key.public(), vec![2], NOW), key),
        csr,
        subject,
        poll: POLL,
        recovery: Recovery::End,
        checks: Checks::default(),
        continuity: Continuity::default(),
    }
}

/// A renewal: `old` holds a certificate of the CA, and asks for one for `own`, without a challengePassword.
pub(crate) fn renew(own: &str, old: &str, form: RequestForm) -> Plan {
    let plan = enrol(own);
    let (new, old) = (key(own), key(old));
    let csr = CsrParts::new(&plan.subject, new.public(), None).write(&new, &mut Faults::none()).unwrap();
    let certificate = issue(&plan.subject, old.public().spki(), &[0x55], NOW);
    Plan { request: form, csr, password: None, signer: Sender { certificate, key: old }, ..plan }
}

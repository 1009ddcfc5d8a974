//! The whole space of algorithms: what is written with any of them reads back as it was given, without a
//! finding, and opens for its recipient alone; both halves of the protocol with keys that cannot encrypt.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use rstest::rstest;
use scep::certificate::{Certificate, CertificateParts};
use scep::cms::{Agreement, Derivation, Effort, Openers, Recipient};
use scep::csr::{Csr, CsrParts};
use scep::fault::Faults;
use scep::key::{Password, PrivateKey};
use scep::message::{PkiMessage, Sender, SignatureCheck};
use scep::server::{Checks, Content, Refusal, Reply, answer, receive};
use scep::suite::{Cipher, Digest, KeyTransport, Oaep};
use scep::tlv::Source;
use scep::{Error, name};

use crate::cases;
use crate::material::{Kind, NOW, key, rng};

const PASSWORD: &str = "hunter2";

/// A key that signs: one of each kind, and RSA both ways.
fn signers() -> Vec<PrivateKey> {
    let mut keys: Vec<PrivateKey> =
        ["rsa-1024", "pool-01", "ec-p256", "ec-p384", "ec-p521"].map(key).into_iter().collect();
    keys.extend(["rsa-1024", "pool-01"].map(|name| key(name).with_pss()));
    keys
}

fn sender(key: PrivateKey) -> Sender {
    let parts = CertificateParts::self_signed(&name::parse("CN=x").unwrap(), key.public(), vec![9], NOW);
    let der = parts.write(&key, &mut Faults::none()).unwrap();
    Sender { certificate: Certificate::from_der(&der).unwrap(), key }
}

/// A recipient: the key of its certificate, and how the content key gets there.
#[derive(Debug, Clone, Copy)]
enum Way {
    Transport(&'static str),
    Oaep(&'static str, Digest, Digest),
    Agreement(&'static str, Digest),
    Password(Digest, Cipher),
}

impl Way {
    fn owner(self) -> Sender {
        match self {
            Self::Transport(name) | Self::Oaep(name, ..) | Self::Agreement(name, _) => sender(key(name)),
            Self::Password(..) => sender(key("ca-ec-p256")),
        }
    }

    fn recipient(self, certificate: Certificate) -> Recipient {
        match self {
            Self::Transport(_) => certificate.into(),
            Self::Oaep(_, digest, mgf) => {
                let oaep = Oaep { digest, mgf, label: Vec::new() };
                Recipient::KeyTransport { certificate, transport: KeyTransport::Oaep(oaep) }
            }
            Self::Agreement(_, digest) => {
                Recipient::KeyAgreement { certificate, agreement: Agreement { digest } }
            }
            Self::Password(digest, cipher) => Recipient::Password {
                password: Password::from(PASSWORD),
                derivation: Derivation { digest, iterations: 7, cipher },
            },
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Transport(_) | Self::Oaep(..) => "ktri",
            Self::Agreement(..) => "kari",
            Self::Password(..) => "pwri",
        }
    }
}

fn way() -> impl Strategy<Value = Way> {
    let digest = || prop::sample::select(&Digest::ALL[1..]);
    let rsa = || prop::sample::select(&["rsa-1024", "ra-rsa", "ca-rsa"][..]);
    let curve = prop::sample::select(&["ca-ec-p256", "ca-ec-p384", "ca-ec-p521"][..]);
    let wraps: Vec<Cipher> = Cipher::ALL.iter().copied().filter(|c| !c.is_authenticated()).collect();
    // SHA-384 and longer leave no room for a key of AES-256 in RSA-1024.
    let short = || prop::sample::select(&[Digest::Sha1, Digest::Sha224, Digest::Sha256][..]);
    prop_oneof![
        rsa().prop_map(Way::Transport),
        (rsa(), short(), digest()).prop_map(|(name, digest, mgf)| Way::Oaep(name, digest, mgf)),
        (curve, digest()).prop_map(|(name, digest)| Way::Agreement(name, digest)),
        (digest(), prop::sample::select(wraps)).prop_map(|(digest, cipher)| Way::Password(digest, cipher)),
    ]
}

fn check(
    kind: Kind,
    signer: &PrivateKey,
    digest: Digest,
    way: Way,
    cipher: Cipher,
    seed: u64,
) -> Result<(), TestCaseError> {
    let (sender, owner) = (sender(signer.clone()), way.owner());
    let mut parts = kind.parts();
    parts.recipient = parts.message_data.is_some().then(|| way.recipient(owner.certificate.clone()));
    (parts.cipher, parts.digest) = (cipher, digest);
    parts.certificates = vec![sender.certificate.der.clone()];
    let written = parts.clone().write(&sender, &mut Faults::none(), &mut rng(seed));
    // What no standard has: ECDSA with MD5, and a key of single DES under AES Key Wrap.
    let is_enveloped = parts.message_data.is_some();
    let impossible = (digest == Digest::Md5 && !sender.key.public().can_encrypt())
        || (is_enveloped && cipher == Cipher::Des && matches!(way, Way::Agreement(..)));
    if impossible {
        prop_assert!(matches!(written, Err(Error::Unsupported { .. })), "{written:?}");
        return Ok(());
    }
    let read = PkiMessage::read(&written.unwrap()).unwrap();
    prop_assert_eq!(&read.findings, &[]);
    let message = read.value;
    let read_signer = message.signer().unwrap();
    prop_assert_eq!(read_signer.digest(), Some(digest));
    prop_assert_eq!(read_signer.algorithm.clone(), Ok(sender.key.signature_algorithm(digest)));
    let verification = message.verify(sender.key.public());
    prop_assert!(verification.digest && verification.signature == SignatureCheck::AsReceived);
    prop_assert!(!message.verify(key("pool-02").public()).holds());
    prop_assert!(!message.verify(key("ca-ec-p256").public()).holds());

    let mut findings = Vec::new();
    let envelope = message.envelope(&mut findings).unwrap();
    prop_assert_eq!(&findings, &[]);
    prop_assert_eq!(envelope.is_some(), is_enveloped);
    let Some(envelope) = envelope else { return Ok(()) };
    prop_assert_eq!(Cipher::from_oid(envelope.cipher), Some(cipher));
    prop_assert_eq!(envelope.authentication.is_some(), cipher.is_authenticated());
    prop_assert_eq!(envelope.recipients.len(), 1);
    prop_assert_eq!(envelope.recipients[0].kind, way.kind());
    let is_for_password = matches!(way, Way::Password(..));
    prop_assert_eq!(envelope.recipients[0].names(&owner.certificate), !is_for_password);
    let (right, wrong) = (Password::from(PASSWORD), Password::from("hunter3"));
    let by_key = envelope.open(&owner).ok();
    let by_password =
        envelope.open_and_tell(Openers::default().and_passwords([&wrong, &right]), &mut Effort::default());
    let expected = parts.message_data;
    if is_for_password {
        prop_assert_eq!(by_key, None);
        let opened = by_password.unwrap();
        prop_assert_eq!((Some(opened.plain), opened.password), (expected, Some(&right)));
        prop_assert!(envelope.open(&wrong).is_err());
    } else {
        prop_assert_eq!(by_key, expected);
        prop_assert!(by_password.is_err());
        for other in ["pool-02", "ec-p256", "ec-p384", "ec-p521"] {
            prop_assert!(envelope.open(&key(other)).is_err());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(160))]

    #[test]
    fn a_message_reads_back_as_it_was_written_with_any_algorithm(
        kind in prop::sample::select(&Kind::ALL[..]),
        signer in prop::sample::select(signers()),
        digest in prop::sample::select(Digest::ALL),
        way in way(),
        cipher in prop::sample::select(Cipher::ALL),
        seed: u64,
    ) {
        check(kind, &signer, digest, way, cipher, seed)?;
    }
}

#[test]
fn requests_and_certificates_of_every_key_and_digest_read_back_without_a_finding() {
    for key in signers() {
        for digest in Digest::ALL.iter().copied() {
            let subject = name::parse("CN=x").unwrap();
            let csr = CsrParts { digest, ..CsrParts::new(&subject, key.public(), Some(PASSWORD)) };
            let certificate = CertificateParts {
                digest,
                ..CertificateParts::self_signed(&subject, key.public(), vec![9], NOW)
            };
            let (csr, certificate) =
                (csr.write(&key, &mut Faults::none()), certificate.write(&key, &mut Faults::none()));
            if digest == Digest::Md5 && !key.public().can_encrypt() {
                assert!(csr.is_err() && certificate.is_err());
                continue;
            }
            let (csr, certificate) = (csr.unwrap(), certificate.unwrap());
            let csr = Csr::read(Source::message_data(&csr)).unwrap();
            let certificate = Certificate::read(Source::message(&certificate)).unwrap();
            assert_eq!((csr.findings, certificate.findings), (Vec::new(), Vec::new()), "{key:?} {digest:?}");
            assert!(csr.value.proves_possession() && certificate.value.is_self_signed());
            assert_eq!(csr.value.public_key().as_ref(), Ok(key.public()));
            let encipherment = certificate.value.key_usage().unwrap().names().contains(&"keyEncipherment");
            assert_eq!(encipherment, key.public().can_encrypt());
        }
    }
}

#[test]
fn equal_seeds_give_equal_messages_with_everything_but_ecdsa() {
    for way in [
        Way::Oaep("ra-rsa", Digest::Sha256, Digest::Sha1),
        Way::Agreement("ca-ec-p521", Digest::Sha384),
        Way::Password(Digest::Sha512, Cipher::Des3),
    ] {
        for signer in [key("pool-01"), key("pool-01").with_pss()] {
            let (sender, owner) = (sender(signer), way.owner());
            let write = |seed| {
                let mut parts = Kind::PkcsReq.parts();
                parts.recipient = Some(way.recipient(owner.certificate.clone()));
                parts.write(&sender, &mut Faults::none(), &mut rng(seed)).unwrap()
            };
            assert_eq!(write(1), write(1));
            assert_ne!(write(1), write(2));
        }
    }
}

/// A request to a CA, its envelope as RFC 8894 3.1 has it for the keys of both.
fn request(ca: &Sender, device: &Sender, kind: Kind, password: Option<&Password>) -> Vec<u8> {
    let mut parts = kind.parts();
    let csr = CsrParts::new(&device.certificate.subject, device.key.public(), Some(PASSWORD));
    if kind == Kind::PkcsReq {
        parts.message_data = Some(csr.write(&device.key, &mut Faults::none()).unwrap());
    }
    parts.recipient = Some(Recipient::choose(&ca.certificate, password).unwrap());
    parts.certificates = vec![device.certificate.der.clone()];
    parts.write(device, &mut Faults::none(), &mut rng(1)).unwrap()
}

#[rstest]
#[case::rsa("ca-rsa", "pool-01", "ktri", "ktri")]
#[case::device_on_a_curve("ca-rsa", "ec-p256", "ktri", "pwri")]
#[case::ca_on_a_curve("ca-ec-p384", "pool-01", "pwri", "ktri")]
#[case::both_on_a_curve("ca-ec-p521", "ec-p521", "pwri", "pwri")]
fn each_direction_is_enveloped_as_the_key_of_its_recipient_allows(
    #[case] ca: &str,
    #[case] device: &str,
    #[case] asked: &str,
    #[case] answered: &str,
) {
    let (ca, device, password) = (sender(key(ca)), sender(key(device)), Password::from(PASSWORD));
    let message = request(&ca, &device, Kind::PkcsReq, Some(&password));
    let envelope = PkiMessage::read(&message).unwrap().value.envelope(&mut Vec::new()).unwrap().unwrap();
    assert_eq!(envelope.recipients[0].kind, asked);
    let candidates = [Password::from("another"), password.clone()];
    let received = receive(&message, &[&ca], &candidates, &Checks::default()).unwrap();
    assert!(matches!(&received.content, Content::Enrol(csr) if csr.proves_possession()));

    let issued = [device.certificate.clone()];
    let reply = Reply::Certificates(&issued);
    let reply = answer(&received.reply_to, &reply, &ca, &mut Faults::none(), &mut rng(2)).unwrap();
    let message = PkiMessage::read(&reply).unwrap().value;
    assert!(message.verify(ca.key.public()).holds());
    let envelope = message.envelope(&mut Vec::new()).unwrap().unwrap();
    assert_eq!(envelope.recipients[0].kind, answered);
    assert!(envelope.open(Openers::from(&device).and_passwords([&password])).is_ok());
}

#[test]
fn an_envelope_for_a_password_is_refused_without_the_right_one() {
    let (ca, device, password) =
        (sender(key("ca-ec-p256")), sender(key("pool-01")), Password::from(PASSWORD));
    let message = request(&ca, &device, Kind::PkcsReq, Some(&password));
    for candidates in [&[][..], &[Password::from("another")]] {
        let (refusal, to) = receive(&message, &[&ca], candidates, &Checks::default()).unwrap_err();
        assert!(matches!(refusal, Refusal::Content(Error::WrongKey { .. })), "{refusal:?}");
        assert!(to.is_some_and(|to| to.password.is_none()));
    }
}

#[test]
fn a_key_that_cannot_encrypt_needs_a_password() {
    let (ca, device) = (sender(key("ca-rsa")), sender(key("ec-p256")));
    // A poll holds no challengePassword: whoever answers it has to remember the one of the request.
    let message = request(&ca, &device, Kind::CertPoll, None);
    let mut to = receive(&message, &[&ca], &[], &Checks::default()).unwrap().reply_to;
    let issued = [device.certificate.clone()];
    let answered = |to: &_| answer(to, &Reply::Certificates(&issued), &ca, &mut Faults::none(), &mut rng(2));
    let error = answered(&to).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }) && error.to_string().contains("P-256"), "{error}");
    to.password = Some(Password::from(PASSWORD));
    assert!(answered(&to).is_ok());
    assert!(Recipient::choose(&device.certificate, None).is_err());
}

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rstest::rstest;

use super::{EnvelopeParts, EnvelopedData};
use crate::certificate::{Certificate, CertificateParts};
use crate::cms::{Derivation, Effort, Openers, Recipient, RecipientForm};
use crate::error::Error;
use crate::fault::Faults;
use crate::key::{Password, PrivateKey};
use crate::suite::Cipher;
use crate::tlv::Source;
use crate::{UnixTime, limits, name, write};

fn key() -> PrivateKey {
    let pem = scep_vectors::keys::named("pool-00").unwrap().pem;
    PrivateKey::from_pem(pem.as_bytes()).unwrap()
}

fn sealed(cipher: Cipher, recipient: &Recipient) -> EnvelopeParts {
    EnvelopeParts::seal(b"secret", recipient, cipher, &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

fn read(parts: EnvelopeParts) -> EnvelopedData {
    let der = parts.write(&mut Faults::none());
    EnvelopedData::read(Source::message(&der), &mut Vec::new()).unwrap()
}

fn open_with(cipher: Cipher, change: impl FnOnce(&mut EnvelopeParts)) -> Result<Vec<u8>, Error> {
    let (key, subject) = (key(), name::parse("CN=recipient").unwrap());
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], UnixTime(0));
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap();
    let mut parts = sealed(cipher, &certificate.into());
    change(&mut parts);
    read(parts).open(&key)
}

fn open(change: impl FnOnce(&mut EnvelopeParts)) -> Result<Vec<u8>, Error> {
    open_with(Cipher::Aes128, change)
}

#[test]
fn what_is_wrong_with_a_secret_is_not_told() {
    assert_eq!(open(|_| ()), Ok(b"secret".to_vec()));
    // A content key of another length than the cipher's is as wrong as a broken block.
    for change in [
        |parts: &mut EnvelopeParts| parts.cipher = Cipher::Aes256.oid(),
        |parts: &mut EnvelopeParts| parts.encrypted_key[9] ^= 1,
        |parts: &mut EnvelopeParts| parts.encrypted_key.truncate(9),
        |parts: &mut EnvelopeParts| parts.encrypted_key = vec![0xff; 256],
        |parts: &mut EnvelopeParts| parts.encrypted.truncate(1),
    ] {
        assert_eq!(open(change), Err(Error::WrongKey { what: "envelope" }));
    }
}

#[test]
fn a_wrong_initialisation_vector_is_told_it_is_no_secret() {
    let error = open(|parts| parts.iv.truncate(8)).unwrap_err();
    assert!(error.to_string().contains("IV of 8 octets"), "{error}");
}

#[test]
fn every_bit_of_an_authenticated_envelope_counts() {
    assert_eq!(open_with(Cipher::Aes256Gcm, |_| ()), Ok(b"secret".to_vec()));
    for change in [
        |parts: &mut EnvelopeParts| parts.encrypted[0] ^= 1,
        |parts: &mut EnvelopeParts| parts.iv[0] ^= 1,
        |parts: &mut EnvelopeParts| parts.mac.as_mut().unwrap()[15] ^= 1,
        |parts: &mut EnvelopeParts| parts.mac = Some(Vec::new()),
        // Four octets could be guessed: no tag is so short (RFC 5084 3.2).
        |parts: &mut EnvelopeParts| parts.mac.as_mut().unwrap().truncate(4),
        |parts: &mut EnvelopeParts| parts.mac = Some(vec![0; 200]),
    ] {
        assert_eq!(open_with(Cipher::Aes256Gcm, change), Err(Error::WrongKey { what: "envelope" }));
    }
}

#[test]
fn a_tag_of_twelve_octets_needs_no_length() {
    // The first octets of a longer tag are the shorter one.
    let shorter = |parts: &mut EnvelopeParts| parts.mac.as_mut().unwrap().truncate(12);
    assert_eq!(open_with(Cipher::Aes128Gcm, shorter), Ok(b"secret".to_vec()));
}

#[test]
fn a_tag_of_another_length_than_was_said_is_told() {
    let (key, subject) = (key(), name::parse("CN=recipient").unwrap());
    let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], UnixTime(0));
    let certificate = Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap();
    let mut envelope = read(sealed(Cipher::Aes128Gcm, &certificate.into()));
    envelope.authentication.as_mut().unwrap().mac.truncate(13);
    let error = envelope.open(&key).unwrap_err().to_string();
    assert!(error.contains("expected 16 octets") && error.contains("got 13"), "{error}");
}

#[rstest]
#[case::without_a_tag(Cipher::Aes128Gcm, |parts: &mut EnvelopeParts| parts.mac = None)]
#[case::with_one(Cipher::Aes128, |parts: &mut EnvelopeParts| parts.mac = Some(vec![0; 16]))]
fn a_cipher_in_the_wrong_kind_of_envelope_is_told(
    #[case] cipher: Cipher,
    #[case] change: fn(&mut EnvelopeParts),
) {
    let error = open_with(cipher, change).unwrap_err();
    assert!(
        matches!(error, Error::Misbehaved { .. }) && error.to_string().contains(cipher.name()),
        "{error}"
    );
}

fn for_password(iterations: u32) -> EnvelopeParts {
    let derivation = Derivation { iterations, ..Derivation::default() };
    sealed(Cipher::Aes128, &Recipient::Password { password: Password::from("right"), derivation })
}

#[test]
fn a_password_opens_and_no_other() {
    let envelope = read(for_password(3));
    let (right, wrong) = (Password::from("right"), Password::from("wrong"));
    assert_eq!(envelope.open(&right), Ok(b"secret".to_vec()));
    assert_eq!(envelope.open(&wrong), Err(Error::WrongKey { what: "envelope" }));
    let (key, mut effort) = (key(), Effort::default());
    let opened =
        envelope.open_and_tell(Openers::from(&key).and_passwords([&wrong, &right]), &mut effort).unwrap();
    assert_eq!(opened.password, Some(&right));
    // The key was not tried on a recipient that is for passwords.
    assert_eq!(effort, Effort { key_operations: 0, iterations: 6, decryptions: 2 });
}

/// Nobody derives a key for so long: the parameters are changed after the key was wrapped.
fn with_iterations(count: u32) -> EnvelopedData {
    let mut parts = for_password(3);
    let RecipientForm::Password { derivation, .. } = &mut parts.form else { panic!() };
    let (few, many) = (write::number(3), write::number(count));
    let at = derivation.windows(few.len()).position(|window| window == few).unwrap();
    let grown = (many.len() - few.len()) as u8;
    derivation.splice(at..at + few.len(), many);
    // Lengths of the AlgorithmIdentifier and of its parameters: both in one octet.
    derivation[1] += grown;
    derivation[2 + 11 + 1] += grown;
    read(parts)
}

#[test]
fn the_work_for_one_envelope_is_limited_over_all_its_passwords() {
    let passwords: Vec<Password> =
        (0..4).map(|n| Password::new(format!("wrong-{n}"))).chain([Password::from("right")]).collect();
    let over = with_iterations(limits::PBKDF2_ITERATIONS + 1).open(&passwords[4]).unwrap_err();
    assert!(over.to_string().contains("limit of iterations"), "{over}");
    let endless = with_iterations(u32::MAX).open(&passwords[4]).unwrap_err();
    assert!(matches!(endless, Error::Unsupported { .. }), "{endless}");
    // Four wrong ones use it up, so that the right one is not reached.
    let each = limits::PBKDF2_ITERATIONS / 4;
    let envelope = read(for_password(each));
    assert_eq!(envelope.open(&passwords[4]), Ok(b"secret".to_vec()));
    let all = Openers::default().and_passwords(&passwords);
    assert_eq!(envelope.open(all), Err(Error::WrongKey { what: "envelope" }));
}

#[test]
fn no_more_keys_are_tried_than_the_limit_says() {
    let key = key();
    let sender = crate::message::Sender {
        certificate: {
            let subject = name::parse("CN=another").unwrap();
            let parts = CertificateParts::self_signed(&subject, key.public(), vec![1], UnixTime(0));
            Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap()
        },
        key,
    };
    let mut parts = sealed(Cipher::Aes128, &sender.certificate.clone().into());
    parts.encrypted_key[9] ^= 1;
    parts.copies = limits::KEY_OPERATIONS;
    let wrong = read(parts.clone());
    let mut right = sealed(Cipher::Aes128, &sender.certificate.clone().into());
    right.copies = 1;
    let last = read(right).recipients.remove(0);
    let mut envelope = wrong;
    envelope.recipients.push(last);
    assert!(envelope.open(&sender).is_err(), "one more than the limit");
    envelope.recipients.remove(0);
    assert_eq!(envelope.open(&sender), Ok(b"secret".to_vec()));
}

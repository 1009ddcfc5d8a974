//! Bounds that every reader has, seen from outside: each bites at one more, and its number passes. Those of
//! single structures are tested beside them.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rstest::rstest;
use scep::attribute::TransactionId;
use scep::ca_cert::{CaCertificates, read_certificates_only};
use scep::certificate::{Certificate, CertificateParts, Extension};
use scep::cms::{EnvelopeParts, EnvelopedData, SignedData, degenerate};
use scep::crl::Crl;
use scep::csr::Csr;
use scep::error::Result;
use scep::fault::Faults;
use scep::key::PublicKey;
use scep::message::PkiMessage;
use scep::suite::Cipher;
use scep::tlv::{Source, Tlv, tag};
use scep::{limits, oid, write};

use crate::material::{Kind, NOW, ca, csr, device, issued};

fn source(octets: &[u8]) -> Source<'_> {
    Source::message(octets)
}

type Reader = fn(&[u8]) -> Result<()>;

#[rstest]
#[case::message(Kind::PkcsReq.write(&mut Faults::none()), |o: &[u8]| PkiMessage::read(o).map(drop))]
#[case::certificate(issued(&mut Faults::none()).der, |o: &[u8]| Certificate::read(source(o)).map(drop))]
#[case::request(csr(&mut Faults::none()), |o: &[u8]| Csr::read(source(o)).map(drop))]
#[case::ca(ca().certificate.der, |o: &[u8]| CaCertificates::read(o, &mut Vec::new()).map(drop))]
#[case::chain(
    degenerate(&[ca().certificate.der]).write(),
    |o: &[u8]| read_certificates_only(source(o), &mut Vec::new()).map(drop)
)]
fn an_input_of_the_largest_size_is_read_and_one_octet_more_is_refused(
    #[case] mut octets: Vec<u8>,
    #[case] read: Reader,
) {
    octets.resize(limits::MESSAGE, 0);
    assert_eq!(read(&octets), Ok(()));
    octets.push(0);
    let error = read(&octets).unwrap_err().to_string();
    assert!(error.contains("expected at most 1048576 bytes, got 1048577"), "{error}");
}

#[test]
fn a_crl_beyond_the_largest_size_is_refused() {
    let error = Crl::read(source(&vec![0; limits::MESSAGE + 1])).unwrap_err().to_string();
    assert!(error.contains("expected at most 1048576 bytes"), "{error}");
}

/// Every count of a structure, as its writer takes it.
#[rstest]
#[case::recipients(limits::RECIPIENTS, "RecipientInfos", |count| {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let recipient = ca().certificate.into();
    let mut parts = EnvelopeParts::seal(b"x", &recipient, Cipher::Aes128, &mut rng).unwrap();
    parts.copies = count;
    EnvelopedData::read(source(&parts.write(&mut Faults::none())), &mut Vec::new()).map(drop)
})]
#[case::crls(limits::CRLS, "CRLs", |count| {
    let crls = write::tlv(tag::context(1), &write::sequence(&[]).repeat(count));
    let data = write::sequence(&[&write::oid(oid::DATA)]);
    let none = write::set_as_given(&[]);
    let signed = write::sequence(&[&write::integer(1), &none, &data, &crls, &none]);
    let message = scep::cms::content_info(oid::SIGNED_DATA, &signed);
    SignedData::read(source(&message), &mut Vec::new()).map(drop)
})]
#[case::extensions(limits::EXTENSIONS, "extensions", |count| {
    let sender = device();
    let mut parts =
        CertificateParts::self_signed(&sender.certificate.subject, sender.key.public(), vec![1], NOW);
    let extension = Extension { oid: oid::DATA, critical: false, value: write::null() };
    parts.extensions = vec![extension; count];
    Certificate::read(source(&parts.write(&sender.key, &mut Faults::none()).unwrap())).map(drop)
})]
fn a_count_passes_at_its_bound_and_not_beyond(
    #[case] limit: usize,
    #[case] kind: &str,
    #[case] read: fn(usize) -> Result<()>,
) {
    assert_eq!(read(limit), Ok(()));
    let error = read(limit + 1).unwrap_err().to_string();
    assert!(error.contains(&format!("expected at most {limit} {kind}, got {}", limit + 1)), "{error}");
}

#[test]
fn indefinite_lengths_are_followed_as_deep_as_the_bound() {
    // The outermost element is level 0.
    let nested = |levels: usize| [[0x30, 0x80].repeat(levels), [0, 0].repeat(levels)].concat();
    assert!(Tlv::read(source(&nested(limits::DEPTH + 1)), 0).is_ok());
    let error = Tlv::read(source(&nested(limits::DEPTH + 2)), 0).unwrap_err().to_string();
    assert!(error.contains(&format!("nested over {} levels deep", limits::DEPTH)), "{error}");
}

#[test]
fn a_transaction_id_has_a_longest_length() {
    assert!(TransactionId::parse(&vec![b'a'; limits::TRANSACTION_ID]).is_ok());
    let error = TransactionId::parse(&vec![b'a'; limits::TRANSACTION_ID + 1]).unwrap_err().to_string();
    assert!(error.contains("expected 1 to 1024 octets, got 1025"), "{error}");
}

/// SubjectPublicKeyInfo of an RSA key that nobody has.
fn rsa(bits: u32) -> Vec<u8> {
    let mut modulus = vec![0xff; usize::try_from(bits.div_ceil(8)).unwrap()];
    modulus[0] >>= (8 - bits % 8) % 8;
    if modulus[0] >= 0x80 {
        modulus.insert(0, 0);
    }
    let key = write::sequence(&[&write::integer_bytes(&modulus), &write::integer_bytes(&[1, 0, 1])]);
    write::sequence(&[&write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null())), &write::bit_string(&key)])
}

#[test]
fn an_rsa_key_has_a_longest_modulus() {
    assert_eq!(PublicKey::from_spki(&rsa(limits::RSA_BITS)).map(|key| key.bits()), Ok(limits::RSA_BITS));
    let error = PublicKey::from_spki(&rsa(limits::RSA_BITS + 1)).unwrap_err().to_string();
    assert!(error.contains("16385, outside 512 to 16384 bits"), "{error}");
}

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rstest::rstest;
use scep::UnixTime;
use scep::ca_cert::CaCertificates;
use scep::certificate::{Certificate, KeyUsage};
use scep::fault::{Faults, find};

use super::{Authority, Conduct, KeyKind, first, next};
use crate::config::{CaConfig, Hierarchy, KeyPem, Registration};
use crate::store::Generation;

const NOW: UnixTime = UnixTime(1_795_219_200);

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([3; 32])
}

fn pem(name: &str) -> String {
    scep_vectors::keys::named(name).unwrap().pem.to_owned()
}

fn generation(config: &CaConfig) -> scep::error::Result<Generation> {
    first(config, NOW, &mut rng())
}

fn authority(config: &CaConfig) -> scep::error::Result<Authority> {
    Authority::new(&generation(config)?)
}

fn config(key: &str) -> CaConfig {
    // On a curve, since it takes no time to make.
    CaConfig { key: Some(KeyPem::new(pem(key))), key_kind: KeyKind::P256, ..CaConfig::default() }
}

fn served(authority: &Authority) -> CaCertificates {
    let certificates = authority.served(Conduct::default(), &mut Faults::none()).unwrap();
    let (_, body) = CaCertificates::write(&certificates, &mut Faults::none());
    CaCertificates::read(&body, &mut Vec::new()).unwrap()
}

#[test]
fn the_root_may_do_all_that_a_scep_ca_does() {
    let root = authority(&config("ca-rsa")).unwrap().sender().certificate.clone();
    let usage = KeyUsage::DIGITAL_SIGNATURE
        | KeyUsage::KEY_ENCIPHERMENT
        | KeyUsage::KEY_CERT_SIGN
        | KeyUsage::CRL_SIGN;
    assert!(root.is_self_signed() && root.is_ca() && root.key_usage() == Some(KeyUsage(usage)));
}

#[test]
fn a_fault_on_the_served_certificate_leaves_the_signer_as_it_is() {
    let authority = authority(&config("ca-rsa")).unwrap();
    let mut faults = Faults::new(vec![find("certificate.key-usage.no-signature").unwrap()]);
    let served =
        Certificate::from_der(&authority.served(Conduct::default(), &mut faults).unwrap()[0]).unwrap();
    assert_eq!(served.key_usage(), Some(KeyUsage(100)));
    assert!(served.is_self_signed(), "signed again");
    let as_it_is = authority.served(Conduct::default(), &mut Faults::none()).unwrap();
    assert_eq!(as_it_is, [authority.sender().certificate.der.clone()]);
}

#[test]
fn a_loaded_certificate_is_served_as_it_is_and_must_fit_the_key() {
    let made = authority(&config("ca-rsa")).unwrap().sender().certificate.clone();
    let with_certificate = CaConfig { certificate: Some(made.to_pem()), ..config("ca-rsa") };
    let again = authority(&with_certificate).unwrap();
    assert_eq!(again.served(Conduct::default(), &mut Faults::none()).unwrap(), [made.der]);

    let other = CaConfig { key: Some(KeyPem::new(pem("ra-rsa"))), ..with_certificate.clone() };
    assert!(authority(&other).unwrap_err().to_string().contains("another key"));
    let keyless = CaConfig { key: None, ..with_certificate };
    assert!(authority(&keyless).unwrap_err().to_string().contains("private key"));
}

#[rstest]
#[case::rsa(KeyKind::Rsa(2048), "RSA 2048 bits")]
#[case::p256(KeyKind::P256, "EC P-256")]
#[case::p384(KeyKind::P384, "EC P-384")]
#[case::p521(KeyKind::P521, "EC P-521")]
fn a_key_of_the_wanted_kind_is_made_when_none_is_given(#[case] key_kind: KeyKind, #[case] expected: &str) {
    let authority = authority(&CaConfig { key_kind, ..CaConfig::default() }).unwrap();
    assert_eq!(authority.sender().key.public().to_string(), expected);
    assert!(authority.sender().certificate.is_self_signed());
}

#[rstest]
#[case::single(Registration::Single, 1)]
#[case::split(Registration::Split, 2)]
fn a_registration_authority_speaks_for_a_ca_on_a_curve(
    #[case] registration: Registration,
    #[case] certificates: usize,
) {
    let config = CaConfig { registration, ..config("ec-p256") };
    let authority = authority(&config).unwrap();
    let served = served(&authority);
    assert_eq!(served.certificates.len(), certificates + 1);
    assert_eq!(served.recipient().unwrap(), &authority.opener().certificate);
    assert_eq!(served.issuer().unwrap(), &authority.issuing().certificate);
    assert!(served.signers().contains(&&authority.sender().certificate));
    assert!(authority.opener().key.public().can_encrypt());
    assert!(authority.sender().certificate.is_issued_by(&authority.issuing().certificate));
}

#[test]
fn an_intermediate_is_served_with_its_root() {
    let config = CaConfig { hierarchy: Hierarchy::Intermediate, ..config("ca-rsa") };
    let authority = authority(&config).unwrap();
    let served = served(&authority);
    assert_eq!(served.issuer().unwrap(), &authority.issuing().certificate);
    let root = &authority.chain()[0];
    assert!(root.is_self_signed() && root.is_ca());
    assert!(authority.issuing().certificate.is_issued_by(root));
}

#[rstest]
#[case::root(Hierarchy::Root)]
#[case::intermediate(Hierarchy::Intermediate)]
fn the_next_generation_has_other_keys_under_the_same_name(#[case] hierarchy: Hierarchy) {
    let config = CaConfig { hierarchy, next_serial: Some(vec![0x5c, 0xe9]), ..config("ca-rsa") };
    let old = generation(&config).unwrap();
    let new = Authority::new(&next(&config, &old, NOW, &mut rng()).unwrap()).unwrap();
    let old = Authority::new(&old).unwrap();
    let (of_old, of_new) = (&old.issuing().certificate, &new.issuing().certificate);
    assert_eq!((new.number(), &of_new.subject), (2, &of_old.subject));
    assert_ne!(of_new.spki, of_old.spki);
    assert_eq!(of_new.serial, [0x5c, 0xe9]);
    assert_eq!(new.chain(), old.chain(), "the root stays");
}

#[test]
fn a_generation_does_not_print_its_keys() {
    let generation = generation(&config("ca-rsa")).unwrap();
    assert!(!format!("{generation:?}").contains("PRIVATE"));
}

//! Who speaks SCEP for the CA: itself, a registration authority with one certificate or two; a CA under a
//! root, a CA on a curve.

use mock_ca::authority::KeyKind;
use mock_ca::config::{Hierarchy, Registration};
use mock_ca::{CaConfig, Config};
use rstest::rstest;
use scep::ca_cert::CaCertificates;

use crate::device::Device;
use crate::server::{Server, config};
use crate::wire::get;

fn served(server: &Server) -> CaCertificates {
    let reply = get(&server.url(), "operation=GetCACert");
    assert_eq!(reply.header("content-type"), Some("application/x-x509-ca-ra-cert"));
    CaCertificates::read(&reply.body, &mut Vec::new()).unwrap()
}

#[rstest]
#[case::single(Registration::Single, Hierarchy::Root, "ca-rsa")]
#[case::split(Registration::Split, Hierarchy::Root, "ca-rsa")]
#[case::split_for_a_curve(Registration::Split, Hierarchy::Root, "ec-p384")]
#[case::none_below_a_root(Registration::None, Hierarchy::Intermediate, "ca-rsa")]
#[case::single_below_a_root(Registration::Single, Hierarchy::Intermediate, "ca-rsa")]
fn a_device_enrols_with_whoever_speaks_for_the_ca(
    #[case] registration: Registration,
    #[case] hierarchy: Hierarchy,
    #[case] key: &str,
) {
    let pem = scep_vectors::keys::named(key).unwrap().pem.to_owned();
    let ca = CaConfig {
        key: Some(mock_ca::KeyPem::new(pem)),
        key_kind: KeyKind::P256,
        registration,
        hierarchy,
        ..config().ca
    };
    let server = Server::with(Config { ca, ..config() });
    let served = served(&server);
    let recipient = served.recipient().unwrap().clone();
    let mut device = Device { recipient: Some(recipient.clone()), ..Device::new("pool-00") };
    let answer = device.enrol(&server);
    assert!(answer.certificate().is_issued_by(served.issuer().unwrap()));
    let signer = answer.message().signer_certificate().unwrap();
    assert!(served.signers().contains(&&signer));
    assert_eq!(signer == recipient, registration != Registration::Split);
    let chain = usize::from(hierarchy == Hierarchy::Intermediate) * 2;
    assert_eq!(answer.certificates.len(), 1 + chain, "with what a client of the root alone lacks");
}

//! `decode --ca`: CRLs and certificates are verified with certificates from files.

use scep::UnixTime;
use scep::certificate::{Certificate, CertificateParts};
use scep::crl::CrlParts;
use scep::fault::Faults;
use scep::key::PrivateKey;

use crate::program::sceptic;

const NOW: UnixTime = UnixTime(1_795_219_200);

fn ca(key: &str, subject: &str) -> (Certificate, PrivateKey) {
    let key = PrivateKey::from_pem(scep_vectors::keys::named(key).unwrap().pem.as_bytes()).unwrap();
    let name = scep::name::parse(subject).unwrap();
    let parts = CertificateParts::self_signed(&name, key.public(), vec![1], NOW);
    (Certificate::from_der(&parts.write(&key, &mut Faults::none()).unwrap()).unwrap(), key)
}

#[test]
fn a_crl_is_verified_with_any_certificate_of_the_given_files() {
    let folder = tempfile::tempdir().unwrap();
    let (one, key) = ca("ca-rsa", "CN=CA");
    let (other, _) = ca("ra-rsa", "CN=RA");
    let crl = CrlParts::new(&one.subject, &[7; 20], 1, NOW, 60).write(&key).unwrap();
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    write("list.crl", &crl.der);
    write("both.pem", [other.to_pem(), one.to_pem()].concat().as_bytes());
    write("one.der", &one.der);
    write("other.pem", other.to_pem().as_bytes());
    for (file, words) in [
        ("both.pem", "verifies with the certificate of CN=CA"),
        ("one.der", "verifies with the certificate of CN=CA"),
        ("other.pem", "not checked: no certificate of its issuer"),
    ] {
        let shown = sceptic(folder.path(), &["decode", "list.crl", "--ca", file]);
        assert!(shown.code == 0 && shown.stdout.contains(words), "{file}: {}{}", shown.stdout, shown.stderr);
    }
    let none = sceptic(folder.path(), &["decode", "list.crl", "--ca", "list.crl"]);
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("read the CA certificate list.crl"), "{}", none.stderr);
}

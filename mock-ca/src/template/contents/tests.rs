use std::io::Write as _;
use std::process::{Command, Stdio};

use rstest::rstest;
use scep::alt_name;
use scep::certificate::{CertificateParts, Extension};
use scep::csr::{Csr, CsrParts};
use scep::fault::Faults;
use scep::key::PrivateKey;
use scep::suite::Digest;
use scep::tlv::Source;
use scep::{UnixTime, name};

use super::{Contents, Template, Unfit, Values};
use crate::template::Templates;

const NOW: UnixTime = UnixTime(1_795_219_200);

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

fn csr(key_name: &str, subject: &str, alt_names: &str) -> Csr {
    let key = key(key_name);
    let mut parts = CsrParts::new(&name::parse(subject).unwrap(), key.public(), None);
    if !alt_names.is_empty() {
        parts.extensions = vec![Extension::alt_names(&alt_name::parse(alt_names).unwrap())];
    }
    Csr::read(Source::message_data(&parts.write(&key, &mut Faults::none()).unwrap())).unwrap().value
}

fn template(lines: &str) -> Template {
    let head = "schema = \"sceptic/mock-ca-template/1\"\nnickname = \"t\"\ntitle = \"T\"\n";
    Template::read("t.toml", &format!("{head}{lines}")).unwrap()
}

fn subject(contents: &Contents) -> String {
    name::print(&contents.subject)
}

/// A certificate with these contents, as `openssl x509 -text` shows it.
fn openssl_text(contents: &Contents) -> String {
    let ca = key("ca-rsa");
    let parts = CertificateParts {
        serial: vec![0x41],
        issuer: name::parse("CN=ca").unwrap(),
        subject: contents.subject.clone(),
        not_before: NOW,
        not_after: NOW.plus(86_400),
        spki: key("pool-00").public().spki().to_vec(),
        extensions: contents.clone().extensions_under(7),
        digest: Digest::Sha256,
    };
    let der = parts.write(&ca, &mut Faults::none()).unwrap();
    let mut openssl = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-noout", "-text"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    openssl.stdin.take().unwrap().write_all(&der).unwrap();
    let output = openssl.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.split("X509v3 extensions:").nth(1).unwrap().split("Signature Algorithm").next().unwrap().to_owned()
}

#[test]
fn every_constant_is_what_openssl_reads() {
    let template = template(
        r#"
[alternative_names]
kinds = ["DNS"]
[constants]
AuthInfoAcc = ["OCSP:http://ocsp.lab/", "caIssuers:http://ca.lab/ca.der"]
CertPolicies = [{ policy = "1.2.3.4" }, { policy = "2.5.29.32.0", cps = "http://ca.lab/cps", notice = "for tests" }]
ExtKeyUsage = ["clientAuth", "1.2.3.4.5"]
KeyUsage = ["digitalSignature", "nonRepudiation", "keyEncipherment"]
Critical = ["KeyUsage", "ExtKeyUsage", "CertPolicies"]
[crl]
distribution_points = ["http://ca.lab/ca.crl", "ldap://ca.lab/crl-{generation}"]
"#,
    );
    let contents = template.contents(&csr("pool-00", "CN=dev1", "DNS:dev1.lab"), None).unwrap();
    let words: Vec<String> = openssl_text(&contents).split_whitespace().map(str::to_owned).collect();
    let expected = "X509v3 Key Usage: critical Digital Signature, Non Repudiation, Key Encipherment \
        X509v3 Subject Alternative Name: DNS:dev1.lab \
        X509v3 Extended Key Usage: critical TLS Web Client Authentication, 1.2.3.4.5 \
        X509v3 Certificate Policies: critical Policy: 1.2.3.4 \
        Policy: X509v3 Any Policy CPS: http://ca.lab/cps User Notice: Explicit Text: for tests \
        Authority Information Access: OCSP - URI:http://ocsp.lab/ CA Issuers - URI:http://ca.lab/ca.der \
        X509v3 CRL Distribution Points: Full Name: URI:http://ca.lab/ca.crl URI:ldap://ca.lab/crl-7";
    assert_eq!(words.join(" "), expected);
}

#[test]
fn what_is_not_listed_as_critical_is_not() {
    let lines = "[constants]\nExtKeyUsage = [\"clientAuth\"]\nCritical = [\"ExtKeyUsage\"]\n";
    let contents = template(lines).contents(&csr("pool-00", "CN=dev1", ""), None).unwrap();
    let text = openssl_text(&contents);
    assert!(text.contains("X509v3 Key Usage:") && !text.contains("X509v3 Key Usage: critical"), "{text}");
    assert!(text.contains("Extended Key Usage: critical"), "{text}");
}

#[rstest]
#[case::both("both", "C=CH,O=lab,CN=dev1")]
#[case::request("request", "O=other,CN=dev1")]
#[case::record("record", "C=CH,O=lab")]
fn the_subject_comes_from_where_the_template_says(#[case] from: &str, #[case] expected: &str) {
    let template = template(&format!("[subject]\nfrom = \"{from}\"\n"));
    // Texts of RFC 4514 begin with the special, so the parts stand the other way round here.
    let turned: Vec<&str> = expected.split(',').rev().collect();
    let values = Values { subject: Some("/C=CH/O=lab"), alternative_names: None };
    let contents = template.contents(&csr("pool-00", "/O=other/CN=dev1", ""), Some(values)).unwrap();
    assert_eq!(subject(&contents), turned.join(","));
}

#[test]
fn a_subject_is_put_within_a_name_once() {
    let template = template("[subject]\nwithin = \"/C=CH/O=lab\"\nrequired = [\"CN\"]\n");
    let contents = template.contents(&csr("pool-00", "/O=lab/OU=x/CN=dev1", ""), None).unwrap();
    assert_eq!(subject(&contents), "CN=dev1,OU=x,O=lab,C=CH");
    let unfit = template.contents(&csr("pool-00", "OU=x", ""), None).unwrap_err();
    assert_eq!(unfit, Unfit::Names("the subject has no CN".to_owned()));
}

#[rstest]
#[case::both("both", "DNS:r1.lab,IP:10.0.0.1,DNS:r2.lab")]
#[case::request("request", "DNS:r1.lab,DNS:r2.lab")]
#[case::record("record", "DNS:r1.lab,IP:10.0.0.1")]
fn alternative_names_come_from_where_the_template_says(#[case] from: &str, #[case] expected: &str) {
    let lines = format!("[alternative_names]\nfrom = \"{from}\"\nkinds = [\"DNS\", \"IP\"]\n");
    let values = Values { subject: None, alternative_names: Some("DNS:r1.lab,IP:10.0.0.1") };
    let csr = csr("pool-00", "CN=dev1", "DNS:r1.lab,email:a@r.lab,DNS:r2.lab");
    let contents = template(&lines).contents(&csr, Some(values)).unwrap();
    let names = Extension::alt_names(&alt_name::parse(expected).unwrap());
    assert!(contents.extensions.contains(&names), "{:?}", contents.extensions);
}

#[test]
fn alternative_names_are_critical_without_a_subject_and_may_be_required() {
    let lines = "[alternative_names]\nkinds = [\"DNS\"]\nrequired = true\n";
    let contents = template(lines).contents(&csr("pool-00", "/", "DNS:r1.lab"), None).unwrap();
    assert!(openssl_text(&contents).contains("Subject Alternative Name: critical"));
    let unfit = template(lines).contents(&csr("pool-00", "CN=dev1", "email:a@r.lab"), None).unwrap_err();
    assert_eq!(unfit, Unfit::Names("there is no alternative name".to_owned()));
}

#[rstest]
#[case::any("", "pool-00", None)]
#[case::short("rsa = 3072", "pool-00", Some("at least 3072 bits, got 2048"))]
#[case::long_enough("rsa = 2048", "pool-00", None)]
#[case::no_rsa("rsa = 0", "pool-00", Some("RSA keys are not allowed"))]
#[case::curve("curves = [\"P-256\"]", "ec-p256", None)]
#[case::other_curve("curves = [\"P-384\"]", "ec-p256", Some("P-256"))]
#[case::digest("digests = [\"SHA-512\"]", "pool-00", Some("sha-256"))]
fn only_keys_of_the_template_get_a_certificate(
    #[case] rule: &str,
    #[case] key: &str,
    #[case] refused: Option<&str>,
) {
    let contents = template(&format!("[key]\n{rule}\n")).contents(&csr(key, "CN=dev1", ""), None);
    match (contents, refused) {
        (Ok(_), None) => {}
        (Err(Unfit::Algorithm(detail)), Some(words)) if detail.contains(words) => {}
        (contents, _) => panic!("{contents:?}"),
    }
}

#[test]
fn a_key_that_cannot_encrypt_is_not_said_to() {
    let template = template("[constants]\nKeyUsage = [\"digitalSignature\", \"keyEncipherment\"]\n");
    let contents = template.contents(&csr("ec-p256", "CN=dev1", ""), None).unwrap();
    assert_eq!(contents.extensions, [Extension::key_usage(1)]);
}

#[rstest]
#[case::subject(Some("no name"), None, "no name")]
#[case::names(None, Some("DNS:"), "DNS:")]
#[case::kind(None, Some("RID:1.2.3"), "RID:1.2.3")]
fn the_values_of_a_record_are_checked_when_it_is_made(
    #[case] subject: Option<&str>,
    #[case] alternative_names: Option<&str>,
    #[case] expected: &str,
) {
    let templates = Templates::built_in().unwrap();
    let template = templates.named("5yscepp").unwrap();
    let detail = template.check(Values { subject, alternative_names }).unwrap_err();
    assert!(detail.contains(expected), "{detail}");
    assert_eq!(
        template.check(Values { subject: Some("O=lab"), alternative_names: Some("DNS:a.lab") }),
        Ok(())
    );
}

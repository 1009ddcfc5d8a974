//! One of every kind of thing that is decoded, as people see it.

use scep::alt_name;
use scep::cms::{Agreement, EnvelopeParts, Recipient, content_info};
use scep::crl::{CrlParts, Revoked};
use scep::key::Password;
use scep::serial::SerialNumber;

use scep::text::{StringType, Text};
use scep::{oid, write};

use super::*;

#[test]
fn a_get_url_is_shown_as_its_message() {
    let url = format!("http://ca.lab/scep?{}", HttpRequest::get(&request(&[])).query);
    let decoded = shown(url.as_bytes(), None);
    insta::assert_snapshot!(decoded.to_string().lines().take(12).collect::<Vec<_>>().join("\n"));
}

/// A request to a CA whose key cannot encrypt, RFC 8894 3.1.
fn for_password(password: &str) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let to = sender("ca-ec-p256", "CN=EC CA");
    let parts = MessageParts {
        message_type: MessageType::PkcsReq,
        transaction_id: TransactionId::parse(b"transaction-2").unwrap(),
        sender_nonce: Some(Nonce(vec![0xaa; 16])),
        recipient_nonce: None,
        outcome: None,
        message_data: Some(csr()),
        recipient: Some(Recipient::choose(&to.certificate, Some(&Password::new(password))).unwrap()),
        cipher: Cipher::Aes128,
        digest: Digest::Sha256,
        certificates: vec![client().certificate.der],
    };
    parts.write(&client(), &mut Faults::none(), &mut rng).unwrap()
}

#[test]
fn an_envelope_for_a_password_is_opened_with_it() {
    let message = for_password("open-sesame");
    let passwords = [Password::new("other"), Password::new("open-sesame")];
    let decoded = decode(&message, Options { passwords: &passwords, ..Options::default() }).unwrap();
    insta::assert_snapshot!(decoded.to_string());
    for (options, words) in [
        (Options::default(), "not opened: no --key, no --password"),
        (Options { passwords: &passwords[..1], ..Options::default() }, "does not open"),
        (Options { keys: &[ca().key], ..Options::default() }, "does not open"),
    ] {
        let text = decode(&message, options).unwrap().to_string();
        assert!(text.contains(words) && !text.contains("open-sesame"), "{words}:\n{text}");
    }
}

#[test]
fn any_of_several_keys_opens() {
    let keys = [client().key, ca().key];
    let decoded = decode(&request(&[]), Options { keys: &keys, ..Options::default() }).unwrap();
    assert!(decoded.to_string().contains("opened with the key"), "{decoded}");
}

#[test]
fn a_key_on_a_curve_opens_an_envelope_by_key_agreement() {
    let to = sender("ca-ec-p256", "CN=EC CA");
    let recipient = Recipient::KeyAgreement { certificate: to.certificate, agreement: Agreement::default() };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let parts = EnvelopeParts::seal(&csr(), &recipient, Cipher::Aes128, &mut rng).unwrap();
    let text = shown(&parts.write(&mut Faults::none()), Some(&to.key)).to_string();
    for words in ["recipientInfos[0]  kari", "rid  CN=EC CA", "opened with the key", "DNS:router-1.lab"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn certificates_only_is_shown() {
    let der = scep::cms::degenerate(&[client().certificate.der, ca().certificate.der]).write();
    insta::assert_snapshot!(shown(&der, None).to_string());
}

fn crl(revoked: u8) -> scep::crl::Crl {
    let ca = ca();
    let mut parts = CrlParts::new(&ca.certificate.subject, &[7; 20], 5, NOW, 86_400);
    parts.revoked = (1..=revoked)
        .map(|serial| Revoked {
            serial: SerialNumber::new(&[serial]),
            at: Some(NOW),
            reason: (serial == 1).then_some(1),
        })
        .collect();
    parts.write(&ca.key).unwrap()
}

#[test]
fn a_crl_is_shown_alone_and_in_signed_data() {
    let one = crl(2);
    insta::assert_snapshot!(shown(one.to_pem().as_bytes(), None).to_string());
    let none = write::set_as_given(&[]);
    let signed = write::sequence(&[
        &write::integer(1),
        &none,
        &write::sequence(&[&write::oid(oid::DATA)]),
        &write::tlv(0xa1, &one.der),
        &none,
    ]);
    let text = shown(&content_info(oid::SIGNED_DATA, &signed), None).to_string();
    assert!(text.contains("crls[0]  CN=Lab CA") && text.contains("serialNumber 01"), "{text}");
    // Without entries and without extensions it looks most like other things.
    let mut parts = CrlParts::new(&ca().certificate.subject, &[7; 20], 5, NOW, 86_400);
    parts.extensions.clear();
    let bare = shown(&parts.write(&ca().key).unwrap().der, None);
    assert_eq!(bare.items[0].tree.name, "CertificateList");
}

#[test]
fn of_a_long_crl_the_first_entries_are_shown() {
    let text = shown(&crl(120).der, None).to_string();
    assert!(text.contains("revokedCertificates[49]") && !text.contains("revokedCertificates[50]"), "{text}");
    assert!(text.contains("70 more entries"), "{text}");
}

#[test]
fn every_attribute_and_extension_of_a_request_is_shown() {
    let Sender { certificate, key } = client();
    let mut parts = CsrParts::new(&certificate.subject, key.public(), None);
    let challenge = Text::new(StringType::Bmp, "open-sesame").unwrap();
    parts.challenge = Some((challenge.tag, challenge.octets));
    let template = oid::parse("1.3.6.1.4.1.311.21.8.7").unwrap();
    parts.extensions = vec![
        Extension::alt_names(&alt_name::parse("DNS:r1.lab,IP:10.0.0.1,dirName:CN=a\\,O=b").unwrap()),
        Extension::ext_key_usage(&scep::extension::parse_purposes("clientAuth,1.2.3.4").unwrap()),
        Extension::template_name("Router").unwrap(),
        Extension::template(template, 100, 4),
    ];
    let old = scep::certificate::write_extensions(&[Extension::dns_names(&["old.lab"])]);
    parts.attributes =
        vec![scep::attribute::AttributeParts { oid: oid::OLD_EXTENSION_REQUEST, values: vec![old] }];
    let der = parts.write(&key, &mut Faults::none()).unwrap();
    let text = shown(&der, None).to_string();
    assert!(!text.contains("open-sesame"));
    insta::assert_snapshot!(text);
}

/// A CertRep of the CA with a CRL inside, in the clear.
fn certrep_with(crl: &scep::crl::Crl) -> Vec<u8> {
    let der = scep::cms::degenerate_crl(&crl.der).write();
    let mut faults = faults(&["envelope.bare"]);
    message(MessageType::CertRep, Some(Outcome::Success), Some(der), &mut faults)
}

#[test]
fn a_crl_is_verified_with_a_ca_that_is_given_or_in_the_message() {
    let verdict = |input: &[u8], cas: &[Certificate]| {
        let decoded = decode(input, Options { cas, ..Options::default() }).unwrap();
        let departs = decoded.items[0].findings.iter().any(|finding| finding.rule == "verify.issuer");
        let text = decoded.to_string();
        let line = text.lines().rev().find(|line| line.contains("signatureValue")).unwrap();
        (line.split_once("signatureValue  ").unwrap().1.to_owned(), departs)
    };
    let real = crl(2);
    let ca = ca().certificate;
    // The same name on another key.
    let impostor = sender("ra-rsa", "CN=Lab CA").certificate;
    let open = "not checked: no certificate of its issuer is given (--ca) or in the message";
    assert_eq!(verdict(&real.der, &[]), (open.to_owned(), false));
    assert_eq!(verdict(&real.der, &[client().certificate]), (open.to_owned(), false));
    let holds = "verifies with the certificate of CN=Lab CA";
    assert_eq!(verdict(&real.der, &[impostor.clone(), ca]), (holds.to_owned(), false));
    let fails = "DOES NOT VERIFY with the certificate of CN=Lab CA";
    assert_eq!(verdict(&real.der, &[impostor]), (fails.to_owned(), true));

    // The CertRep carries the certificate of its signer, which is the CA.
    let text = shown(&certrep_with(&real), None).to_string();
    assert!(
        text.contains("crls[0]  CN=Lab CA") && text.contains(&format!("signatureValue  {holds}")),
        "{text}"
    );
    let mut changed = real;
    *changed.der.last_mut().unwrap() ^= 1;
    let text = shown(&certrep_with(&changed), None).to_string();
    assert!(text.contains(&format!("signatureValue  {fails}")) && text.contains("verify.issuer"), "{text}");
}

#[test]
fn a_message_type_of_older_drafts_has_its_name() {
    let update = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/data/attributes/message-type-18.der");
    let text = shown(&std::fs::read(update).unwrap(), None).to_string();
    assert!(text.contains("18 UpdateReq (older drafts, not defined by RFC 8894)"), "{text}");
}

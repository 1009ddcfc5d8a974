//! The `openssl` command reads what `scep` writes.

use libtest_mimic::Failed;
use scep::fault::Faults;
use scep::message::PkiMessage;

use crate::command::Folder;
use crate::material::{CHALLENGE, Form, KEYS, KINDS, Key, Kind, LAB, Lab, SIGNERS, Way};
use crate::{Claim, Run};

/// Name, whether the legacy provider is needed, and what is done.
pub(crate) fn tests() -> Vec<(String, bool, Run)> {
    let mut tests: Vec<(String, bool, Run)> = Vec::new();
    for (kind, kind_name) in KINDS {
        for form in Form::all(kind) {
            let name = format!("openssl_opens::{kind_name}::{}", form.shown());
            let is_legacy = kind.is_enveloped() && form.cipher.is_insecure();
            tests.push((name, is_legacy, Box::new(move || opens(&form, None))));
        }
        let name = format!("openssl_opens::{kind_name}::indefinite-length");
        let fault = Some("message.indefinite");
        tests.push((name, false, Box::new(move || opens(&Form::of(kind), fault))));
    }
    for key in KEYS.into_iter().chain(SIGNERS.into_iter().filter(|key| key.pss)) {
        let name = |claim: &str| format!("openssl_{claim}::{}", key.shown());
        tests.push((name("verifies_the_pkcs10"), false, Box::new(move || verifies_the_pkcs10(key))));
        let claim = "verifies_the_issued_certificate_and_crl";
        tests.push((name(claim), false, Box::new(move || verifies_what_is_issued(key))));
    }
    let others: [(&str, Claim); 4] = [
        ("openssl_refuses_a_changed_message", refuses_a_changed_message),
        ("openssl_refuses_a_pkcs10_that_somebody_else_signed", refuses_a_changed_pkcs10),
        ("openssl_refuses_a_changed_certificate", refuses_a_changed_certificate),
        ("openssl_prints_certificates_only_in_order", prints_certificates_only),
    ];
    tests.extend(others.map(|(name, run)| (name.to_owned(), false, Box::new(run) as Run)));
    tests
}

/// Verifies signature and digest, takes the content out, and decrypts it: the octets are ours.
fn opens(form: &Form, fault: Option<&str>) -> Result<(), Failed> {
    let folder = Folder::new()?;
    let lab = form.lab()?;
    let message = form.write(&lab, fault)?;
    folder.write("message.der", &message)?;
    folder.write("nothing", [])?;
    let sender = form.kind.sender(&lab);
    folder.write_sender("sender", &sender)?;
    folder.write_sender("recipient", form.kind.recipient(&lab))?;
    let anchor = if form.kind == Kind::RenewalReq { "recipient" } else { "sender" };
    // An omitted eContent is digested as no octets: to OpenSSL it is detached, and the file is empty.
    let data = form.kind.message_data(&lab);
    let detached = if data.is_some() { "" } else { "-content nothing" };
    folder.openssl(&format!(
        "cms -verify -inform DER -in message.der -binary -CAfile {anchor}.pem -purpose any AT_NOW \
         {detached} -signer signer.pem -out content.der"
    ))?;
    assert_eq!(folder.read("signer.pem")?, folder.read("sender.pem")?);
    let Some(data) = data else { return Ok(()) };
    let ours = PkiMessage::read(&message)?.value.signed.content.ok_or("no content")?;
    assert_eq!(folder.read("content.der")?, ours.bytes);
    let providers = if form.cipher.is_insecure() { "-provider legacy -provider default" } else { "" };
    let opener = match form.way {
        Way::Password(_) => format!("-pwri_password {CHALLENGE}"),
        Way::Pkcs1 | Way::Oaep(_) | Way::Agreement(_) => {
            "-recip recipient.pem -inkey recipient.key".to_owned()
        }
    };
    folder.openssl(&format!(
        "cms -decrypt -inform DER -in content.der -binary {opener} {providers} -out plain.der"
    ))?;
    assert_eq!(folder.read("plain.der")?, data);
    Ok(())
}

/// The oracle above can say no.
fn refuses_a_changed_message() -> Result<(), Failed> {
    for fault in ["signer.signature.flip-bit", "content.flip", "attr.messageDigest.flip"] {
        let refused = opens(&Form::of(Kind::PkcsReq), Some(fault));
        assert!(refused.is_err(), "{fault}");
    }
    Ok(())
}

fn check_pkcs10(csr: &[u8]) -> Result<String, Failed> {
    let folder = Folder::new()?;
    folder.write("request.der", csr)?;
    Ok(folder.openssl("req -verify -inform DER -in request.der -noout -text -nameopt RFC2253")?)
}

fn verifies_the_pkcs10(key: Key) -> Result<(), Failed> {
    let printed = check_pkcs10(&Lab::new(key, key)?.csr)?;
    for text in ["verify OK", "Subject: CN=router-1,O=lab", "hunter2", "DNS:router-1.lab"] {
        assert!(printed.contains(text), "no {text:?} in:\n{printed}");
    }
    Ok(())
}

fn refuses_a_changed_pkcs10() -> Result<(), Failed> {
    let mut csr = LAB.csr.clone();
    if let Some(last) = csr.last_mut() {
        *last ^= 1;
    }
    // Older versions say so and end with success.
    let printed = check_pkcs10(&csr).unwrap_or_default();
    assert!(!printed.contains("verify OK"), "{printed}");
    Ok(())
}

fn check_certificate(lab: &Lab, der: &[u8]) -> Result<String, Failed> {
    let folder = Folder::new()?;
    folder.write("ca.pem", lab.ca.certificate.to_pem())?;
    folder.write("issued.pem", scep::certificate::pem("CERTIFICATE", der))?;
    folder.write("list.pem", scep::certificate::pem("X509 CRL", &lab.crl))?;
    folder.openssl(
        "verify -x509_strict -crl_check -CRLfile list.pem AT_NOW -no-CApath -no-CAstore -CAfile ca.pem \
         issued.pem",
    )?;
    Ok(folder.openssl("x509 -in issued.pem -noout -text -nameopt RFC2253")?)
}

fn verifies_what_is_issued(key: Key) -> Result<(), Failed> {
    let lab = Lab::new(key, key)?;
    let printed = check_certificate(&lab, &lab.issued.der)?;
    let usage = if key.is_on_a_curve() { "Digital Signature" } else { "Digital Signature, Key Encipherment" };
    for text in ["Serial Number: 42", "Issuer: CN=CA,O=lab", usage] {
        assert!(printed.contains(text), "no {text:?} in:\n{printed}");
    }
    Ok(())
}

fn refuses_a_changed_certificate() -> Result<(), Failed> {
    let mut der = LAB.issued.der.clone();
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
    assert!(check_certificate(&LAB, &der).is_err());
    Ok(())
}

fn prints_certificates_only() -> Result<(), Failed> {
    let folder = Folder::new()?;
    let certificates = [&LAB.issued, &LAB.ca.certificate, &LAB.device.certificate];
    let der: Vec<Vec<u8>> = certificates.iter().map(|certificate| certificate.der.clone()).collect();
    let (_, body) = scep::ca_cert::CaCertificates::write(&der, &mut Faults::none());
    folder.write("chain.p7", body)?;
    for command in ["pkcs7", "cms -cmsout"] {
        folder.openssl(&format!("{command} -inform DER -in chain.p7 -noout"))?;
    }
    let printed = folder.openssl("pkcs7 -inform DER -in chain.p7 -print_certs")?;
    let pem: String = printed
        .lines()
        .filter(|line| !line.starts_with("subject=") && !line.starts_with("issuer=") && !line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(pem, certificates.map(|certificate| certificate.to_pem()).concat());
    Ok(())
}

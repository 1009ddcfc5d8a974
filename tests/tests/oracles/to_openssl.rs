//! The `openssl` command reads what `scep` writes.

use libtest_mimic::Failed;
use scep::fault::Faults;
use scep::message::PkiMessage;
use scep::suite::{Cipher, Digest};

use crate::command::Folder;
use crate::material::{CIPHERS, DIGESTS, KINDS, Kind, LAB};
use crate::{Claim, Run};

/// Name, whether the legacy provider is needed, and what is done.
pub(crate) fn tests() -> Vec<(String, bool, Run)> {
    let mut tests: Vec<(String, bool, Run)> = Vec::new();
    for (kind, kind_name) in KINDS {
        for digest in DIGESTS {
            // Without an envelope there is nothing to encrypt.
            let ciphers = if kind.message_data().is_some() { &CIPHERS[..] } else { &[Cipher::Aes128] };
            for cipher in ciphers.iter().copied() {
                let name = format!("openssl_opens::{kind_name}::{}::{}", cipher.name(), digest.name());
                tests.push((
                    name,
                    cipher == Cipher::Des,
                    Box::new(move || opens(kind, cipher, digest, None)),
                ));
            }
        }
        let name = format!("openssl_opens::{kind_name}::indefinite-length");
        let fault = Some("message.indefinite");
        tests.push((name, false, Box::new(move || opens(kind, Cipher::Aes128, Digest::Sha256, fault))));
    }
    let others: [(&str, Claim); 6] = [
        ("openssl_refuses_a_changed_message", refuses_a_changed_message),
        ("openssl_verifies_the_pkcs10", verifies_the_pkcs10),
        ("openssl_refuses_a_pkcs10_that_somebody_else_signed", refuses_a_changed_pkcs10),
        ("openssl_verifies_the_issued_certificate", verifies_the_issued_certificate),
        ("openssl_refuses_a_changed_certificate", refuses_a_changed_certificate),
        ("openssl_prints_certificates_only_in_order", prints_certificates_only),
    ];
    tests.extend(others.map(|(name, run)| (name.to_owned(), false, Box::new(run) as Run)));
    tests
}

/// Verifies signature and digest, takes the content out, and decrypts it: the octets are ours.
fn opens(kind: Kind, cipher: Cipher, digest: Digest, fault: Option<&str>) -> Result<(), Failed> {
    let folder = Folder::new()?;
    let message = kind.write(cipher, digest, fault)?;
    folder.write("message.der", &message)?;
    folder.write("nothing", [])?;
    folder.write_sender("sender", kind.sender())?;
    folder.write_sender("recipient", kind.recipient())?;
    // An omitted eContent is digested as no octets: to OpenSSL it is detached, and the file is empty.
    let data = kind.message_data();
    let detached = if data.is_some() { "" } else { "-content nothing" };
    folder.openssl(&format!(
        "cms -verify -inform DER -in message.der -binary -CAfile sender.pem -purpose any AT_NOW \
         {detached} -signer signer.pem -out content.der"
    ))?;
    assert_eq!(folder.read("signer.pem")?, folder.read("sender.pem")?);
    let Some(data) = data else { return Ok(()) };
    let ours = PkiMessage::read(&message)?.value.signed.content.ok_or("no content")?;
    assert_eq!(folder.read("content.der")?, ours.bytes);
    let providers = if cipher == Cipher::Des { "-provider legacy -provider default" } else { "" };
    folder.openssl(&format!(
        "cms -decrypt -inform DER -in content.der -binary -recip recipient.pem -inkey recipient.key \
         {providers} -out plain.der"
    ))?;
    assert_eq!(folder.read("plain.der")?, data);
    Ok(())
}

/// The oracle above can say no.
fn refuses_a_changed_message() -> Result<(), Failed> {
    for fault in ["signer.signature.flip-bit", "content.flip", "attr.messageDigest.flip"] {
        let refused = opens(Kind::PkcsReq, Cipher::Aes128, Digest::Sha256, Some(fault));
        assert!(refused.is_err(), "{fault}");
    }
    Ok(())
}

fn check_pkcs10(csr: &[u8]) -> Result<String, Failed> {
    let folder = Folder::new()?;
    folder.write("request.der", csr)?;
    Ok(folder.openssl("req -verify -inform DER -in request.der -noout -text -nameopt RFC2253")?)
}

fn verifies_the_pkcs10() -> Result<(), Failed> {
    let printed = check_pkcs10(&LAB.csr)?;
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

fn check_certificate(der: &[u8]) -> Result<String, Failed> {
    let folder = Folder::new()?;
    folder.write("ca.pem", LAB.ca.certificate.to_pem())?;
    folder.write("issued.pem", scep::certificate::pem("CERTIFICATE", der))?;
    folder.openssl("verify -x509_strict AT_NOW -no-CApath -no-CAstore -CAfile ca.pem issued.pem")?;
    Ok(folder.openssl("x509 -in issued.pem -noout -text -nameopt RFC2253")?)
}

fn verifies_the_issued_certificate() -> Result<(), Failed> {
    let printed = check_certificate(&LAB.issued.der)?;
    for text in ["Serial Number: 42", "Issuer: CN=CA,O=lab", "Digital Signature, Key Encipherment"] {
        assert!(printed.contains(text), "no {text:?} in:\n{printed}");
    }
    Ok(())
}

fn refuses_a_changed_certificate() -> Result<(), Failed> {
    let mut der = LAB.issued.der.clone();
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
    assert!(check_certificate(&der).is_err());
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

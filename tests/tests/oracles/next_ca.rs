//! The CA's certificates judged by the `openssl` command: the next CA's, signed by the current one, and those
//! of a registration authority whose keys are split.

use libtest_mimic::Failed;
use scep::ca_cert::CaCertificates;
use scep::certificate::Certificate;
use scep::cms::degenerate;
use scep::fault::Faults;
use scep::finding::Rule;
use scep::message::Sender;
use scep::next_ca::{Form, NextCa, NextCaParts};
use scep::suite::Digest;
use scep::{name, oid};

use crate::Claim;
use crate::command::Folder;
use crate::material::{LAB, authority};

/// Claims that need `openssl`.
pub(crate) const OPENSSL: [(&str, Claim); 7] = [
    ("openssl_verifies_the_next_ca", verifies),
    ("openssl_refuses_the_next_ca_by_another_signer", refuses_another_signer),
    ("openssl_writes::next-ca", reads),
    ("openssl_writes::next-ca-elliptic", reads_elliptic),
    ("openssl_writes::next-ca-beside", reads_beside),
    ("openssl_writes::ra-split", reads_split_ra),
    ("openssl_writes_the_same_chain", writes_the_same_chain),
];

fn folder() -> Result<Folder, Failed> {
    let folder = Folder::new()?;
    folder.write_sender("ca", &LAB.ca)?;
    folder.write_sender("next", &LAB.device)?;
    Ok(folder)
}

fn next() -> Vec<Vec<u8>> {
    vec![LAB.device.certificate.der.clone()]
}

/// Verified with the current CA's certificate from a file: the message brings none.
const VERIFY: &str = "cms -verify -inform DER -in next.der -binary -certfile ca.pem -CAfile ca.pem -purpose any AT_NOW \
     -out content.der";

fn verifies() -> Result<(), Failed> {
    for digest in Digest::ALL.iter().copied() {
        let folder = folder()?;
        folder.write("next.der", NextCa::write(&next(), &LAB.ca, digest)?.1)?;
        folder.openssl(VERIFY)?;
        assert_eq!(folder.read("content.der")?, degenerate(&next()).write());
        let printed = folder.openssl("pkcs7 -inform DER -in content.der -print_certs")?;
        assert!(printed.contains(&LAB.device.certificate.to_pem()), "{printed}");
    }
    for curve in ["ca-ec-p256", "ca-ec-p384", "ca-ec-p521"] {
        let folder = folder()?;
        let current = authority(curve)?;
        folder.write_sender("ca", &current)?;
        folder.write("next.der", NextCa::write(&next(), &current, Digest::Sha256)?.1)?;
        folder.openssl(VERIFY)?;
    }
    let folder = folder()?;
    let parts = NextCaParts { content_type: oid::SIGNED_DATA, ..NextCaParts::new(&next(), Digest::Sha256) };
    folder.write("next.der", parts.write(&LAB.ca)?)?;
    folder.openssl(VERIFY)?;
    let (_, beside) = NextCa::write_beside(&next(), &LAB.ca, Digest::Sha256)?;
    folder.write("next.der", beside)?;
    folder.write("nothing", [])?;
    folder.openssl(&format!("{VERIFY} -content nothing"))?;
    Ok(())
}

/// The oracle above can say no.
fn refuses_another_signer() -> Result<(), Failed> {
    let folder = folder()?;
    folder.write("next.der", NextCa::write(&next(), &LAB.device, Digest::Sha256)?.1)?;
    assert!(folder.openssl(VERIFY).is_err());
    Ok(())
}

/// By the key on a curve of the current CA, with and without signed attributes.
fn reads_elliptic() -> Result<(), Failed> {
    for options in ["-md sha256", "-md sha384 -noattr"] {
        let folder = folder()?;
        let current = authority("ca-ec-p256")?;
        folder.write_sender("ca", &current)?;
        folder.openssl("crl2pkcs7 -nocrl -certfile next.pem -outform DER -out inner.der")?;
        folder.openssl(&format!(
            "cms -sign -binary -nodetach -outform DER {options} -signer ca.pem -inkey ca.key -in inner.der \
             -out next.der"
        ))?;
        let read = NextCa::read(&folder.read("next.der")?)?;
        let believed = |by: &Sender| {
            let trusted = std::slice::from_ref(&by.certificate);
            read.value.authenticate(trusted, false, &mut Vec::new()).is_ok()
        };
        assert!(believed(&current) && !believed(&LAB.ca), "{options}");
    }
    Ok(())
}

/// The forms in which OpenSSL can sign it, and the rules that they depart from.
fn reads() -> Result<(), Failed> {
    let streamed = [Rule::IndefiniteLength, Rule::ConstructedString, Rule::NotStrictCms];
    let forms: [(&str, &[Rule]); 6] = [
        ("", &[]),
        ("-nocerts", &[]),
        ("-nocerts -noattr", &[]),
        ("-md sha512", &[]),
        ("-econtent_type pkcs7-signedData", &[Rule::NextCaContentType]),
        ("-stream", &streamed),
    ];
    for (options, lawful) in forms {
        let folder = folder()?;
        folder.openssl("crl2pkcs7 -nocrl -certfile next.pem -outform DER -out inner.der")?;
        folder.openssl(&format!(
            "cms -sign -binary -nodetach -outform DER {options} -signer ca.pem -inkey ca.key -in inner.der \
             -out next.der"
        ))?;
        let read = NextCa::read(&folder.read("next.der")?)?;
        assert_eq!(read.value.form, Form::Wrapped);
        let mut findings = read.findings;
        let trusted = [LAB.ca.certificate.clone()];
        let believed = read.value.authenticate(&trusted, false, &mut findings)?;
        assert_eq!(believed.certificates, std::slice::from_ref(&LAB.device.certificate), "{options}");
        assert!(findings.iter().all(|found| lawful.contains(&found.rule)), "{options}: {findings:?}");
        assert_eq!(findings.is_empty(), lawful.is_empty(), "{options}");
        let stranger = [LAB.device.certificate.clone()];
        assert!(read.value.authenticate(&stranger, true, &mut Vec::new()).is_err(), "{options}");
    }
    Ok(())
}

fn reads_beside() -> Result<(), Failed> {
    let folder = folder()?;
    folder.write("nothing", [])?;
    folder.openssl(
        "cms -sign -binary -outform DER -certfile next.pem -signer ca.pem -inkey ca.key -in nothing \
         -out next.der",
    )?;
    let read = NextCa::read(&folder.read("next.der")?)?;
    assert_eq!(read.value.form, Form::Beside);
    let trusted = [LAB.ca.certificate.clone()];
    let believed = read.value.authenticate(&trusted, true, &mut Vec::new())?;
    assert_eq!(believed.certificates, std::slice::from_ref(&LAB.device.certificate));
    assert!(read.value.authenticate(&trusted, false, &mut Vec::new()).is_err());
    Ok(())
}

/// Certificates of a registration authority for the device's key, made by OpenSSL.
fn split_ra() -> Result<Folder, Failed> {
    let folder = folder()?;
    for (file, usage) in [("signing", "digitalSignature"), ("encryption", "keyEncipherment")] {
        folder.write(&format!("{file}.cnf"), format!("keyUsage=critical,{usage}\n"))?;
        folder.openssl(&format!("req -new -subj /O=lab/CN=RA-{file} -key next.key -out {file}.csr"))?;
        folder.openssl(&format!(
            "x509 -req -in {file}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
             -extfile {file}.cnf -out {file}.pem"
        ))?;
    }
    Ok(folder)
}

fn reads_split_ra() -> Result<(), Failed> {
    let folder = split_ra()?;
    let orders = [
        ["ca", "signing", "encryption"],
        ["encryption", "signing", "ca"],
        ["signing", "ca", "encryption"],
        ["signing", "encryption", "ca"],
        ["encryption", "ca", "signing"],
        ["ca", "encryption", "signing"],
    ];
    for order in orders {
        let files = order.map(|file| format!("-certfile {file}.pem")).join(" ");
        folder.openssl(&format!("crl2pkcs7 -nocrl {files} -outform DER -out chain.p7"))?;
        let mut findings = Vec::new();
        let read = CaCertificates::read(&folder.read("chain.p7")?, &mut findings)?;
        assert_eq!((findings, read.is_chain), (vec![], true));
        let name = |certificate: &Certificate| name::print(&certificate.subject);
        assert_eq!(name(read.recipient()?), "CN=RA-encryption,O=lab", "{order:?}");
        assert_eq!(read.issuer(), Some(&LAB.ca.certificate), "{order:?}");
        // The CA may sign too; the encryption certificate comes last.
        let signers: Vec<String> = read.signers().into_iter().map(name).collect();
        assert!(signers[..2].contains(&"CN=RA-signing,O=lab".to_owned()), "{signers:?}");
        assert_eq!(signers[2], "CN=RA-encryption,O=lab");
    }
    Ok(())
}

fn writes_the_same_chain() -> Result<(), Failed> {
    let folder = split_ra()?;
    let read = |file: &str| -> Result<Vec<u8>, Failed> {
        Ok(Certificate::from_pem(&folder.read(&format!("{file}.pem"))?)?.der)
    };
    let certificates = [read("encryption")?, read("ca")?, read("signing")?];
    let (_, ours) = CaCertificates::write(&certificates, &mut Faults::none());
    let (_, chain) = CaCertificates::write_chain(&certificates);
    // One form for both operations, octet for octet what OpenSSL makes of the same certificates.
    folder.openssl(
        "crl2pkcs7 -nocrl -certfile encryption.pem -certfile ca.pem -certfile signing.pem -outform DER \
         -out theirs.p7",
    )?;
    let theirs = folder.read("theirs.p7")?;
    assert_eq!((&ours, &chain), (&theirs, &theirs));
    Ok(())
}

//! CRLs and the CertRep that carries one, judged by the `openssl` command and by Python's cryptography: what
//! `scep` writes they verify and read, what OpenSSL writes `scep` reads.

use std::fs::File;
use std::process::Command;

use libtest_mimic::Failed;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use scep::attribute::{MessageType, Nonce, TransactionId};
use scep::ca_cert::read_certificates_only;
use scep::cms::degenerate_crl;
use scep::crl::{Crl, CrlParts, Revoked};
use scep::fault::Faults;
use scep::message::Sender;
use scep::serial::SerialNumber;
use scep::server::{Reply, ReplyTo, answer};
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;
use tests::peers::process::run;

use crate::Claim;
use crate::command::{Folder, python, script};
use crate::material::{LAB, NOW, authority};

/// Claims that need `openssl`.
pub(crate) const OPENSSL: [(&str, Claim); 5] = [
    ("openssl_opens::CertRep-CRL", opens),
    ("openssl_verifies_the_crl", verifies),
    ("openssl_refuses_a_changed_crl", refuses_a_changed_crl),
    ("openssl_writes::crl", reads_a_crl),
    ("openssl_writes::crl-in-certrep", reads_a_certrep),
];

/// Claims that need Python.
pub(crate) const PYTHON: [(&str, Claim); 1] = [("cryptography_reads_the_crl", python_reads)];

/// The serial numbers that are revoked: short, with a needed zero in front, and as long as may be.
fn serials() -> [SerialNumber; 3] {
    [&[0x2a][..], &[0x00, 0xff], &[0x7f; 20]].map(SerialNumber::new)
}

fn crl() -> Result<Crl, Failed> {
    crl_of(&LAB.ca)
}

fn crl_of(ca: &Sender) -> Result<Crl, Failed> {
    let identifier = ca.key.public().identifier()?;
    let mut parts = CrlParts::new(&ca.certificate.subject, &identifier, 7, NOW, 86_400);
    let entry = |(serial, reason)| Revoked { serial, at: Some(NOW.minus(60)), reason };
    parts.revoked = serials().into_iter().zip([Some(1), None, Some(4)]).map(entry).collect();
    Ok(parts.write(&ca.key)?)
}

fn opens() -> Result<(), Failed> {
    let crl = crl()?;
    for cipher in [Cipher::Des3, Cipher::Aes128] {
        let to = ReplyTo {
            message_type: Some(MessageType::GetCrl),
            transaction_id: TransactionId::parse(b"TX-router-1")?,
            sender_nonce: Some(Nonce(vec![5; 16])),
            digest: Digest::Sha256,
            cipher,
            signer: Some(LAB.device.certificate.clone()),
            password: None,
            effort: scep::cms::Effort::default(),
        };
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let message = answer(&to, &Reply::Crl(&crl), &LAB.ca, &mut Faults::none(), &mut rng)?;
        let folder = Folder::new()?;
        folder.write("message.der", message)?;
        folder.write_sender("ca", &LAB.ca)?;
        folder.write_sender("device", &LAB.device)?;
        folder.openssl(
            "cms -verify -inform DER -in message.der -binary -CAfile ca.pem -purpose any AT_NOW -out content.der",
        )?;
        folder.openssl(
            "cms -decrypt -inform DER -in content.der -binary -recip device.pem -inkey device.key -out plain.der",
        )?;
        assert_eq!(folder.read("plain.der")?, degenerate_crl(&crl.der).write());
        // The CRL alone is in it: no certificate is printed.
        let printed = folder.openssl("pkcs7 -inform DER -in plain.der -print_certs")?;
        assert!(printed.contains(&crl.to_pem()) && !printed.contains("CERTIFICATE"), "{printed}");
    }
    Ok(())
}

/// What `openssl crl` says, on both of its outputs: it ends with success whatever the signature.
fn judged(der: &[u8], ca: &Sender) -> Result<String, Failed> {
    let folder = Folder::new()?;
    folder.write("ca.pem", ca.certificate.to_pem())?;
    folder.write("crl.der", der)?;
    let mut command = Command::new("openssl");
    command.args("crl -inform DER -in crl.der -CAfile ca.pem -noout -text -nameopt RFC2253".split(' '));
    let output = command.current_dir(folder.path("")).output()?;
    Ok(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

fn verifies() -> Result<(), Failed> {
    let printed = judged(&crl()?.der, &LAB.ca)?;
    let long = "7F".repeat(20);
    let texts = [
        "verify OK",
        "Version 2 (0x1)",
        "Issuer: CN=CA,O=lab",
        "Serial Number: 2A",
        "Serial Number: FF",
        &format!("Serial Number: {long}"),
        "Key Compromise",
        "Superseded",
        "Nov 24 14:40:00 2026 GMT",
    ];
    for text in texts {
        assert!(printed.contains(text), "no {text:?} in:\n{printed}");
    }
    for curve in ["ca-ec-p256", "ca-ec-p384", "ca-ec-p521"] {
        let ca = authority(curve)?;
        let printed = judged(&crl_of(&ca)?.der, &ca)?;
        assert!(printed.contains("verify OK") && printed.contains("ecdsa-with-SHA256"), "{printed}");
    }
    Ok(())
}

/// The oracle above can say no.
fn refuses_a_changed_crl() -> Result<(), Failed> {
    let mut der = crl()?.der;
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
    let printed = judged(&der, &LAB.ca)?;
    assert!(printed.contains("verify failure") && !printed.contains("verify OK"), "{printed}");
    Ok(())
}

/// A CRL made by `openssl ca`, in `crl.pem`: two certificates revoked, one with a reason.
fn made_by_openssl() -> Result<Folder, Failed> {
    let folder = Folder::new()?;
    folder.write_sender("ca", &LAB.ca)?;
    folder.write_sender("device", &LAB.device)?;
    folder.write("number", "10\n")?;
    let (expires, revoked) = ("271123144000Z", "261123143900Z");
    let row = |reason: &str, serial: &str, name: &str| {
        format!("R\t{expires}\t{revoked}{reason}\t{serial}\tunknown\t/CN={name}\n")
    };
    folder.write("index.txt", row(",keyCompromise", "2A", "one") + &row("", "00FF", "two"))?;
    folder.write(
        "ca.cnf",
        "[ca]\ndefault_ca=lab\n[lab]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\n\
         crl_extensions=ext\n[ext]\nauthorityKeyIdentifier=keyid\n",
    )?;
    folder.openssl(
        "ca -gencrl -config ca.cnf -cert ca.pem -keyfile ca.key -crl_lastupdate 20261123144000Z \
         -crl_nextupdate 20261124144000Z -out crl.pem",
    )?;
    folder.openssl("crl -in crl.pem -outform DER -out crl.der")?;
    Ok(folder)
}

fn check_theirs(crl: &Crl) {
    assert!(crl.is_issued_by(&LAB.ca.certificate));
    assert!(!crl.is_issued_by(&LAB.device.certificate));
    assert_eq!((crl.this_update, crl.next_update), (Some(NOW), Some(NOW.plus(86_400))));
    assert_eq!(crl.number(), Some(SerialNumber::new(&[0x10])));
    let at = Some(NOW.minus(60));
    let expected = [([0x2a].as_slice(), Some(1)), (&[0x00, 0xff], None)].map(|(serial, reason)| Revoked {
        serial: SerialNumber::new(serial),
        at,
        reason,
    });
    assert_eq!(crl.revoked, expected);
}

fn reads_a_crl() -> Result<(), Failed> {
    let folder = made_by_openssl()?;
    let read = Crl::read(Source::message(&folder.read("crl.der")?))?;
    assert_eq!(read.findings, []);
    check_theirs(&read.value);
    Ok(())
}

fn reads_a_certrep() -> Result<(), Failed> {
    let folder = made_by_openssl()?;
    folder.openssl("crl2pkcs7 -in crl.pem -outform DER -out plain.der")?;
    let mut findings = Vec::new();
    let payload = folder.read("plain.der")?;
    let signed = read_certificates_only(Source::message_data(&payload), &mut findings)?;
    assert_eq!((signed.certificates.len(), signed.crls.len(), &findings), (0, 1, &vec![]));
    assert_eq!(signed.crls, [folder.read("crl.der")?]);
    // Octet for octet what we write of the same CRL.
    assert_eq!(degenerate_crl(&folder.read("crl.der")?).write(), payload);
    Ok(())
}

fn python_reads() -> Result<(), Failed> {
    let folder = Folder::new()?;
    let crl = crl()?;
    folder.write("crl.der", &crl.der)?;
    folder.write("ca.der", &LAB.ca.certificate.der)?;
    let mut command = Command::new(python().ok_or("no Python")?);
    command.arg(script("cryptography_crl.py")).args([folder.path("crl.der"), folder.path("ca.der")]);
    command.stdin(File::open("/dev/null")?);
    let printed = run(&mut command)?;
    let expected = format!(
        "signature True\nissuer CN=CA,O=lab\nnumber 7\nfrom 2026-11-23T14:40:00\nto 2026-11-24T14:40:00\n\
         revoked 2a key_compromise\nrevoked ff none\nrevoked {} superseded\n",
        "7f".repeat(20)
    );
    assert_eq!(printed, expected);
    Ok(())
}

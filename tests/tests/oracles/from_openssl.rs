//! `scep` reads what the `openssl` command writes. It cannot write SCEP's attributes, so these are CMS
//! messages with nothing of SCEP in them.

use libtest_mimic::Failed;
use scep::Rule;
use scep::ca_cert::read_certificates_only;
use scep::csr::Csr;
use scep::finding::{Finding, Part};
use scep::message::{PkiMessage, SignatureCheck};
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;

use crate::command::Folder;
use crate::material::{CIPHERS, DIGESTS, LAB};
use crate::{Claim, Run};

/// Name, whether the legacy provider is needed, and what is done.
pub(crate) fn tests() -> Vec<(String, bool, Run)> {
    let mut tests: Vec<(String, bool, Run)> = Vec::new();
    for streamed in [false, true] {
        let form = if streamed { "streamed" } else { "der" };
        for digest in DIGESTS {
            for cipher in CIPHERS {
                let name = format!("openssl_writes::{form}::{}::{}", cipher.name(), digest.name());
                let case = Case { cipher, digest, streamed, ..Case::default() };
                tests.push((name, cipher == Cipher::Des, Box::new(move || case.run())));
            }
        }
        for size in [1, 127, 128, 1023, 1024, 1025, 20_000, 70_000] {
            let case = Case { streamed, size: Some(size), ..Case::default() };
            tests.push((
                format!("openssl_writes::{form}::{size}-octets"),
                false,
                Box::new(move || case.run()),
            ));
        }
        let case = Case { streamed, key_identifiers: true, ..Case::default() };
        tests.push((format!("openssl_writes::{form}::key-identifiers"), false, Box::new(move || case.run())));
    }
    let others: [(&str, Claim); 4] = [
        ("openssl_writes::detached", detached),
        ("openssl_writes::no-attributes", no_attributes),
        ("openssl_writes::certificates-only", certificates_only),
        ("openssl_writes::pkcs10", pkcs10),
    ];
    tests.extend(others.map(|(name, run)| (name.to_owned(), false, Box::new(run) as Run)));
    tests
}

/// One message: encrypted to the CA, signed by the device.
#[derive(Debug, Clone, Copy)]
struct Case {
    cipher: Cipher,
    digest: Digest,
    streamed: bool,
    /// Length of the plain octets; None for the PKCS#10.
    size: Option<usize>,
    /// Signer and recipient are named by subjectKeyIdentifier.
    key_identifiers: bool,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            streamed: false,
            size: None,
            key_identifiers: false,
        }
    }
}

fn folder() -> Result<Folder, Failed> {
    let folder = Folder::new()?;
    folder.write_sender("ca", &LAB.ca)?;
    folder.write_sender("device", &LAB.device)?;
    Ok(folder)
}

impl Case {
    fn run(self) -> Result<(), Failed> {
        let folder = folder()?;
        let plain = match self.size {
            Some(size) => (0..=u8::MAX).cycle().take(size).collect(),
            None => LAB.csr.clone(),
        };
        folder.write("plain", &plain)?;
        let cipher = match self.cipher {
            Cipher::Des => "-des-cbc -provider legacy -provider default",
            Cipher::Blowfish => "-bf-cbc -provider legacy -provider default",
            Cipher::Des3 => "-des3",
            Cipher::Aes128 => "-aes-128-cbc",
            Cipher::Aes192 => "-aes-192-cbc",
            Cipher::Aes256 => "-aes-256-cbc",
            Cipher::Aes128Gcm => "-aes-128-gcm",
            Cipher::Aes192Gcm => "-aes-192-gcm",
            Cipher::Aes256Gcm => "-aes-256-gcm",
        };
        let digest = self.digest.name().replace("sha-", "sha");
        let stream = if self.streamed { "-stream" } else { "" };
        let keyid = if self.key_identifiers { "-keyid" } else { "" };
        folder.openssl(&format!(
            "cms -encrypt -binary -outform DER {cipher} {stream} {keyid} -in plain -out envelope.der ca.pem"
        ))?;
        folder.openssl(&format!(
            "cms -sign -binary -nodetach -outform DER -md {digest} {stream} {keyid} -signer device.pem \
             -inkey device.key -in envelope.der -out message.der"
        ))?;

        let message = folder.read("message.der")?;
        let read = PkiMessage::read(&message)?;
        let signer = read.value.signer().ok_or("no signer")?;
        assert_eq!(signer.digest(), Some(self.digest));
        assert_eq!(read.value.signer_certificate().as_ref(), Some(&LAB.device.certificate));
        let verification = read.value.verify(LAB.device.key.public());
        assert!(verification.digest);
        assert_eq!(verification.signature, SignatureCheck::AsReceived);
        assert!(!read.value.verify(LAB.ca.key.public()).holds());
        let content = read.value.signed.content.as_ref().ok_or("no content")?;
        assert_eq!(content.bytes, folder.read("envelope.der")?);

        let mut findings = Vec::new();
        let envelope = read.value.envelope(&mut findings)?.ok_or("no envelope")?;
        assert_eq!(Cipher::from_oid(envelope.cipher), Some(self.cipher));
        assert!(envelope.recipients.iter().all(|recipient| recipient.names(&LAB.ca.certificate)));
        assert_eq!(envelope.open(&LAB.ca.key)?, plain);

        if self.streamed {
            // A message and an envelope with an indefinite length around everything, content in chunks.
            check_streamed(&read.findings, Part::Message, message.len());
            check_streamed(&findings, content.origin.0, content.bytes.len());
            assert_eq!(content.origin, (Part::Content, 0));
        } else {
            assert_eq!((read.findings, findings), (Vec::new(), Vec::new()));
        }
        Ok(())
    }
}

/// The findings of a streamed message: only of BER, the first about the whole, a string in chunks.
fn check_streamed(findings: &[Finding], part: Part, length: usize) {
    let lawful = [Rule::IndefiniteLength, Rule::ConstructedString, Rule::NotStrictCms];
    assert!(findings.iter().all(|finding| lawful.contains(&finding.rule)), "{findings:?}");
    let first = &findings[0];
    assert_eq!((first.rule, first.at.part), (Rule::IndefiniteLength, part));
    assert_eq!((first.at.start, first.at.end), (0, length));
    let chunked = findings.iter().filter(|finding| finding.rule == Rule::ConstructedString).count();
    assert_eq!(chunked, 1, "{findings:?}");
}

fn detached() -> Result<(), Failed> {
    let folder = folder()?;
    folder.write("content", b"elsewhere")?;
    folder.openssl(
        "cms -sign -binary -outform DER -signer device.pem -inkey device.key -in content -out message.der",
    )?;
    let message = PkiMessage::read(&folder.read("message.der")?)?.value;
    let verification = message.verify(LAB.device.key.public());
    // The signature over the attributes holds; the digest is of octets that are not in the message.
    assert!(message.signed.content.is_none() && message.envelope(&mut Vec::new())?.is_none());
    assert_eq!((verification.digest, verification.signature), (false, SignatureCheck::AsReceived));
    Ok(())
}

fn no_attributes() -> Result<(), Failed> {
    let folder = folder()?;
    folder.write("content", b"content")?;
    folder.openssl(
        "cms -sign -binary -nodetach -noattr -outform DER -signer device.pem -inkey device.key \
         -in content -out message.der",
    )?;
    let message = PkiMessage::read(&folder.read("message.der")?)?.value;
    assert!(message.signer().is_some_and(|signer| signer.signed_attributes.is_none()));
    assert!(!message.verify(LAB.device.key.public()).holds(), "nothing of SCEP is signed");
    Ok(())
}

fn certificates_only() -> Result<(), Failed> {
    let folder = folder()?;
    folder.write("issued.pem", LAB.issued.to_pem())?;
    folder.openssl(
        "crl2pkcs7 -nocrl -certfile issued.pem -certfile ca.pem -certfile device.pem -outform DER -out chain.p7",
    )?;
    let body = folder.read("chain.p7")?;
    let mut findings = Vec::new();
    let read = read_certificates_only(Source::message_data(&body), &mut findings)?;
    assert_eq!(findings, []);
    let raw: Vec<Vec<u8>> = read.certificates.into_iter().map(|raw| raw.der).collect();
    let expected = [&LAB.issued, &LAB.ca.certificate, &LAB.device.certificate];
    assert_eq!(raw, expected.map(|certificate| certificate.der.clone()));
    let chain = scep::ca_cert::CaCertificates::read(&body, &mut findings)?;
    assert_eq!((chain.is_chain, chain.issuer()), (true, Some(&LAB.ca.certificate)));
    Ok(())
}

fn pkcs10() -> Result<(), Failed> {
    let folder = folder()?;
    let configuration = "[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\nreq_extensions=ext\n\
                         [dn]\nO=lab\nCN=router-9\n[at]\nchallengePassword=hunter2\n\
                         [ext]\nsubjectAltName=DNS:router-9.lab,DNS:nine.lab\n";
    folder.write("req.cnf", configuration)?;
    for digest in DIGESTS {
        let name = digest.name().replace("sha-", "sha");
        folder.openssl(&format!(
            "req -new -config req.cnf -{name} -key device.key -outform DER -out request.der"
        ))?;
        let der = folder.read("request.der")?;
        let read = Csr::read(Source::message_data(&der))?;
        assert_eq!(read.findings, []);
        let csr = read.value;
        assert!(csr.proves_possession(), "{name}");
        assert_eq!(csr.challenge.as_ref().map(|text| text.lossy()), Some("hunter2".to_owned()));
        assert_eq!(csr.dns_names(), ["router-9.lab", "nine.lab"]);
        assert_eq!(scep::name::print(&csr.subject), "CN=router-9,O=lab");
        assert_eq!(csr.spki, LAB.device.key.public().spki());
    }
    Ok(())
}

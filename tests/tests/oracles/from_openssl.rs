//! `scep` reads what the `openssl` command writes. It cannot write SCEP's attributes, so these are CMS
//! messages with nothing of SCEP in them.

use libtest_mimic::Failed;
use scep::Rule;
use scep::ca_cert::read_certificates_only;
use scep::csr::Csr;
use scep::finding::{Finding, Part};
use scep::key::{Password, PrivateKey};
use scep::message::{PkiMessage, SignatureCheck};
use scep::suite::{Cipher, Digest};
use scep::tlv::Source;

use crate::command::Folder;
use crate::material::{CHALLENGE, DEVICE_KEY, Form, KEYS, Key, Kind, LAB, Lab, SIGNERS, WAYS, Way};
use crate::{Claim, Run};

/// Name, whether the legacy provider is needed, and what is done.
pub(crate) fn tests() -> Vec<(String, bool, Run)> {
    let mut tests: Vec<(String, bool, Run)> = Vec::new();
    for streamed in [false, true] {
        let form = if streamed { "streamed" } else { "der" };
        for case in Case::all() {
            let name = format!("openssl_writes::{form}::{}", case.form.shown());
            let case = Case { streamed, ..case };
            tests.push((name, case.form.cipher.is_insecure(), Box::new(move || case.run())));
        }
        for size in [1, 127, 128, 1023, 1024, 1025, 20_000, 70_000] {
            let case = Case { streamed, size: Some(size), ..Case::of(Form::of(Kind::PkcsReq)) };
            tests.push((
                format!("openssl_writes::{form}::{size}-octets"),
                false,
                Box::new(move || case.run()),
            ));
        }
        for way in [Way::Pkcs1, Way::Agreement(Digest::Sha256)] {
            let recipient = Form { way, recipient: way.key(), ..Form::of(Kind::PkcsReq) };
            let case = Case { streamed, key_identifiers: true, ..Case::of(recipient) };
            let name = format!("openssl_writes::{form}::key-identifiers::{}", way.shown());
            tests.push((name, false, Box::new(move || case.run())));
        }
    }
    for key in KEYS.into_iter().chain(SIGNERS.into_iter().filter(|key| key.pss)) {
        let name = format!("openssl_writes::pkcs10::{}", key.shown());
        tests.push((name, false, Box::new(move || pkcs10(key))));
    }
    let others: [(&str, Claim); 4] = [
        ("openssl_writes::detached", detached),
        ("openssl_writes::no-attributes", no_attributes),
        ("openssl_writes::certificates-only", certificates_only),
        ("openssl_writes::keys-of-older-forms", older_keys),
    ];
    tests.extend(others.map(|(name, run)| (name.to_owned(), false, Box::new(run) as Run)));
    tests
}

/// One message: encrypted to the CA or for a password, signed by the device.
#[derive(Debug, Clone, Copy)]
struct Case {
    form: Form,
    streamed: bool,
    /// Length of the plain octets; None for the PKCS#10.
    size: Option<usize>,
    /// Signer and recipient are named by subjectKeyIdentifier.
    key_identifiers: bool,
}

fn folder(lab: &Lab) -> Result<Folder, Failed> {
    let folder = Folder::new()?;
    folder.write_sender("ca", &lab.ca)?;
    folder.write_sender("device", &lab.device)?;
    Ok(folder)
}

/// What OpenSSL 3.0 cannot write, though it reads it when we write it: it takes the content cipher for the
/// one that wraps a password's key, and GCM wraps nothing; and it has no identifiers for PSS with MD5.
fn can_openssl_write(form: &Form) -> bool {
    form.way.fits(form.cipher)
        && !(matches!(form.way, Way::Password(_)) && form.cipher.is_authenticated())
        && !(form.signer.pss && form.digest == Digest::Md5)
}

impl Case {
    fn of(form: Form) -> Self {
        Self { form, streamed: false, size: None, key_identifiers: false }
    }

    /// Cipher and way crossed, cipher and key crossed, digest and way to sign crossed.
    fn all() -> Vec<Self> {
        // OpenSSL derives with HMAC-SHA1 only.
        let ways = WAYS.map(|way| match way {
            Way::Password(_) => Way::Password(Digest::Sha1),
            other => other,
        });
        let base = Form::of(Kind::PkcsReq);
        let mut forms: Vec<Form> = Form::all(Kind::PkcsReq)
            .into_iter()
            .filter(|form| !matches!(form.way, Way::Password(_)))
            .collect();
        let crossed = Cipher::ALL.iter().flat_map(|cipher| ways.map(|way| (*cipher, way)));
        forms.extend(crossed.map(|(cipher, way)| Form { cipher, way, recipient: way.key(), ..base }));
        let mut seen: Vec<Form> = Vec::new();
        for form in forms.into_iter().filter(can_openssl_write) {
            if !seen.contains(&form) {
                seen.push(form);
            }
        }
        seen.into_iter().map(Self::of).collect()
    }

    fn encrypt(&self, folder: &Folder) -> Result<(), Failed> {
        let cipher = match self.form.cipher {
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
        let short = |digest: Digest| digest.name().replace("sha-", "sha");
        let recipient = match self.form.way {
            Way::Pkcs1 => "-recip ca.pem".to_owned(),
            Way::Oaep(digest) => format!(
                "-recip ca.pem -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:{0} -keyopt rsa_mgf1_md:{0}",
                short(digest)
            ),
            Way::Agreement(digest) => format!("-recip ca.pem -keyopt ecdh_kdf_md:{}", short(digest)),
            Way::Password(_) => format!("-pwri_password {CHALLENGE}"),
        };
        let (stream, keyid) = self.words();
        folder.openssl(&format!(
            "cms -encrypt -binary -outform DER {cipher} {stream} {keyid} -in plain -out envelope.der {recipient}"
        ))?;
        Ok(())
    }

    fn words(&self) -> (&'static str, &'static str) {
        (if self.streamed { "-stream" } else { "" }, if self.key_identifiers { "-keyid" } else { "" })
    }

    fn run(self) -> Result<(), Failed> {
        let lab = self.form.lab()?;
        let folder = folder(&lab)?;
        let plain = match self.size {
            Some(size) => (0..=u8::MAX).cycle().take(size).collect(),
            None => lab.csr.clone(),
        };
        folder.write("plain", &plain)?;
        self.encrypt(&folder)?;
        let digest = self.form.digest.name().replace("sha-", "sha");
        let padding = if self.form.signer.pss { "-keyopt rsa_padding_mode:pss" } else { "" };
        let (stream, keyid) = self.words();
        // It cannot write a PSS signature into a message of indefinite length ("illegal zero content").
        let is_streamed = self.streamed && !self.form.signer.pss;
        let stream = if is_streamed { stream } else { "" };
        folder.openssl(&format!(
            "cms -sign -binary -nodetach -outform DER -md {digest} {stream} {keyid} -signer device.pem \
             -inkey device.key {padding} -in envelope.der -out message.der"
        ))?;

        let message = folder.read("message.der")?;
        let read = PkiMessage::read(&message)?;
        let signer = read.value.signer().ok_or("no signer")?;
        assert_eq!(signer.digest(), Some(self.form.digest));
        assert_eq!(read.value.signer_certificate().as_ref(), Some(&lab.device.certificate));
        let verification = read.value.verify(lab.device.key.public());
        assert!(verification.digest);
        assert_eq!(verification.signature, SignatureCheck::AsReceived);
        assert!(!read.value.verify(lab.ca.key.public()).holds());
        let content = read.value.signed.content.as_ref().ok_or("no content")?;
        assert_eq!(content.bytes, folder.read("envelope.der")?);

        let mut findings = Vec::new();
        let envelope = read.value.envelope(&mut findings)?.ok_or("no envelope")?;
        assert_eq!(Cipher::from_oid(envelope.cipher), Some(self.form.cipher));
        assert_eq!(envelope.authentication.is_some(), self.form.cipher.is_authenticated());
        let (kind, password) = match self.form.way {
            Way::Pkcs1 | Way::Oaep(_) => ("ktri", None),
            Way::Agreement(_) => ("kari", None),
            Way::Password(_) => ("pwri", Some(Password::from(CHALLENGE))),
        };
        assert!(envelope.recipients.iter().all(|recipient| recipient.kind == kind));
        let names = envelope.recipients.iter().all(|recipient| recipient.names(&lab.ca.certificate));
        assert_eq!(names, password.is_none());
        match &password {
            Some(password) => assert_eq!(envelope.open(password)?, plain),
            None => assert_eq!(envelope.open(&lab.ca)?, plain),
        }
        assert!(envelope.open(&lab.device).is_err());
        assert!(envelope.open(&Password::from("hunter3")).is_err());

        // The one habit that the reader reports of `-keyid`.
        let (by_key, outer): (Vec<Finding>, Vec<Finding>) =
            read.findings.into_iter().partition(|finding| finding.rule == Rule::SignerKeyIdentifier);
        assert_eq!(by_key.len(), usize::from(self.key_identifiers));
        if self.streamed {
            // A message and an envelope with an indefinite length around everything, content in chunks.
            if is_streamed {
                check_streamed(&outer, Part::Message, message.len());
                assert_eq!(content.origin, (Part::Content, 0));
                check_streamed(&findings, Part::Content, content.bytes.len());
            } else {
                // The strict second reader is asked about the outer layer only.
                assert_eq!(outer, []);
                assert!(findings.iter().any(|finding| finding.rule == Rule::IndefiniteLength));
            }
        } else {
            assert_eq!((outer, findings), (Vec::new(), Vec::new()));
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
    let folder = folder(&LAB)?;
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
    let folder = folder(&LAB)?;
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
    let folder = folder(&LAB)?;
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

fn pkcs10(key: Key) -> Result<(), Failed> {
    let lab = Lab::new(key, key)?;
    let folder = folder(&lab)?;
    let configuration = "[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\nreq_extensions=ext\n\
                         [dn]\nO=lab\nCN=router-9\n[at]\nchallengePassword=hunter2\n\
                         [ext]\nsubjectAltName=DNS:router-9.lab,DNS:nine.lab\n";
    folder.write("req.cnf", configuration)?;
    let padding = if key.pss { "-sigopt rsa_padding_mode:pss" } else { "" };
    let has_md5 = !key.is_on_a_curve() && !key.pss;
    for digest in Digest::ALL.iter().filter(|digest| has_md5 || **digest != Digest::Md5) {
        let name = digest.name().replace("sha-", "sha");
        folder.openssl(&format!(
            "req -new -config req.cnf -{name} {padding} -key device.key -outform DER -out request.der"
        ))?;
        let der = folder.read("request.der")?;
        let read = Csr::read(Source::message_data(&der))?;
        assert_eq!(read.findings, []);
        let csr = read.value;
        assert!(csr.proves_possession(), "{name}");
        assert_eq!(csr.challenge.as_ref().map(|text| text.lossy()), Some("hunter2".to_owned()));
        assert_eq!(csr.dns_names(), ["router-9.lab", "nine.lab"]);
        assert_eq!(scep::name::print(&csr.subject), "CN=router-9,O=lab");
        assert_eq!(csr.spki, lab.device.key.public().spki());
    }
    Ok(())
}

/// Traditional forms of private keys, and points in their compressed form, are the same keys.
fn older_keys() -> Result<(), Failed> {
    for key in [DEVICE_KEY, Key::named("ec-p384")] {
        let lab = Lab::new(key, key)?;
        let folder = folder(&lab)?;
        folder.openssl("pkey -in device.key -traditional -out old.key")?;
        let old = PrivateKey::from_pem(&folder.read("old.key")?)?;
        assert_eq!(old.public(), lab.device.key.public());
        if key.is_on_a_curve() {
            folder.openssl("ec -in device.key -pubout -conv_form compressed -outform DER -out point.der")?;
            let compressed = scep::key::PublicKey::from_spki(&folder.read("point.der")?)?;
            let algorithm = lab.device.key.signature_algorithm(Digest::Sha256);
            let signature = lab.device.key.sign(Digest::Sha256, b"octets")?;
            assert!(compressed.verifies(algorithm, b"octets", &signature));
        }
    }
    Ok(())
}

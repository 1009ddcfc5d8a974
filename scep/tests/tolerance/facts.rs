//! What our readers understand of a vector, under the keys of `vectors/README.md`.

use scep::attribute::{FailInfo, MessageType, PkiStatus};
use scep::ca_cert::{CaCertificates, read_certificates_only};
use scep::caps::Capabilities;
use scep::cms::SignedData;
use scep::crl::Crl;
use scep::csr::Csr;
use scep::finding::Finding;
use scep::http::{HttpRequest, HttpResponse, Incoming, Method, Operation};
use scep::key::PrivateKey;
use scep::message::{PkiMessage, SignatureCheck};
use scep::next_ca::{Form, NextCa};
use scep::suite::Digest;
use scep::tlv::{Source, Tlv, tag};
use scep::{Error, oid};
use scep_vectors::data::{About, Kind, Vector};
use toml::{Table, Value};

/// What is understood, and what is reported.
pub(crate) fn of(vector: &Vector) -> Result<(Table, Vec<Finding>), Error> {
    let mut reader = Reader { about: &vector.about, said: Table::new(), findings: Vec::new() };
    let source = Source::message(&vector.octets);
    match vector.about.kind {
        Kind::PkiMessage => reader.message(&vector.octets)?,
        Kind::CertificatesOnly => {
            let signed = read_certificates_only(source, &mut reader.findings)?;
            reader.certificates(&signed);
        }
        Kind::Csr => reader.csr(source)?,
        Kind::Crl => reader.crl(source)?,
        Kind::HttpRequest => reader.request(&vector.octets)?,
        Kind::HttpResponse => reader.response(&vector.octets)?,
    }
    Ok((reader.said, reader.findings))
}

struct Reader<'a> {
    about: &'a About,
    said: Table,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn say(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.said.insert(key.to_owned(), value.into());
        }
    }

    fn message(&mut self, octets: &[u8]) -> Result<(), Error> {
        let read = PkiMessage::read(octets)?;
        self.findings.extend(read.findings);
        let message = read.value;
        self.say("messageType", message.message_type().map(MessageType::name));
        self.say("transactionID", message.transaction_id().map(|id| text_or_hex(id.octets())));
        self.say("senderNonce", message.sender_nonce().map(|nonce| hex(&nonce.0)));
        self.say("recipientNonce", message.recipient_nonce().map(|nonce| hex(&nonce.0)));
        self.say("pkiStatus", message.pki_status().map(PkiStatus::name));
        self.say("failInfo", message.fail_info().map(FailInfo::name));
        self.say("failInfoText", message.fail_info_text().map(|text| text.lossy()));
        self.say("signers", Some(message.signed.signers.len() as i64));
        self.certificates(&message.signed);
        self.signer(&message)?;
        self.content(&message)
    }

    fn signer(&mut self, message: &PkiMessage) -> Result<(), Error> {
        let Some(signer) = message.signer() else { return Ok(()) };
        self.say("digest", Some(signer.digest_algorithm.to_string()));
        self.say("signatureAlgorithm", Some(signer.signature_algorithm.to_string()));
        let certificate = message.signer_certificate();
        self.say("signer", certificate.as_ref().map(|certificate| fingerprint(&certificate.der)));
        let key = match (&certificate, &self.about.verify_with) {
            (Some(certificate), _) => certificate.public_key()?,
            (None, Some(name)) => key(name).public().clone(),
            (None, None) => return Ok(()),
        };
        let verification = message.verify(&key);
        self.say("messageDigest", Some(verification.digest));
        let word = match verification.signature {
            SignatureCheck::AsReceived => "as-sent",
            SignatureCheck::Sorted => "sorted",
            SignatureCheck::Fails => "fails",
        };
        self.say("signature", Some(word));
        message.report_signature(verification.signature, &mut self.findings);
        if let Some(certificate) = &certificate
            && message.message_type() == Some(MessageType::CertRep)
        {
            message.report_key_usage(certificate, &mut self.findings);
        }
        Ok(())
    }

    fn content(&mut self, message: &PkiMessage) -> Result<(), Error> {
        let word = match &message.signed.content {
            None => "omitted".to_owned(),
            Some(content) if content.bytes.is_empty() => "empty".to_owned(),
            Some(content) if content.bytes.len() > 16 => "envelope".to_owned(),
            Some(content) => hex(&content.bytes),
        };
        self.say("content", Some(word.as_str()));
        if word != "envelope" {
            return Ok(());
        }
        let Some(envelope) = message.envelope(&mut self.findings)? else { return Ok(()) };
        let mut said = Table::new();
        said.insert("recipients".to_owned(), (envelope.recipients.len() as i64).into());
        said.insert("cipher".to_owned(), envelope.cipher.to_string().into());
        if let Some(name) = &self.about.open_with {
            said.insert("messageData".to_owned(), fingerprint(&envelope.open(&key(name))?).into());
        }
        self.say("envelope", Some(said));
        Ok(())
    }

    fn certificates(&mut self, signed: &SignedData) {
        let all: Vec<String> = signed.certificates.iter().map(|raw| fingerprint(&raw.der)).collect();
        self.say("certificates", Some(all));
    }

    fn csr(&mut self, source: Source<'_>) -> Result<(), Error> {
        let read = Csr::read(source)?;
        self.findings.extend(read.findings);
        let csr = read.value;
        self.say("challenge", csr.challenge.as_ref().map(|text| text.lossy()));
        self.say("challengeTag", csr.challenge.as_ref().map(|text| i64::from(text.tag)));
        self.say("commonName", common_name(&csr.subject));
        self.say("dnsNames", Some(csr.dns_names()));
        self.say("possession", Some(csr.proves_possession()));
        Ok(())
    }

    fn crl(&mut self, source: Source<'_>) -> Result<(), Error> {
        let read = Crl::read(source)?;
        self.findings.extend(read.findings);
        let crl = read.value;
        self.say("issuer", common_name(&crl.issuer));
        self.say("thisUpdate", crl.this_update.map(|time| time.to_string()));
        self.say("nextUpdate", crl.next_update.map(|time| time.to_string()));
        self.say("number", crl.number().map(|number| hex(number.octets())));
        self.say("revoked", Some(crl.revoked.iter().map(|one| hex(one.serial.octets())).collect::<Vec<_>>()));
        let reasons: Vec<i64> = crl.revoked.iter().map(|one| one.reason.map_or(-1, i64::from)).collect();
        self.say("reasons", Some(reasons));
        let issuer = self.about.verify_with.as_deref().map(key);
        self.say("signature", issuer.map(|issuer| crl.verifies_with(issuer.public())));
        Ok(())
    }

    fn next_ca(&mut self, octets: &[u8]) -> Result<(), Error> {
        let read = NextCa::read(octets)?;
        self.findings.extend(read.findings);
        let next = read.value;
        let form = match next.form {
            Form::Wrapped => "in the content",
            Form::Beside => "beside the content",
        };
        self.say("form", Some(form));
        let all = &next.unverified().certificates;
        self.say("certificates", Some(all.iter().map(|one| fingerprint(&one.der)).collect::<Vec<_>>()));
        self.signer(&PkiMessage { signed: next.signed.clone() })
    }

    fn request(&mut self, octets: &[u8]) -> Result<(), Error> {
        let (head, body) = split(octets);
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let request = HttpRequest {
            method: if method == "POST" { Method::Post } else { Method::Get },
            query: target.split_once('?').map_or("", |(_, query)| query).to_owned(),
            content_type: field(head, "content-type"),
            ..HttpRequest::post(body)
        };
        let incoming = Incoming::receive(&request, &mut self.findings)?;
        self.say("method", Some(method));
        self.say("operation", incoming.operation.clone());
        self.say("identifier", incoming.identifier.clone());
        match incoming.message {
            Some(message) => self.message(&message),
            None => Ok(()),
        }
    }

    fn response(&mut self, octets: &[u8]) -> Result<(), Error> {
        let (head, body) = split(octets);
        let status: i64 = head.split(' ').nth(1).unwrap().parse().unwrap();
        self.say("status", Some(status));
        let response =
            HttpResponse { content_type: field(head, "content-type"), ..HttpResponse::ok("", body) };
        let operation = Operation::parse(self.about.answers.as_deref().unwrap()).unwrap();
        let octets = response.octets(operation, &mut self.findings);
        match operation {
            Operation::GetCaCaps => {
                let capabilities = Capabilities::read(&octets, &mut self.findings);
                self.say("keywords", Some(capabilities.keywords().to_vec()));
                Ok(())
            }
            Operation::PkiOperation => self.message(&octets),
            Operation::GetNextCaCert => self.next_ca(&octets),
            _ => {
                let read = CaCertificates::read(&octets, &mut self.findings)?;
                let all: Vec<String> =
                    read.certificates.iter().map(|certificate| fingerprint(&certificate.der)).collect();
                self.say("certificates", Some(all));
                Ok(())
            }
        }
    }
}

/// The first commonName of a name, whatever its string type.
fn common_name(subject: &[u8]) -> Option<String> {
    let name = Tlv::read(Source::message(subject), 0).ok()?;
    let attributes =
        name.members().ok()?.iter().map(|rdn| rdn.members()).collect::<Result<Vec<_>, _>>().ok()?;
    for attribute in attributes.concat() {
        if let [kind, value] = attribute.members().ok()?.as_slice()
            && kind.tag == tag::OID
            && oid::name_of_content(kind.content()).as_deref() == Some("2.5.4.3")
        {
            let text = scep::attribute::Text { tag: value.tag, octets: value.content().to_vec() };
            return Some(text.lossy());
        }
    }
    None
}

/// Head and body of an HTTP message; a body in chunks is put together.
fn split(octets: &[u8]) -> (&str, Vec<u8>) {
    let end = octets.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let (head, mut rest) = (std::str::from_utf8(&octets[..end]).unwrap(), &octets[end + 4..]);
    if field(head, "transfer-encoding").as_deref() != Some("chunked") {
        return (head, rest.to_vec());
    }
    let mut body = Vec::new();
    while !rest.is_empty() {
        let line = rest.windows(2).position(|window| window == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        let chunk = &rest[line + 2..];
        body.extend_from_slice(&chunk[..length]);
        rest = &chunk[length + 2..];
    }
    (head, body)
}

fn field(head: &str, name: &str) -> Option<String> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

fn key(name: &str) -> PrivateKey {
    PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
}

fn fingerprint(octets: &[u8]) -> String {
    hex(&Digest::Sha256.of(octets).unwrap())
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Printable US-ASCII as it is, anything else as hex after `0x`.
fn text_or_hex(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) if text.chars().all(|c| (' '..='~').contains(&c)) => text.to_owned(),
        _ => format!("0x{}", hex(octets)),
    }
}

//! What written octets say, fact by fact, as our reader takes them: what two of them differ in.

use std::collections::{BTreeMap, BTreeSet};

use scep::attribute::{ATTRIBUTES, MessageType};
use scep::ca_cert::{CaCertificates, read_certificates_only};
use scep::certificate::Certificate;
use scep::cms::{Attribute, SignedData};
use scep::crl::Crl;
use scep::csr::Csr;
use scep::fault::Faults;
use scep::finding::Finding;
use scep::http::{HttpRequest, HttpResponse};
use scep::key::PrivateKey;
use scep::message::{IssuerAndSerial, IssuerAndSubject, PkiMessage};
use scep::tlv::{Source, Tlv};
use scep::{name, oid};

use crate::material::{Kind, ca, device};

/// Facts by name, and the rules of the findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Saying {
    facts: BTreeMap<String, String>,
    rules: Vec<&'static str>,
}

/// Facts without which others are not heard: what is not readable has no attributes.
const GATES: &[&str] =
    &["readable", "signedAttributes", "eContent", "envelope", "opens", "data", "payload.certificates"];

impl Saying {
    /// Names of the facts that differ, and rules that only the other one departs from. What cannot be heard
    /// any more behind a closed gate is not counted besides the gate.
    pub(super) fn differences(&self, other: &Self) -> (Vec<String>, Vec<&'static str>) {
        let differs = |name: &str| self.facts.get(name) != other.facts.get(name);
        let closed = GATES.iter().any(|gate| differs(gate));
        let is_heard = |name: &str| !closed || GATES.contains(&name) || other.facts.contains_key(name);
        let names: BTreeSet<&String> = self.facts.keys().chain(other.facts.keys()).collect();
        let facts = names.into_iter().filter(|name| differs(name) && is_heard(name)).cloned().collect();
        let rules: BTreeSet<_> =
            other.rules.iter().filter(|rule| !self.rules.contains(rule)).copied().collect();
        (facts, rules.into_iter().collect())
    }

    fn say(&mut self, name: impl Into<String>, fact: impl std::fmt::Debug) {
        self.facts.insert(name.into(), format!("{fact:?}"));
    }

    fn note(&mut self, findings: &[Finding]) {
        self.rules.extend(findings.iter().map(|finding| finding.rule.id()));
    }

    /// A pkiMessage with all that is in it, read by whom it is for.
    pub(super) fn of_message(kind: Kind, bytes: &[u8]) -> Self {
        let mut saying = Self::default();
        let read = PkiMessage::read(bytes);
        saying.say("readable", read.is_ok());
        let Ok(read) = read else { return saying };
        saying.note(&read.findings);
        saying.message(kind, &read.value);
        if !read.value.signed.signers.is_empty() {
            saying.say("signer.version", signer_version(bytes));
        }
        saying
    }

    fn message(&mut self, kind: Kind, message: &PkiMessage) {
        let signed = &message.signed;
        self.say("eContentType", signed.content_type);
        self.say("certificates", signed.certificates.iter().map(|raw| &raw.der).collect::<Vec<_>>());
        self.say("signers", signed.signers.len());
        let verification = message.verify(kind.sender().key.public());
        self.say("signature", verification.signature);
        self.say("digest", verification.digest);
        let Some(signer) = message.signer() else { return };
        self.say("digestAlgorithms", &signed.digest_algorithms);
        self.say("digestAlgorithm", signer.digest_algorithm);
        self.say("signatureAlgorithm", signer.signature_algorithm);
        self.say("sid", &signer.sid);
        self.say("signedAttributes", signer.signed_attributes.is_some());
        for attribute in signer.signed_attributes.iter().flatten() {
            let name = attribute_name(attribute);
            let values: Vec<_> = attribute.values.iter().map(|v| (v.tag, v.content.clone())).collect();
            // The digest follows the content: it is a fact of its own only when it does not.
            let follows = attribute.oid == oid::MESSAGE_DIGEST && verification.digest && values.len() == 1;
            let said = if follows { "follows".to_owned() } else { format!("{values:?}") };
            self.facts.entry(name).and_modify(|first| *first += &said).or_insert(said);
        }
        let unsigned = signer.unsigned_attributes.iter().map(attribute_name).collect::<Vec<_>>();
        self.say("unsignedAttributes", unsigned);
        match &signed.content {
            None => self.say("eContent", "omitted"),
            Some(content) if content.bytes.is_empty() => self.say("eContent", "no octets"),
            Some(_) => self.say("eContent", "octets"),
        }
        self.envelope(kind, message);
    }

    fn envelope(&mut self, kind: Kind, message: &PkiMessage) {
        let mut findings = Vec::new();
        let envelope = message.envelope(&mut findings);
        self.note(&findings);
        self.say("envelope", envelope.as_ref().map(Option::is_some).map_err(|_| "unreadable"));
        let Ok(Some(envelope)) = envelope else { return };
        let recipient = kind.recipient();
        let named =
            envelope.recipients.iter().map(|r| (r.kind, r.algorithm, r.names(&recipient.certificate)));
        self.say("recipients", named.collect::<Vec<_>>());
        self.say("cipher", envelope.cipher);
        self.say("iv", envelope.iv.len());
        let content = message.signed.content.as_ref().map(|content| content.bytes.as_slice());
        self.say("cipher.members", members_at(content.unwrap_or_default(), &[1, 0, 2, 1]).len());
        self.say("encryptedContent.type", envelope.content_type);
        let plain = envelope.open(&recipient.key);
        self.say("opens", plain.is_ok());
        if let Ok(plain) = plain {
            self.message_data(kind, message.message_type(), &plain);
        }
    }

    fn message_data(&mut self, kind: Kind, message_type: Option<MessageType>, plain: &[u8]) {
        match (kind, message_type) {
            (Kind::CertPoll, _) => match IssuerAndSubject::read(plain) {
                Ok(poll) => {
                    self.say("poll.issuer", name::print(&poll.issuer));
                    self.say("poll.subject", name::print(&poll.subject));
                    self.say("data.length", plain.len() == poll.write().len());
                }
                Err(_) => self.say("data", "unreadable"),
            },
            (Kind::GetCert | Kind::GetCrl, _) => match IssuerAndSerial::read(plain) {
                Ok(read) => {
                    self.note(&read.findings);
                    self.say("query", read.value);
                }
                Err(_) => self.say("data", "unreadable"),
            },
            (Kind::PkcsReq | Kind::RenewalReq, _) => match Csr::read(Source::message_data(plain)) {
                Ok(read) => {
                    self.note(&read.findings);
                    self.say("csr.version", content_at(plain, &[0, 0]));
                    self.say("csr.attributes", attributes_in_order(plain));
                    self.say("csr.subject", name::print(&read.value.subject));
                    self.say("csr.key", read.value.spki == device().key.public().spki());
                    self.say("csr.challenge", &read.value.challenge);
                    self.say("csr.extensions", &read.value.extensions);
                    self.say("csr.signature", read.value.proves_possession());
                }
                Err(_) => self.say("data", "unreadable"),
            },
            _ => {
                let mut findings = Vec::new();
                match read_certificates_only(Source::message_data(plain), &mut findings) {
                    Ok(signed) => {
                        self.note(&findings);
                        self.degenerate(&signed);
                    }
                    Err(_) => self.say("data", "unreadable"),
                }
            }
        }
    }

    fn degenerate(&mut self, signed: &SignedData) {
        self.say("payload.content", signed.content.as_ref().map(|content| &content.bytes));
        self.say("payload.signers", signed.signers.len());
        self.say("payload.crls", signed.crls.len());
        if let Some(Ok(crl)) = signed.crls.first().map(|der| Crl::from_der(der)) {
            self.say("crl.issuer", name::print(&crl.issuer));
            self.say("crl.updates", (crl.this_update, crl.next_update));
            self.say("crl.revoked", &crl.revoked);
            self.say("crl.extensions", &crl.extensions);
            self.say("crl.algorithm", content_at(&crl.der, &[1, 0]));
            self.say("crl.signature", crl.verifies_with(ca().key.public()));
        }
        let readable: Vec<_> = signed.certificates.iter().filter_map(|raw| raw.read().ok()).collect();
        self.say("payload.certificates", readable.len());
        self.say("payload.others", signed.certificates.len() - readable.len());
        if let Some(first) = readable.first() {
            self.certificate(first, &ca().key);
        }
    }

    fn certificate(&mut self, certificate: &Certificate, issuer: &PrivateKey) {
        // A certificate that says no version has one member less in front of its serial number.
        self.say("certificate.version", members_at(&certificate.der, &[0]).first().map(|first| first[0]));
        self.say("certificate.algorithm", content_at(&certificate.der, &[1, 0]));
        self.say("certificate.serial", &certificate.serial);
        self.say("certificate.issuer", name::print(&certificate.issuer));
        self.say("certificate.subject", certificate.subject_text());
        self.say("certificate.key", &certificate.spki);
        self.say("certificate.validity", (certificate.not_before, certificate.not_after));
        self.say("certificate.keyUsage", certificate.key_usage());
        self.say("certificate.isCa", certificate.is_ca());
        self.say("certificate.signature", certificate.verifies_with(issuer.public()));
        let known = [oid::KEY_USAGE, oid::BASIC_CONSTRAINTS];
        let others = certificate.extensions.iter().filter(|extension| !known.contains(&extension.oid));
        self.say("certificate.otherExtensions", others.collect::<Vec<_>>());
    }

    /// A certificate by itself, signed with the CA's key.
    pub(super) fn of_certificate(bytes: &[u8]) -> Self {
        let mut saying = Self::default();
        let read = Certificate::read(Source::message(bytes)).unwrap();
        saying.note(&read.findings);
        saying.certificate(&read.value, &ca().key);
        saying
    }

    /// The body of a GetCACert answer.
    pub(super) fn of_ca_certificates(bytes: &[u8]) -> Self {
        let mut saying = Self::default();
        let mut findings = Vec::new();
        saying.say("readable", CaCertificates::read(bytes, &mut findings).is_ok());
        if let Ok(signed) = SignedData::read(Source::message(bytes), &mut Vec::new()) {
            saying.degenerate(&signed);
        }
        saying.note(&findings);
        saying
    }

    /// An HTTP answer.
    pub(super) fn of_response(response: &HttpResponse) -> Self {
        let mut saying = Self::default();
        saying.say("status", response.status);
        saying.say("Content-Type", &response.content_type);
        saying.say("headers", &response.headers);
        saying.say("body", &response.body);
        saying.say("delivery", &response.delivery);
        saying
    }

    /// An HTTP request.
    pub(super) fn of_request(request: &HttpRequest) -> Self {
        let mut saying = Self::default();
        saying.say("method", request.method);
        saying.say("query", &request.query);
        saying.say("Content-Type", &request.content_type);
        saying.say("headers", &request.headers);
        saying.say("body", &request.body);
        saying.say("delivery", &request.delivery);
        saying
    }
}

/// Members of the element that a path of numbers leads to, as received; none where it leads nowhere.
fn members_at(octets: &[u8], path: &[usize]) -> Vec<Vec<u8>> {
    let Ok(outer) = Tlv::read(Source::message(octets), 0) else { return Vec::new() };
    let members: Vec<Vec<u8>> =
        outer.members().unwrap_or_default().iter().map(|member| member.bytes().to_vec()).collect();
    match path {
        [] => members,
        [first, rest @ ..] => members.get(*first).map(|member| members_at(member, rest)).unwrap_or_default(),
    }
}

/// Content octets of the element that a path of numbers leads to.
fn content_at(octets: &[u8], path: &[usize]) -> Option<Vec<u8>> {
    let (last, path) = path.split_last()?;
    let element = members_at(octets, path).get(*last)?.clone();
    Some(Tlv::read(Source::message(&element), 0).ok()?.content().to_vec())
}

/// version of the first SignerInfo.
fn signer_version(message: &[u8]) -> Option<Vec<u8>> {
    let signers = members_at(message, &[1, 0]).pop()?;
    content_at(&signers, &[0, 0])
}

/// Types of the attributes of a PKCS#10, with the number of their values.
fn attributes_in_order(csr: &[u8]) -> Vec<(Option<Vec<u8>>, usize)> {
    let attributes = members_at(csr, &[0, 3]);
    attributes.iter().map(|one| (content_at(one, &[0]), members_at(one, &[1]).len())).collect()
}

fn attribute_name(attribute: &Attribute) -> String {
    let known = ATTRIBUTES.iter().find(|(_, oid)| *oid == attribute.oid);
    known.map_or_else(|| "other attribute".to_owned(), |(name, _)| (*name).to_owned())
}

/// A sanity check of the yardstick itself.
#[test]
fn equal_messages_say_the_same_and_others_do_not() {
    for kind in Kind::ALL {
        let saying = Saying::of_message(kind, &kind.write(&mut Faults::none()));
        assert_eq!(saying.differences(&saying), (Vec::new(), Vec::new()));
        assert_eq!(saying.rules, Vec::<&str>::new());
        assert_eq!(saying.facts["readable"], "true");
    }
    let of = |kind: Kind| Saying::of_message(kind, &kind.write(&mut Faults::none()));
    let (differ, _) = of(Kind::Failure).differences(&of(Kind::Pending));
    assert_eq!(differ, ["failInfo", "failInfoText", "pkiStatus"]);
}

//! Every fault, applied to something it is for: what differs afterwards, and only that.

use scep::attribute::FailInfo;
use scep::ca_cert::CaCertificates;
use scep::caps::Capabilities;
use scep::certificate::{CertificateParts, Extension, KeyUsage};
use scep::fault::{Faults, catalogue, find};
use scep::http::{HttpRequest, HttpResponse, Operation, PKI_MESSAGE};
use scep::message::Outcome;
use scep::suite::Digest;

use super::saying::Saying;
use crate::material::{Kind, NOW, ca, device, issued, rng};

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Message(Kind),
    /// A CertRep FAILURE for that reason.
    Failure(FailInfo),
    /// A PKCSReq signed with another digest than the default.
    Signed(Digest),
    /// A CA certificate.
    Certificate,
    /// A GetCACert answer with two certificates.
    Chain,
    /// The answer to GetCACaps.
    Caps,
    /// An answer with octets that are no text.
    Binary,
    GetCaCaps,
    GetCaCert,
    Get,
    Post,
}

const TARGETS: &[Target] = &[
    Target::Message(Kind::PkcsReq),
    Target::Message(Kind::CertPoll),
    Target::Message(Kind::Success),
    Target::Message(Kind::Failure),
    Target::Message(Kind::Pending),
    Target::Failure(FailInfo::BadAlg),
    Target::Failure(FailInfo::BadRequest),
    Target::Failure(FailInfo::BadTime),
    Target::Failure(FailInfo::BadCertId),
    Target::Signed(Digest::Md5),
    Target::Signed(Digest::Sha512),
    Target::Certificate,
    Target::Chain,
    Target::Caps,
    Target::Binary,
    Target::GetCaCaps,
    Target::GetCaCert,
    Target::Get,
    Target::Post,
];

impl Target {
    /// Written with the faults: everything that goes out, and what it says.
    fn write(self, faults: &mut Faults) -> (String, Saying) {
        match self {
            Self::Message(kind) => {
                let bytes = kind.write(faults);
                (format!("{bytes:02x?}"), Saying::of_message(kind, &bytes))
            }
            Self::Failure(reason) => {
                let mut parts = Kind::Failure.parts();
                parts.outcome = Some(Outcome::Failure(reason, None));
                let bytes = parts.write(&ca(), faults, &mut rng(1)).unwrap();
                (format!("{bytes:02x?}"), Saying::of_message(Kind::Failure, &bytes))
            }
            Self::Signed(digest) => {
                let mut parts = Kind::PkcsReq.parts();
                parts.digest = digest;
                let bytes = parts.write(&device(), faults, &mut rng(1)).unwrap();
                (format!("{bytes:02x?}"), Saying::of_message(Kind::PkcsReq, &bytes))
            }
            Self::Certificate => {
                let (ca, subject) = (ca(), scep::name::parse("CN=Root").unwrap());
                let mut parts = CertificateParts::self_signed(&subject, ca.key.public(), vec![7], NOW);
                let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
                let ca_usage = usage | KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
                parts.extensions = vec![
                    Extension::basic_constraints(true),
                    Extension::key_usage(ca_usage),
                    Extension::subject_key_id(&ca.key.public().identifier().unwrap()),
                ];
                let der = parts.write(&ca.key, faults).unwrap();
                (format!("{der:02x?}"), Saying::of_certificate(&der))
            }
            Self::Chain => {
                let chain = [issued(&mut Faults::none()).der, ca().certificate.der];
                let (_, body) = CaCertificates::write(&chain, faults);
                (format!("{body:02x?}"), Saying::of_ca_certificates(&body))
            }
            Self::Caps => {
                let keywords = Capabilities::new(&["POSTPKIOperation", "SHA-256", "SCEPStandard", "Renewal"]);
                response(HttpResponse::ok("text/plain", keywords.write()), faults)
            }
            Self::Binary => {
                response(HttpResponse::ok(PKI_MESSAGE, vec![0x30, 0x82, 0xff, 0xfe, 0x80]), faults)
            }
            Self::GetCaCaps => request(HttpRequest::query(Operation::GetCaCaps), faults),
            Self::GetCaCert => request(HttpRequest::query(Operation::GetCaCert), faults),
            Self::Get => request(HttpRequest::get(&[0xfb, 0xff, 0xbe, 0x01]), faults),
            Self::Post => request(HttpRequest::post(vec![0xfb, 0xff, 0xbe, 0x01]), faults),
        }
    }
}

fn response(mut response: HttpResponse, faults: &mut Faults) -> (String, Saying) {
    faults.response(&mut response);
    (format!("{response:?}"), Saying::of_response(&response))
}

fn request(mut request: HttpRequest, faults: &mut Faults) -> (String, Saying) {
    faults.request(&mut request);
    (format!("{request:?}"), Saying::of_request(&request))
}

/// Fault, what it is applied to, the facts that differ, and the rules that the reader then finds broken.
type Row = (&'static str, Target, &'static [&'static str], &'static [&'static str]);

const EFFECTS: &[Row] = &[
    ("attr.transactionID.remove", Target::Message(Kind::PkcsReq), &["transactionID"], &[]),
    (
        "attr.transactionID.duplicate",
        Target::Message(Kind::PkcsReq),
        &["transactionID"],
        &["attribute.duplicate"],
    ),
    (
        "attr.transactionID.second-value",
        Target::Message(Kind::PkcsReq),
        &["transactionID"],
        &["attribute.value-count"],
    ),
    (
        "attr.transactionID.unsigned",
        Target::Message(Kind::PkcsReq),
        &["transactionID", "unsignedAttributes"],
        &["attribute.unsigned"],
    ),
    ("attr.messageType.remove", Target::Message(Kind::PkcsReq), &["messageType"], &[]),
    (
        "attr.messageType.duplicate",
        Target::Message(Kind::PkcsReq),
        &["messageType"],
        &["attribute.duplicate"],
    ),
    (
        "attr.messageType.second-value",
        Target::Message(Kind::PkcsReq),
        &["messageType"],
        &["attribute.value-count"],
    ),
    (
        "attr.messageType.unsigned",
        Target::Message(Kind::PkcsReq),
        &["messageType", "unsignedAttributes"],
        &["attribute.unsigned"],
    ),
    ("attr.pkiStatus.remove", Target::Message(Kind::Pending), &["pkiStatus"], &[]),
    ("attr.pkiStatus.duplicate", Target::Message(Kind::Pending), &["pkiStatus"], &["attribute.duplicate"]),
    (
        "attr.pkiStatus.second-value",
        Target::Message(Kind::Pending),
        &["pkiStatus"],
        &["attribute.value-count"],
    ),
    (
        "attr.pkiStatus.unsigned",
        Target::Message(Kind::Pending),
        &["pkiStatus", "unsignedAttributes"],
        &["attribute.unsigned"],
    ),
    ("attr.failInfo.remove", Target::Message(Kind::Failure), &["failInfo"], &[]),
    ("attr.failInfo.duplicate", Target::Message(Kind::Failure), &["failInfo"], &["attribute.duplicate"]),
    ("attr.failInfo.second-value", Target::Message(Kind::Failure), &["failInfo"], &["attribute.value-count"]),
    (
        "attr.failInfo.unsigned",
        Target::Message(Kind::Failure),
        &["failInfo", "unsignedAttributes"],
        &["attribute.unsigned"],
    ),
    ("attr.senderNonce.remove", Target::Message(Kind::PkcsReq), &["senderNonce"], &[]),
    (
        "attr.senderNonce.duplicate",
        Target::Message(Kind::PkcsReq),
        &["senderNonce"],
        &["attribute.duplicate"],
    ),
    (
        "attr.senderNonce.second-value",
        Target::Message(Kind::PkcsReq),
        &["senderNonce"],
        &["attribute.value-count"],
    ),
    (
        "attr.senderNonce.unsigned",
        Target::Message(Kind::PkcsReq),
        &["senderNonce", "unsignedAttributes"],
        &["attribute.unsigned"],
    ),
    ("attr.recipientNonce.remove", Target::Message(Kind::Pending), &["recipientNonce"], &[]),
    (
        "attr.recipientNonce.duplicate",
        Target::Message(Kind::Pending),
        &["recipientNonce"],
        &["attribute.duplicate"],
    ),
    (
        "attr.recipientNonce.second-value",
        Target::Message(Kind::Pending),
        &["recipientNonce"],
        &["attribute.value-count"],
    ),
    (
        "attr.recipientNonce.unsigned",
        Target::Message(Kind::Pending),
        &["recipientNonce", "unsignedAttributes"],
        &["attribute.unsigned"],
    ),
    ("attr.contentType.remove", Target::Message(Kind::PkcsReq), &["contentType"], &[]),
    (
        "attr.contentType.duplicate",
        Target::Message(Kind::PkcsReq),
        &["contentType"],
        &["attribute.duplicate"],
    ),
    (
        "attr.contentType.second-value",
        Target::Message(Kind::PkcsReq),
        &["contentType"],
        &["attribute.value-count"],
    ),
    (
        "attr.contentType.unsigned",
        Target::Message(Kind::PkcsReq),
        &["contentType", "unsignedAttributes"],
        &[],
    ),
    ("attr.messageDigest.remove", Target::Message(Kind::PkcsReq), &["digest", "messageDigest"], &[]),
    (
        "attr.messageDigest.duplicate",
        Target::Message(Kind::PkcsReq),
        &["messageDigest"],
        &["attribute.duplicate"],
    ),
    (
        "attr.messageDigest.second-value",
        Target::Message(Kind::PkcsReq),
        &["messageDigest"],
        &["attribute.value-count"],
    ),
    (
        "attr.messageDigest.unsigned",
        Target::Message(Kind::PkcsReq),
        &["digest", "messageDigest", "unsignedAttributes"],
        &[],
    ),
    ("attr.transactionID.utf8", Target::Message(Kind::PkcsReq), &["transactionID"], &["attribute.type"]),
    ("attr.messageType.utf8", Target::Message(Kind::PkcsReq), &["messageType"], &["attribute.type"]),
    ("attr.pkiStatus.utf8", Target::Message(Kind::Pending), &["pkiStatus"], &["attribute.type"]),
    ("attr.failInfo.utf8", Target::Message(Kind::Failure), &["failInfo"], &["attribute.type"]),
    ("attr.senderNonce.printable", Target::Message(Kind::PkcsReq), &["senderNonce"], &["attribute.type"]),
    ("attr.senderNonce.8-bytes", Target::Message(Kind::PkcsReq), &["senderNonce"], &[]),
    (
        "attr.recipientNonce.printable",
        Target::Message(Kind::Pending),
        &["recipientNonce"],
        &["attribute.type"],
    ),
    ("attr.recipientNonce.flip", Target::Message(Kind::Pending), &["recipientNonce"], &[]),
    ("attr.recipientNonce.8-bytes", Target::Message(Kind::Pending), &["recipientNonce"], &[]),
    ("attr.transactionID.other", Target::Message(Kind::PkcsReq), &["transactionID"], &[]),
    ("attr.transactionID.case", Target::Message(Kind::PkcsReq), &["transactionID"], &[]),
    ("attr.messageType.99", Target::Message(Kind::PkcsReq), &["messageType"], &[]),
    ("attr.messageType.19", Target::Message(Kind::Pending), &["messageType"], &[]),
    ("attr.messageType.20", Target::Message(Kind::PkcsReq), &["messageType"], &[]),
    ("attr.messageType.leading-zero", Target::Message(Kind::PkcsReq), &["messageType"], &[]),
    ("attr.pkiStatus.1", Target::Message(Kind::Pending), &["pkiStatus"], &[]),
    ("attr.failInfo.9", Target::Message(Kind::Failure), &["failInfo"], &[]),
    ("attr.failInfo.add", Target::Message(Kind::Success), &["failInfo"], &[]),
    ("attr.failInfoText.printable", Target::Message(Kind::Failure), &["failInfoText"], &["attribute.type"]),
    (
        "attr.failInfoText.duplicate",
        Target::Message(Kind::Failure),
        &["failInfoText"],
        &["attribute.duplicate"],
    ),
    ("attr.failInfoText.invalid-utf8", Target::Message(Kind::Failure), &["failInfoText"], &[]),
    ("attr.senderNonce.copy", Target::Message(Kind::Pending), &["senderNonce"], &[]),
    ("attr.senderNonce.constant", Target::Message(Kind::PkcsReq), &["senderNonce"], &[]),
    ("attr.contentType.enveloped", Target::Message(Kind::PkcsReq), &["contentType"], &[]),
    ("attr.messageDigest.flip", Target::Message(Kind::PkcsReq), &["digest", "messageDigest"], &[]),
    ("attr.extra", Target::Message(Kind::PkcsReq), &["other attribute"], &[]),
    ("attr.unsorted", Target::Message(Kind::PkcsReq), &[], &["der.unsorted-set"]),
    ("signer.signature.flip-bit", Target::Message(Kind::PkcsReq), &["signature"], &[]),
    ("signer.signature.flip-bit", Target::Message(Kind::Success), &["signature"], &[]),
    ("signer.digest.md5", Target::Message(Kind::PkcsReq), &["digestAlgorithm"], &[]),
    ("signer.digest.md5", Target::Message(Kind::Success), &["digestAlgorithm"], &[]),
    ("signer.digest.sha1", Target::Message(Kind::PkcsReq), &["digestAlgorithm"], &[]),
    ("signer.digest.sha1", Target::Message(Kind::Success), &["digestAlgorithm"], &[]),
    ("signer.digest.sha512", Target::Message(Kind::PkcsReq), &["digestAlgorithm"], &[]),
    ("signer.digest.sha512", Target::Message(Kind::Success), &["digestAlgorithm"], &[]),
    ("signer.duplicate", Target::Message(Kind::PkcsReq), &["signers"], &["signer.several"]),
    ("signer.duplicate", Target::Message(Kind::Success), &["signers"], &["signer.several"]),
    (
        "signer.no-attributes",
        Target::Message(Kind::PkcsReq),
        &["digest", "signature", "signedAttributes"],
        &[],
    ),
    (
        "signer.no-attributes",
        Target::Message(Kind::Success),
        &["digest", "signature", "signedAttributes"],
        &[],
    ),
    ("certificates.remove", Target::Message(Kind::PkcsReq), &["certificates"], &[]),
    ("content.flip", Target::Message(Kind::PkcsReq), &["digest", "envelope", "messageDigest", "opens"], &[]),
    (
        "content.flip",
        Target::Message(Kind::Success),
        &["digest", "envelope", "messageDigest", "opens", "payload.certificates"],
        &[],
    ),
    ("content.empty", Target::Message(Kind::Failure), &["eContent"], &["content.empty"]),
    ("content.empty", Target::Message(Kind::Pending), &["eContent"], &["content.empty"]),
    ("content.zero-byte", Target::Message(Kind::Failure), &["eContent", "envelope"], &[]),
    ("content.zero-byte", Target::Message(Kind::Pending), &["eContent", "envelope"], &[]),
    ("content.type-enveloped", Target::Message(Kind::PkcsReq), &["eContentType"], &[]),
    ("content.type-enveloped", Target::Message(Kind::Success), &["eContentType"], &[]),
    (
        "message.truncate",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    ("message.trailing", Target::Message(Kind::PkcsReq), &[], &["framing.trailing-bytes"]),
    ("message.indefinite", Target::Message(Kind::PkcsReq), &[], &["ber.indefinite-length", "cms.not-strict"]),
    (
        "message.not-cms",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    ("content.remove", Target::Message(Kind::PkcsReq), &["eContent", "envelope", "opens"], &[]),
    (
        "content.remove",
        Target::Message(Kind::Success),
        &["eContent", "envelope", "opens", "payload.certificates"],
        &[],
    ),
    ("envelope.cipher.unknown", Target::Message(Kind::PkcsReq), &["cipher", "opens"], &[]),
    (
        "envelope.cipher.unknown",
        Target::Message(Kind::Success),
        &["cipher", "opens", "payload.certificates"],
        &[],
    ),
    ("envelope.cipher.des", Target::Message(Kind::PkcsReq), &["cipher"], &[]),
    ("envelope.cipher.des", Target::Message(Kind::Success), &["cipher"], &[]),
    ("envelope.cipher.des3", Target::Message(Kind::PkcsReq), &["cipher"], &[]),
    ("envelope.cipher.des3", Target::Message(Kind::Success), &["cipher"], &[]),
    ("envelope.cipher.aes256", Target::Message(Kind::PkcsReq), &["cipher"], &[]),
    ("envelope.cipher.aes256", Target::Message(Kind::Success), &["cipher"], &[]),
    ("envelope.content-type", Target::Message(Kind::PkcsReq), &["encryptedContent.type"], &[]),
    ("envelope.content-type", Target::Message(Kind::Success), &["encryptedContent.type"], &[]),
    ("envelope.recipient.other", Target::Message(Kind::PkcsReq), &["recipients"], &[]),
    ("envelope.recipient.other", Target::Message(Kind::Success), &["recipients"], &[]),
    ("envelope.key.flip", Target::Message(Kind::PkcsReq), &["opens"], &[]),
    ("envelope.key.flip", Target::Message(Kind::Success), &["opens", "payload.certificates"], &[]),
    ("envelope.content.truncate", Target::Message(Kind::PkcsReq), &["opens"], &[]),
    ("envelope.content.truncate", Target::Message(Kind::Success), &["opens", "payload.certificates"], &[]),
    ("envelope.bare", Target::Message(Kind::PkcsReq), &["envelope", "opens"], &[]),
    ("envelope.bare", Target::Message(Kind::Success), &["envelope", "opens", "payload.certificates"], &[]),
    ("envelope.recipient.twice", Target::Message(Kind::PkcsReq), &["recipients"], &[]),
    ("envelope.recipient.twice", Target::Message(Kind::Success), &["recipients"], &[]),
    (
        "answer.failure",
        Target::Message(Kind::Success),
        &["eContent", "envelope", "failInfo", "opens", "payload.certificates", "pkiStatus"],
        &[],
    ),
    (
        "answer.pending",
        Target::Message(Kind::Success),
        &["eContent", "envelope", "opens", "payload.certificates", "pkiStatus"],
        &[],
    ),
    (
        "answer.success-without-content",
        Target::Message(Kind::Failure),
        &["failInfo", "failInfoText", "pkiStatus"],
        &[],
    ),
    ("answer.success-without-content", Target::Message(Kind::Pending), &["pkiStatus"], &[]),
    ("data.not-degenerate", Target::Message(Kind::Success), &["data", "payload.certificates"], &[]),
    ("data.trailing", Target::Message(Kind::Success), &[], &["framing.trailing-bytes"]),
    ("payload.content", Target::Message(Kind::Success), &["payload.content"], &["cms.unexpected-structure"]),
    ("payload.content", Target::Chain, &["payload.content"], &["cms.unexpected-structure"]),
    ("payload.empty", Target::Message(Kind::Success), &["payload.certificates"], &[]),
    ("payload.empty", Target::Chain, &["payload.certificates", "readable"], &[]),
    ("payload.duplicate", Target::Message(Kind::Success), &["payload.certificates"], &[]),
    ("payload.duplicate", Target::Chain, &["payload.certificates"], &[]),
    ("issue.other-key", Target::Message(Kind::Success), &["certificate.key"], &[]),
    ("issue.other-subject", Target::Message(Kind::Success), &["certificate.subject"], &[]),
    ("issue.serial-negative", Target::Message(Kind::Success), &["certificate.serial"], &[]),
    ("issue.validity-reversed", Target::Message(Kind::Success), &["certificate.validity"], &[]),
    ("issue.signature", Target::Message(Kind::Success), &["certificate.signature"], &[]),
    ("issue.is-ca", Target::Message(Kind::Success), &["certificate.isCa"], &[]),
    ("csr.signature.flip-bit", Target::Message(Kind::PkcsReq), &["csr.signature"], &[]),
    ("csr.challenge.remove", Target::Message(Kind::PkcsReq), &["csr.challenge"], &[]),
    ("csr.challenge.other", Target::Message(Kind::PkcsReq), &["csr.challenge"], &[]),
    ("certificate.no-key-usage", Target::Certificate, &["certificate.keyUsage"], &[]),
    ("certificate.no-key-usage", Target::Message(Kind::Success), &["certificate.keyUsage"], &[]),
    ("certificate.key-usage.no-signature", Target::Certificate, &["certificate.keyUsage"], &[]),
    ("certificate.key-usage.no-encipherment", Target::Certificate, &["certificate.keyUsage"], &[]),
    ("certificate.key-usage.no-ca-bits", Target::Certificate, &["certificate.keyUsage"], &[]),
    ("payload.other", Target::Message(Kind::Success), &["payload.others"], &["cms.not-strict"]),
    ("payload.other", Target::Chain, &["payload.others", "readable"], &["cms.not-strict"]),
    ("payload.signer", Target::Message(Kind::Success), &["payload.signers"], &["cms.unexpected-structure"]),
    ("payload.signer", Target::Chain, &["payload.signers"], &["cms.unexpected-structure"]),
    ("certificate.not-ca", Target::Certificate, &["certificate.isCa"], &[]),
    ("certificate.other-name", Target::Certificate, &["certificate.issuer", "certificate.subject"], &[]),
    ("certificate.other-issuer", Target::Certificate, &["certificate.issuer"], &[]),
    ("certificate.other-issuer", Target::Message(Kind::Success), &["certificate.issuer"], &[]),
    ("poll.other-issuer", Target::Message(Kind::CertPoll), &["poll.issuer"], &[]),
    ("poll.other-subject", Target::Message(Kind::CertPoll), &["poll.subject"], &[]),
    ("answer.failinfo.badAlg-as-badRequest", Target::Failure(FailInfo::BadAlg), &["failInfo"], &[]),
    ("answer.failinfo.badMessageCheck-as-badRequest", Target::Message(Kind::Failure), &["failInfo"], &[]),
    ("answer.failinfo.badRequest-as-badTime", Target::Failure(FailInfo::BadRequest), &["failInfo"], &[]),
    ("answer.failinfo.badCertId-as-badTime", Target::Failure(FailInfo::BadCertId), &["failInfo"], &[]),
    ("http.status-500", Target::Binary, &["status"], &[]),
    ("http.status-404", Target::Binary, &["status"], &[]),
    ("http.status-202", Target::Binary, &["status"], &[]),
    ("http.content-type.text", Target::Binary, &["Content-Type"], &[]),
    ("http.content-type.octet-stream", Target::Post, &["Content-Type"], &[]),
    ("http.content-type.html", Target::Caps, &["Content-Type"], &[]),
    ("http.content-type.ca-ra", Target::Caps, &["Content-Type"], &[]),
    ("http.content-type.charset", Target::Caps, &["Content-Type"], &[]),
    ("http.content-type.remove", Target::Caps, &["Content-Type"], &[]),
    ("http.body.empty", Target::Binary, &["body"], &[]),
    ("http.body.html", Target::Binary, &["body"], &[]),
    ("http.body.truncate", Target::Binary, &["body"], &[]),
    ("http.body.base64", Target::Binary, &["body"], &[]),
    ("http.other-method", Target::Get, &["Content-Type", "body", "method", "query"], &[]),
    ("http.other-method", Target::Post, &["Content-Type", "body", "method", "query"], &[]),
    ("query.get-operation-case", Target::GetCaCaps, &["query"], &[]),
    ("query.pki-operation-case", Target::Get, &["query"], &[]),
    ("query.pki-operation-case", Target::Post, &["query"], &[]),
    ("query.ca-identifier", Target::GetCaCert, &["query"], &[]),
    ("query.caps-identifier", Target::GetCaCaps, &["query"], &[]),
    ("query.unescaped", Target::Get, &["query"], &[]),
    ("caps.lower-case", Target::Caps, &["body"], &[]),
    ("caps.commas", Target::Caps, &["body"], &[]),
    ("caps.no-scepstandard", Target::Caps, &["body"], &[]),
    ("caps.no-post", Target::Caps, &["body"], &[]),
    ("caps.only-unknown", Target::Caps, &["body"], &[]),
    ("caps.unregistered", Target::Caps, &["body"], &[]),
    ("caps.standard-only", Target::Caps, &["body"], &[]),
    ("http.body.trailing", Target::Binary, &["body"], &[]),
];

#[test]
fn every_fault_changes_what_it_names_and_nothing_else() {
    let mut wrong = Vec::new();
    for (id, target, facts, rules) in EFFECTS {
        let mut faults = Faults::new(vec![find(id).unwrap()]);
        let clean = target.write(&mut Faults::none()).1;
        let (differ, broken) = clean.differences(&target.write(&mut faults).1);
        if faults.applied() != [*id] {
            wrong.push(format!("{id} on {target:?}: not applied"));
        }
        if differ != *facts || broken != *rules {
            wrong.push(format!("{id} on {target:?}: {differ:?}, {broken:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_of_the_catalogue_has_its_effect_written_down() {
    let missing: Vec<&str> = catalogue()
        .unwrap()
        .iter()
        .map(|fault| fault.id.as_str())
        .filter(|id| !EFFECTS.iter().any(|row| row.0 == *id))
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn a_fault_is_applied_exactly_when_it_changed_what_goes_out() {
    let mut wrong = Vec::new();
    for target in TARGETS {
        let clean = target.write(&mut Faults::none()).0;
        for fault in catalogue().unwrap() {
            let mut faults = Faults::new(vec![fault.clone()]);
            let changed = target.write(&mut faults).0 != clean;
            if faults.applied().contains(&fault.id) != changed {
                wrong.push(format!("{} on {target:?}: changed {changed}", fault.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

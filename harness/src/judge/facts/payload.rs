//! Facts of what the envelope holds: certification requests, polls, certificates.

use scep::UnixTime;
use scep::ca_cert::CaCertificates;
use scep::certificate::{Certificate, KeyUsage};
use scep::cms::SignedData;
use scep::csr::Csr;
use scep::message::IssuerAndSubject;
use scep::oid;

use super::ca::path;
use super::message::envelope;
use super::{Fact, Find, Kind, Row, Scene};

const CSR: &str = "an opened envelope with a PKCS#10";
const POLL: &str = "an opened envelope with an IssuerAndSubject";
pub(super) const PAYLOAD: &str = "an opened envelope with a certificates-only SignedData";
const ISSUED: &str = "a certificate for the requested key";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "data",
        kind: Kind::Text,
        parent: "an opened envelope",
        doc: "what messageData is: `certification-request`, `issuer-and-subject`, `issuer-and-serial-number`, `signed-data` or `other`",
        find: Find::Message(|scene| match &scene.side.plain {
            Some(Ok(_)) => Fact::text(match scene.side {
                side if matches!(side.csr, Some(Ok(_))) => "certification-request",
                side if matches!(side.poll, Some(Ok(_))) => "issuer-and-subject",
                side if matches!(side.lookup, Some(Ok(_))) => "issuer-and-serial-number",
                side if matches!(side.payload, Some(Ok(_))) => "signed-data",
                _ => "other",
            }),
            _ => Fact::missing("there is no opened envelope"),
        }),
    },
    Row {
        path: "requestedKey",
        kind: Kind::Octets,
        parent: "an opened envelope with a PKCS#10, or a signer",
        doc: "key that is to be certified, SubjectPublicKeyInfo, DER: that of the PKCS#10, else that of the signer, who polls for it",
        find: Find::Message(|scene| match (&scene.side.csr, &scene.side.signer) {
            (Some(Ok(csr)), _) => Fact::octets(&csr.spki),
            (_, Some(signer)) => Fact::octets(&signer.spki),
            _ => Fact::missing("there is neither a PKCS#10 nor a signer"),
        }),
    },
    Row {
        path: "csr.publicKey",
        kind: Kind::Octets,
        parent: CSR,
        doc: "SubjectPublicKeyInfo, DER",
        find: Find::Message(|scene| csr(scene, |csr| Fact::octets(&csr.spki))),
    },
    Row {
        path: "csr.subject",
        kind: Kind::Octets,
        parent: CSR,
        doc: "subject, DER",
        find: Find::Message(|scene| csr(scene, |csr| Fact::octets(&csr.subject))),
    },
    Row {
        path: "csr.subject.text",
        kind: Kind::Text,
        parent: CSR,
        doc: "subject, RFC 4514",
        find: Find::Message(|scene| csr(scene, |csr| Fact::text(scep::name::print(&csr.subject)))),
    },
    Row {
        path: "csr.subject.canonical",
        kind: Kind::Text,
        parent: CSR,
        doc: "subject, as a text that is the same for the same name (RFC 5280 7.1), whatever its string types and letter case",
        find: Find::Message(|scene| csr(scene, |csr| Fact::text(scep::name::canonical(&csr.subject)))),
    },
    Row {
        path: "csr.challenge",
        kind: Kind::Text,
        parent: CSR,
        doc: "challengePassword; absent without that attribute",
        find: Find::Message(|scene| {
            csr(scene, |csr| Fact::from(csr.challenge.as_ref().map(|text| Fact::text(text.lossy()))))
        }),
    },
    Row {
        path: "csr.challenge.type",
        kind: Kind::Text,
        parent: CSR,
        doc: "`PrintableString`, `UTF8String` or another ASN.1 type; absent without challengePassword",
        find: Find::Message(|scene| {
            csr(scene, |csr| Fact::from(csr.challenge.as_ref().map(|text| Fact::text(text.type_name()))))
        }),
    },
    Row {
        path: "csr.possession",
        kind: Kind::Bool,
        parent: CSR,
        doc: "the request is signed with the key that it asks to certify",
        find: Find::Message(|scene| csr(scene, |csr| Fact::bool(csr.proves_possession()))),
    },
    Row {
        path: "poll.issuer",
        kind: Kind::Text,
        parent: POLL,
        doc: "whose name `issuer` is: `ca` (the issuing certificate's subject) or `other`",
        find: Find::Message(|scene| poll(scene, |poll| whose(scene, &poll.issuer))),
    },
    Row {
        path: "poll.subject",
        kind: Kind::Octets,
        parent: POLL,
        doc: "`subject`, DER",
        find: Find::Message(|scene| poll(scene, |poll| Fact::octets(&poll.subject))),
    },
    Row {
        path: "poll.subject.canonical",
        kind: Kind::Text,
        parent: POLL,
        doc: "`subject`, as a text that is the same for the same name (RFC 5280 7.1), whatever its string types and letter case",
        find: Find::Message(|scene| poll(scene, |poll| Fact::text(scep::name::canonical(&poll.subject)))),
    },
    Row {
        path: "payload.content",
        kind: Kind::Text,
        parent: PAYLOAD,
        doc: "eContent of the certificates-only SignedData: `absent`, `empty` or `present`",
        find: Find::Message(|scene| {
            payload(scene, |p| {
                let word = match &p.content {
                    None => "absent",
                    Some(content) if content.bytes.is_empty() => "empty",
                    Some(_) => "present",
                };
                Fact::text(word).at(scene.which, p.place)
            })
        }),
    },
    Row {
        path: "payload.eContentType",
        kind: Kind::Text,
        parent: PAYLOAD,
        doc: "its eContentType",
        find: Find::Message(|scene| {
            payload(scene, |p| Fact::text(oid::name(p.content_type)).at(scene.which, p.content_type_place))
        }),
    },
    Row {
        path: "payload.signers",
        kind: Kind::Number,
        parent: PAYLOAD,
        doc: "its SignerInfos",
        find: Find::Message(|scene| {
            payload(scene, |p| Fact::number(p.signers.len()).at(scene.which, p.place))
        }),
    },
    Row {
        path: "payload.certificates",
        kind: Kind::Number,
        parent: PAYLOAD,
        doc: "its certificates",
        find: Find::Message(|scene| {
            payload(scene, |p| Fact::number(p.certificates.len()).at(scene.which, p.place))
        }),
    },
    Row {
        path: "payload.unreadable",
        kind: Kind::Number,
        parent: PAYLOAD,
        doc: "members of its certificates field that are no X.509 certificate",
        find: Find::Message(|scene| {
            payload(scene, |p| Fact::number(p.certificates.len() - scene.side.certificates.len()))
        }),
    },
    Row {
        path: "payload.leaves",
        kind: Kind::Number,
        parent: PAYLOAD,
        doc: "certificates that issued none of the others and are no CA",
        find: Find::Message(|scene| {
            payload(scene, |_| {
                let all = &scene.side.certificates;
                let issued_another =
                    |c: &Certificate| all.iter().any(|o| o.der != c.der && o.is_issued_by(c));
                Fact::number(all.iter().filter(|c| !issued_another(c) && !c.is_ca()).count())
            })
        }),
    },
    Row {
        path: "issued.publicKey",
        kind: Kind::Octets,
        parent: PAYLOAD,
        doc: "key of the certificate for the requested key, else of the first one; absent without certificates",
        find: Find::Message(|scene| {
            payload(scene, |_| {
                Fact::from(
                    mine(scene).or_else(|| scene.side.certificates.first()).map(|c| Fact::octets(&c.spki)),
                )
            })
        }),
    },
    Row {
        path: "issued.subject",
        kind: Kind::Octets,
        parent: ISSUED,
        doc: "its subject, DER",
        find: Find::Message(|scene| issued(scene, |c| Fact::octets(&c.subject))),
    },
    Row {
        path: "issued.subject.text",
        kind: Kind::Text,
        parent: ISSUED,
        doc: "its subject, RFC 4514: the same for the same name in other string types",
        find: Find::Message(|scene| issued(scene, |c| Fact::text(c.subject_text()))),
    },
    Row {
        path: "issued.subject.canonical",
        kind: Kind::Text,
        parent: ISSUED,
        doc: "its subject, as a text that is the same for the same name (RFC 5280 7.1), whatever its string types and letter case",
        find: Find::Message(|scene| issued(scene, |c| Fact::text(scep::name::canonical(&c.subject)))),
    },
    Row {
        path: "issued.serial",
        kind: Kind::Octets,
        parent: ISSUED,
        doc: "content octets of its serialNumber",
        find: Find::Message(|scene| issued(scene, |c| Fact::octets(&c.serial))),
    },
    Row {
        path: "issued.serialSound",
        kind: Kind::Bool,
        parent: ISSUED,
        doc: "serialNumber is positive and at most 20 octets (RFC 5280 4.1.2.2)",
        find: Find::Message(|scene| {
            issued(scene, |c| {
                let positive =
                    c.serial.first().is_some_and(|b| b & 0x80 == 0) && c.serial.iter().any(|b| *b != 0);
                Fact::bool(positive && c.serial.len() <= 20)
            })
        }),
    },
    Row {
        path: "issued.isCa",
        kind: Kind::Bool,
        parent: ISSUED,
        doc: "it says cA TRUE",
        find: Find::Message(|scene| issued(scene, |c| Fact::bool(c.is_ca()))),
    },
    Row {
        path: "issued.mayIssue",
        kind: Kind::Bool,
        parent: ISSUED,
        doc: "it says cA TRUE, or its keyUsage has keyCertSign or cRLSign",
        find: Find::Message(|scene| {
            issued(scene, |c| {
                let signs =
                    |usage: KeyUsage| usage.has(KeyUsage::KEY_CERT_SIGN) || usage.has(KeyUsage::CRL_SIGN);
                Fact::bool(c.is_ca() || c.key_usage().is_some_and(signs))
            })
        }),
    },
    Row {
        path: "issued.validityOrdered",
        kind: Kind::Bool,
        parent: ISSUED,
        doc: "notBefore is before notAfter",
        find: Find::Message(|scene| {
            issued(scene, |c| {
                let after_epoch = |t: Option<UnixTime>| t.is_some();
                Fact::bool(
                    after_epoch(c.not_before) && after_epoch(c.not_after) && c.not_before < c.not_after,
                )
            })
        }),
    },
    Row {
        path: "issued.chains",
        kind: Kind::Bool,
        parent: ISSUED,
        doc: "its signature verifies with the key of the issuer it names, among the certificates of GetCACert",
        find: Find::Message(|scene| {
            issued(scene, |c| match scene.view.ca {
                Some(ca) => Fact::bool(ca.certificates.iter().any(|issuer| c.is_issued_by(issuer))),
                None => Fact::missing("there are no CA certificates"),
            })
        }),
    },
    Row {
        path: "issued.chainsToRoot",
        kind: Kind::Bool,
        parent: ISSUED,
        doc: "certificates of GetCACert lead from it up to one that is issued by itself",
        find: Find::Message(|scene| {
            issued(scene, |c| match scene.view.ca {
                Some(ca) => Fact::bool(path(ca, c).any(Certificate::is_self_signed)),
                None => Fact::missing("there are no CA certificates"),
            })
        }),
    },
    Row {
        path: "issued.issuer",
        kind: Kind::Text,
        parent: ISSUED,
        doc: "who signed it: `ca` (a certificate of GetCACert), `next-ca` (one of GetNextCACert) or `other`",
        find: Find::Message(|scene| {
            issued(scene, |c| {
                let signed = |all: Option<&CaCertificates>| {
                    all.is_some_and(|all| all.certificates.iter().any(|issuer| c.is_issued_by(issuer)))
                };
                Fact::text(match (signed(scene.view.ca), signed(scene.view.next_ca)) {
                    (true, _) => "ca",
                    (false, true) => "next-ca",
                    (false, false) => "other",
                })
            })
        }),
    },
];

/// A fact of content that was opened, or why there is none. `what` is its name with an article.
pub(super) fn opened<T>(
    content: Option<&Result<T, String>>,
    what: &str,
    find: impl FnOnce(&T) -> Fact,
) -> Fact {
    match content {
        Some(Ok(content)) => find(content),
        Some(Err(error)) => Fact::missing(error.clone()),
        None => Fact::missing(format!("there is no {what}")),
    }
}

/// Whether a name is that of the CA.
pub(super) fn whose(scene: &Scene<'_>, name: &[u8]) -> Fact {
    let ca = scene.view.ca.and_then(|ca| ca.issuer());
    Fact::text(if ca.is_some_and(|ca| scep::name::same(&ca.subject, name)) { "ca" } else { "other" })
}

fn csr(scene: &Scene<'_>, find: impl Fn(&Csr) -> Fact) -> Fact {
    opened(scene.side.csr.as_ref(), "opened PKCS#10", find)
}

fn poll(scene: &Scene<'_>, find: impl Fn(&IssuerAndSubject) -> Fact) -> Fact {
    opened(scene.side.poll.as_ref(), "opened IssuerAndSubject", find)
}

pub(super) fn payload(scene: &Scene<'_>, find: impl Fn(&SignedData) -> Fact) -> Fact {
    match (&scene.side.payload, &scene.side.plain) {
        (Some(Ok(payload)), _) => find(payload),
        (Some(Err(error)), _) => Fact::missing(format!("messageData is no SignedData: {error}")),
        (None, Some(Err(error))) => Fact::missing(format!("the envelope does not open: {error}")),
        (None, _) => envelope(scene, |_| Fact::missing("the envelope was not opened")),
    }
}

/// The certificate for the key of the request; a poll asks for the key that signs it.
fn mine<'a>(scene: &'a Scene<'_>) -> Option<&'a Certificate> {
    let request = &scene.decoded.request;
    let key = match (&request.csr, &request.signer) {
        (Some(Ok(csr)), _) => &csr.spki,
        (_, Some(signer)) => &signer.spki,
        _ => return None,
    };
    scene.side.certificates.iter().find(|certificate| certificate.spki == *key)
}

fn issued(scene: &Scene<'_>, find: impl Fn(&Certificate) -> Fact) -> Fact {
    payload(scene, |_| match mine(scene) {
        Some(certificate) => find(certificate),
        None => Fact::missing("there is no certificate for the requested key"),
    })
}

//! Facts of a pkiMessage's outer layer and its envelope. Each row serves `request.` and `reply.`.

use scep::UnixTime;
use scep::attribute::{ATTRIBUTES as SCEP_ATTRIBUTES, FailInfo, MessageType, PkiStatus};
use scep::ca_cert::roles::may_sign;
use scep::cms::{EnvelopedData, SignerInfo};
use scep::message::{PkiMessage, SignatureCheck, Verification};
use scep::tlv::tag;
use scep::{Rule, oid};

use super::ca::some;
use super::{Fact, Find, Kind, Row, Scene, Which};

const MESSAGE: &str = "a readable pkiMessage";
const ENVELOPE: &str = "an envelope";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "readable",
        kind: Kind::Bool,
        parent: "an HTTP answer (a request)",
        doc: "the octets are a ContentInfo of type signedData",
        find: Find::Message(|scene| Fact::bool(scene.side.message().is_some())),
    },
    Row {
        path: "findings",
        kind: Kind::List,
        parent: MESSAGE,
        doc: "ids of reader rules that any layer departs from; absent when there is none",
        find: Find::Message(|scene| {
            message(scene, |_| {
                let mut ids: Vec<&str> =
                    scene.side.findings.iter().map(|finding| finding.rule.id()).collect();
                ids.dedup();
                some(ids.into_iter())
            })
        }),
    },
    Row {
        path: "trailing",
        kind: Kind::Bool,
        parent: MESSAGE,
        doc: "octets follow the end of the message or of its messageData",
        find: Find::Message(|scene| {
            message(scene, |_| Fact::bool(scene.side.findings.iter().any(|f| f.rule == Rule::TrailingBytes)))
        }),
    },
    Row {
        path: "eContentType",
        kind: Kind::Text,
        parent: MESSAGE,
        doc: "eContentType of the SignedData",
        find: Find::Message(|scene| {
            message(scene, |m| {
                Fact::text(oid::name(m.signed.content_type)).at(scene.which, m.signed.content_type_place)
            })
        }),
    },
    Row {
        path: "content",
        kind: Kind::Text,
        parent: MESSAGE,
        doc: "eContent: `absent`, `empty` (no octets) or `present`",
        find: Find::Message(|scene| {
            message(scene, |m| match &m.signed.content {
                None => Fact::text("absent"),
                Some(content) if content.bytes.is_empty() => {
                    Fact::text("empty").at(scene.which, content.place)
                }
                Some(content) => Fact::text("present").at(scene.which, content.place),
            })
        }),
    },
    Row {
        path: "certificates",
        kind: Kind::Number,
        parent: MESSAGE,
        doc: "number of certificates",
        find: Find::Message(|scene| message(scene, |m| Fact::number(m.signed.certificates.len()))),
    },
    Row {
        path: "signers",
        kind: Kind::Number,
        parent: MESSAGE,
        doc: "number of SignerInfos",
        find: Find::Message(|scene| message(scene, |m| Fact::number(m.signed.signers.len()))),
    },
    Row {
        path: "signedAttributes",
        kind: Kind::Bool,
        parent: "a SignerInfo",
        doc: "the SignerInfo has signed attributes",
        find: Find::Message(|scene| {
            signer(scene, |_, s| Fact::bool(s.signed_attributes.is_some()).at(scene.which, s.place))
        }),
    },
    Row {
        path: "signedAttributes.sorted",
        kind: Kind::Bool,
        parent: "signed attributes",
        doc: "they are in DER order",
        find: Find::Message(|scene| {
            signer(scene, |_, s| match s.signed_attributes {
                Some(_) => {
                    let sorted = s.signed_octets == s.sorted_octets();
                    Fact::bool(sorted).at(scene.which, s.place)
                }
                None => Fact::missing("there are no signed attributes"),
            })
        }),
    },
    Row {
        path: "unsignedScep",
        kind: Kind::List,
        parent: "a SignerInfo",
        doc: "SCEP attributes among the unsigned ones; absent when there is none",
        find: Find::Message(|scene| {
            signer(scene, |_, s| {
                let names = SCEP_ATTRIBUTES
                    .iter()
                    .filter(|(_, oid)| s.unsigned_attributes.iter().any(|a| a.oid == *oid));
                some(names.map(|(name, _)| *name))
            })
        }),
    },
    Row {
        path: "digest",
        kind: Kind::Text,
        parent: "a SignerInfo",
        doc: "digestAlgorithm: `md5`, `sha-1`, `sha-256`, `sha-384`, `sha-512` or an OID",
        find: Find::Message(|scene| {
            signer(scene, |_, s| Fact::text(oid::name(s.digest_algorithm)).at(scene.which, s.digest_place))
        }),
    },
    Row {
        path: "signature",
        kind: Kind::Text,
        parent: "a SignerInfo with signed attributes, and a certificate to verify with",
        doc: "`verifies` over the attributes as sent, `sorted` over their DER order only, or `fails`; with the \
              message's own certificate for a request, with those of GetCACert for a reply",
        find: Find::Message(|scene| {
            verified(scene, |s, checks| {
                let best = |wanted| checks.iter().any(|check| check.signature == wanted);
                let word = if best(SignatureCheck::AsReceived) {
                    "verifies"
                } else if best(SignatureCheck::Sorted) {
                    "sorted"
                } else {
                    "fails"
                };
                Fact::text(word).at(scene.which, s.signature_place)
            })
        }),
    },
    Row {
        path: "signingTime.odd",
        kind: Kind::Text,
        parent: "a message",
        doc: "its signingTime, where that is no time in the form of RFC 5652 11.3; absent when it is, or is not there",
        find: Find::Message(|scene| {
            message(scene, |m| match m.attribute(oid::SIGNING_TIME) {
                Some(value) if UnixTime::from_asn1(value.tag, &value.content).is_none() => {
                    let text = String::from_utf8_lossy(&value.content).into_owned();
                    Fact::text(text).at(scene.which, value.place)
                }
                Some(_) | None => Fact::Absent,
            })
        }),
    },
    Row {
        path: "signedBy",
        kind: Kind::Text,
        parent: "a SignerInfo with signed attributes, and certificates of GetCACert",
        doc: "whose certificate of GetCACert verifies it: `ca`, `ra` (one that is no CA's), `forbidden` where its keyUsage \
              does not permit that, or `other` when none does",
        find: Find::Message(|scene| {
            signer(scene, |message, s| {
                let Some(ca) = scene.view.ca else { return Fact::missing("there are no CA certificates") };
                if s.signed_attributes.is_none() {
                    return Fact::missing("there are no signed attributes");
                }
                let verifies = |one: &&scep::certificate::Certificate| {
                    let key = one.public_key();
                    key.is_ok_and(|key| message.verify(&key).signature != SignatureCheck::Fails)
                };
                let word = match ca.certificates.iter().find(verifies) {
                    None => "other",
                    Some(one) if !may_sign(one) => "forbidden",
                    Some(one) if one.is_ca() || ca.certificates.len() == 1 => "ca",
                    Some(_) => "ra",
                };
                Fact::text(word).at(scene.which, s.signature_place)
            })
        }),
    },
    Row {
        path: "messageDigest.holds",
        kind: Kind::Bool,
        parent: "a SignerInfo with a messageDigest attribute",
        doc: "messageDigest equals the digest of eContent (of nothing, when it is omitted)",
        find: Find::Message(|scene| {
            signer(scene, |m, s| {
                let Some(value) = m.attribute(oid::MESSAGE_DIGEST) else {
                    return Fact::missing("there is no messageDigest attribute");
                };
                let content = m.signed.content.as_ref().map(|c| c.bytes.as_slice()).unwrap_or_default();
                let digest = s.digest().and_then(|digest| digest.of(content).ok());
                Fact::bool(digest.as_ref() == Some(&value.content)).at(scene.which, value.place)
            })
        }),
    },
    Row {
        path: "envelope",
        kind: Kind::Bool,
        parent: "eContent with octets",
        doc: "eContent is a ContentInfo of type envelopedData",
        find: Find::Message(|scene| {
            message(scene, |_| match &scene.side.envelope {
                Some(envelope) => Fact::bool(envelope.is_ok()),
                None => Fact::missing("there is no eContent with octets"),
            })
        }),
    },
    Row {
        path: "envelope.recipients",
        kind: Kind::Number,
        parent: ENVELOPE,
        doc: "number of RecipientInfos",
        find: Find::Message(|scene| envelope(scene, |e| Fact::number(e.recipients.len()))),
    },
    Row {
        path: "envelope.recipientKind",
        kind: Kind::Text,
        parent: "a RecipientInfo",
        doc: "kind of the first RecipientInfo: `ktri`, `kari`, `kekri`, `pwri` or `ori`",
        find: Find::Message(|scene| {
            envelope(scene, |e| match e.recipients.first() {
                Some(recipient) => Fact::text(recipient.kind).at(scene.which, recipient.place),
                None => Fact::missing("there is no RecipientInfo"),
            })
        }),
    },
    Row {
        path: "envelope.recipient",
        kind: Kind::Text,
        parent: "a RecipientInfo",
        doc: "whom the first RecipientInfo names: `signer` (of the request), `ca` (a certificate of GetCACert), `other`",
        find: Find::Message(|scene| {
            envelope(scene, |e| {
                let Some(recipient) = e.recipients.first() else {
                    return Fact::missing("there is no RecipientInfo");
                };
                let signer = scene.decoded.request.signer.as_ref();
                let word = if signer.is_some_and(|certificate| recipient.names(certificate)) {
                    "signer"
                } else if scene.view.ca.is_some_and(|ca| ca.certificates.iter().any(|c| recipient.names(c))) {
                    "ca"
                } else {
                    "other"
                };
                Fact::text(word).at(scene.which, recipient.place)
            })
        }),
    },
    Row {
        path: "envelope.contentType",
        kind: Kind::Text,
        parent: ENVELOPE,
        doc: "contentType of the encrypted content",
        find: Find::Message(|scene| {
            envelope(scene, |e| Fact::text(oid::name(e.content_type)).at(scene.which, e.place))
        }),
    },
    Row {
        path: "envelope.cipher",
        kind: Kind::Text,
        parent: ENVELOPE,
        doc: "contentEncryptionAlgorithm: `des-cbc`, `des-ede3-cbc`, `aes128-cbc`, … or an OID",
        find: Find::Message(|scene| {
            envelope(scene, |e| Fact::text(oid::name(e.cipher)).at(scene.which, e.cipher_place))
        }),
    },
    Row {
        path: "envelope.opens",
        kind: Kind::Bool,
        parent: "an envelope, and the key that should open it",
        doc: "it decrypts with the key of the signer (reply) or of the CA (request)",
        find: Find::Message(|scene| match &scene.side.plain {
            Some(plain) => envelope(scene, |e| Fact::bool(plain.is_ok()).at(scene.which, e.place)),
            None => Fact::missing("there is no envelope, or no key to open it"),
        }),
    },
    Row {
        path: "signer.subject",
        kind: Kind::Octets,
        parent: "the signer's certificate in the message",
        doc: "its subject, DER",
        find: Find::Message(|scene| certificate(scene, |c| Fact::octets(&c.subject))),
    },
    Row {
        path: "signer.subject.text",
        kind: Kind::Text,
        parent: "the signer's certificate in the message",
        doc: "its subject, RFC 4514: the same for the same name in other string types",
        find: Find::Message(|scene| certificate(scene, |c| Fact::text(c.subject_text()))),
    },
    Row {
        path: "signer.subject.canonical",
        kind: Kind::Text,
        parent: "the signer's certificate in the message",
        doc: "its subject, as a text that is the same for the same name (RFC 5280 7.1), whatever its string types and letter case",
        find: Find::Message(|scene| certificate(scene, |c| Fact::text(scep::name::canonical(&c.subject)))),
    },
    Row {
        path: "signer.publicKey",
        kind: Kind::Octets,
        parent: "the signer's certificate in the message",
        doc: "its SubjectPublicKeyInfo, DER",
        find: Find::Message(|scene| certificate(scene, |c| Fact::octets(&c.spki))),
    },
    Row {
        path: "signer.selfSigned",
        kind: Kind::Bool,
        parent: "the signer's certificate in the message",
        doc: "it is issued by itself",
        find: Find::Message(|scene| certificate(scene, |c| Fact::bool(c.is_self_signed()))),
    },
    Row {
        path: "signer.keyUsage",
        kind: Kind::List,
        parent: "the signer's certificate in the message",
        doc: "names of its keyUsage; absent without that extension (everything is permitted)",
        find: Find::Message(|scene| {
            certificate(scene, |c| Fact::from(c.key_usage().map(|usage| Fact::list(usage.names()))))
        }),
    },
    Row {
        path: "signer.permits.digitalSignature",
        kind: Kind::Bool,
        parent: "the signer's certificate in the message",
        doc: "its keyUsage has digitalSignature, or there is no keyUsage",
        find: Find::Message(|scene| certificate(scene, |c| permits(c, "digitalSignature"))),
    },
    Row {
        path: "signer.permits.keyEncipherment",
        kind: Kind::Bool,
        parent: "the signer's certificate in the message",
        doc: "its keyUsage has keyEncipherment, or there is no keyUsage",
        find: Find::Message(|scene| certificate(scene, |c| permits(c, "keyEncipherment"))),
    },
    Row {
        path: "signer.included",
        kind: Kind::Bool,
        parent: "a SignerInfo",
        doc: "the certificate that the SignerInfo names is in the message",
        find: Find::Message(|scene| {
            signer(scene, |_, s| Fact::bool(scene.side.signer.is_some()).at(scene.which, s.place))
        }),
    },
    Row {
        path: "signer.keyBits",
        kind: Kind::Number,
        parent: "an RSA key of the signer",
        doc: "length of the modulus in bits",
        find: Find::Message(|scene| {
            certificate(scene, |c| match c.public_key() {
                Ok(key) => Fact::number(key.bits()),
                Err(error) => Fact::missing(error.to_string()),
            })
        }),
    },
];

/// Attributes that have facts of their own, `PATH` and the suffixes of [`ATTRIBUTE_ROWS`].
pub(super) const ATTRIBUTES: &[&str] = &[
    "contentType",
    "messageDigest",
    "messageType",
    "pkiStatus",
    "failInfo",
    "failInfoText",
    "senderNonce",
    "recipientNonce",
    "transactionID",
];

const SIGNED: &str = "signed attributes";

/// Rows of every attribute; their path is a suffix.
pub(super) const ATTRIBUTE_ROWS: &[Row] = &[
    Row {
        path: "",
        kind: Kind::Text,
        parent: SIGNED,
        doc: "the attribute's value: a name where the RFC defines one (an undefined number stays text), octets as hex",
        find: Find::Message(|_| Fact::Absent),
    },
    Row {
        path: ".text",
        kind: Kind::Text,
        parent: SIGNED,
        doc: "the value's octets as text",
        find: Find::Message(|_| Fact::Absent),
    },
    Row {
        path: ".type",
        kind: Kind::Text,
        parent: SIGNED,
        doc: "ASN.1 type of the value",
        find: Find::Message(|_| Fact::Absent),
    },
    Row {
        path: ".count",
        kind: Kind::Number,
        parent: SIGNED,
        doc: "values in all signed attributes of that type together; absent when there is no such attribute",
        find: Find::Message(|_| Fact::Absent),
    },
];

/// The attribute that `SIDE.ATTRIBUTE[.suffix]` is about.
pub(super) fn attribute_of(path: &str) -> Option<&'static str> {
    let rest = path.split_once('.')?.1;
    ATTRIBUTES.iter().copied().find(|name| {
        rest.strip_prefix(name).is_some_and(|suffix| ATTRIBUTE_ROWS.iter().any(|row| row.path == suffix))
    })
}

/// The fact of one attribute.
pub(super) fn attribute(name: &'static str, suffix: &str, scene: &Scene<'_>) -> Fact {
    let Some((_, oid)) = SCEP_ATTRIBUTES.iter().find(|(known, _)| *known == name) else {
        return Fact::Absent;
    };
    signer(scene, |_, signer| {
        if signer.signed_attributes.is_none() {
            return Fact::missing("there are no signed attributes");
        }
        let Some(attribute) = signer.attributes(*oid).next() else { return Fact::Absent };
        if suffix == ".count" {
            let count: usize = signer.attributes(*oid).map(|attribute| attribute.values.len()).sum();
            return Fact::number(count).at(scene.which, attribute.place);
        }
        let Some(value) = attribute.values.first() else { return Fact::Absent };
        let text = String::from_utf8_lossy(&value.content).into_owned();
        let fact = match suffix {
            ".type" => Fact::text(type_name(value.tag)),
            ".text" => Fact::text(text),
            _ => match name {
                "contentType" => Fact::text(content_type_name(&value.content)),
                "messageDigest" | "senderNonce" | "recipientNonce" => Fact::octets(&value.content),
                "messageType" => {
                    Fact::text(MessageType::parse(&value.content).map_or(text, |t| t.name().to_owned()))
                }
                "pkiStatus" => {
                    Fact::text(PkiStatus::parse(&value.content).map_or(text, |s| s.name().to_owned()))
                }
                "failInfo" => {
                    Fact::text(FailInfo::parse(&value.content).map_or(text, |f| f.name().to_owned()))
                }
                _ => Fact::text(text),
            },
        };
        fact.at(scene.which, value.place)
    })
}

fn content_type_name(content: &[u8]) -> String {
    oid::name_of_content(content).unwrap_or_else(|| "no OID".to_owned())
}

fn type_name(identifier: u8) -> String {
    match identifier & !tag::CONSTRUCTED {
        tag::INTEGER => "INTEGER".to_owned(),
        tag::OCTET_STRING => "OCTET STRING".to_owned(),
        tag::OID => "OBJECT IDENTIFIER".to_owned(),
        tag::UTF8_STRING => "UTF8String".to_owned(),
        tag::PRINTABLE_STRING => "PrintableString".to_owned(),
        tag::IA5_STRING => "IA5String".to_owned(),
        tag::T61_STRING => "T61String".to_owned(),
        tag::BMP_STRING => "BMPString".to_owned(),
        other => format!("tag 0x{other:02x}"),
    }
}

fn permits(certificate: &scep::certificate::Certificate, name: &str) -> Fact {
    Fact::bool(certificate.key_usage().is_none_or(|usage| usage.names().contains(&name)))
}

pub(super) fn message(scene: &Scene<'_>, find: impl Fn(&PkiMessage) -> Fact) -> Fact {
    let whose = match scene.which {
        Which::Request => "request",
        Which::Reply => "reply",
    };
    match &scene.side.message {
        Some(Ok(message)) => find(message),
        Some(Err(error)) => Fact::missing(format!("the {whose} is no pkiMessage: {error}")),
        None => Fact::missing(format!("the {whose} holds no pkiMessage")),
    }
}

fn signer(scene: &Scene<'_>, find: impl Fn(&PkiMessage, &SignerInfo) -> Fact) -> Fact {
    message(scene, |message| match message.signer() {
        Some(signer) => find(message, signer),
        None => Fact::missing("there is no SignerInfo"),
    })
}

fn certificate(scene: &Scene<'_>, find: impl Fn(&scep::certificate::Certificate) -> Fact) -> Fact {
    message(scene, |_| match &scene.side.signer {
        Some(certificate) => find(certificate),
        None => Fact::missing("the signer's certificate is not in the message"),
    })
}

fn verified(scene: &Scene<'_>, find: impl Fn(&SignerInfo, &[Verification]) -> Fact) -> Fact {
    signer(scene, |message, signer| {
        if signer.signed_attributes.is_none() {
            return Fact::missing("there are no signed attributes");
        }
        let own = scene.side.signer.iter();
        let announced = scene.view.ca.into_iter().flat_map(|ca| ca.signers());
        let certificates: Vec<_> = match scene.which {
            Which::Request => own.collect(),
            Which::Reply => announced.collect(),
        };
        let keys = certificates.iter().filter_map(|certificate| certificate.public_key().ok());
        let checks: Vec<Verification> = keys.map(|key| message.verify(&key)).collect();
        if checks.is_empty() {
            return Fact::missing("there is no certificate to verify with");
        }
        find(signer, &checks)
    })
}

pub(super) fn envelope(scene: &Scene<'_>, find: impl Fn(&EnvelopedData) -> Fact) -> Fact {
    message(scene, |_| match &scene.side.envelope {
        Some(Ok(envelope)) => find(envelope),
        Some(Err(error)) => Fact::missing(format!("eContent is no envelope: {error}")),
        None => Fact::missing("there is no envelope"),
    })
}

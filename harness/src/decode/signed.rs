//! The outer layer: SignedData with its attributes, and whether digest and signature hold.

use scep::attribute::{FailInfo, MessageType, PkiStatus, StatedType, Text};
use scep::cms::{Attribute, AttributeValue, SignedData, SignerInfo};
use scep::finding::{Part, Rule};
use scep::message::{PkiMessage, SignatureCheck};
use scep::tlv::{Source, Tlv, tag};
use scep::{Finding, Place, UnixTime, oid};

use super::asn1::primitive;
use super::certificate::issuer_and_serial;
use super::findings::{Check, Departure};
use super::tree::{At, Node, Reader, hex, members_at, place_of};

impl Reader<'_> {
    /// A ContentInfo of any type.
    pub(super) fn content_info(&mut self, source: Source<'_>, outer: &Tlv<'_>) -> Node {
        let kind = outer.members().ok().and_then(|members| oid::name_of_content(members.first()?.content()));
        match kind.as_deref() {
            Some("signedData") => self.signed_data(source, outer),
            Some("envelopedData") => self.enveloped_data(source, outer),
            kind => {
                let elements = self.element(outer);
                Node::new("ContentInfo").value(kind.unwrap_or("?")).at(outer.place()).with([elements])
            }
        }
    }

    fn signed_data(&mut self, source: Source<'_>, outer: &Tlv<'_>) -> Node {
        // Only a message as received is one for the pkiMessage reader; a content may be signed too.
        let mut findings = Vec::new();
        let read = if source.part == Part::Message && source.base == 0 {
            PkiMessage::read(source.bytes).map(|read| {
                findings = read.findings;
                read.value.signed
            })
        } else {
            SignedData::read(source, &mut findings)
        };
        match read {
            Ok(signed) => {
                self.found_in(&signed, findings);
                let content = self.signed_fields(signed, outer);
                Node::new("ContentInfo").value("signedData").at(outer.place()).with([content])
            }
            Err(error) => {
                self.found(findings);
                self.unreadable("SignedData", outer, &error)
            }
        }
    }

    /// Takes over findings, with the attribute that each one is about.
    fn found_in(&mut self, signed: &SignedData, findings: Vec<Finding>) {
        for Finding { rule, at, detail } in findings {
            let within = |place: Place| place.start <= at.start && at.end <= place.end;
            let attributes =
                signed.signers.iter().flat_map(|signer| signer.signed_attributes.iter().flatten());
            let attribute =
                attributes.filter(|attribute| within(attribute.place)).map(|a| oid::name(a.oid)).next();
            // What is missing has no place of its own; the detail begins with its name.
            let missing = detail.split_once(':').filter(|_| rule == Rule::MissingAttribute);
            let attribute = attribute.or_else(|| missing.map(|(name, _)| name.to_owned()));
            self.departures.push(Departure::of_rule(rule, attribute.as_deref(), Some(at.into()), detail));
        }
    }

    fn signed_fields(&mut self, signed: SignedData, outer: &Tlv<'_>) -> Node {
        self.met.extend(signed.certificates.iter().take(MET).filter_map(|raw| raw.read().ok()));
        let members = members_at(outer, signed.place);
        let digests: Vec<String> = signed.digest_algorithms.iter().map(|digest| oid::name(*digest)).collect();
        let mut node = Node::new("SignedData").at(signed.place).with([
            Node::new("version")
                .value(members.first().map(|m| primitive(m.tag, m.content())).unwrap_or_default())
                .at(members.first().map(Tlv::place)),
            Node::new("digestAlgorithms")
                .value(if digests.is_empty() { "none".to_owned() } else { digests.join(", ") })
                .at(members.get(1).map(Tlv::place)),
            Node::new("encapContentInfo").at(members.get(2).map(Tlv::place)).with([
                Node::new("eContentType").value(oid::name(signed.content_type)).at(signed.content_type_place),
                self.content(&signed),
            ]),
        ]);
        for (index, raw) in signed.certificates.iter().enumerate() {
            let source = Source { bytes: &raw.der, part: raw.place.part, base: raw.place.start };
            let label = format!("certificates[{index}]");
            node.children.push(match Tlv::read(source, 0) {
                Ok(element) => self.certificate(&label, source, &element),
                Err(error) => Node::new(label).value(format!("not read: {error}")).at(raw.place),
            });
        }
        let field = members.iter().find(|m| m.tag == tag::context(1)).and_then(|m| m.members().ok());
        for (index, crl) in field.unwrap_or_default().iter().enumerate() {
            node.children.push(self.crl(&format!("crls[{index}]"), source_of(crl), crl));
        }
        if signed.signers.is_empty() {
            node.children.push(Node::new("signerInfos").value("none (certificates only)"));
        }
        let message = PkiMessage { signed };
        let signers = &message.signed.signers;
        if signers.len() > SIGNERS {
            node.children.push(Node::new("signerInfos").value(format!("{}, {SIGNERS} shown", signers.len())));
        }
        for (index, signer) in signers.iter().enumerate().take(SIGNERS) {
            // The message as it would be with this signer alone.
            let mut alone = message.clone();
            alone.signed.signers = vec![signer.clone()];
            node.children.push(self.signer_info(index, signer, &alone, outer));
        }
        node
    }

    fn content(&mut self, signed: &SignedData) -> Node {
        let node = Node::new("eContent");
        let Some(content) = &signed.content else { return node.value("omitted") };
        let node = node.value(format!("{} octets", content.bytes.len())).at(content.place);
        if content.bytes.is_empty() {
            return node;
        }
        match self.structure(content.source()) {
            Ok(inner) => node.with([inner]),
            Err(error) => {
                let at = Some(At::from(content.place));
                self.check(Check::Unreadable, None, at, format!("eContent: {error}"));
                node.with([Node::new("content").value(format!("no ASN.1: {error}"))])
            }
        }
    }

    fn signer_info(
        &mut self,
        index: usize,
        signer: &SignerInfo,
        message: &PkiMessage,
        outer: &Tlv<'_>,
    ) -> Node {
        let members = members_at(outer, signer.place);
        let certificates = &message.signed.certificates;
        let named = certificates
            .iter()
            .position(|raw| raw.read().is_ok_and(|certificate| signer.names(&certificate)));
        let key = message.signer_certificate().map(|certificate| certificate.public_key());
        let verification = match &key {
            Some(Ok(key)) => Some(message.verify(key)),
            _ => None,
        };
        // The digest needs no key.
        let digest = signer.digest().and_then(|digest| {
            let content = message.signed.content.as_ref().map(|content| content.bytes.as_slice());
            digest.of(content.unwrap_or_default()).ok()
        });
        let field = members.iter().find(|member| member.tag == tag::context(0));
        let attributes: Vec<Node> = signer
            .signed_attributes
            .iter()
            .flatten()
            .map(|attribute| self.attribute(attribute, digest.as_deref()))
            .collect();
        let signature = match (verification.map(|verification| verification.signature), &key) {
            (Some(SignatureCheck::AsReceived), _) => {
                "verifies with the certificate in the message".to_owned()
            }
            (Some(SignatureCheck::Sorted), _) => {
                let at = signer.signature_place.into();
                let detail = "verifies over the signed attributes in DER order, not as they were sent";
                self.departures.push(Departure::of_rule(
                    Rule::SignedSortedForm,
                    None,
                    Some(at),
                    detail.to_owned(),
                ));
                detail.to_owned()
            }
            (Some(SignatureCheck::Fails), _) => {
                let detail = "the signature does not verify with the certificate that sid names".to_owned();
                self.check(Check::Signature, None, Some(signer.signature_place.into()), detail);
                "DOES NOT VERIFY with the certificate in the message".to_owned()
            }
            (None, Some(Err(error))) => format!("not checked: {error}"),
            (None, _) => "not checked: the signer's certificate is not in the message".to_owned(),
        };
        let sid = issuer_and_serial("sid", Source::message(&signer.sid), place_of(&members, &signer.sid));
        let sid = match (&sid.value, named) {
            (Some(value), Some(named)) => {
                let value = format!("{value} = certificates[{named}]");
                sid.value(value)
            }
            _ => sid,
        };
        let algorithm = members
            .iter()
            .position(|member| member.place() == signer.signature_place)
            .and_then(|at| members.get(at.checked_sub(1)?));
        let unsigned = (!signer.unsigned_attributes.is_empty()).then(|| {
            let attributes: Vec<Node> =
                signer.unsigned_attributes.iter().map(|attribute| self.attribute(attribute, None)).collect();
            Node::new("unsignedAttrs")
                .value(attributes.len().to_string())
                .at(members.iter().find(|member| member.tag == tag::context(1)).map(Tlv::place))
                .with(attributes)
        });
        Node::new(format!("signerInfos[{index}]"))
            .at(signer.place)
            .with([
                sid,
                Node::new("digestAlgorithm")
                    .value(oid::name(signer.digest_algorithm))
                    .at(signer.digest_place),
                Node::new("signedAttrs")
                    .value(match &signer.signed_attributes {
                        Some(all) => all.len().to_string(),
                        None => "absent".to_owned(),
                    })
                    .at(field.map(Tlv::place))
                    .with(attributes),
                Node::new("signatureAlgorithm")
                    .value(oid::name(signer.signature_algorithm))
                    .at(algorithm.map(Tlv::place)),
                Node::new("signature").value(signature).at(signer.signature_place),
            ])
            .with(unsigned)
    }

    fn attribute(&mut self, attribute: &Attribute, digest: Option<&[u8]>) -> Node {
        let name = oid::name(attribute.oid);
        let values: Vec<String> =
            attribute.values.iter().map(|value| self.attribute_value(&name, value, digest)).collect();
        let value = if values.is_empty() { "without a value".to_owned() } else { values.join("; ") };
        Node::new(name).value(value).at(attribute.place)
    }

    fn attribute_value(&mut self, name: &str, value: &AttributeValue, digest: Option<&[u8]>) -> String {
        let content = value.content.as_slice();
        let text = || Text { tag: value.tag & !tag::CONSTRUCTED, octets: content.to_vec() }.lossy();
        let at = Some(At::from(value.place));
        let defined = match name {
            "messageType" => match StatedType::read(Text { tag: value.tag, octets: content.to_vec() }) {
                StatedType::Historic(historic) => {
                    return format!("{} {} (older drafts, not defined by RFC 8894)", text(), historic.name());
                }
                stated => stated.defined().map(MessageType::name),
            },
            "pkiStatus" => PkiStatus::parse(content).map(PkiStatus::name),
            "failInfo" => FailInfo::parse(content).map(FailInfo::name),
            "messageDigest" => {
                return match digest {
                    Some(expected) if expected == content => format!("{} holds", hex(content)),
                    Some(expected) => {
                        let detail = format!("expected {}, got {}", hex(expected), hex(content));
                        self.check(Check::Digest, None, at, detail);
                        format!("{} DIFFERS from the digest of eContent, {}", hex(content), hex(expected))
                    }
                    None => format!("{}, not checked", hex(content)),
                };
            }
            "senderNonce" | "recipientNonce" => {
                return format!("{} ({} octets)", hex(content), content.len());
            }
            "signingTime" => {
                return UnixTime::from_asn1(value.tag, content)
                    .map_or_else(|| format!("{}, not a time of DER", text()), |time| time.to_string());
            }
            "transactionID" | "failInfoText" => return text(),
            _ => return primitive(value.tag, content),
        };
        match defined {
            Some(defined) => format!("{} {defined}", text()),
            None => format!("{} (not defined by RFC 8894)", text()),
        }
    }
}

/// The octets of an element, with their place.
fn source_of<'a>(element: &Tlv<'a>) -> Source<'a> {
    let place = element.place();
    Source { bytes: element.bytes(), part: place.part, base: place.start }
}

/// Certificates of a message that issuers are looked for among: a chain has a handful.
const MET: usize = 16;

/// SignerInfos that are checked and shown: a message has one, and each costs a copy of the message.
const SIGNERS: usize = 8;

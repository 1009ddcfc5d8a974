//! What stands on its own or inside an envelope: a certificate, a CRL or a PKCS#10, told apart by their fields,
//! and the content of a poll.

use scep::certificate::{Certificate, read_extensions};
use scep::csr::{Csr, EXTENSION_REQUESTS};
use scep::message::IssuerAndSubject;
use scep::text::Text;
use scep::tlv::{Source, Tlv, tag};
use scep::{name, oid};

use super::certificate::{extensions, public_key};
use super::findings::Check;
use super::tree::{At, Node, Reader, place_of};

impl Reader<'_> {
    /// A certificate, a CRL or a PKCS#10: all are two SEQUENCEs and a BIT STRING.
    pub(super) fn signed_structure(&mut self, source: Source<'_>, outer: &Tlv<'_>) -> Node {
        let fields = outer.members().ok().and_then(|members| members.first()?.members().ok());
        // Of the three only a CRL has its times beside its names.
        let is_time = |field: &Tlv<'_>| matches!(field.tag, tag::UTC_TIME | tag::GENERALIZED_TIME);
        if fields.is_some_and(|fields| fields.iter().any(is_time)) {
            return self.crl("CertificateList", source, outer);
        }
        if Certificate::read(source).is_ok() {
            return self.certificate("Certificate", source, outer);
        }
        match Csr::read(source) {
            Ok(read) => {
                self.found(read.findings);
                self.csr(&read.value, outer)
            }
            Err(error) => {
                let info = outer.members().ok().and_then(|members| members.first()?.members().ok());
                let is_tbs = info.and_then(|m| m.first().map(|v| v.tag)) == Some(tag::context(0));
                if is_tbs {
                    return self.certificate("Certificate", source, outer);
                }
                self.unreadable("CertificationRequest", outer, &error)
            }
        }
    }

    fn csr(&mut self, csr: &Csr, outer: &Tlv<'_>) -> Node {
        let parts = outer.members().unwrap_or_default();
        let info = parts.first().and_then(|info| info.members().ok()).unwrap_or_default();
        let field = info.iter().find(|member| member.tag == tag::context(0));
        let mut attributes = Vec::new();
        for attribute in field.and_then(|field| field.members().ok()).unwrap_or_default() {
            attributes.extend(self.csr_attribute(&attribute));
        }
        let signature = parts.get(2).map(Tlv::place);
        let possession = if csr.proves_possession() {
            "verifies with the key of the request"
        } else {
            let detail = "the signature does not verify with the key of the request".to_owned();
            self.check(Check::Possession, None, signature.map(At::from), detail);
            "DOES NOT VERIFY with the key of the request"
        };
        let count = if attributes.is_empty() { "none".to_owned() } else { attributes.len().to_string() };
        Node::new("CertificationRequest").value(name::print(&csr.subject)).at(outer.place()).with([
            Node::new("subject").value(name::print(&csr.subject)).at(place_of(&info, &csr.subject)),
            public_key(&csr.spki, place_of(&info, &csr.spki)),
            Node::new("attributes").value(count).at(field.map(Tlv::place)).with(attributes),
            Node::new("signature").value(possession).at(signature),
        ])
    }

    fn csr_attribute(&mut self, attribute: &Tlv<'_>) -> Option<Node> {
        let members = attribute.members().ok()?;
        let [id, values] = members.as_slice() else { return Some(self.element(attribute)) };
        let oid = oid::of_content(id.content())?;
        let node = Node::new(oid::name(oid)).at(attribute.place());
        if oid == oid::CHALLENGE_PASSWORD {
            let values = values.members().unwrap_or_default();
            let texts: Vec<String> = values.iter().map(|value| self.challenge(value)).collect();
            let value = if texts.is_empty() { "without a value".to_owned() } else { texts.join("; ") };
            return Some(node.value(value));
        }
        if EXTENSION_REQUESTS.contains(&oid)
            && let Ok(requested) = read_extensions(values)
        {
            let node = extensions(&oid::name(oid), &requested, Some(values));
            return Some(node.at(attribute.place()));
        }
        let values = values.members().unwrap_or_default();
        let values: Vec<Node> = values.iter().map(|value| self.element(value)).collect();
        Some(node.with(values))
    }

    fn challenge(&self, value: &Tlv<'_>) -> String {
        match Text::read(value, &mut Vec::new()) {
            Ok(text) if self.show_secrets => format!("{} {text}", text.type_name()),
            Ok(text) => format!("{}, redacted (--show-secrets)", text.type_name()),
            Err(_) => "not read".to_owned(),
        }
    }

    /// messageData of a CertPoll.
    pub(super) fn issuer_and_subject(&mut self, source: Source<'_>, outer: &Tlv<'_>) -> Node {
        let members = outer.members().unwrap_or_default();
        match IssuerAndSubject::read(source.bytes) {
            Ok(read) => Node::new("IssuerAndSubject").at(outer.place()).with([
                Node::new("issuer").value(name::print(&read.issuer)).at(members.first().map(Tlv::place)),
                Node::new("subject").value(name::print(&read.subject)).at(members.get(1).map(Tlv::place)),
            ]),
            Err(error) => self.unreadable("IssuerAndSubject", outer, &error),
        }
    }
}

//! Certificates, and the names, keys and extensions that requests share with them.

use scep::certificate::{Certificate, Extension, KeyUsage};
use scep::extension::CertificateTemplate;
use scep::key::PublicKey;
use scep::suite::Digest;
use scep::tlv::{Source, Tlv, tag};
use scep::{Place, UnixTime, alt_name, name, oid};

use super::asn1::{primitive, tag_name};
use super::tree::{Node, Reader, hex, place_of};

impl Reader<'_> {
    /// A certificate; what its reader refuses is shown element by element.
    pub(super) fn certificate(&mut self, name: &str, source: Source<'_>, outer: &Tlv<'_>) -> Node {
        match Certificate::read(source) {
            Ok(read) => {
                self.found(read.findings);
                let signature = self.certificate_signature(&read.value, outer);
                fields(name, &read.value, outer, &signature)
            }
            Err(error) => self.unreadable(name, outer, &error),
        }
    }

    fn certificate_signature(&mut self, certificate: &Certificate, outer: &Tlv<'_>) -> String {
        match certificate.public_key() {
            _ if !name::same(&certificate.issuer, &certificate.subject) => {
                let signature = outer.members().ok().and_then(|members| members.get(2).copied());
                self.issued("certificate", certificate, signature.as_ref())
            }
            Err(error) => format!("not checked: {error}"),
            Ok(_) if certificate.is_self_signed() => "verifies with its own key".to_owned(),
            Ok(_) => "DOES NOT VERIFY with its own key, though it names itself as issuer".to_owned(),
        }
    }
}

fn fields(label: &str, certificate: &Certificate, outer: &Tlv<'_>, signature: &str) -> Node {
    let tbs = outer.members().ok().and_then(|members| members.first().copied());
    let members = tbs.and_then(|tbs| tbs.members().ok()).unwrap_or_default();
    let after_issuer: Vec<Tlv<'_>> =
        members.iter().skip_while(|member| member.bytes() != certificate.issuer).skip(1).copied().collect();
    let wrapper = members.iter().find(|member| member.tag == tag::context(3));
    let time =
        |time: Option<UnixTime>| time.map_or_else(|| "not a time of DER".to_owned(), |t| t.to_string());
    let signed = outer.members().unwrap_or_default();
    Node::new(label).value(certificate.subject_text()).at(outer.place()).with([
        Node::new("serialNumber")
            .value(certificate.serial_hex())
            .at(members.iter().find(|member| member.tag == tag::INTEGER).map(Tlv::place)),
        Node::new("issuer")
            .value(name::print(&certificate.issuer))
            .at(place_of(&members, &certificate.issuer)),
        Node::new("validity")
            .value(format!("{} to {}", time(certificate.not_before), time(certificate.not_after)))
            .at(after_issuer.first().map(Tlv::place)),
        Node::new("subject")
            .value(certificate.subject_text())
            .at(place_of(&after_issuer, &certificate.subject)),
        public_key(&certificate.spki, place_of(&members, &certificate.spki)),
        extensions("extensions", &certificate.extensions, wrapper),
        Node::new("signatureValue").value(signature).at(signed.get(2).map(Tlv::place)),
        Node::new("fingerprint").value(match certificate.fingerprint(Digest::Sha256) {
            Ok(octets) => format!("sha-256 {}", hex(&octets)),
            Err(error) => error.to_string(),
        }),
    ])
}

/// SubjectPublicKeyInfo.
pub(super) fn public_key(spki: &[u8], place: Option<Place>) -> Node {
    let value = match PublicKey::from_spki(spki) {
        Ok(key) => key.to_string(),
        Err(error) => error.to_string(),
    };
    Node::new("subjectPublicKeyInfo").value(value).at(place)
}

/// Extensions in order; `wrapper` is the element that holds them.
pub(super) fn extensions(name: &str, extensions: &[Extension], wrapper: Option<&Tlv<'_>>) -> Node {
    let places: Vec<Place> = wrapper
        .and_then(|wrapper| wrapper.members().ok()?.first()?.members().ok())
        .unwrap_or_default()
        .iter()
        .map(Tlv::place)
        .collect();
    let children = extensions.iter().enumerate().map(|(index, extension)| {
        let critical = if extension.critical { "critical, " } else { "" };
        Node::new(oid::name(extension.oid))
            .value(format!("{critical}{}", extension_value(extension)))
            .at(places.get(index).copied())
    });
    Node::new(name)
        .value(if extensions.is_empty() { "none".to_owned() } else { extensions.len().to_string() })
        .at(wrapper.map(Tlv::place))
        .with(children)
}

fn extension_value(extension: &Extension) -> String {
    let value = Tlv::read(Source::message(&extension.value), 0);
    let Ok(value) = value else { return format!("no ASN.1: {}", hex(&extension.value)) };
    let members = value.members().unwrap_or_default();
    match extension.oid {
        oid::KEY_USAGE => KeyUsage::read(&extension.value)
            .map_or_else(|| hex(&extension.value), |usage| usage.names().join(", ")),
        oid::BASIC_CONSTRAINTS => {
            let ca = members.first().is_some_and(|m| m.tag == tag::BOOLEAN && m.content() != [0]);
            let length = members.iter().find(|member| member.tag == tag::INTEGER);
            let length = length.map(|m| format!(", pathLenConstraint {}", primitive(m.tag, m.content())));
            format!("cA {ca}{}", length.unwrap_or_default())
        }
        oid::SUBJECT_KEY_ID => hex(value.content()),
        oid::AUTHORITY_KEY_ID => members
            .iter()
            .find(|member| member.tag == tag::context_primitive(0))
            .map_or_else(|| hex(&extension.value), |member| hex(member.content())),
        oid::EXT_KEY_USAGE => {
            members.iter().map(|m| primitive(m.tag, m.content())).collect::<Vec<_>>().join(", ")
        }
        oid::SUBJECT_ALT_NAME => alt_name::read(&value).map_or_else(
            |error| format!("{error}: {}", hex(&extension.value)),
            |names| {
                names
                    .iter()
                    .map(|name| alt_name::print(std::slice::from_ref(name)))
                    .collect::<Vec<_>>()
                    .join(", ")
            },
        ),
        oid::CERTIFICATE_TEMPLATE | oid::CERTIFICATE_TEMPLATE_NAME => {
            match CertificateTemplate::read(extension) {
                Ok(Some(template)) => template.to_string(),
                Ok(None) => hex(&extension.value),
                Err(error) => format!("{error}: {}", hex(&extension.value)),
            }
        }
        _ if value.is_constructed() => hex(&extension.value),
        _ => format!("{} {}", tag_name(value.tag), primitive(value.tag, value.content())),
    }
}

/// IssuerAndSerialNumber: the messageData of GetCert and GetCRL, and how CMS names a certificate. CMS may
/// name it by subject key identifier too.
pub(super) fn issuer_and_serial(label: &str, source: Source<'_>, place: Option<Place>) -> Node {
    let node = Node::new(label);
    let Ok(outer) = Tlv::read(source, 0) else { return node.value(hex(source.bytes)).at(place) };
    let node = node.at(place.unwrap_or_else(|| outer.place()));
    if outer.tag == tag::context_primitive(0) {
        return node.value(format!("subjectKeyIdentifier {}", hex(outer.content())));
    }
    match outer.members().unwrap_or_default().as_slice() {
        [issuer, serial] => {
            let significant: Vec<u8> = serial.content().iter().copied().skip_while(|b| *b == 0).collect();
            node.value(format!("{}, serialNumber {}", name::print(issuer.bytes()), hex(&significant)))
        }
        _ => node.value(hex(source.bytes)),
    }
}

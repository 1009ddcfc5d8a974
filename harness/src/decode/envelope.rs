//! The inner layer: EnvelopedData, and with a key what is in it.

use scep::cms::{Effort, EnvelopedData, Opened, Openers, RecipientInfo};
use scep::finding::Part;
use scep::suite::Cipher;
use scep::tlv::{Source, Tlv};
use scep::{Place, oid};

use super::asn1::primitive;
use super::certificate::issuer_and_serial;
use super::tree::{Node, Reader, hex, members_at, path_to, place_of};

impl Reader<'_> {
    /// EnvelopedData inside its ContentInfo.
    pub(super) fn enveloped_data(&mut self, source: Source<'_>, outer: &Tlv<'_>) -> Node {
        let mut findings = Vec::new();
        let read = EnvelopedData::read(source, &mut findings);
        self.found(findings);
        match read {
            Ok(envelope) => self.envelope(&envelope, outer),
            Err(error) => self.unreadable("EnvelopedData", outer, &error),
        }
    }

    fn envelope(&mut self, envelope: &EnvelopedData, outer: &Tlv<'_>) -> Node {
        let path = path_to(outer, envelope.cipher_place);
        let up = |levels: usize| path.iter().rev().nth(levels);
        let inner = up(1).and_then(|content| content.members().ok()).unwrap_or_default();
        let members = up(2).and_then(|enveloped| enveloped.members().ok()).unwrap_or_default();
        let version = members.first().map(|version| {
            Node::new("version").value(primitive(version.tag, version.content())).at(version.place())
        });
        let recipients = envelope
            .recipients
            .iter()
            .enumerate()
            .map(|(index, recipient)| recipient_info(index, recipient, outer));
        let known = if Cipher::from_oid(envelope.cipher).is_some() { "" } else { " (not known here)" };
        let content = Node::new("encryptedContentInfo").at(up(1).map(Tlv::place)).with([
            Node::new("contentType")
                .value(oid::name(envelope.content_type))
                .at(inner.first().map(Tlv::place)),
            Node::new("contentEncryptionAlgorithm")
                .value(format!("{}{known}, IV {}", oid::name(envelope.cipher), hex(&envelope.iv)))
                .at(envelope.cipher_place),
            Node::new("encryptedContent")
                .value(format!("{} octets", envelope.encrypted.len()))
                .at(inner.get(2).map(Tlv::place)),
        ]);
        let (kind, name) = match envelope.authentication {
            Some(_) => ("authEnvelopedData", "AuthEnvelopedData"),
            None => ("envelopedData", "EnvelopedData"),
        };
        let mac = envelope.authentication.as_ref().map(|authentication| {
            let place = members.last().filter(|last| last.content() == authentication.mac).map(Tlv::place);
            Node::new("mac").value(hex(&authentication.mac)).at(place)
        });
        Node::new("ContentInfo").value(kind).at(outer.place()).with([Node::new(name)
            .at(up(2).map(Tlv::place))
            .with(version)
            .with(recipients)
            .with([content])
            .with(mac)
            .with([self.message_data(envelope)])])
    }

    fn message_data(&mut self, envelope: &EnvelopedData) -> Node {
        let node = Node::new("messageData");
        if self.keys.is_empty() && self.passwords.is_empty() {
            return node.value("not opened: no --key, no --password");
        }
        let openers = Openers::default().and_keys(self.keys).and_passwords(self.passwords);
        match envelope.open_and_tell(openers, &mut Effort::default()) {
            Ok(Opened { plain, password }) => {
                let opener = if password.is_some() { "password" } else { "key" };
                let node = node
                    .value(format!("{} octets, opened with the {opener}", plain.len()))
                    .at(Place { part: Part::MessageData, start: 0, end: plain.len() });
                match self.structure(Source::message_data(&plain)) {
                    Ok(content) => node.with([content]),
                    Err(error) => node.with([Node::new("content").value(format!("no ASN.1: {error}"))]),
                }
            }
            Err(error) => node.value(format!("not opened: {error}")),
        }
    }
}

fn recipient_info(index: usize, recipient: &RecipientInfo, outer: &Tlv<'_>) -> Node {
    let node = Node::new(format!("recipientInfos[{index}]")).value(recipient.kind).at(recipient.place);
    let members = members_at(outer, recipient.place);
    let place = |octets: &[u8]| place_of(&members, octets);
    let Some(algorithm) = recipient.algorithm else { return node };
    // The two last members of every kind with an algorithm, but for a kari, where a list of keys follows.
    let last = |back: usize| members.iter().rev().nth(back).map(Tlv::place);
    let rid = (!recipient.rid.is_empty())
        .then(|| issuer_and_serial("rid", Source::message(&recipient.rid), place(&recipient.rid)));
    let derivation = recipient.derivation().map(|derivation| {
        Node::new("keyDerivationAlgorithm")
            .value(format!("PBKDF2, HMAC {}, {} iterations", derivation.digest.name(), derivation.iterations))
            .at(last(2))
    });
    node.with(rid).with(derivation).with([
        Node::new("keyEncryptionAlgorithm").value(oid::name(algorithm)).at(last(1)),
        Node::new("encryptedKey").value(format!("{} octets", recipient.encrypted_key.len())).at(last(0)),
    ])
}

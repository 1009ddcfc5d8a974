//! Certificate revocation lists: what a GetCRL brings, and what stands on its own.

use scep::UnixTime;
use scep::crl::{Crl, Revoked};
use scep::tlv::{Source, Tlv, tag};
use scep::{name, oid};

use super::certificate::extensions;
use super::tree::{Node, Reader, hex, place_of};

/// Entries that are shown: a CRL may have thousands.
const ENTRIES: usize = 50;

impl Reader<'_> {
    /// A CRL; what its reader refuses is shown element by element.
    pub(super) fn crl(&mut self, label: &str, source: Source<'_>, outer: &Tlv<'_>) -> Node {
        match Crl::read(source) {
            Ok(read) => {
                self.found(read.findings);
                let signature = outer.members().ok().and_then(|members| members.get(2).copied());
                let signature = self.issued("CRL", &read.value, signature.as_ref());
                fields(label, &read.value, outer, &signature)
            }
            Err(error) => self.unreadable(label, outer, &error),
        }
    }
}

fn fields(label: &str, crl: &Crl, outer: &Tlv<'_>, signature: &str) -> Node {
    let signed = outer.members().unwrap_or_default();
    let members = signed.first().and_then(|tbs| tbs.members().ok()).unwrap_or_default();
    let mut times = members.iter().filter(|member| is_time(member)).map(Tlv::place);
    let time =
        |time: Option<UnixTime>| time.map_or_else(|| "not a time of DER".to_owned(), |time| time.to_string());
    let this_update = Node::new("thisUpdate").value(time(crl.this_update)).at(times.next());
    let next_update = match times.next() {
        Some(at) => Node::new("nextUpdate").value(time(crl.next_update)).at(at),
        None => Node::new("nextUpdate").value("absent"),
    };
    let list =
        members.iter().skip_while(|member| !is_time(member)).find(|member| member.tag == tag::SEQUENCE);
    let entries = list.and_then(|list| list.members().ok()).unwrap_or_default();
    let mut shown: Vec<Node> = crl
        .revoked
        .iter()
        .take(ENTRIES)
        .enumerate()
        .map(|(index, revoked)| entry(index, revoked).at(entries.get(index).map(Tlv::place)))
        .collect();
    if crl.revoked.len() > ENTRIES {
        shown.push(Node::new("…").value(format!("{} more entries", crl.revoked.len() - ENTRIES)));
    }
    let count = if crl.revoked.is_empty() { "none".to_owned() } else { crl.revoked.len().to_string() };
    let wrapper = members.iter().find(|member| member.tag == tag::context(0));
    let algorithm = signed
        .get(1)
        .and_then(|algorithm| oid::name_of_content(algorithm.members().ok()?.first()?.content()));
    Node::new(label).value(name::print(&crl.issuer)).at(outer.place()).with([
        Node::new("issuer").value(name::print(&crl.issuer)).at(place_of(&members, &crl.issuer)),
        this_update,
        next_update,
        Node::new("revokedCertificates").value(count).at(list.map(Tlv::place)).with(shown),
        extensions("crlExtensions", &crl.extensions, wrapper),
        Node::new("signatureAlgorithm")
            .value(algorithm.unwrap_or_default())
            .at(signed.get(1).map(Tlv::place)),
        Node::new("signatureValue").value(signature).at(signed.get(2).map(Tlv::place)),
    ])
}

fn is_time(member: &Tlv<'_>) -> bool {
    matches!(member.tag, tag::UTC_TIME | tag::GENERALIZED_TIME)
}

fn entry(index: usize, revoked: &Revoked) -> Node {
    let at = revoked.at.map_or_else(|| "not a time of DER".to_owned(), |at| at.to_string());
    let reason = revoked.reason.map(|reason| format!(", {}", reason_name(reason))).unwrap_or_default();
    let serial = hex(revoked.serial.shortest());
    Node::new(format!("revokedCertificates[{index}]")).value(format!("serialNumber {serial}, {at}{reason}"))
}

/// CRLReason, RFC 5280 5.3.1.
fn reason_name(reason: u8) -> String {
    let name = match reason {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        _ => return format!("reason {reason}, not defined"),
    };
    name.to_owned()
}

//! Facts of GetCert and GetCRL: what is asked for, and the certificate or CRL that comes.

use scep::certificate::Certificate;
use scep::crl::Crl;
use scep::message::IssuerAndSerial;

use super::payload::{PAYLOAD, opened, payload, whose};
use super::{Fact, Find, Kind, Row, Scene};

const LOOKUP: &str = "an opened envelope with an IssuerAndSerialNumber";
const CRL: &str = "a readable CRL in a certificates-only SignedData";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "lookup.issuer",
        kind: Kind::Text,
        parent: LOOKUP,
        doc: "whose name `issuer` is: `ca` (the issuing certificate's subject) or `other`",
        find: Find::Message(|scene| lookup(scene, |named| whose(scene, &named.issuer))),
    },
    Row {
        path: "lookup.serial",
        kind: Kind::Octets,
        parent: LOOKUP,
        doc: "content octets of its serialNumber",
        find: Find::Message(|scene| lookup(scene, |named| Fact::octets(named.serial.octets()))),
    },
    Row {
        path: "payload.named",
        kind: Kind::Bool,
        parent: "certificates-only SignedData, asked for by issuer and serial number",
        doc: "it holds the certificate that was asked for by issuer and serial number",
        find: Find::Message(|scene| {
            payload(scene, |_| match &scene.decoded.request.lookup {
                Some(Ok(named)) => {
                    Fact::bool(scene.side.certificates.iter().any(|certificate| named.names(certificate)))
                }
                _ => Fact::missing("no certificate was asked for"),
            })
        }),
    },
    Row {
        path: "payload.crls",
        kind: Kind::Number,
        parent: PAYLOAD,
        doc: "its CRLs",
        find: Find::Message(|scene| payload(scene, |p| Fact::number(p.crls.len()).at(scene.which, p.place))),
    },
    Row {
        path: "crl.issuer",
        kind: Kind::Text,
        parent: CRL,
        doc: "whose name its issuer is: `ca` (the issuing certificate's subject) or `other`",
        find: Find::Message(|scene| crl(scene, |crl| whose(scene, &crl.issuer))),
    },
    Row {
        path: "crl.signature",
        kind: Kind::Text,
        parent: CRL,
        doc: "`verifies` with the key of a certificate of GetCACert, or `fails`",
        find: Find::Message(|scene| {
            crl(scene, |crl| match scene.view.ca {
                Some(ca) => {
                    let holds =
                        |issuer: &Certificate| issuer.public_key().is_ok_and(|key| crl.verifies_with(&key));
                    Fact::text(if ca.certificates.iter().any(holds) { "verifies" } else { "fails" })
                }
                None => Fact::missing("there are no CA certificates"),
            })
        }),
    },
    Row {
        path: "crl.lists",
        kind: Kind::Bool,
        parent: "a CRL, asked for by serial number",
        doc: "it has an entry for the serial number that was asked for",
        find: Find::Message(|scene| {
            crl(scene, |crl| match &scene.decoded.request.lookup {
                Some(Ok(named)) => Fact::bool(crl.entry(&named.serial).is_some()),
                _ => Fact::missing("no serial number was asked for"),
            })
        }),
    },
    Row {
        path: "crl.updatesOrdered",
        kind: Kind::Bool,
        parent: CRL,
        doc: "nextUpdate is there, and after thisUpdate",
        find: Find::Message(|scene| {
            crl(scene, |crl| Fact::bool(crl.this_update.is_some() && crl.next_update > crl.this_update))
        }),
    },
];

fn lookup(scene: &Scene<'_>, find: impl Fn(&IssuerAndSerial) -> Fact) -> Fact {
    opened(scene.side.lookup.as_ref(), "opened IssuerAndSerialNumber", find)
}

fn crl(scene: &Scene<'_>, find: impl Fn(&Crl) -> Fact) -> Fact {
    payload(scene, |_| opened(scene.side.crl.as_ref(), "CRL", &find))
}

//! Faults of the encoding.

use super::{Row, Target};
use crate::material::Kind;

pub(super) const ROWS: &[Row] = &[
    (
        "message.content.chunks-1000",
        Target::Message(Kind::PkcsReq),
        &[],
        &["ber.constructed-string", "ber.indefinite-length", "cms.not-strict"],
    ),
    (
        "message.content.chunks-1",
        Target::Message(Kind::PkcsReq),
        &[],
        &["ber.constructed-string", "cms.not-strict"],
    ),
    (
        "envelope.content.chunks-128",
        Target::Message(Kind::PkcsReq),
        &[],
        &["ber.constructed-string", "ber.indefinite-length"],
    ),
    ("envelope.indefinite", Target::Message(Kind::PkcsReq), &[], &["ber.indefinite-length"]),
    ("message.long-length", Target::Message(Kind::PkcsReq), &[], &["ber.long-length", "cms.not-strict"]),
    (
        "message.length.more",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    (
        "message.length.less",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    (
        "message.content.length-more",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    (
        "message.reversed",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    (
        "message.nested",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    (
        "message.tag",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    (
        "message.cut-in-signer",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    (
        "message.random",
        Target::Message(Kind::PkcsReq),
        &["eContent", "envelope", "opens", "readable", "signedAttributes"],
        &[],
    ),
    ("signer.signature.trailing", Target::Message(Kind::PkcsReq), &[], &["cms.not-strict"]),
    ("content.trailing", Target::Message(Kind::PkcsReq), &[], &["framing.trailing-bytes"]),
    ("envelope.naked", Target::Message(Kind::PkcsReq), &["envelope", "opens"], &[]),
];

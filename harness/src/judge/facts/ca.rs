//! Facts of GetCACaps and GetCACert answers.

use scep::ca_cert::CaCertificates;
use scep::caps::{Capabilities, KEYWORDS};
use scep::certificate::Certificate;
use scep::{Finding, Rule};

use super::{Fact, Find, Kind, Row};
use crate::judge::view::View;
use crate::transcript::Reply;

const CAPS: &str = "an answer to GetCACaps with status 200";
const CERT: &str = "an answer to GetCACert that holds certificates";

pub(super) const ROWS: &[Row] = &[
    Row {
        path: "caps.keywords",
        kind: Kind::List,
        parent: CAPS,
        doc: "every keyword, in order",
        find: Find::View(|view| caps(view, |caps, _| Fact::list(caps.keywords().iter().cloned()))),
    },
    Row {
        path: "caps.known",
        kind: Kind::List,
        parent: CAPS,
        doc: "keywords of RFC 8894 Table 7, whatever their letter case; absent when there is none",
        find: Find::View(|view| {
            caps(view, |caps, _| some(caps.keywords().iter().filter(|k| in_table(k)).cloned()))
        }),
    },
    Row {
        path: "caps.miscased",
        kind: Kind::List,
        parent: CAPS,
        doc: "keywords of Table 7 in another letter case; absent when there is none",
        find: Find::View(|view| caps(view, |_, findings| some(details(findings, Rule::CapabilityCase)))),
    },
    Row {
        path: "caps.odd",
        kind: Kind::List,
        parent: CAPS,
        doc: "lines that are not one keyword ended by LF or CRLF; absent when there is none",
        find: Find::View(|view| caps(view, |_, findings| some(details(findings, Rule::CapabilityLine)))),
    },
    Row {
        path: "caps.unregistered",
        kind: Kind::List,
        parent: CAPS,
        doc: "keywords neither in Table 7 nor with a domain or organisation prefix; absent when there is none",
        find: Find::View(|view| {
            caps(view, |caps, _| {
                some(
                    caps.keywords()
                        .iter()
                        .filter(|keyword| !in_table(keyword) && !is_private(keyword))
                        .cloned(),
                )
            })
        }),
    },
    Row {
        path: "caps.private",
        kind: Kind::List,
        parent: CAPS,
        doc: "keywords with the prefix of a domain or organisation; absent when there is none",
        find: Find::View(|view| {
            caps(view, |caps, _| some(caps.keywords().iter().filter(|keyword| is_private(keyword)).cloned()))
        }),
    },
    Row {
        path: "caps.scepStandard",
        kind: Kind::Bool,
        parent: CAPS,
        doc: "SCEPStandard is listed",
        find: Find::View(|view| lists(view, "SCEPStandard")),
    },
    Row {
        path: "caps.implied",
        kind: Kind::List,
        parent: CAPS,
        doc: "of AES, POSTPKIOperation and SHA-256 those that are listed by themselves; absent when none is",
        find: Find::View(|view| {
            caps(view, |caps, _| {
                some(
                    ["AES", "POSTPKIOperation", "SHA-256"]
                        .into_iter()
                        .filter(|k| caps.keywords().iter().any(|l| l == k)),
                )
            })
        }),
    },
    Row {
        path: "caps.lists.AES",
        kind: Kind::Bool,
        parent: CAPS,
        doc: "AES is listed",
        find: Find::View(|view| lists(view, "AES")),
    },
    Row {
        path: "caps.lists.DES3",
        kind: Kind::Bool,
        parent: CAPS,
        doc: "DES3 is listed",
        find: Find::View(|view| lists(view, "DES3")),
    },
    Row {
        path: "caps.lists.POSTPKIOperation",
        kind: Kind::Bool,
        parent: CAPS,
        doc: "POSTPKIOperation is listed",
        find: Find::View(|view| lists(view, "POSTPKIOperation")),
    },
    Row {
        path: "caps.lists.SHA-1",
        kind: Kind::Bool,
        parent: CAPS,
        doc: "SHA-1 is listed",
        find: Find::View(|view| lists(view, "SHA-1")),
    },
    Row {
        path: "caps.lists.SHA-256",
        kind: Kind::Bool,
        parent: CAPS,
        doc: "SHA-256 is listed",
        find: Find::View(|view| lists(view, "SHA-256")),
    },
    Row {
        path: "caps.lists.SHA-512",
        kind: Kind::Bool,
        parent: CAPS,
        doc: "SHA-512 is listed",
        find: Find::View(|view| lists(view, "SHA-512")),
    },
    Row {
        path: "caCert.readable",
        kind: Kind::Bool,
        parent: "an HTTP answer to GetCACert",
        doc: "the body is a certificate or a certificates-only SignedData with one at least",
        find: Find::View(|view| match view.exchange.and_then(|(_, _, decoded)| decoded.ca.as_ref()) {
            Some(ca) => Fact::bool(ca.is_ok()),
            None => Fact::missing("there is no HTTP answer to GetCACert"),
        }),
    },
    Row {
        path: "caCert.form",
        kind: Kind::Text,
        parent: CERT,
        doc: "`certificate` or `chain`",
        find: Find::View(|view| {
            cert(view, |ca, _| Fact::text(if ca.is_chain { "chain" } else { "certificate" }))
        }),
    },
    Row {
        path: "caCert.count",
        kind: Kind::Number,
        parent: CERT,
        doc: "number of certificates",
        find: Find::View(|view| cert(view, |ca, _| Fact::number(ca.certificates.len()))),
    },
    Row {
        path: "caCert.findings",
        kind: Kind::List,
        parent: CERT,
        doc: "ids of reader rules that the body departs from; absent when there is none",
        find: Find::View(|view| {
            cert(view, |_, findings| some(findings.iter().map(|finding| finding.rule.id())))
        }),
    },
    Row {
        path: "caCert.complete",
        kind: Kind::Bool,
        parent: CERT,
        doc: "from the issuing certificate up to one that is issued by itself, every certificate is there",
        find: Find::View(|view| {
            cert(view, |ca, _| match ca.issuer() {
                Some(issuer) => Fact::bool(path(ca, issuer).last().unwrap_or(issuer).is_self_signed()),
                None => Fact::missing("there is no CA certificate"),
            })
        }),
    },
    Row {
        path: "caCert.unrelated",
        kind: Kind::Number,
        parent: CERT,
        doc: "certificates that are neither on the path from the issuing one upwards nor issued by one on it",
        find: Find::View(|view| {
            cert(view, |ca, _| {
                let path: Vec<&Certificate> = ca
                    .issuer()
                    .into_iter()
                    .flat_map(|issuer| std::iter::once(issuer).chain(path(ca, issuer)))
                    .collect();
                let is_related =
                    |one: &Certificate| path.iter().any(|up| up.der == one.der || one.is_issued_by(up));
                Fact::number(ca.certificates.iter().filter(|one| !is_related(one)).count())
            })
        }),
    },
    Row {
        path: "caCert.ra.count",
        kind: Kind::Number,
        parent: CERT,
        doc: "certificates beside the CA's that are no CA: those of a registration authority",
        find: Find::View(|view| cert(view, |ca, _| Fact::number(registration(ca).count()))),
    },
    Row {
        path: "caCert.ra.signs",
        kind: Kind::Bool,
        parent: "keyUsage in a registration authority's certificate",
        doc: "one of them has digitalSignature in its keyUsage; absent when one has no keyUsage",
        find: Find::View(|view| {
            cert(view, |ca, _| {
                if registration(ca).next().is_none() {
                    return Fact::missing("there is no registration authority");
                }
                let usages: Option<Vec<_>> = registration(ca).map(Certificate::key_usage).collect();
                Fact::from(usages.map(|all| {
                    Fact::bool(all.iter().any(|usage| usage.names().contains(&"digitalSignature")))
                }))
            })
        }),
    },
    Row {
        path: "caCert.issuer.isCa",
        kind: Kind::Bool,
        parent: CERT,
        doc: "the issuing certificate says cA TRUE, or is a self-signed one without extensions",
        find: Find::View(|view| {
            issuer(view, |c| Fact::bool(c.is_ca() || (c.extensions.is_empty() && c.is_self_signed())))
        }),
    },
    Row {
        path: "caCert.issuer.keyUsage",
        kind: Kind::List,
        parent: CERT,
        doc: "keyUsage of the certificate that issues; absent without that extension",
        find: Find::View(|view| issuer(view, key_usage)),
    },
    Row {
        path: "caCert.issuer.signs",
        kind: Kind::Bool,
        parent: "keyUsage in the issuing certificate",
        doc: "its keyUsage has digitalSignature",
        find: Find::View(|view| issuer(view, |c| usage(c, &["digitalSignature"]))),
    },
    Row {
        path: "caCert.issuer.issues",
        kind: Kind::Bool,
        parent: "keyUsage in the issuing certificate",
        doc: "its keyUsage has keyCertSign or cRLSign",
        find: Find::View(|view| issuer(view, |c| usage(c, &["keyCertSign", "cRLSign"]))),
    },
    Row {
        path: "caCert.recipient.enciphers",
        kind: Kind::Bool,
        parent: "keyUsage in the only certificate, or in the one that is no CA",
        doc: "keyUsage of the certificate that requests are enveloped to has keyEncipherment",
        find: Find::View(|view| recipient(view, |certificate| usage(certificate, &["keyEncipherment"]))),
    },
    Row {
        path: "caCert.recipient.keyUsage",
        kind: Kind::List,
        parent: CERT,
        doc: "keyUsage of the certificate that requests are enveloped to; absent without that extension",
        find: Find::View(|view| recipient(view, key_usage)),
    },
    Row {
        path: "caCert.issuer.keyBits",
        kind: Kind::Number,
        parent: "an RSA key in the issuing certificate",
        doc: "length of the modulus in bits",
        find: Find::View(|view| {
            issuer(view, |c| match c.public_key() {
                Ok(key) => Fact::number(key.bits()),
                Err(error) => Fact::missing(error.to_string()),
            })
        }),
    },
];

/// Certificates of a registration authority: beside the CA's, and no CA.
fn registration(ca: &CaCertificates) -> impl Iterator<Item = &Certificate> {
    ca.certificates.iter().filter(|one| ca.certificates.len() > 1 && !one.is_ca())
}

/// The certificates above one, as far as they are there: who issued it, who issued that, …
pub(super) fn path<'a>(
    ca: &'a CaCertificates,
    from: &'a Certificate,
) -> impl Iterator<Item = &'a Certificate> {
    let above = |one: &&'a Certificate| {
        let lower: &'a Certificate = one;
        ca.certificates.iter().find(|up| up.der != lower.der && lower.is_issued_by(up))
    };
    // No longer than the list, should certificates go round in a circle.
    std::iter::successors(above(&from), move |one| above(one)).take(ca.certificates.len())
}

fn is_private(keyword: &str) -> bool {
    keyword.contains('-') && keyword.contains('.')
}

fn in_table(keyword: &str) -> bool {
    KEYWORDS.iter().any(|known| known.eq_ignore_ascii_case(keyword))
}

/// The items as a list, or absent without any.
pub(super) fn some<T: Into<String>>(items: impl Iterator<Item = T>) -> Fact {
    let mut items = items.peekable();
    if items.peek().is_none() { Fact::Absent } else { Fact::list(items) }
}

fn details(findings: &[Finding], rule: Rule) -> impl Iterator<Item = String> {
    findings.iter().filter(move |finding| finding.rule == rule).map(|finding| finding.detail.clone())
}

fn caps(view: &View<'_>, find: impl Fn(&Capabilities, &[Finding]) -> Fact) -> Fact {
    let Some((_, exchange, decoded)) = view.exchange else {
        return Fact::missing("the step exchanged nothing");
    };
    match (&exchange.reply, &decoded.caps) {
        (Reply::Answered(response), Some((caps, findings))) if response.status == 200 => find(caps, findings),
        _ => Fact::missing("there is no answer to GetCACaps with status 200"),
    }
}

fn lists(view: &View<'_>, keyword: &str) -> Fact {
    caps(view, |caps, _| Fact::bool(caps.keywords().iter().any(|one| one.eq_ignore_ascii_case(keyword))))
}

fn cert(view: &View<'_>, find: impl Fn(&CaCertificates, &[Finding]) -> Fact) -> Fact {
    match view.exchange.and_then(|(_, _, decoded)| decoded.ca.as_ref()) {
        Some(Ok((ca, findings))) => find(ca, findings),
        Some(Err(error)) => Fact::missing(format!("GetCACert: {error}")),
        None => Fact::missing("there is no answer to GetCACert"),
    }
}

fn issuer(view: &View<'_>, find: impl Fn(&Certificate) -> Fact) -> Fact {
    cert(view, |ca, _| match ca.issuer() {
        Some(issuer) => find(issuer),
        None => Fact::missing("there is no CA certificate"),
    })
}

/// The certificate that requests are enveloped to; the first one where keyUsage permits none.
fn recipient(view: &View<'_>, find: impl Fn(&Certificate) -> Fact) -> Fact {
    cert(view, |ca, _| match ca.recipient().or_else(|error| ca.certificates.first().ok_or(error)) {
        Ok(certificate) => find(certificate),
        Err(error) => Fact::missing(error.to_string()),
    })
}

fn key_usage(certificate: &Certificate) -> Fact {
    Fact::from(certificate.key_usage().map(|usage| Fact::list(usage.names())))
}

/// True when keyUsage has one of the names; absent without keyUsage.
fn usage(certificate: &Certificate, one_of: &[&str]) -> Fact {
    Fact::from(
        certificate
            .key_usage()
            .map(|usage| Fact::bool(one_of.iter().any(|name| usage.names().contains(name)))),
    )
}

//! Step verbs: what `do = "…"` in a case can say. One row here and one file in `step/` for each family.

mod ca;
mod enrol;
mod lookup;
mod operator;
mod poll;
mod raw;
mod renew;
pub mod stage;

use std::future::Future;
use std::pin::Pin;

use scep::fault::Fault;

use crate::data::lint::Verb;
use crate::data::{Repeat, Role};
use crate::runner::Error;
use stage::Stage;

/// A step of a case, its templates filled in.
#[derive(Debug, Clone)]
pub struct Call {
    /// Step id.
    pub id: String,
    /// Parameters.
    pub parameters: toml::Table,
    /// Faults of what it sends.
    pub faults: Vec<Fault>,
    /// Do it again while the answer has that pkiStatus.
    pub repeat: Option<Repeat>,
}

/// What a verb does on the stage of a server case.
pub type Act =
    for<'a> fn(&'a mut Stage<'_>, &'a Call) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// One verb.
#[derive(Clone, Copy)]
pub struct VerbRow {
    /// What lint knows of it.
    pub verb: Verb<'static>,
    /// What it does, for `explain`.
    pub doc: &'static str,
    /// The code; None for verbs of client cases, which the client runner carries out.
    pub act: Option<Act>,
}

impl std::fmt::Debug for VerbRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerbRow").field("verb", &self.verb).finish_non_exhaustive()
    }
}

/// Every verb.
pub const VERBS: &[VerbRow] = &[
    VerbRow {
        verb: Verb {
            name: "get-ca-caps",
            role: Some(Role::Server),
            parameters: &["query"],
            required: &[],
            gives: &[],
        },
        doc: "GET GetCACaps; `query` replaces the query",
        act: Some(|stage, call| Box::pin(ca::get_ca_caps(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "get-ca-cert",
            role: Some(Role::Server),
            parameters: &["query"],
            required: &[],
            gives: &[],
        },
        doc: "GET GetCACert; `query` replaces the query",
        act: Some(|stage, call| Box::pin(ca::get_ca_cert(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "pkcs-req",
            role: Some(Role::Server),
            parameters: &[
                "via",
                "cipher",
                "digest",
                "challenge",
                "subject",
                "dns",
                "transaction",
                "transaction-form",
                "like",
                "asks-for",
                "ber",
                "to",
            ],
            required: &["via", "cipher", "digest"],
            gives: &["transactionID"],
        },
        doc: "PKCSReq with a key and a self-signed certificate of its own, or those of step `like`; without `challenge` no challengePassword; `transaction-form` is words or address; `asks-for = \"ca\"` asks for CA rights; `to` envelopes it to the issuer, also where there is a registration authority, for the challengePassword, or to the next CA",
        act: Some(|stage, call| Box::pin(enrol::pkcs_req(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "cert-poll",
            role: Some(Role::Server),
            parameters: &["of", "via", "transaction", "subject"],
            required: &[],
            gives: &["transactionID"],
        },
        doc: "CertPoll signed as step `of` was; without `of` as a stranger with an unknown transactionID",
        act: Some(|stage, call| Box::pin(poll::cert_poll(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "renewal-req",
            role: Some(Role::Server),
            parameters: &["of", "key", "challenge", "subject", "signer", "as", "chain"],
            required: &["of"],
            gives: &["transactionID"],
        },
        doc: "RenewalReq, or `as = \"PKCSReq\"`, signed with the certificate that step `of` was granted, or with one of its own (`signer = \"self-signed\"`) or of another CA (`\"other-ca\"`); `key` is new or the same; `chain = \"whole\"` sends the certificates of GetCACert along",
        act: Some(|stage, call| Box::pin(renew::renewal_req(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "get-cert",
            role: Some(Role::Server),
            parameters: &["of", "serial"],
            required: &["of"],
            gives: &["transactionID"],
        },
        doc: "GetCert for the certificate that step `of` was granted, signed with it; `serial = \"unknown\"` asks for another",
        act: Some(|stage, call| Box::pin(lookup::get_cert(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "get-crl",
            role: Some(Role::Server),
            parameters: &["of", "serial"],
            required: &["of"],
            gives: &["transactionID"],
        },
        doc: "GetCRL for the certificate that step `of` was granted, signed with it; `serial = \"unknown\"` asks for another",
        act: Some(|stage, call| Box::pin(lookup::get_crl(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "get-next-ca-cert",
            role: Some(Role::Server),
            parameters: &[],
            required: &[],
            gives: &[],
        },
        doc: "GET GetNextCACert",
        act: Some(|stage, call| Box::pin(ca::get_next_ca_cert(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "operator-revoke",
            role: Some(Role::Server),
            parameters: &["of"],
            required: &["of"],
            gives: &[],
        },
        doc: "the server's operator revokes the certificate that step `of` was granted",
        act: Some(|stage, call| Box::pin(operator::revoke(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "http",
            role: Some(Role::Server),
            parameters: &["method", "query", "hex", "garbage", "content-type"],
            required: &["method", "query"],
            gives: &[],
        },
        doc: "any HTTP request; body from `hex`, or `garbage` random octets",
        act: Some(|stage, call| Box::pin(raw::http(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "operator-approve",
            role: Some(Role::Server),
            parameters: &["transaction"],
            required: &["transaction"],
            gives: &[],
        },
        doc: "the server's operator grants a pending request",
        act: Some(|stage, call| Box::pin(operator::approve(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "operator-reject",
            role: Some(Role::Server),
            parameters: &["transaction"],
            required: &["transaction"],
            gives: &[],
        },
        doc: "the server's operator refuses a pending request",
        act: Some(|stage, call| Box::pin(operator::reject(stage, call))),
    },
    VerbRow {
        verb: Verb {
            name: "client-enrol",
            role: Some(Role::Client),
            parameters: &["subject", "ca", "key", "pin"],
            required: &[],
            gives: &[],
        },
        doc: "runs the client under test once, to enrol with our server; `ca` is `root`, `intermediate`, `ra` (two certificates) or `ec`, `key` is `rsa` or `ec`, and it is told to trust `pin`: `ca` (the root), `key` (the digest is that of the root's key alone) or `other`",
        act: None,
    },
    VerbRow {
        verb: Verb {
            name: "client-renew",
            role: Some(Role::Client),
            parameters: &["of", "key"],
            required: &["of"],
            gives: &[],
        },
        doc: "runs the client under test to renew the certificate that step `of` left; `key` is new or, with `same`, the one that it has",
        act: None,
    },
    VerbRow {
        verb: Verb {
            name: "client-getcert",
            role: Some(Role::Client),
            parameters: &["of"],
            required: &["of"],
            gives: &[],
        },
        doc: "runs the client under test to look up the certificate that step `of` left, by its serial number",
        act: None,
    },
    VerbRow {
        verb: Verb {
            name: "client-getcrl",
            role: Some(Role::Client),
            parameters: &["of"],
            required: &["of"],
            gives: &[],
        },
        doc: "runs the client under test to fetch the CRL on which the certificate that step `of` left would be",
        act: None,
    },
    VerbRow {
        verb: Verb {
            name: "client-getnextca",
            role: Some(Role::Client),
            parameters: &["ca", "next"],
            required: &[],
            gives: &[],
        },
        doc: "runs the client under test to fetch the next CA certificate; there is none unless `next` is `prepared`",
        act: None,
    },
];

/// The row of a verb.
#[must_use]
pub fn verb(name: &str) -> Option<&'static VerbRow> {
    VERBS.iter().find(|row| row.verb.name == name)
}

impl Call {
    /// A text parameter.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.parameters.get(key)?.as_str()
    }

    /// A parameter that is a name of a closed list.
    pub(crate) fn named<T>(&self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let text = self.text(key).unwrap_or_default();
        parse(text).ok_or_else(|| self.wrong(format!("`{key}` is `{text}`, which is unknown")))
    }

    pub(crate) fn wrong(&self, detail: impl Into<String>) -> Error {
        Error::Step { step: self.id.clone(), detail: detail.into() }
    }

    pub(crate) fn write_error(&self) -> impl Fn(scep::Error) -> Error + '_ {
        |source| Error::Write { step: self.id.clone(), source }
    }
}

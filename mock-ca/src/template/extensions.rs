//! The extensions of constants, DER (RFC 5280 4.2.1.4, 4.2.1.13, 4.2.2.1).
//!
//! ```text
//! AuthorityInfoAccessSyntax ::= SEQUENCE OF SEQUENCE { accessMethod OID, accessLocation GeneralName }
//! certificatePolicies ::= SEQUENCE OF SEQUENCE { policyIdentifier OID, policyQualifiers SEQUENCE OF
//!   SEQUENCE { policyQualifierId OID, qualifier } OPTIONAL }
//! CRLDistributionPoints ::= SEQUENCE OF SEQUENCE { distributionPoint [0] { fullName [0] GeneralNames } }
//! ```

use const_oid::ObjectIdentifier;
use scep::alt_name::GeneralName;
use scep::certificate::Extension;
use scep::tlv::tag;
use scep::write;

/// authorityInfoAccess.
pub(super) const AUTHORITY_INFO_ACCESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
/// certificatePolicies.
pub(super) const CERTIFICATE_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.32");
/// cRLDistributionPoints.
pub(super) const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");

/// What stands for the number of the generation in the URI of a distribution point.
pub(super) const GENERATION: &str = "{generation}";

const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");
/// The URI of a certification practice statement, as qualifier of a policy.
const CPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
/// A text to be shown, as qualifier of a policy.
const USER_NOTICE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2");

/// A policy with its qualifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) oid: ObjectIdentifier,
    /// URI of the practice statement, US-ASCII.
    pub(super) cps: Option<String>,
    /// Text to be shown, at most 200 characters (RFC 5280 4.2.1.4).
    pub(super) notice: Option<String>,
}

/// Where there is more about the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) method: Method,
    /// US-ASCII.
    pub(super) uri: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Ocsp,
    CaIssuers,
}

pub(super) fn authority_info_access(list: &[Access]) -> Extension {
    let access = |Access { method, uri }: &Access| {
        let method = match method {
            Method::Ocsp => OCSP,
            Method::CaIssuers => CA_ISSUERS,
        };
        write::sequence(&[&write::oid(method), &GeneralName::Uri(uri.clone()).write()])
    };
    let members: Vec<Vec<u8>> = list.iter().map(access).collect();
    // RFC 5280 4.2.2.1: never critical.
    extension(AUTHORITY_INFO_ACCESS, false, &members)
}

pub(super) fn certificate_policies(policies: &[Policy], critical: bool) -> Extension {
    let policy = |Policy { oid, cps, notice }: &Policy| {
        let cps = cps
            .as_ref()
            .map(|uri| write::sequence(&[&write::oid(CPS), &write::tlv(tag::IA5_STRING, uri.as_bytes())]));
        let notice = notice.as_ref().map(|text| {
            let text = write::tlv(tag::UTF8_STRING, text.as_bytes());
            write::sequence(&[&write::oid(USER_NOTICE), &write::sequence(&[&text])])
        });
        let qualifiers: Vec<Vec<u8>> = cps.into_iter().chain(notice).collect();
        let qualifiers =
            if qualifiers.is_empty() { Vec::new() } else { write::tlv(tag::SEQUENCE, &qualifiers.concat()) };
        write::sequence(&[&write::oid(*oid), &qualifiers])
    };
    let members: Vec<Vec<u8>> = policies.iter().map(policy).collect();
    extension(CERTIFICATE_POLICIES, critical, &members)
}

/// One distribution point for all URIs: each leads to the same CRL.
pub(super) fn crl_distribution_points(uris: &[String]) -> Extension {
    let names: Vec<Vec<u8>> = uris.iter().map(|uri| GeneralName::Uri(uri.clone()).write()).collect();
    let full_name = write::tlv(tag::context(0), &write::tlv(tag::context(0), &names.concat()));
    extension(CRL_DISTRIBUTION_POINTS, false, &[write::sequence(&[&full_name])])
}

fn extension(oid: ObjectIdentifier, critical: bool, members: &[Vec<u8>]) -> Extension {
    Extension { oid, critical, value: write::tlv(tag::SEQUENCE, &members.concat()) }
}

//! Whether a certificate is revoked: first by the CRL that it points to, then by GetCRL, RFC 8894 2.7. A CRL
//! counts only when a certificate of the CA verifies it and it is current.

use const_oid::ObjectIdentifier;
use scep::UnixTime;
use scep::alt_name::GeneralName;
use scep::ca_cert::CaCertificates;
use scep::certificate::Certificate;
use scep::client::{Found, LookupVerdict};
use scep::crl::Crl;
use scep::http::HttpResponse;
use scep::name;
use scep::serial::SerialNumber;
use scep::tlv::{Source, Tlv, tag};

use crate::clock::Clock;
use crate::ops::LookedUp;
use crate::transport::TransportError;

/// cRLDistributionPoints, RFC 5280 4.2.1.13.
const DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");

/// Fetches what a URL names.
pub trait Fetch {
    /// The answer to a GET, whatever its status.
    ///
    /// # Errors
    /// When there is none, or the URL is of another kind.
    fn fetch(&mut self, url: &str) -> Result<HttpResponse, TransportError>;
}

/// Where the CRL came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrlSource {
    /// A distribution point of the certificate: its URL.
    DistributionPoint(String),
    /// GetCRL.
    Query,
}

/// What is known of a certificate.
#[derive(Debug, Clone, PartialEq)]
pub enum Revocation {
    /// It is not on the CRL.
    Good {
        /// The CRL.
        crl: Box<Crl>,
        /// Where it came from.
        source: CrlSource,
    },
    /// It is on the CRL.
    Revoked {
        /// When; None in a form that cannot be read.
        at: Option<UnixTime>,
        /// CRLReason; None when it is not given.
        reason: Option<u8>,
        /// Where the CRL came from.
        source: CrlSource,
    },
    /// There is no CRL that counts.
    Unknown,
}

/// The URLs of a certificate's distribution points that HTTP reaches, in order; without an extension none.
#[must_use]
pub fn distribution_points(certificate: &Certificate) -> Vec<String> {
    let extension = certificate.extensions.iter().find(|extension| extension.oid == DISTRIBUTION_POINTS);
    extension.and_then(|extension| read_points(&extension.value)).unwrap_or_default()
}

fn read_points(value: &[u8]) -> Option<Vec<String>> {
    let points = Tlv::read(Source::message(value), 0).ok()?.expect("points", tag::SEQUENCE).ok()?;
    let mut urls = Vec::new();
    for point in points.members().ok()? {
        // DistributionPoint { distributionPoint [0] { fullName [0] GeneralNames } }
        let members = point.members().ok()?;
        let Some(name) = members.iter().find(|member| member.tag == tag::context(0)) else { continue };
        for full in name.members().ok()?.iter().filter(|one| one.tag == tag::context(0)) {
            urls.extend(full.members().ok()?.iter().filter_map(|one| match GeneralName::read(one) {
                Ok(GeneralName::Uri(url)) if is_http(&url) => Some(url),
                _ => None,
            }));
        }
    }
    Some(urls)
}

fn is_http(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// What is known of the certificate. The CRL of a distribution point goes before the one that `ask` gets by
/// GetCRL; why one did not count goes to `warnings`. A CRL is judged by the time at which it came: it may have
/// been made for the asking.
pub fn check(
    certificate: &Certificate,
    ca: &CaCertificates,
    clock: &dyn Clock,
    fetch: &mut dyn Fetch,
    ask: &mut dyn FnMut() -> LookedUp,
    warnings: &mut Vec<String>,
) -> Revocation {
    for url in distribution_points(certificate) {
        let crl = fetch
            .fetch(&url)
            .map_err(|error| error.to_string())
            .and_then(|response| read(&response))
            .and_then(|crl| usable(crl, certificate, ca, clock.now()));
        match crl {
            Ok(crl) => return decide(certificate, crl, CrlSource::DistributionPoint(url)),
            Err(why) => warnings.push(format!("the CRL of {url} is not used: {why}")),
        }
    }
    let answer = ask();
    warnings.extend(answer.remarks.warnings);
    let crl = match answer.ended {
        Ok(LookupVerdict::Found(Found::Crl(crl))) => usable(*crl, certificate, ca, clock.now()),
        Ok(LookupVerdict::Found(Found::Certificate { .. })) => Err("it is a certificate".to_owned()),
        Ok(LookupVerdict::Refused { fail_info, .. }) => {
            Err(format!("FAILURE {}", fail_info.map_or("without a reason", |info| info.name())))
        }
        Ok(LookupVerdict::Rejected(error)) => Err(error.to_string()),
        Ok(LookupVerdict::NoAnswer(why)) => Err(why),
        Err(failure) => Err(failure.to_string()),
    };
    match crl {
        Ok(crl) => decide(certificate, crl, CrlSource::Query),
        Err(why) => {
            warnings.push(format!("GetCRL gave no CRL that can be used: {why}"));
            Revocation::Unknown
        }
    }
}

fn read(response: &HttpResponse) -> Result<Crl, String> {
    if response.status != 200 {
        return Err(format!("HTTP status {}", response.status));
    }
    Crl::from_der(&response.body).map_err(|error| error.to_string())
}

fn usable(crl: Crl, certificate: &Certificate, ca: &CaCertificates, now: UnixTime) -> Result<Crl, String> {
    if !name::same(&crl.issuer, &certificate.issuer) {
        return Err(format!("expected the issuer {}, got another", name::print(&certificate.issuer)));
    }
    if !ca.certificates.iter().any(|issuer| crl.is_issued_by(issuer)) {
        return Err("no certificate of the CA verifies it".to_owned());
    }
    if !crl.is_current_at(now) {
        return Err("it is not current".to_owned());
    }
    Ok(crl)
}

fn decide(certificate: &Certificate, crl: Crl, source: CrlSource) -> Revocation {
    match crl.entry(&SerialNumber::of(certificate)) {
        Some(entry) => Revocation::Revoked { at: entry.at, reason: entry.reason, source },
        None => Revocation::Good { crl: Box::new(crl), source },
    }
}

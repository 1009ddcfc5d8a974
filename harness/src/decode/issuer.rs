//! Whether a certificate or a CRL is signed by one of the certificates at hand: those that were given, and
//! those that the messages around it carry.

use scep::certificate::Certificate;
use scep::tlv::Tlv;
use scep::{crl::Crl, name};

use super::findings::Check;
use super::tree::{At, Reader};

/// Issuers with the right name that are tried: each costs a verification, and any certificate can have any
/// name.
const TRIED: usize = 4;

/// What certificates and CRLs have in common here.
pub(super) trait Issued {
    /// issuer, DER.
    fn issuer(&self) -> &[u8];
    /// True when that certificate's key signed it.
    fn is_issued_by(&self, issuer: &Certificate) -> bool;
}

impl Issued for Certificate {
    fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    fn is_issued_by(&self, issuer: &Certificate) -> bool {
        Self::is_issued_by(self, issuer)
    }
}

impl Issued for Crl {
    fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    fn is_issued_by(&self, issuer: &Certificate) -> bool {
        Self::is_issued_by(self, issuer)
    }
}

impl Reader<'_> {
    /// The signature in words; one that no certificate of the issuer verifies is a departure at `signature`.
    pub(super) fn issued(&mut self, what: &str, issued: &dyn Issued, signature: Option<&Tlv<'_>>) -> String {
        let named = |certificate: &&Certificate| name::same(&certificate.subject, issued.issuer());
        let issuers: Vec<&Certificate> = self.cas.iter().chain(&self.met).filter(named).take(TRIED).collect();
        if issuers.is_empty() {
            return "not checked: no certificate of its issuer is given (--ca) or in the message".to_owned();
        }
        if let Some(issuer) = issuers.iter().find(|issuer| issued.is_issued_by(issuer)) {
            return format!("verifies with the certificate of {}", issuer.subject_text());
        }
        let detail = format!("{what}: no certificate with the name of its issuer verifies it");
        self.check(Check::Issuer, None, signature.map(|signature| At::from(signature.place())), detail);
        format!("DOES NOT VERIFY with the certificate of {}", name::print(issued.issuer()))
    }
}

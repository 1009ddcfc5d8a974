//! GetCert and GetCRL, RFC 8894 3.3.4, 3.3.5, 4.5 and 4.6; and the CRL for whoever asks by plain HTTP.

use scep::attribute::{FailInfo, MessageType};
use scep::certificate::Certificate;
use scep::crl::{Crl, CrlParts};
use scep::fault::Faults;
use scep::http::HttpResponse;
use scep::message::IssuerAndSerial;
use scep::name;
use scep::server::{Reply, ReplyTo};

use super::{Answer, Service, Trouble};
use crate::authority::{Authorities, Authority};
use crate::store::{CrlRecord, Fresh};
use crate::strictness::LookupChecks;

const DAY: u64 = 86_400;

/// CRLs that are signed for one answer, while others revoke and sign.
const CRL_TRIES: u32 = 8;

impl Service {
    /// The answer to GetCert or GetCRL.
    pub(super) fn look_up(
        &self,
        authorities: &Authorities,
        to: &ReplyTo,
        message_type: MessageType,
        named: &IssuerAndSerial,
        checks: LookupChecks,
    ) -> Answer {
        let found = if !checks.finds {
            Ok(None)
        } else if !checks.named && message_type == MessageType::GetCert {
            let own = authorities.current().issuing().certificate.clone();
            Ok(Some(Found::Certificate(vec![own])))
        } else if message_type == MessageType::GetCert {
            self.find_certificate(authorities, named).map(|found| found.map(Found::Certificate))
        } else {
            self.find_crl(authorities, named).map(|found| found.map(|(crl, by)| Found::Crl(crl, by)))
        };
        let sender = authorities.current();
        let note = format!("{} of {}", message_type.name(), named.serial);
        match found {
            Ok(Some(Found::Certificate(certificates))) => {
                self.succeed(sender, to, &Reply::Certificates(&certificates), &note)
            }
            Ok(Some(Found::Crl(crl, by))) => {
                let reply = Reply::Crl(&crl);
                let mut faults = self.next_faults(&reply.outcome(), to);
                match spoilt(&crl, by, &mut faults) {
                    Ok(spoilt) => self.reply(sender, to, &Reply::Crl(&spoilt), faults, &note),
                    Err(error) => self.internal_error(&error.into()),
                }
            }
            Ok(None) => {
                let log = format!("{note}: no such certificate");
                self.refuse(sender, to, FailInfo::BadCertId, "no such certificate", &log)
            }
            Err(error) => self.internal_error(&error),
        }
    }

    /// The certificate of that issuer and serial number, and nothing beside it (RFC 8894 3.3.2.1: it is the
    /// leaf); the authority's own are found too.
    fn find_certificate(
        &self,
        authorities: &Authorities,
        named: &IssuerAndSerial,
    ) -> Result<Option<Vec<Certificate>>, Trouble> {
        let is_it = |certificate: &Certificate| {
            scep::serial::SerialNumber::of(certificate) == named.serial
                && name::same(&certificate.issuer, &named.issuer)
        };
        if let Some(own) = own_certificates(authorities).find(|own| is_it(own)) {
            return Ok(Some(vec![own.clone()]));
        }
        let record = self.store.certificate(named.serial.shortest())?;
        Ok(record.map(|record| record.certificate).filter(is_it).map(|found| vec![found]))
    }

    /// The CRL on which a certificate of that issuer and serial number would be. One that was never issued
    /// is on none, but for the CA's own: older drafts name that (Internet-Draft nourse-scep-11 3.3).
    fn find_crl<'a>(
        &self,
        authorities: &'a Authorities,
        named: &IssuerAndSerial,
    ) -> Result<Option<(Crl, &'a Authority)>, Trouble> {
        if let Some(found) = self.find_certificate(authorities, named)? {
            let generation = found.first().and_then(|found| {
                let number =
                    self.store.certificate(&found.serial).ok().flatten().map(|record| record.generation);
                number.and_then(|number| authorities.numbered(number)).or_else(|| {
                    authorities.all().find(|authority| found.is_issued_by(&authority.issuing().certificate))
                })
            });
            return generation.map(|authority| Ok((self.crl_of(authority)?, authority.as_ref()))).transpose();
        }
        Ok(None)
    }

    /// The CRL of a generation of the authority: the one that there is, or a new one when it does not tell
    /// of all revocations or is past half of its days.
    ///
    /// # Errors
    /// When it cannot be signed, or the store fails.
    pub(super) fn crl_of(&self, authority: &Authority) -> Result<Crl, Trouble> {
        let (now, validity) = (self.clock.now(), u64::from(self.ca.crl_days) * DAY);
        let number = authority.number();
        let mut tries = 0;
        loop {
            let (crl_number, covers, entries) = match self.store.crl(number, now.minus(validity / 2))? {
                Fresh::Is(record) => return Ok(record.crl),
                Fresh::Wanted { number, covers, entries } => (number, covers, entries),
            };
            let issuer = authority.issuer();
            let mut parts = CrlParts::new(issuer.subject, issuer.key_identifier, crl_number, now, validity);
            parts.revoked = entries;
            let crl = parts.write(&authority.issuing().key)?;
            let stored = self.store.put_crl(number, &CrlRecord { crl, number: crl_number, covers })?;
            tries += 1;
            // Whoever made the same number faster may not have known of the last revocation: look again.
            if stored.covers >= covers || tries == CRL_TRIES {
                return Ok(stored.crl);
            }
        }
    }

    /// The CRL at its distribution point, RFC 5280 4.2.1.13: that of the generation of that number, or of
    /// the one that issues now.
    pub(super) fn crl_file(&self, generation: Option<u32>) -> Answer {
        let found = self.authorities().and_then(|authorities| {
            let authority = match generation {
                Some(number) => authorities.numbered(number),
                None => Some(authorities.current()),
            };
            authority.map(|authority| self.crl_of(authority)).transpose()
        });
        match found {
            Ok(Some(crl)) => {
                let faults = self.memory().script.next("CRL", None);
                let response = HttpResponse::ok(CRL, crl.der);
                self.finish(response, "CRL", None, faults, "CRL by plain HTTP".to_owned())
            }
            Ok(None) => self.error(404, "there is no such CRL", "there is no such generation of the CA"),
            Err(error) => self.internal_error(&error),
        }
    }
}

/// Content-Type of a CRL, RFC 2585 4.2.
const CRL: &str = "application/pkix-crl";

/// The generation whose CRL is under this path: `/ca.crl` for the one that issues now, `/ca-1.crl` for the
/// first one.
pub(super) fn crl_path(path: &str) -> Option<Option<u32>> {
    match path.strip_prefix("/ca")?.strip_suffix(".crl")? {
        "" => Some(None),
        number => number.strip_prefix('-')?.parse().ok().map(Some),
    }
}

enum Found<'a> {
    Certificate(Vec<Certificate>),
    /// With the generation that issued it.
    Crl(Crl, &'a Authority),
}

/// The CRL as it goes out: signed again when a fault is on it. The one in the store stays.
fn spoilt(crl: &Crl, by: &Authority, faults: &mut Faults) -> scep::error::Result<Crl> {
    match crl.parts() {
        Some(parts) if faults.is_for_crl() => parts.write_with(&by.issuing().key, faults),
        _ => Ok(crl.clone()),
    }
}

/// Certificates of the authority itself, of all generations.
fn own_certificates(authorities: &Authorities) -> impl Iterator<Item = &Certificate> {
    authorities.all().flat_map(|authority| {
        let keys = [authority.issuing(), authority.sender(), authority.opener()];
        keys.into_iter().map(|key| &key.certificate).chain(authority.chain())
    })
}

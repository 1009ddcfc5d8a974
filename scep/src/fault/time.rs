//! Times: signingTime and the validity of certificates.

use serde::Deserialize;

use super::octets::replace;
use super::{Faults, Operator};
use crate::attribute::AttributeParts;
use crate::certificate::CertificateParts;
use crate::{UnixTime, oid, write};

/// Operators on times. Seconds count into the future, negative ones into the past.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Time {
    /// signingTime is that far off the time of writing; added when there is none. Needs [`Faults::at`].
    SigningTime {
        /// How far.
        seconds: i64,
    },
    /// notBefore and notAfter of a certificate move.
    Validity {
        /// How far.
        seconds: i64,
    },
    /// notBefore and notAfter of a certificate change places.
    ValidityReversed {},
}

impl Faults {
    /// Sets or adds signingTime among the attributes.
    pub(super) fn signing_time(&mut self, all: &mut Vec<AttributeParts>) {
        let Some(now) = self.now else { return };
        self.each(|operator| match operator {
            Operator::Time(Time::SigningTime { seconds }) => {
                let (tag, text) = moved(now, *seconds).to_asn1();
                let wanted = vec![write::tlv(tag, text.as_bytes())];
                match all.iter_mut().find(|attribute| attribute.oid == oid::SIGNING_TIME) {
                    Some(found) => replace(&mut found.values, Some(wanted)),
                    None => {
                        all.push(AttributeParts { oid: oid::SIGNING_TIME, values: wanted });
                        true
                    }
                }
            }
            _ => false,
        });
    }
}

impl Time {
    pub(super) fn certificate(&self, parts: &mut CertificateParts) -> bool {
        match self {
            Self::SigningTime { .. } => false,
            Self::Validity { seconds } => {
                let wanted = (moved(parts.not_before, *seconds), moved(parts.not_after, *seconds));
                let is_other = replace(&mut parts.not_before, Some(wanted.0));
                replace(&mut parts.not_after, Some(wanted.1)) || is_other
            }
            Self::ValidityReversed {} => {
                std::mem::swap(&mut parts.not_before, &mut parts.not_after);
                parts.not_before != parts.not_after
            }
        }
    }
}

/// A time that far off.
pub(super) fn moved(time: UnixTime, seconds: i64) -> UnixTime {
    if seconds < 0 { time.minus(seconds.unsigned_abs()) } else { time.plus(seconds.unsigned_abs()) }
}

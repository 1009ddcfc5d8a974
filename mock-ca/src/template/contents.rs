//! A template applied to a request: what goes into the certificate, or why nothing does.

use scep::alt_name::{self, GeneralName};
use scep::certificate::{Extension, KeyUsage};
use scep::csr::Csr;
use scep::key::PublicKey;
use scep::name::{self, Name, TypeAndValue};

use super::extensions::{self, GENERATION};
use super::{AltNameKind, AltNameRule, KeyRule, Origin, SubjectRule, Template};

/// Values that a record has for a client, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Values<'a> {
    /// Subject, RFC 4514 or slash form.
    pub subject: Option<&'a str>,
    /// Alternative names as a list, e.g. `DNS:r1.lab,IP:10.0.0.1`.
    pub alternative_names: Option<&'a str>,
}

/// What goes into a certificate, beside its key, its serial number and what comes from the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// subject, DER.
    pub subject: Vec<u8>,
    /// Extensions, without the two key identifiers and what depends on the generation of the CA.
    pub extensions: Vec<Extension>,
    /// Where CRLs are, URIs with `{generation}` in them or without.
    pub distribution_points: Vec<String>,
    /// Days from now until it is valid; 0 makes it valid since a little while.
    pub not_before: u32,
    /// Days from now until it expires; None for what the configuration says.
    pub not_after: Option<u32>,
}

/// A request that a template is not for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Its key or the digest of its signature is not allowed: failInfo badAlg.
    Algorithm(String),
    /// Its subject or its alternative names are not as they have to be: failInfo badRequest.
    Names(String),
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Algorithm(detail) | Self::Names(detail) => f.write_str(detail),
        }
    }
}

impl Template {
    /// What a certificate for the request has in it. `values` are those of the client's record.
    ///
    /// # Errors
    /// When the template is not for such a request.
    pub fn contents(&self, csr: &Csr, values: Option<Values<'_>>) -> Result<Contents, Unfit> {
        let key = csr.public_key().map_err(|error| Unfit::Algorithm(error.to_string()))?;
        self.key.admits(&key, csr).map_err(Unfit::Algorithm)?;
        let values = values.unwrap_or_default();
        let subject = self.subject.subject(csr, values.subject).map_err(Unfit::Names)?;
        let names = self.alternative_names.names(csr, values.alternative_names).map_err(Unfit::Names)?;

        let fitting = KeyUsage::of_requester(&key);
        let usage = match self.key_usage {
            None => fitting,
            Some(bits) if key.can_encrypt() => KeyUsage(bits),
            // RFC 8813 3: a key for signatures on a curve transports no keys.
            Some(bits) => KeyUsage(bits & !KeyUsage::KEY_ENCIPHERMENT),
        };
        let mut extensions =
            vec![Extension { critical: self.key_usage_is_critical, ..Extension::key_usage(usage.0) }];
        if !names.is_empty() {
            // RFC 5280 4.2.1.6: critical when there is no subject.
            let critical = Name::from_der(&subject).is_none_or(|subject| subject.rdns.is_empty());
            extensions.push(Extension { critical, ..Extension::alt_names(&names) });
        }
        extensions.extend(self.constants.iter().cloned());
        Ok(Contents {
            subject,
            extensions,
            distribution_points: self.distribution_points.clone(),
            not_before: self.not_before,
            not_after: self.not_after,
        })
    }

    /// Checks the values of a record when it is made, so that it is its maker who learns of a mistake.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self, values: Values<'_>) -> Result<(), String> {
        if let Some(subject) = values.subject {
            name::parse(subject).map_err(|error| error.to_string())?;
        }
        self.alternative_names.of_record(values.alternative_names).map(drop)
    }
}

impl Contents {
    /// The extensions in a certificate by the CA of this generation.
    #[must_use]
    pub fn extensions_under(mut self, generation: u32) -> Vec<Extension> {
        let uri = |point: &String| point.replace(GENERATION, &generation.to_string());
        let uris: Vec<String> = self.distribution_points.iter().map(uri).collect();
        if !uris.is_empty() {
            self.extensions.push(extensions::crl_distribution_points(&uris));
        }
        self.extensions
    }
}

impl KeyRule {
    fn admits(&self, key: &PublicKey, csr: &Csr) -> Result<(), String> {
        match (key, self.rsa, &self.curves) {
            (PublicKey::Rsa(_), Some(0), _) => return Err("RSA keys are not allowed".to_owned()),
            (PublicKey::Rsa(_), Some(least), _) if key.bits() < least => {
                return Err(format!("expected an RSA key of at least {least} bits, got {}", key.bits()));
            }
            (PublicKey::Ec(ec), _, Some(curves)) if !curves.contains(&ec.curve()) => {
                return Err(format!("keys on {} are not allowed", ec.curve().name()));
            }
            _ => {}
        }
        let digest = csr.digest();
        match &self.digests {
            Some(allowed) if !digest.is_some_and(|digest| allowed.contains(&digest)) => {
                let actual = digest.map_or("an unknown digest", |digest| digest.name());
                Err(format!("a request signed with {actual} is not allowed"))
            }
            _ => Ok(()),
        }
    }
}

impl SubjectRule {
    fn subject(&self, csr: &Csr, of_record: Option<&str>) -> Result<Vec<u8>, String> {
        let requested = Name::from_der(&csr.subject).ok_or("the subject of the request is no name")?;
        let of_record =
            of_record.map(|text| name::parse(text).map_err(|error| error.to_string())).transpose()?;
        let of_record = of_record.and_then(|der| Name::from_der(&der)).unwrap_or_default();
        let own = match self.from {
            Origin::Request => requested,
            Origin::Record => of_record,
            Origin::Both => merged(requested, of_record),
        };
        let mut subject = self.within.as_deref().and_then(Name::from_der).unwrap_or_default();
        let has = |subject: &Name, pair: &TypeAndValue| subject.rdns.iter().flatten().any(|own| own == pair);
        let rest: Vec<_> =
            own.rdns.into_iter().filter(|rdn| !rdn.iter().all(|pair| has(&subject, pair))).collect();
        subject.rdns.extend(rest);
        for required in &self.required {
            if !subject.rdns.iter().flatten().any(|pair| pair.oid == *required) {
                let attribute = name::TYPES.iter().find(|row| row.oid == *required);
                let text = attribute.map_or_else(|| scep::oid::dotted(*required), |row| row.short.to_owned());
                return Err(format!("the subject has no {text}"));
            }
        }
        Ok(subject.write())
    }
}

/// The record's attributes, and those of the request of whose types the record has none. A name grows from
/// the general to the special, and what a record adds (organisation, country) is the more general part.
fn merged(requested: Name, of_record: Name) -> Name {
    let types: Vec<_> = of_record.rdns.iter().flatten().map(|pair| pair.oid).collect();
    let rest = requested.rdns.into_iter().filter(|rdn| !rdn.iter().any(|pair| types.contains(&pair.oid)));
    Name { rdns: of_record.rdns.into_iter().chain(rest).collect() }
}

impl AltNameRule {
    fn names(&self, csr: &Csr, of_record: Option<&str>) -> Result<Vec<GeneralName>, String> {
        let requested =
            || csr.alt_names().into_iter().filter(|name| self.kinds.iter().any(|kind| kind.is_of(name)));
        let names: Vec<GeneralName> = match self.from {
            Origin::Request => requested().collect(),
            Origin::Record => self.of_record(of_record)?,
            Origin::Both => {
                let mut names = self.of_record(of_record)?;
                for name in requested() {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names
            }
        };
        if names.is_empty() && self.required {
            return Err("there is no alternative name".to_owned());
        }
        Ok(names)
    }

    fn of_record(&self, list: Option<&str>) -> Result<Vec<GeneralName>, String> {
        let Some(list) = list.filter(|list| !list.trim().is_empty()) else { return Ok(Vec::new()) };
        let names = alt_name::parse(list).map_err(|error| error.to_string())?;
        match names.iter().find(|name| !self.kinds.iter().any(|kind| kind.is_of(name))) {
            Some(odd) => Err(format!("the template has no alternative names such as `{odd}`")),
            None => Ok(names),
        }
    }
}

impl AltNameKind {
    fn is_of(self, name: &GeneralName) -> bool {
        match name {
            GeneralName::Dns(_) => self == Self::Dns,
            GeneralName::Ip(_) => self == Self::Ip,
            GeneralName::Email(_) => self == Self::Email,
            GeneralName::Uri(_) => self == Self::Uri,
            GeneralName::RegisteredId(_) => self == Self::RegisteredId,
            GeneralName::Directory(_) => self == Self::Directory,
            GeneralName::OtherName { .. } => self == Self::OtherName,
            // Nothing says what it is, so no template can want it.
            GeneralName::Other(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;

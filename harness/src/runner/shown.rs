//! What GetCACert shows of the CA behind a server: the abilities that cases on hierarchies need.

use std::collections::BTreeMap;

use scep::ca_cert::CaCertificates;
use scep::ca_cert::roles::may_sign;
use scep::certificate::{Certificate, KeyUsage};
use scep::key::PublicKey;

/// Ids of abilities, and whether the certificates show that the server has them.
#[must_use]
pub fn abilities(ca: &CaCertificates) -> BTreeMap<String, bool> {
    let registration: Vec<&Certificate> = ca
        .certificates
        .iter()
        .filter(|one| !one.is_ca() && ca.certificates.iter().any(|up| up.is_ca() && one.is_issued_by(up)))
        .collect();
    let enciphers =
        |one: &Certificate| one.key_usage().is_none_or(|usage| usage.has(KeyUsage::KEY_ENCIPHERMENT));
    let only_signs = registration.iter().any(|one| may_sign(one) && !enciphers(one));
    let only_enciphers = registration.iter().any(|one| !may_sign(one) && enciphers(one));
    let is_ec = |one: &Certificate| matches!(one.public_key(), Ok(PublicKey::Ec(_)));
    let issuer_is_ec = ca.issuer().is_some_and(is_ec);
    let recipient = ca.recipient().ok().or_else(|| ca.issuer());
    [
        ("ca.intermediate", ca.issuer().is_some_and(|issuer| issuer.is_ca() && !issuer.is_self_signed())),
        ("ca.ra", !registration.is_empty()),
        ("ca.ra-split", only_signs && only_enciphers),
        ("ca.ec-issuer", issuer_is_ec && !registration.is_empty()),
        ("ca.ec", recipient.is_some_and(is_ec)),
    ]
    .into_iter()
    .map(|(id, shows)| (id.to_owned(), shows))
    .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use scep::certificate::{CertificateParts, Extension};
    use scep::fault::Faults;
    use scep::key::PrivateKey;
    use scep::{UnixTime, name};

    use super::*;

    const SIGN: u16 = KeyUsage::DIGITAL_SIGNATURE;
    const ENCRYPT: u16 = KeyUsage::KEY_ENCIPHERMENT;
    const ISSUE: u16 = KeyUsage::KEY_CERT_SIGN;

    fn key(of: &str) -> PrivateKey {
        let name = match of {
            "ROOT" => "ca-rsa",
            "CA" => "ra-rsa",
            "EC" => "ca-ec-p256",
            _ => "pool-01",
        };
        PrivateKey::from_pem(scep_vectors::keys::named(name).unwrap().pem.as_bytes()).unwrap()
    }

    fn issue(subject: &str, issuer: &str, usage: u16) -> Certificate {
        let named = |of: &str| name::parse(&format!("CN={of}")).unwrap();
        let own = key(subject);
        let mut parts =
            CertificateParts::self_signed(&named(subject), own.public(), vec![1], UnixTime(1_800_000_000));
        parts.issuer = named(issuer);
        parts.extensions =
            vec![Extension::key_usage(usage), Extension::basic_constraints(usage & ISSUE != 0)];
        Certificate::from_der(&parts.write(&key(issuer), &mut Faults::none()).unwrap()).unwrap()
    }

    fn root() -> Certificate {
        issue("ROOT", "ROOT", ISSUE | SIGN | ENCRYPT)
    }

    #[rstest]
    #[case::root(vec![root()], &[])]
    #[case::bare_intermediate(vec![issue("CA", "ROOT", ISSUE | SIGN | ENCRYPT)], &["ca.intermediate"])]
    #[case::chain(vec![root(), issue("CA", "ROOT", ISSUE | SIGN | ENCRYPT)], &["ca.intermediate"])]
    #[case::ra(vec![root(), issue("RA", "ROOT", SIGN | ENCRYPT)], &["ca.ra"])]
    #[case::split(
        vec![issue("RA", "CA", SIGN), issue("CA", "ROOT", ISSUE), issue("RA", "CA", ENCRYPT), root()],
        &["ca.intermediate", "ca.ra", "ca.ra-split"]
    )]
    #[case::ec_with_ra(vec![issue("RA", "EC", SIGN | ENCRYPT), issue("EC", "EC", ISSUE)], &["ca.ec-issuer", "ca.ra"])]
    #[case::ec_alone(vec![issue("EC", "EC", ISSUE | SIGN)], &["ca.ec"])]
    fn certificates_show_what_is_behind_a_server(
        #[case] certificates: Vec<Certificate>,
        #[case] has: &[&str],
    ) {
        let is_chain = certificates.len() > 1;
        let shown = abilities(&CaCertificates { certificates, is_chain });
        let found: Vec<&str> = shown.iter().filter(|(_, shows)| **shows).map(|(id, _)| id.as_str()).collect();
        assert_eq!(found, has);
        assert_eq!(shown.len(), 5, "what is not shown is lacking");
    }
}

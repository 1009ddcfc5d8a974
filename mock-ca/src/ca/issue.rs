//! The parts of the certificates that are issued.

use scep::UnixTime;
use scep::certificate::{CertificateParts, Extension};
use scep::csr::Csr;
use scep::error::Result;
use scep::suite::Digest;

use crate::template::Contents;

/// Seconds by which clocks of devices are allowed to be behind.
const GRACE: u64 = 300;
const DAY: u64 = 86_400;

/// What an issued certificate takes from the CA's.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'a> {
    /// subject of the CA, DER.
    pub subject: &'a [u8],
    /// Its subjectKeyIdentifier.
    pub key_identifier: &'a [u8],
    /// Its generation; the first is 1.
    pub generation: u32,
    /// Its notAfter: nothing that it issues lives longer.
    pub not_after: UnixTime,
}

/// A certificate for the key of the request, with these contents. `days` is its life when the contents do not
/// say.
///
/// # Errors
/// When the requested key is malformed, or the cryptographic library has no SHA-1, which names keys.
pub fn certificate_for(
    csr: &Csr,
    contents: Contents,
    issuer: Issuer<'_>,
    serial: Vec<u8>,
    now: UnixTime,
    days: u32,
) -> Result<CertificateParts> {
    let key = csr.public_key()?;
    let not_before = match contents.not_before {
        0 => now.minus(GRACE),
        days => now.plus(u64::from(days) * DAY),
    };
    let not_after = now.plus(u64::from(contents.not_after.unwrap_or(days)) * DAY);
    let subject = contents.subject.clone();
    let mut extensions = contents.extensions_under(issuer.generation);
    extensions.push(Extension::subject_key_id(&key.identifier()?));
    extensions.push(Extension::authority_key_id(issuer.key_identifier));
    Ok(CertificateParts {
        serial,
        issuer: issuer.subject.to_vec(),
        subject,
        not_before,
        not_after: not_after.min(issuer.not_after),
        spki: csr.spki.clone(),
        extensions,
        digest: Digest::Sha256,
    })
}

#[cfg(test)]
mod tests {
    use scep::certificate::{CertificateParts, Extension};
    use scep::csr::{Csr, CsrParts};
    use scep::fault::Faults;
    use scep::key::PrivateKey;
    use scep::tlv::Source;
    use scep::{UnixTime, name};

    use super::{Issuer, certificate_for};
    use crate::template::Templates;

    const NOW: UnixTime = UnixTime(1_795_219_200);

    fn csr(dns: &[&str]) -> Csr {
        let key = PrivateKey::from_pem(scep_vectors::keys::named("pool-00").unwrap().pem.as_bytes()).unwrap();
        let mut parts = CsrParts::new(&name::parse("CN=dev1").unwrap(), key.public(), None);
        parts.extensions = vec![Extension::dns_names(dns)];
        Csr::read(Source::message_data(&parts.write(&key, &mut Faults::none()).unwrap())).unwrap().value
    }

    fn issuer(not_after: UnixTime) -> Issuer<'static> {
        Issuer { subject: &[0x30, 0x00], key_identifier: &[1, 2, 3], generation: 1, not_after }
    }

    fn parts(not_after: UnixTime, template: &str) -> CertificateParts {
        let csr = csr(&["dev1.example.org", "d\u{e9}v1.example.org"]);
        let contents = Templates::built_in().unwrap().named(template).unwrap().contents(&csr, None).unwrap();
        certificate_for(&csr, contents, issuer(not_after), vec![0x41], NOW, 90).unwrap()
    }

    #[test]
    fn a_certificate_has_the_requested_subject_key_and_dns_names() {
        let (parts, csr) = (parts(NOW.plus(86_400 * 365), "default"), csr(&[]));
        assert_eq!((&parts.subject, &parts.spki), (&csr.subject, &csr.spki));
        assert!(parts.extensions.contains(&Extension::dns_names(&["dev1.example.org"])));
        assert!(parts.extensions.contains(&Extension::authority_key_id(&[1, 2, 3])));
        assert_eq!(parts.not_after, NOW.plus(86_400 * 90));
    }

    #[test]
    fn no_certificate_lives_longer_than_its_issuer() {
        assert_eq!(parts(NOW.plus(60), "default").not_after, NOW.plus(60));
    }

    #[test]
    fn the_life_of_the_template_goes_before_that_of_the_configuration() {
        assert_eq!(parts(NOW.plus(86_400 * 9999), "5YSCEPP").not_after, NOW.plus(86_400 * 1825));
    }
}

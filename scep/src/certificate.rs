//! X.509 certificates: tolerant reading with the bytes kept as received, and writing from parts.

use const_oid::ObjectIdentifier;
use der::Decode;

use crate::error::{Error, Result};
use crate::fault::{Faults, Layer};
use crate::finding::{Finding, Rule};
use crate::key::{KeptKey, PrivateKey, PublicKey};
use crate::suite::{Digest, SignatureAlgorithm};
use crate::time::UnixTime;
use crate::tlv::{Source, Tlv, tag};
use crate::{Read, limits, name, oid, write};

/// A certificate as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The whole certificate as received.
    pub der: Vec<u8>,
    /// serialNumber, content octets as received.
    pub serial: Vec<u8>,
    /// issuer, DER.
    pub issuer: Vec<u8>,
    /// subject, DER.
    pub subject: Vec<u8>,
    /// notBefore; None in a form that DER does not allow.
    pub not_before: Option<UnixTime>,
    /// notAfter; None in a form that DER does not allow.
    pub not_after: Option<UnixTime>,
    /// SubjectPublicKeyInfo as received.
    pub spki: Vec<u8>,
    /// Extensions in order.
    pub extensions: Vec<Extension>,
    tbs: Vec<u8>,
    signature_algorithm: Option<SignatureAlgorithm>,
    signature: Vec<u8>,
    key: KeptKey,
}

/// One extension of a certificate or of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// extnID.
    pub oid: ObjectIdentifier,
    /// critical.
    pub critical: bool,
    /// extnValue, the octets inside its OCTET STRING.
    pub value: Vec<u8>,
}

/// Bits of keyUsage, RFC 5280 4.2.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// digitalSignature.
    pub const DIGITAL_SIGNATURE: u16 = 1 << 0;
    /// keyEncipherment.
    pub const KEY_ENCIPHERMENT: u16 = 1 << 2;
    /// keyCertSign.
    pub const KEY_CERT_SIGN: u16 = 1 << 5;
    /// cRLSign.
    pub const CRL_SIGN: u16 = 1 << 6;

    /// keyAgreement.
    pub const KEY_AGREEMENT: u16 = 1 << 4;

    /// What a requester's certificate permits, RFC 8894 2.3: digitalSignature, and keyEncipherment if the
    /// key can encrypt.
    #[must_use]
    pub fn of_requester(key: &PublicKey) -> Self {
        let encipherment = if key.can_encrypt() { Self::KEY_ENCIPHERMENT } else { 0 };
        Self(Self::DIGITAL_SIGNATURE | encipherment)
    }

    const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// Reads the value of the extension; None when it is no BIT STRING.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let bits = Tlv::read(Source::message(value), 0).ok()?.expect("keyUsage", tag::BIT_STRING).ok()?;
        let octets = bits.content().get(1..).unwrap_or_default();
        let bit = |i: usize| octets.get(i / 8).is_some_and(|octet| octet >> (7 - i % 8) & 1 == 1);
        Some(Self((0..9).filter(|i| bit(*i)).fold(0, |all, i| all | 1 << i)))
    }

    /// True when all given bits are set.
    #[must_use]
    pub fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// Names of the set bits, in order.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        Self::NAMES.iter().enumerate().filter(|(i, _)| self.0 >> i & 1 == 1).map(|(_, n)| *n).collect()
    }
}

impl Certificate {
    /// Reads one certificate; trailing bytes and odd encodings are findings.
    ///
    /// # Errors
    /// When one of the fields of TBSCertificate is missing or has no meaning.
    pub fn read(source: Source<'_>) -> Result<Read<Self>> {
        let mut findings = Vec::new();
        let value = Self::read_fields(source, &mut findings)?;
        if let Err(error) = x509_cert::Certificate::from_der(&value.der) {
            findings.push(Finding {
                rule: Rule::NotStrictCertificate,
                at: source.place(0, value.der.len()),
                detail: error.to_string(),
            });
        }
        Ok(Read { value, findings })
    }

    /// As [`Certificate::read`], without the strict second reader: for callers that drop its finding.
    pub(crate) fn read_fields(source: Source<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        const WHAT: &str = "Certificate";
        let outer = Tlv::read_whole(source, findings)?.expect(WHAT, tag::SEQUENCE)?;
        let [tbs, algorithm, signature] = outer.members()?[..] else {
            return Err(outer.malformed(WHAT, "expected tbsCertificate, signatureAlgorithm and signature"));
        };
        let mut fields = tbs.expect("TBSCertificate", tag::SEQUENCE)?.members()?.into_iter().peekable();
        fields.next_if(|field| field.tag == tag::context(0));
        let mut next = |what: &'static str, tag: u8| {
            fields
                .next()
                .ok_or_else(|| tbs.malformed(what, "missing"))
                .and_then(|field| field.expect(what, tag))
        };
        let serial = next("serialNumber", tag::INTEGER)?;
        report_serial(&serial, findings);
        next("signature", tag::SEQUENCE)?;
        let issuer = next("issuer", tag::SEQUENCE)?;
        let validity = next("validity", tag::SEQUENCE)?;
        let subject = next("subject", tag::SEQUENCE)?;
        let spki = next("subjectPublicKeyInfo", tag::SEQUENCE)?;
        let [not_before, not_after] = validity.members()?[..] else {
            return Err(validity.malformed("validity", "expected notBefore and notAfter"));
        };
        let mut extensions = Vec::new();
        for field in fields.filter(|field| field.tag == tag::context(3)) {
            extensions = read_extensions(&field)?;
        }
        Ok(Self {
            der: outer.bytes().to_vec(),
            serial: serial.content().to_vec(),
            issuer: issuer.bytes().to_vec(),
            subject: subject.bytes().to_vec(),
            not_before: UnixTime::from_asn1(not_before.tag, not_before.content()),
            not_after: UnixTime::from_asn1(not_after.tag, not_after.content()),
            spki: spki.bytes().to_vec(),
            extensions,
            tbs: tbs.bytes().to_vec(),
            signature_algorithm: SignatureAlgorithm::read(&algorithm, None).ok(),
            signature: signature.bit_string(findings)?,
            key: KeptKey::default(),
        })
    }

    /// Reads one certificate from DER, findings dropped.
    ///
    /// # Errors
    /// As [`Certificate::read`].
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Self::read_fields(Source::message(der), &mut Vec::new())
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// When there is no PEM certificate, or it is malformed.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let blocks = crate::pem::read(pem, crate::pem::CERTIFICATE)?;
        let first = blocks.first().ok_or_else(|| Error::Misuse {
            what: "PEM certificate",
            detail: "expected a CERTIFICATE block, got none".to_owned(),
        })?;
        Self::from_der(first)
    }

    /// PEM text.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// The public key.
    ///
    /// # Errors
    /// When it is malformed or of an unsupported type.
    pub fn public_key(&self) -> Result<PublicKey> {
        self.key.of(&self.spki)
    }

    /// True when this certificate names `issuer` (compared as RFC 5280 7.1 says) and is signed by it.
    #[must_use]
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        name::same(&self.issuer, &issuer.subject)
            && issuer.public_key().is_ok_and(|key| self.verifies_with(&key))
    }

    /// True when the certificate's signature verifies with the key.
    #[must_use]
    pub fn verifies_with(&self, key: &PublicKey) -> bool {
        self.signature_algorithm.is_some_and(|algorithm| key.verifies(algorithm, &self.tbs, &self.signature))
    }

    /// True when it names itself as issuer and its own key verifies it.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.is_issued_by(self)
    }

    fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// keyUsage; None when there is no such extension.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        KeyUsage::read(&self.extension(oid::KEY_USAGE)?.value)
    }

    /// cA of basicConstraints; false without that extension.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.extension(oid::BASIC_CONSTRAINTS)
            .and_then(|extension| Tlv::read(Source::message(&extension.value), 0).ok()?.members().ok())
            .is_some_and(|members| {
                members.first().is_some_and(|m| m.tag == tag::BOOLEAN && m.content() != [0])
            })
    }

    /// Digest of the whole certificate: with SHA-256, the fingerprint of RFC 8894 2.2.
    ///
    /// # Errors
    /// When the cryptographic library refuses the algorithm.
    pub fn fingerprint(&self, digest: Digest) -> Result<Vec<u8>> {
        digest.of(&self.der)
    }

    /// Serial number in hex, without leading zero octets.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        let start =
            self.serial.iter().position(|b| *b != 0).unwrap_or_else(|| self.serial.len().saturating_sub(1));
        hex::encode(self.serial.get(start..).unwrap_or_default())
    }

    /// IssuerAndSerialNumber of this certificate, DER.
    #[must_use]
    pub fn issuer_and_serial(&self) -> Vec<u8> {
        write::sequence(&[&self.issuer, &write::integer_bytes(&self.serial)])
    }

    /// True when a SignerIdentifier or RecipientIdentifier, as received, names this certificate: by issuer
    /// and serial number in whatever form of BER, or by subjectKeyIdentifier.
    pub(crate) fn is_named_by(&self, identifier: &[u8]) -> bool {
        let Ok(named) = Tlv::read(Source::message(identifier), 0) else { return false };
        if named.tag == tag::context_primitive(0) {
            return self
                .extension(oid::SUBJECT_KEY_ID)
                .and_then(|extension| Tlv::read(Source::message(&extension.value), 0).ok())
                .is_some_and(|own| own.content() == named.content());
        }
        let own = self.issuer_and_serial();
        identifier == own || Tlv::read(Source::message(&own), 0).is_ok_and(|own| own.der() == named.der())
    }

    /// subject as text.
    #[must_use]
    pub fn subject_text(&self) -> String {
        name::print(&self.subject)
    }
}

/// PEM text of DER octets.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Reports a serialNumber that RFC 5280 4.1.2.2 or DER forbids. Some issuers' random numbers have the first
/// bit set, some devices count up a signed octet.
fn report_serial(serial: &Tlv<'_>, findings: &mut Vec<Finding>) {
    let detail = match serial.content() {
        [] => "an INTEGER without octets",
        [0] => "zero",
        [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => "not in the shortest form",
        [0x80..=0xff, ..] => "negative",
        long if long.len() > 20 => "over 20 octets",
        _ => return,
    };
    findings.push(Finding {
        rule: Rule::SerialNumber,
        at: serial.place(),
        detail: format!("expected a positive number of at most 20 octets, got one that is {detail}"),
    });
}

pub(crate) fn read_algorithm(algorithm: &Tlv<'_>) -> Result<ObjectIdentifier> {
    const WHAT: &str = "AlgorithmIdentifier";
    let members = algorithm.expect(WHAT, tag::SEQUENCE)?.members()?;
    let first = members.first().ok_or_else(|| algorithm.malformed(WHAT, "empty"))?.expect(WHAT, tag::OID)?;
    ObjectIdentifier::from_bytes(first.content()).map_err(|e| first.malformed(WHAT, e.to_string()))
}

/// Reads the SEQUENCE OF Extension that is the only member of `wrapper`, or each of several.
///
/// # Errors
/// When an extension is malformed, or there are more than [`limits::EXTENSIONS`] in a list.
pub fn read_extensions(wrapper: &Tlv<'_>) -> Result<Vec<Extension>> {
    let lists = wrapper.members()?.iter().map(read_extensions_list).collect::<Result<Vec<_>>>()?;
    Ok(lists.concat())
}

/// Reads a SEQUENCE OF Extension.
pub(crate) fn read_extensions_list(list: &Tlv<'_>) -> Result<Vec<Extension>> {
    const WHAT: &str = "Extensions";
    let mut extensions = Vec::new();
    let members = list.expect(WHAT, tag::SEQUENCE)?.members()?;
    limits::at_most(limits::EXTENSIONS, "extensions", members.len(), list, WHAT)?;
    for extension in members {
        let members = extension.expect(WHAT, tag::SEQUENCE)?.members()?;
        let (Some(id), Some(value)) = (members.first(), members.last()) else {
            return Err(extension.malformed(WHAT, "expected extnID and extnValue"));
        };
        let critical = members.get(1).is_some_and(|m| m.tag == tag::BOOLEAN && m.content() != [0]);
        extensions.push(Extension {
            oid: ObjectIdentifier::from_bytes(id.expect(WHAT, tag::OID)?.content())
                .map_err(|e| id.malformed(WHAT, e.to_string()))?,
            critical,
            value: value.expect(WHAT, tag::OCTET_STRING)?.content().to_vec(),
        });
    }
    Ok(extensions)
}

/// SEQUENCE OF Extension, DER.
#[must_use]
pub fn write_extensions(extensions: &[Extension]) -> Vec<u8> {
    let members: Vec<Vec<u8>> = extensions
        .iter()
        .map(|extension| {
            let critical = if extension.critical { write::tlv(tag::BOOLEAN, &[0xff]) } else { Vec::new() };
            write::sequence(&[&write::oid(extension.oid), &critical, &write::octet_string(&extension.value)])
        })
        .collect();
    write::tlv(tag::SEQUENCE, &members.concat())
}

/// What goes into a certificate. Change a field to make a wrong one.
#[derive(Debug, Clone)]
pub struct CertificateParts {
    /// serialNumber content octets, positive, shortest form.
    pub serial: Vec<u8>,
    /// issuer, DER.
    pub issuer: Vec<u8>,
    /// subject, DER.
    pub subject: Vec<u8>,
    /// notBefore.
    pub not_before: UnixTime,
    /// notAfter.
    pub not_after: UnixTime,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    /// Extensions in the order in which they are written.
    pub extensions: Vec<Extension>,
    /// Digest of the signature.
    pub digest: Digest,
}

impl CertificateParts {
    /// A certificate of the requester's own for signing its first request: RFC 8894 2.3 wants keyUsage to
    /// permit digitalSignature, and keyEncipherment if the key can encrypt.
    #[must_use]
    pub fn self_signed(subject: &[u8], key: &PublicKey, serial: Vec<u8>, now: UnixTime) -> Self {
        let usage = KeyUsage::of_requester(key).0;
        Self {
            serial,
            issuer: subject.to_vec(),
            subject: subject.to_vec(),
            // Clocks of devices and servers differ: a day of grace on both sides.
            not_before: now.minus(86_400),
            not_after: now.plus(7 * 86_400),
            spki: key.spki().to_vec(),
            extensions: vec![Extension::key_usage(usage)],
            digest: Digest::Sha256,
        }
    }

    /// Signs the parts with the issuer's key, changed by faults on certificates.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn write(mut self, issuer: &PrivateKey, faults: &mut Faults) -> Result<Vec<u8>> {
        faults.certificate(&mut self, issuer.public())?;
        let algorithm = issuer.signature_algorithm(self.digest).write()?;
        let time = |t: UnixTime| {
            let (tag, text) = t.to_asn1();
            write::tlv(tag, text.as_bytes())
        };
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            write::tlv(tag::context(3), &write_extensions(&self.extensions))
        };
        let mut tbs = write::sequence(&[
            &write::tlv(tag::context(0), &write::integer(2)),
            &write::integer_bytes(&self.serial),
            &algorithm,
            &self.issuer,
            &write::sequence(&[&time(self.not_before), &time(self.not_after)]),
            &self.subject,
            &self.spki,
            &extensions,
        ]);
        faults.layer(Layer::Tbs, &mut tbs, None);
        let mut signature = issuer.sign(self.digest, &tbs)?;
        faults.certificate_signature(&mut signature);
        Ok(write::sequence(&[&tbs, &algorithm, &write::bit_string(&signature)]))
    }
}

impl Extension {
    /// keyUsage, critical.
    #[must_use]
    pub fn key_usage(bits: u16) -> Self {
        Self { oid: oid::KEY_USAGE, critical: true, value: write::named_bits(bits) }
    }

    /// basicConstraints, critical, without a path length.
    #[must_use]
    pub fn basic_constraints(ca: bool) -> Self {
        let ca = if ca { write::tlv(tag::BOOLEAN, &[0xff]) } else { Vec::new() };
        Self { oid: oid::BASIC_CONSTRAINTS, critical: true, value: write::sequence(&[&ca]) }
    }

    /// subjectKeyIdentifier.
    #[must_use]
    pub fn subject_key_id(identifier: &[u8]) -> Self {
        Self { oid: oid::SUBJECT_KEY_ID, critical: false, value: write::octet_string(identifier) }
    }

    /// authorityKeyIdentifier with a key identifier only.
    #[must_use]
    pub fn authority_key_id(identifier: &[u8]) -> Self {
        let id = write::tlv(tag::context_primitive(0), identifier);
        Self { oid: oid::AUTHORITY_KEY_ID, critical: false, value: write::sequence(&[&id]) }
    }

    /// subjectAltName with DNS names.
    #[must_use]
    pub fn dns_names(names: &[&str]) -> Self {
        let names: Vec<Vec<u8>> =
            names.iter().map(|name| write::tlv(tag::context_primitive(2), name.as_bytes())).collect();
        Self {
            oid: oid::SUBJECT_ALT_NAME,
            critical: false,
            value: write::tlv(tag::SEQUENCE, &names.concat()),
        }
    }
}

//! SignedData: the outer layer of every pkiMessage, and the degenerate form that carries certificates.
//!
//! ```text
//! SignedData ::= SEQUENCE { version, digestAlgorithms SET OF, encapContentInfo { eContentType,
//!   [0] EXPLICIT OCTET STRING OPTIONAL }, certificates [0] IMPLICIT OPTIONAL, crls [1] IMPLICIT OPTIONAL,
//!   signerInfos SET OF SignerInfo }
//! ```

use std::collections::BTreeSet;

use cms::content_info::ContentInfo;
use const_oid::ObjectIdentifier;
use der::Decode;

use super::{content_info, read_content_info, read_oid, structure};
use crate::certificate::{Certificate, read_algorithm};
use crate::error::Result;
use crate::finding::{Finding, Part, Place, Rule};
use crate::suite::{Digest, Scheme, SignatureAlgorithm};
use crate::tlv::{Source, Tlv, tag};
use crate::{limits, oid, write};

/// A SignedData as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedData {
    /// Where it stands.
    pub place: Place,
    /// Digest algorithms announced in front.
    pub digest_algorithms: Vec<ObjectIdentifier>,
    /// eContentType.
    pub content_type: ObjectIdentifier,
    /// Where eContentType stands.
    pub content_type_place: Place,
    /// eContent; None when it is omitted.
    pub content: Option<Octets>,
    /// Certificates as received, in wire order.
    pub certificates: Vec<RawCertificate>,
    /// CRLs as received, in wire order.
    pub crls: Vec<Vec<u8>>,
    /// SignerInfos in wire order.
    pub signers: Vec<SignerInfo>,
}

/// Octets of a string, put together from chunks if need be, and where they stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets {
    /// The octets.
    pub bytes: Vec<u8>,
    /// Where the element that holds them stands.
    pub place: Place,
    /// What an offset inside the octets counts in, and the offset of the first.
    pub origin: (Part, usize),
}

impl Octets {
    /// The octets as a source for the next reader.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source { bytes: &self.bytes, part: self.origin.0, base: self.origin.1 }
    }
}

/// A member of the certificates field as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawCertificate {
    /// The element as received.
    pub der: Vec<u8>,
    /// Where it stands.
    pub place: Place,
}

impl RawCertificate {
    /// True unless it is one of the other choices of RFC 5652 10.2.2, such as an attribute certificate.
    #[must_use]
    pub fn is_x509(&self) -> bool {
        self.der.first() == Some(&tag::SEQUENCE)
    }

    /// Reads it as an X.509 certificate.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(&self) -> Result<Certificate> {
        self.read_with(&mut Vec::new())
    }

    pub(super) fn read_with(&self, findings: &mut Vec<Finding>) -> Result<Certificate> {
        let source = Source { bytes: &self.der, part: self.place.part, base: self.place.start };
        Certificate::read_fields(source, findings)
    }
}

/// One SignerInfo as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerInfo {
    /// Where it stands.
    pub place: Place,
    /// sid: IssuerAndSerialNumber or `[0]` subject key identifier, as received.
    pub sid: Vec<u8>,
    /// digestAlgorithm.
    pub digest_algorithm: ObjectIdentifier,
    /// Where digestAlgorithm stands.
    pub digest_place: Place,
    /// Signed attributes in wire order; None when the field is absent.
    pub signed_attributes: Option<Vec<Attribute>>,
    /// The octets that the signature covers: the attributes as received, with tag SET.
    pub signed_octets: Vec<u8>,
    /// signatureAlgorithm.
    pub signature_algorithm: ObjectIdentifier,
    /// signatureAlgorithm with its parameters, and the digest that it leaves to digestAlgorithm; an error
    /// when it is none that is known here.
    pub algorithm: Result<SignatureAlgorithm>,
    /// Signature octets.
    pub signature: Vec<u8>,
    /// Where the signature stands.
    pub signature_place: Place,
    /// Unsigned attributes in wire order.
    pub unsigned_attributes: Vec<Attribute>,
}

/// One attribute as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// attrType.
    pub oid: ObjectIdentifier,
    /// Values: identifier octet, content octets, place of the whole value.
    pub values: Vec<AttributeValue>,
    /// Where the attribute stands.
    pub place: Place,
    /// The attribute as DER has it.
    der: Vec<u8>,
}

/// One value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeValue {
    /// Identifier octet.
    pub tag: u8,
    /// Content octets; a chunked string is put together.
    pub content: Vec<u8>,
    /// Where the value stands.
    pub place: Place,
}

impl SignedData {
    /// Reads a ContentInfo of type signedData.
    ///
    /// # Errors
    /// When the framing has no meaning, or the type is another one.
    pub fn read(source: Source<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        let outer = Tlv::read_whole(source, findings)?;
        outer.report_lengths(findings);
        let (kind, content) = read_content_info(&outer)?;
        if kind != oid::SIGNED_DATA {
            return Err(
                outer.malformed("pkiMessage", format!("expected signedData, got {}", oid::name(kind)))
            );
        }
        let content = content.ok_or_else(|| outer.malformed("SignedData", "content is missing"))?;
        let value = Self::read_inner(&content, findings)?;
        report_strict(&outer, findings);
        Ok(value)
    }

    /// As [`SignedData::read`], and takes a SignedData without the ContentInfo around it too: some servers
    /// put it so into a messageData or an answer to GetCACert.
    ///
    /// # Errors
    /// As [`SignedData::read`].
    pub fn read_bare(source: Source<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        if super::first_tag(source) != Some(tag::INTEGER) {
            return Self::read(source, findings);
        }
        let outer = Tlv::read_whole(source, findings)?;
        outer.report_lengths(findings);
        let value = Self::read_inner(&outer, findings)?;
        findings.push(Finding {
            rule: Rule::NoContentInfo,
            at: outer.place(),
            detail: "expected a ContentInfo of type signedData, got a bare SignedData".to_owned(),
        });
        Ok(value)
    }

    fn read_inner(element: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        const WHAT: &str = "SignedData";
        let members = element.expect(WHAT, tag::SEQUENCE)?.members()?;
        let [version, digests, encapsulated, rest @ ..] = members.as_slice() else {
            return Err(element.malformed(WHAT, "expected version, digestAlgorithms and encapContentInfo"));
        };
        version.expect("SignedData version", tag::INTEGER)?;
        let digest_algorithms = digests.expect("digestAlgorithms", tag::SET)?.members()?;
        let count = digest_algorithms.len();
        limits::at_most(limits::DIGEST_ALGORITHMS, "digest algorithms", count, digests, WHAT)?;
        digest_algorithms.iter().for_each(|digest| structure::report_parameters(digest, findings));
        let digest_algorithms = digest_algorithms.iter().map(read_algorithm).collect::<Result<Vec<_>>>()?;
        let inner = encapsulated.expect("encapContentInfo", tag::SEQUENCE)?.members()?;
        let first = inner.first().ok_or_else(|| encapsulated.malformed("encapContentInfo", "empty"))?;
        let mut value = Self {
            place: element.place(),
            digest_algorithms,
            content_type: read_oid(first, "eContentType")?,
            content_type_place: first.place(),
            content: inner.get(1).map(|wrapper| read_content(wrapper, findings)).transpose()?.flatten(),
            certificates: Vec::new(),
            crls: Vec::new(),
            signers: Vec::new(),
        };
        for member in rest {
            if let Some((limit, kind)) = bound(member.tag) {
                limits::at_most(limit, kind, member.members()?.len(), member, WHAT)?;
            }
            match member.tag {
                0xa0 => {
                    value.certificates = member
                        .members()?
                        .iter()
                        .map(|m| RawCertificate { der: m.bytes().to_vec(), place: m.place() })
                        .collect();
                    structure::report_certificates(&value.certificates, findings);
                }
                0xa1 => value.crls = member.members()?.iter().map(|m| m.bytes().to_vec()).collect(),
                tag::SET => {
                    value.signers = member
                        .members()?
                        .iter()
                        .map(|m| SignerInfo::read(m, findings))
                        .collect::<Result<Vec<_>>>()?;
                }
                other => findings.push(Finding {
                    rule: Rule::UnexpectedStructure,
                    at: member.place(),
                    detail: format!("SignedData member with tag 0x{other:02x}"),
                }),
            }
        }
        structure::report(&value, version, digests, findings);
        Ok(value)
    }

    /// The certificate that a SignerInfo names, among those in the message.
    #[must_use]
    pub fn signer_certificate(&self, signer: &SignerInfo) -> Option<Certificate> {
        self.certificates.iter().filter_map(|raw| raw.read().ok()).find(|c| signer.names(c))
    }
}

/// How many members the field of a tag may have, and what they are.
fn bound(tag: u8) -> Option<(usize, &'static str)> {
    match tag {
        0xa0 => Some((limits::CERTIFICATES, "certificates")),
        0xa1 => Some((limits::CRLS, "CRLs")),
        tag::SET => Some((limits::SIGNERS, "SignerInfos")),
        _ => None,
    }
}

fn read_content(wrapper: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Option<Octets>> {
    let Some(string) = wrapper.members()?.first().copied() else { return Ok(None) };
    if string.tag & !tag::CONSTRUCTED != tag::OCTET_STRING {
        findings.push(Finding {
            rule: Rule::UnexpectedStructure,
            at: string.place(),
            detail: format!("eContent: expected OCTET STRING, got tag 0x{:02x}", string.tag),
        });
        // PKCS#7 1.5 put the content itself here.
        let place = string.place();
        return Ok(Some(Octets { bytes: string.bytes().to_vec(), place, origin: (place.part, place.start) }));
    }
    let origin = if string.is_constructed() {
        (Part::Content, 0)
    } else {
        (string.content_place().part, string.content_place().start)
    };
    Ok(Some(Octets { bytes: string.string(findings)?, place: string.place(), origin }))
}

/// The strict second reader: the typed decoder over the same octets.
fn report_strict(outer: &Tlv<'_>, findings: &mut Vec<Finding>) {
    let verdict = ContentInfo::from_der(outer.bytes())
        .and_then(|info| info.content.decode_as::<cms::signed_data::SignedData>());
    if let Err(error) = verdict {
        findings.push(Finding { rule: Rule::NotStrictCms, at: outer.place(), detail: error.to_string() });
    }
}

impl SignerInfo {
    fn read(element: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Self> {
        const WHAT: &str = "SignerInfo";
        let members = element.expect(WHAT, tag::SEQUENCE)?.members()?;
        let [version, sid, digest, rest @ ..] = members.as_slice() else {
            return Err(element.malformed(WHAT, "expected version, sid and digestAlgorithm"));
        };
        version.expect("SignerInfo version", tag::INTEGER)?;
        let (signed, rest) = match rest {
            [first, others @ ..] if first.tag == tag::context(0) => (Some(first), others),
            all => (None, all),
        };
        let [algorithm, signature, unsigned @ ..] = rest else {
            return Err(element.malformed(WHAT, "expected signatureAlgorithm and signature"));
        };
        let signed_attributes = signed.map(|field| read_attributes(field, findings)).transpose()?;
        if let Some(attributes) = &signed_attributes
            && attributes.windows(2).any(|pair| matches!(pair, [a, b] if a.der > b.der))
        {
            findings.push(Finding {
                rule: Rule::UnsortedSet,
                at: signed.map_or_else(|| element.place(), Tlv::place),
                detail: "signed attributes are not in DER order".to_owned(),
            });
        }
        let mut unsigned_attributes = Vec::new();
        for field in unsigned.iter().filter(|field| field.tag == tag::context(1)) {
            unsigned_attributes = read_attributes(field, findings)?;
        }
        let (digest_algorithm, signature_algorithm) = (read_algorithm(digest)?, read_algorithm(algorithm)?);
        structure::report_parameters(digest, findings);
        structure::report_parameters(algorithm, findings);
        structure::report_signer(version, sid, findings);
        // rsaEncryption names no digest: it goes with any, and is read as having this one.
        let known_digest = Digest::from_oid(digest_algorithm);
        let signing = SignatureAlgorithm::read(algorithm, known_digest);
        if let Ok(signing) = &signing
            && Some(signing.digest) != known_digest
        {
            let digest = oid::name(digest_algorithm);
            let signing = match signing.scheme {
                Scheme::Pss => format!("PSS with {}", signing.digest.name()),
                Scheme::Pkcs1 | Scheme::Ecdsa => oid::name(signature_algorithm),
            };
            findings.push(Finding {
                rule: Rule::SignatureDigest,
                at: algorithm.place(),
                detail: format!("expected a signature with {digest}, got {signing}"),
            });
        }
        Ok(Self {
            place: element.place(),
            sid: sid.bytes().to_vec(),
            digest_algorithm,
            digest_place: digest.place(),
            signed_octets: signed.map(|field| write::tlv(tag::SET, field.content())).unwrap_or_default(),
            signed_attributes,
            signature_algorithm,
            algorithm: signing,
            signature: signature.string(findings)?,
            signature_place: signature.place(),
            unsigned_attributes,
        })
    }

    /// The signed attributes of a type, in wire order.
    pub fn attributes(&self, oid: ObjectIdentifier) -> impl Iterator<Item = &Attribute> {
        self.signed_attributes.iter().flatten().filter(move |attribute| attribute.oid == oid)
    }

    /// True when sid names the certificate.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        certificate.is_named_by(&self.sid)
    }

    /// The digest in use: digestAlgorithm, when it is known here.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        Digest::from_oid(self.digest_algorithm)
    }

    /// The digests in use: that of digestAlgorithm and that of the signature, as far as they are known here.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        self.digest().into_iter().chain(self.algorithm.as_ref().ok().map(|algorithm| algorithm.digest))
    }

    /// The octets that the signature would cover, were the attributes sent in DER: in order, and with
    /// neither chunks nor other lengths inside.
    #[must_use]
    pub fn sorted_octets(&self) -> Vec<u8> {
        write::set_sorted(self.signed_attributes.iter().flatten().map(|a| a.der.clone()).collect())
    }
}

fn read_attributes(field: &Tlv<'_>, findings: &mut Vec<Finding>) -> Result<Vec<Attribute>> {
    const WHAT: &str = "attribute";
    let mut attributes = Vec::new();
    let mut types = BTreeSet::new();
    let elements = field.members()?;
    limits::at_most(limits::ATTRIBUTES, "attributes", elements.len(), field, WHAT)?;
    for element in elements {
        let members = element.expect(WHAT, tag::SEQUENCE)?.members()?;
        let [id, values, ..] = members.as_slice() else {
            return Err(element.malformed(WHAT, "expected type and values"));
        };
        let oid = read_oid(id, WHAT)?;
        let members = values.members()?;
        limits::at_most(limits::ATTRIBUTE_VALUES, "values", members.len(), values, WHAT)?;
        let values = members
            .iter()
            .map(|value| {
                let content = if tag::is_string(value.tag) {
                    value.string(findings)?
                } else {
                    value.content().to_vec()
                };
                Ok(AttributeValue { tag: value.tag, content, place: value.place() })
            })
            .collect::<Result<Vec<_>>>()?;
        if values.len() != 1 {
            findings.push(Finding {
                rule: Rule::AttributeValueCount,
                at: element.place(),
                detail: format!("{}: expected one value, got {}", oid::name(oid), values.len()),
            });
        }
        if !types.insert(oid) {
            findings.push(Finding {
                rule: Rule::DuplicateAttribute,
                at: element.place(),
                detail: format!("{} occurs again", oid::name(oid)),
            });
        }
        attributes.push(Attribute { oid, values, place: element.place(), der: element.der() });
    }
    Ok(attributes)
}

/// What goes into a SignedData. Change a field to make a wrong one.
#[derive(Debug, Clone)]
pub struct SignedDataParts {
    /// version.
    pub version: u8,
    /// digestAlgorithms, each an encoded AlgorithmIdentifier.
    pub digest_algorithms: Vec<Vec<u8>>,
    /// eContentType.
    pub content_type: ObjectIdentifier,
    /// eContent; None leaves it out.
    pub content: Option<Vec<u8>>,
    /// Certificates, each DER, in the order in which they are written; none leaves the field out.
    pub certificates: Vec<Vec<u8>>,
    /// CRLs, each DER, in the order in which they are written; none leaves the field out.
    pub crls: Vec<Vec<u8>>,
    /// SignerInfos in the order in which they are written.
    pub signers: Vec<SignerInfoParts>,
}

/// What goes into a SignerInfo.
#[derive(Debug, Clone)]
pub struct SignerInfoParts {
    /// version: 1 with issuer and serial number in sid, 3 with a key identifier (RFC 5652 5.3).
    pub version: u8,
    /// sid, encoded.
    pub sid: Vec<u8>,
    /// digestAlgorithm, encoded.
    pub digest_algorithm: Vec<u8>,
    /// Signed attributes, each encoded, in wire order; None leaves the field out.
    pub signed_attributes: Option<Vec<Vec<u8>>>,
    /// signatureAlgorithm, encoded.
    pub signature_algorithm: Vec<u8>,
    /// Signature octets.
    pub signature: Vec<u8>,
    /// Unsigned attributes, each encoded; none leaves the field out.
    pub unsigned_attributes: Vec<Vec<u8>>,
}

impl SignedDataParts {
    /// ContentInfo of type signedData.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let content = self
            .content
            .as_ref()
            .map(|content| write::tlv(tag::context(0), &write::octet_string(content)))
            .unwrap_or_default();
        let field = |number: u8, members: &[Vec<u8>]| {
            if members.is_empty() { Vec::new() } else { write::tlv(tag::context(number), &members.concat()) }
        };
        let signers: Vec<Vec<u8>> = self.signers.iter().map(SignerInfoParts::write).collect();
        let signed = write::sequence(&[
            &write::integer(self.version),
            &write::set_as_given(&self.digest_algorithms),
            &write::sequence(&[&write::oid(self.content_type), &content]),
            &field(0, &self.certificates),
            &field(1, &self.crls),
            &write::set_as_given(&signers),
        ]);
        content_info(oid::SIGNED_DATA, &signed)
    }
}

impl SignerInfoParts {
    fn write(&self) -> Vec<u8> {
        let signed = self
            .signed_attributes
            .as_ref()
            .map(|all| write::tlv(tag::context(0), &all.concat()))
            .unwrap_or_default();
        let unsigned = if self.unsigned_attributes.is_empty() {
            Vec::new()
        } else {
            write::tlv(tag::context(1), &self.unsigned_attributes.concat())
        };
        write::sequence(&[
            &write::integer(self.version),
            &self.sid,
            &self.digest_algorithm,
            &signed,
            &self.signature_algorithm,
            &write::octet_string(&self.signature),
            &unsigned,
        ])
    }
}

#[cfg(test)]
mod tests {
    use const_oid::ObjectIdentifier;
    use rstest::rstest;

    use super::{SignedData, SignedDataParts, SignerInfoParts};
    use crate::attribute::AttributeParts;
    use crate::cms::degenerate;
    use crate::error::Result;
    use crate::finding::{Finding, Rule};
    use crate::tlv::Source;
    use crate::{limits, oid, write};

    fn signer(attributes: Vec<Vec<u8>>, signing: ObjectIdentifier) -> SignerInfoParts {
        let digest_algorithm = write::algorithm(oid::SHA256, Some(&write::null()));
        SignerInfoParts {
            version: 1,
            sid: write::sequence(&[&write::sequence(&[]), &write::integer(1)]),
            digest_algorithm,
            signed_attributes: Some(attributes),
            signature_algorithm: write::algorithm(signing, Some(&write::null())),
            signature: vec![0; 256],
            unsigned_attributes: Vec::new(),
        }
    }

    fn try_read(attributes: Vec<Vec<u8>>, signing: ObjectIdentifier) -> Result<(SignedData, Vec<Finding>)> {
        let der = SignedDataParts {
            digest_algorithms: vec![write::algorithm(oid::SHA256, Some(&write::null()))],
            signers: vec![signer(attributes, signing)],
            ..degenerate(&[])
        }
        .write();
        let mut findings = Vec::new();
        SignedData::read(Source::message(&der), &mut findings).map(|signed| (signed, findings))
    }

    fn read(attributes: Vec<Vec<u8>>, signing: ObjectIdentifier) -> (SignedData, Vec<Finding>) {
        try_read(attributes, signing).unwrap()
    }

    #[rstest]
    #[case::any(oid::RSA_ENCRYPTION, false)]
    #[case::same(oid::SHA256_WITH_RSA, false)]
    #[case::other(oid::MD5_WITH_RSA, true)]
    fn a_signature_algorithm_with_another_digest_is_reported(
        #[case] signing: ObjectIdentifier,
        #[case] is_reported: bool,
    ) {
        let (signed, findings) = read(vec![AttributeParts::octets(oid::SENDER_NONCE, b"n").write()], signing);
        let found: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(found, if is_reported { vec![Rule::SignatureDigest] } else { vec![] });
        assert_eq!(signed.signers[0].signature_algorithm, signing);
    }

    fn attributes(count: u32) -> Vec<Vec<u8>> {
        (0..count)
            .map(|n| ObjectIdentifier::new(&format!("1.3.6.1.4.1.32473.{n}")).unwrap())
            .map(|oid| AttributeParts { oid, values: Vec::new() }.write())
            .collect()
    }

    #[test]
    fn as_many_types_of_attributes_as_the_limit_are_read_and_one_more_is_refused() {
        let limit = u32::try_from(limits::ATTRIBUTES).unwrap();
        let (signed, findings) = read(attributes(limit), oid::RSA_ENCRYPTION);
        assert_eq!(signed.signers[0].signed_attributes.as_ref().map(Vec::len), Some(limits::ATTRIBUTES));
        assert!(findings.iter().all(|finding| finding.rule != Rule::DuplicateAttribute));
        for count in [limit + 1, 50_000] {
            let error = try_read(attributes(count), oid::RSA_ENCRYPTION).unwrap_err().to_string();
            assert!(error.contains("attribute: expected at most 1000 attributes"), "{error}");
        }
    }

    #[rstest]
    #[case::certificates(limits::CERTIFICATES, "certificates", |parts: &mut SignedDataParts, count| {
        parts.certificates = vec![write::sequence(&[]); count];
    })]
    #[case::digests(limits::DIGEST_ALGORITHMS, "digest algorithms", |parts: &mut SignedDataParts, count| {
        parts.digest_algorithms = vec![write::algorithm(oid::SHA256, None); count];
    })]
    #[case::signers(limits::SIGNERS, "SignerInfos", |parts: &mut SignedDataParts, count| {
        parts.signers = vec![signer(vec![], oid::RSA_ENCRYPTION); count];
    })]
    #[case::values(limits::ATTRIBUTE_VALUES, "values", |parts: &mut SignedDataParts, count| {
        let attribute = AttributeParts { oid: oid::DATA, values: vec![write::null(); count] };
        parts.signers = vec![signer(vec![attribute.write()], oid::RSA_ENCRYPTION)];
    })]
    fn every_bound_bites_and_its_number_passes(
        #[case] limit: usize,
        #[case] kind: &str,
        #[case] change: fn(&mut SignedDataParts, usize),
    ) {
        let read = |count| {
            let mut parts = degenerate(&[]);
            change(&mut parts, count);
            SignedData::read(Source::message(&parts.write()), &mut Vec::new())
        };
        assert!(read(limit).is_ok(), "{:?}", read(limit));
        let error = read(limit + 1).unwrap_err().to_string();
        assert!(error.contains(&format!("expected at most {limit} {kind}")), "{error}");
    }
}

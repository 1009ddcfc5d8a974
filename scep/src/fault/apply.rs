//! What each operator does, stage by stage in the order of writing.

use const_oid::ObjectIdentifier;

use super::{Faults, Operator};
use crate::attribute::{ATTRIBUTES, AttributeParts, FailInfo, PkiStatus};
use crate::certificate::{CertificateParts, Extension};
use crate::cms::{EnvelopeParts, SignedDataParts, SignerInfoParts};
use crate::csr::CsrParts;
use crate::error::Result;
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::key::PublicKey;
use crate::message::{IssuerAndSubject, MessageParts, Outcome};
use crate::suite::{Cipher, Digest};
use crate::tlv::{LengthForm, Source, Tlv, tag};
use crate::{name, oid, write};

impl Faults {
    /// Stage 1: the parts of a pkiMessage.
    pub(crate) fn message(&mut self, parts: &mut MessageParts) {
        self.each(|operator| match operator {
            Operator::Status { status, fail_info } => {
                let (Some(status), true) = (PkiStatus::from_name(status), parts.outcome.is_some()) else {
                    return false;
                };
                let reason =
                    fail_info.as_deref().and_then(FailInfo::from_name).unwrap_or(FailInfo::BadRequest);
                let outcome = match status {
                    PkiStatus::Success => Outcome::Success,
                    PkiStatus::Pending => Outcome::Pending,
                    PkiStatus::Failure => Outcome::Failure(reason, None),
                };
                let is_content_dropped = status != PkiStatus::Success && parts.message_data.take().is_some();
                replace(&mut parts.outcome, Some(Some(outcome))) || is_content_dropped
            }
            Operator::FailInfo { value, of } => match (&mut parts.outcome, FailInfo::from_name(value)) {
                (Some(Outcome::Failure(reason, _)), Some(value)) if reason.name() == of => {
                    *reason = value;
                    true
                }
                _ => false,
            },
            Operator::UseDigest { digest } => replace(&mut parts.digest, Digest::parse(digest)),
            Operator::UseCipher { cipher } => {
                parts.message_data.is_some() && replace(&mut parts.cipher, Cipher::parse(cipher))
            }
            _ => false,
        });
    }

    /// Stage 2: the plain messageData.
    pub(crate) fn message_data(&mut self, data: &mut Option<Vec<u8>>) {
        self.each(|operator| match (operator, &mut *data) {
            (Operator::MessageData { hex }, Some(data)) => replace(data, Some(unhex(hex))),
            (Operator::MessageDataAppend { hex }, Some(data)) => {
                data.extend(unhex(hex));
                true
            }
            (Operator::EnvelopeBare {}, Some(_)) => true,
            (Operator::PollIssuer { name }, Some(data)) => poll(data, name, |poll, name| poll.issuer = name),
            (Operator::PollSubject { name }, Some(data)) => {
                poll(data, name, |poll, name| poll.subject = name)
            }
            _ => false,
        });
    }

    pub(crate) fn envelope_is_bare(&self) -> bool {
        self.list.iter().any(|fault| fault.operator == Operator::EnvelopeBare {})
    }

    /// Stage 3: the envelope, its content encrypted already.
    pub(crate) fn envelope(&mut self, parts: &mut EnvelopeParts) {
        self.each(|operator| match operator {
            Operator::CipherOid { oid } => replace(&mut parts.cipher, oid::parse(oid)),
            Operator::EnvelopeContentType { oid } => replace(&mut parts.content_type, oid::parse(oid)),
            // The serial number is the last element of rid.
            Operator::RecipientXor { xor } => xor_at(&mut parts.rid, -1, *xor),
            Operator::RecipientTwice {} => replace(&mut parts.copies, Some(2)),
            Operator::EncryptedKeyXor { at, xor } => xor_at(&mut parts.encrypted_key, *at, *xor),
            Operator::EncryptedTruncate { drop } => {
                let keep = parts.encrypted.len().saturating_sub(*drop);
                parts.encrypted.truncate(keep);
                *drop > 0
            }
            _ => false,
        });
    }

    /// Stage 4: eContent, before the digest is made.
    pub(crate) fn content(&mut self, content: &mut Option<Vec<u8>>) {
        self.each(|operator| match operator {
            Operator::Content { hex } => replace(content, Some(Some(unhex(hex)))),
            Operator::ContentRemove {} => content.take().is_some(),
            _ => false,
        });
    }

    /// Stage 5: the attributes, before they are signed.
    pub(crate) fn attributes(&mut self, all: &mut Vec<AttributeParts>, unsigned: &mut Vec<AttributeParts>) {
        let unsorted = self.attributes_stay_unsorted();
        self.each(|operator| attribute(operator, all, unsigned));
        if unsorted {
            all.sort_by_key(|attribute| std::cmp::Reverse(attribute.write()));
        }
    }

    pub(crate) fn attributes_stay_unsorted(&self) -> bool {
        self.list.iter().any(|fault| fault.operator == Operator::AttrsUnsorted {})
    }

    /// Stage 6: the signature.
    pub(crate) fn signature(&mut self, signature: &mut [u8]) {
        self.each(|operator| match operator {
            Operator::SignatureXor { at, xor } => xor_at(signature, *at, *xor),
            _ => false,
        });
    }

    /// Stage 7: eContent, after it was signed.
    pub(crate) fn content_after_signing(&mut self, content: &mut Option<Vec<u8>>) {
        self.each(|operator| match (operator, &mut *content) {
            (Operator::ContentXor { at, xor }, Some(content)) => xor_at(content, *at, *xor),
            // Without content there is no octet to change: one appears.
            (Operator::ContentXor { xor, .. }, absent) => replace(absent, Some(Some(vec![*xor]))),
            _ => false,
        });
    }

    /// Stage 8: the SignedData around it all.
    pub(crate) fn signed_data(&mut self, parts: &mut SignedDataParts) {
        self.each(|operator| match operator {
            Operator::ContentType { oid } => replace(&mut parts.content_type, oid::parse(oid)),
            Operator::CertificatesRemove {} => !std::mem::take(&mut parts.certificates).is_empty(),
            Operator::SignedAttributesRemove {} => {
                let taken = parts.signers.iter_mut().map(|signer| signer.signed_attributes.take());
                taken.flatten().count() > 0
            }
            Operator::SignerDuplicate {} => {
                let again = parts.signers.clone();
                parts.signers.extend(again);
                !parts.signers.is_empty()
            }
            _ => false,
        });
    }

    /// Stage 9: the encoded message.
    pub(crate) fn bytes(&mut self, bytes: &mut Vec<u8>) {
        self.each(|operator| match operator {
            Operator::Truncate { permille } => truncate(bytes, *permille),
            Operator::Append { hex } => {
                bytes.extend(unhex(hex));
                true
            }
            Operator::Bytes { hex } => replace(bytes, Some(unhex(hex))),
            Operator::Indefinite {} => {
                let ber = indefinite(bytes, 3);
                replace(bytes, Some(ber))
            }
            _ => false,
        });
    }

    /// The parts of a certificate, before it is signed with the key of `issuer`.
    pub(crate) fn certificate(&mut self, parts: &mut CertificateParts, issuer: &PublicKey) -> Result<()> {
        let mut outcome = Ok(());
        self.each(|operator| match operator {
            Operator::CertificateOtherKey {} => replace(&mut parts.spki, Some(issuer.spki().to_vec())),
            Operator::CertificateSubject { name } => match name::parse(name) {
                Ok(der) => replace(&mut parts.subject, Some(der)),
                Err(error) => {
                    outcome = Err(error);
                    false
                }
            },
            Operator::CertificateIssuer { name } => match name::parse(name) {
                Ok(der) => replace(&mut parts.issuer, Some(der)),
                Err(error) => {
                    outcome = Err(error);
                    false
                }
            },
            Operator::CertificateName { name } => match name::parse(name) {
                Ok(der) => {
                    let is_issuer_other = replace(&mut parts.issuer, Some(der.clone()));
                    replace(&mut parts.subject, Some(der)) || is_issuer_other
                }
                Err(error) => {
                    outcome = Err(error);
                    false
                }
            },
            Operator::CertificateSerial { hex } => replace(&mut parts.serial, Some(unhex(hex))),
            Operator::CertificateValidityReversed {} => {
                std::mem::swap(&mut parts.not_before, &mut parts.not_after);
                parts.not_before != parts.not_after
            }
            Operator::CertificateKeyUsage { bits } => {
                set_extension(&mut parts.extensions, oid::KEY_USAGE, bits.map(Extension::key_usage))
            }
            Operator::CertificateIsCa { ca } => {
                let wanted = Extension::basic_constraints(*ca);
                set_extension(&mut parts.extensions, oid::BASIC_CONSTRAINTS, Some(wanted))
            }
            _ => false,
        });
        outcome
    }

    /// The signature of a certificate.
    pub(crate) fn certificate_signature(&mut self, signature: &mut [u8]) {
        self.each(|operator| match operator {
            Operator::CertificateSignatureXor { at, xor } => xor_at(signature, *at, *xor),
            _ => false,
        });
    }

    /// The parts of a certification request, before it is signed.
    pub(crate) fn csr(&mut self, parts: &mut CsrParts) {
        self.each(|operator| match operator {
            Operator::CsrChallengeRemove {} => parts.challenge.take().is_some(),
            Operator::CsrChallenge { text } => match &mut parts.challenge {
                Some((_, challenge)) => replace(challenge, Some(text.clone().into_bytes())),
                absent => replace(absent, Some(Some((tag::UTF8_STRING, text.clone().into_bytes())))),
            },
            _ => false,
        });
    }

    /// The signature of a certification request.
    pub(crate) fn csr_signature(&mut self, signature: &mut [u8]) {
        self.each(|operator| match operator {
            Operator::CsrSignatureXor { at, xor } => xor_at(signature, *at, *xor),
            _ => false,
        });
    }

    /// A certificates-only SignedData, before it is encoded.
    pub fn degenerate(&mut self, parts: &mut SignedDataParts) {
        self.each(|operator| match operator {
            Operator::DegenerateContent { hex } => replace(&mut parts.content, Some(Some(unhex(hex)))),
            Operator::DegenerateEmpty {} => !std::mem::take(&mut parts.certificates).is_empty(),
            Operator::DegenerateOther { hex } => {
                parts.certificates.push(unhex(hex));
                true
            }
            Operator::DegenerateSigner {} => {
                let digest_algorithm = write::algorithm(oid::SHA256, Some(&write::null()));
                parts.signers.push(SignerInfoParts {
                    sid: write::sequence(&[&write::sequence(&[]), &write::integer(1)]),
                    digest_algorithm,
                    signed_attributes: None,
                    signature_algorithm: write::algorithm(oid::RSA_ENCRYPTION, Some(&write::null())),
                    signature: vec![0; 256],
                    unsigned_attributes: Vec::new(),
                });
                true
            }
            Operator::DegenerateDuplicate {} => {
                let first = parts.certificates.first().cloned();
                parts.certificates.extend(first);
                !parts.certificates.is_empty()
            }
            _ => false,
        });
    }

    /// An HTTP answer, its body written already.
    pub fn response(&mut self, response: &mut HttpResponse) {
        self.each(|operator| match operator {
            Operator::HttpStatus { status } => replace(&mut response.status, Some(*status)),
            Operator::HttpContentType { value } => replace(&mut response.content_type, Some(value.clone())),
            Operator::HttpBody { text } => replace(&mut response.body, Some(text.clone().into_bytes())),
            Operator::HttpTruncate { permille } => truncate(&mut response.body, *permille),
            Operator::HttpAppend { hex } => {
                response.body.extend(unhex(hex));
                true
            }
            Operator::HttpReplace { from, to } => {
                let body = replace_octets(&response.body, from.as_bytes(), to.as_bytes());
                replace(&mut response.body, Some(body))
            }
            Operator::HttpBase64 {} => {
                let text = crate::certificate::pem("DATA", &response.body);
                replace(&mut response.body, Some(text.into_bytes()))
            }
            _ => false,
        });
    }

    /// An HTTP request, its body written already.
    pub fn request(&mut self, request: &mut HttpRequest) {
        self.each(|operator| match operator {
            Operator::HttpContentType { value } => replace(&mut request.content_type, Some(value.clone())),
            Operator::HttpBase64 {} if request.method == Method::Post => {
                let text = crate::certificate::pem("DATA", &request.body);
                replace(&mut request.body, Some(text.into_bytes()))
            }
            Operator::HttpReplace { from, to } => {
                let query = request.query.replace(from, to);
                replace(&mut request.query, Some(query))
            }
            Operator::HttpOtherMethod {} => request.switch_method(),
            _ => false,
        });
    }
}

/// Changes one name of an IssuerAndSubject; false when the content is none, or the text no name.
fn poll(data: &mut Vec<u8>, name: &str, change: impl FnOnce(&mut IssuerAndSubject, Vec<u8>)) -> bool {
    let (Ok(mut poll), Ok(name)) = (IssuerAndSubject::read(data), name::parse(name)) else { return false };
    change(&mut poll, name);
    replace(data, Some(poll.write()))
}

fn attribute(operator: &Operator, all: &mut Vec<AttributeParts>, unsigned: &mut Vec<AttributeParts>) -> bool {
    match operator {
        Operator::AttrRemove { attr } => {
            let before = all.len();
            all.retain(|a| Some(a.oid) != attribute_oid(attr));
            all.len() < before
        }
        Operator::AttrText { attr, text } => set_content(all, attr, tag::PRINTABLE_STRING, text.as_bytes()),
        Operator::AttrHex { attr, hex } => set_content(all, attr, tag::OCTET_STRING, &unhex(hex)),
        Operator::AttrXor { attr, at, xor } => edit(all, attr, |_, content| {
            xor_at(content, *at, *xor);
        }),
        Operator::AttrResize { attr, length } => edit(all, attr, |_, content| content.resize(*length, 0)),
        Operator::AttrCase { attr } => edit(all, attr, |_, content| {
            for octet in content {
                *octet = if octet.is_ascii_lowercase() {
                    octet.to_ascii_uppercase()
                } else {
                    octet.to_ascii_lowercase()
                };
            }
        }),
        Operator::AttrTag { attr, tag } => edit(all, attr, |old, _| *old = *tag),
        Operator::AttrDuplicate { attr } => {
            let Some(copy) = all.iter().find(|a| Some(a.oid) == attribute_oid(attr)).cloned() else {
                return false;
            };
            all.push(copy);
            true
        }
        Operator::AttrSecondValue { attr } => {
            let Some(found) = all.iter_mut().find(|a| Some(a.oid) == attribute_oid(attr)) else {
                return false;
            };
            found.values.extend(found.values.first().cloned());
            true
        }
        Operator::AttrCopy { attr, from } => {
            let Some(values) =
                all.iter().find(|a| Some(a.oid) == attribute_oid(from)).map(|a| a.values.clone())
            else {
                return false;
            };
            match all.iter_mut().find(|a| Some(a.oid) == attribute_oid(attr)) {
                Some(found) => replace(&mut found.values, Some(values)),
                None => false,
            }
        }
        Operator::AttrUnsigned { attr } => {
            let (moved, kept) =
                std::mem::take(all).into_iter().partition(|a| Some(a.oid) == attribute_oid(attr));
            *all = kept;
            let before = unsigned.len();
            unsigned.extend::<Vec<_>>(moved);
            unsigned.len() > before
        }
        Operator::AttrAdd { oid, tag, hex } => {
            let Some(oid) = oid::parse(oid) else { return false };
            all.push(AttributeParts { oid, values: vec![write::tlv(*tag, &unhex(hex))] });
            true
        }
        Operator::AttrsUnsorted {} => true,
        _ => false,
    }
}

fn attribute_oid(name: &str) -> Option<ObjectIdentifier> {
    ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(_, oid)| *oid)
}

/// Decodes the first value of an attribute, lets `act` change tag and content, and encodes it again.
/// True when that changed it.
fn edit(all: &mut [AttributeParts], attr: &str, act: impl FnOnce(&mut u8, &mut Vec<u8>)) -> bool {
    let Some(found) = all.iter_mut().find(|a| Some(a.oid) == attribute_oid(attr)) else { return false };
    let Some(value) = found.values.first_mut() else { return false };
    let Ok(read) = Tlv::read(Source::message(value), 0) else { return false };
    let (mut tag, mut content) = (read.tag, read.content().to_vec());
    act(&mut tag, &mut content);
    replace(value, Some(write::tlv(tag, &content)))
}

fn set_content(all: &mut Vec<AttributeParts>, attr: &str, tag: u8, content: &[u8]) -> bool {
    let Some(oid) = attribute_oid(attr) else { return false };
    if all.iter().any(|a| a.oid == oid) {
        return edit(all, attr, |_, old| *old = content.to_vec());
    }
    all.push(AttributeParts { oid, values: vec![write::tlv(tag, content)] });
    true
}

/// Changes an extension in its place, adds it at the end, or takes it away; true when that changed anything.
fn set_extension(all: &mut Vec<Extension>, oid: ObjectIdentifier, wanted: Option<Extension>) -> bool {
    match (all.iter_mut().find(|extension| extension.oid == oid), wanted) {
        (Some(found), Some(wanted)) => replace(found, Some(wanted)),
        (Some(_), None) => {
            all.retain(|extension| extension.oid != oid);
            true
        }
        (None, Some(wanted)) => {
            all.push(wanted);
            true
        }
        (None, None) => false,
    }
}

/// Replaces octets wherever they occur. A body need not be text, and what does not match stays as it is.
fn replace_octets(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut replaced, mut rest) = (Vec::with_capacity(body.len()), body);
    while let Some((first, others)) = rest.split_first() {
        match rest.strip_prefix(from) {
            Some(after) if !from.is_empty() => {
                replaced.extend_from_slice(to);
                rest = after;
            }
            _ => {
                replaced.push(*first);
                rest = others;
            }
        }
    }
    replaced
}

/// Puts the new value in; true when there is one and it differs.
fn replace<T: PartialEq>(old: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if *old != new => {
            *old = new;
            true
        }
        _ => false,
    }
}

fn xor_at(octets: &mut [u8], at: i64, mask: u8) -> bool {
    let index = if at < 0 {
        octets.len().checked_sub(usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX))
    } else {
        usize::try_from(at).ok()
    };
    match index.and_then(|index| octets.get_mut(index)) {
        Some(octet) => {
            *octet ^= mask;
            mask != 0
        }
        None => false,
    }
}

fn truncate(octets: &mut Vec<u8>, permille: usize) -> bool {
    let before = octets.len();
    octets.truncate(before.saturating_mul(permille) / 1000);
    octets.len() < before
}

/// Even hex digits to octets. Digits that are no hex count as zero: the catalogue's tests refuse them.
pub(super) fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| {
            pair.iter()
                .fold(0, |octet, digit| octet << 4 | char::from(*digit).to_digit(16).unwrap_or(0) as u8)
        })
        .collect()
}

/// Writes the outer `levels` constructed layers of a DER element with indefinite lengths.
fn indefinite(bytes: &[u8], levels: usize) -> Vec<u8> {
    let Ok(outer) = Tlv::read(Source::message(bytes), 0) else { return bytes.to_vec() };
    if levels == 0 || !outer.is_constructed() || outer.form == LengthForm::Indefinite {
        return outer.bytes().to_vec();
    }
    let members = outer.members().unwrap_or_default();
    let inner: Vec<u8> = members.iter().flat_map(|member| indefinite(member.bytes(), levels - 1)).collect();
    [&[outer.tag, 0x80][..], &inner, &[0, 0]].concat()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::attribute::{AttributeParts, FailInfo};
    use crate::certificate::{CertificateParts, Extension, KeyUsage};
    use crate::fault::{Faults, find};
    use crate::http::HttpResponse;
    use crate::key::PrivateKey;
    use crate::message::Outcome;
    use crate::{UnixTime, name, oid};

    fn faults(ids: &[&str]) -> Faults {
        Faults::new(ids.iter().map(|id| find(id).unwrap()).collect())
    }

    #[test]
    fn two_attributes_move_to_the_unsigned_ones_and_none_is_lost() {
        let mut signed = vec![
            AttributeParts::printable(oid::MESSAGE_TYPE, b"19"),
            AttributeParts::printable(oid::TRANSACTION_ID, b"1"),
            AttributeParts::octets(oid::SENDER_NONCE, b"n"),
        ];
        let ids = ["attr.messageType.unsigned", "attr.transactionID.unsigned", "attr.failInfo.unsigned"];
        let (mut faults, mut unsigned) = (faults(&ids), Vec::new());
        faults.attributes(&mut signed, &mut unsigned);
        let types = |all: &[AttributeParts]| all.iter().map(|a| a.oid).collect::<Vec<_>>();
        assert_eq!(types(&unsigned), [oid::MESSAGE_TYPE, oid::TRANSACTION_ID]);
        assert_eq!(types(&signed), [oid::SENDER_NONCE]);
        assert_eq!(faults.applied(), &ids[..2]);
    }

    #[rstest]
    #[case::pending("answer.pending", Outcome::Pending, false)]
    #[case::pending_instead("answer.pending", Outcome::Success, true)]
    #[case::success("answer.success-without-content", Outcome::Success, false)]
    #[case::success_instead("answer.success-without-content", Outcome::Pending, true)]
    #[case::failure("answer.failure", Outcome::Failure(FailInfo::BadRequest, None), false)]
    #[case::reason("answer.failure", Outcome::Failure(FailInfo::BadAlg, None), true)]
    #[case::text("answer.failure", Outcome::Failure(FailInfo::BadRequest, Some(String::new())), true)]
    fn a_status_that_is_there_already_is_not_applied(
        #[case] id: &str,
        #[case] outcome: Outcome,
        #[case] applied: bool,
    ) {
        let mut faults = faults(&[id]);
        let before = outcome.clone();
        let after = outcome_after(&mut faults, outcome);
        assert_eq!((before != after, faults.applied().len() == 1), (applied, applied));
    }

    fn outcome_after(faults: &mut Faults, outcome: Outcome) -> Outcome {
        use crate::attribute::{MessageType, TransactionId};
        use crate::message::MessageParts;
        use crate::suite::{Cipher, Digest};
        let mut parts = MessageParts {
            message_type: MessageType::CertRep,
            transaction_id: TransactionId::parse(b"1").unwrap(),
            sender_nonce: None,
            recipient_nonce: None,
            outcome: Some(outcome),
            message_data: None,
            recipient: None,
            cipher: Cipher::Aes128,
            digest: Digest::Sha256,
            certificates: Vec::new(),
        };
        faults.message(&mut parts);
        parts.outcome.unwrap()
    }

    #[rstest]
    #[case::usage_absent("certificate.no-key-usage", vec![Extension::basic_constraints(true)], None)]
    #[case::usage_gone(
        "certificate.no-key-usage",
        vec![Extension::key_usage(1), Extension::basic_constraints(true)],
        Some(vec![Extension::basic_constraints(true)])
    )]
    #[case::usage_is_so(
        "certificate.key-usage.no-ca-bits",
        vec![Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT)],
        None
    )]
    #[case::usage_changed_in_its_place(
        "certificate.key-usage.no-ca-bits",
        vec![Extension::key_usage(1), Extension::basic_constraints(true)],
        Some(vec![Extension::key_usage(5), Extension::basic_constraints(true)])
    )]
    #[case::ca_is_so(
        "issue.is-ca",
        vec![Extension::basic_constraints(true), Extension::key_usage(1)],
        None
    )]
    #[case::ca_added(
        "issue.is-ca",
        vec![Extension::key_usage(1)],
        Some(vec![Extension::key_usage(1), Extension::basic_constraints(true)])
    )]
    fn an_extension_that_is_so_already_is_not_applied(
        #[case] id: &str,
        #[case] extensions: Vec<Extension>,
        #[case] changed: Option<Vec<Extension>>,
    ) {
        let (mut faults, key) = (faults(&[id]), key());
        let mut parts = CertificateParts::self_signed(&[0x30, 0], key.public(), vec![1], UnixTime(0));
        parts.extensions.clone_from(&extensions);
        faults.certificate(&mut parts, key.public()).unwrap();
        assert_eq!(faults.applied().len(), usize::from(changed.is_some()));
        assert_eq!(parts.extensions, changed.unwrap_or(extensions));
    }

    fn key() -> PrivateKey {
        PrivateKey::from_pem(scep_vectors::keys::named("pool-00").unwrap().pem.as_bytes()).unwrap()
    }

    #[test]
    fn a_name_of_which_only_the_issuer_changes_is_applied() {
        let (mut faults, key) = (faults(&["certificate.other-name"]), key());
        let subject = name::parse("CN=somebody-else").unwrap();
        let mut parts = CertificateParts::self_signed(&subject, key.public(), vec![1], UnixTime(0));
        parts.issuer = name::parse("CN=CA").unwrap();
        faults.certificate(&mut parts, key.public()).unwrap();
        assert_eq!((parts.issuer, faults.applied().len()), (subject, 1));
    }

    #[test]
    fn a_text_that_does_not_occur_changes_nothing_in_a_body_that_is_no_text() {
        let mut response = HttpResponse::ok("application/x-pki-message", vec![0x30, 0x82, 0xff, 0x0a]);
        let before = response.clone();
        let mut lower_case = faults(&["caps.lower-case"]);
        lower_case.response(&mut response);
        assert_eq!((&response, lower_case.applied().len()), (&before, 0));
        // One that occurs is replaced, the octets around it stay.
        let mut commas = faults(&["caps.commas"]);
        commas.response(&mut response);
        assert_eq!((response.body, commas.applied().len()), (vec![0x30, 0x82, 0xff, b',', b' '], 1));
    }
}

//! The operators of the fault catalogue: one row of vocabulary each. What they do is in `apply`.

use serde::Deserialize;

/// What a fault does. Numbers are octet offsets and lengths; `hex` is an even number of hex digits; `tag` is
/// an identifier octet; `oid` is a name of [`crate::oid`] or a dotted form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operator {
    // Parts of a message, before anything is encoded.
    /// CertRep: another pkiStatus. FAILURE drops the content and takes `failInfo` (badRequest by default).
    Status {
        /// `SUCCESS`, `FAILURE` or `PENDING`.
        status: String,
        /// Reason, for FAILURE.
        #[serde(default, rename = "failInfo")]
        fail_info: Option<String>,
    },
    /// FAILURE: another failInfo.
    FailInfo {
        /// `badAlg` … `badCertId`.
        value: String,
        /// The one that is replaced; others stay.
        of: String,
    },
    /// Another digest for messageDigest and signature.
    UseDigest {
        /// `md5`, `sha-1`, …
        digest: String,
    },
    /// Another content cipher, used for real.
    UseCipher {
        /// `des-cbc`, `des3-cbc`, …
        cipher: String,
    },
    /// Another octet string as messageData.
    MessageData {
        /// Its octets.
        hex: String,
    },
    /// Octets after the messageData.
    MessageDataAppend {
        /// The octets.
        hex: String,
    },
    /// messageData goes into eContent as it is, without an envelope.
    EnvelopeBare {},

    // Certificates, requests and certificates-only payloads.
    /// The certificate certifies the issuer's key instead of the requested one.
    CertificateOtherKey {},
    /// CertPoll: another issuer.
    PollIssuer {
        /// RFC 4514 text.
        name: String,
    },
    /// CertPoll: another subject.
    PollSubject {
        /// RFC 4514 text.
        name: String,
    },
    /// The certificate has another issuer.
    CertificateIssuer {
        /// RFC 4514 text.
        name: String,
    },
    /// The certificate has another subject, and the same issuer: as self-signed as before.
    CertificateName {
        /// RFC 4514 text.
        name: String,
    },
    /// The certificate has another subject.
    CertificateSubject {
        /// RFC 4514 text.
        name: String,
    },
    /// The certificate has another serialNumber.
    CertificateSerial {
        /// Content octets of the INTEGER.
        hex: String,
    },
    /// notBefore and notAfter change places.
    CertificateValidityReversed {},
    /// keyUsage has other bits; without names the extension goes.
    CertificateKeyUsage {
        /// Bits as a number: digitalSignature 1, keyEncipherment 4, keyCertSign 32, cRLSign 64.
        bits: Option<u16>,
    },
    /// basicConstraints says so.
    CertificateIsCa {
        /// cA.
        ca: bool,
    },
    /// One octet of the certificate's signature is changed.
    CertificateSignatureXor {
        /// Counted from the end when negative.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// One octet of the PKCS#10 signature is changed.
    CsrSignatureXor {
        /// Counted from the end when negative.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// challengePassword is left out.
    CsrChallengeRemove {},
    /// Another challengePassword; its string type stays.
    CsrChallenge {
        /// The text.
        text: String,
    },
    /// The degenerate SignedData has content.
    DegenerateContent {
        /// Its octets.
        hex: String,
    },
    /// The degenerate SignedData has no certificates.
    DegenerateEmpty {},
    /// The degenerate SignedData carries a certificate twice.
    DegenerateDuplicate {},
    /// The degenerate SignedData has a member in its certificates field that is no certificate.
    DegenerateOther {
        /// The member, encoded.
        hex: String,
    },
    /// The degenerate SignedData has a SignerInfo, its signature without meaning.
    DegenerateSigner {},

    // Envelope.
    /// Another identifier for the cipher; the octets stay.
    CipherOid {
        /// Identifier.
        oid: String,
    },
    /// contentType of the encrypted content.
    EnvelopeContentType {
        /// Identifier.
        oid: String,
    },
    /// The recipient's serial number changes in its last octet.
    RecipientXor {
        /// Mask.
        xor: u8,
    },
    /// The RecipientInfo is written twice.
    RecipientTwice {},
    /// One octet of the encrypted key is changed.
    EncryptedKeyXor {
        /// Counted from the end when negative.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// The last octets of the encrypted content are cut off.
    EncryptedTruncate {
        /// How many.
        drop: usize,
    },

    // Signed attributes, before signing.
    /// The attribute is left out.
    AttrRemove {
        /// RFC name.
        attr: String,
    },
    /// Another text or octet string; the ASN.1 type stays. Added when it was not there.
    AttrText {
        /// RFC name.
        attr: String,
        /// Content.
        text: String,
    },
    /// Another content; the ASN.1 type stays. Added as OCTET STRING when it was not there.
    AttrHex {
        /// RFC name.
        attr: String,
        /// Content octets.
        hex: String,
    },
    /// One octet of the content is changed.
    AttrXor {
        /// RFC name.
        attr: String,
        /// Counted from the end when negative.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// Content is cut or filled up with zero octets.
    AttrResize {
        /// RFC name.
        attr: String,
        /// New length.
        length: usize,
    },
    /// ASCII letters change case.
    AttrCase {
        /// RFC name.
        attr: String,
    },
    /// Another ASN.1 type, same content.
    AttrTag {
        /// RFC name.
        attr: String,
        /// Identifier octet.
        tag: u8,
    },
    /// A second attribute of the same type with the same value.
    AttrDuplicate {
        /// RFC name.
        attr: String,
    },
    /// A second value in the same attribute.
    AttrSecondValue {
        /// RFC name.
        attr: String,
    },
    /// A copy of another attribute's value.
    AttrCopy {
        /// RFC name of the one that is changed.
        attr: String,
        /// RFC name of the one that is copied.
        from: String,
    },
    /// Moved to the unsigned attributes.
    AttrUnsigned {
        /// RFC name.
        attr: String,
    },
    /// An attribute of another type is added.
    AttrAdd {
        /// Identifier.
        oid: String,
        /// Identifier octet of the value.
        tag: u8,
        /// Content octets of the value.
        hex: String,
    },
    /// The attributes are written, and signed, in reverse of DER order.
    AttrsUnsorted {},

    // SignedData.
    /// eContent becomes these octets before the digest is made.
    Content {
        /// The octets.
        hex: String,
    },
    /// eContent is left out before the digest is made.
    ContentRemove {},
    /// One octet of eContent is changed after signing.
    ContentXor {
        /// Counted from the end when negative.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// One octet of the signature is changed.
    SignatureXor {
        /// Counted from the end when negative.
        at: i64,
        /// Mask.
        xor: u8,
    },
    /// Another eContentType.
    ContentType {
        /// Identifier.
        oid: String,
    },
    /// The certificates field is left out.
    CertificatesRemove {},
    /// The signed attributes are left out.
    SignedAttributesRemove {},
    /// The SignerInfo is written twice.
    SignerDuplicate {},

    // Bytes of the whole message.
    /// Only the first octets remain.
    Truncate {
        /// How many in a thousand.
        permille: usize,
    },
    /// Octets after the end.
    Append {
        /// The octets.
        hex: String,
    },
    /// Other octets altogether.
    Bytes {
        /// The octets.
        hex: String,
    },
    /// The outermost three layers get an indefinite length.
    Indefinite {},

    // HTTP.
    /// Another status code; the body stays.
    HttpStatus {
        /// The code.
        status: u16,
    },
    /// Another Content-Type; None leaves it out.
    HttpContentType {
        /// The value.
        value: Option<String>,
    },
    /// Another body.
    HttpBody {
        /// Its text.
        text: String,
    },
    /// Only the first octets of the body remain.
    HttpTruncate {
        /// How many in a thousand.
        permille: usize,
    },
    /// Octets after the end of the body.
    HttpAppend {
        /// The octets.
        hex: String,
    },
    /// A text in the body is replaced, wherever it occurs.
    HttpReplace {
        /// The text.
        from: String,
        /// What stands there instead.
        to: String,
    },
    /// The body is wrapped as PEM-like base64 text.
    HttpBase64 {},
    /// A request goes by the other method.
    HttpOtherMethod {},
}

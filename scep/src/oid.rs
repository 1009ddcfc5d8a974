//! Object identifiers of the protocol, with their names.

use const_oid::ObjectIdentifier;

macro_rules! oids {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $dotted:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($dotted);)+

        /// Names of the identifiers above.
        const NAMES: &[(ObjectIdentifier, &str)] = &[$(($name, $text),)+];
    };
}

oids! {
    /// PKCS#7 / CMS content types, RFC 5652.
    DATA = "data", "1.2.840.113549.1.7.1";
    /// See [`DATA`].
    SIGNED_DATA = "signedData", "1.2.840.113549.1.7.2";
    /// See [`DATA`].
    ENVELOPED_DATA = "envelopedData", "1.2.840.113549.1.7.3";
    /// CMS attributes, RFC 5652 section 11.
    CONTENT_TYPE = "contentType", "1.2.840.113549.1.9.3";
    /// See [`CONTENT_TYPE`].
    MESSAGE_DIGEST = "messageDigest", "1.2.840.113549.1.9.4";
    /// See [`CONTENT_TYPE`].
    SIGNING_TIME = "signingTime", "1.2.840.113549.1.9.5";
    /// PKCS#9 attribute of PKCS#10, RFC 2985.
    CHALLENGE_PASSWORD = "challengePassword", "1.2.840.113549.1.9.7";
    /// PKCS#9 attribute of PKCS#10, RFC 2985.
    EXTENSION_REQUEST = "extensionRequest", "1.2.840.113549.1.9.14";
    /// SCEP attributes, RFC 8894 3.2.1 Table 1.
    MESSAGE_TYPE = "messageType", "2.16.840.1.113733.1.9.2";
    /// See [`MESSAGE_TYPE`].
    PKI_STATUS = "pkiStatus", "2.16.840.1.113733.1.9.3";
    /// See [`MESSAGE_TYPE`].
    FAIL_INFO = "failInfo", "2.16.840.1.113733.1.9.4";
    /// See [`MESSAGE_TYPE`].
    SENDER_NONCE = "senderNonce", "2.16.840.1.113733.1.9.5";
    /// See [`MESSAGE_TYPE`].
    RECIPIENT_NONCE = "recipientNonce", "2.16.840.1.113733.1.9.6";
    /// See [`MESSAGE_TYPE`].
    TRANSACTION_ID = "transactionID", "2.16.840.1.113733.1.9.7";
    /// id-scep 1, RFC 8894 section 6.
    FAIL_INFO_TEXT = "failInfoText", "1.3.6.1.5.5.7.24.1";
    /// RSA and its signatures, RFC 8017.
    RSA_ENCRYPTION = "rsaEncryption", "1.2.840.113549.1.1.1";
    /// See [`RSA_ENCRYPTION`].
    MD5_WITH_RSA = "md5WithRSAEncryption", "1.2.840.113549.1.1.4";
    /// See [`RSA_ENCRYPTION`].
    SHA1_WITH_RSA = "sha1WithRSAEncryption", "1.2.840.113549.1.1.5";
    /// See [`RSA_ENCRYPTION`].
    SHA256_WITH_RSA = "sha256WithRSAEncryption", "1.2.840.113549.1.1.11";
    /// See [`RSA_ENCRYPTION`].
    SHA384_WITH_RSA = "sha384WithRSAEncryption", "1.2.840.113549.1.1.12";
    /// See [`RSA_ENCRYPTION`].
    SHA512_WITH_RSA = "sha512WithRSAEncryption", "1.2.840.113549.1.1.13";
    /// Digests.
    MD5 = "md5", "1.2.840.113549.2.5";
    /// See [`MD5`].
    SHA1 = "sha-1", "1.3.14.3.2.26";
    /// See [`MD5`].
    SHA256 = "sha-256", "2.16.840.1.101.3.4.2.1";
    /// See [`MD5`].
    SHA384 = "sha-384", "2.16.840.1.101.3.4.2.2";
    /// See [`MD5`].
    SHA512 = "sha-512", "2.16.840.1.101.3.4.2.3";
    /// Content ciphers.
    DES_CBC = "des-cbc", "1.3.14.3.2.7";
    /// See [`DES_CBC`].
    DES_EDE3_CBC = "des-ede3-cbc", "1.2.840.113549.3.7";
    /// See [`DES_CBC`].
    AES128_CBC = "aes128-cbc", "2.16.840.1.101.3.4.1.2";
    /// See [`DES_CBC`].
    AES192_CBC = "aes192-cbc", "2.16.840.1.101.3.4.1.22";
    /// See [`DES_CBC`].
    AES256_CBC = "aes256-cbc", "2.16.840.1.101.3.4.1.42";
    /// Certificate extensions, RFC 5280.
    SUBJECT_KEY_ID = "subjectKeyIdentifier", "2.5.29.14";
    /// See [`SUBJECT_KEY_ID`].
    KEY_USAGE = "keyUsage", "2.5.29.15";
    /// See [`SUBJECT_KEY_ID`].
    SUBJECT_ALT_NAME = "subjectAltName", "2.5.29.17";
    /// See [`SUBJECT_KEY_ID`].
    BASIC_CONSTRAINTS = "basicConstraints", "2.5.29.19";
    /// See [`SUBJECT_KEY_ID`].
    CRL_NUMBER = "cRLNumber", "2.5.29.20";
    /// See [`SUBJECT_KEY_ID`].
    CRL_REASON = "cRLReason", "2.5.29.21";
    /// See [`SUBJECT_KEY_ID`].
    AUTHORITY_KEY_ID = "authorityKeyIdentifier", "2.5.29.35";
    /// See [`SUBJECT_KEY_ID`].
    EXT_KEY_USAGE = "extKeyUsage", "2.5.29.37";
}

/// The name of an identifier, or its dotted form.
#[must_use]
pub fn name(oid: ObjectIdentifier) -> String {
    NAMES
        .iter()
        .find(|(known, _)| *known == oid)
        .map_or_else(|| oid.to_string(), |(_, name)| (*name).to_owned())
}

/// The identifier of a name used above, or of a dotted form.
#[must_use]
pub fn parse(text: &str) -> Option<ObjectIdentifier> {
    NAMES
        .iter()
        .find(|(_, name)| *name == text)
        .map(|(oid, _)| *oid)
        .or_else(|| ObjectIdentifier::new(text).ok())
}

/// The name of an identifier given as the content octets of an OBJECT IDENTIFIER; None when they are none.
#[must_use]
pub fn name_of_content(content: &[u8]) -> Option<String> {
    ObjectIdentifier::from_bytes(content).ok().map(name)
}

/// Every identifier above, with its name.
pub fn all() -> impl Iterator<Item = (ObjectIdentifier, &'static str)> {
    NAMES.iter().copied()
}

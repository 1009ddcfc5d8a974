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
    /// See [`DATA`]; RFC 5083.
    AUTH_ENVELOPED_DATA = "authEnvelopedData", "1.2.840.113549.1.9.16.1.23";
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
    /// See [`RSA_ENCRYPTION`].
    SHA224_WITH_RSA = "sha224WithRSAEncryption", "1.2.840.113549.1.1.14";
    /// See [`RSA_ENCRYPTION`].
    RSAES_OAEP = "rsaesOaep", "1.2.840.113549.1.1.7";
    /// See [`RSA_ENCRYPTION`].
    MGF1 = "mgf1", "1.2.840.113549.1.1.8";
    /// See [`RSA_ENCRYPTION`].
    P_SPECIFIED = "pSpecified", "1.2.840.113549.1.1.9";
    /// See [`RSA_ENCRYPTION`].
    RSASSA_PSS = "rsassaPss", "1.2.840.113549.1.1.10";
    /// Elliptic curve keys and their signatures, RFC 5480 and RFC 5758.
    EC_PUBLIC_KEY = "ecPublicKey", "1.2.840.10045.2.1";
    /// See [`EC_PUBLIC_KEY`].
    P256 = "secp256r1", "1.2.840.10045.3.1.7";
    /// See [`EC_PUBLIC_KEY`].
    P384 = "secp384r1", "1.3.132.0.34";
    /// See [`EC_PUBLIC_KEY`].
    P521 = "secp521r1", "1.3.132.0.35";
    /// See [`EC_PUBLIC_KEY`].
    ECDSA_WITH_SHA1 = "ecdsa-with-SHA1", "1.2.840.10045.4.1";
    /// See [`EC_PUBLIC_KEY`].
    ECDSA_WITH_SHA224 = "ecdsa-with-SHA224", "1.2.840.10045.4.3.1";
    /// See [`EC_PUBLIC_KEY`].
    ECDSA_WITH_SHA256 = "ecdsa-with-SHA256", "1.2.840.10045.4.3.2";
    /// See [`EC_PUBLIC_KEY`].
    ECDSA_WITH_SHA384 = "ecdsa-with-SHA384", "1.2.840.10045.4.3.3";
    /// See [`EC_PUBLIC_KEY`].
    ECDSA_WITH_SHA512 = "ecdsa-with-SHA512", "1.2.840.10045.4.3.4";
    /// Key agreement by ECDH, RFC 5753 7.1.4: standard, then with cofactor (which is 1 on every curve here).
    STD_DH_SHA1_KDF = "dhSinglePass-stdDH-sha1kdf-scheme", "1.3.133.16.840.63.0.2";
    /// See [`STD_DH_SHA1_KDF`].
    STD_DH_SHA224_KDF = "dhSinglePass-stdDH-sha224kdf-scheme", "1.3.132.1.11.0";
    /// See [`STD_DH_SHA1_KDF`].
    STD_DH_SHA256_KDF = "dhSinglePass-stdDH-sha256kdf-scheme", "1.3.132.1.11.1";
    /// See [`STD_DH_SHA1_KDF`].
    STD_DH_SHA384_KDF = "dhSinglePass-stdDH-sha384kdf-scheme", "1.3.132.1.11.2";
    /// See [`STD_DH_SHA1_KDF`].
    STD_DH_SHA512_KDF = "dhSinglePass-stdDH-sha512kdf-scheme", "1.3.132.1.11.3";
    /// See [`STD_DH_SHA1_KDF`].
    COFACTOR_DH_SHA1_KDF = "dhSinglePass-cofactorDH-sha1kdf-scheme", "1.3.133.16.840.63.0.3";
    /// See [`STD_DH_SHA1_KDF`].
    COFACTOR_DH_SHA224_KDF = "dhSinglePass-cofactorDH-sha224kdf-scheme", "1.3.132.1.14.0";
    /// See [`STD_DH_SHA1_KDF`].
    COFACTOR_DH_SHA256_KDF = "dhSinglePass-cofactorDH-sha256kdf-scheme", "1.3.132.1.14.1";
    /// See [`STD_DH_SHA1_KDF`].
    COFACTOR_DH_SHA384_KDF = "dhSinglePass-cofactorDH-sha384kdf-scheme", "1.3.132.1.14.2";
    /// See [`STD_DH_SHA1_KDF`].
    COFACTOR_DH_SHA512_KDF = "dhSinglePass-cofactorDH-sha512kdf-scheme", "1.3.132.1.14.3";
    /// Wrapping of a content key under an agreed key, RFC 3394 and RFC 3217.
    AES128_WRAP = "aes128-wrap", "2.16.840.1.101.3.4.1.5";
    /// See [`AES128_WRAP`].
    AES192_WRAP = "aes192-wrap", "2.16.840.1.101.3.4.1.25";
    /// See [`AES128_WRAP`].
    AES256_WRAP = "aes256-wrap", "2.16.840.1.101.3.4.1.45";
    /// See [`AES128_WRAP`].
    DES3_WRAP = "des3-wrap", "1.2.840.113549.1.9.16.3.6";
    /// Password recipients: derivation and wrapping, RFC 8018 and RFC 3211.
    PBKDF2 = "pbkdf2", "1.2.840.113549.1.5.12";
    /// See [`PBKDF2`].
    PWRI_KEK = "pwri-kek", "1.2.840.113549.1.9.16.3.9";
    /// See [`PBKDF2`].
    HMAC_SHA1 = "hmacWithSHA1", "1.2.840.113549.2.7";
    /// See [`PBKDF2`].
    HMAC_SHA224 = "hmacWithSHA224", "1.2.840.113549.2.8";
    /// See [`PBKDF2`].
    HMAC_SHA256 = "hmacWithSHA256", "1.2.840.113549.2.9";
    /// See [`PBKDF2`].
    HMAC_SHA384 = "hmacWithSHA384", "1.2.840.113549.2.10";
    /// See [`PBKDF2`].
    HMAC_SHA512 = "hmacWithSHA512", "1.2.840.113549.2.11";
    /// Digests.
    MD5 = "md5", "1.2.840.113549.2.5";
    /// See [`MD5`].
    SHA1 = "sha-1", "1.3.14.3.2.26";
    /// See [`MD5`].
    SHA224 = "sha-224", "2.16.840.1.101.3.4.2.4";
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
    /// See [`DES_CBC`].
    BLOWFISH_CBC = "blowfish-cbc", "1.3.6.1.4.1.3029.1.2";
    /// See [`DES_CBC`]; RFC 5084.
    AES128_GCM = "aes128-gcm", "2.16.840.1.101.3.4.1.6";
    /// See [`DES_CBC`]; RFC 5084.
    AES192_GCM = "aes192-gcm", "2.16.840.1.101.3.4.1.26";
    /// See [`DES_CBC`]; RFC 5084.
    AES256_GCM = "aes256-gcm", "2.16.840.1.101.3.4.1.46";
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
    /// Purposes of extKeyUsage, RFC 5280 4.2.1.12.
    SERVER_AUTH = "serverAuth", "1.3.6.1.5.5.7.3.1";
    /// See [`SERVER_AUTH`].
    CLIENT_AUTH = "clientAuth", "1.3.6.1.5.5.7.3.2";
    /// See [`SERVER_AUTH`].
    CODE_SIGNING = "codeSigning", "1.3.6.1.5.5.7.3.3";
    /// See [`SERVER_AUTH`].
    EMAIL_PROTECTION = "emailProtection", "1.3.6.1.5.5.7.3.4";
    /// See [`SERVER_AUTH`].
    IPSEC_END_SYSTEM = "ipsecEndSystem", "1.3.6.1.5.5.7.3.5";
    /// See [`SERVER_AUTH`].
    TIME_STAMPING = "timeStamping", "1.3.6.1.5.5.7.3.8";
    /// See [`SERVER_AUTH`].
    OCSP_SIGNING = "OCSPSigning", "1.3.6.1.5.5.7.3.9";
    /// See [`SERVER_AUTH`]; RFC 4945 5.1.3.12.
    IPSEC_IKE = "ipsecIKE", "1.3.6.1.5.5.7.3.17";
    /// See [`SERVER_AUTH`].
    ANY_EXT_KEY_USAGE = "anyExtendedKeyUsage", "2.5.29.37.0";
    /// Certificate template by name, Microsoft's version 1 (szOID_ENROLL_CERTTYPE_EXTENSION, MS-WCCE).
    CERTIFICATE_TEMPLATE_NAME = "msCertificateTemplateName", "1.3.6.1.4.1.311.20.2";
    /// Certificate template by identifier, Microsoft's version 2 (szOID_CERTIFICATE_TEMPLATE).
    CERTIFICATE_TEMPLATE = "msCertificateTemplate", "1.3.6.1.4.1.311.21.7";
    /// Microsoft's attribute of requested extensions (szOID_CERT_EXTENSIONS).
    MS_EXTENSION_REQUEST = "msCertExtensions", "1.3.6.1.4.1.311.2.1.14";
    /// VeriSign's attribute of requested extensions, in old drafts of SCEP.
    OLD_EXTENSION_REQUEST = "extensionReq", "2.16.840.1.113733.1.9.8";
    /// User principal name, an otherName.
    MS_UPN = "msUPN", "1.3.6.1.4.1.311.20.2.3";
}

/// The name of an identifier, or its dotted form.
#[must_use]
pub fn name(oid: ObjectIdentifier) -> String {
    NAMES.iter().find(|(known, _)| *known == oid).map_or_else(|| dotted(oid), |(_, name)| (*name).to_owned())
}

/// The dotted form. Not `Display` of the crate: it reads arcs up to 42 bits and prints 32 of them, so that
/// one identifier would be shown as another.
#[must_use]
pub fn dotted(oid: ObjectIdentifier) -> String {
    let mut text = String::new();
    let mut arc = 0_u64;
    for octet in oid.as_bytes() {
        arc = arc << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            // The first two arcs share a number, X.690 8.19.4.
            let (first, rest) = (arc.min(80) / 40, arc);
            if text.is_empty() {
                text = format!("{first}.{}", rest - 40 * first);
            } else {
                text.push_str(&format!(".{arc}"));
            }
            arc = 0;
        }
    }
    text
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

/// The identifier whose content octets these are; None when they are none's.
#[must_use]
pub fn of_content(content: &[u8]) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(content).ok()
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

#[cfg(test)]
mod tests {
    use const_oid::ObjectIdentifier;

    use super::{all, dotted};

    #[test]
    fn the_dotted_form_is_exact() {
        assert!(all().all(|(oid, _)| dotted(oid) == oid.to_string()));
        // Of 33 bits: openssl asn1parse says the same.
        let long = ObjectIdentifier::from_bytes(&[0x2a, 0x9f, 0xff, 0xff, 0xff, 0x7f]).unwrap();
        assert_eq!(dotted(long), "1.2.8589934591");
    }
}

//! Bounds of the reader, each with the source of its number.

use crate::error::Result;
use crate::tlv::Tlv;

/// Deepest nesting that is followed. A SCEP message with a long certificate chain inside two CMS layers
/// stays under 20; OpenSSL's own recursion stop is 30, so twice the real need is refused nowhere else.
pub const DEPTH: usize = 40;

/// Most octets of a tag number, the first identifier octet included: 28 bits, as OpenSSL's reader has it.
pub const TAG_OCTETS: usize = 5;

/// Largest input of any reader, in octets: a message, a certificate, a CRL, an answer to GetCACert. A CertRep
/// with a chain of ten RSA-8192 certificates is below 64 KiB; a CRL of 10 000 entries is below 400 KiB, so
/// entries of a CRL need no bound of their own.
pub const MESSAGE: usize = 1 << 20;

/// Largest RSA modulus used, in bits: beyond it one signature check takes over a second.
pub const RSA_BITS: u32 = 16_384;

/// Longest transactionID kept, in octets. The RFC names no bound (3.2.1.1); the longest seen in the field
/// is a 128-digit hash in text.
pub const TRANSACTION_ID: usize = 1024;

/// Most iterations of PBKDF2 that opening one envelope may cost, over all its recipients and passwords. The
/// highest number that is recommended to anybody is 600 000 (OWASP, HMAC-SHA256); OpenSSL writes 2048 into
/// an envelope. At the limit it takes half a second.
pub const PBKDF2_ITERATIONS: u32 = 1_000_000;

/// Most operations with private keys that opening one envelope may cost, over all its recipients and keys.
/// SCEP has one recipient (RFC 8894 3.1); 32 operations with RSA-8192 take a second.
pub const KEY_OPERATIONS: usize = 32;

/// Most attributes of one name. The longest name of RFC 5280's upper bounds in use (appendix A.1) has some
/// twenty; directory names of the field stay under ten.
pub const NAME_ATTRIBUTES: usize = 256;

/// Most attributes in one set: signed or unsigned ones of a SignerInfo, or those of a PKCS#10. SCEP defines
/// ten (RFC 8894 3.2.1); messages of the field have under twenty.
pub const ATTRIBUTES: usize = 1000;

/// Most values of one attribute. Every attribute of SCEP and PKCS#10 has one (RFC 8894 3.2.1, RFC 2985).
pub const ATTRIBUTE_VALUES: usize = 1000;

/// Most extensions of one certificate or request, and most purposes of one extKeyUsage. RFC 5280 defines
/// seventeen extensions; certificates of the field have under thirty.
pub const EXTENSIONS: usize = 200;

/// Most alternative names of one extension. Public CAs stop at 100 to 250.
pub const ALT_NAMES: usize = 1000;

/// Most certificates in one SignedData. Chains of the field have up to four, GetCACert answers up to ten;
/// a signer's certificate is searched for among all of them.
pub const CERTIFICATES: usize = 256;

/// Most CRLs in one SignedData. A GetCRL is answered with one (RFC 8894 3.3.4).
pub const CRLS: usize = 64;

/// Most SignerInfos in one SignedData. A pkiMessage has one (RFC 8894 figure 6).
pub const SIGNERS: usize = 16;

/// Most RecipientInfos in one EnvelopedData. A pkiMessage has one (RFC 8894 3.1).
pub const RECIPIENTS: usize = 64;

/// Most digest algorithms announced by one SignedData. There is one for each signer.
pub const DIGEST_ALGORITHMS: usize = SIGNERS;

/// An error that names the bound when there are more members than it allows.
pub(crate) fn at_most(
    limit: usize,
    kind: &str,
    count: usize,
    element: &Tlv<'_>,
    what: &'static str,
) -> Result<()> {
    if count <= limit {
        return Ok(());
    }
    Err(element.malformed(what, format!("expected at most {limit} {kind}, got {count} or more")))
}

//! Bounds of the reader, each with the source of its number.

use crate::error::Error;
use crate::tlv::Tlv;

/// Deepest nesting that is followed. A SCEP message with a long certificate chain inside two CMS layers
/// stays under 20; OpenSSL's own recursion stop is 30, so twice the real need is refused nowhere else.
pub const DEPTH: usize = 40;

/// Largest message read, in octets. A CertRep with a chain of ten RSA-8192 certificates is below 64 KiB;
/// a CRL of 10 000 entries is below 400 KiB.
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

/// The error of an element with more members than a bound.
pub(crate) fn exceeded(element: &Tlv<'_>, what: &'static str, kind: &str, limit: usize) -> Error {
    element.malformed(what, format!("expected at most {limit} {kind}, got more"))
}

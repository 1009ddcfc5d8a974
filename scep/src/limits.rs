//! Bounds of the reader, each with the source of its number.

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

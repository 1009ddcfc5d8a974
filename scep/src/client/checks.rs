//! Which checks a client makes on an answer.

/// Which checks are made on an answer. All of them, unless a test wants a client that skips one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// HTTP status 200 (RFC 8894 4.3.1).
    pub http_status: bool,
    /// messageType is CertRep (3.2.1.2).
    pub message_type: bool,
    /// transactionID equals the request's (3.2.1.1).
    pub transaction_id: bool,
    /// recipientNonce equals the request's senderNonce (3.2.1.5).
    pub recipient_nonce: bool,
    /// messageDigest equals the digest of the content.
    pub message_digest: bool,
    /// The signature verifies with a certificate of the CA (3.1).
    pub message_signature: bool,
    /// The digest of the signature is not MD5 (2.9).
    pub md5: bool,
    /// The content cipher is not single DES (2.9).
    pub single_des: bool,
    /// The certificate is for the requested key (3.3.2.1).
    pub certificate_key: bool,
    /// The answer to a GetCert holds the certificate that was asked for, the answer to a GetCRL a CRL of the
    /// issuer that was asked for (3.3.4).
    pub queried: bool,
    /// A certificate of the CA verifies the CRL (RFC 5280 6.3.3).
    pub crl_signature: bool,
}

impl Checks {
    /// None at all: whatever certificate is in an answer is taken.
    pub const NONE: Self = Self::each(false);

    const fn each(made: bool) -> Self {
        Self {
            http_status: made,
            message_type: made,
            transaction_id: made,
            recipient_nonce: made,
            message_digest: made,
            message_signature: made,
            md5: made,
            single_des: made,
            certificate_key: made,
            queried: made,
            crl_signature: made,
        }
    }
}

impl Default for Checks {
    fn default() -> Self {
        Self::each(true)
    }
}

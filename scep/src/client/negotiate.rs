//! Choice of algorithms and transport from the capabilities, RFC 8894 3.5.2.

use crate::caps::Capabilities;
use crate::suite::{Cipher, Digest};

/// What a client uses towards one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    /// Content cipher of requests.
    pub cipher: Cipher,
    /// Digest of requests.
    pub digest: Digest,
    /// POST instead of GET.
    pub post: bool,
}

impl Suite {
    /// AES128-CBC before triple DES, SHA-256 before SHA-512 before SHA-1, POST as soon as it is announced
    /// (4.1). With nothing announced it is triple DES, SHA-1 and GET: never single DES, never MD5.
    #[must_use]
    pub fn choose(capabilities: &Capabilities) -> Self {
        Self {
            cipher: if capabilities.has("AES") { Cipher::Aes128 } else { Cipher::Des3 },
            digest: if capabilities.has("SHA-256") {
                Digest::Sha256
            } else if capabilities.has("SHA-512") {
                Digest::Sha512
            } else {
                Digest::Sha1
            },
            post: capabilities.has("POSTPKIOperation"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Suite;
    use crate::caps::Capabilities;
    use crate::suite::{Cipher, Digest};

    #[rstest]
    #[case::standard(&["SCEPStandard"], Cipher::Aes128, Digest::Sha256, true)]
    #[case::nothing(&[], Cipher::Des3, Digest::Sha1, false)]
    #[case::both(&["DES3", "AES", "SHA-1", "SHA-256", "SHA-512"], Cipher::Aes128, Digest::Sha256, false)]
    #[case::old(&["DES3", "SHA-1", "POSTPKIOperation"], Cipher::Des3, Digest::Sha1, true)]
    #[case::sha512(&["AES", "SHA-512", "SHA-1"], Cipher::Aes128, Digest::Sha512, false)]
    fn the_best_of_what_is_announced_is_chosen(
        #[case] keywords: &[&str],
        #[case] cipher: Cipher,
        #[case] digest: Digest,
        #[case] post: bool,
    ) {
        assert_eq!(Suite::choose(&Capabilities::new(keywords)), Suite { cipher, digest, post });
    }
}

//! Choice of algorithms, transport and form of renewal from the capabilities: tables, of which the first row
//! that fits decides.
//!
//! RFC 8894 3.5.2 holds for everybody. What it forbids, single DES and MD5, is the default of the drafts
//! that old devices were built to: it is chosen only for a server that is declared to be such a one
//! ([`Edition::Nourse`]), whatever a server announces or leaves out.

use super::RequestForm;
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

/// Which edition of the protocol a server is declared to be built to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edition {
    /// RFC 8894: never single DES, never MD5.
    #[default]
    Rfc8894,
    /// draft-nourse-scep: single DES and MD5 are what there is until something better is announced, and
    /// `Renewal` means a PKCSReq signed with the old certificate. (The drafts in between forbid no algorithm
    /// that they do not advise against: towards their servers a client does as the RFC says.)
    Nourse,
}

/// A choice, and the rules that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// Algorithms and transport.
    pub suite: Suite,
    /// The message of a renewal. A PKCSReq is one when the existing certificate signs it.
    pub renewal: RequestForm,
    /// The source of each rule: of cipher, digest, transport, renewal.
    pub sources: [&'static str; 4],
}

/// One rule: for these editions, when this keyword is announced (None: always), this is chosen.
struct Row<T: 'static> {
    editions: &'static [Edition],
    keyword: Option<&'static str>,
    choice: T,
    source: &'static str,
}

const fn row<T>(
    editions: &'static [Edition],
    keyword: Option<&'static str>,
    choice: T,
    source: &'static str,
) -> Row<T> {
    Row { editions, keyword, choice, source }
}

const ALL: &[Edition] = &[Edition::Rfc8894, Edition::Nourse];
const RFC: &[Edition] = &[Edition::Rfc8894];

const CIPHERS: &[Row<Cipher>] = &[
    row(ALL, Some("AES"), Cipher::Aes128, "RFC 8894 3.5.2: AES128-CBC in preference to triple DES"),
    row(ALL, Some("DES3"), Cipher::Des3, "RFC 8894 3.5.2, Table 7"),
    row(RFC, None, Cipher::Des3, "RFC 8894 2.9: single DES MUST NOT; triple DES is what is left"),
    row(ALL, None, Cipher::Des, "draft-nourse-scep-11: DES is the cipher that everybody has"),
];

const DIGESTS: &[Row<Digest>] = &[
    row(ALL, Some("SHA-256"), Digest::Sha256, "RFC 8894 3.5.2: SHA-256 in preference to SHA-1"),
    row(ALL, Some("SHA-512"), Digest::Sha512, "RFC 8894 3.5.2, Table 7: rather than SHA-1"),
    row(ALL, Some("SHA-1"), Digest::Sha1, "RFC 8894 3.5.2, Table 7"),
    row(RFC, None, Digest::Sha1, "RFC 8894 2.9: MD5 MUST NOT; SHA-1 is what is left"),
    row(ALL, None, Digest::Md5, "draft-nourse-scep-11: without the keyword SHA-1, MD5"),
];

const TRANSPORTS: &[Row<bool>] = &[
    row(ALL, Some("POSTPKIOperation"), true, "RFC 8894 4.1: POST as soon as it is announced"),
    row(ALL, None, false, "RFC 8894 4.1: GET where POST is not announced"),
];

const RENEWALS: &[Row<RequestForm>] = &[
    row(RFC, Some("Renewal"), RequestForm::RenewalReq, "RFC 8894 3.5.2: Renewal is RenewalReq"),
    row(ALL, None, RequestForm::PkcsReq, "draft-nourse-scep: a PKCSReq signed with the old certificate"),
];

/// The first row that fits; every table ends in one that always does.
fn choose<T: Copy>(
    table: &'static [Row<T>],
    edition: Edition,
    capabilities: &Capabilities,
    last: T,
) -> (T, &'static str) {
    let fits = |row: &&Row<T>| {
        row.editions.contains(&edition) && row.keyword.is_none_or(|keyword| capabilities.has(keyword))
    };
    table.iter().find(fits).map_or((last, "no rule"), |row| (row.choice, row.source))
}

impl Negotiated {
    /// What to use towards a server of that edition with these capabilities.
    #[must_use]
    pub fn new(edition: Edition, capabilities: &Capabilities) -> Self {
        let (cipher, of_cipher) = choose(CIPHERS, edition, capabilities, Cipher::Des3);
        let (digest, of_digest) = choose(DIGESTS, edition, capabilities, Digest::Sha1);
        let (post, of_transport) = choose(TRANSPORTS, edition, capabilities, false);
        let (renewal, of_renewal) = choose(RENEWALS, edition, capabilities, RequestForm::PkcsReq);
        Self {
            suite: Suite { cipher, digest, post },
            renewal,
            sources: [of_cipher, of_digest, of_transport, of_renewal],
        }
    }
}

impl Suite {
    /// AES128-CBC before triple DES, SHA-256 before SHA-512 before SHA-1, POST as soon as it is announced
    /// (4.1). With nothing announced it is triple DES, SHA-1 and GET: never single DES, never MD5.
    #[must_use]
    pub fn choose(capabilities: &Capabilities) -> Self {
        Negotiated::new(Edition::Rfc8894, capabilities).suite
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{ALL, CIPHERS, DIGESTS, Edition, Negotiated, RENEWALS, Row, Suite, TRANSPORTS};
    use crate::caps::{Capabilities, KEYWORDS};
    use crate::client::RequestForm::{self, PkcsReq, RenewalReq};
    use crate::suite::{Cipher, Digest};

    #[rstest]
    #[case::standard(&["SCEPStandard"], Cipher::Aes128, Digest::Sha256, true)]
    #[case::nothing(&[], Cipher::Des3, Digest::Sha1, false)]
    #[case::both(&["DES3", "AES", "SHA-1", "SHA-256", "SHA-512"], Cipher::Aes128, Digest::Sha256, false)]
    #[case::old(&["DES3", "SHA-1", "POSTPKIOperation"], Cipher::Des3, Digest::Sha1, true)]
    #[case::sha512(&["AES", "SHA-512", "SHA-1"], Cipher::Aes128, Digest::Sha512, false)]
    #[case::small_letters(&["aes", "sha-256", "postpkioperation"], Cipher::Aes128, Digest::Sha256, true)]
    #[case::unknown(&["AES-256", "MD5", "DES"], Cipher::Des3, Digest::Sha1, false)]
    fn the_best_of_what_is_announced_is_chosen(
        #[case] keywords: &[&str],
        #[case] cipher: Cipher,
        #[case] digest: Digest,
        #[case] post: bool,
    ) {
        assert_eq!(Suite::choose(&Capabilities::new(keywords)), Suite { cipher, digest, post });
    }

    #[rstest]
    #[case::nourse_nothing(Edition::Nourse, &[], Cipher::Des, Digest::Md5, PkcsReq)]
    #[case::nourse_sha1(Edition::Nourse, &["SHA-1"], Cipher::Des, Digest::Sha1, PkcsReq)]
    #[case::nourse_des3(Edition::Nourse, &["DES3", "Renewal"], Cipher::Des3, Digest::Md5, PkcsReq)]
    #[case::nourse_modern(Edition::Nourse, &["AES", "SHA-256"], Cipher::Aes128, Digest::Sha256, PkcsReq)]
    #[case::rfc_renewal(Edition::Rfc8894, &["SCEPStandard", "Renewal"], Cipher::Aes128, Digest::Sha256, RenewalReq)]
    #[case::rfc_standard_only(Edition::Rfc8894, &["SCEPStandard"], Cipher::Aes128, Digest::Sha256, PkcsReq)]
    fn an_edition_has_rules_of_its_own(
        #[case] edition: Edition,
        #[case] keywords: &[&str],
        #[case] cipher: Cipher,
        #[case] digest: Digest,
        #[case] renewal: RequestForm,
    ) {
        let chosen = Negotiated::new(edition, &Capabilities::new(keywords));
        assert_eq!((chosen.suite.cipher, chosen.suite.digest, chosen.renewal), (cipher, digest, renewal));
    }

    #[test]
    fn whatever_is_announced_what_is_insecure_is_for_the_oldest_edition_only() {
        for set in 0..1_u32 << KEYWORDS.len() {
            let announced: Vec<&str> =
                KEYWORDS.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, k)| *k).collect();
            let capabilities = Capabilities::new(&announced);
            for edition in ALL {
                let Negotiated { suite, sources, .. } = Negotiated::new(*edition, &capabilities);
                let is_insecure = suite.cipher.is_insecure() || suite.digest.is_insecure();
                assert!(!is_insecure || *edition == Edition::Nourse, "{edition:?} {announced:?}");
                assert!(!sources.contains(&"no rule"), "{edition:?} {announced:?}");
            }
        }
    }

    #[test]
    fn every_rule_decides_somewhere() {
        fn check<T>(table: &'static [Row<T>], index: usize) {
            for row in table {
                let capabilities = Capabilities::new(&row.keyword.into_iter().collect::<Vec<_>>());
                let decides = |edition: &&Edition| {
                    Negotiated::new(**edition, &capabilities).sources[index] == row.source
                };
                assert!(ALL.iter().any(|edition| decides(&edition)), "{}", row.source);
            }
        }
        check(CIPHERS, 0);
        check(DIGESTS, 1);
        check(TRANSPORTS, 2);
        check(RENEWALS, 3);
    }
}

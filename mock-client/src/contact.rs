//! How the client deals with one server: whom it trusts there, what it is told about the server, and how it
//! behaves. What the server announces decides the rest.

use const_oid::ObjectIdentifier;
use scep::caps::Capabilities;
use scep::client::{Checks, DiscoveryPlan, Edition, Negotiated, Trust};
use scep::fault::Script;
use scep::suite::{Cipher, Digest};

use crate::conduct::Conduct;

/// How the client deals with one server. The default is RFC 8894 towards a server that nobody authenticated.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    /// How the CA is authenticated.
    pub trust: Trust,
    /// Which of several CAs behind one URL is meant: the message parameter of CA queries in older drafts.
    pub ca_identifier: Option<CaIdentifier>,
    /// What the server is declared to be built to. [`Edition::Nourse`] permits single DES and MD5, in
    /// requests and in answers.
    pub edition: Edition,
    /// Algorithms and transport that are used whatever is announced.
    pub choice: Choice,
    /// The strongest digest that is announced, instead of SHA-256 where it is: a habit of some clients.
    pub strongest_digest: bool,
    /// Attribute of the PKCS#10 in which extensions are requested, if it is another than that of PKCS#9.
    pub extension_request: Option<ObjectIdentifier>,
    /// What is checked and done: right by default.
    pub conduct: Conduct,
    /// Which messages are written wrong.
    pub faults: Script,
}

/// Which of several CAs is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaIdentifier {
    /// What names it.
    pub text: String,
    /// GetCACaps has it too, not only the queries for certificates.
    pub with_capabilities: bool,
}

/// Digests by their keywords, the strongest first.
const DIGESTS: [(&str, Digest); 5] = [
    ("SHA-512", Digest::Sha512),
    ("SHA-384", Digest::Sha384),
    ("SHA-256", Digest::Sha256),
    ("SHA-224", Digest::Sha224),
    ("SHA-1", Digest::Sha1),
];

/// What the user chose instead of the negotiation. An insecure choice permits the same in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    /// Content cipher.
    pub cipher: Option<Cipher>,
    /// Digest.
    pub digest: Option<Digest>,
    /// POST (true) or GET (false).
    pub post: Option<bool>,
}

impl Contact {
    /// What to use towards a server with these capabilities.
    #[must_use]
    pub fn negotiate(&self, capabilities: &Capabilities) -> Negotiated {
        let mut negotiated = Negotiated::new(self.edition, capabilities);
        let suite = &mut negotiated.suite;
        if self.strongest_digest {
            let strongest = DIGESTS.iter().find(|(keyword, _)| capabilities.has(keyword));
            suite.digest = strongest.map_or(suite.digest, |(_, digest)| *digest);
        }
        *suite = self.conduct.suite(*suite);
        suite.cipher = self.choice.cipher.unwrap_or(suite.cipher);
        suite.digest = self.choice.digest.unwrap_or(suite.digest);
        suite.post = self.choice.post.unwrap_or(suite.post);
        negotiated
    }

    /// The checks on answers: single DES and MD5 are taken from a server that is declared to use them.
    #[must_use]
    pub fn checks(&self) -> Checks {
        let mut checks = self.conduct.checks;
        let is_old = self.edition == Edition::Nourse;
        checks.single_des &= !is_old && !self.choice.cipher.is_some_and(Cipher::is_insecure);
        checks.md5 &= !is_old && !self.choice.digest.is_some_and(Digest::is_insecure);
        checks
    }

    /// What to find out, with or without the next CA.
    #[must_use]
    pub fn discovery(&self, next_ca: bool) -> DiscoveryPlan {
        let is_old = self.edition == Edition::Nourse;
        DiscoveryPlan {
            check_chain: self.conduct.ca_chain,
            check_http_status: self.conduct.checks.http_status,
            old_chain: is_old,
            next_ca,
            uncovered_next_ca: is_old,
            check_next_ca: self.conduct.next_ca_signature,
            ..DiscoveryPlan::new(if self.conduct.ca_pin { self.trust.clone() } else { Trust::Anything })
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use scep::caps::Capabilities;
    use scep::client::{Edition, Suite};
    use scep::suite::{Cipher, Digest};

    use super::{Choice, Contact};
    use crate::conduct::Conduct;

    #[rstest]
    #[case::right(&[], &["SCEPStandard"], Cipher::Aes128, Digest::Sha256, true)]
    #[case::nothing_announced(&[], &[], Cipher::Des3, Digest::Sha1, false)]
    #[case::get_always(&["get-always"], &["SCEPStandard"], Cipher::Aes128, Digest::Sha256, false)]
    #[case::ignore_caps(&["ignore-caps"], &[], Cipher::Aes128, Digest::Sha256, true)]
    fn the_suite_is_what_the_server_announces_but_for_laxities(
        #[case] laxities: &[&str],
        #[case] keywords: &[&str],
        #[case] cipher: Cipher,
        #[case] digest: Digest,
        #[case] post: bool,
    ) {
        let contact = Contact { conduct: Conduct::with_laxities(laxities).unwrap(), ..Contact::default() };
        let suite = contact.negotiate(&Capabilities::new(keywords)).suite;
        assert_eq!(suite, Suite { cipher, digest, post });
    }

    #[test]
    fn what_the_user_chose_goes_before_what_is_announced() {
        let choice =
            Choice { cipher: Some(Cipher::Blowfish), digest: Some(Digest::Sha384), post: Some(false) };
        let contact = Contact { choice, ..Contact::default() };
        let suite = contact.negotiate(&Capabilities::new(&["SCEPStandard"])).suite;
        assert_eq!(suite, Suite { cipher: Cipher::Blowfish, digest: Digest::Sha384, post: false });
    }

    #[rstest]
    #[case::standard(&["SCEPStandard"], Digest::Sha256)]
    #[case::all(&["SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"], Digest::Sha512)]
    #[case::weak(&["SHA-1"], Digest::Sha1)]
    #[case::nothing(&[], Digest::Md5)]
    fn the_strongest_digest_is_a_habit_of_some(#[case] keywords: &[&str], #[case] digest: Digest) {
        let contact = Contact { edition: Edition::Nourse, strongest_digest: true, ..Contact::default() };
        assert_eq!(contact.negotiate(&Capabilities::new(keywords)).suite.digest, digest);
    }

    #[rstest]
    #[case::rfc(Contact::default(), true, true)]
    #[case::old(Contact { edition: Edition::Nourse, ..Contact::default() }, false, false)]
    #[case::des(chosen(Some(Cipher::Des), None), false, true)]
    #[case::md5(chosen(None, Some(Digest::Md5)), true, false)]
    #[case::strong(chosen(Some(Cipher::Aes256), Some(Digest::Sha512)), true, true)]
    fn what_is_insecure_is_taken_only_where_it_was_declared(
        #[case] contact: Contact,
        #[case] refuses_des: bool,
        #[case] refuses_md5: bool,
    ) {
        let checks = contact.checks();
        assert_eq!((checks.single_des, checks.md5), (refuses_des, refuses_md5));
    }

    fn chosen(cipher: Option<Cipher>, digest: Option<Digest>) -> Contact {
        Contact { choice: Choice { cipher, digest, post: None }, ..Contact::default() }
    }
}

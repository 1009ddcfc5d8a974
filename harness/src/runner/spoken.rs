//! What is spoken with a server. With one that is declared to be an old one, it is what draft-nourse-scep
//! leaves of its announcement; with everybody else what RFC 8894 makes mandatory, so that it can be judged.

use scep::caps::Capabilities;
use scep::client::{Edition, Negotiated, Suite};

use crate::step::stage::{Outgoing, Via};

/// Algorithms and transport in place of the mandatory ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    chosen: Negotiated,
}

impl Spoken {
    /// What a client of the old drafts chooses when a server announces these keywords.
    #[must_use]
    pub fn with_an_old_server(keywords: &[&str]) -> Self {
        Self { chosen: Negotiated::new(Edition::Nourse, &Capabilities::new(keywords)) }
    }

    /// A message in the mandatory algorithms becomes one in those that are spoken. An algorithm that a case
    /// or an axis asks for by name stays.
    pub(crate) fn apply(&self, outgoing: &mut Outgoing) {
        let Suite { cipher: mandatory_cipher, digest: mandatory_digest, .. } =
            Suite::choose(&Capabilities::new(&["SCEPStandard"]));
        let spoken = &self.chosen.suite;
        if outgoing.cipher == mandatory_cipher {
            outgoing.cipher = spoken.cipher;
        }
        if outgoing.digest == mandatory_digest {
            outgoing.digest = spoken.digest;
        }
        if outgoing.via == Via::Post && !spoken.post {
            outgoing.via = Via::Get;
        }
    }

    /// What is spoken and why, for the notes of a run.
    #[must_use]
    pub fn note(&self) -> String {
        let [cipher, digest, transport, _] = self.chosen.sources;
        let suite = &self.chosen.suite;
        format!(
            "declared old: it is asked in {} ({cipher}), {} ({digest}), by {} ({transport})",
            suite.cipher.name(),
            suite.digest.name(),
            if suite.post { "POST" } else { "GET" },
        )
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use scep::attribute::MessageType;
    use scep::suite::{Cipher, Digest};

    use super::*;
    use crate::step::stage::To;

    fn asked(keywords: &[&str], cipher: Cipher, digest: Digest) -> (Cipher, Digest, Via) {
        let mut outgoing = Outgoing {
            message_type: MessageType::PkcsReq,
            data: Vec::new(),
            chain: Vec::new(),
            cipher,
            digest,
            via: Via::Post,
            to: To::Current,
        };
        Spoken::with_an_old_server(keywords).apply(&mut outgoing);
        (outgoing.cipher, outgoing.digest, outgoing.via)
    }

    #[rstest]
    #[case::nothing(&[], Cipher::Des, Digest::Md5, Via::Get)]
    #[case::some(&["DES3", "SHA-1", "POSTPKIOperation"], Cipher::Des3, Digest::Sha1, Via::Post)]
    #[case::standard(&["SCEPStandard"], Cipher::Aes128, Digest::Sha256, Via::Post)]
    fn an_old_server_is_asked_in_what_it_announces(
        #[case] keywords: &[&str],
        #[case] cipher: Cipher,
        #[case] digest: Digest,
        #[case] via: Via,
    ) {
        assert_eq!(asked(keywords, Cipher::Aes128, Digest::Sha256), (cipher, digest, via));
    }

    #[test]
    fn what_a_case_names_stays() {
        assert_eq!(asked(&[], Cipher::Des3, Digest::Sha512), (Cipher::Des3, Digest::Sha512, Via::Get));
    }
}

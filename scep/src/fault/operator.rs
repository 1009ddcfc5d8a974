//! The operators of the fault catalogue, by the stage of writing at which they act.
//!
//! `op` in a catalogue file is the stage's word, a hyphen and the operator's own name: `attr-remove` is
//! [`Attribute::Remove`]. What an operator does stands beside its name, in the file of its stage.

use serde::de::{Deserialize, Deserializer, Error as _};
use toml::{Table, Value};

use super::asn1::Asn1;
use super::attributes::Attribute;
use super::certificate::Certificate;
use super::crl::Crl;
use super::csr::Csr;
use super::envelope::Envelope;
use super::http::Http;
use super::message::Message;
use super::payload::{Degenerate, Poll};
use super::signature::{Certificates, Content, Signer};
use super::time::Time;

macro_rules! stages {
    ($($(#[doc = $doc:literal])+ $stage:ident = $word:literal;)+) => {
        /// What a fault does. Numbers are octet offsets and lengths, counted from the end when negative; `hex`
        /// is an even number of hex digits; `tag` is an identifier octet; `oid` is a name of [`crate::oid`] or a
        /// dotted form.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Operator {
            $($(#[doc = $doc])+ $stage($stage),)+
        }

        impl Operator {
            /// The words that the names of operators begin with, in the order of writing.
            pub const STAGES: &'static [&'static str] = &[$($word,)+];

            fn of_stage(word: &str, table: Table) -> Option<Result<Self, toml::de::Error>> {
                match word {
                    $($word => Some(table.try_into().map(Self::$stage)),)+
                    _ => None,
                }
            }
        }
    };
}

stages! {
    /// Parts of a pkiMessage, before anything is encoded.
    Message = "message";
    /// Names in a CertPoll.
    Poll = "poll";
    /// A certification request.
    Csr = "csr";
    /// A certificate.
    Certificate = "certificate";
    /// A CRL.
    Crl = "crl";
    /// A certificates-only SignedData.
    Degenerate = "degenerate";
    /// The inner layer.
    Envelope = "envelope";
    /// eContent and its type.
    Content = "content";
    /// Signed attributes, before they are signed.
    Attribute = "attr";
    /// The SignerInfo.
    Signer = "signer";
    /// The certificates field of the outer layer.
    Certificates = "certificates";
    /// Times, wherever they stand.
    Time = "time";
    /// Encoded octets of any layer.
    Asn1 = "asn1";
    /// HTTP.
    Http = "http";
}

impl<'de> Deserialize<'de> for Operator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Table::deserialize(deserializer)?;
        let Some(Value::String(name)) = table.get("op").cloned() else {
            return Err(D::Error::custom("expected `op`, the name of an operator"));
        };
        let (stage, own) = name.split_once('-').unwrap_or((&name, ""));
        table.insert("op".to_owned(), Value::String(own.to_owned()));
        match Self::of_stage(stage, table) {
            Some(read) => read.map_err(|e| D::Error::custom(format!("operator `{name}`: {}", e.message()))),
            None => {
                let stages = Self::STAGES.join(", ");
                Err(D::Error::custom(format!(
                    "operator `{name}`: expected a name that begins with one of {stages}"
                )))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::read;
    use super::Operator;
    use crate::fault::attributes::Attribute;

    fn operator(text: &str) -> Result<Operator, String> {
        let file = format!(
            "schema = \"sceptic/faults/1\"\n[[fault]]\nid = \"x\"\ntitle = \"x\"\nbreaks = [\"x\"]\ndo = {text}"
        );
        read("x.toml", &file).map(|faults| faults[0].operator.clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_word_of_a_name_is_its_stage() {
        let expected = Operator::Attribute(Attribute::Remove { attr: "failInfo".to_owned() });
        assert_eq!(operator("{ op = \"attr-remove\", attr = \"failInfo\" }"), Ok(expected));
    }

    #[rstest]
    #[case::stage(
        "{ op = \"atr-remove\" }",
        "`atr-remove`: expected a name that begins with one of message, poll"
    )]
    #[case::name(
        "{ op = \"attr-forget\" }",
        "`attr-forget`: unknown variant `forget`, expected one of `remove`"
    )]
    #[case::parameter("{ op = \"attr-remove\" }", "`attr-remove`: missing field `attr`")]
    #[case::more("{ op = \"attr-unsorted\", attr = \"failInfo\" }", "unknown field `attr`")]
    #[case::nothing("{ attr = \"failInfo\" }", "expected `op`")]
    fn what_is_no_operator_is_refused_with_what_is_expected(#[case] text: &str, #[case] says: &str) {
        let error = operator(text).unwrap_err();
        assert!(error.contains(says) && error.contains("x.toml"), "{error}");
    }
}

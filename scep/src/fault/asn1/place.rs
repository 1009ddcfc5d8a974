//! Finding one element of a layer, and putting other octets in its place.

use std::ops::Range;

use serde::Deserialize;

use crate::tlv::{LengthForm, Source, Tlv, tag};
use crate::{oid, write};

/// Which octets an operator acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// CertificationRequestInfo, before it is signed.
    CsrInfo,
    /// TBSCertificate, before it is signed.
    Tbs,
    /// Plain messageData.
    Data,
    /// eContent, before its digest is made.
    Content,
    /// One signed attribute, before signing.
    Attributes,
    /// The whole pkiMessage.
    Message,
    /// The body of a GetCACert answer with several certificates.
    CaCertificates,
}

/// Names of elements: layer, name, path.
pub const PLACES: &[(Layer, &str, &str)] = &[
    (Layer::CsrInfo, "version", "0"),
    (Layer::CsrInfo, "subject", "1"),
    (Layer::CsrInfo, "subjectPKInfo", "2"),
    (Layer::CsrInfo, "attributes", "3"),
    (Layer::Content, "envelopedData", "1.0"),
    (Layer::Content, "recipientInfos", "1.0.1"),
    (Layer::Content, "recipientInfo", "1.0.1.0"),
    (Layer::Content, "keyEncryptionAlgorithm", "1.0.1.0.2"),
    (Layer::Content, "encryptedContentInfo", "1.0.2"),
    (Layer::Content, "contentEncryptionAlgorithm", "1.0.2.1"),
    (Layer::Content, "encryptedContent", "1.0.2.2"),
    (Layer::Message, "signedData", "1.0"),
    (Layer::Message, "digestAlgorithms", "1.0.1"),
    (Layer::Message, "encapContentInfo", "1.0.2"),
    (Layer::Message, "eContent", "1.0.2.1.0"),
    (Layer::Message, "certificates", "1.0.3"),
    (Layer::Message, "signerInfos", "1.0.-1"),
    (Layer::Message, "signerInfo", "1.0.-1.0"),
    (Layer::Message, "signedAttrs", "1.0.-1.0.3"),
    (Layer::Message, "signature", "1.0.-1.0.5"),
];

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The member of that number, from the end when negative.
    Number(i64),
    /// The member SEQUENCE that begins with that object identifier.
    Named(String),
}

/// Refuses a path that means nothing in its layer.
pub(super) fn check(layer: Layer, at: &str) -> Result<(), String> {
    if layer == Layer::Attributes && at.split('.').next().is_none_or(|name| oid::parse(name).is_none()) {
        return Err(format!("`at` is `{at}`: expected the name of an attribute first"));
    }
    let unknown = path(layer, at).into_iter().find_map(|step| match step {
        Step::Named(name) if oid::parse(&name).is_none() => Some(name),
        _ => None,
    });
    match unknown {
        Some(name) => Err(format!("`at` is `{at}`: `{name}` is no place in that layer and no identifier")),
        None => Ok(()),
    }
}

/// The steps of a path, names of places resolved.
pub(super) fn path(layer: Layer, at: &str) -> Vec<Step> {
    let (first, rest) = at.split_once('.').unwrap_or((at, ""));
    let known = PLACES.iter().find(|(of, name, _)| *of == layer && *name == first);
    let resolved = known.map_or(first, |(_, _, path)| path);
    let words = resolved.split('.').chain(rest.split('.')).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_or_else(|_| Step::Named(word.to_owned()), Step::Number)).collect()
}

/// True when the octets are an attribute of that name.
pub(super) fn is_attribute(octets: &[u8], name: &str) -> bool {
    Tlv::read(Source::message(octets), 0).is_ok_and(|element| begins_with(&element, name))
}

fn begins_with(element: &Tlv<'_>, name: &str) -> bool {
    let first = element.members().ok().and_then(|members| members.first().copied());
    let wanted = oid::parse(name);
    first.is_some_and(|first| {
        first.tag == tag::OID && wanted.is_some_and(|wanted| wanted.as_bytes() == first.content())
    })
}

/// The number of the member that a step leads to.
fn index(members: &[Tlv<'_>], step: &Step) -> Option<usize> {
    match step {
        Step::Number(number) if *number < 0 => {
            members.len().checked_sub(usize::try_from(number.unsigned_abs()).ok()?)
        }
        Step::Number(number) => usize::try_from(*number).ok().filter(|index| *index < members.len()),
        Step::Named(name) => members.iter().position(|member| begins_with(member, name)),
    }
}

/// Where the element of a path stands.
pub(super) fn locate(octets: &[u8], path: &[Step]) -> Option<Range<usize>> {
    let mut element = Tlv::read(Source::message(octets), 0).ok()?;
    for step in path {
        let members = element.members().ok()?;
        element = members.get(index(&members, step)?).copied()?;
    }
    Some(element.place().start..element.place().end)
}

/// The octets with another element at the end of the path; None when the path leads nowhere, or `act` says so.
/// What follows the outermost element stays.
pub(super) fn edit(
    octets: &[u8],
    path: &[Step],
    act: &mut dyn FnMut(&Tlv<'_>) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let outer = Tlv::read(Source::message(octets), 0).ok()?;
    let mut edited = within(&outer, path, act)?;
    edited.extend_from_slice(octets.get(outer.place().end..).unwrap_or_default());
    Some(edited)
}

fn within(
    element: &Tlv<'_>,
    path: &[Step],
    act: &mut dyn FnMut(&Tlv<'_>) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let [step, rest @ ..] = path else { return act(element) };
    let members = element.members().ok()?;
    let index = index(&members, step)?;
    let mut content = Vec::with_capacity(element.content().len());
    for (number, member) in members.iter().enumerate() {
        if number == index {
            content.extend(within(member, rest, act)?);
        } else {
            content.extend_from_slice(member.bytes());
        }
    }
    Some(match element.form {
        LengthForm::Indefinite => [&[element.tag, 0x80][..], &content, &[0, 0]].concat(),
        LengthForm::Minimal | LengthForm::Long => write::tlv(element.tag, &content),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Layer, check, edit, locate, path};

    /// SEQUENCE { INTEGER 1, SEQUENCE { OID sha-1, NULL }, OCTET STRING 'aa' }, and an octet after it.
    const OCTETS: &[u8] = &[
        0x30, 0x11, 0x02, 0x01, 0x01, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04,
        0x01, 0xaa, 0xff,
    ];

    #[rstest]
    #[case::whole("", Some(0..19))]
    #[case::number("0", Some(2..5))]
    #[case::from_the_end("-1", Some(16..19))]
    #[case::deeper("1.1", Some(14..16))]
    #[case::named("sha-1.0", Some(7..14))]
    #[case::no_such_member("3", None)]
    #[case::no_such_name("sha-256", None)]
    #[case::into_a_primitive("0.5", None)]
    fn a_path_leads_to_one_element(#[case] at: &str, #[case] range: Option<std::ops::Range<usize>>) {
        assert_eq!(locate(OCTETS, &path(Layer::Data, at)), range);
    }

    #[test]
    fn another_element_takes_the_place_and_lengths_follow() {
        let edited = edit(OCTETS, &path(Layer::Data, "1.1"), &mut |_| Some(vec![0x02, 0x01, 0x07])).unwrap();
        let mut expected = OCTETS.to_vec();
        expected.splice(14..16, [0x02, 0x01, 0x07]);
        (expected[1], expected[6]) = (0x12, 0x0a);
        assert_eq!(edited, expected);
    }

    #[test]
    fn names_of_places_belong_to_a_layer() {
        assert_eq!(check(Layer::Message, "eContent"), Ok(()));
        assert!(check(Layer::Data, "eContent").unwrap_err().contains("`eContent` is no place"));
        assert!(check(Layer::Attributes, "3.1").unwrap_err().contains("the name of an attribute first"));
    }
}

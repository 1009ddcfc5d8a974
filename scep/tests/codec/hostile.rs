//! Any octets whatever: the readers return, with a value or an error, and every place that they name lies
//! in what they were given.

use proptest::prelude::*;
use scep::fault::Faults;
use scep::message::PkiMessage;

use crate::cases;
use crate::material::{Kind, ca, csr, issued};
use crate::readers;

fn read_everything(bytes: &[u8]) {
    for (_, reader) in readers::quick() {
        reader(bytes);
    }
}

/// Valid structures to start from.
fn valid() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Kind::ALL.iter().map(|kind| kind.write(&mut Faults::none())).collect();
    all.extend(Kind::ALL.iter().filter_map(|kind| kind.message_data()));
    let pkcs_req = PkiMessage::read(&all[0]).unwrap().value;
    all.push(pkcs_req.signed.content.unwrap().bytes);
    all.push(crate::ber::transform(&all[0], &crate::ber::Form::everything()).bytes);
    all.push(csr(&mut Faults::none()));
    all.push(ca().certificate.der);
    all.push(issued(&mut Faults::none()).der);
    all
}

/// What is done to a valid structure.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Put(prop::sample::Index, u8),
    Truncate(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let range = |at: &prop::sample::Index, count: usize| {
            let start = at.index(length);
            start..(start + count).min(length)
        };
        match self {
            Self::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Put(at, octet) => bytes[at.index(length)] = *octet,
            Self::Truncate(at) => bytes.truncate(at.index(length)),
            Self::Insert(at, octets) => {
                let at = at.index(length);
                bytes.splice(at..at, octets.iter().copied());
            }
            Self::Remove(at, count) => drop(bytes.drain(range(at, *count))),
            Self::Repeat(at, count) => {
                let copy = bytes[range(at, *count)].to_vec();
                let at = at.index(length);
                bytes.splice(at..at, copy);
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    // Where structure is: identifier and length octets with a meaning of their own.
    let telling = prop::sample::select(vec![
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x1f, 0x24, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84,
        0x88, 0xa0, 0xa1, 0xbf, 0xff,
    ]);
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        4 => (index(), telling).prop_map(|(at, octet)| Mutation::Put(at, octet)),
        1 => index().prop_map(Mutation::Truncate),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, o)| Mutation::Insert(at, o)),
        1 => (index(), 1..64_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        1 => (index(), 1..400_usize).prop_map(|(at, count)| Mutation::Repeat(at, count)),
    ]
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn any_octets_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_everything(&bytes);
    }

    #[test]
    fn any_nest_of_elements_is_survived(
        tags in prop::collection::vec(
            prop::sample::select(vec![0x30, 0x31, 0x24, 0x2c, 0xa0, 0xa1, 0x04, 0x06, 0x02, 0x13, 0x05]),
            1..60,
        ),
        indefinite in prop::collection::vec(any::<bool>(), 60),
        inner in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = inner;
        for (tag, indefinite) in tags.iter().zip(indefinite) {
            bytes = if indefinite {
                [&[*tag, 0x80], bytes.as_slice(), &[0, 0]].concat()
            } else {
                scep::write::tlv(*tag, &bytes)
            };
        }
        read_everything(&bytes);
    }

    #[test]
    fn any_query_is_survived(query in "(operation|message|=|&|%[0-9A-Fa-f]{0,2}|PKIOperation|[A-Za-z0-9+/_-]{0,9}|\\PC){0,12}") {
        readers::named("http_query")(query.as_bytes());
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn a_changed_message_is_survived(
        which in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..5),
    ) {
        thread_local!(static VALID: Vec<Vec<u8>> = valid());
        let mut bytes = VALID.with(|all| which.get(all).clone());
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        read_everything(&bytes);
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn a_changed_content_of_a_right_message_is_survived(
        which in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..5),
    ) {
        thread_local!(static VALID: Vec<Vec<u8>> = valid());
        let mut bytes = VALID.with(|all| which.get(all).clone());
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        readers::named("client_content")(&bytes);
        bytes.insert(0, u8::try_from(mutations.len()).unwrap());
        readers::named("server_content")(&bytes);
    }
}

/// `levels` elements inside each other, made from the inside without copying.
fn nest(levels: usize, definite: bool) -> Vec<u8> {
    let mut headers: Vec<Vec<u8>> = Vec::new();
    let mut length = 0;
    for _ in 0..levels {
        let mut header = scep::write::tlv(0x30, &vec![0; length]);
        header.truncate(header.len() - length);
        if !definite {
            header = vec![0x30, 0x80];
        }
        length += header.len() + if definite { 0 } else { 2 };
        headers.push(header);
    }
    let ends = if definite { 0 } else { 2 * levels };
    [headers.into_iter().rev().flatten().collect(), vec![0; ends]].concat()
}

#[test]
fn deep_nesting_is_survived() {
    for (levels, definite) in
        [(39, true), (39, false), (45, true), (45, false), (20_000, true), (20_000, false)]
    {
        let nest = nest(levels, definite);
        read_everything(&nest);
        // As the last member of a SignedData, of its signed attributes, and of an EnvelopedData.
        let signed =
            scep::cms::SignedDataParts { certificates: vec![nest.clone()], ..scep::cms::degenerate(&[]) };
        read_everything(&signed.write());
        let members = scep::write::sequence(&[&scep::write::integer(0), &nest]);
        read_everything(&scep::cms::content_info(scep::oid::ENVELOPED_DATA, &members));
    }
}

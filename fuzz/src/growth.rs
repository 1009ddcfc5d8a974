//! Inputs of growing length: what takes more than its share of time with them is a way to stop a server.

use std::time::{Duration, Instant};

use scep::cms::{SignedDataParts, SignerInfoParts, degenerate};
use scep::{oid, write};

use crate::readers::{self, Reader};

/// What an input of about a length is made of.
pub struct Pattern {
    /// What is repeated, and in what.
    pub name: &'static str,
    make: fn(usize) -> Vec<u8>,
}

/// What one reader takes for one pattern.
pub struct Growth {
    /// The reader.
    pub reader: &'static str,
    /// The pattern.
    pub pattern: &'static str,
    /// Time for [`SHORT`] octets.
    pub short: Duration,
    /// Time for [`SHORT`] times [`TIMES`] octets.
    pub long: Duration,
}

/// Length of the short inputs.
pub const SHORT: usize = 1 << 13;
/// How much longer the long ones are.
pub const TIMES: usize = 16;

impl Growth {
    /// Whether the time grows with the length: in proportion, with four times as much for caches and noise,
    /// and what no clock tells apart.
    #[must_use]
    pub fn is_in_proportion(&self) -> bool {
        self.long <= self.short * u32::try_from(4 * TIMES).unwrap_or(u32::MAX) + Duration::from_millis(50)
    }
}

/// Measures every reader that signs nothing with every pattern.
pub fn measure() -> impl Iterator<Item = Growth> {
    readers::quick().flat_map(|(reader, read)| {
        PATTERNS.iter().map(move |pattern| Growth {
            reader,
            pattern: pattern.name,
            short: time(*read, &(pattern.make)(SHORT)),
            long: time(*read, &(pattern.make)(SHORT * TIMES)),
        })
    })
}

/// The shortest of three, or the first that takes a second: that one is no noise.
fn time(read: Reader, octets: &[u8]) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        read(octets);
        shortest = shortest.min(start.elapsed());
        if shortest > Duration::from_secs(1) {
            break;
        }
    }
    shortest
}

const PATTERNS: &[Pattern] = &[
    Pattern { name: "long lengths", make: |n| write::tlv(0x30, &[4, 0x81, 0].repeat(n / 3)) },
    Pattern { name: "indefinite lengths", make: |n| write::tlv(0x30, &[0x30, 0x80, 0, 0].repeat(n / 4)) },
    Pattern { name: "a deep row", make: |n| nested(0x30, &[5, 0].repeat(n / 2)) },
    Pattern { name: "a deep row, indefinite", make: |n| nested_indefinite(0x30, &[5, 0].repeat(n / 2)) },
    Pattern { name: "chunks", make: |n| nested(0x24, &[4, 1, 1].repeat(n / 3)) },
    Pattern { name: "chunks, indefinite", make: |n| nested_indefinite(0x24, &[4, 1, 1].repeat(n / 3)) },
    Pattern {
        name: "a broken chunk",
        make: |n| nested(0x24, &[&[4, 1, 1].repeat(n / 3)[..], &[4, 9]].concat()),
    },
    Pattern { name: "sets", make: |n| nested(0x31, &[4, 1, 1].repeat(n / 3)) },
    Pattern { name: "attributes", make: |n| signed(1, n / 14) },
    Pattern { name: "signers", make: |n| signed(n / 60, 0) },
    Pattern {
        name: "certificates",
        make: |n| degenerate(&vec![crate::material::ca().certificate.der; n / 740]).write(),
    },
    Pattern { name: "one name", make: |n| write::tlv(0x30, &vec![0xab; n]) },
    Pattern { name: "ampersands", make: |n| b"&".repeat(n) },
    Pattern { name: "parameters", make: |n| b"message=AAAA&".repeat(n / 13) },
    Pattern {
        name: "escapes",
        make: |n| [&b"operation=PKIOperation&message="[..], &b"%2525".repeat(n / 5)].concat(),
    },
    Pattern { name: "lines", make: |n| b"x y\n".repeat(n / 4) },
    Pattern { name: "words", make: |n| b"aes ".repeat(n / 4) },
    Pattern {
        name: "PEM blocks",
        make: |n| b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".repeat(n / 60),
    },
    Pattern { name: "PEM beginnings", make: |n| b"-----BEGIN CERTIFICATE-----".repeat(n / 27) },
    Pattern { name: "pluses", make: |n| [&b"/CN=a"[..], &b"+".repeat(n)].concat() },
    Pattern { name: "slash form", make: |n| b"/CN=a".repeat(n / 5) },
    Pattern { name: "RFC 4514", make: |n| b"CN=a,".repeat(n / 5) },
    Pattern { name: "backslashes", make: |n| [&b"CN="[..], &b"\\,".repeat(n / 2)].concat() },
    Pattern { name: "DNS names", make: |n| b"DNS:a,".repeat(n / 6) },
];

/// As deep as is followed, all but two.
const LEVELS: usize = scep::limits::DEPTH - 2;

fn nested(tag: u8, inner: &[u8]) -> Vec<u8> {
    (0..LEVELS).fold(inner.to_vec(), |inner, _| write::tlv(tag, &inner))
}

fn nested_indefinite(tag: u8, inner: &[u8]) -> Vec<u8> {
    [&[tag, 0x80].repeat(LEVELS)[..], inner, &[0, 0].repeat(LEVELS)].concat()
}

fn signed(signers: usize, attributes: usize) -> Vec<u8> {
    let attribute = |index: usize| {
        let id = write::tlv(6, &[0x55, 4, u8::try_from(index % 0x78).unwrap_or_default()]);
        write::sequence(&[&id, &write::set_as_given(&[write::octet_string(b"a")])])
    };
    let signer = SignerInfoParts {
        version: 1,
        sid: write::sequence(&[&write::sequence(&[]), &write::integer(1)]),
        digest_algorithm: write::algorithm(oid::SHA256, None),
        signed_attributes: Some((0..attributes).map(attribute).collect()),
        signature_algorithm: write::algorithm(oid::RSA_ENCRYPTION, None),
        signature: vec![1],
        unsigned_attributes: Vec::new(),
    };
    SignedDataParts { signers: vec![signer; signers], ..degenerate(&[]) }.write()
}

//! DER messages rewritten in other forms of BER, with what a reader has to report about them.
//!
//! It takes DER apart by itself: a reader that is wrong about lengths must not be its own judge.

use scep::Rule;

/// How the length of an element is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Shortest,
    /// That many octets more than needed, at least one.
    Long(usize),
    /// Constructed elements only; primitive ones stay as they are.
    Indefinite,
}

/// How a string is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// Not at all: primitive.
    Whole,
    /// Pieces of that many octets.
    Of(usize),
    /// Pieces of the length of the string and so many octets more, or less.
    OfItsLength(isize),
}

/// A form of BER: the lists are used in turn, again and again.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) lengths: Vec<Length>,
    pub(crate) chunks: Vec<Chunks>,
    /// Chunks stand in one more constructed string.
    pub(crate) nested: bool,
    /// The signed attributes are rewritten too. The signature is over their DER form.
    pub(crate) attributes: bool,
}

impl Form {
    /// All at once: indefinite wherever it can be, small chunks, the attributes too.
    pub(crate) fn everything() -> Self {
        Self {
            lengths: vec![Length::Indefinite],
            chunks: vec![Chunks::Of(5)],
            nested: true,
            attributes: true,
        }
    }
}

/// What a reader has to report: rule, first octet, the octet after the last.
pub(crate) type Reported = (Rule, usize, usize);

/// A message in another form.
#[derive(Debug, Clone)]
pub(crate) struct Rewritten {
    pub(crate) bytes: Vec<u8>,
    pub(crate) reported: Vec<Reported>,
}

/// Rewrites a ContentInfo. Certificates stay as they are: they are signed.
pub(crate) fn transform(der: &[u8], form: &Form) -> Rewritten {
    let mut writer = Writer { form, lengths: 0, strings: 0 };
    let mut rewritten = writer.rewrite(der, 0, Inside::Message);
    rewritten.reported.sort_unstable();
    rewritten
}

/// Tag, content, and what follows.
pub(crate) fn split(der: &[u8]) -> (u8, &[u8], &[u8]) {
    let (start, length) = match der[1] {
        short @ 0..=0x7f => (2, usize::from(short)),
        first => {
            let count = usize::from(first & 0x7f);
            let length = der[2..2 + count].iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
            (2 + count, length)
        }
    };
    (der[0], &der[start..start + length], &der[start + length..])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Message,
    Attributes,
    Verbatim,
}

struct Writer<'a> {
    form: &'a Form,
    lengths: usize,
    strings: usize,
}

impl Writer<'_> {
    fn rewrite(&mut self, der: &[u8], depth: usize, inside: Inside) -> Rewritten {
        let (tag, content, rest) = split(der);
        let der = &der[..der.len() - rest.len()];
        // ContentInfo 0, [0] 1, SignedData 2, its members 3: there [0] is the certificates. SignerInfo 4,
        // its members 5: there [0] is the signed attributes.
        let inside = match (tag, depth) {
            (0xa0, 3) => Inside::Verbatim,
            (0xa0, 5) if self.form.attributes => Inside::Attributes,
            (0xa0, 5) => Inside::Verbatim,
            _ => inside,
        };
        let is_header_only = inside == Inside::Verbatim && matches!(depth, 3 | 5);
        if inside == Inside::Verbatim && !is_header_only {
            return Rewritten { bytes: der.to_vec(), reported: Vec::new() };
        }
        let is_string = tag == 0x04
            || (tag == 0x80 && depth == 4)
            || (inside == Inside::Attributes && matches!(tag, 0x0c | 0x13));
        if is_string {
            return self.string(tag, content);
        }
        if tag & 0x20 == 0 {
            return self.element(tag, Rewritten { bytes: content.to_vec(), reported: Vec::new() });
        }
        let mut members = Rewritten { bytes: Vec::new(), reported: Vec::new() };
        let mut rest = content;
        while !rest.is_empty() {
            members.append(self.rewrite(rest, depth + 1, inside));
            (_, _, rest) = split(rest);
        }
        self.element(tag, members)
    }

    fn string(&mut self, tag: u8, content: &[u8]) -> Rewritten {
        let chunks = self.form.chunks[self.strings % self.form.chunks.len()];
        self.strings += 1;
        let size = match chunks {
            Chunks::Whole => {
                return self.element(tag, Rewritten { bytes: content.to_vec(), reported: Vec::new() });
            }
            Chunks::Of(size) => size,
            Chunks::OfItsLength(more) => content.len().saturating_add_signed(more).max(1),
        };
        let mut members = Rewritten { bytes: Vec::new(), reported: Vec::new() };
        for chunk in content.chunks(size) {
            members.append(self.element(0x04, Rewritten { bytes: chunk.to_vec(), reported: Vec::new() }));
        }
        if self.form.nested {
            members = self.element(0x24, members);
        }
        let mut rewritten = self.element(tag | 0x20, members);
        rewritten.reported.push((Rule::ConstructedString, 0, rewritten.bytes.len()));
        rewritten
    }

    /// Puts identifier and length around the content.
    fn element(&mut self, tag: u8, content: Rewritten) -> Rewritten {
        let form = self.form.lengths[self.lengths % self.form.lengths.len()];
        self.lengths += 1;
        let length = content.bytes.len();
        let significant: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
        let (rule, header) = match form {
            Length::Indefinite if tag & 0x20 != 0 => (Some(Rule::IndefiniteLength), vec![0x80]),
            Length::Long(more) => {
                let octets = [vec![0; more.max(1)], significant].concat();
                (Some(Rule::LongLength), [vec![0x80 | octets.len() as u8], octets].concat())
            }
            Length::Shortest | Length::Indefinite if length < 0x80 => (None, vec![length as u8]),
            Length::Shortest | Length::Indefinite => {
                (None, [vec![0x80 | significant.len() as u8], significant].concat())
            }
        };
        let mut whole = Rewritten { bytes: [vec![tag], header].concat(), reported: Vec::new() };
        whole.append(content);
        if rule == Some(Rule::IndefiniteLength) {
            whole.bytes.extend([0, 0]);
        }
        whole.reported.extend(rule.map(|rule| (rule, 0, whole.bytes.len())));
        whole
    }
}

impl Rewritten {
    fn append(&mut self, next: Self) {
        let at = self.bytes.len();
        self.bytes.extend(next.bytes);
        self.reported
            .extend(next.reported.into_iter().map(|(rule, start, end)| (rule, start + at, end + at)));
    }
}

//! Tolerant reading of BER: one element at a time, with its place in what was received.
//!
//! The first stage of every reader. Indefinite lengths, lengths in too many octets and chunked strings
//! are read and reported as findings; only what has no meaning at all is an error.

use crate::error::{Error, Result};
use crate::finding::{Finding, Part, Place, Rule};
use crate::{limits, write};

/// Octets with the knowledge of where they were received.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The octets.
    pub bytes: &'a [u8],
    /// What an offset counts in.
    pub part: Part,
    /// Offset of the first octet in that part.
    pub base: usize,
}

impl<'a> Source<'a> {
    /// A whole message as received.
    #[must_use]
    pub fn message(bytes: &'a [u8]) -> Self {
        Self { bytes, part: Part::Message, base: 0 }
    }

    /// A decrypted messageData.
    #[must_use]
    pub fn message_data(bytes: &'a [u8]) -> Self {
        Self { bytes, part: Part::MessageData, base: 0 }
    }

    /// The place of a range of these octets.
    #[must_use]
    pub fn place(&self, start: usize, end: usize) -> Place {
        Place { part: self.part, start: self.base + start, end: self.base + end }
    }

    fn malformed(&self, what: &'static str, at: usize, detail: impl Into<String>) -> Error {
        let end = (at + 1).min(self.bytes.len()).max(at);
        Error::Malformed { what, detail: detail.into(), at: self.place(at, end) }
    }
}

/// How the length of an element was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthForm {
    /// As DER has it.
    Minimal,
    /// In more octets than needed.
    Long,
    /// Indefinite, ended by two zero octets.
    Indefinite,
}

/// One element: tag, content, and where it stood.
#[derive(Debug, Clone, Copy)]
pub struct Tlv<'a> {
    source: Source<'a>,
    /// Identifier octet, as received: class, constructed bit, number. Of a number over 30 the first of
    /// several identifier octets, see [`Tlv::has_high_tag`].
    pub tag: u8,
    /// How its length was written.
    pub form: LengthForm,
    start: usize,
    content_start: usize,
    content_end: usize,
    end: usize,
}

/// Bits of an identifier octet that say that the tag number follows.
const HIGH_TAG: u8 = 0x1f;

/// Identifier octets that the protocol uses.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// NumericString.
    pub const NUMERIC_STRING: u8 = 0x12;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// T61String (TeletexString).
    pub const T61_STRING: u8 = 0x14;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// VisibleString (ISO646String).
    pub const VISIBLE_STRING: u8 = 0x1a;
    /// UniversalString.
    pub const UNIVERSAL_STRING: u8 = 0x1c;
    /// BMPString.
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x30;
    /// SET.
    pub const SET: u8 = 0x31;
    /// Bit that marks a constructed encoding.
    pub const CONSTRUCTED: u8 = 0x20;

    /// True for the universal types whose octets may come in chunks, whatever the constructed bit says.
    /// BIT STRING is not among them: its chunks have a count of bits each.
    #[must_use]
    pub const fn is_string(tag: u8) -> bool {
        matches!(tag & !CONSTRUCTED, OCTET_STRING | UTF8_STRING | 0x12..=IA5_STRING | 0x19..=BMP_STRING)
    }

    /// Context tag `[n]` of a constructed element; `n` is below 31.
    #[must_use]
    pub const fn context(n: u8) -> u8 {
        0xa0 | n
    }

    /// Context tag `[n]` of a primitive element; `n` is below 31.
    #[must_use]
    pub const fn context_primitive(n: u8) -> u8 {
        0x80 | n
    }
}

impl<'a> Tlv<'a> {
    /// Reads the element that starts at `at`, with the whole of what it contains.
    ///
    /// # Errors
    /// When identifier or length octets are cut off or impossible, or the content ends past the input.
    pub fn read(source: Source<'a>, at: usize) -> Result<Self> {
        Self::read_within(source, at, source.bytes.len(), 0)
    }

    /// Reads the element that the input consists of; what follows it is reported as trailing bytes.
    ///
    /// # Errors
    /// As [`Tlv::read`], and when the input is larger than [`limits::MESSAGE`].
    pub fn read_whole(source: Source<'a>, findings: &mut Vec<Finding>) -> Result<Self> {
        if source.bytes.len() > limits::MESSAGE {
            let detail = format!("expected at most {} bytes, got {}", limits::MESSAGE, source.bytes.len());
            return Err(source.malformed("input", 0, detail));
        }
        let tlv = Self::read(source, 0)?;
        if tlv.end < source.bytes.len() {
            findings.push(Finding {
                rule: Rule::TrailingBytes,
                at: source.place(tlv.end, source.bytes.len()),
                detail: format!("{} bytes after the end", source.bytes.len() - tlv.end),
            });
        }
        Ok(tlv)
    }

    fn read_within(source: Source<'a>, at: usize, limit: usize, depth: usize) -> Result<Self> {
        const WHAT: &str = "BER element";
        if depth > limits::DEPTH {
            return Err(source.malformed(WHAT, at, format!("nested over {} levels deep", limits::DEPTH)));
        }
        let byte = |i: usize| -> Result<u8> {
            source.bytes.get(i).copied().filter(|_| i < limit).ok_or_else(|| {
                source.malformed(
                    WHAT,
                    i,
                    format!("expected identifier and length, got the end of the data at {i}"),
                )
            })
        };
        let tag = byte(at)?;
        let mut length_at = at + 1;
        if tag & HIGH_TAG == HIGH_TAG {
            // X.690 8.1.2.4: the number follows, seven bits an octet, the last one without the top bit.
            while byte(length_at)? & 0x80 != 0 {
                length_at += 1;
                if length_at - at > limits::TAG_OCTETS {
                    let detail = format!("tag number in over {} octets", limits::TAG_OCTETS);
                    return Err(source.malformed(WHAT, at, detail));
                }
            }
            length_at += 1;
        }
        let first = byte(length_at)?;
        let mut form = LengthForm::Minimal;
        let (content_start, length) = match first {
            0..=0x7f => (length_at + 1, Some(usize::from(first))),
            0x80 => (length_at + 1, None),
            _ => {
                let count = usize::from(first & 0x7f);
                let mut length = 0usize;
                for i in 0..count {
                    let b = byte(length_at + 1 + i)?;
                    length = length.checked_mul(256).and_then(|l| l.checked_add(usize::from(b))).ok_or_else(
                        || source.malformed(WHAT, length_at, format!("length in {count} octets overflows")),
                    )?;
                }
                if length < 0x80 || source.bytes.get(length_at + 1) == Some(&0) {
                    form = LengthForm::Long;
                }
                (length_at + 1 + count, Some(length))
            }
        };
        if let Some(length) = length {
            let end = content_start.checked_add(length).filter(|end| *end <= limit).ok_or_else(|| {
                source.malformed(
                    WHAT,
                    at,
                    format!(
                        "tag 0x{tag:02x} says {length} content bytes, {} are left",
                        limit.saturating_sub(content_start)
                    ),
                )
            })?;
            return Ok(Self { source, tag, form, start: at, content_start, content_end: end, end });
        }
        if tag & tag::CONSTRUCTED == 0 {
            return Err(source.malformed(
                WHAT,
                at,
                format!("primitive tag 0x{tag:02x} with indefinite length"),
            ));
        }
        // Indefinite: walk the members until the two zero octets.
        let mut next = content_start;
        loop {
            if byte(next)? == 0 && byte(next + 1)? == 0 {
                return Ok(Self {
                    source,
                    tag,
                    form: LengthForm::Indefinite,
                    start: at,
                    content_start,
                    content_end: next,
                    end: next + 2,
                });
            }
            next = Self::read_within(source, next, limit, depth + 1)?.end;
        }
    }

    /// Place of the whole element.
    #[must_use]
    pub fn place(&self) -> Place {
        self.source.place(self.start, self.end)
    }

    /// Place of the content octets.
    #[must_use]
    pub fn content_place(&self) -> Place {
        self.source.place(self.content_start, self.content_end)
    }

    /// Content octets.
    #[must_use]
    pub fn content(&self) -> &'a [u8] {
        self.source.bytes.get(self.content_start..self.content_end).unwrap_or_default()
    }

    /// Content octets, with their place.
    #[must_use]
    pub fn content_source(&self) -> Source<'a> {
        Source { bytes: self.content(), part: self.source.part, base: self.source.base + self.content_start }
    }

    /// The whole element as received.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.source.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// True for a constructed encoding.
    #[must_use]
    pub fn is_constructed(&self) -> bool {
        self.tag & tag::CONSTRUCTED != 0
    }

    /// True when the tag number is over 30.
    #[must_use]
    pub fn has_high_tag(&self) -> bool {
        self.tag & HIGH_TAG == HIGH_TAG
    }

    /// The members of a constructed element.
    ///
    /// # Errors
    /// When a member is cut off or impossible.
    pub fn members(&self) -> Result<Vec<Self>> {
        let mut members = Vec::new();
        let mut at = self.content_start;
        while at < self.content_end {
            let member = Self::read_within(self.source, at, self.content_end, 0)?;
            at = member.end;
            members.push(member);
        }
        Ok(members)
    }

    /// The content as an INTEGER of at most 32 bits; None when it is negative, larger or empty.
    #[must_use]
    pub fn small_number(&self) -> Option<u32> {
        let content = self.content();
        let significant = content.iter().position(|octet| *octet != 0).unwrap_or(content.len());
        let octets = content.get(significant..)?;
        if content.is_empty() || content.first().is_some_and(|octet| octet & 0x80 != 0) || octets.len() > 4 {
            return None;
        }
        Some(octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet)))
    }

    /// An error about this element.
    #[must_use]
    pub fn malformed(&self, what: &'static str, detail: impl Into<String>) -> Error {
        Error::Malformed { what, detail: detail.into(), at: self.place() }
    }

    /// This element, when it has the tag; else an error that names both.
    ///
    /// # Errors
    /// When the tag differs.
    pub fn expect(self, what: &'static str, tag: u8) -> Result<Self> {
        if self.tag == tag {
            return Ok(self);
        }
        Err(self.malformed(what, format!("expected tag 0x{tag:02x}, got 0x{:02x}", self.tag)))
    }

    /// The octets of a string: primitive, or put together from chunks (reported). A chunk of another type
    /// is reported too, and its octets are taken.
    ///
    /// # Errors
    /// When a chunk is cut off, impossible, or nested too deep.
    pub fn string(&self, findings: &mut Vec<Finding>) -> Result<Vec<u8>> {
        if !self.is_constructed() {
            return Ok(self.content().to_vec());
        }
        findings.push(Finding {
            rule: Rule::ConstructedString,
            at: self.place(),
            detail: "expected one primitive string, got a constructed one".to_owned(),
        });
        let mut octets = Vec::with_capacity(self.content().len());
        self.collect_chunks(&mut octets, findings, 0)?;
        Ok(octets)
    }

    /// The octets of a BIT STRING without its counts of unused bits: primitive, or put together from chunks
    /// (reported). Nothing in SCEP has a number of bits that is no multiple of eight.
    ///
    /// # Errors
    /// When a chunk is cut off, impossible, or nested too deep.
    pub fn bit_string(&self, findings: &mut Vec<Finding>) -> Result<Vec<u8>> {
        if !self.is_constructed() {
            return Ok(self.content().get(1..).unwrap_or_default().to_vec());
        }
        findings.push(Finding {
            rule: Rule::ConstructedString,
            at: self.place(),
            detail: "expected one primitive BIT STRING, got a constructed one".to_owned(),
        });
        let mut octets = Vec::with_capacity(self.content().len());
        self.collect_bits(&mut octets, 0)?;
        Ok(octets)
    }

    fn collect_bits(&self, into: &mut Vec<u8>, depth: usize) -> Result<()> {
        if depth > limits::DEPTH {
            return Err(self.malformed("string chunks", format!("nested over {} levels deep", limits::DEPTH)));
        }
        for chunk in self.members()? {
            let chunk = Self { tag: chunk.tag & !tag::CONSTRUCTED, ..chunk }
                .expect("BIT STRING chunk", tag::BIT_STRING)
                .map(|_| chunk)?;
            if chunk.is_constructed() {
                chunk.collect_bits(into, depth + 1)?;
            } else {
                into.extend_from_slice(chunk.content().get(1..).unwrap_or_default());
            }
        }
        Ok(())
    }

    fn collect_chunks(&self, into: &mut Vec<u8>, findings: &mut Vec<Finding>, depth: usize) -> Result<()> {
        if depth > limits::DEPTH {
            return Err(self.malformed("string chunks", format!("nested over {} levels deep", limits::DEPTH)));
        }
        for chunk in self.members()? {
            // X.690 8.23.6 wants OCTET STRING; some repeat the type of the whole.
            let kind = chunk.tag & !tag::CONSTRUCTED;
            if kind != tag::OCTET_STRING && kind != self.tag & !tag::CONSTRUCTED {
                findings.push(Finding {
                    rule: Rule::UnexpectedStructure,
                    at: chunk.place(),
                    detail: format!("string chunk: expected OCTET STRING, got tag 0x{:02x}", chunk.tag),
                });
            }
            if chunk.is_constructed() {
                chunk.collect_chunks(into, findings, depth + 1)?;
            } else {
                into.extend_from_slice(chunk.content());
            }
        }
        Ok(())
    }

    /// The element as DER has it: shortest lengths, strings in one piece, the members of a SET in order.
    /// What has no meaning inside stays as it was received.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        self.der_from(0)
    }

    fn der_from(&self, depth: usize) -> Vec<u8> {
        if self.has_high_tag() {
            return self.bytes().to_vec();
        }
        if !self.is_constructed() {
            return write::tlv(self.tag, self.content());
        }
        let Some(members) = self.members().ok().filter(|_| depth <= limits::DEPTH) else {
            return self.bytes().to_vec();
        };
        let mut octets = Vec::new();
        if tag::is_string(self.tag) && self.collect_chunks(&mut octets, &mut Vec::new(), 0).is_ok() {
            return write::tlv(self.tag & !tag::CONSTRUCTED, &octets);
        }
        let mut members: Vec<Vec<u8>> = members.iter().map(|member| member.der_from(depth + 1)).collect();
        if self.tag == tag::SET {
            members.sort();
        }
        write::tlv(self.tag, &members.concat())
    }

    /// Adds a finding for every element in here, itself included, whose length is not as DER has it, or
    /// whose tag number is one that nothing in SCEP has.
    /// Values with a primitive tag are not looked into, nor is what is nested over [`limits::DEPTH`] levels
    /// deep: definite lengths cost a byte or two a level, so a message could exhaust the stack.
    pub fn report_lengths(&self, findings: &mut Vec<Finding>) {
        self.report_lengths_from(0, findings);
    }

    fn report_lengths_from(&self, depth: usize, findings: &mut Vec<Finding>) {
        match self.form {
            LengthForm::Minimal => {}
            LengthForm::Long => findings.push(Finding {
                rule: Rule::LongLength,
                at: self.place(),
                detail: format!("tag 0x{:02x}: length in more octets than needed", self.tag),
            }),
            LengthForm::Indefinite => findings.push(Finding {
                rule: Rule::IndefiniteLength,
                at: self.place(),
                detail: format!("tag 0x{:02x}: indefinite length", self.tag),
            }),
        }
        if self.has_high_tag() {
            findings.push(Finding {
                rule: Rule::HighTagNumber,
                at: self.place(),
                detail: "expected a tag number of at most 30".to_owned(),
            });
        }
        if self.is_constructed() && depth < limits::DEPTH {
            for member in self.members().unwrap_or_default() {
                member.report_lengths_from(depth + 1, findings);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{LengthForm, Source, Tlv};
    use crate::finding::Rule;

    #[rstest]
    #[case::short(&[0x04, 0x01, 0xaa], LengthForm::Minimal, &[0xaa])]
    #[case::long(&[0x04, 0x82, 0x00, 0x01, 0xaa], LengthForm::Long, &[0xaa])]
    #[case::indefinite(&[0x30, 0x80, 0x04, 0x01, 0xaa, 0, 0], LengthForm::Indefinite, &[0x04, 0x01, 0xaa])]
    fn forms_of_length_are_told_apart(
        #[case] input: &[u8],
        #[case] form: LengthForm,
        #[case] content: &[u8],
    ) {
        let tlv = Tlv::read(Source::message(input), 0).unwrap();
        assert_eq!((tlv.form, tlv.content(), tlv.bytes()), (form, content, input));
    }

    #[rstest]
    #[case::empty(&[], "message bytes 0..0")]
    #[case::too_long(&[0x30, 0x05, 0x04], "5 content bytes, 1 are left")]
    #[case::no_end(&[0x30, 0x80, 0x04, 0x00], "end of the data at 4")]
    #[case::overflow(&[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1], "overflows")]
    #[case::high_tag(&[0x1f, 0x81, 0x81, 0x81, 0x81, 0x81, 0x01, 0x00], "tag number in over 5 octets")]
    #[case::high_tag_cut_off(&[0x1f, 0x81], "end of the data at 2")]
    fn impossible_input_is_an_error_with_a_place(#[case] input: &[u8], #[case] text: &str) {
        let error = Tlv::read(Source::message(input), 0).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }

    #[test]
    fn an_element_with_a_high_tag_number_is_stepped_over() {
        let input = [0x30, 0x09, 0xbf, 0x81, 0x01, 0x02, 0x05, 0x00, 0x02, 0x01, 0x07];
        let outer = Tlv::read(Source::message(&input), 0).unwrap();
        let members = outer.members().unwrap();
        assert_eq!((members[0].content(), members[1].content()), (&[5, 0][..], &[7][..]));
        let mut findings = Vec::new();
        outer.report_lengths(&mut findings);
        let found: Vec<_> = findings.iter().map(|f| (f.rule, f.at.start, f.at.end)).collect();
        assert_eq!((found, outer.der()), (vec![(Rule::HighTagNumber, 2, 8)], input.to_vec()));
    }

    #[test]
    fn a_bit_string_in_chunks_is_put_together() {
        let input = [0x23, 0x80, 0x03, 0x02, 0x00, 0xaa, 0x23, 0x04, 0x03, 0x02, 0x00, 0xbb, 0, 0];
        let mut findings = Vec::new();
        let octets = Tlv::read(Source::message(&input), 0).unwrap().bit_string(&mut findings).unwrap();
        assert_eq!((octets, findings.len()), (vec![0xaa, 0xbb], 1));
        let odd = [0x23, 0x03, 0x04, 0x01, 0xaa];
        assert!(Tlv::read(Source::message(&odd), 0).unwrap().bit_string(&mut findings).is_err());
    }

    #[test]
    fn a_chunk_that_is_no_string_is_reported_and_its_octets_taken() {
        let input = [0x24, 0x06, 0x04, 0x01, 0xaa, 0x02, 0x01, 0xbb];
        let mut findings = Vec::new();
        let octets = Tlv::read(Source::message(&input), 0).unwrap().string(&mut findings).unwrap();
        assert_eq!(octets, [0xaa, 0xbb]);
        let found: Vec<_> = findings.iter().map(|f| (f.rule, f.at.start, f.at.end)).collect();
        assert_eq!(found, [(Rule::ConstructedString, 0, 8), (Rule::UnexpectedStructure, 5, 8)]);
    }

    #[rstest]
    #[case::der(&[0x30, 0x03, 0x02, 0x01, 0x07], &[0x30, 0x03, 0x02, 0x01, 0x07])]
    #[case::indefinite(&[0x30, 0x80, 0x02, 0x01, 0x07, 0, 0], &[0x30, 0x03, 0x02, 0x01, 0x07])]
    #[case::long(&[0x30, 0x81, 0x04, 0x02, 0x81, 0x01, 0x07], &[0x30, 0x03, 0x02, 0x01, 0x07])]
    #[case::chunks(&[0x24, 0x80, 0x04, 0x01, 1, 0x24, 0x03, 0x04, 0x01, 2, 0, 0], &[0x04, 0x02, 1, 2])]
    #[case::unsorted(&[0x31, 0x06, 0x02, 0x01, 9, 0x02, 0x01, 7], &[0x31, 0x06, 0x02, 0x01, 7, 0x02, 0x01, 9])]
    #[case::broken(&[0x30, 0x02, 0x02, 0x05], &[0x30, 0x02, 0x02, 0x05])]
    fn every_form_has_one_der_form(#[case] input: &[u8], #[case] der: &[u8]) {
        assert_eq!(Tlv::read(Source::message(input), 0).unwrap().der(), der);
    }

    #[test]
    fn a_hundred_thousand_definite_levels_are_no_stack_overflow() {
        let bomb = (0..100_000).fold(Vec::new(), |inner: Vec<u8>, _| {
            // Innermost first, written backwards: content stays, header goes behind it.
            let length = u32::try_from(inner.len()).unwrap().to_le_bytes();
            let mut outer = inner;
            outer.extend(length);
            outer.extend([0x84, 0x30]);
            outer
        });
        let bomb: Vec<u8> = bomb.into_iter().rev().collect();
        let mut findings = Vec::new();
        Tlv::read(Source::message(&bomb), 0).unwrap().report_lengths(&mut findings);
        assert_eq!(findings.len(), crate::limits::DEPTH + 1);
    }

    #[test]
    fn five_thousand_levels_are_an_error_and_no_stack_overflow() {
        let mut bomb = [0x30, 0x80].repeat(5000);
        bomb.extend([0, 0].repeat(5000));
        assert!(Tlv::read(Source::message(&bomb), 0).is_err());
    }
}

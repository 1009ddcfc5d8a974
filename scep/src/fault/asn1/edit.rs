//! What is done to one element.

use rand_core::RngCore;

use super::Form;
use crate::fault::octets::unhex;
use crate::tlv::{LengthForm, Source, Tlv, tag};
use crate::write;

/// One operator at work.
pub(super) struct Edit<'f, 'r> {
    pub(super) form: &'f Form,
    pub(super) rng: Option<&'r mut dyn RngCore>,
}

impl Edit<'_, '_> {
    /// The octets that take the element's place; None when there is nothing to do to it.
    pub(super) fn element(&mut self, element: &Tlv<'_>) -> Option<Vec<u8>> {
        Some(match self.form {
            Form::Indefinite { levels } => indefinite(element.bytes(), *levels),
            Form::Chunks { size, indefinite } => chunks(element, *size, *indefinite)?,
            Form::LongLength { octets } => long_length(element, *octets)?,
            Form::Length { add } => other_length(element, *add)?,
            Form::Reverse {} => {
                let members = element.members().ok().filter(|_| element.is_constructed())?;
                let reversed: Vec<&[u8]> = members.iter().rev().map(Tlv::bytes).collect();
                write::constructed(element.tag, &reversed)
            }
            Form::Remove {} => Vec::new(),
            Form::Duplicate {} => element.bytes().repeat(2),
            Form::Replace { hex } => unhex(hex),
            Form::Content { hex } => write::tlv(element.tag, &unhex(hex)),
            Form::Append { hex } => [element.bytes(), &unhex(hex)].concat(),
            Form::Tag { tag } => {
                let (_, rest) = element.bytes().split_first()?;
                [&[*tag], rest].concat()
            }
            Form::Nest { levels, tag } => nest(element.bytes(), *levels, *tag),
            Form::Truncate { .. } => return None,
            Form::Random { octets } => {
                let rng = self.rng.as_mut()?;
                let mut bytes = element.bytes().to_vec();
                for _ in 0..*octets {
                    let at = usize::try_from(rng.next_u32()).ok()? % bytes.len();
                    // Never by zero: that would change nothing.
                    let mask = 1 << (rng.next_u32() % 8);
                    *bytes.get_mut(at)? ^= mask;
                }
                bytes
            }
        })
    }
}

/// Writes the outer `levels` constructed layers of an element with indefinite lengths.
fn indefinite(bytes: &[u8], levels: usize) -> Vec<u8> {
    let Ok(outer) = Tlv::read(Source::message(bytes), 0) else { return bytes.to_vec() };
    if levels == 0 || !outer.is_constructed() || outer.form == LengthForm::Indefinite {
        return outer.bytes().to_vec();
    }
    let members = outer.members().unwrap_or_default();
    let inner: Vec<u8> = members.iter().flat_map(|member| indefinite(member.bytes(), levels - 1)).collect();
    [&[outer.tag, 0x80][..], &inner, &[0, 0]].concat()
}

/// X.690 8.23.6: the chunks are OCTET STRINGs, whatever the type of the whole.
fn chunks(element: &Tlv<'_>, size: usize, indefinite: bool) -> Option<Vec<u8>> {
    if element.is_constructed() || size == 0 {
        return None;
    }
    let inner: Vec<u8> = element.content().chunks(size).flat_map(write::octet_string).collect();
    let tag = element.tag | tag::CONSTRUCTED;
    Some(if indefinite { [&[tag, 0x80][..], &inner, &[0, 0]].concat() } else { write::tlv(tag, &inner) })
}

fn long_length(element: &Tlv<'_>, octets: usize) -> Option<Vec<u8>> {
    let length = element.content().len().to_be_bytes();
    let significant = length.len() - length.iter().position(|octet| *octet != 0).unwrap_or(length.len());
    // 0xff is reserved, X.690 8.1.3.5.
    let count = u8::try_from(octets).ok().filter(|count| *count < 0x7f && octets >= significant.max(1))?;
    let mut header = vec![element.tag, 0x80 | count];
    header.resize(2 + octets - significant, 0);
    header.extend_from_slice(length.get(length.len() - significant..)?);
    Some([&header, element.content()].concat())
}

/// The length off by `add`, in as many octets as before where they hold it.
fn other_length(element: &Tlv<'_>, add: i64) -> Option<Vec<u8>> {
    if element.form == LengthForm::Indefinite {
        return None;
    }
    let stated = i64::try_from(element.content().len()).ok()?.checked_add(add);
    let stated = u32::try_from(stated?).ok()?;
    let before = element.bytes().len() - element.content().len();
    let mut header = vec![element.tag];
    match (before, stated) {
        (2, 0..=0x7f) => header.push(u8::try_from(stated).ok()?),
        _ => {
            let octets = stated.to_be_bytes();
            let needed = (octets.len() - octets.iter().position(|o| *o != 0).unwrap_or(3))
                .max(before.saturating_sub(2));
            header.push(0x80 | u8::try_from(needed).ok()?);
            header.resize(2 + needed.saturating_sub(octets.len()), 0);
            header.extend_from_slice(octets.get(octets.len().saturating_sub(needed)..)?);
        }
    }
    Some([&header, element.content()].concat())
}

/// Headers are made from the inside out and put together once: a thousand levels are no square of work.
fn nest(bytes: &[u8], levels: usize, tag: u8) -> Vec<u8> {
    let (mut headers, mut length) = (Vec::new(), bytes.len());
    for _ in 0..levels {
        let header = write::header(tag, length);
        length += header.len();
        headers.push(header);
    }
    headers.reverse();
    [&headers.concat(), bytes].concat()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Edit, Form};
    use crate::tlv::{Source, Tlv};

    fn check(form: &Form, input: &[u8], output: Option<&[u8]>) {
        let element = Tlv::read(Source::message(input), 0).unwrap();
        assert_eq!(Edit { form, rng: None }.element(&element).as_deref(), output);
    }

    #[rstest]
    #[case::indefinite(Form::Indefinite { levels: 1 }, &[0x30, 2, 0x30, 0], Some(&[0x30, 0x80, 0x30, 0, 0, 0][..]))]
    #[case::two_levels(
        Form::Indefinite { levels: 2 },
        &[0x30, 2, 0x30, 0],
        Some(&[0x30, 0x80, 0x30, 0x80, 0, 0, 0, 0][..])
    )]
    #[case::primitive(Form::Indefinite { levels: 9 }, &[0x04, 1, 7], Some(&[0x04, 1, 7][..]))]
    #[case::chunks(
        Form::Chunks { size: 2, indefinite: false },
        &[0x80, 3, 1, 2, 3],
        Some(&[0xa0, 7, 4, 2, 1, 2, 4, 1, 3][..])
    )]
    #[case::chunks_without_end(
        Form::Chunks { size: 9, indefinite: true },
        &[0x04, 1, 1],
        Some(&[0x24, 0x80, 4, 1, 1, 0, 0][..])
    )]
    #[case::no_string(Form::Chunks { size: 1, indefinite: false }, &[0x30, 0], None)]
    #[case::long(Form::LongLength { octets: 3 }, &[0x04, 1, 7], Some(&[0x04, 0x83, 0, 0, 1, 7][..]))]
    #[case::long_of_nothing(Form::LongLength { octets: 1 }, &[0x04, 0], Some(&[0x04, 0x81, 0][..]))]
    #[case::too_long(Form::Length { add: 5 }, &[0x04, 1, 7], Some(&[0x04, 6, 7][..]))]
    #[case::too_short(Form::Length { add: -1 }, &[0x04, 1, 7], Some(&[0x04, 0, 7][..]))]
    #[case::below_nothing(Form::Length { add: -2 }, &[0x04, 1, 7], None)]
    #[case::over_the_form(Form::Length { add: 0x100 }, &[0x04, 1, 7], Some(&[0x04, 0x82, 1, 1, 7][..]))]
    #[case::long_form(Form::Length { add: 1 }, &[0x04, 0x82, 0, 1, 7], Some(&[0x04, 0x82, 0, 2, 7][..]))]
    #[case::without_length(Form::Length { add: 1 }, &[0x30, 0x80, 0, 0], None)]
    #[case::reverse(Form::Reverse {}, &[0x31, 4, 2, 0, 5, 0], Some(&[0x31, 4, 5, 0, 2, 0][..]))]
    #[case::tag(Form::Tag { tag: 0x0c }, &[0x13, 1, 7], Some(&[0x0c, 1, 7][..]))]
    #[case::nest(Form::Nest { levels: 2, tag: 0x30 }, &[5, 0], Some(&[0x30, 4, 0x30, 2, 5, 0][..]))]
    #[case::random_without_dice(Form::Random { octets: 1 }, &[5, 0], None)]
    fn an_element_gets_the_form_that_is_asked_for(
        #[case] form: Form,
        #[case] input: &[u8],
        #[case] output: Option<&[u8]>,
    ) {
        check(&form, input, output);
    }
}

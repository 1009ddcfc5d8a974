//! Changes of octets that several operators make. Each says whether it changed anything.

/// Puts the new value in; true when there is one and it differs.
pub(super) fn replace<T: PartialEq>(old: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if *old != new => {
            *old = new;
            true
        }
        _ => false,
    }
}

/// Changes one octet; the place counts from the end when negative.
pub(super) fn xor_at(octets: &mut [u8], at: i64, mask: u8) -> bool {
    let index = if at < 0 {
        octets.len().checked_sub(usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX))
    } else {
        usize::try_from(at).ok()
    };
    match index.and_then(|index| octets.get_mut(index)) {
        Some(octet) => {
            *octet ^= mask;
            mask != 0
        }
        None => false,
    }
}

/// Keeps the first octets only, as many in a thousand as it says.
pub(super) fn truncate(octets: &mut Vec<u8>, permille: usize) -> bool {
    let before = octets.len();
    octets.truncate(before.saturating_mul(permille) / 1000);
    octets.len() < before
}

/// Cuts the last octets off.
pub(super) fn cut(octets: &mut Vec<u8>, drop: usize) -> bool {
    let before = octets.len();
    octets.truncate(before.saturating_sub(drop));
    octets.len() < before
}

/// Adds octets at the end.
pub(super) fn append(octets: &mut Vec<u8>, hex: &str) -> bool {
    let before = octets.len();
    octets.extend(unhex(hex));
    octets.len() > before
}

/// Even hex digits to octets. Digits that are no hex count as zero: the catalogue's tests refuse them.
pub(super) fn unhex(hex: &str) -> Vec<u8> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or(0) as u8;
    hex.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |octet, d| octet << 4 | digit(d))).collect()
}

/// Replaces octets wherever they occur. What does not match stays as it is.
pub(super) fn replace_all(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut replaced, mut rest) = (Vec::with_capacity(octets.len()), octets);
    while let Some((first, others)) = rest.split_first() {
        match rest.strip_prefix(from) {
            Some(after) if !from.is_empty() => {
                replaced.extend_from_slice(to);
                rest = after;
            }
            _ => {
                replaced.push(*first);
                rest = others;
            }
        }
    }
    replaced
}

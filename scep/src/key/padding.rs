//! Paddings of RSA blocks, RFC 8017: EME-PKCS1-v1_5, EME-OAEP and EMSA-PSS. Blocks in, blocks out; None
//! when something does not fit, whatever it is.

use openssl::memcmp;
use rand_core::RngCore;

use crate::error::Result;
use crate::suite::{Digest, Oaep, SignatureAlgorithm};
use crate::write;

/// EME-PKCS1-v1_5, RFC 8017 7.2.1: a block of `length` octets, its padding from `rng`.
pub(super) fn pkcs1_pad(message: &[u8], length: usize, rng: &mut dyn RngCore) -> Option<Vec<u8>> {
    let padding = length.checked_sub(message.len() + 3).filter(|padding| *padding >= 8)?;
    let mut block = vec![0, 2];
    while block.len() < padding + 2 {
        let mut octet = [0];
        rng.fill_bytes(&mut octet);
        if octet != [0] {
            block.extend_from_slice(&octet);
        }
    }
    block.push(0);
    block.extend_from_slice(message);
    Some(block)
}

/// The message of a block, RFC 8017 7.2.2.
pub(super) fn pkcs1_unpad(block: &[u8]) -> Option<Vec<u8>> {
    let [0, 2, rest @ ..] = block else { return None };
    let padding = rest.iter().position(|octet| *octet == 0).filter(|padding| *padding >= 8)?;
    Some(rest.get(padding + 1..)?.to_vec())
}

/// EMSA-PKCS1-v1_5, RFC 8017 9.2: the digest of the octets in a block of `length` octets.
pub(super) fn pkcs1_sign_pad(digest: Digest, octets: &[u8], length: usize) -> Result<Option<Vec<u8>>> {
    let algorithm = write::algorithm(digest.oid(), Some(&write::null()));
    let info = write::sequence(&[&algorithm, &write::octet_string(&digest.of(octets)?)]);
    let Some(padding) = length.checked_sub(info.len() + 3).filter(|padding| *padding >= 8) else {
        return Ok(None);
    };
    let mut block = vec![0xff; padding + 2];
    block.splice(..2, [0, 1]);
    block.push(0);
    block.extend(info);
    Ok(Some(block))
}

/// MGF1, RFC 8017 B.2.1.
fn mgf1(digest: Digest, seed: &[u8], length: usize) -> Result<Vec<u8>> {
    let mut mask = Vec::with_capacity(length + digest.length());
    let mut counter = 0_u32;
    while mask.len() < length {
        mask.extend(digest.of(&[seed, &counter.to_be_bytes()].concat())?);
        counter += 1;
    }
    mask.truncate(length);
    Ok(mask)
}

fn xor(octets: &[u8], mask: &[u8]) -> Vec<u8> {
    octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect()
}

/// EME-OAEP, RFC 8017 7.1.1: a block of `length` octets, its seed from `rng`.
pub(super) fn oaep_pad(
    oaep: &Oaep,
    message: &[u8],
    length: usize,
    rng: &mut dyn RngCore,
) -> Result<Option<Vec<u8>>> {
    let Some(zeros) = length.checked_sub(message.len() + 2 * oaep.digest.length() + 2) else {
        return Ok(None);
    };
    let label = oaep.digest.of(&oaep.label)?;
    let data = [label.as_slice(), &vec![0; zeros], &[1], message].concat();
    let mut seed = vec![0; oaep.digest.length()];
    rng.fill_bytes(&mut seed);
    let masked_data = xor(&data, &mgf1(oaep.mgf, &seed, data.len())?);
    let masked_seed = xor(&seed, &mgf1(oaep.mgf, &masked_data, seed.len())?);
    Ok(Some([&[0], masked_seed.as_slice(), &masked_data].concat()))
}

/// The message of a block, RFC 8017 7.1.2. All the tests are made before one decides.
pub(super) fn oaep_unpad(oaep: &Oaep, block: &[u8]) -> Result<Option<Vec<u8>>> {
    let size = oaep.digest.length();
    let Some(([first], rest)) = block.split_at_checked(1) else { return Ok(None) };
    let Some((masked_seed, masked_data)) = rest.split_at_checked(size).filter(|(_, data)| data.len() > size)
    else {
        return Ok(None);
    };
    let seed = xor(masked_seed, &mgf1(oaep.mgf, masked_data, size)?);
    let data = xor(masked_data, &mgf1(oaep.mgf, &seed, masked_data.len())?);
    let (label, message) = data.split_at(size);
    let is_labelled = memcmp::eq(label, &oaep.digest.of(&oaep.label)?);
    let end = message.iter().position(|octet| *octet != 0);
    let message = end
        .filter(|end| message.get(*end) == Some(&1))
        .and_then(|end| message.get(end + 1..))
        .map(<[u8]>::to_vec);
    Ok(message.filter(|_| is_labelled && *first == 0))
}

/// Longest salt that PSS has room for with a modulus of so many bits, RFC 8017 9.1.1 step 3.
pub(super) fn pss_salt_room(digest: Digest, bits: u32) -> usize {
    pss_length(bits).saturating_sub(digest.length() + 2)
}

/// Octets of an encoded message: it has one bit less than the modulus.
fn pss_length(bits: u32) -> usize {
    (bits.saturating_sub(1) as usize).div_ceil(8)
}

/// Bits of the first octet that must be zero.
fn pss_first_mask(bits: u32) -> u8 {
    0xff_u8 >> ((8 - bits.saturating_sub(1) % 8) % 8)
}

fn pss_hash(algorithm: SignatureAlgorithm, octets: &[u8], salt: &[u8]) -> Result<Vec<u8>> {
    let message = algorithm.digest.of(octets)?;
    algorithm.digest.of(&[&[0; 8], message.as_slice(), salt].concat())
}

/// EMSA-PSS, RFC 8017 9.1.1, as a block as long as a modulus of `bits` bits.
pub(super) fn pss_pad(
    algorithm: SignatureAlgorithm,
    octets: &[u8],
    salt: &[u8],
    bits: u32,
) -> Result<Option<Vec<u8>>> {
    let length = pss_length(bits);
    let Some(zeros) = length.checked_sub(algorithm.digest.length() + salt.len() + 2) else { return Ok(None) };
    let hash = pss_hash(algorithm, octets, salt)?;
    let data = [vec![0; zeros].as_slice(), &[1], salt].concat();
    let mut masked = xor(&data, &mgf1(algorithm.mgf, &hash, data.len())?);
    if let Some(first) = masked.first_mut() {
        *first &= pss_first_mask(bits);
    }
    // A modulus of 8n + 1 bits is one octet longer than the encoded message.
    let lead = vec![0; (bits as usize).div_ceil(8) - length];
    Ok(Some([lead.as_slice(), &masked, &hash, &[PSS_TRAILER]].concat()))
}

/// True when the block is an encoding of the octets, RFC 8017 9.1.2.
pub(super) fn pss_holds(
    algorithm: SignatureAlgorithm,
    octets: &[u8],
    block: &[u8],
    bits: u32,
) -> Result<bool> {
    let length = pss_length(bits);
    let size = algorithm.digest.length();
    let Some((lead, encoded)) = block.len().checked_sub(length).and_then(|lead| block.split_at_checked(lead))
    else {
        return Ok(false);
    };
    let Some((masked, rest)) = length.checked_sub(size + 1).and_then(|data| encoded.split_at_checked(data))
    else {
        return Ok(false);
    };
    let (Some((hash, [PSS_TRAILER])), Some(zeros)) =
        (rest.split_at_checked(size), masked.len().checked_sub(algorithm.salt_length.saturating_add(1)))
    else {
        return Ok(false);
    };
    let first_mask = pss_first_mask(bits);
    if lead.iter().any(|octet| *octet != 0) || masked.first().is_some_and(|octet| octet & !first_mask != 0) {
        return Ok(false);
    }
    let mut data = xor(masked, &mgf1(algorithm.mgf, hash, masked.len())?);
    if let Some(first) = data.first_mut() {
        *first &= first_mask;
    }
    let (padding, salt) = data.split_at(zeros + 1);
    let is_padded = matches!(padding, [zeros @ .., 1] if zeros.iter().all(|octet| *octet == 0));
    Ok(is_padded && pss_hash(algorithm, octets, salt)? == hash)
}

const PSS_TRAILER: u8 = 0xbc;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::{oaep_pad, oaep_unpad, pkcs1_pad, pkcs1_unpad, pss_holds, pss_pad};
    use crate::suite::{Digest, Oaep, Scheme, SignatureAlgorithm};

    #[test]
    fn blocks_open_to_what_they_were_made_of_and_no_change_survives() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for length in [64, 127, 128] {
            let block = pkcs1_pad(b"message", length, &mut rng).unwrap();
            assert_eq!((block.len(), pkcs1_unpad(&block)), (length, Some(b"message".to_vec())));
            assert_eq!(pkcs1_unpad(&block[1..]), None);
            let oaep = Oaep { label: b"label".to_vec(), ..Oaep::with(Digest::Sha1) };
            let block = oaep_pad(&oaep, b"message", length, &mut rng).unwrap().unwrap();
            assert_eq!(block.len(), length);
            assert_eq!(oaep_unpad(&oaep, &block).unwrap(), Some(b"message".to_vec()));
            for at in 0..length {
                let mut changed = block.clone();
                changed[at] ^= 1;
                assert_ne!(oaep_unpad(&oaep, &changed).unwrap(), Some(b"message".to_vec()));
            }
            assert_eq!(oaep_unpad(&Oaep::with(Digest::Sha1), &block).unwrap(), None);
        }
        assert_eq!(pkcs1_pad(&[7; 54], 64, &mut rng), None);
        assert_eq!(oaep_pad(&Oaep::with(Digest::Sha256), b"", 65, &mut rng).unwrap(), None);
    }

    #[test]
    fn pss_holds_for_every_length_of_modulus_and_no_change_survives() {
        let algorithm = SignatureAlgorithm::new(Scheme::Pss, Digest::Sha256);
        for bits in 1016..=1032 {
            let block = pss_pad(algorithm, b"octets", &[5; 32], bits).unwrap().unwrap();
            assert_eq!(block.len(), (bits as usize).div_ceil(8));
            assert!(pss_holds(algorithm, b"octets", &block, bits).unwrap());
            for at in 0..block.len() {
                let mut changed = block.clone();
                changed[at] ^= 1;
                assert!(!pss_holds(algorithm, b"octets", &changed, bits).unwrap(), "{bits} {at}");
            }
            let shorter = SignatureAlgorithm { salt_length: 31, ..algorithm };
            assert!(!pss_holds(shorter, b"octets", &block, bits).unwrap());
            let longest = SignatureAlgorithm { salt_length: usize::MAX, ..algorithm };
            assert!(!pss_holds(longest, b"octets", &block, bits).unwrap());
        }
        assert_eq!(pss_pad(algorithm, b"", &[5; 32], 520).unwrap(), None);
        assert!(!pss_holds(algorithm, b"", &[], 1024).unwrap());
    }
}

//! Values of arguments, each from its text.

use scep::client::Fingerprint;
use scep::fault::{Order, When};
use scep::serial::SerialNumber;
use scep::suite::{Cipher, Digest};

/// What the client writes, by the names that faults are ordered for.
const MESSAGES: [&str; 8] =
    ["PKCSReq", "RenewalReq", "CertPoll", "GetCert", "GetCRL", "GetCACaps", "GetCACert", "GetNextCACert"];

/// A subject name, DER.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Subject(pub(in crate::cli) Vec<u8>);

pub(super) fn subject(text: &str) -> Result<Subject, scep::Error> {
    scep::name::parse(text).map(Subject)
}

/// The digest of a name, with or without its hyphen: `sha256`, `sha-256`, `md5`.
pub(crate) fn digest(text: &str) -> Result<Digest, String> {
    let bare = |name: &str| name.replace('-', "").to_ascii_lowercase();
    let names: Vec<&str> = Digest::ALL.iter().map(|digest| digest.name()).collect();
    Digest::ALL
        .iter()
        .copied()
        .find(|digest| bare(digest.name()) == bare(text))
        .ok_or_else(|| format!("expected {}, got `{text}`", names.join(", ")))
}

/// Names of ciphers in the field, beside those of this workspace.
const CIPHERS: &[(&str, Cipher)] = &[
    ("des", Cipher::Des),
    ("3des", Cipher::Des3),
    ("des3", Cipher::Des3),
    ("blowfish", Cipher::Blowfish),
    ("aes", Cipher::Aes128),
    ("aes128", Cipher::Aes128),
    ("aes192", Cipher::Aes192),
    ("aes256", Cipher::Aes256),
];

pub(crate) fn cipher(text: &str) -> Result<Cipher, String> {
    let name = text.to_ascii_lowercase();
    CIPHERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, cipher)| *cipher)
        .or_else(|| Cipher::parse(&name))
        .ok_or_else(|| format!("expected des, 3des, blowfish, aes128, aes192 or aes256, got `{text}`"))
}

/// A fingerprint, its digest told by the number of digits or by `DIGEST:` in front.
pub(crate) fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    let Some((digest, hex)) = text.split_once(':').and_then(|(name, hex)| Some((digest(name).ok()?, hex)))
    else {
        return Fingerprint::parse(text).map_err(|error| error.to_string());
    };
    let octets = octets(hex).filter(|octets| octets.len() == digest.length()).ok_or_else(|| {
        format!("expected {} hex digits after `{}:`, got `{hex}`", 2 * digest.length(), digest.name())
    })?;
    Ok(Fingerprint { digest, octets })
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex
        .chars()
        .filter(|c| !matches!(c, ':' | ' '))
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    pairs.collect()
}

/// A serial number: decimal; hex after `0x`, or with colons between its octets.
pub(crate) fn serial(text: &str) -> Result<SerialNumber, String> {
    let bad = || format!("expected a decimal number, or hex after `0x`, got `{text}`");
    let (radix, digits) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (16, hex.to_owned()),
        None if text.contains(':') => (16, text.replace(':', "")),
        None => (10, text.to_owned()),
    };
    if digits.is_empty() || digits.len() > 100 {
        return Err(bad());
    }
    let mut number: Vec<u8> = vec![0];
    for digit in digits.chars() {
        let mut carry = digit.to_digit(radix).ok_or_else(bad)?;
        for octet in number.iter_mut().rev() {
            let value = u32::from(*octet) * radix + carry;
            (*octet, carry) = ((value & 0xff) as u8, value >> 8);
        }
        if carry > 0 {
            number.insert(0, carry as u8);
        }
    }
    // Positive, whatever its first bit.
    number.insert(0, 0);
    Ok(SerialNumber::new(SerialNumber::new(&number).shortest()))
}

pub(super) fn order(text: &str) -> Result<Order, String> {
    let mut words = text.splitn(3, ':');
    let fault = words.next().unwrap_or_default().to_owned();
    let message = words.next().map(str::to_owned);
    if let Some(other) = message.as_ref().filter(|message| !MESSAGES.contains(&message.as_str())) {
        return Err(format!("expected {} after the first colon, got `{other}`", MESSAGES.join(", ")));
    }
    let nth = match words.next().map(str::parse) {
        None => None,
        Some(Ok(nth)) if nth > 0 => Some(nth),
        Some(_) => return Err("expected a number from 1 on after the second colon".to_owned()),
    };
    Ok(Order { fault, when: When { message, nth, ..When::default() } })
}

pub(super) fn seed(text: &str) -> Result<[u8; 32], String> {
    let mut seed = [0; 32];
    if text.is_empty() || text.len() > 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("expected 1 to 64 hex digits".to_owned());
    }
    for (index, digit) in text.chars().enumerate() {
        let half = digit.to_digit(16).unwrap_or_default() as u8;
        if let Some(octet) = seed.get_mut(index / 2) {
            *octet |= if index % 2 == 0 { half << 4 } else { half };
        }
    }
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use scep::fault::{Order, When};

    use scep::suite::{Cipher, Digest};

    use super::{cipher, fingerprint, order, seed, serial};

    #[rstest]
    #[case::always("a.b", None, None)]
    #[case::message("a.b:PKCSReq", Some("PKCSReq"), None)]
    #[case::nth("a.b:CertPoll:2", Some("CertPoll"), Some(2))]
    fn a_fault_names_its_messages(
        #[case] text: &str,
        #[case] message: Option<&str>,
        #[case] nth: Option<u32>,
    ) {
        let when = When { message: message.map(str::to_owned), nth, ..When::default() };
        assert_eq!(order(text), Ok(Order { fault: "a.b".to_owned(), when }));
    }

    #[test]
    fn what_is_never_written_has_no_fault() {
        assert!(order("a.b:CertRep").unwrap_err().contains("got `CertRep`"));
        assert!(order("a.b:CertPoll:0").is_err() && order("a.b:CertPoll:x").is_err());
    }

    #[test]
    fn a_short_seed_is_filled_up_with_zeros() {
        let octets = seed("0a1").unwrap();
        assert_eq!((octets[0], octets[1], octets[2]), (0x0a, 0x10, 0));
        assert!(seed("").is_err() && seed("xy").is_err() && seed(&"0".repeat(65)).is_err());
    }

    #[rstest]
    #[case::one("1", "01")]
    #[case::high_bit("200", "00c8")]
    #[case::long(
        "1461501637330902918203684832716283019655932542975",
        "00ffffffffffffffffffffffffffffffffffffffff"
    )]
    #[case::hex("0x2a", "2a")]
    #[case::colons("00:c8:01", "00c801")]
    #[case::zero("0", "00")]
    fn a_serial_number_is_decimal_or_hex(#[case] text: &str, #[case] hex: &str) {
        let octets: String = serial(text).unwrap().octets().iter().map(|o| format!("{o:02x}")).collect();
        assert_eq!(octets, hex);
    }

    #[rstest]
    #[case::hex_without_a_sign("2a")]
    #[case::nothing("")]
    #[case::negative("-1")]
    fn what_is_no_serial_number_is_shown(#[case] text: &str) {
        assert!(serial(text).unwrap_err().ends_with(&format!("got `{text}`")));
    }

    #[rstest]
    #[case::md5("md5:000102030405060708090a0b0c0d0e0f", Digest::Md5)]
    #[case::colons("MD5:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f", Digest::Md5)]
    #[case::sha224(&format!("sha224:{}", "0".repeat(56)), Digest::Sha224)]
    #[case::sha256(&"0".repeat(64), Digest::Sha256)]
    #[case::sha256_pairs(&vec!["00"; 32].join(":"), Digest::Sha256)]
    #[case::sha1(&format!("sha-1:{}", "0".repeat(40)), Digest::Sha1)]
    fn a_fingerprint_is_by_any_digest(#[case] text: &str, #[case] digest: Digest) {
        let fingerprint = fingerprint(text).unwrap();
        assert_eq!((fingerprint.digest, fingerprint.octets.len()), (digest, digest.length()));
    }

    #[rstest]
    #[case::short("md5:00")]
    #[case::odd("md5:0")]
    #[case::bare_md5("000102030405060708090a0b0c0d0e0f")]
    fn what_is_no_fingerprint_is_refused(#[case] text: &str) {
        assert!(fingerprint(text).is_err());
    }

    #[rstest]
    #[case::des("des", Cipher::Des)]
    #[case::triple("3des", Cipher::Des3)]
    #[case::blowfish("blowfish", Cipher::Blowfish)]
    #[case::aes("aes", Cipher::Aes128)]
    #[case::aes192("aes192", Cipher::Aes192)]
    #[case::gcm("aes256-gcm", Cipher::Aes256Gcm)]
    fn ciphers_have_the_names_of_the_field(#[case] text: &str, #[case] expected: Cipher) {
        assert_eq!(cipher(text), Ok(expected));
        assert!(cipher("rot13").unwrap_err().ends_with("got `rot13`"));
    }
}

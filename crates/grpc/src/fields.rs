//! Fields are parsed all, and their faults told all at once.
//!
//! A handler parses every field with a [`Faults`] first, and builds its command afterwards, so that one bad field doesn't hide the next.

use std::sync::Arc;

use domain::ids::Malformed;
use jiff::Timestamp;
use tonic::Status;
use tonic_types::FieldViolation;
use uuid::Uuid;

use crate::limits::{FAULTS_MAX, LIST_ITEMS_MAX};
use crate::status;

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    listed: Vec<FieldViolation>,
    further: usize,
    /// Where the fields are that are parsed now: `source.`.
    path: String,
}

impl Faults {
    /// Notes a fault: a predicate, such as "is required".
    pub(crate) fn add(&mut self, field: &str, fault: impl Into<String>) {
        if self.listed.len() < FAULTS_MAX {
            self.listed.push(FieldViolation::new(format!("{}{field}", self.path), fault));
        } else {
            self.further += 1;
        }
    }

    /// The fields of a message within.
    pub(crate) fn within<T>(&mut self, field: &str, parse: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.path.len();
        self.path.push_str(field);
        self.path.push('.');
        let parsed = parse(self);
        self.path.truncate(outer);
        parsed
    }

    /// A field that must be there. `None`: it has a fault.
    pub(crate) fn required<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Option<T> {
        if text.is_empty() {
            self.add(field, "is required");
            return None;
        }
        parse(text).map_err(|malformed| self.add(field, malformed.to_string())).ok()
    }

    /// A field that may be left out; blank counts as left out. `None`: it is, or has a fault.
    pub(crate) fn optional<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Option<T> {
        if text.trim().is_empty() {
            return None;
        }
        parse(text).map_err(|malformed| self.add(field, malformed.to_string())).ok()
    }

    /// A list of at most 100.
    pub(crate) fn list<T>(
        &mut self,
        field: &str,
        texts: &[String],
        parse: impl Fn(&str) -> Result<T, Malformed>,
    ) -> Vec<T> {
        self.at_most(field, texts.len(), LIST_ITEMS_MAX);
        let mut parsed = Vec::with_capacity(texts.len().min(LIST_ITEMS_MAX));
        for (n, text) in texts.iter().take(LIST_ITEMS_MAX).enumerate() {
            match parse(text) {
                Ok(one) => parsed.push(one),
                Err(malformed) => self.add(&format!("{field}[{n}]"), malformed.to_string()),
            }
        }
        parsed
    }

    /// Bounds a list's length.
    pub(crate) fn at_most(&mut self, field: &str, length: usize, max: usize) {
        if length > max {
            self.add(field, format!("has {length} elements, at most {max} are allowed"));
        }
    }

    /// An enum's value that must be given. `known` answers `None` for what may not be asked for.
    pub(crate) fn choice<E: TryFrom<i32>, T>(
        &mut self,
        field: &str,
        number: i32,
        known: impl FnOnce(E) -> Option<T>,
    ) -> Option<T> {
        if number == 0 {
            self.add(field, "is required");
            return None;
        }
        self.maybe_choice(field, number, known)
    }

    /// An enum's value that may be left out.
    pub(crate) fn maybe_choice<E: TryFrom<i32>, T>(
        &mut self,
        field: &str,
        number: i32,
        known: impl FnOnce(E) -> Option<T>,
    ) -> Option<T> {
        if number == 0 {
            return None;
        }
        let Ok(value) = E::try_from(number) else {
            self.add(field, format!("has no value with number {number}"));
            return None;
        };
        let known = known(value);
        if known.is_none() {
            self.add(field, "has a value that stands in answers only");
        }
        known
    }

    /// A time; `None`: absent, or at fault.
    pub(crate) fn time(&mut self, field: &str, time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
        let time = time?;
        let parsed = (0..1_000_000_000)
            .contains(&time.nanos)
            .then(|| Timestamp::new(time.seconds, time.nanos / 1000 * 1000).ok())
            .flatten();
        if parsed.is_none() {
            self.add(field, "is no time between the years 1 and 9999");
        }
        parsed
    }

    /// A request id: a UUID, and not the nil one.
    pub(crate) fn request_id(&mut self, text: &str) -> Option<Uuid> {
        const FORM: Malformed = Malformed::Form { expected: "must be a UUID, a new one for each request" };
        self.required("request_id", text, |text| Uuid::parse_str(text).ok().filter(|id| !id.is_nil()).ok_or(FORM))
    }

    /// How many rows a page has: 0 is the default, too many are cut, a negative number is refused.
    pub(crate) fn page_size(&mut self, field: &str, size: i32, default: u32, max: u32) -> u32 {
        match u32::try_from(size) {
            Ok(0) => default,
            Ok(size) => size.min(max),
            Err(_) => {
                self.add(field, "must not be negative");
                default
            }
        }
    }

    /// What was parsed, or all the faults.
    pub(crate) fn finish<T>(self, parsed: Option<T>) -> Result<T, Status> {
        match parsed {
            Some(parsed) if self.listed.is_empty() => Ok(parsed),
            None if self.listed.is_empty() => Err(status::internal(&"a field was refused without a fault")),
            _ => Err(status::invalid_fields(self.listed, self.further)),
        }
    }
}

/// A parser of short names on one line: not blank, at most `max` characters, no control characters. Trims white space at both ends.
pub(crate) fn short(max: usize) -> impl Fn(&str) -> Result<Arc<str>, Malformed> {
    move |text| {
        let text = text.trim();
        if text.is_empty() {
            return Err(Malformed::Blank);
        }
        let length = text.chars().count();
        if length > max {
            return Err(Malformed::TooLong { length, max, unit: "characters" });
        }
        match text.chars().find(|c| c.is_control()) {
            Some(character) => {
                Err(Malformed::Character { character, allowed: "one line without control characters is allowed" })
            }
            None => Ok(text.into()),
        }
    }
}

/// As the contract has times.
pub(crate) fn stamp(time: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (time.as_second(), time.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

#[cfg(test)]
mod tests;

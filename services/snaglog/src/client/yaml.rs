//! YAML files of the user's own: read within bounds, and every fault told with its line and column.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_saphyr::{Location, Spanned};
use tonic::Status;
use tonic_types::{FieldViolation, StatusExt as _};

use super::failure::Failure;
use super::issue::explain;
use super::session::Session;

/// A file may have so many bytes; a request has no room for more.
const BYTES_MAX: usize = 1024 * 1024;

/// Line and column, from 1.
pub(crate) type At = (u64, u64);

/// What a file of that name says; else, where it can't be read and why. What it says is not judged here.
pub(crate) fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    if text.len() > BYTES_MAX {
        return Err(format!("{name}: has {} bytes, at most {BYTES_MAX} are read", text.len()));
    }
    // What is no YAML at all is said first: a stranger's name in it is not what is wrong.
    let sound = serde_saphyr::from_str::<IgnoredAny>(text);
    sound.and_then(|_| serde_saphyr::from_str(text)).map_err(|error| {
        let at = error.location().map_or_else(String::new, |at| format!("{}:{}:", at.line(), at.column()));
        let told = error.without_snippet().to_string();
        let problem = told.split_once(" at line ").map_or(told.as_str(), |(problem, _)| problem);
        // What a programmer could set helps nobody here.
        let problem = problem.split_once(", set DuplicateKeyPolicy").map_or(problem, |(problem, _)| problem);
        let problem = if problem.starts_with("budget breached") {
            "says more than is read, its aliases followed"
        } else {
            problem
        };
        format!("{name}:{at} {problem}")
    })
}

/// Where in the file something stands.
pub(crate) fn at(location: &Location) -> At {
    (location.line(), location.column())
}

/// What is written, and so stands nowhere yet.
pub(crate) fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned { value, referenced: Location::UNKNOWN, defined: Location::UNKNOWN }
}

/// Where the parts of a file stand, by the names that the server has for them: `severities.sev2.mitigate`, `week.mon[1]`.
#[derive(Debug)]
pub(crate) struct Places {
    /// What people call the file.
    name: String,
    /// The field of the request that it is.
    within: &'static str,
    at: BTreeMap<String, At>,
}

impl Places {
    /// Those of a file of that name, which is that field of a request.
    pub(crate) fn of(name: &str, within: &'static str) -> Self {
        Self { name: name.to_owned(), within, at: BTreeMap::new() }
    }

    /// Notes where a part stands.
    pub(crate) fn note(&mut self, place: impl Into<String>, at: At) {
        self.at.insert(place.into(), at);
    }

    /// A fault that the server found, with where it stands in the file: itself, or what it is a part of.
    pub(crate) fn placed(&self, field: &str, fault: &str) -> String {
        let place = field.strip_prefix(self.within).and_then(|rest| rest.strip_prefix('.')).unwrap_or(field);
        let mut within = place;
        loop {
            if let Some((line, column)) = self.at.get(within) {
                return format!("{}:{line}:{column}: {place} {fault}", self.name);
            }
            match within.rfind(['.', '[']) {
                Some(end) => within = &within[..end],
                None => return format!("{place} {fault}"),
            }
        }
    }

    /// The server's refusal, with each fault where it stands in the file; `cannot`: what the file can't be.
    pub(crate) fn refused(&self, cannot: &str, session: &Session, status: Status) -> Failure {
        let faults = status.get_error_details().bad_request().map(|bad| bad.field_violations.clone());
        let mut failure = explain(session.failure(status), "");
        if let Some(faults) = faults.filter(|faults| !faults.is_empty()) {
            let of_file = |fault: &FieldViolation| fault.field.starts_with(self.within);
            if failure.reason.ends_with("Malformed") || faults.iter().any(of_file) {
                failure.message = format!("{} {cannot}", self.name);
            }
            failure.faults = faults.iter().map(|fault| self.placed(&fault.field, &fault.description)).collect();
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, read};

    #[test]
    fn what_is_no_yaml_is_said_before_what_it_says() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[expect(dead_code, reason = "it is only read")]
            known: Vec<u32>,
        }
        let told = |text: &str| read::<File>("f.yaml", text).unwrap_err();
        assert_eq!(told("garbage: ["), "f.yaml:1:10: unclosed bracket '['");
        assert!(told("garbage: []").starts_with("f.yaml:1:1: unknown field `garbage`"));
    }

    #[test]
    fn a_file_is_bounded() {
        let long = format!("a: b # {}", "x".repeat(BYTES_MAX));
        let told = read::<serde_json::Value>("f.yaml", &long).unwrap_err();
        assert_eq!(told, "f.yaml: has 1048583 bytes, at most 1048576 are read");
        assert!(read::<serde_json::Value>("f.yaml", &long[..BYTES_MAX]).is_ok());
    }

    #[test]
    fn what_names_itself_over_and_over_is_refused() {
        let first = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        let bomb = (b'b'..=b'z').fold(first, |text, name| {
            let (before, name) = (char::from(name - 1), char::from(name));
            format!("{text}{name}: &{name} [{}]\n", format!("*{before}, ").repeat(10))
        });
        let told = read::<serde_json::Value>("f.yaml", &bomb).unwrap_err();
        assert_eq!(told, "f.yaml:6:12: says more than is read, its aliases followed");
        let nested = "[".repeat(100_000);
        let told = read::<serde_json::Value>("f.yaml", &nested).unwrap_err();
        assert!(told.starts_with("f.yaml:1:"), "{told}");
    }
}

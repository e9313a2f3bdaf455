//! One event of every type, and of some types several, so that every value of every stored enum is in a golden file.

mod calendar;
mod issue;
mod old;
mod others;
mod policy;

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::ids::{IssueId, IssueKey, PersonId};
use domain::text::Text;
use domain::{Event, Origin};
use uuid::Uuid;

/// An event with the golden file that shows it.
pub(crate) struct Example {
    /// The file's name without `.json`: type, version, and which case of it.
    pub(crate) golden: &'static str,
    pub(crate) event: Event,
    pub(crate) origin: Option<Origin>,
}

/// Events in the versions that are written now.
pub(crate) fn current() -> Vec<Example> {
    let mut examples = issue::examples();
    examples.extend(others::examples());
    examples.extend(calendar::examples());
    examples.extend(policy::examples());
    examples
}

/// Events of older versions, as today's build understands them.
pub(crate) fn old() -> Vec<Example> {
    old::examples()
}

fn example(golden: &'static str, event: impl Into<Event>) -> Example {
    let event = event.into();
    Example { golden, event, origin: None }
}

fn imported(golden: &'static str, event: impl Into<Event>, implied: bool) -> Example {
    let origin =
        Origin { system: "bugzilla".into(), reference: "446261".into(), implied, imported_by: person("importer") };
    Example { origin: Some(origin), ..example(golden, event) }
}

fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

fn people(ids: &[&str]) -> BTreeSet<PersonId> {
    ids.iter().map(|id| person(id)).collect()
}

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn reason(reason: &str) -> Option<Text> {
    Text::parse(reason).ok()
}

fn list(words: &[&str]) -> Vec<Arc<str>> {
    words.iter().map(|&word| word.into()).collect()
}

fn issue_id(n: u128) -> IssueId {
    IssueId(Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 + n))
}

fn key(key: &str) -> IssueKey {
    IssueKey::parse(key).unwrap()
}

//! A bug as a line of the file tells it. Nearly everything may be missing, null, or of another type than usual.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json};

/// A bug with its history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bug {
    pub(super) id: u64,
    pub(super) created: Option<Timestamp>,
    pub(super) creator: String,
    pub(super) summary: String,
    pub(super) description: String,
    /// Empty: the line does not tell it.
    pub(super) status: String,
    pub(super) resolution: String,
    pub(super) severity: String,
    pub(super) component: String,
    /// `None`: the line does not tell it. Empty: nobody's.
    pub(super) assignee: Option<String>,
    pub(super) duplicate_of: Option<u64>,
    pub(super) last_resolved: Option<Timestamp>,
    pub(super) comments: u64,
    pub(super) history: Vec<Entry>,
    /// Parts of the history that are no entries.
    pub(super) malformed: u64,
}

/// What somebody changed at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) when: Option<Timestamp>,
    pub(super) who: String,
    pub(super) changes: Vec<Change>,
}

/// A field's change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) field: String,
    pub(super) removed: String,
    pub(super) added: String,
}

/// Why a line is no bug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("longer than {max} bytes")]
    TooLong { max: usize },
    #[error("not UTF-8, from byte {at} on")]
    NotUtf8 { at: usize },
    #[error("not JSON: {0}")]
    NotJson(String),
    #[error("not a JSON object")]
    NotAnObject,
    #[error("no bug number in \"id\"")]
    NoNumber,
    #[error("bug {id} has no time: neither \"creation_time\" nor a history")]
    NoTime { id: u64 },
}

impl Unreadable {
    /// The reason that such lines are counted under.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "line: too long",
            Self::NotUtf8 { .. } => "line: not UTF-8",
            Self::NotJson(_) => "line: not JSON",
            Self::NotAnObject => "line: not an object",
            Self::NoNumber => "line: no bug number",
            Self::NoTime { .. } => "line: no time",
        }
    }
}

impl Bug {
    /// Reads a line.
    pub(super) fn read(line: &[u8]) -> Result<Self, Unreadable> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|error| Unreadable::NotUtf8 { at: error.valid_up_to() + 1 })?;
        let json: Json = serde_json::from_str(line).map_err(|error| Unreadable::NotJson(error.to_string()))?;
        let Json::Object(object) = json else { return Err(Unreadable::NotAnObject) };
        let id = number(object.get("id")).ok_or(Unreadable::NoNumber)?;
        let mut malformed = 0;
        let history = match object.get("history") {
            Some(Json::Array(entries)) => {
                entries.iter().filter_map(|entry| Entry::read(entry, &mut malformed)).collect()
            }
            None | Some(Json::Null) => Vec::new(),
            Some(_) => {
                malformed += 1;
                Vec::new()
            }
        };
        let bug = Self {
            id,
            created: time(object.get("creation_time")),
            creator: text_of(&object, &["creator", "reporter"]),
            summary: text_of(&object, &["summary", "short_desc"]),
            description: text_of(&object, &["description"]),
            status: name_of(&object, &["status", "bug_status"]),
            resolution: name_of(&object, &["resolution"]),
            severity: text_of(&object, &["severity", "bug_severity"]),
            component: text_of(&object, &["component"]),
            assignee: object.get("assigned_to").map(text),
            duplicate_of: number(object.get("dupe_of")),
            last_resolved: time(object.get("last_resolved").or_else(|| object.get("cf_last_resolved"))),
            comments: number(object.get("comment_count")).unwrap_or_default(),
            history,
            malformed,
        };
        if bug.filed_at().is_none() { Err(Unreadable::NoTime { id }) } else { Ok(bug) }
    }

    /// When it was filed: the earliest time known of it, where the line does not tell.
    pub(super) fn filed_at(&self) -> Option<Timestamp> {
        let first = || self.history.iter().filter_map(|entry| entry.when).min();
        self.created.or_else(first).or(self.last_resolved)
    }
}

impl Entry {
    fn read(json: &Json, malformed: &mut u64) -> Option<Self> {
        let Json::Object(object) = json else {
            *malformed += 1;
            return None;
        };
        let changes = match object.get("changes") {
            Some(Json::Array(changes)) => changes.iter().filter_map(|change| Change::read(change, malformed)).collect(),
            None | Some(Json::Null) => Vec::new(),
            Some(_) => {
                *malformed += 1;
                Vec::new()
            }
        };
        Some(Self { when: time(object.get("when")), who: text_of(object, &["who"]), changes })
    }
}

impl Change {
    fn read(json: &Json, malformed: &mut u64) -> Option<Self> {
        let read = json.as_object().map(|object| Self {
            field: field(&text_of(object, &["field", "field_name"])),
            removed: text_of(object, &["removed"]),
            added: text_of(object, &["added"]),
        });
        let read = read.filter(|change| !change.field.is_empty());
        *malformed += u64::from(read.is_none());
        read
    }
}

/// One name for a field that Bugzilla's versions call differently.
fn field(name: &str) -> String {
    let name = match name {
        "bug_status" => "status",
        "bug_severity" => "severity",
        "short_desc" => "summary",
        "flagtypes" | "flags" => "flagtypes.name",
        other => other,
    };
    name.to_owned()
}

fn text_of(object: &Map<String, Json>, names: &[&str]) -> String {
    names.iter().find_map(|name| object.get(*name)).map(text).unwrap_or_default()
}

/// A status or a resolution: `---` is none.
fn name_of(object: &Map<String, Json>, names: &[&str]) -> String {
    name(&text_of(object, names))
}

/// A status or a resolution as Bugzilla spells it: in capitals, nothing for `---`.
pub(super) fn name(text: &str) -> String {
    let name = text.trim().to_uppercase();
    if name.chars().all(|letter| letter == '-') { String::new() } else { name }
}

/// A text; numbers and booleans as they are written; of a list, its texts.
fn text(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.trim().to_owned(),
        Json::Bool(on) => on.to_string(),
        Json::Number(number) => number.to_string(),
        Json::Array(parts) => parts.iter().map(text).collect::<Vec<_>>().join(", "),
        Json::Object(object) => text_of(object, &["name", "id"]),
    }
}

/// A whole number above 0, as a number or a text: `3`, `"3"`, `3.0`.
fn number(json: Option<&Json>) -> Option<u64> {
    let written = text(json?);
    written.strip_suffix(".0").unwrap_or(&written).parse().ok().filter(|number| *number > 0)
}

/// RFC 3339, or a date with a time, which is taken for UTC. To the microsecond, as the log keeps it: what is nearer together is one moment.
fn time(json: Option<&Json>) -> Option<Timestamp> {
    let text = json?.as_str()?.trim();
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let time: Timestamp = text.parse().ok().or_else(civil)?;
    Timestamp::from_microsecond(time.as_microsecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn bug(line: &str) -> Bug {
        Bug::read(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_number_and_a_time_are_enough() {
        let bug = bug(
            r#"{"id": "7", "creation_time": "2014-07-22 15:23:20", "summary": null, "history": null, "dupe_of": "0"}"#,
        );
        assert_eq!((bug.id, bug.filed_at().unwrap().to_string().as_str()), (7, "2014-07-22T15:23:20Z"));
        assert_eq!((bug.summary.as_str(), bug.duplicate_of, bug.assignee), ("", None, None));
    }

    #[test]
    fn numbers_may_be_texts_or_end_in_a_point_and_nothing() {
        let number = |line: &str| number(serde_json::from_str::<Json>(line).ok().as_ref());
        assert_eq!(
            (number("3"), number("\"3\""), number("3.0"), number(" \" 3 \"")),
            (Some(3), Some(3), Some(3), Some(3))
        );
        for none in ["0", "-3", "3.5", "1e300", "null", "\"three\"", "{}"] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn times_are_told_to_the_microsecond_in_any_zone() {
        #[track_caller]
        fn check(written: &str, expected: &str) {
            assert_eq!(time(Some(&written.into())).unwrap().to_string(), expected, "{written}");
        }
        check("2014-07-22T15:23:20.123456789Z", "2014-07-22T15:23:20.123456Z");
        check("2014-07-22T17:23:20+02:00", "2014-07-22T15:23:20Z");
        check("2014-07-22", "2014-07-22T00:00:00Z");
        assert_eq!(time(Some(&"last week".into())), None);
    }

    #[test]
    fn nobody_and_not_told_are_two() {
        let line = |rest: &str| format!(r#"{{"id": 7, "creation_time": "2014-07-22T15:23:20Z"{rest}}}"#);
        assert_eq!(bug(&line("")).assignee, None);
        assert_eq!(bug(&line(r#", "assigned_to": null"#)).assignee.as_deref(), Some(""));
    }

    #[test]
    fn fields_go_by_the_names_of_any_version() {
        let bug = bug(
            r#"{"id": 7, "bug_status": "resolved", "resolution": "---", "history": [{"when": "2014-07-22T15:23:20Z",
                "changes": [{"field_name": "bug_status", "added": "RESOLVED"}]}]}"#,
        );
        assert_eq!((bug.status.as_str(), bug.resolution.as_str()), ("RESOLVED", ""));
        assert_eq!(bug.history[0].changes[0].field, "status");
        assert_eq!(bug.filed_at(), bug.history[0].when);
    }

    #[test]
    fn what_is_no_entry_is_counted() {
        let line = r#"{"id": 7, "creation_time": "2014-07-22T15:23:20Z", "history": [3, {"changes": [null, {"added": "x"}]}, {"changes": 1}]}"#;
        assert_eq!((bug(line).malformed, bug(line).history.len()), (4, 2));
    }

    #[test]
    fn a_line_that_is_no_bug_says_why() {
        #[track_caller]
        fn check(line: &[u8], reason: &str) {
            assert_eq!(Bug::read(line).unwrap_err().reason(), reason);
        }
        check(b"{\"id\": 7", "line: not JSON");
        check(b"[1]", "line: not an object");
        check(b"{\"id\": \"\xff\"}", "line: not UTF-8");
        check(b"{\"summary\": \"x\"}", "line: no bug number");
        check(b"{\"id\": 7}", "line: no time");
    }
}

//! Bugzilla's words in Snaglog's: severities, resolutions, statuses, names, texts. Only mappings, nothing that remembers.

use api::issues::v1::DismissalReason;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

/// A person who is not told.
pub(super) const UNKNOWN: &str = "unknown";
/// What the contract allows of a title, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// What the contract allows of a text, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// What the contract allows of an id, in bytes.
const ID_BYTES_MAX: usize = 100;

/// The project's severities in use, the worst first.
#[derive(Debug, Clone)]
pub(super) struct Severities(pub(super) Vec<String>);

/// What a severity of Bugzilla is in a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Severity {
    /// One of the project's.
    Is(String),
    /// Bugzilla says that there is none.
    NotSet,
    /// A word that nobody knows here.
    Unknown,
}

impl Severities {
    /// The project's severity of that name, or of the same rank. Ranks past the project's last are its last.
    pub(super) fn of(&self, word: &str) -> Severity {
        let word = word.trim().to_lowercase();
        if let Some(own) = self.0.iter().find(|own| own.to_lowercase() == word) {
            return Severity::Is(own.clone());
        }
        let rank = match word.as_str() {
            "blocker" | "critical" | "s1" | "urgent" => 0,
            "major" | "s2" | "high" => 1,
            "normal" | "s3" | "medium" => 2,
            "minor" | "trivial" | "enhancement" | "s4" | "low" => 3,
            "" | "--" | "---" | "n/a" | "not set" | "unspecified" => return Severity::NotSet,
            _ => return Severity::Unknown,
        };
        let known = self.0.get(rank).or(self.0.last());
        known.cloned().map_or(Severity::Unknown, Severity::Is)
    }
}

/// Where a status puts an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Unconfirmed,
    Confirmed,
    Assigned,
    Reopened,
    Resolved,
    Verified,
    Closed,
}

/// The status of that name; `None` for those that only some other Bugzilla knows.
pub(super) fn status(name: &str) -> Option<Status> {
    Some(match name {
        "UNCONFIRMED" => Status::Unconfirmed,
        "NEW" | "CONFIRMED" | "READY" | "OPEN" => Status::Confirmed,
        "ASSIGNED" | "IN_PROGRESS" => Status::Assigned,
        "REOPENED" => Status::Reopened,
        "RESOLVED" => Status::Resolved,
        "VERIFIED" => Status::Verified,
        "CLOSED" => Status::Closed,
        _ => return None,
    })
}

/// Why a resolution other than FIXED leaves no work.
pub(super) fn dismissal(resolution: &str) -> DismissalReason {
    match resolution {
        "DUPLICATE" => DismissalReason::Duplicate,
        "WORKSFORME" | "UNREPRODUCIBLE" => DismissalReason::CannotReproduce,
        "INVALID" | "NOTABUG" | "NOTOURBUG" | "INTENTIONAL" | "SUPPORT" => DismissalReason::NotADefect,
        "WONTFIX" | "CANTFIX" | "DEFERRED" | "LATER" | "REMIND" | "EOL" => DismissalReason::WontFix,
        "WITHDRAWN" => DismissalReason::Withdrawn,
        "INCOMPLETE" | "INACTIVE" | "EXPIRED" | "INSUFFICIENT_DATA" => DismissalReason::NoAnswer,
        _ => DismissalReason::Unspecified,
    }
}

/// A person's id in the contract's grammar; empty for nobody.
pub(super) fn person(name: &str) -> String {
    if is_nobody(name) { String::new() } else { id(name.trim(), '_') }
}

pub(super) fn is_nobody(name: &str) -> bool {
    let name = name.trim();
    name == "nobody" || name.starts_with("nobody@") || name.chars().all(|letter| letter == '-')
}

/// Whoever did something.
pub(super) fn actor(name: &str) -> String {
    let name = id(name.trim(), '_');
    if name.is_empty() { UNKNOWN.to_owned() } else { name }
}

/// A component's id: `DOM: Core & HTML` is `DOM:Core-HTML`.
pub(super) fn component(name: &str) -> String {
    id(&name.replace(": ", ":"), '-')
}

/// Runs of what an id may not contain become one `filler`. One that is too long keeps its beginning, and a mark that tells it from others.
/// A letter with its mark is one however it is written: a mark that stands alone is none, and would be cut out.
fn id(name: &str, filler: char) -> String {
    let name: String = name.nfc().collect();
    let mut id = String::new();
    for letter in name.chars() {
        if letter.is_alphanumeric() || "._-:+@/#".contains(letter) {
            id.push(letter);
        } else if !id.is_empty() && !id.ends_with(filler) {
            id.push(filler);
        }
    }
    let id = id.trim_end_matches(filler);
    if id.len() <= ID_BYTES_MAX {
        return id.to_owned();
    }
    let mark = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple().to_string();
    format!("{}-{}", beginning(id, ID_BYTES_MAX - 9), &mark[..8])
}

/// As much of a text as fits into so many bytes.
fn beginning(text: &str, bytes_max: usize) -> &str {
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    &text[..ends.take_while(|end| *end <= bytes_max).last().unwrap_or_default()]
}

/// A title of one line; true where it could not stay whole.
pub(super) fn title(summary: &str) -> (String, bool) {
    let line: String = summary.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let line = line.trim();
    if line.chars().count() <= TITLE_CHARS_MAX {
        return (line.to_owned(), false);
    }
    let kept: String = line.chars().take(TITLE_CHARS_MAX - 1).collect();
    (format!("{}…", kept.trim_end()), true)
}

/// What had to be done to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fitted {
    Whole,
    Cut,
    ControlsLeftOut,
}

/// A text within the contract's bounds: no control characters but newline and tab, at most 64 KiB.
pub(super) fn text(text: &str) -> (String, Fitted) {
    const CUT: &str = "\n[… cut by the import]";
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut clean: String =
        lines.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect();
    let fitted = if clean.len() == lines.len() { Fitted::Whole } else { Fitted::ControlsLeftOut };
    if clean.len() <= TEXT_BYTES_MAX {
        return (clean.trim().to_owned(), fitted);
    }
    let room = TEXT_BYTES_MAX - CUT.len();
    clean.truncate(beginning(&clean, room).len());
    (clean.trim_start().to_owned() + CUT, Fitted::Cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ranks(scheme: &[&str], expected: &[(&str, &str)]) {
        let severities = Severities(scheme.iter().map(|&one| one.to_owned()).collect());
        for (word, own) in expected {
            assert_eq!(severities.of(word), Severity::Is((*own).to_owned()), "{word}");
        }
    }

    #[test]
    fn severities_go_by_rank() {
        let three = &["sev1", "sev2", "sev3"];
        ranks(
            three,
            &[
                ("blocker", "sev1"),
                ("S1", "sev1"),
                ("major", "sev2"),
                ("normal", "sev3"),
                ("trivial", "sev3"),
                ("S4", "sev3"),
            ],
        );
        ranks(&["sev1", "sev2", "sev3", "sev4"], &[("critical", "sev1"), ("normal", "sev3"), ("enhancement", "sev4")]);
        ranks(&["bad", "Normal"], &[("normal", "Normal"), ("minor", "Normal"), ("critical", "bad")]);
        let severities = Severities(vec![String::from("sev1")]);
        assert_eq!(
            (severities.of("--"), severities.of("N/A"), severities.of("wobbly")),
            (Severity::NotSet, Severity::NotSet, Severity::Unknown)
        );
    }

    #[test]
    fn names_become_ids() {
        assert_eq!(component("DOM: Core & HTML"), "DOM:Core-HTML");
        assert_eq!(component("Performance Tools (Profiler/Timeline)"), "Performance-Tools-Profiler/Timeline");
        assert_eq!(person("nobody@example.org"), "");
        assert_eq!(person("Zoë <zoe@example.org>"), "Zoë_zoe@example.org");
        assert_eq!(actor("  "), "unknown");
        assert_eq!((component("Cafe\u{301}"), person("e\u{301}lan")), (component("Café"), person("élan")));
        let long = person(&"x".repeat(300));
        assert_eq!(long.chars().count(), 100);
        assert_ne!(long, person(&"x".repeat(301)));
        let wide = component(&"é".repeat(51));
        assert_eq!((wide.len(), wide.starts_with(&"é".repeat(45))), (99, true), "what counts is bytes");
    }

    #[test]
    fn texts_are_made_to_fit() {
        assert_eq!(title("  two\nlines,  spaced\u{7} "), (String::from("two lines,  spaced"), false));
        let (cut, was_cut) = title(&"é".repeat(201));
        assert_eq!((cut.chars().count(), cut.ends_with('…'), was_cut), (200, true, true));
        assert_eq!(text(" a\r\nb\tc "), (String::from("a\nb\tc"), Fitted::Whole));
        assert_eq!(text("a\u{0}b"), (String::from("ab"), Fitted::ControlsLeftOut));
        let (long, fitted) = text(&"é".repeat(40_000));
        assert_eq!((long.len() <= 64 * 1024, fitted), (true, Fitted::Cut));
    }
}

//! The contract's enums as words of the command line.

use api::issues::v1::{self as proto, Issue, IssueState};
use clap::ValueEnum;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident => $proto:ident { $($word:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        pub(crate) enum $name { $($word),* }

        impl From<$name> for i32 {
            fn from(word: $name) -> Self {
                match word { $($name::$word => proto::$proto::$word.into()),* }
            }
        }
    };
}

words! {
    /// Nature of an issue of level 2 or 3.
    Nature => Nature { Incident, Bug }
}
words! {
    /// How two issues belong together.
    LinkKind => LinkKind { RelatesTo, CausedBy, Causes, BlockedBy, Blocks, DuplicateOf, DuplicatedBy }
}
words! {
    /// Why no developer works on it.
    Dismissal => DismissalReason { Duplicate, CannotReproduce, NotADefect, WontFix, Withdrawn, NoAnswer }
}
words! {
    /// Where an issue stands.
    State => IssueState { New, Accepted, Resolved, Verified, Closed, Dismissed }
}
words! {
    /// How a list is ordered.
    Order => IssueOrder { FiledNewest, FiledOldest, ChangedNewest, StateLongest }
}

/// A triage level by its number.
pub(crate) fn level(number: u8) -> i32 {
    i32::from(number)
}

/// What stands where something happened, but what it was isn't known.
pub(crate) const NOT_KNOWN: &str = "not known";

/// What triage decided: `not known` where an import says that it was triaged, but not what was decided.
pub(crate) fn decided(text: &str, level: i32, imported: bool) -> &str {
    if text.is_empty() && imported && level != 0 { NOT_KNOWN } else { text }
}

/// The mark of an imported issue.
pub(crate) fn mark(imported: bool) -> &'static str {
    if imported { "imported" } else { "" }
}

/// A triage level as people write it.
pub(crate) fn level_word(level: i32) -> String {
    match level {
        1..=3 => level.to_string(),
        0 => String::from("-"),
        _ => NOT_KNOWN.to_owned(),
    }
}

/// Where an issue stands, in a word or two.
pub(crate) fn state(issue: &Issue) -> &'static str {
    match (issue.state(), issue.triaged) {
        (IssueState::New, true) => "New, triaged",
        (IssueState::New, false) => "New",
        (state, _) => state_word(state),
    }
}

/// A state's name.
pub(crate) fn state_word(state: IssueState) -> &'static str {
    match state {
        IssueState::Unspecified => "?",
        IssueState::New => "New",
        IssueState::Accepted => "Accepted",
        IssueState::Resolved => "Resolved",
        IssueState::Verified => "Verified",
        IssueState::Closed => "Closed",
        IssueState::Dismissed => "Dismissed",
    }
}

/// A text, or `-` where there is none.
pub(crate) fn or_dash(text: &str) -> String {
    if text.is_empty() { String::from("-") } else { text.to_owned() }
}

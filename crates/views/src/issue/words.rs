//! The words by which the tables name what the domain tells apart. They are stored: a word never changes within a version.

use domain::Fact;
use domain::issue::{Dismissal, Fix, IssueRef, Level, Nature, SourceKind, State};

use crate::row::RowError;

/// Said where an import told nothing.
pub(crate) const NOT_KNOWN: &str = "not_known";

/// Where an issue stands, as the board's columns tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// New, nobody has triaged it.
    NewUntriaged,
    /// New, triaged.
    NewTriaged,
    /// Accepted.
    Accepted,
    /// Resolved.
    Resolved,
    /// Verified.
    Verified,
    /// Closed.
    Closed,
    /// Dismissed.
    Dismissed,
}

impl Standing {
    /// All of them, in the board's order.
    pub const ALL: [Self; 7] = [
        Self::NewUntriaged,
        Self::NewTriaged,
        Self::Accepted,
        Self::Resolved,
        Self::Verified,
        Self::Closed,
        Self::Dismissed,
    ];

    /// Where an issue in this state stands.
    pub fn of(state: &State) -> Self {
        match state {
            State::New { triaged: false } => Self::NewUntriaged,
            State::New { triaged: true } => Self::NewTriaged,
            State::Accepted => Self::Accepted,
            State::Resolved(_) => Self::Resolved,
            State::Verified(_) => Self::Verified,
            State::Closed(_) => Self::Closed,
            State::Dismissed(_) => Self::Dismissed,
        }
    }

    /// The word in the tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::NewUntriaged => "new_untriaged",
            Self::NewTriaged => "new_triaged",
            Self::Accepted => "accepted",
            Self::Resolved => "resolved",
            Self::Verified => "verified",
            Self::Closed => "closed",
            Self::Dismissed => "dismissed",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.word() == word)
    }
}

pub(crate) fn level(level: Level) -> &'static str {
    match level {
        Level::UserError => "user_error",
        Level::System => "system",
        Level::CodeOrData => "code_or_data",
    }
}

pub(crate) fn parse_level(word: &str) -> Result<Fact<Level>, RowError> {
    if word == NOT_KNOWN {
        return Ok(Fact::NotKnown);
    }
    let known = [Level::UserError, Level::System, Level::CodeOrData].into_iter().find(|each| level(*each) == word);
    known.map(Fact::Known).ok_or_else(|| unknown("level", word))
}

pub(crate) fn nature(nature: Nature) -> &'static str {
    match nature {
        Nature::Incident => "incident",
        Nature::Bug => "bug",
    }
}

pub(crate) fn parse_nature(word: &str) -> Option<Nature> {
    [Nature::Incident, Nature::Bug].into_iter().find(|each| nature(*each) == word)
}

pub(crate) fn source(kind: &SourceKind) -> &'static str {
    match kind {
        SourceKind::Customer { .. } => "customer",
        SourceKind::ProductOwner { .. } => "product_owner",
        SourceKind::Security { .. } => "security",
        SourceKind::System { .. } => "system",
    }
}

pub(crate) fn fix(fix: &Fix) -> &'static str {
    match fix {
        Fix::Code(_) => "code",
        Fix::Data(_) => "data",
        Fix::CodeAndData(..) => "code_and_data",
        Fix::Operation { .. } => "operation",
        Fix::Explanation { .. } => "explanation",
    }
}

pub(crate) fn dismissal(dismissal: &Dismissal) -> &'static str {
    match dismissal {
        Dismissal::DuplicateOf(_) => "duplicate",
        Dismissal::CannotReproduce => "cannot_reproduce",
        Dismissal::NotADefect => "not_a_defect",
        Dismissal::WontFix => "wont_fix",
        Dismissal::Withdrawn => "withdrawn",
        Dismissal::NoAnswer => "no_answer",
    }
}

/// Any but a duplicate: of what, the word does not say.
pub(crate) fn parse_dismissal(word: &str) -> Option<Fact<Dismissal>> {
    if word == NOT_KNOWN {
        return Some(Fact::NotKnown);
    }
    [Dismissal::CannotReproduce, Dismissal::NotADefect, Dismissal::WontFix, Dismissal::Withdrawn, Dismissal::NoAnswer]
        .into_iter()
        .find(|each| dismissal(each) == word)
        .map(Fact::Known)
}

/// A key, or another system's reference.
pub(crate) fn other(other: &IssueRef) -> String {
    match other {
        IssueRef::Issue { key, .. } => key.to_string(),
        IssueRef::External(reference) => reference.to_string(),
    }
}

/// A word that stands in a column of the issue table, and means nothing.
pub(crate) fn unknown(column: &'static str, word: &str) -> RowError {
    RowError::Json { table: super::ISSUE.name, column, reason: format!("{word:?} is none of its words") }
}

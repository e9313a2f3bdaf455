//! What issues have in common, and how many of them stand where: the counters of the view.

use std::sync::Arc;

use domain::ids::{ComponentId, PersonId, SeverityId, TeamId};
use domain::issue::{Asked, Issue, RaisedBy};

use super::tables::{COUNT, FACET};
use super::words::{self, NOT_KNOWN, Standing};
use crate::row::{Key, Value};
use crate::view::Count;

/// Something that issues may have in common: a column by which a board is filtered and its counts are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Severity in force.
    Severity,
    /// The owner team.
    Team,
    /// The part of the product.
    Component,
    /// Whose it is.
    Assignee,
    /// Triage level.
    Level,
    /// Incident or bug.
    Nature,
    /// Where it comes from.
    Source,
    /// Whether a question is open: yes, no.
    Waiting,
    /// Of whom open questions are asked: opener, customer, `product_owner`, person. An issue may have several.
    WaitingOn,
}

impl Dimension {
    /// Its word in the table of facets; all but severity's name a column of the issue table, too.
    pub fn word(self) -> &'static str {
        match self {
            Self::Severity => "severity",
            Self::Team => "team",
            Self::Component => "component",
            Self::Assignee => "assignee",
            Self::Level => "level",
            Self::Nature => "nature",
            Self::Source => "source_kind",
            Self::Waiting => "waiting",
            Self::WaitingOn => "waiting_on",
        }
    }
}

/// Of whom something is asked, as a word: a question to a person by name begins with an @.
pub(crate) fn asked(asked: &Asked) -> String {
    match asked {
        Asked::Opener => "opener".to_owned(),
        Asked::Customer => "customer".to_owned(),
        Asked::ProductOwner => "product_owner".to_owned(),
        Asked::Person(person) => format!("@{person}"),
    }
}

/// The kind of such a word: `person` for all that begin with an @.
pub(crate) fn kind_asked(word: &str) -> &str {
    if word.starts_with('@') { "person" } else { word }
}

/// Of whom the open questions are asked, each once, the longest open first, separated by a blank; `None`: no question is open.
pub(crate) fn waiting_on(issue: &Issue) -> Option<Arc<str>> {
    let mut parties: Vec<String> = Vec::new();
    for question in &issue.questions {
        let party = asked(&question.of);
        if !parties.contains(&party) {
            parties.push(party);
        }
    }
    (!parties.is_empty()).then(|| parties.join(" ").into())
}

/// Who raised it, where that is a person.
pub(crate) fn opener(issue: &Issue) -> Option<&PersonId> {
    match &issue.source.raised_by {
        RaisedBy::Person(person) => Some(person),
        RaisedBy::System(_) | RaisedBy::Nobody => None,
    }
}

/// What an issue adds to the counters: one by severity alone, one by severity and each facet.
pub(super) fn counts(issue: &Issue) -> Vec<Count> {
    let project = Value::from(issue.key.project.shared());
    let state = Value::from(Standing::of(&issue.state).word());
    let severity = issue.triage.as_ref().and_then(|triage| triage.severity.known());
    let severity = Value::from(severity.map_or_else(Arc::default, SeverityId::shared));
    let one = |table, key: Vec<Value>| Count { table, key: Key::new(key), column: "issues", by: 1 };
    let facet = |(dimension, value): (Dimension, Arc<str>)| {
        let dimension = Value::from(dimension.word());
        one(&FACET, vec![project.clone(), dimension, value.into(), state.clone(), severity.clone()])
    };
    let counts = facets(issue).into_iter().map(facet);
    counts.chain([one(&COUNT, vec![project.clone(), state.clone(), severity.clone()])]).collect()
}

/// What an issue has, by dimension; an empty text where it has none.
fn facets(issue: &Issue) -> Vec<(Dimension, Arc<str>)> {
    let triage = issue.triage.as_ref();
    let level = triage.map(|triage| triage.level.known().map_or(NOT_KNOWN, |level| words::level(*level)));
    let nature = triage.and_then(|triage| triage.nature).map(words::nature);
    let source = issue.source.kind.known().map(words::source);
    let waiting = if issue.questions.is_empty() { "no" } else { "yes" };
    let word = |word: Option<&'static str>| word.map_or_else(Arc::default, Arc::from);
    let mut facets = vec![
        (Dimension::Team, triage.and_then(|triage| triage.team.known()).map_or_else(Arc::default, TeamId::shared)),
        (Dimension::Component, issue.component.as_ref().map_or_else(Arc::default, ComponentId::shared)),
        (Dimension::Assignee, issue.assignee.as_ref().map_or_else(Arc::default, PersonId::shared)),
        (Dimension::Level, word(level)),
        (Dimension::Nature, word(nature)),
        (Dimension::Source, word(source)),
        (Dimension::Waiting, waiting.into()),
    ];
    for question in &issue.questions {
        let kind = (Dimension::WaitingOn, Arc::from(kind_asked(&asked(&question.of))));
        if !facets.contains(&kind) {
            facets.push(kind);
        }
    }
    facets
}

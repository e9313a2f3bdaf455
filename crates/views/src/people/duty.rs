//! What issues ask of people.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::{CustomerId, PersonId, SeverityId};
use domain::issue::{Asked, Issue, SourceKind, State};
use domain::{Fact, issue};
use jiff::Timestamp;

use crate::issue::opener;
use crate::record::record;
use crate::row::{Key, Row, RowError, Value};
use crate::table::{Column, Table};
use crate::view::Count;

record! {
    /// One row for each thing that an issue asks of somebody, as long as it does.
    pub(crate) struct DutyRow = DUTY("duty")
    key ["project", "party", "kind", "since", "ordinal"]
    indexes []
    {
        /// Its project's key.
        project: Arc<str>,
        /// Of whom: @ and a person's id; product_owner: the product owners, any of them; customer, or customer: and an id: the customer's people.
        party: Arc<str>,
        /// accepted: they work on it; asked: to answer a question; assigned: to accept it; verify: to confirm its fix.
        kind: Arc<str>,
        /// Since when.
        since: Timestamp,
        /// The issue's number within the project.
        ordinal: u64,
        /// The issue's severity in force; empty: none yet, or not known.
        severity: Arc<str>,
        /// The issue's title.
        title: Arc<str>,
    }
}

/// How many issues of a severity ask something of somebody. A row of 0 is not kept.
pub static LOAD: Table = Table {
    name: "load",
    comment: "How many issues of a severity ask something of somebody.",
    columns: &[
        Column::text("project", "The project's key."),
        Column::text("party", "As in the duty table."),
        Column::text("kind", "As in the duty table."),
        Column::text("severity", "As in the duty table."),
        Column::integer("issues", "How many."),
    ],
    key: &["project", "party", "kind", "severity"],
    indexes: &[],
};

/// What an issue may ask of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// They have accepted it, and work on it.
    Accepted,
    /// To answer a question.
    Asked,
    /// It is assigned to them: to accept it.
    Assigned,
    /// It is resolved: to confirm that.
    Verify,
}

/// Of whom something is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A person.
    Person(PersonId),
    /// Any of the project's product owners.
    ProductOwners,
    /// Any of a customer's people; `None`: which customer, nobody said.
    Customer(Option<CustomerId>),
}

/// Something that an issue asks of somebody.
pub(crate) struct Duty<'i> {
    issue: &'i Issue,
    party: Party,
    kind: Kind,
    since: Timestamp,
}

impl Kind {
    /// All of them, by their words.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Asked, Self::Assigned, Self::Verify];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Asked => "asked",
            Self::Assigned => "assigned",
            Self::Verify => "verify",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl Party {
    pub(super) fn word(&self) -> String {
        match self {
            Self::Person(person) => format!("@{person}"),
            Self::ProductOwners => "product_owner".to_owned(),
            Self::Customer(Some(customer)) => format!("customer:{customer}"),
            Self::Customer(None) => "customer".to_owned(),
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "product_owner" => Some(Self::ProductOwners),
            "customer" => Some(Self::Customer(None)),
            word => match (word.strip_prefix('@'), word.strip_prefix("customer:")) {
                (Some(person), _) => person.parse().ok().map(Self::Person),
                (None, Some(customer)) => customer.parse().ok().map(|customer| Self::Customer(Some(customer))),
                (None, None) => None,
            },
        }
    }
}

/// What the issue asks of people as it stands: each once of each.
pub(crate) fn duties(issue: &Issue) -> impl Iterator<Item = Duty<'_>> {
    let mut since: BTreeMap<(Party, Kind), Timestamp> = BTreeMap::new();
    let mut ask = |party: Party, kind: Kind, at: Timestamp| {
        let since = since.entry((party, kind)).or_insert(at);
        *since = at.min(*since);
    };
    for question in &issue.questions {
        ask(asked(issue, &question.of), Kind::Asked, question.at);
    }
    let kind = match issue.state {
        State::Accepted => Some(Kind::Accepted),
        State::New { triaged: true } => Some(Kind::Assigned),
        _ => None,
    };
    if let (Some(kind), Some(assignee)) = (kind, &issue.assignee) {
        ask(Party::Person(assignee.clone()), kind, issue.state_since);
    }
    if let State::Resolved(_) = issue.state {
        ask(who_opened(issue), Kind::Verify, issue.state_since);
        for issue::Delegate { person, .. } in &issue.delegates {
            ask(Party::Person(person.clone()), Kind::Verify, issue.state_since);
        }
    }
    since.into_iter().map(move |((party, kind), since)| Duty { issue, party, kind, since })
}

fn asked(issue: &Issue, of: &Asked) -> Party {
    match of {
        Asked::Opener => who_opened(issue),
        Asked::ProductOwner => Party::ProductOwners,
        Asked::Person(person) => Party::Person(person.clone()),
        Asked::Customer => match &issue.source.kind {
            Fact::Known(SourceKind::Customer { customer, .. }) => Party::Customer(customer.clone()),
            _ => Party::Customer(None),
        },
    }
}

/// Where no person raised it, the product owners stand for the opener.
fn who_opened(issue: &Issue) -> Party {
    opener(issue).map_or(Party::ProductOwners, |person| Party::Person(person.clone()))
}

impl Duty<'_> {
    /// As a row.
    pub(crate) fn row(self) -> Result<Row, RowError> {
        let row = DutyRow {
            project: self.issue.key.project.shared(),
            party: self.party.word().into(),
            kind: self.kind.word().into(),
            since: self.since,
            ordinal: self.issue.key.ordinal,
            severity: self.severity(),
            title: self.issue.title.shared(),
        };
        row.row()
    }

    /// What it adds to the counters.
    pub(crate) fn count(&self) -> Count {
        let project = Value::from(self.issue.key.project.shared());
        let key = [project, self.party.word().into(), self.kind.word().into(), self.severity().into()];
        Count { table: &LOAD, key: Key::new(key), column: "issues", by: 1 }
    }

    fn severity(&self) -> Arc<str> {
        let severity = self.issue.triage.as_ref().and_then(|triage| triage.severity.known());
        severity.map_or_else(Arc::default, SeverityId::shared)
    }
}

//! The words that commands, events and state of an issue share.

use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{ChangeId, CustomerId, IssueId, IssueKey, PersonId, ReleaseId};
use crate::text::Text;
use crate::{Fact, Missing};

/// Triage level: what kind of work an issue needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// 1: user error, solved by an explanation.
    UserError,
    /// 2: system problem, solved by an operation.
    System,
    /// 3: code or data problem, solved by a change.
    CodeOrData,
}

impl Level {
    /// 1, 2 or 3.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The level by its number.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::UserError, Self::System, Self::CodeOrData].into_iter().find(|level| u32::from(level.number()) == number)
    }
}

/// Nature of an issue of level 2 or 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nature {
    /// Of the infrastructure, transient.
    Incident,
    /// Deterministic, needs a change.
    Bug,
}

/// Where an issue comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which of the four, with its own data.
    pub kind: Fact<SourceKind>,
    /// Who raised it: its opener, where that is a person.
    pub raised_by: RaisedBy,
    /// What the original is called where it came from: a mail's id, a ticket's URL, `bugzilla:446261`. At most 200 characters.
    pub reference: Option<Arc<str>>,
}

/// The four sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// A customer reported it.
    Customer {
        /// Which customer.
        customer: Option<CustomerId>,
        /// How it reached us.
        channel: CustomerChannel,
    },
    /// A product owner reported it.
    ProductOwner {
        /// How.
        channel: OwnerChannel,
    },
    /// A security report.
    Security {
        /// Advisory ids, such as CVE-2026-12345. At least one.
        advisories: Vec<Arc<str>>,
        /// The package affected.
        package: Arc<str>,
        /// Affected versions, as the advisory writes them: `>=1.2, <1.4.7`.
        affected: Arc<str>,
    },
    /// A system raised it.
    System {
        /// Which monitor.
        monitor: Arc<str>,
        /// What makes a repeat of the same problem recognisable.
        fingerprint: Arc<str>,
    },
}

/// How a customer's report reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CustomerChannel {
    Email,
    Phone,
    Chat,
    Portal,
}

/// How a product owner's report reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum OwnerChannel {
    Ticket,
    Verbal,
}

/// Who raised an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RaisedBy {
    /// A person: the opener.
    Person(PersonId),
    /// A system: the product owners stand for the opener.
    System(Arc<str>),
    /// Nobody is named: the product owners stand for the opener.
    Nobody,
}

/// What was reported. An absent part is missing, not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Steps to reproduce.
    pub steps: Option<Text>,
    /// What actually happens.
    pub actual: Option<Text>,
    /// What was expected instead.
    pub expected: Option<Text>,
    /// Whatever else was said.
    pub details: Option<Text>,
}

impl Report {
    /// True where steps, actual and expected are all there.
    pub fn is_complete(&self) -> bool {
        self.missing().is_empty()
    }

    /// Which of steps, actual and expected are not there.
    pub fn missing(&self) -> Vec<Missing> {
        let parts = [
            (&self.steps, Missing::StepsMissing),
            (&self.actual, Missing::ActualMissing),
            (&self.expected, Missing::ExpectedMissing),
        ];
        parts.into_iter().filter(|(part, _)| part.is_none()).map(|(_, missing)| missing).collect()
    }
}

/// Of whom something is asked. A question to opener or customer pauses the clocks that pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Whoever raised the issue.
    Opener,
    /// The customer it concerns.
    Customer,
    /// The project's product owners.
    ProductOwner,
    /// Somebody else, by name.
    Person(PersonId),
}

/// How an issue was fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// Level 3, by a change of code, configuration or dependencies.
    Code(CodeFix),
    /// Level 3, by a correction of data.
    Data(DataFix),
    /// Level 3, by both.
    CodeAndData(CodeFix, DataFix),
    /// Level 2.
    Operation {
        /// What was done.
        action: Option<Text>,
    },
    /// Level 1.
    Explanation {
        /// What the user was told.
        explanation: Option<Text>,
        /// What was misunderstood, in a word or two by which such issues can be counted. At most 100 characters.
        topic: Option<Arc<str>>,
    },
}

impl Fix {
    /// The change of code, if there is one.
    pub fn code(&self) -> Option<&CodeFix> {
        match self {
            Self::Code(code) | Self::CodeAndData(code, _) => Some(code),
            Self::Data(_) | Self::Operation { .. } | Self::Explanation { .. } => None,
        }
    }

    /// The correction of data, if there is one.
    pub fn data(&self) -> Option<&DataFix> {
        match self {
            Self::Data(data) | Self::CodeAndData(_, data) => Some(data),
            Self::Code(_) | Self::Operation { .. } | Self::Explanation { .. } => None,
        }
    }
}

/// A change of code, with its evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeFix {
    /// The changes. At least one.
    pub changes: Vec<ChangeId>,
    /// References of the regression tests. At least one. Each at most 200 characters.
    pub tests: Vec<Arc<str>>,
    /// The test environment it was pushed to. At most 100 characters.
    pub environment: Option<Arc<str>>,
}

/// A correction of data, with its evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataFix {
    /// The correction's reference. At most 200 characters.
    pub correction: Option<Arc<str>>,
    /// Where it was tried. At most 100 characters.
    pub tried_in: Option<Arc<str>>,
}

/// In which capacity somebody confirmed a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capacity {
    /// Who raised the issue; where no person did, a product owner in their place.
    Opener,
    /// A person of the customer.
    Customer(CustomerId),
    /// A product owner of the project.
    ProductOwner,
    /// Named by one who may, with DelegateVerification.
    Delegate {
        /// Who named them.
        named_by: PersonId,
    },
}

/// How a closing is shown to be in production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// Level 3 with a change of code: released, deployed and verified again there.
    Released {
        /// The release that carries the change.
        release: Option<ReleaseId>,
        /// Who verified it in production.
        reverified_by: Option<PersonId>,
    },
    /// A data-only fix, applied in production.
    DataApplied {
        /// When.
        at: Option<Timestamp>,
        /// By whom.
        by: Option<PersonId>,
    },
    /// Levels 1 and 2: nothing was released.
    Confirmed,
}

/// Why an issue is dismissed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dismissal {
    /// The same as another.
    DuplicateOf(IssueRef),
    /// It could not be made to happen again.
    CannotReproduce,
    /// It works as it should.
    NotADefect,
    /// It will not be fixed.
    WontFix,
    /// Taken back by opener, customer or product owner.
    Withdrawn,
    /// What was asked was not answered.
    NoAnswer,
}

/// Another issue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IssueRef {
    /// One of the same project.
    Issue {
        /// Its stream.
        id: IssueId,
        /// Its key.
        key: IssueKey,
    },
    /// One of another system, `bugzilla:446261`. At most 200 characters.
    External(Arc<str>),
}

/// How two issues belong together, read from the one that holds the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LinkKind {
    RelatesTo,
    CausedBy,
    Causes,
    BlockedBy,
    Blocks,
    DuplicateOf,
    DuplicatedBy,
}

//! An issue as its events tell it.

use std::sync::Arc;

use jiff::Timestamp;

use super::vocabulary::{
    Asked, Capacity, Closing, Dismissal, Fix, IssueRef, Level, LinkKind, Nature, Report, Source, SourceKind,
};
use crate::clocks::Ledger;
use crate::ids::{ComponentId, IssueId, IssueKey, PersonId, ReleaseId, SeverityId, TeamId};
use crate::shifts::Standing;
use crate::text::{Text, Title};
use crate::{Fact, Missing, Origin};

/// An issue, folded from its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its stream's id.
    pub id: IssueId,
    /// Its key.
    pub key: IssueKey,
    /// How many events it has.
    pub revision: u64,
    /// One line.
    pub title: Title,
    /// Where it comes from.
    pub source: Source,
    /// Set where it was imported.
    pub origin: Option<Origin>,
    /// The report as it stands.
    pub report: Report,
    /// How severe the reporter said it was.
    pub reported_severity: Option<SeverityId>,
    /// The part of the product concerned.
    pub component: Option<ComponentId>,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Who filed it.
    pub filed_by: PersonId,
    /// The last triage with what changed since; it stays when the issue returns to triage, so that a severity goes on ruling the clocks.
    pub triage: Option<Triage>,
    /// Whose it is.
    pub assignee: Option<PersonId>,
    /// True: it was accepted without a complete report.
    pub report_owed: bool,
    /// Where it stands.
    pub state: State,
    /// When it came to stand there: no later change of state may have happened before.
    pub state_since: Timestamp,
    /// When its present cycle began: filing, the last rejected resolution, the last reopening from Closed.
    pub cycle_start: Timestamp,
    /// When something last happened to it; a fact recorded late does not turn this back.
    pub changed_at: Timestamp,
    /// When it was first accepted.
    pub accepted_at: Option<Timestamp>,
    /// Open questions, oldest first.
    pub questions: Vec<Question>,
    /// How many questions were ever asked.
    pub questions_asked: u32,
    /// A way around it.
    pub workaround: Option<Workaround>,
    /// Who may confirm the fix beside opener, customer and product owner.
    pub delegates: Vec<Delegate>,
    /// Releases named as its cause.
    pub causes: Vec<ReleaseId>,
    /// Issues it belongs together with.
    pub links: Vec<Link>,
    /// Who wants to hear of it.
    pub watchers: Vec<PersonId>,
    /// How many comments it has.
    pub comments: u64,
    /// Who is on when, where shifts were planned and not ended.
    pub shifts: Option<Standing>,
    /// What its clocks look at.
    pub ledger: Ledger,
}

/// Where an issue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Just created.
    New {
        /// False: nobody has triaged it yet, or it was returned to triage.
        triaged: bool,
    },
    /// Reviewed by its owner, being worked on.
    Accepted,
    /// Fixed in a test environment, operated or explained.
    Resolved(Resolved),
    /// Confirmed by opener or customer.
    Verified(Verified),
    /// In production, and verified there.
    Closed(Closed),
    /// No developer works on it.
    Dismissed(Dismissed),
}

/// What triage found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triage {
    /// Triage level.
    pub level: Fact<Level>,
    /// At levels 2 and 3.
    pub nature: Option<Nature>,
    /// Severity in force.
    pub severity: Fact<SeverityId>,
    /// The owner team.
    pub team: Fact<TeamId>,
}

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its number within the issue, from 1.
    pub number: u32,
    /// Of whom it is asked.
    pub of: Asked,
    /// What is asked.
    pub text: Text,
    /// Who asks.
    pub by: PersonId,
    /// Since when.
    pub at: Timestamp,
}

/// A way around an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workaround {
    /// What to do.
    pub text: Text,
    /// Since when.
    pub at: Timestamp,
}

/// Somebody who may confirm a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate {
    /// Who.
    pub person: PersonId,
    /// Who named them.
    pub named_by: PersonId,
}

/// A link to another issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How they belong together.
    pub kind: LinkKind,
    /// The other one.
    pub other: IssueRef,
}

/// A resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// How it was fixed.
    pub fix: Fact<Fix>,
    /// Regression tests added after the resolution.
    pub tests_added: Vec<Arc<str>>,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
    /// The release that brought it to production, while it is there: verified or not, from then on it mitigates.
    pub in_production: Option<ReleaseId>,
}

/// A confirmed resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The resolution.
    pub resolved: Resolved,
    /// Who tested it.
    pub confirmed_by: Fact<PersonId>,
    /// As what.
    pub capacity: Fact<Capacity>,
    /// True: its own resolver did.
    pub self_verified: bool,
    /// When.
    pub at: Timestamp,
}

/// A closed issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// What was verified.
    pub verified: Verified,
    /// The evidence.
    pub closing: Fact<Closing>,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A dismissed issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissed {
    /// Why.
    pub dismissal: Fact<Dismissal>,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
    /// Whether it was triaged: so it will be when it is reopened.
    pub triaged: bool,
}

impl Issue {
    /// How it was fixed, while that stands: in Resolved, Verified and Closed.
    pub fn resolved(&self) -> Option<&Resolved> {
        match &self.state {
            State::Resolved(resolved) => Some(resolved),
            State::Verified(verified) => Some(&verified.resolved),
            State::Closed(closed) => Some(&closed.verified.resolved),
            State::New { .. } | State::Accepted | State::Dismissed(_) => None,
        }
    }

    /// What its report lacks of what a developer will need. Customers and product owners describe what they saw; security reports and systems bring
    /// data of their own, without which they are not filed. Where an import does not tell the source, the description is what there can be.
    pub fn report_missing(&self) -> Vec<Missing> {
        if matches!(self.source.kind, Fact::Known(SourceKind::Security { .. } | SourceKind::System { .. })) {
            return Vec::new();
        }
        self.report.missing()
    }

    /// The state's name: `New`, `Accepted`, `Resolved`, `Verified`, `Closed`, `Dismissed`.
    pub fn state_name(&self) -> &'static str {
        match &self.state {
            State::New { .. } => "New",
            State::Accepted => "Accepted",
            State::Resolved(_) => "Resolved",
            State::Verified(_) => "Verified",
            State::Closed(_) => "Closed",
            State::Dismissed(_) => "Dismissed",
        }
    }
}

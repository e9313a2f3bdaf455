//! What can be asked of an issue, and which other streams a decision rests on.

use std::sync::Arc;

use jiff::Timestamp;

use super::state::Issue;
use super::vocabulary::{Asked, Closing, Dismissal, Fix, IssueRef, Level, LinkKind, Nature, Report, Source};
use crate::Fact;
use crate::clocks::Clock;
use crate::ids::{ComponentId, IssueId, PersonId, ReleaseId, SeverityId, TeamId};
use crate::policy::Delivery;
use crate::text::{Text, Title};

/// A command to an issue. Reasons and evidence are optional here, so that a missing one is refused by name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field means what it means in the event of the command")]
pub enum Command {
    FileIssue(FileIssue),
    AmendReport {
        report: Report,
    },
    RequestInformation {
        of: Asked,
        text: Text,
    },
    /// Answers the questions named; none named: all that are open.
    ProvideInformation {
        questions: Vec<u32>,
        text: Option<Text>,
    },
    /// Takes back the questions named; none named: all that are open.
    WithdrawRequest {
        questions: Vec<u32>,
    },
    TriageIssue(TriageIssue),
    ChangeSeverity {
        severity: SeverityId,
        reason: Option<Text>,
    },
    /// `nature` absent: incident at level 2, bug at level 3.
    ChangeLevel {
        level: Level,
        nature: Option<Nature>,
        team: Option<TeamId>,
        reason: Option<Text>,
    },
    /// To nobody only in imports.
    AssignIssue {
        assignee: Option<PersonId>,
    },
    HandOverIssue {
        team: TeamId,
        reason: Option<Text>,
    },
    AcceptIssue,
    ReturnToTriage {
        reason: Option<Text>,
    },
    RecordWorkaround {
        text: Text,
    },
    WithdrawWorkaround {
        reason: Option<Text>,
    },
    DelegateVerification {
        to: PersonId,
    },
    /// Not known only in imports.
    ResolveIssue {
        fix: Fact<Fix>,
    },
    AddRegressionTests {
        tests: Vec<Arc<str>>,
    },
    RejectResolution {
        reason: Option<Text>,
    },
    /// Not known only in imports.
    VerifyIssue {
        confirmed_by: Fact<PersonId>,
    },
    MarkInProduction {
        release: ReleaseId,
    },
    /// Not known only in imports.
    CloseIssue {
        closing: Fact<Closing>,
    },
    WithdrawFromProduction {
        reason: Option<Text>,
    },
    ReopenIssue {
        reason: Option<Text>,
    },
    /// Not known only in imports.
    DismissIssue {
        dismissal: Fact<Dismissal>,
        note: Option<Text>,
    },
    ChangeComponent {
        component: ComponentId,
        reason: Option<Text>,
    },
    NameCause {
        release: ReleaseId,
    },
    LinkIssues {
        kind: LinkKind,
        other: IssueRef,
    },
    CommentOnIssue {
        text: Text,
    },
    WatchIssue {
        person: PersonId,
    },
    EstimateItem {
        points: u32,
    },
    /// A clock is at risk, of the deadline that the event of that revision set.
    RecordSlaAtRisk {
        clock: Clock,
        cycle: u32,
        set_by: u64,
    },
    /// A clock passed the deadline that the event of that revision set.
    RecordSlaBreach {
        clock: Clock,
        cycle: u32,
        set_by: u64,
    },
    CorrectSlaBreach {
        clock: Clock,
        cycle: u32,
        reason: Option<Text>,
    },
    /// To that policy; `None`: to the one in force.
    RebaseClocks {
        policy: Option<u32>,
        reason: Option<Text>,
    },
    RecordEscalation(EscalateSla),
    RecordDelivery {
        cycle: u32,
        rule: Delivery,
        delivered: Delivered,
    },
    /// Plans shifts, or renews or mends the plan that stands.
    PlanShifts,
    /// `shift`: when it begins; absent: the one that runs now.
    HandOverShift {
        shift: Option<Timestamp>,
        to: PersonId,
    },
    EndShifts,
}

/// Somebody is told of a clock: which of the policy's steps, and who that is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field means what it means in SlaEscalated")]
pub struct EscalateSla {
    pub clock: Clock,
    pub cycle: u32,
    pub set_by: u64,
    pub step: u32,
    pub people: Vec<PersonId>,
}

/// Whether a fix got to production as its severity asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field means what it means in DeliveryRuleKept and DeliveryRuleBroken")]
pub enum Delivered {
    Kept { release: Option<ReleaseId> },
    Broken { due: Timestamp, release: Option<ReleaseId> },
}

/// A filing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field means what it means in IssueFiled")]
pub struct FileIssue {
    pub id: IssueId,
    pub title: Title,
    pub source: Source,
    pub report: Report,
    pub reported_severity: Option<SeverityId>,
    pub component: Option<ComponentId>,
}

/// A triage. Repeated in New, its differences are recorded as changes, with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageIssue {
    /// Triage level. Not known only in imports.
    pub level: Fact<Level>,
    /// Absent: incident at level 2, bug at level 3. Refused at level 1.
    pub nature: Option<Nature>,
    /// Severity. Not known only in imports.
    pub severity: Fact<SeverityId>,
    /// Absent: the one it has.
    pub component: Option<ComponentId>,
    /// Absent: the team that owns the component.
    pub team: Option<TeamId>,
    /// Why, where an earlier triage is changed.
    pub reason: Option<Text>,
}

/// The other streams that a decision rests on, beside the project, which every one does. All of them are guarded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether the actor or assignee is a member.
    pub team: Option<TeamId>,
    /// Whether it is in production.
    pub release: Option<ReleaseId>,
    /// Whether it exists, and is itself a duplicate.
    pub other: Option<IssueId>,
}

/// What `decide` will look at for this command.
pub fn needs(issue: Option<&Issue>, command: &Command) -> Needs {
    let owner = || issue.and_then(|issue| issue.triage.as_ref()).and_then(|triage| triage.team.known().cloned());
    let local = |other: &IssueRef| match other {
        IssueRef::Issue { id, .. } => Some(*id),
        IssueRef::External(_) => None,
    };
    match command {
        Command::AcceptIssue
        | Command::AssignIssue { .. }
        | Command::RejectResolution { .. }
        | Command::ReopenIssue { .. }
        | Command::PlanShifts
        | Command::HandOverShift { .. } => Needs { team: owner(), ..Needs::default() },
        Command::MarkInProduction { release } | Command::NameCause { release } => {
            Needs { release: Some(release.clone()), ..Needs::default() }
        }
        Command::RecordDelivery {
            delivered: Delivered::Kept { release } | Delivered::Broken { release, .. }, ..
        }
        | Command::CloseIssue { closing: Fact::Known(Closing::Released { release, .. }) } => {
            Needs { release: release.clone(), ..Needs::default() }
        }
        Command::DismissIssue { dismissal: Fact::Known(Dismissal::DuplicateOf(other)), .. }
        | Command::LinkIssues { other, .. } => Needs { other: local(other), ..Needs::default() },
        _ => Needs::default(),
    }
}

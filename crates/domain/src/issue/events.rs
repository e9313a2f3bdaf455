//! What can happen to an issue. Who did it, and when, is in the record around it.

use std::sync::Arc;

use jiff::Timestamp;

use super::sla::{Correction, Moved};
use super::vocabulary::{Asked, Capacity, Closing, Dismissal, Fix, IssueRef, Level, LinkKind, Nature, Report, Source};
use crate::clocks::{Cause, Clock};
use crate::ids::{ComponentId, IssueId, PersonId, ReleaseId, SeverityId, TeamId};
use crate::policy::{Delivery, Moment, Recipient};
use crate::text::{Text, Title};
use crate::{Fact, shifts};

/// Something that happened to an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueEvent {
    /// It was filed.
    IssueFiled {
        /// Its stream's id.
        id: IssueId,
        /// One line.
        title: Title,
        /// Where it comes from.
        source: Source,
        /// What was reported.
        report: Report,
        /// How severe the reporter says it is.
        reported_severity: Option<SeverityId>,
        /// The part of the product concerned, if the reporter knows.
        component: Option<ComponentId>,
    },
    /// Missing parts of the report were added or corrected; absent parts stay as they were.
    ReportAmended {
        /// The new parts.
        report: Report,
    },
    /// Something was asked.
    InformationRequested {
        /// The question's number within the issue, from 1.
        question: u32,
        /// Of whom.
        of: Asked,
        /// What.
        text: Text,
    },
    /// Questions were answered.
    InformationProvided {
        /// Which.
        questions: Vec<u32>,
        /// The answer; not told by some imports.
        text: Option<Text>,
    },
    /// Questions were taken back.
    RequestWithdrawn {
        /// Which.
        questions: Vec<u32>,
    },
    /// It was triaged from New untriaged.
    IssueTriaged {
        /// Triage level.
        level: Fact<Level>,
        /// For levels 2 and 3.
        nature: Option<Nature>,
        /// Severity, of the project's scheme.
        severity: Fact<SeverityId>,
        /// The part of the product concerned.
        component: Option<ComponentId>,
        /// The team that owns it now.
        team: Fact<TeamId>,
    },
    /// Its severity was changed.
    SeverityChanged {
        /// From.
        from: Fact<SeverityId>,
        /// To.
        to: SeverityId,
        /// Why; not told by some imports.
        reason: Option<Text>,
    },
    /// Its level was changed; an accepted issue goes back to New triaged, its assignee is cleared.
    LevelChanged {
        /// From.
        from: Fact<Level>,
        /// To.
        to: Level,
        /// Nature at the new level.
        nature: Option<Nature>,
        /// The new owner team, where another was named: it must be where the present one may not take the level. Clears the assignee.
        team: Option<TeamId>,
        /// Why.
        reason: Option<Text>,
    },
    /// A repeated triage gave another nature.
    NatureChanged {
        /// From.
        from: Option<Nature>,
        /// To.
        to: Option<Nature>,
        /// Why.
        reason: Option<Text>,
    },
    /// It was given to a member of its team, or to nobody (imports only).
    IssueAssigned {
        /// To whom; `None`: to nobody.
        assignee: Option<PersonId>,
    },
    /// Another team owns it now; its assignee is cleared, it is New triaged.
    IssueHandedOver {
        /// From.
        from: Fact<TeamId>,
        /// To.
        to: TeamId,
        /// Why.
        reason: Option<Text>,
    },
    /// Its owner has reviewed it, and there is enough information to work on it.
    IssueAccepted {
        /// Whose it is from now on; not told by some imports.
        assignee: Fact<PersonId>,
        /// True: accepted without a complete report, which is required at ResolveIssue.
        report_owed: bool,
    },
    /// It is untriaged again.
    ReturnedToTriage {
        /// Why.
        reason: Option<Text>,
    },
    /// There is a way around it.
    WorkaroundRecorded {
        /// Which.
        text: Text,
    },
    /// The workaround no longer holds.
    WorkaroundWithdrawn {
        /// Why.
        reason: Option<Text>,
    },
    /// Somebody else may confirm the fix too.
    VerificationDelegated {
        /// Who.
        to: PersonId,
        /// In which capacity the actor named them.
        capacity: Fact<Capacity>,
    },
    /// It is fixed in a test environment, operated or explained.
    IssueResolved {
        /// How; not told by imports.
        fix: Fact<Fix>,
    },
    /// Regression tests were added after the resolution.
    RegressionTestsAdded {
        /// Their references. At least one.
        tests: Vec<Arc<str>>,
    },
    /// The fix does not hold: it is Accepted again, the resolve clock's next cycle begins.
    ResolutionRejected {
        /// Why.
        reason: Option<Text>,
        /// True: the assignee is no longer a member of the team, so nobody is assigned.
        unassigned: bool,
    },
    /// Opener or customer tested it and confirms.
    IssueVerified {
        /// Who tested.
        confirmed_by: Fact<PersonId>,
        /// As what.
        capacity: Fact<Capacity>,
        /// True: confirmed by its resolver, which the project allows.
        self_verified: bool,
    },
    /// A deployment brought its fix to production. It happened when that was deployed.
    MarkedInProduction {
        /// The release.
        release: ReleaseId,
    },
    /// It is in production and was verified there.
    IssueClosed {
        /// The evidence; not told by imports.
        closing: Fact<Closing>,
        /// When its release was deployed, where there is one and it is known.
        deployed_at: Option<Timestamp>,
    },
    /// Its release was rolled back; a closed issue is Verified again.
    WithdrawnFromProduction {
        /// Why.
        reason: Option<Text>,
    },
    /// It was reopened: Accepted after Closed; as it was in New after Dismissed.
    IssueReopened {
        /// Why.
        reason: Option<Text>,
        /// True: the assignee is no longer a member of the team, so nobody is assigned.
        unassigned: bool,
    },
    /// No developer will work on it.
    IssueDismissed {
        /// Why; not told by some imports.
        dismissal: Fact<Dismissal>,
        /// In words.
        note: Option<Text>,
    },
    /// It concerns another part of the product. Who owns it does not change.
    ComponentChanged {
        /// From.
        from: Option<ComponentId>,
        /// To.
        to: ComponentId,
        /// Why.
        reason: Option<Text>,
    },
    /// A release caused it.
    CauseNamed {
        /// Which.
        release: ReleaseId,
    },
    /// It belongs together with another issue.
    IssuesLinked {
        /// How.
        kind: LinkKind,
        /// With which.
        other: IssueRef,
    },
    /// Somebody said something.
    IssueCommented {
        /// What.
        text: Text,
    },
    /// Somebody wants to hear of it.
    WatchStarted {
        /// Who.
        person: PersonId,
    },
    /// Who is on when was planned; from then on nothing that was planned before holds.
    ShiftsPlanned {
        /// Who, and when.
        plan: shifts::Plan,
    },
    /// Somebody else takes a shift, or what is left of it when this happened.
    ShiftHandedOver {
        /// When the shift begins.
        shift: Timestamp,
        /// From.
        from: PersonId,
        /// To.
        to: PersonId,
    },
    /// Shifts are needed no longer.
    ShiftsEnded {
        /// Why.
        because: shifts::Ending,
    },
    /// Most of a clock's target is used up. It happened when that was so.
    SlaAtRiskRecorded {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
        /// The revision of the event that set the deadline.
        set_by: u64,
        /// When the target will be used up.
        deadline: Timestamp,
        /// The policy that promised it.
        policy_version: u32,
    },
    /// A clock passed its deadline. It happened then, or when a change put the deadline into the past.
    SlaBreachRecorded {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
        /// The revision of the event that set the deadline.
        set_by: u64,
        /// When the target was used up.
        deadline: Timestamp,
        /// The policy that promised it.
        policy_version: u32,
        /// How it came to be passed.
        cause: Cause,
    },
    /// A breach that was recorded did not happen, as is known now.
    SlaBreachCorrected {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
        /// What showed it.
        by: Correction,
        /// Why it was recorded late, of a stop; not told by imports.
        reason: Option<Text>,
    },
    /// Running clocks were moved to another policy, on purpose.
    ClocksRebased {
        /// The policy they have now.
        version: u32,
        /// Which, and what it did to them.
        clocks: Vec<Moved>,
        /// Why.
        reason: Text,
    },
    /// Somebody is told of a clock, as the policy says.
    SlaEscalated {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
        /// The revision of the event that set the deadline.
        set_by: u64,
        /// Which of the policy's steps, from 1.
        step: u32,
        /// Of what one is told.
        when: Moment,
        /// Who is told, as the policy says it.
        to: Recipient,
        /// Who that is, as far as it is known.
        people: Vec<PersonId>,
    },
    /// A fix got to production as its severity asks.
    DeliveryRuleKept {
        /// The resolve clock's cycle, from 1.
        cycle: u32,
        /// What was asked.
        rule: Delivery,
        /// The release that brought it.
        release: Option<ReleaseId>,
    },
    /// It did not.
    DeliveryRuleBroken {
        /// The resolve clock's cycle, from 1.
        cycle: u32,
        /// What was asked.
        rule: Delivery,
        /// When it should have been there at the latest, or the deployment it missed.
        due: Timestamp,
        /// The release that went without it.
        release: Option<ReleaseId>,
    },
}

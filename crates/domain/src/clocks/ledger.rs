//! The ledger: what of an issue's history its clocks look at, and nothing else.

use jiff::Timestamp;

use super::Clock;
use crate::ids::{ComponentId, CustomerId, PersonId, ReleaseId, SeverityId, TeamId};
use crate::issue::{Asked, Closing, Dismissal, IssueEvent, Level, Phase, SourceKind, Step, step};
use crate::policy::SourceWord;
use crate::{Fact, Recorded};

/// What of one issue's history its clocks look at: a page of small notes, in the order of the log. Comments, texts and evidence are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    notes: Vec<Note>,
    phase: Phase,
}

/// One fact of an issue's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The revision of its event.
    pub revision: u64,
    /// Its event's position in the partition.
    pub position: u64,
    /// When it happened.
    pub at: Timestamp,
    /// When it entered the log.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub by: PersonId,
    /// What happened.
    pub what: Noted,
}

/// What happened, as far as it concerns clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// It was filed: accept, mitigate and resolve begin.
    Filed {
        /// How severe the reporter said it was.
        severity: Option<SeverityId>,
        /// The part of the product concerned.
        component: Option<ComponentId>,
        /// Where it comes from; `None`: an import did not tell.
        source: Option<SourceWord>,
        /// The customer who reported it.
        customer: Option<CustomerId>,
        /// True: it has no targets until its clocks are rebased.
        imported: bool,
    },
    /// It was triaged; the first time, its severity rules from filing on.
    Triaged {
        /// `None`: an import did not tell.
        severity: Option<SeverityId>,
        /// `None`: an import did not tell.
        level: Option<Level>,
        /// The part of the product concerned.
        component: Option<ComponentId>,
        /// The team that owns it now.
        team: Option<TeamId>,
    },
    /// Its severity was changed.
    SeverityChanged {
        /// To.
        to: SeverityId,
    },
    /// Its level was changed. Moves no clock; at levels 1 and 2 the resolution mitigates.
    LevelChanged {
        /// To.
        to: Level,
        /// The new owner team, where another was named.
        team: Option<TeamId>,
    },
    /// Its component was changed. Moves no clock that runs.
    ComponentChanged {
        /// To.
        to: ComponentId,
    },
    /// Another team owns it. Moves no clock.
    HandedOver {
        /// To.
        to: TeamId,
    },
    /// Something was asked.
    Asked {
        /// The question's number within the issue.
        question: u32,
        /// True: of the opener or the customer, which pauses the clocks that pause.
        outside: bool,
    },
    /// Questions were answered.
    Answered {
        /// Which.
        questions: Vec<u32>,
    },
    /// Questions were taken back.
    Withdrawn {
        /// Which.
        questions: Vec<u32>,
    },
    /// It was accepted.
    Accepted,
    /// It is untriaged again. The last severity goes on ruling its clocks.
    ReturnedToTriage,
    /// There is a way around it.
    WorkaroundRecorded,
    /// No longer.
    WorkaroundWithdrawn,
    /// It was resolved.
    Resolved,
    /// The fix does not hold.
    Rejected,
    /// The fix was confirmed.
    Verified,
    /// A deployment brought its fix to production.
    InProduction {
        /// Of which release.
        release: ReleaseId,
    },
    /// It was closed.
    Closed {
        /// When its fix came to production, deployed or applied; `None`: at the closing's own time.
        mitigated_at: Option<Timestamp>,
        /// The release that brought it there, where one did.
        release: Option<ReleaseId>,
    },
    /// Its release was rolled back.
    WithdrawnFromProduction,
    /// It was reopened, from Closed or from Dismissed.
    Reopened,
    /// It was dismissed.
    Dismissed {
        /// True: as the duplicate of another, whose clocks don't move.
        duplicate: bool,
    },
    /// A clock was recorded to be at risk.
    AtRisk {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
        /// The revision of the event that set the deadline.
        set_by: u64,
    },
    /// A breach was recorded; the note's time is the breach's.
    Breached {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
        /// The revision of the event that set the deadline.
        set_by: u64,
        /// The deadline that was passed.
        deadline: Timestamp,
        /// The policy it was set by.
        version: u32,
        /// How it came to be passed.
        cause: super::Cause,
    },
    /// A recorded breach was taken back.
    Corrected {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
    },
    /// Running clocks were moved to another policy, on purpose.
    Rebased {
        /// The policy's version.
        version: u32,
        /// Which clocks.
        clocks: Vec<Clock>,
    },
    /// Somebody was told of a clock.
    Escalated {
        /// Which clock.
        clock: Clock,
        /// Its cycle, from 1.
        cycle: u32,
        /// The revision of the event that set the deadline.
        set_by: u64,
        /// Which of the policy's steps, from 1.
        step: u32,
    },
    /// It was recorded whether a fix got to production as its severity asks.
    Delivered {
        /// The resolve clock's cycle, from 1.
        cycle: u32,
        /// Whether it did.
        kept: bool,
    },
}

impl Note {
    /// When it happened, and where it was recorded: what a policy of that instant rules, and what not.
    pub(crate) fn place(&self) -> (Timestamp, u64) {
        (self.at, self.position)
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self { notes: Vec::new(), phase: Phase::New { triaged: false } }
    }
}

impl Ledger {
    /// An issue's, from all its events in the order of the log.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Recorded<IssueEvent>>) -> Self {
        let mut ledger = Self::default();
        events.into_iter().for_each(|recorded| ledger.note(recorded));
        ledger
    }

    /// The same ledger again, from [`notes`](Self::notes).
    pub fn from_notes(notes: Vec<Note>) -> Self {
        let phase = notes.iter().fold(Phase::New { triaged: false }, |phase, note| after(phase, &note.what));
        Self { notes, phase }
    }

    /// Its notes in the order of the log: all there is of it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// True before the filing is noted.
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// Where the issue stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Notes one event more. What can't follow is left out, as the issue leaves it out; so is what no clock looks at.
    pub fn note(&mut self, recorded: &Recorded<IssueEvent>) {
        let follows = match &recorded.event {
            IssueEvent::IssueFiled { .. } => self.is_empty(),
            event => !self.is_empty() && step(event, self.phase) != Step::Never,
        };
        if !follows {
            return;
        }
        let Some(what) = noted(recorded) else { return };
        self.phase = after(self.phase, &what);
        let Recorded { revision, position, occurred_at: at, recorded_at, ref actor, .. } = *recorded;
        self.notes.push(Note { revision, position, at, recorded_at, by: actor.clone(), what });
    }

    /// What was known at a revision: its answer never changes, whatever is recorded later.
    #[must_use]
    pub fn as_of(&self, revision: u64) -> Self {
        Self::from_notes(self.notes.iter().filter(|note| note.revision <= revision).cloned().collect())
    }

    /// What was true at an instant, by all that is known now.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Self {
        Self::from_notes(self.notes.iter().filter(|note| note.at <= instant).cloned().collect())
    }

    /// The breaches of a cycle that were recorded and not taken back: at most one. With its revision, it says when and why.
    pub fn standing_breach(&self, clock: Clock, cycle: u32) -> Option<&Note> {
        let of = |note: &&Note| match &note.what {
            Noted::Breached { clock: c, cycle: n, .. } | Noted::Corrected { clock: c, cycle: n } => {
                (*c, *n) == (clock, cycle)
            }
            _ => false,
        };
        self.notes.iter().rev().find(of).filter(|note| matches!(note.what, Noted::Breached { .. }))
    }
}

/// Where the issue stands after it. What is noted could follow.
fn after(phase: Phase, what: &Noted) -> Phase {
    match (what, phase) {
        (Noted::Triaged { .. }, _)
        | (Noted::LevelChanged { .. } | Noted::HandedOver { .. }, Phase::Accepted | Phase::New { .. }) => {
            Phase::New { triaged: true }
        }
        (Noted::ReturnedToTriage, _) => Phase::New { triaged: false },
        (Noted::Reopened, Phase::Dismissed { triaged }) => Phase::New { triaged },
        (Noted::Accepted | Noted::Rejected | Noted::Reopened, _) => Phase::Accepted,
        (Noted::Resolved, _) => Phase::Resolved,
        (Noted::Verified, _) | (Noted::WithdrawnFromProduction, Phase::Closed) => Phase::Verified,
        (Noted::Closed { .. }, _) => Phase::Closed,
        (Noted::Dismissed { .. }, phase) => Phase::Dismissed { triaged: phase != Phase::New { triaged: false } },
        _ => phase,
    }
}

/// What a clock sees of an event; `None`: nothing.
fn noted(recorded: &Recorded<IssueEvent>) -> Option<Noted> {
    Some(match &recorded.event {
        IssueEvent::IssueFiled { source, reported_severity, component, .. } => Noted::Filed {
            severity: reported_severity.clone(),
            component: component.clone(),
            source: source.kind.known().map(SourceWord::from),
            customer: match &source.kind {
                Fact::Known(SourceKind::Customer { customer, .. }) => customer.clone(),
                _ => None,
            },
            imported: recorded.origin.is_some(),
        },
        IssueEvent::IssueTriaged { severity, level, component, team, .. } => Noted::Triaged {
            severity: severity.known().cloned(),
            level: level.known().copied(),
            component: component.clone(),
            team: team.known().cloned(),
        },
        IssueEvent::SeverityChanged { to, .. } => Noted::SeverityChanged { to: to.clone() },
        IssueEvent::LevelChanged { to, team, .. } => Noted::LevelChanged { to: *to, team: team.clone() },
        IssueEvent::ComponentChanged { to, .. } => Noted::ComponentChanged { to: to.clone() },
        IssueEvent::IssueHandedOver { to, .. } => Noted::HandedOver { to: to.clone() },
        IssueEvent::InformationRequested { question, of, .. } => {
            Noted::Asked { question: *question, outside: matches!(of, Asked::Opener | Asked::Customer) }
        }
        IssueEvent::InformationProvided { questions, .. } => Noted::Answered { questions: questions.clone() },
        IssueEvent::RequestWithdrawn { questions } => Noted::Withdrawn { questions: questions.clone() },
        IssueEvent::IssueAccepted { .. } => Noted::Accepted,
        IssueEvent::ReturnedToTriage { .. } => Noted::ReturnedToTriage,
        IssueEvent::WorkaroundRecorded { .. } => Noted::WorkaroundRecorded,
        IssueEvent::WorkaroundWithdrawn { .. } => Noted::WorkaroundWithdrawn,
        IssueEvent::IssueResolved { .. } => Noted::Resolved,
        IssueEvent::ResolutionRejected { .. } => Noted::Rejected,
        IssueEvent::IssueVerified { .. } => Noted::Verified,
        IssueEvent::MarkedInProduction { release } => Noted::InProduction { release: release.clone() },
        IssueEvent::IssueClosed { closing, deployed_at } => Noted::Closed {
            mitigated_at: match closing {
                Fact::Known(Closing::DataApplied { at, .. }) => *at,
                _ => *deployed_at,
            },
            release: match closing {
                Fact::Known(Closing::Released { release, .. }) => release.clone(),
                _ => None,
            },
        },
        IssueEvent::WithdrawnFromProduction { .. } => Noted::WithdrawnFromProduction,
        IssueEvent::IssueReopened { .. } => Noted::Reopened,
        IssueEvent::IssueDismissed { dismissal, .. } => {
            Noted::Dismissed { duplicate: matches!(dismissal, Fact::Known(Dismissal::DuplicateOf(_))) }
        }
        IssueEvent::SlaAtRiskRecorded { clock, cycle, set_by, .. } => {
            Noted::AtRisk { clock: *clock, cycle: *cycle, set_by: *set_by }
        }
        IssueEvent::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause } => Noted::Breached {
            clock: *clock,
            cycle: *cycle,
            set_by: *set_by,
            deadline: *deadline,
            version: *policy_version,
            cause: *cause,
        },
        IssueEvent::SlaBreachCorrected { clock, cycle, .. } => Noted::Corrected { clock: *clock, cycle: *cycle },
        IssueEvent::ClocksRebased { version, clocks, .. } => {
            Noted::Rebased { version: *version, clocks: clocks.iter().map(|moved| moved.clock).collect() }
        }
        IssueEvent::SlaEscalated { clock, cycle, set_by, step, .. } => {
            Noted::Escalated { clock: *clock, cycle: *cycle, set_by: *set_by, step: *step }
        }
        IssueEvent::DeliveryRuleKept { cycle, .. } => Noted::Delivered { cycle: *cycle, kept: true },
        IssueEvent::DeliveryRuleBroken { cycle, .. } => Noted::Delivered { cycle: *cycle, kept: false },
        _ => return None,
    })
}

//! In which order events can follow each other: the state × command table of the workflow, read from its events.
//!
//! `decide` may grow stricter than this; what was once decided must go on following here.

use super::events::IssueEvent;
use super::state::State;

/// What an event does in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// It can't follow.
    Never,
    /// It says something of the issue, which stays where it is.
    Stays,
    /// It moves the issue to another state.
    Moves,
}

/// Where an issue stands, without what it holds there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the states")]
pub enum Phase {
    New {
        triaged: bool,
    },
    Accepted,
    Resolved,
    Verified,
    Closed,
    /// Reopened, it will be triaged or not, as it was.
    Dismissed {
        triaged: bool,
    },
}

impl State {
    /// The state without what it holds.
    pub fn phase(&self) -> Phase {
        match self {
            Self::New { triaged } => Phase::New { triaged: *triaged },
            Self::Accepted => Phase::Accepted,
            Self::Resolved(_) => Phase::Resolved,
            Self::Verified(_) => Phase::Verified,
            Self::Closed(_) => Phase::Closed,
            Self::Dismissed(dismissed) => Phase::Dismissed { triaged: dismissed.triaged },
        }
    }
}

impl IssueEvent {
    /// True where this event, coming in this state, moves the issue to another one (triaged and untriaged New are two). The state is that before
    /// the event. A handover in New triaged, say, is a fact about the issue that moves it nowhere.
    pub fn changes_state(&self, from: &State) -> bool {
        step(self, from.phase()) == Step::Moves
    }

    /// True where this event can come in this state. One that can't changes nothing of the issue but its revision.
    pub fn follows(&self, from: &State) -> bool {
        step(self, from.phase()) != Step::Never
    }
}

/// What the event does to an issue in this state.
pub(crate) fn step(event: &IssueEvent, from: Phase) -> Step {
    let open = matches!(from, Phase::New { .. } | Phase::Accepted);
    let triaged = matches!(from, Phase::New { triaged: true });
    let accepted = matches!(from, Phase::Accepted);
    let resolved = matches!(from, Phase::Resolved);
    let verified = matches!(from, Phase::Verified);
    let closed = matches!(from, Phase::Closed);
    let dismissed = matches!(from, Phase::Dismissed { .. });
    let (stays, moves) = match event {
        IssueEvent::IssueFiled { .. } => (false, false),
        IssueEvent::ReportAmended { .. }
        | IssueEvent::InformationRequested { .. }
        | IssueEvent::InformationProvided { .. }
        | IssueEvent::RequestWithdrawn { .. } => (open, false),
        IssueEvent::IssueTriaged { .. } => (false, open && !triaged && !accepted),
        IssueEvent::LevelChanged { .. } | IssueEvent::IssueHandedOver { .. } => (triaged, accepted),
        IssueEvent::NatureChanged { .. } => (triaged, false),
        IssueEvent::IssueAssigned { .. } => (triaged || accepted, false),
        IssueEvent::SeverityChanged { .. } => (triaged || accepted || resolved || verified, false),
        IssueEvent::IssueAccepted { .. } => (false, triaged),
        IssueEvent::ReturnedToTriage { .. } | IssueEvent::IssueResolved { .. } => (false, accepted),
        IssueEvent::WorkaroundRecorded { .. }
        | IssueEvent::WorkaroundWithdrawn { .. }
        | IssueEvent::VerificationDelegated { .. }
        | IssueEvent::ComponentChanged { .. }
        | IssueEvent::ShiftsPlanned { .. }
        | IssueEvent::ShiftHandedOver { .. }
        | IssueEvent::ClocksRebased { .. } => (!closed && !dismissed, false),
        IssueEvent::RegressionTestsAdded { .. } => (resolved || verified || closed, false),
        IssueEvent::ResolutionRejected { .. } => (false, resolved || verified),
        IssueEvent::IssueVerified { .. } => (false, resolved),
        IssueEvent::MarkedInProduction { .. } => (resolved || verified, false),
        IssueEvent::IssueClosed { .. } => (false, verified),
        IssueEvent::WithdrawnFromProduction { .. } => (resolved || verified, closed),
        IssueEvent::IssueReopened { .. } => (false, closed || dismissed),
        IssueEvent::IssueDismissed { .. } => (false, open),
        IssueEvent::CauseNamed { .. } => (!dismissed, false),
        IssueEvent::IssuesLinked { .. }
        | IssueEvent::IssueCommented { .. }
        | IssueEvent::WatchStarted { .. }
        | IssueEvent::ShiftsEnded { .. }
        | IssueEvent::SlaAtRiskRecorded { .. }
        | IssueEvent::SlaBreachRecorded { .. }
        | IssueEvent::SlaBreachCorrected { .. }
        | IssueEvent::SlaEscalated { .. }
        | IssueEvent::DeliveryRuleKept { .. }
        | IssueEvent::DeliveryRuleBroken { .. } => (true, false),
    };
    match (moves, stays) {
        (true, _) => Step::Moves,
        (false, true) => Step::Stays,
        (false, false) => Step::Never,
    }
}

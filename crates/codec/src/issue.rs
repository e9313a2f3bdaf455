//! Stored shapes of an issue's events, a file for each group of them.
//!
//! Each group has its shapes, `encode` (into the version that is written now) and `decode` (from every version ever written).
//! Shapes that several groups share are in `parts`.

mod closing;
mod filing;
mod links;
mod ownership;
mod parts;
mod questions;
mod resolution;
mod shifts;
mod sla;
mod triage;
mod verification;

use domain::issue::IssueEvent;

use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;

/// Puts an issue's event into its stored shape.
pub(crate) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    use IssueEvent as E;
    match event {
        E::IssueFiled { .. } | E::ReportAmended { .. } => filing::encode(event, put),
        E::InformationRequested { .. } | E::InformationProvided { .. } | E::RequestWithdrawn { .. } => {
            questions::encode(event, put)
        }
        E::IssueTriaged { .. }
        | E::SeverityChanged { .. }
        | E::LevelChanged { .. }
        | E::NatureChanged { .. }
        | E::ComponentChanged { .. }
        | E::ReturnedToTriage { .. } => triage::encode(event, put),
        E::IssueAssigned { .. } | E::IssueHandedOver { .. } | E::IssueAccepted { .. } => ownership::encode(event, put),
        E::WorkaroundRecorded { .. }
        | E::WorkaroundWithdrawn { .. }
        | E::IssueResolved { .. }
        | E::RegressionTestsAdded { .. }
        | E::ResolutionRejected { .. } => resolution::encode(event, put),
        E::VerificationDelegated { .. } | E::IssueVerified { .. } => verification::encode(event, put),
        E::MarkedInProduction { .. }
        | E::IssueClosed { .. }
        | E::WithdrawnFromProduction { .. }
        | E::IssueReopened { .. }
        | E::IssueDismissed { .. } => closing::encode(event, put),
        E::CauseNamed { .. } | E::IssuesLinked { .. } | E::IssueCommented { .. } | E::WatchStarted { .. } => {
            links::encode(event, put)
        }
        E::ShiftsPlanned { .. } | E::ShiftHandedOver { .. } | E::ShiftsEnded { .. } => shifts::encode(event, put),
        E::SlaAtRiskRecorded { .. }
        | E::SlaBreachRecorded { .. }
        | E::SlaBreachCorrected { .. }
        | E::ClocksRebased { .. }
        | E::SlaEscalated { .. }
        | E::DeliveryRuleKept { .. }
        | E::DeliveryRuleBroken { .. } => sla::encode(event, put),
    }
}

/// Makes an issue's event of its stored shape; `None` for a version that was never written.
pub(crate) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    let decode = match event_type {
        T::IssueFiled | T::ReportAmended => filing::decode,
        T::InformationRequested | T::InformationProvided | T::RequestWithdrawn => questions::decode,
        T::IssueTriaged
        | T::SeverityChanged
        | T::LevelChanged
        | T::NatureChanged
        | T::ComponentChanged
        | T::ReturnedToTriage => triage::decode,
        T::IssueAssigned | T::IssueHandedOver | T::IssueAccepted => ownership::decode,
        T::WorkaroundRecorded
        | T::WorkaroundWithdrawn
        | T::IssueResolved
        | T::RegressionTestsAdded
        | T::ResolutionRejected => resolution::decode,
        T::VerificationDelegated | T::IssueVerified => verification::decode,
        T::MarkedInProduction | T::IssueClosed | T::WithdrawnFromProduction | T::IssueReopened | T::IssueDismissed => {
            closing::decode
        }
        T::CauseNamed | T::IssuesLinked | T::IssueCommented | T::WatchStarted => links::decode,
        T::ShiftsPlanned | T::ShiftHandedOver | T::ShiftsEnded => shifts::decode,
        T::SlaAtRiskRecorded
        | T::SlaBreachRecorded
        | T::SlaBreachCorrected
        | T::ClocksRebased
        | T::SlaEscalated
        | T::DeliveryRuleKept
        | T::DeliveryRuleBroken => sla::decode,
        _ => return None,
    };
    decode(event_type, version, stored)
}

/// What a group answers to an event of another one.
fn misrouted(event: &IssueEvent) -> ! {
    unreachable!("issue.rs gives each group its own events, and not {event:?}")
}

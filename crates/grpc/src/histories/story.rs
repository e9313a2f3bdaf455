//! Events as people read them: a sentence, and the data by name. What an import did not tell is told as not known.

mod details;
mod shifts;
mod sla;
mod words;

use domain::issue::IssueEvent as E;

use crate::issues::show;
pub(crate) use details::details;
use words::{
    as_what, closing_in_words, count, dismissal_in_words, filed_by_whom, fix_in_words, known, level, level_name, link,
    nature, numbered, parts, some, unassigned_too, whom,
};

/// What happened, in a sentence without its actor, who stands beside it.
pub(crate) fn summary(event: &E) -> String {
    match event {
        E::IssueFiled { title, source, .. } => format!("Filed: “{title}”{}", filed_by_whom(source)),
        E::ReportAmended { report } => format!("Amended the report: {}", parts(report)),
        E::InformationRequested { question, of, .. } => format!("Asked {} (question {question})", whom(of)),
        E::InformationProvided { questions, .. } => format!("Answered {}", numbered(questions)),
        E::RequestWithdrawn { questions } => format!("Took back {}", numbered(questions)),
        E::IssueTriaged { level: of_level, severity, team, .. } => {
            let (level, severity, team) = (level(*of_level), known(severity), known(team));
            format!("Triaged: level {level}, severity {severity}, team {team}")
        }
        E::SeverityChanged { from, to, .. } => format!("Changed the severity from {} to {to}", known(from)),
        E::LevelChanged { from, to, team, .. } => {
            let team = team.as_ref().map(|team| format!(", to team {team}")).unwrap_or_default();
            format!("Changed the level from {} to {}{team}", level(*from), level_name(*to))
        }
        E::NatureChanged { from, to, .. } => format!("Changed the nature from {} to {}", nature(*from), nature(*to)),
        E::IssueAssigned { assignee: Some(assignee) } => format!("Assigned to {assignee}"),
        E::IssueAssigned { assignee: None } => "Assigned to nobody".into(),
        E::IssueHandedOver { from, to, .. } => format!("Handed over from team {} to team {to}", known(from)),
        E::IssueAccepted { assignee, report_owed } => {
            let owed = if *report_owed { "; its report is still owed" } else { "" };
            format!("Accepted, and it is {}’s now{owed}", known(assignee))
        }
        E::ReturnedToTriage { .. } => "Returned to triage".into(),
        E::WorkaroundRecorded { .. } => "Found a workaround".into(),
        E::WorkaroundWithdrawn { .. } => "Withdrew the workaround".into(),
        E::VerificationDelegated { to, .. } => format!("Let {to} verify it"),
        E::IssueResolved { fix } => format!("Resolved by {}", fix_in_words(fix)),
        E::RegressionTestsAdded { tests } => format!("Added {}", count(tests.len(), "regression test")),
        E::ResolutionRejected { unassigned, .. } => format!("Rejected the resolution{}", unassigned_too(*unassigned)),
        E::IssueVerified { confirmed_by, capacity, self_verified } => {
            let own = if *self_verified { ", who resolved it" } else { "" };
            format!("Verified: confirmed by {}{own} ({})", known(confirmed_by), as_what(capacity))
        }
        E::MarkedInProduction { release } => format!("In production with release {release}; to be verified there"),
        E::IssueClosed { closing, .. } => format!("Closed: {}", closing_in_words(closing)),
        E::WithdrawnFromProduction { .. } => "Withdrawn from production".into(),
        E::IssueReopened { unassigned, .. } => format!("Reopened{}", unassigned_too(*unassigned)),
        E::IssueDismissed { dismissal, .. } => format!("Dismissed: {}", dismissal_in_words(dismissal)),
        E::ComponentChanged { from, to, .. } => format!("Moved from component {} to {to}", some(from.as_ref())),
        E::CauseNamed { release } => format!("Named release {release} as a cause"),
        E::IssuesLinked { kind, other } => format!("Linked: {} {}", link(*kind), show::other(other)),
        E::IssueCommented { .. } => "Commented".into(),
        E::WatchStarted { person } => format!("{person} watches it"),
        E::ShiftsPlanned { plan } => shifts::planned(plan),
        E::ShiftHandedOver { shift, from, to } => format!("{to} takes {from}’s shift of {shift}"),
        E::ShiftsEnded { because } => format!("No more shifts: {}", because.as_str()),
        E::SlaAtRiskRecorded { .. }
        | E::SlaBreachRecorded { .. }
        | E::SlaBreachCorrected { .. }
        | E::ClocksRebased { .. }
        | E::SlaEscalated { .. }
        | E::DeliveryRuleKept { .. }
        | E::DeliveryRuleBroken { .. } => sla::summary(event),
    }
}

#[cfg(test)]
mod tests;

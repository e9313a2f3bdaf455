//! Decides commands to an issue. Only dispatches: each group of commands has its file.

mod case;
mod classification;
mod conversation;
mod delivery;
mod dismissal;
mod filing;
mod ownership;
mod production;
mod relations;
mod resolution;
mod shifts;
mod sla;
mod time;
mod triage;
mod verification;

use case::{Case, Outcome};

use super::command::Command;
use super::events::IssueEvent;
use super::state::Issue;
use crate::project::Reactor;
use crate::{Context, Decision, Rejection};

/// From so many events on, an issue takes only what changes its state.
pub const STREAM_EVENTS_MAX: u64 = 10_000;

/// What the command leads to, or the rule that it breaks. Checked in this order: ids, state, who, all missing evidence at once, time.
pub fn decide(
    issue: Option<&Issue>,
    command: Command,
    context: &Context<'_>,
) -> Result<Decision<IssueEvent>, Rejection> {
    let project = context.project()?;
    if let Some(reactor) = Reactor::of(context.actor).filter(|reactor| project.switched_off.contains(reactor)) {
        return Err(Rejection::SwitchedOff { reactor });
    }
    let Some(issue) = issue else {
        let Command::FileIssue(filing) = command else {
            return Err(Rejection::NoSuchIssue);
        };
        let events = filing::file(project, context, filing)?;
        return Ok(Decision { events, occurred_at: context.settle(None)? });
    };
    let case = Case { issue, project, context };
    if let Some(decided) = sla::decide(&case, &command) {
        return decided;
    }
    let asks = matches!(command, Command::RequestInformation { .. });
    let mut events = dispatch(&case, command)?;
    debug_assert!(!events.is_empty(), "what is accepted is an event");
    let moves = events.iter().any(|event| event.changes_state(&issue.state));
    if issue.revision >= STREAM_EVENTS_MAX && !moves {
        return Err(Rejection::StreamFull { events: issue.revision });
    }
    let occurred_at = time::settle(&case, &events, moves, asks)?;
    let following = sla::follow(&case, &events, occurred_at)?;
    events.extend(following);
    Ok(Decision { events, occurred_at })
}

fn dispatch(case: &Case<'_>, command: Command) -> Outcome {
    match command {
        Command::FileIssue(_) => Err(Rejection::AlreadyFiled),
        Command::AmendReport { report } => filing::amend_report(case, report),
        Command::RequestInformation { of, text } => conversation::request(case, of, text),
        Command::ProvideInformation { questions, text } => conversation::provide(case, questions, text),
        Command::WithdrawRequest { questions } => conversation::withdraw(case, questions),
        Command::TriageIssue(triage) => triage::triage(case, triage),
        Command::ChangeSeverity { severity, reason } => classification::change_severity(case, severity, reason),
        Command::ChangeLevel { level, nature, team, reason } => {
            classification::change_level(case, level, nature, team, reason)
        }
        Command::AssignIssue { assignee } => ownership::assign(case, assignee),
        Command::HandOverIssue { team, reason } => ownership::hand_over(case, team, reason),
        Command::AcceptIssue => ownership::accept(case),
        Command::ReturnToTriage { reason } => triage::return_to(case, reason),
        Command::RecordWorkaround { text } => resolution::record_workaround(case, text),
        Command::WithdrawWorkaround { reason } => resolution::withdraw_workaround(case, reason),
        Command::DelegateVerification { to } => verification::delegate(case, to),
        Command::ResolveIssue { fix } => resolution::resolve(case, fix),
        Command::AddRegressionTests { tests } => resolution::add_tests(case, tests),
        Command::RejectResolution { reason } => resolution::reject(case, reason),
        Command::VerifyIssue { confirmed_by } => verification::verify(case, confirmed_by),
        Command::MarkInProduction { release } => production::mark(case, release),
        Command::CloseIssue { closing } => production::close(case, closing),
        Command::WithdrawFromProduction { reason } => production::withdraw(case, reason),
        Command::ReopenIssue { reason } => dismissal::reopen(case, reason),
        Command::DismissIssue { dismissal, note } => dismissal::dismiss(case, dismissal, note),
        Command::ChangeComponent { component, reason } => classification::change_component(case, component, reason),
        Command::NameCause { release } => relations::name_cause(case, release),
        Command::LinkIssues { kind, other } => relations::link(case, kind, other),
        Command::CommentOnIssue { text } => conversation::comment(text),
        Command::WatchIssue { person } => relations::watch(case, person),
        Command::EstimateItem { .. } => Err(Rejection::DefectsAreNotEstimated),
        Command::RecordSlaAtRisk { .. }
        | Command::RecordSlaBreach { .. }
        | Command::CorrectSlaBreach { .. }
        | Command::RebaseClocks { .. }
        | Command::RecordEscalation(_)
        | Command::RecordDelivery { .. } => unreachable!("decided by sla::decide, with times of their own"),
        Command::PlanShifts => shifts::plan(case),
        Command::HandOverShift { shift, to } => shifts::hand_over(case, shift, to),
        Command::EndShifts => shifts::end(case),
    }
}

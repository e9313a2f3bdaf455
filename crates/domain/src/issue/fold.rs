//! Folds events into an issue. Nothing is refused here: history can't be.

use std::mem;

use jiff::Timestamp;

use super::events::IssueEvent;
use super::order::{Step, step};
use super::state::{Closed, Delegate, Dismissed, Issue, Link, Question, Resolved, State, Triage, Verified, Workaround};
use crate::clocks::Ledger;
use crate::shifts::Standing;
use crate::{Fact, Recorded};

/// The issue after one event more. An event that can't follow changes nothing but the revision and `changed_at`; only a filing makes an issue.
pub fn evolve(issue: Option<Issue>, recorded: &Recorded<IssueEvent>) -> Option<Issue> {
    let Some(mut issue) = issue else { return filed(recorded) };
    issue.revision = recorded.revision;
    issue.changed_at = issue.changed_at.max(recorded.occurred_at);
    issue.ledger.note(recorded);
    match step(&recorded.event, issue.state.phase()) {
        Step::Never => return Some(issue),
        Step::Stays => {}
        Step::Moves => {
            let before = mem::replace(&mut issue.state, State::Accepted);
            issue.state = after(before, recorded);
            issue.state_since = recorded.occurred_at;
            on_the_way(&mut issue, &recorded.event, recorded.occurred_at);
        }
    }
    facts(&mut issue, recorded);
    Some(issue)
}

/// The issue that these events make.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Recorded<IssueEvent>>) -> Option<Issue> {
    events.into_iter().fold(None, evolve)
}

fn filed(recorded: &Recorded<IssueEvent>) -> Option<Issue> {
    let IssueEvent::IssueFiled { id, title, source, report, reported_severity, component } = &recorded.event else {
        return None;
    };
    let at = recorded.occurred_at;
    Some(Issue {
        id: *id,
        key: recorded.key(),
        revision: recorded.revision,
        title: title.clone(),
        source: source.clone(),
        origin: recorded.origin.clone(),
        report: report.clone(),
        reported_severity: reported_severity.clone(),
        component: component.clone(),
        filed_at: at,
        filed_by: recorded.actor.clone(),
        triage: None,
        assignee: None,
        report_owed: false,
        state: State::New { triaged: false },
        state_since: at,
        cycle_start: at,
        changed_at: at,
        accepted_at: None,
        questions: Vec::new(),
        questions_asked: 0,
        workaround: None,
        delegates: Vec::new(),
        causes: Vec::new(),
        links: Vec::new(),
        watchers: Vec::new(),
        comments: 0,
        shifts: None,
        ledger: Ledger::of([recorded]),
    })
}

/// The state that follows `before` by an event that moves it.
fn after(before: State, recorded: &Recorded<IssueEvent>) -> State {
    let (by, at) = (&recorded.actor, recorded.occurred_at);
    match (&recorded.event, before) {
        (IssueEvent::IssueTriaged { .. } | IssueEvent::LevelChanged { .. } | IssueEvent::IssueHandedOver { .. }, _) => {
            State::New { triaged: true }
        }
        (IssueEvent::ReturnedToTriage { .. }, _) => State::New { triaged: false },
        (IssueEvent::IssueResolved { fix }, _) => State::Resolved(Resolved {
            fix: fix.clone(),
            tests_added: Vec::new(),
            by: by.clone(),
            at,
            in_production: None,
        }),
        (IssueEvent::IssueVerified { confirmed_by, capacity, self_verified }, State::Resolved(resolved)) => {
            State::Verified(Verified {
                resolved,
                confirmed_by: confirmed_by.clone(),
                capacity: capacity.clone(),
                self_verified: *self_verified,
                at,
            })
        }
        (IssueEvent::IssueClosed { closing, .. }, State::Verified(verified)) => {
            State::Closed(Closed { verified, closing: closing.clone(), by: by.clone(), at })
        }
        (IssueEvent::WithdrawnFromProduction { .. }, State::Closed(closed)) => State::Verified(closed.verified),
        (IssueEvent::IssueReopened { .. }, State::Dismissed(dismissed)) => State::New { triaged: dismissed.triaged },
        (
            IssueEvent::IssueAccepted { .. } | IssueEvent::ResolutionRejected { .. } | IssueEvent::IssueReopened { .. },
            _,
        ) => State::Accepted,
        (IssueEvent::IssueDismissed { dismissal, .. }, before) => State::Dismissed(Dismissed {
            dismissal: dismissal.clone(),
            by: by.clone(),
            at,
            triaged: !matches!(before, State::New { triaged: false }),
        }),
        (_, before) => before,
    }
}

/// What else a change of state brings with it. The issue stands in its new state already.
fn on_the_way(issue: &mut Issue, event: &IssueEvent, at: Timestamp) {
    match (event, &issue.state) {
        (IssueEvent::ReturnedToTriage { .. } | IssueEvent::LevelChanged { .. }, _) => {
            issue.assignee = None;
            issue.report_owed = false;
        }
        (IssueEvent::IssueHandedOver { .. }, _) => issue.report_owed = false,
        (IssueEvent::IssueAccepted { assignee, report_owed }, _) => {
            issue.report_owed = *report_owed;
            issue.accepted_at.get_or_insert(at);
            if let Fact::Known(assignee) = assignee {
                issue.assignee = Some(assignee.clone());
            }
        }
        (IssueEvent::IssueResolved { .. }, _) => issue.questions.clear(),
        (IssueEvent::IssueDismissed { .. }, _) => {
            issue.questions.clear();
            issue.report_owed = false;
        }
        (IssueEvent::ResolutionRejected { unassigned, .. }, _) => {
            issue.cycle_start = at;
            unassign(issue, *unassigned);
        }
        (IssueEvent::IssueReopened { unassigned, .. }, state) => {
            // Reopening from Closed begins a cycle; a dismissal that is reopened goes on with the one it had.
            if *state == State::Accepted {
                issue.cycle_start = at;
                issue.workaround = None;
            }
            unassign(issue, *unassigned);
        }
        _ => {}
    }
}

fn unassign(issue: &mut Issue, unassigned: bool) {
    if unassigned {
        issue.assignee = None;
    }
}

/// What an event says of the issue beside its state.
fn facts(issue: &mut Issue, recorded: &Recorded<IssueEvent>) {
    match &recorded.event {
        IssueEvent::ReportAmended { report } => {
            let parts = &mut issue.report;
            for (part, new) in [
                (&mut parts.steps, &report.steps),
                (&mut parts.actual, &report.actual),
                (&mut parts.expected, &report.expected),
                (&mut parts.details, &report.details),
            ] {
                if new.is_some() {
                    part.clone_from(new);
                }
            }
        }
        IssueEvent::InformationRequested { .. }
        | IssueEvent::InformationProvided { .. }
        | IssueEvent::RequestWithdrawn { .. } => questions(issue, recorded),
        IssueEvent::IssueTriaged { .. }
        | IssueEvent::SeverityChanged { .. }
        | IssueEvent::LevelChanged { .. }
        | IssueEvent::NatureChanged { .. }
        | IssueEvent::IssueHandedOver { .. } => triage(issue, &recorded.event),
        IssueEvent::ComponentChanged { to, .. } => issue.component = Some(to.clone()),
        IssueEvent::IssueAssigned { assignee } => issue.assignee.clone_from(assignee),
        IssueEvent::WorkaroundRecorded { text } => {
            issue.workaround = Some(Workaround { text: text.clone(), at: recorded.occurred_at });
        }
        IssueEvent::WorkaroundWithdrawn { .. } => issue.workaround = None,
        IssueEvent::VerificationDelegated { to, .. } => {
            issue.delegates.push(Delegate { person: to.clone(), named_by: recorded.actor.clone() });
        }
        IssueEvent::RegressionTestsAdded { .. }
        | IssueEvent::MarkedInProduction { .. }
        | IssueEvent::IssueClosed { .. }
        | IssueEvent::WithdrawnFromProduction { .. } => evidence(&mut issue.state, &recorded.event),
        IssueEvent::CauseNamed { release } => issue.causes.push(release.clone()),
        IssueEvent::IssuesLinked { kind, other } => issue.links.push(Link { kind: *kind, other: other.clone() }),
        IssueEvent::IssueCommented { .. } => issue.comments += 1,
        IssueEvent::WatchStarted { person } => issue.watchers.push(person.clone()),
        IssueEvent::ShiftsPlanned { .. } | IssueEvent::ShiftHandedOver { .. } | IssueEvent::ShiftsEnded { .. } => {
            issue.shifts = Standing::evolve(issue.shifts.take(), recorded);
        }
        IssueEvent::IssueFiled { .. }
        | IssueEvent::IssueAccepted { .. }
        | IssueEvent::ReturnedToTriage { .. }
        | IssueEvent::IssueResolved { .. }
        | IssueEvent::ResolutionRejected { .. }
        | IssueEvent::IssueVerified { .. }
        | IssueEvent::IssueReopened { .. }
        | IssueEvent::IssueDismissed { .. }
        // The ledger has them.
        | IssueEvent::SlaAtRiskRecorded { .. }
        | IssueEvent::SlaBreachRecorded { .. }
        | IssueEvent::SlaBreachCorrected { .. }
        | IssueEvent::ClocksRebased { .. }
        | IssueEvent::SlaEscalated { .. }
        | IssueEvent::DeliveryRuleKept { .. }
        | IssueEvent::DeliveryRuleBroken { .. } => {}
    }
}

fn questions(issue: &mut Issue, recorded: &Recorded<IssueEvent>) {
    match &recorded.event {
        IssueEvent::InformationRequested { question, of, text } => {
            issue.questions_asked = issue.questions_asked.max(*question);
            issue.questions.push(Question {
                number: *question,
                of: of.clone(),
                text: text.clone(),
                by: recorded.actor.clone(),
                at: recorded.occurred_at,
            });
        }
        IssueEvent::InformationProvided { questions, .. } | IssueEvent::RequestWithdrawn { questions } => {
            issue.questions.retain(|open| !questions.contains(&open.number));
        }
        _ => {}
    }
}

fn triage(issue: &mut Issue, event: &IssueEvent) {
    if let IssueEvent::IssueTriaged { level, nature, severity, component, team } = event {
        issue.triage = Some(Triage { level: *level, nature: *nature, severity: severity.clone(), team: team.clone() });
        if component.is_some() {
            issue.component.clone_from(component);
        }
        return;
    }
    let Some(triage) = &mut issue.triage else { return };
    match event {
        IssueEvent::SeverityChanged { to, .. } => triage.severity = Fact::Known(to.clone()),
        IssueEvent::LevelChanged { to, nature, team, .. } => {
            triage.level = Fact::Known(*to);
            triage.nature = *nature;
            if let Some(team) = team {
                triage.team = Fact::Known(team.clone());
                issue.assignee = None;
            }
        }
        IssueEvent::NatureChanged { to, .. } => triage.nature = *to,
        IssueEvent::IssueHandedOver { to, .. } => {
            triage.team = Fact::Known(to.clone());
            issue.assignee = None;
        }
        _ => {}
    }
}

fn evidence(state: &mut State, event: &IssueEvent) {
    match (event, state) {
        (
            IssueEvent::RegressionTestsAdded { tests },
            State::Resolved(resolved)
            | State::Verified(Verified { resolved, .. })
            | State::Closed(Closed { verified: Verified { resolved, .. }, .. }),
        ) => resolved.tests_added.extend(tests.iter().cloned()),
        (
            IssueEvent::MarkedInProduction { release },
            State::Resolved(resolved) | State::Verified(Verified { resolved, .. }),
        ) => resolved.in_production = Some(release.clone()),
        (IssueEvent::IssueClosed { .. }, State::Closed(closed)) => {
            if let Fact::Known(super::Closing::Released { release: Some(release), .. }) = &closed.closing {
                closed.verified.resolved.in_production = Some(release.clone());
            }
        }
        (
            IssueEvent::WithdrawnFromProduction { .. },
            State::Resolved(resolved) | State::Verified(Verified { resolved, .. }),
        ) => resolved.in_production = None,
        _ => {}
    }
}

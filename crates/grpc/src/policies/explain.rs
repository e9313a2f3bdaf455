//! "Why this target?"

use api::policies::v1::{
    ExplainTargetRequest, ExplainTargetResponse, Mismatch as Wire, PassedOver, Rechosen, SeverityOrigin, TargetReason,
};
use domain::clocks::{Chosen, Cycle, Ledger, Noted, clocks};
use domain::ids::IssueKey;
use domain::issue::Issue;
use domain::policy::{Clock, Mismatch, Ruling};
use domain::project::Project;
use jiff::Timestamp;
use tonic::Status;

use super::{Policies, show};
use crate::call::token_at;
use crate::fields::{Faults, stamp};
use crate::{issues, projects, status};

/// Why the clocks of an issue have the targets they have.
pub(super) async fn explain(of: &Policies, message: &ExplainTargetRequest) -> Result<ExplainTargetResponse, Status> {
    let mut faults = Faults::default();
    let key = faults.required("key", &message.key, IssueKey::parse);
    let key = faults.finish(key)?;
    let subject = issues::subject(&key);
    let found = of.commands.find_issue(&key).await;
    let found = found.map_err(|error| status::command_error(&error, &subject))?;
    let none = || status::refused(&domain::Rejection::NoSuchIssue, &subject);
    let (issue, at) = found.map(|found| (found.state, found.at)).ok_or_else(none)?;
    let project = projects::find(&of.commands, &key.project).await?.state;
    let now = of.environment.now();
    let counted = clocks(&issue.ledger, &project.terms(), now);
    let current = Clock::ALL.into_iter().filter_map(|clock| counted.current(clock));
    Ok(ExplainTargetResponse {
        key: key.to_string(),
        clocks: current.map(|cycle| reason(cycle, &issue, &project, counted.now)).collect(),
        in_force: project.policies.in_force(now).version,
        exempt: counted.exempt,
        consistency_token: token_at(&at),
    })
}

fn reason(cycle: &Cycle, issue: &Issue, project: &Project, now: Timestamp) -> TargetReason {
    let Chosen { at, subject, .. } = &cycle.chosen;
    let ruling = project.policies.rules_at(cycle.version, cycle.chosen.place(), subject);
    let calendar = ruling.map(|ruling| ruling.calendar());
    let why = ruling.map(|ruling| ruling.why(subject));
    let passed_over = why.as_ref().map(|why| &why.passed_over[..]).unwrap_or_default();
    TargetReason {
        clock: show::clock(cycle.clock).into(),
        cycle: cycle.number,
        target: cycle.plan.as_ref().map(|plan| show::target(plan.target)),
        calendar: calendar.map(|(id, _)| id.to_string()).unwrap_or_default(),
        calendar_version: calendar.map(|(_, version)| version).unwrap_or_default(),
        severity: cycle.severity.to_string(),
        severity_origin: origin(&issue.ledger).into(),
        policy_version: cycle.version,
        effective_from: ruling
            .map(|ruling| ruling.policy.effective_from)
            .filter(|from| *from > Timestamp::MIN)
            .map(stamp),
        started_at: Some(stamp(cycle.start)),
        selector: why.as_ref().and_then(|why| why.selector.as_ref()).map(ToString::to_string).unwrap_or_default(),
        passed_over: passed_over.iter().map(|(name, mismatch)| passed(name.to_string(), *mismatch)).collect(),
        target_in_force: in_force(cycle, project, now).map(show::target),
        chosen_at: Some(stamp(*at)),
        component: subject.component.as_ref().map(ToString::to_string).unwrap_or_default(),
        rechosen: rechosen(cycle, project),
    }
}

/// What its policy would say of a cycle that has not ended, if its deadline were set anew: where the issue is another by now than it was then.
fn rechosen(cycle: &Cycle, project: &Project) -> Option<Rechosen> {
    let (chosen, present) = (&cycle.chosen, &cycle.subject);
    if cycle.ended_at().is_some() || chosen.subject == *present {
        return None;
    }
    let ruling = project.policies.rules_at(cycle.version, chosen.place(), present);
    let selector = ruling.and_then(|ruling| ruling.why(present).selector);
    Some(Rechosen {
        component: present.component.as_ref().map(ToString::to_string).unwrap_or_default(),
        severity: present.severity.to_string(),
        selector: selector.as_ref().map(ToString::to_string).unwrap_or_default(),
        target: ruling.and_then(|ruling| ruling.rules.targets.of(cycle.clock)).map(show::target),
    })
}

/// What the policy in force now would give a cycle that is ruled by another.
fn in_force(cycle: &Cycle, project: &Project, now: Timestamp) -> Option<domain::policy::Target> {
    let present = project.policies.in_force(now);
    let ruling: Ruling<'_> = present.rules(&cycle.subject)?;
    // A rebase moves no breach.
    let concerns = cycle.ended_at().is_none() && cycle.breach.is_none() && present.version != cycle.version;
    ruling.rules.targets.of(cycle.clock).filter(|_| concerns)
}

/// Where the severity comes from that rules an issue's clocks.
fn origin(ledger: &Ledger) -> SeverityOrigin {
    let mut origin = SeverityOrigin::Default;
    for note in ledger.notes() {
        match &note.what {
            Noted::Filed { severity: Some(_), .. } => origin = SeverityOrigin::Reporter,
            Noted::Triaged { severity: Some(_), .. } | Noted::SeverityChanged { .. } => return SeverityOrigin::Triage,
            _ => {}
        }
    }
    origin
}

fn passed(selector: String, mismatch: Mismatch) -> PassedOver {
    let mismatch = match mismatch {
        Mismatch::Component => Wire::Component,
        Mismatch::Source => Wire::Source,
        Mismatch::Tier => Wire::Tier,
        Mismatch::Severity => Wire::Severity,
    };
    PassedOver { selector, mismatch: mismatch.into() }
}

//! Past months as if a policy had been in force all along, beside what really happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::policies::v1 as wire;
use api::policies::v1::try_policy_response::Step;
use api::policies::v1::{TryPolicyRequest, TryPolicyResponse};
use domain::clocks::Verdict;
use domain::ids::SeverityId;
use domain::policy::{Clock, Policies, Policy};
use domain::project::Project;
use domain::trial::{Comparison, Outcome, compared};
use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tonic::Status;

use super::show;
use super::walk::Walk;
use crate::fields::{Faults, stamp};
use crate::limits::{FLOW_DAYS_DEFAULT, FLOW_DAYS_MAX};

/// So many cycles whose verdict would have been another are told of.
const DIFFERENCES_MAX: usize = 100;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// From its first instant up to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) since: Timestamp,
    until: Timestamp,
}

/// What of a month, a severity and a clock.
type Cell = (Date, SeverityId, Clock);

/// A trial under way.
struct Trial {
    project: Arc<Project>,
    policy: Policy,
    /// Only the policy that is tried.
    tried: Policies,
    window: Window,
    now: Timestamp,
    walk: Walk,
    issues: u64,
    rows: BTreeMap<Cell, [wire::Verdicts; 2]>,
    differing: u64,
    /// The latest ones, by verdict, issue, clock and cycle.
    differences: BTreeMap<(Timestamp, String, Clock, u32), Comparison>,
    over: bool,
}

/// The window that a request asks for.
pub(super) fn window(faults: &mut Faults, message: &TryPolicyRequest, now: Timestamp) -> Window {
    let until = faults.time("until", message.until.as_ref()).unwrap_or(now);
    let since = faults.time("since", message.since.as_ref()).unwrap_or(until - DAY * FLOW_DAYS_DEFAULT);
    if since >= until {
        faults.add("since", "must be before until");
    } else if until.duration_since(since) > DAY * FLOW_DAYS_MAX {
        faults.add("since", format!("must be at most {FLOW_DAYS_MAX} days before until"));
    }
    Window { since, until }
}

/// How far it is, then what was found.
pub(super) fn stream(
    project: Arc<Project>,
    policy: Policy,
    walk: Walk,
    window: Window,
    now: Timestamp,
) -> BoxStream<'static, Result<TryPolicyResponse, Status>> {
    let trial = Trial {
        project,
        tried: Policies::only(policy.clone()),
        policy,
        window,
        now,
        walk,
        issues: 0,
        rows: BTreeMap::new(),
        differing: 0,
        differences: BTreeMap::new(),
        over: false,
    };
    stream::try_unfold(trial, |mut trial| async move {
        let step = trial.next().await?;
        Ok::<_, Status>(step.map(|step| (TryPolicyResponse { step: Some(step) }, trial)))
    })
    .boxed()
}

impl Window {
    fn holds(&self, at: Option<Timestamp>) -> Option<Timestamp> {
        at.filter(|at| (self.since..self.until).contains(at))
    }
}

impl Trial {
    async fn next(&mut self) -> Result<Option<Step>, Status> {
        if self.over {
            return Ok(None);
        }
        let Some(issues) = self.walk.next().await? else {
            self.over = true;
            return Ok(Some(Step::Trial(self.found())));
        };
        for (key, ledger) in issues {
            self.issues += 1;
            let issue = key.to_string();
            for one in compared(&ledger, &self.project.terms(), &self.tried, self.now) {
                self.count(&issue, one);
            }
        }
        Ok(Some(Step::Progress(wire::TrialProgress { issues: self.issues })))
    }

    fn count(&mut self, issue: &str, one: Comparison) {
        for (side, outcome) in [one.actual, one.tried].iter().enumerate() {
            let Some(at) = self.window.holds(outcome.at) else { continue };
            let row = self.rows.entry((month(at), one.severity.clone(), one.clock)).or_default();
            let counted = &mut row[side];
            match outcome.verdict {
                Some(Verdict::Met) => counted.met += 1,
                Some(Verdict::Breached) => counted.breached += 1,
                None => counted.without_target += 1,
            }
        }
        let at = self.window.holds(one.actual.at).max(self.window.holds(one.tried.at));
        let Some(at) = at.filter(|_| one.actual.verdict != one.tried.verdict) else { return };
        self.differing += 1;
        self.differences.insert((at, issue.to_owned(), one.clock, one.cycle), one);
        if self.differences.len() > DIFFERENCES_MAX {
            self.differences.pop_first();
        }
    }

    fn found(&mut self) -> wire::Trial {
        let mut totals: BTreeMap<Clock, [wire::Verdicts; 2]> = BTreeMap::new();
        for ((.., clock), counted) in &self.rows {
            let total = totals.entry(*clock).or_default();
            total.iter_mut().zip(counted).for_each(|(total, counted)| add(total, counted));
        }
        let totals = totals.into_iter().map(|(clock, [actual, tried])| wire::TrialRow {
            clock: show::clock(clock).into(),
            actual: Some(actual),
            tried: Some(tried),
            ..wire::TrialRow::default()
        });
        let rows = std::mem::take(&mut self.rows).into_iter().map(|((month, severity, clock), [actual, tried])| {
            let month = month.to_zoned(TimeZone::UTC).ok().map(|month| stamp(month.timestamp()));
            let (severity, clock) = (severity.to_string(), show::clock(clock).into());
            wire::TrialRow { month, severity, clock, actual: Some(actual), tried: Some(tried) }
        });
        let differences = std::mem::take(&mut self.differences).into_iter().rev();
        wire::Trial {
            policy: Some(show::version(&self.policy)),
            rows: rows.collect(),
            totals: totals.collect(),
            differences: differences.map(|((_, issue, ..), one)| difference(issue, &one)).collect(),
            differing: self.differing,
            issues: self.issues,
            since: Some(stamp(self.window.since)),
            until: Some(stamp(self.window.until)),
        }
    }
}

fn month(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date().first_of_month()
}

fn add(total: &mut wire::Verdicts, counted: &wire::Verdicts) {
    total.met += counted.met;
    total.breached += counted.breached;
    total.without_target += counted.without_target;
}

fn difference(issue: String, one: &Comparison) -> wire::TrialDifference {
    let verdict = |outcome: &Outcome| match outcome.verdict {
        Some(Verdict::Met) => wire::Verdict::Met,
        Some(Verdict::Breached) => wire::Verdict::Breached,
        None => wire::Verdict::Unspecified,
    };
    wire::TrialDifference {
        issue,
        clock: show::clock(one.clock).into(),
        cycle: one.cycle,
        severity: one.severity.to_string(),
        actual: verdict(&one.actual).into(),
        tried: verdict(&one.tried).into(),
        ended_at: one.ended_at.map(stamp),
        actual_deadline: one.actual.deadline.map(stamp),
        tried_deadline: one.tried.deadline.map(stamp),
        spare: one.tried.spare.map(show::duration),
    }
}

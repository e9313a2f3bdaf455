//! A bug becomes facts, in order: pure, and the same whenever it is asked, so that an import can be run again.
//!
//! Bugzilla's history tells what each field was and became. [`Planner`] follows it moment by moment, remembers what Snaglog has been told so far, and
//! tells it the difference as soon as its state allows: an assignee, say, only from triage on. What maps to nothing is counted under a reason.

mod conversation;
mod flags;
mod kind;
mod moment;
mod own;
mod path;
mod settle;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{BTreeMap, HashMap};

use api::imports::v1::FiledFact;
use api::imports::v1::import_fact_request::Fact;
use api::issues::v1::Report;
use jiff::Timestamp;
use uuid::Uuid;

use self::flags::Questions;
pub(super) use self::kind::kind;
use self::moment::{Moment, at_filing, moments, status_at_filing};
use self::path::{End, Stand};
use super::record::{Bug, Change, name};
use super::vocabulary::{self, Fitted, Severities, Severity, Status};

/// How often something was done or left out, by reason.
pub(super) type Tally = BTreeMap<String, u64>;

/// A fact to be imported.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PlannedFact {
    /// The same each time this bug is planned.
    pub(super) request_id: Uuid,
    pub(super) occurred_at: Timestamp,
    pub(super) actor: String,
    /// True: Bugzilla skipped this step.
    pub(super) implied: bool,
    /// True: it brings the issue to the bug's own fields, at a time that nothing tells.
    pub(super) closing: bool,
    pub(super) fact: Fact,
}

/// What becomes of a bug.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In their order; the filing first.
    pub(super) facts: Vec<PlannedFact>,
    /// Changes that became facts, by field; each flag of a change is one.
    pub(super) told: Tally,
    /// Changes that map to nothing.
    pub(super) skipped: Tally,
    /// What was changed to fit.
    pub(super) adjusted: Tally,
}

/// What becomes of this bug in this project.
pub(super) fn plan(bug: &Bug, severities: &Severities, project: &str) -> Plan {
    let mut adjusted = Tally::new();
    let filed_at = bug.filed_at().unwrap_or_default();
    let moments = moments(bug, filed_at, &mut adjusted);
    let mut planner = Planner::new(bug, severities, project, &moments);
    planner.at = filed_at;
    planner.plan.adjusted = adjusted;
    planner.file(status_at_filing(&moments, bug));
    for moment in &moments {
        planner.follow(moment);
    }
    planner.finish();
    planner.plan
}

/// What an issue has beside its state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Said {
    severity: Option<String>,
    component: String,
    assignee: String,
}

/// Follows a bug's history.
struct Planner<'a> {
    bug: &'a Bug,
    severities: &'a Severities,
    namespace: Uuid,
    plan: Plan,
    taken: HashMap<String, u32>,
    /// True: the history is over, and the bug's own fields are reached for.
    closing: bool,
    at: Timestamp,
    by: String,
    /// Where the issue stands in Snaglog, and what it has been told of it.
    stand: Stand,
    ended: Option<End>,
    told: Said,
    /// What Bugzilla says at this moment.
    now: Said,
    status: Option<Status>,
    resolution: String,
    questions: Questions,
    tests: Tests,
}

/// The flag `in-testsuite+`: it may stand before there is a resolution that it could belong to.
#[derive(Debug, Default)]
struct Tests {
    /// Who set it, while it stands.
    set_by: Option<String>,
    /// True: the present resolution has it.
    told: bool,
    /// True: it was set, and could not be told yet.
    waiting: bool,
}

impl<'a> Planner<'a> {
    fn new(bug: &'a Bug, severities: &'a Severities, project: &str, moments: &[Moment<'_>]) -> Self {
        let namespace =
            Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("snaglog:import/{project}/bugzilla:{}", bug.id).as_bytes());
        let first = |field: &str| at_filing(moments, field);
        let now = Said {
            severity: known(severities.of(first("severity").unwrap_or(&bug.severity))),
            component: vocabulary::component(first("component").unwrap_or(&bug.component)),
            assignee: vocabulary::person(first("assigned_to").or(bug.assignee.as_deref()).unwrap_or_default()),
        };
        Self {
            bug,
            severities,
            namespace,
            plan: Plan::default(),
            taken: HashMap::new(),
            closing: false,
            at: Timestamp::default(),
            by: vocabulary::actor(&bug.creator),
            stand: Stand::New { triaged: false },
            ended: None,
            told: Said::default(),
            now,
            status: None,
            resolution: first("resolution").map(name).unwrap_or_default(),
            questions: Questions::default(),
            tests: Tests::default(),
        }
    }

    /// The filing, and how far the bug had come with it.
    fn file(&mut self, status: Status) {
        let (title, details) = self.texts();
        let filed = FiledFact {
            title,
            raised_by: self.opener(),
            report: Some(Report { details, ..Report::default() }),
            reported_severity: self.now.severity.clone().unwrap_or_default(),
            component: self.now.component.clone(),
        };
        let by = self.by.clone();
        self.push(Fact::Filed(filed), &by, false);
        self.told.component.clone_from(&self.now.component);
        let moment = Moment::of(self.at, &by, "assigned_to");
        self.step_to(status, &by, &moment, true);
        self.settle(&moment);
    }

    fn texts(&mut self) -> (String, String) {
        let (mut title, cut) = vocabulary::title(&self.bug.summary);
        let (details, fitted) = if cut {
            self.adjust("summary: over 200 characters, whole in the details");
            vocabulary::text(&format!("{}\n\n{}", self.bug.summary, self.bug.description))
        } else {
            vocabulary::text(&self.bug.description)
        };
        if title.is_empty() {
            self.adjust("summary: empty");
            title = format!("Bug {} without a summary", self.bug.id);
        }
        match fitted {
            Fitted::Whole => {}
            Fitted::Cut => self.adjust("description: over 64 KiB, cut"),
            Fitted::ControlsLeftOut => self.adjust("description: control characters left out"),
        }
        (title, details)
    }

    /// All that changed at one moment: answers first, then what changes the state, then questions.
    fn follow(&mut self, moment: &Moment<'_>) {
        self.at = moment.at;
        moment.by.clone_into(&mut self.by);
        let before = self.told.clone();
        for (who, change) in moment.changes() {
            self.note(who, change);
        }
        self.answer(moment);
        let turns = moment.turns();
        let ends = turns.iter().filter_map(|turn| turn.status).next_back().is_some_and(|change| is_over(&change.added));
        if ends {
            self.ask(moment);
        }
        self.settle(moment);
        self.walk(moment, &turns);
        self.settle(moment);
        if !ends {
            self.ask(moment);
        }
        if self.tests.waiting && self.stand.is_fixed() {
            self.tell_tests();
        }
        self.count_untold(moment, &before);
    }

    /// What Bugzilla says from this change on.
    fn note(&mut self, who: &str, change: &Change) {
        match change.field.as_str() {
            "severity" => self.now.severity = known(self.severities.of(&change.added)),
            "component" => self.now.component = vocabulary::component(&change.added),
            "assigned_to" => self.now.assignee = vocabulary::person(&change.added),
            "flagtypes.name" => self.flag(who, change),
            // The steps follow these two.
            "status" | "resolution" => {}
            other => self.skip(other),
        }
    }

    fn push(&mut self, fact: Fact, actor: &str, implied: bool) {
        let kind = kind(&fact);
        let told = if implied { "implied" } else { "told" };
        let name =
            if self.closing { self.name_closing(&fact) } else { format!("{} {kind} {told}", self.at.as_microsecond()) };
        let nth = self.taken.entry(name.clone()).or_default();
        let request_id = Uuid::new_v5(&self.namespace, format!("{name} {nth}").as_bytes());
        *nth += 1;
        let (occurred_at, closing) = (self.at, self.closing);
        let actor = actor.to_owned();
        self.plan.facts.push(PlannedFact { request_id, occurred_at, actor, implied, closing, fact });
    }

    fn count_told(&mut self, field: &str) {
        *self.plan.told.entry(field.to_owned()).or_default() += 1;
    }

    fn skip(&mut self, reason: &str) {
        self.skip_times(reason, 1);
    }

    fn skip_times(&mut self, reason: &str, times: u64) {
        if times > 0 {
            *self.plan.skipped.entry(reason.to_owned()).or_default() += times;
        }
    }

    fn adjust(&mut self, what: &str) {
        *self.plan.adjusted.entry(what.to_owned()).or_default() += 1;
    }
}

fn known(severity: Severity) -> Option<String> {
    match severity {
        Severity::Is(own) => Some(own),
        Severity::NotSet | Severity::Unknown => None,
    }
}

fn is_over(status: &str) -> bool {
    matches!(vocabulary::status(&name(status)), Some(Status::Resolved | Status::Verified | Status::Closed))
}

//! The bug's own fields, at the end: where the history does not lead there, the issue is brought there, or that is counted.

use api::imports::v1::import_fact_request::Fact;

use super::moment::Moment;
use super::path::Stand;
use super::{Planner, Said, is_over};
use crate::client::import::bugzilla::vocabulary::{self, Severity};

const NOT_THERE: &str = "not where the history leads";

impl Planner<'_> {
    /// Brings the issue to the bug's own status, severity, component and assignee.
    pub(super) fn finish(&mut self) {
        let by = self.by.clone();
        self.closing = true;
        self.reach_status(&by);
        let led = self.now.clone();
        let own = self.own();
        self.now = Said {
            severity: own.severity.clone().or(self.now.severity.take()),
            component: own.component.clone().unwrap_or_else(|| std::mem::take(&mut self.now.component)),
            assignee: own.assignee.clone().unwrap_or_else(|| std::mem::take(&mut self.now.assignee)),
        };
        self.settle(&Moment::nothing(self.at, &by));
        self.count_own(&own, &led);
        self.forget_earlier_targets();
        self.skip_times("flagtypes.name: in-testsuite+, never resolved", self.tests.waiting.into());
        self.skip_times("comments", self.bug.comments);
        self.skip_times("history: not understood", self.bug.malformed);
    }

    /// A closing fact's name in request ids: without its time, which any change moves, so that it stays one fact until its own field changes.
    pub(super) fn name_closing(&self, fact: &Fact) -> String {
        let (field, value) = match fact {
            Fact::SeverityChanged(to) => ("severity", to.severity.clone()),
            Fact::ComponentChanged(to) => ("component", to.component.clone()),
            Fact::Assigned(to) => ("assigned_to", to.assignee.clone()),
            _ => ("status", format!("{} {}", self.bug.status, self.bug.resolution)),
        };
        let changes = self.bug.history.iter().flat_map(|entry| &entry.changes);
        let times = changes.filter(|change| change.field == field).count();
        format!("closing {} {times} {value}", super::kind(fact))
    }

    fn reach_status(&mut self, by: &str) {
        if self.bug.status.is_empty() {
            return;
        }
        let Some(status) = vocabulary::status(&self.bug.status) else {
            return self.skip(&format!("its own status: {} is unknown", self.bug.status));
        };
        if !self.bug.resolution.is_empty() {
            self.resolution.clone_from(&self.bug.resolution);
        }
        if is_over(&self.bug.status) && self.stand.is_open() {
            self.at = self.at.max(self.bug.last_resolved.unwrap_or(self.at));
        }
        if self.step_to(status, by, &Moment::nothing(self.at, by), true) {
            self.adjust(&format!("status: {NOT_THERE}"));
        }
    }

    /// What the bug says of itself. Words that map to nothing are counted.
    fn own(&mut self) -> Own {
        let (bug, severity) = (self.bug, self.severities.of(&self.bug.severity));
        let component = vocabulary::component(&bug.component);
        let assignee = bug.assignee.as_deref().map(|name| (name, vocabulary::person(name)));
        if severity == Severity::Unknown {
            self.skip(&format!("its own severity: {} is unknown", bug.severity));
        }
        if severity == Severity::NotSet && !bug.severity.is_empty() && self.told.severity.is_some() {
            self.skip("its own severity: set to none");
        }
        if component.is_empty() && !bug.component.is_empty() {
            self.skip(&format!("its own component: {} makes no id", bug.component));
        }
        let unnamed = |(name, id): &(&str, String)| id.is_empty() && !vocabulary::is_nobody(name);
        if let Some((name, _)) = assignee.as_ref().filter(|assignee| unnamed(assignee)) {
            self.skip(&format!("its own assigned_to: {name} makes no id"));
        }
        Own {
            severity: super::known(severity),
            component: Some(component).filter(|component| !component.is_empty()),
            assignee: assignee.filter(|assignee| !unnamed(assignee)).map(|(_, id)| id),
        }
    }

    /// Counts what was brought elsewhere than its history leads, and what could not be brought there.
    fn count_own(&mut self, own: &Own, led: &Said) {
        let reported = match self.plan.facts.first().map(|filing| &filing.fact) {
            Some(Fact::Filed(filed)) => Some(filed.reported_severity.clone()),
            _ => None,
        };
        let untriaged = self.stand == Stand::New { triaged: false };
        let late = |why| if untriaged { "before triage" } else { why };
        let over = "after it was closed or dismissed";
        let fields = [
            // What was reported needs no triage.
            ("severity", &own.severity, &led.severity, self.told.severity.clone().or(reported), late(over)),
            ("component", &own.component, &Some(led.component.clone()), Some(self.told.component.clone()), over),
            (
                "assigned_to",
                &own.assignee,
                &Some(led.assignee.clone()),
                Some(self.told.assignee.clone()),
                late("after it was resolved"),
            ),
        ];
        for (field, own, led, told, why_not) in fields {
            if own.is_none() {
                continue;
            }
            if told != *own {
                self.skip(&format!("its own {field}: {why_not}"));
            } else if led != own {
                self.adjust(&format!("{field}: {NOT_THERE}"));
            }
        }
    }
}

/// What a bug says of itself; `None`: nothing.
struct Own {
    severity: Option<String>,
    component: Option<String>,
    assignee: Option<String>,
}

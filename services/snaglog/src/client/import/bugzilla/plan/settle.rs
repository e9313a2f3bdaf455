//! Severity, component and assignee: told as soon as the state takes them.

use api::imports::v1::import_fact_request::Fact;
use api::imports::v1::{AssignedFact, ComponentFact, SeverityFact};

use super::moment::Moment;
use super::path::Stand;
use super::{Planner, Said};
use crate::client::import::bugzilla::record::Change;
use crate::client::import::bugzilla::vocabulary::{self, Severity};

impl Planner<'_> {
    /// Tells Snaglog what it can take in its present state and does not know yet. Implied where it was not changed at this moment.
    pub(super) fn settle(&mut self, moment: &Moment<'_>) {
        if self.stand.takes_component() && !self.now.component.is_empty() && self.told.component != self.now.component {
            let component = self.now.component.clone();
            self.told.component.clone_from(&component);
            self.tell("component", moment, Fact::ComponentChanged(ComponentFact { component }));
        }
        if let Some(severity) = self.now.severity.clone()
            && self.stand.takes_severity()
            && self.told.severity.as_ref() != Some(&severity)
        {
            self.told.severity = Some(severity.clone());
            self.tell("severity", moment, Fact::SeverityChanged(SeverityFact { severity }));
        }
        if self.stand.takes_assignee() && self.told.assignee != self.now.assignee {
            let assignee = self.now.assignee.clone();
            self.told.assignee.clone_from(&assignee);
            self.tell("assigned_to", moment, Fact::Assigned(AssignedFact { assignee }));
        }
    }

    fn tell(&mut self, field: &str, moment: &Moment<'_>, fact: Fact) {
        let author = moment.author(field);
        self.push(fact, &vocabulary::actor(author.unwrap_or(moment.by)), author.is_none());
    }

    /// Counts the changes of this moment that were not told in it.
    pub(super) fn count_untold(&mut self, moment: &Moment<'_>, before: &Said) {
        let told = [
            ("severity", self.told.severity != before.severity),
            ("component", self.told.component != before.component),
            ("assigned_to", self.told.assignee != before.assignee),
        ];
        for (field, told) in told {
            let changes: Vec<&Change> = moment.of_field(field).map(|(_, change)| change).collect();
            if told && !changes.is_empty() {
                self.count_told(field);
            }
            for change in changes.iter().rev().skip(usize::from(told)) {
                let reason = self.untold(field, change, told);
                self.skip(&format!("{field}: {reason}"));
            }
        }
    }

    fn untold(&self, field: &str, change: &Change, again: bool) -> &'static str {
        let untriaged = self.stand == Stand::New { triaged: false };
        match field {
            _ if again => "changed again at the same moment",
            "severity" => match self.severities.of(&change.added) {
                Severity::NotSet => "set to none",
                Severity::Unknown => "a word that is unknown",
                Severity::Is(own) if self.told.severity.as_ref() == Some(&own) => "of the same rank in the project",
                Severity::Is(_) if untriaged => "before triage",
                Severity::Is(_) => "after it was closed or dismissed",
            },
            "component" if self.now.component.is_empty() => "set to none",
            "component" if self.told.component == self.now.component => "of the same name in the project",
            "component" => "after it was closed or dismissed",
            _ if self.told.assignee == self.now.assignee => "to the same person",
            _ if untriaged => "before triage",
            _ => "after it was resolved",
        }
    }
}

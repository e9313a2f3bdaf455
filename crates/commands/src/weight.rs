//! How much memory a state takes, estimated: by that the cache is bounded.
//!
//! Texts count by their bytes. What is shared with the state before is counted again: an estimate that errs errs upwards.

use domain::calendar::{Calendars, Defined};
use domain::clocks::Note;
use domain::issue::{Asked, CodeFix, DataFix, Fix, Issue, IssueRef, RaisedBy, Report, SourceKind, State};
use domain::policy::{Escalation, Policies, Policy, Selector, SeverityRules, When};
use domain::project::Project;
use domain::release::{Cargo, Release};
use domain::team::{Absence, Team};
use domain::{Fact, text::Text};

/// What an allocation costs beside its content: its header, its counters, its pointer.
const ALLOCATION_BYTES: usize = 48;
/// What an id and its place in a list or tree take, about.
const ID_BYTES: usize = 80;
/// Ids of an issue that are there as a rule: key, filer, severity, component, assignee, triage's severity and team.
const ISSUE_IDS: usize = 7;

/// Something whose memory is estimated.
pub(crate) trait Weight: Sized {
    /// Bytes on the heap, beside its own size.
    fn heap_bytes(&self) -> usize;

    /// Bytes altogether.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.heap_bytes()
    }
}

impl Weight for Issue {
    fn heap_bytes(&self) -> usize {
        let questions: usize = self
            .questions
            .iter()
            .map(|question| {
                let of = if matches!(question.of, Asked::Person(_)) { ID_BYTES } else { 0 };
                size_of_val(question) + of + text(Some(&question.text)) + ID_BYTES
            })
            .sum();
        let links: usize = self.links.iter().map(|link| size_of_val(link) + reference(&link.other)).sum();
        let ids = self.delegates.len() * 2 + self.causes.len() + self.watchers.len();
        string(self.title.as_str())
            + source(self)
            + self.origin.as_ref().map_or(0, |origin| string(&origin.system) + string(&origin.reference) + ID_BYTES)
            + report(&self.report)
            + self.workaround.as_ref().map_or(0, |workaround| text(Some(&workaround.text)))
            + state(&self.state)
            + self.ledger.notes().len() * (size_of::<Note>() + ID_BYTES)
            + questions
            + links
            + (ids + ISSUE_IDS) * ID_BYTES
    }
}

impl Weight for Project {
    fn heap_bytes(&self) -> usize {
        let severities: usize = self
            .scheme
            .severities
            .iter()
            .map(|severity| size_of_val(severity) + ID_BYTES + string(&severity.name) + string(&severity.definition))
            .sum();
        let people: usize = self.customers.values().map(|customer| customer.people.len() + 2).sum();
        let ids =
            self.components.len() * 2 + self.teams.len() + self.product_owners.len() + self.switched_off.len() + people;
        string(self.name.as_str())
            + severities
            + (ids + 2) * ID_BYTES
            + calendars(&self.calendars)
            + policies(&self.policies)
    }
}

fn policies(policies: &Policies) -> usize {
    let rules = |one: &SeverityRules| {
        size_of::<SeverityRules>() + 2 * ID_BYTES + one.rules.escalations.len() * (size_of::<Escalation>() + ID_BYTES)
    };
    let selector = |one: &Selector| {
        let When { components, sources, tiers } = &one.when;
        size_of::<Selector>() + (1 + components.len() + sources.len() + tiers.len()) * ID_BYTES
    };
    let policy = |policy: &Policy| {
        let rules: usize = policy.all_rules().map(rules).sum();
        let selectors: usize = policy.selectors.iter().map(selector).sum();
        size_of::<Policy>() + ALLOCATION_BYTES + policy.calendars.len() * ID_BYTES + rules + selectors
    };
    policies.all().iter().map(|one| policy(one)).sum()
}

/// The years that a version has compiled are not known: some, of some kilobytes each.
fn calendars(calendars: &Calendars) -> usize {
    const COMPILED_BYTES: usize = 32 * 1024;
    let weight = |Defined { calendar, .. }: &Defined| {
        let dates = calendar.definition().dates().values();
        let named: usize = dates.map(|day| size_of_val(day) + string(&day.name) + size_of_val(&*day.hours)).sum();
        ID_BYTES + calendar.zone().rules().len() + COMPILED_BYTES + named
    };
    calendars.ids().flat_map(|id| calendars.versions(&id).iter().map(weight).collect::<Vec<_>>()).sum()
}

impl Weight for Team {
    fn heap_bytes(&self) -> usize {
        (self.members.len() + 1) * ID_BYTES + self.away.len() * (size_of::<Absence>() + ID_BYTES)
    }
}

impl Weight for Release {
    fn heap_bytes(&self) -> usize {
        // As if nothing were shared by the release and its pushes.
        let cargo = |cargo: &Cargo| cargo.changes.len() + cargo.issues.len();
        let carried = cargo(&self.cargo) + self.pushes.iter().map(|push| cargo(&push.cargo)).sum::<usize>();
        (carried + self.environments.len() * 2 + self.pushes.len() + 1) * ID_BYTES
    }
}

fn string(string: &str) -> usize {
    ALLOCATION_BYTES + string.len()
}

fn text(text: Option<&Text>) -> usize {
    text.map_or(0, |text| string(text.as_str()))
}

fn report(report: &Report) -> usize {
    let Report { steps, actual, expected, details } = report;
    [steps, actual, expected, details].into_iter().map(|part| text(part.as_ref())).sum()
}

fn source(issue: &Issue) -> usize {
    let kind = match &issue.source.kind {
        Fact::Known(SourceKind::Security { advisories, package, affected }) => {
            advisories.iter().map(|advisory| string(advisory)).sum::<usize>() + string(package) + string(affected)
        }
        Fact::Known(SourceKind::System { monitor, fingerprint }) => string(monitor) + string(fingerprint),
        Fact::Known(SourceKind::Customer { .. } | SourceKind::ProductOwner { .. }) | Fact::NotKnown => ID_BYTES,
    };
    let raised_by = match &issue.source.raised_by {
        RaisedBy::System(system) => string(system),
        RaisedBy::Person(_) | RaisedBy::Nobody => ID_BYTES,
    };
    kind + raised_by + issue.source.reference.as_deref().map_or(0, string)
}

fn state(state: &State) -> usize {
    let resolved = match state {
        State::Resolved(resolved) => resolved,
        State::Verified(verified) => &verified.resolved,
        State::Closed(closed) => &closed.verified.resolved,
        State::New { .. } | State::Accepted | State::Dismissed(_) => return 2 * ID_BYTES,
    };
    let tests: usize = resolved.tests_added.iter().map(|test| string(test)).sum();
    // Resolver, confirmer, who named them, closer, release, who verified again.
    tests + resolved.fix.known().map_or(0, fix) + 6 * ID_BYTES
}

fn fix(fix: &Fix) -> usize {
    match fix {
        Fix::Code(code) => code_fix(code),
        Fix::Data(data) => data_fix(data),
        Fix::CodeAndData(code, data) => code_fix(code) + data_fix(data),
        Fix::Operation { action } => text(action.as_ref()),
        Fix::Explanation { explanation, topic } => text(explanation.as_ref()) + topic.as_deref().map_or(0, string),
    }
}

fn code_fix(code: &CodeFix) -> usize {
    let CodeFix { changes, tests, environment } = code;
    changes.len() * ID_BYTES
        + tests.iter().map(|test| string(test)).sum::<usize>()
        + environment.as_deref().map_or(0, string)
}

fn data_fix(data: &DataFix) -> usize {
    let DataFix { correction, tried_in } = data;
    [correction, tried_in].into_iter().map(|part| part.as_deref().map_or(0, string)).sum()
}

fn reference(other: &IssueRef) -> usize {
    match other {
        IssueRef::Issue { .. } => ID_BYTES,
        IssueRef::External(reference) => string(reference),
    }
}

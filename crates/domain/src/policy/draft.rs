//! A policy as somebody proposes it, and everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use jiff::Timestamp;

use super::check::{Surroundings, check_rules};
use super::{ESCALATIONS_MAX, LIST_MAX, Policy, SELECTORS_MAX, Selector, SeverityRules, find};
use crate::CLOCK_SKEW_MAX;
use crate::calendar::{Fault, Faults};
use crate::ids::CalendarId;
use crate::project::Project;

/// A policy as somebody proposes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// From when on it is to be in force; `None`: from its recording on.
    pub effective_from: Option<Timestamp>,
    /// What holds for each severity.
    pub severities: Vec<SeverityRules>,
    /// What holds instead in particular cases.
    pub selectors: Vec<Selector>,
    /// Which versions of calendars to count on. A calendar that isn't here is taken in its newest version.
    pub calendars: BTreeMap<CalendarId, u32>,
}

impl Draft {
    /// What the policy says, to be proposed once more.
    pub fn of(policy: &Policy) -> Self {
        Self {
            effective_from: None,
            severities: policy.severities.clone(),
            selectors: policy.selectors.clone(),
            calendars: policy.calendars.clone(),
        }
    }

    /// The project's next policy, or everything that is wrong with it, each fault with its place: `severities.sev2.mitigate`,
    /// `selectors[0].when.components[1]`, `effective_from`.
    pub fn read(self, project: &Project, now: Timestamp) -> Result<Policy, Faults> {
        let mut found = Found::default();
        let effective_from = self.effective_from(now, &mut found);
        let calendars = self.pinned(project, &mut found);
        let around = Surroundings { project, calendars: &calendars, from: effective_from };
        self.check_severities(&around, &mut found);
        self.check_selectors(&around, &mut found);
        if !found.0.is_empty() {
            return Err(Faults(found.0));
        }
        let severities = |mut severities: Vec<SeverityRules>| {
            severities.sort_by_key(|one| project.scheme.severities.iter().position(|known| known.id == one.severity));
            severities
        };
        let selectors = self.selectors.into_iter();
        Ok(Policy {
            version: project.policies.next_version(),
            effective_from,
            severities: severities(self.severities),
            selectors: selectors.map(|one| Selector { severities: severities(one.severities), ..one }).collect(),
            calendars: calendars.into_iter().map(|(id, calendar)| (id, calendar.version())).collect(),
        })
    }

    /// A moment that has just passed is now: clocks differ.
    fn effective_from(&self, now: Timestamp, found: &mut Found) -> Timestamp {
        let wanted = self.effective_from.unwrap_or(now);
        if now.duration_since(wanted) > CLOCK_SKEW_MAX {
            found.add("effective_from", format!("lies in the past: {wanted} is before {now}; what held then holds"));
        }
        wanted.max(now)
    }

    /// The calendars that the rules name, each in the version that is to be pinned.
    fn pinned(&self, project: &Project, found: &mut Found) -> BTreeMap<CalendarId, crate::calendar::Calendar> {
        let selected = self.selectors.iter().flat_map(|selector| &selector.severities);
        let named: BTreeSet<_> = self.severities.iter().chain(selected).map(|one| &one.rules.calendar).collect();
        for id in self.calendars.keys().filter(|id| !named.contains(id)) {
            found.add(format!("calendars.{id}"), "is named by no rules");
        }
        let mut pinned = BTreeMap::new();
        for id in named {
            let calendar = match self.calendars.get(id) {
                Some(version) => {
                    let known = project.calendars.version(id, *version);
                    if known.is_none() && project.calendars.latest(id).is_some() {
                        found.add(format!("calendars.{id}"), format!("has no version {version}"));
                    }
                    known
                }
                None => project.calendars.latest(id),
            };
            pinned.extend(calendar.map(|calendar| (id.clone(), calendar)));
        }
        pinned
    }

    fn check_severities(&self, around: &Surroundings<'_>, found: &mut Found) {
        check_rules("severities", &self.severities, around, found);
        for severity in around.project.scheme.in_use() {
            if find(&self.severities, &severity.id).is_none() {
                found.add(format!("severities.{}", severity.id), "has no rules, and is in use");
            }
        }
    }

    fn check_selectors(&self, around: &Surroundings<'_>, found: &mut Found) {
        found.at_most("selectors", self.selectors.len(), SELECTORS_MAX);
        for (n, selector) in self.selectors.iter().enumerate() {
            let place = format!("selectors[{n}]");
            let before = &self.selectors[..n];
            if before.iter().any(|earlier| earlier.name == selector.name) {
                found.add(format!("{place}.name"), format!("is {} a second time", selector.name));
            }
            selector.check_when(&place, around, found);
            if selector.severities.is_empty() {
                found.add(format!("{place}.severities"), "says nothing of any severity");
            }
            if let Some(earlier) = before.iter().find(|earlier| earlier.covers(selector)) {
                found.add(&place, format!("never matches: {} before it matches whatever it does", earlier.name));
            }
            check_rules(&format!("{place}.severities"), &selector.severities, around, found);
        }
    }
}

impl Selector {
    fn check_when(&self, place: &str, around: &Surroundings<'_>, found: &mut Found) {
        let when = &self.when;
        if when.is_empty() {
            found.add(format!("{place}.when"), "asks for nothing: give a component, a source or a tier");
        }
        found.at_most(&format!("{place}.when.components"), when.components.len(), LIST_MAX);
        found.at_most(&format!("{place}.when.tiers"), when.tiers.len(), LIST_MAX);
        for (n, component) in when.components.iter().enumerate() {
            if !around.project.components.contains_key(component) {
                let place = format!("{place}.when.components[{n}]");
                found.add(place, format!("is {component}, which the project doesn't have"));
            }
        }
    }

    /// Whether an issue that the other one matches is matched by this one.
    fn covers(&self, other: &Self) -> bool {
        fn asks_less<T: PartialEq>(this: &[T], other: &[T]) -> bool {
            this.is_empty() || (!other.is_empty() && other.iter().all(|one| this.contains(one)))
        }
        asks_less(&self.when.components, &other.when.components)
            && asks_less(&self.when.sources, &other.when.sources)
            && asks_less(&self.when.tiers, &other.when.tiers)
            && !other.severities.is_empty()
            && other.severities.iter().all(|one| find(&self.severities, &one.severity).is_some())
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Fault>);

impl Found {
    pub(super) fn add(&mut self, place: impl Display, problem: impl Into<String>) {
        self.0.push(Fault { place: place.to_string(), problem: problem.into() });
    }

    /// Where there is a problem.
    pub(super) fn extend(&mut self, place: impl Display, problem: Option<impl Into<String>>) {
        if let Some(problem) = problem {
            self.add(place, problem);
        }
    }

    pub(super) fn at_most(&mut self, place: &str, length: usize, max: usize) {
        if length > max {
            self.add(place, format!("has {length} elements, at most {max} are allowed"));
        }
    }
}

const _: () = assert!(ESCALATIONS_MAX <= LIST_MAX && SELECTORS_MAX <= LIST_MAX, "the edge takes lists of that length");

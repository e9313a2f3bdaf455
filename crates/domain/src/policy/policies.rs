//! All versions of a project's policy.

use std::sync::Arc;

use jiff::Timestamp;

use super::explain::Why;
use super::{Policy, Rules, Subject, find};
use crate::ids::CalendarId;
use crate::project::Scheme;

/// Every policy that a project has had, the default first. Cheap to clone: versions are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// The index is the version.
    versions: Vec<Arc<Policy>>,
    /// At which position of its partition each was recorded.
    positions: Vec<u64>,
}

/// What holds for an issue.
#[derive(Debug, Clone, Copy)]
pub struct Ruling<'a> {
    /// The policy that says so.
    pub policy: &'a Policy,
    /// What it says.
    pub rules: &'a Rules,
    /// The index of the selector that matched; `None`: the severity's own rules.
    pub selector: Option<usize>,
}

impl<'a> Ruling<'a> {
    /// The calendar on which it is counted, in the version that the policy pins.
    pub fn calendar(&self) -> (&'a CalendarId, u32) {
        let id = &self.rules.calendar;
        (id, self.policy.calendar_version(id).unwrap_or_default())
    }

    /// Why these rules hold for that issue.
    pub fn why(&self, subject: &Subject) -> Why {
        Why::of(self.policy, self.selector, subject)
    }
}

impl Policies {
    /// A project's before it adopts any: the default for its scheme.
    pub fn new(scheme: &Scheme) -> Self {
        Self { versions: vec![Arc::new(Policy::default_for(scheme))], positions: vec![0] }
    }

    /// As if nothing else had ever been in force: to try it. It is version 0.
    pub fn only(policy: Policy) -> Self {
        let policy = Policy { version: 0, effective_from: Timestamp::MIN, ..policy };
        Self { versions: vec![Arc::new(policy)], positions: vec![0] }
    }

    /// All versions, the oldest first.
    pub fn all(&self) -> &[Arc<Policy>] {
        &self.versions
    }

    /// The policy that was adopted last; before any was, the default.
    #[expect(clippy::expect_used, reason = "the default is there from the beginning")]
    pub fn latest(&self) -> &Policy {
        self.versions.last().expect("the default is always there")
    }

    /// The policy of that version.
    pub fn version(&self, version: u32) -> Option<&Policy> {
        self.versions.get(usize::try_from(version).ok()?).map(Arc::as_ref)
    }

    /// The version that the next policy to be adopted gets.
    #[expect(clippy::expect_used, reason = "a stream has fewer events than that")]
    pub fn next_version(&self) -> u32 {
        u32::try_from(self.versions.len()).expect("a project adopts fewer policies than fit in 32 bits")
    }

    /// The policy in force at an instant: of those that are effective by then the one that became so last; of two effective from the same instant,
    /// the one adopted later. It is known by that instant and does not change afterwards.
    pub fn in_force(&self, at: Timestamp) -> &Policy {
        self.in_force_for(at, u64::MAX)
    }

    /// The policy in force for what happened at an instant and was recorded at a position: one that is effective from that very instant, and was recorded
    /// after it, did not rule it.
    #[expect(clippy::expect_used, reason = "the default is there from the beginning")]
    pub fn in_force_for(&self, at: Timestamp, position: u64) -> &Policy {
        let known = self.versions.iter().zip(&self.positions).filter(|(_, recorded)| **recorded <= position);
        let effective = known.map(|(policy, _)| policy).filter(|policy| policy.effective_from <= at);
        effective
            .max_by_key(|policy| (policy.effective_from, policy.version))
            .expect("the default precedes every instant")
    }

    /// What that version says of an issue; `None`: there is no such version, or it says nothing of the severity.
    pub fn rules(&self, version: u32, subject: &Subject) -> Option<Ruling<'_>> {
        self.version(version)?.rules(subject)
    }

    /// What holds at an instant, of what was recorded at a position, for an issue whose cycle keeps that version: what the version says; where it says
    /// nothing of the severity, what the policy then in force says; where that does not either, the default. `None` only for a severity that was never in the project's scheme.
    pub fn rules_at(&self, version: u32, (at, position): (Timestamp, u64), subject: &Subject) -> Option<Ruling<'_>> {
        let then = || self.in_force_for(at, position).rules(subject);
        self.rules(version, subject).or_else(then).or_else(|| self.rules(0, subject))
    }

    /// The policy is adopted, under the next version, as if before all that was recorded.
    pub fn adopt(&mut self, policy: Policy) {
        self.adopt_at(policy, 0);
    }

    /// The policy is adopted, under the next version, by what was recorded at that position.
    pub fn adopt_at(&mut self, policy: Policy, position: u64) {
        let version = self.next_version();
        self.versions.push(Arc::new(Policy { version, ..policy }));
        self.positions.push(position);
    }

    /// The scheme has changed: severities new in it get their default rules in version 0, which rule until a policy names them. As no issue had them
    /// before, this moves no clock.
    pub fn scheme_changed(&mut self, scheme: &Scheme) {
        let default = Policy::default_for(scheme);
        let Some(known) = self.versions.first_mut().map(Arc::make_mut) else { return };
        for one in default.severities {
            if find(&known.severities, &one.severity).is_none() {
                known.severities.push(one);
            }
        }
    }
}

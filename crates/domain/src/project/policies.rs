//! Decides which policy is adopted, and what follows from a changed scheme for the policies that were.

use jiff::Timestamp;

use super::events::ProjectEvent;
use super::scheme::Scheme;
use super::state::Project;
use crate::Rejection;
use crate::policy::{Draft, Policy, SeverityRules};

/// The policy that would be in force then anyway is not adopted again. The default may be: it becomes the project's own.
pub(super) fn adopt(project: &Project, draft: Draft, now: Timestamp) -> Result<ProjectEvent, Rejection> {
    let policy = draft.read(project, now).map_err(|faults| Rejection::PolicyMalformed { faults })?;
    let present = project.policies.in_force(policy.effective_from);
    if present.version > 0 && present.says_the_same(&policy) {
        return Err(Rejection::SamePolicy { version: present.version });
    }
    Ok(ProjectEvent::PolicyAdopted { policy })
}

/// What follows of a new scheme: each policy that was adopted, and is in force or will be, is adopted anew where a severity in use has no rules in it,
/// with that severity's default rules. So no policy ever has a gap. The default policy has no version of its own for that.
pub(super) fn follow(
    project: Option<&Project>,
    event: &ProjectEvent,
    now: Timestamp,
) -> Result<Vec<ProjectEvent>, Rejection> {
    let (Some(project), ProjectEvent::SeveritySchemeChanged { scheme }) = (project, event) else {
        return Ok(Vec::new());
    };
    let mut after = project.clone();
    after.scheme = scheme.clone();
    let present = project.policies.in_force(now).version;
    let to_come = |policy: &Policy| policy.effective_from > now || policy.version == present;
    let mut followed = Vec::new();
    for policy in project.policies.all().iter().filter(|policy| policy.version > 0 && to_come(policy)) {
        let severities = completed(&policy.severities, scheme);
        if severities.len() > policy.severities.len() {
            let effective_from = Some(policy.effective_from.max(now));
            let draft = Draft { effective_from, severities, ..Draft::of(policy) };
            let policy = draft.read(&after, now).map_err(|faults| Rejection::PolicyMalformed { faults })?;
            after.policies.adopt(policy.clone());
            followed.push(ProjectEvent::PolicyAdopted { policy });
        }
    }
    Ok(followed)
}

/// The same rules in the scheme's order, and the default ones of severities in use that have none.
fn completed(severities: &[SeverityRules], scheme: &Scheme) -> Vec<SeverityRules> {
    let default = Policy::default_for(scheme).severities;
    let of = |severity: &crate::project::Severity| {
        let given = severities.iter().find(|one| one.severity == severity.id);
        let default = || default.iter().find(|one| one.severity == severity.id && !severity.retired);
        given.or_else(default).cloned()
    };
    scheme.severities.iter().filter_map(of).collect()
}

//! What becomes of the policy when the severities change: there is never one in use without rules.

use domain::Rejection;
use domain::policy::Target;
use domain::project::{Command, Project, ProjectEvent, Scheme};

use crate::given::{NOON, adopted, after, at, decide, draft, project, subject};

const LATER: &str = "2026-03-03T12:00:00Z";

fn four() -> Command {
    Command::ChangeSeverityScheme { scheme: Scheme::four() }
}

fn accept(project: &Project, version: u32, severity: &str) -> Option<Target> {
    let ruling = project.policies.rules_at(version, (at(LATER), u64::MAX), &subject(severity)).unwrap();
    ruling.rules.targets.accept
}

#[test]
fn under_the_default_a_new_severity_is_ruled_by_the_default() {
    let project = after(&project(), at(LATER), four());
    assert_eq!(project.policies.in_force(at(LATER)).version, 0);
    assert_eq!(accept(&project, 0, "sev4"), Some(Target::WorkingDays(5)));
}

#[test]
fn what_others_are_ruled_by_stays_as_it_was() {
    let mut scheme = Scheme::four();
    scheme.severities.rotate_right(1);
    let project = after(&project(), at(LATER), Command::ChangeSeverityScheme { scheme });
    assert_eq!(accept(&project, 0, "sev4"), accept(&project, 0, "sev1"), "the worst one now");
    assert_eq!(accept(&project, 0, "sev2"), accept(&crate::given::project(), 0, "sev2"));
}

#[test]
fn a_policy_is_adopted_anew_with_the_default_rules_of_what_is_new() {
    let mut own = draft();
    own.severities[1].rules.at_risk_percent = 60;
    let project = adopted(&project(), at(NOON), own.clone());
    let events = decide(&project, at(LATER), four()).unwrap();
    let [ProjectEvent::SeveritySchemeChanged { .. }, ProjectEvent::PolicyAdopted { policy }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((policy.version, policy.effective_from), (2, at(LATER)));
    assert_eq!(policy.severities[..3], own.severities);
    assert_eq!(policy.severities[3].severity.as_str(), "sev4");

    let project = after(&project, at(LATER), four());
    assert_eq!(project.policies.in_force(at(LATER)).version, 2);
    assert_eq!(
        accept(&project, 1, "sev4"),
        Some(Target::WorkingDays(5)),
        "a cycle of version 1 takes what is in force"
    );
}

#[test]
fn one_to_come_is_adopted_anew_for_its_time() {
    let april = at("2026-04-01T00:00:00Z");
    let mut own = draft();
    own.effective_from = Some(april);
    let project = after(&adopted(&project(), at(NOON), own), at(LATER), four());
    assert_eq!(project.policies.in_force(at(LATER)).version, 0);
    let then = project.policies.in_force(april);
    assert_eq!((then.version, then.severities.len()), (2, 4));
}

#[test]
fn retiring_a_severity_changes_no_policy_and_its_issues_keep_their_rules() {
    let project = adopted(&project(), at(NOON), draft());
    let mut scheme = Scheme::three();
    scheme.severities[0].retired = true;
    let events = decide(&project, at(LATER), Command::ChangeSeverityScheme { scheme: scheme.clone() }).unwrap();
    assert_eq!(events.len(), 1);
    let project = after(&project, at(LATER), Command::ChangeSeverityScheme { scheme });
    let mut without = draft();
    without.severities.remove(0);
    without.calendars.clear();
    let project = adopted(&project, at(LATER), without);
    assert_eq!(project.policies.rules(2, &subject("sev1")).map(|ruling| ruling.policy.version), None);
    assert_eq!(accept(&project, 2, "sev1"), accept(&crate::given::project(), 0, "sev1"));
}

#[test]
fn without_rules_for_a_severity_in_use_a_policy_is_refused() {
    let project = after(&project(), at(LATER), four());
    let Err(Rejection::PolicyMalformed { faults }) =
        decide(&project, at(LATER), Command::AdoptPolicy { draft: draft() })
    else {
        panic!()
    };
    assert_eq!(faults.to_string(), "severities.sev4 has no rules, and is in use");
}

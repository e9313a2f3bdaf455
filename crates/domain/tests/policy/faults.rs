//! A policy that can't be: every fault at once, each with its place and its reason.

use domain::Rejection;
use domain::calendar::{self, DraftDay};
use domain::policy::{Clock, Delivery, Draft, Escalation, Moment, Recipient, Selector, Target, When};
use domain::project::Command;
use jiff::SignedDuration;

use crate::given::{NOON, after, at, decide, draft, hours, of_component, of_tier, project, rules, selector, severity};

#[track_caller]
fn check(spoil: impl FnOnce(&mut Draft), expected: &[&str]) {
    let night = calendar::Draft {
        id: "night".into(),
        zone: "Europe/London".into(),
        week: vec![DraftDay { day: "mon".into(), hours: vec!["22:00-06:00".into()] }],
        ..calendar::Draft::default()
    };
    let project = after(&project(), at(NOON), Command::DefineCalendar { definition: night.read().unwrap() });
    let mut draft = draft();
    draft.calendars.clear();
    spoil(&mut draft);
    let told = match decide(&project, at(NOON), Command::AdoptPolicy { draft }) {
        Err(Rejection::PolicyMalformed { faults }) => faults.0.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    };
    assert_eq!(told, expected);
}

fn step(clock: Option<Clock>, after: SignedDuration, to: Recipient) -> Escalation {
    Escalation { clock, when: Moment::Breach, after, to }
}

#[test]
fn severities() {
    check(|_| {}, &[]);
    check(|draft| drop(draft.severities.remove(1)), &["severities.sev2 has no rules, and is in use"]);
    check(|draft| draft.severities.push(draft.severities[0].clone()), &["severities.sev1 stands there twice"]);
    check(
        |draft| draft.severities[2].severity = severity("sev9"),
        &[
            "severities.sev9 is no severity of the project; those are sev1, sev2, sev3",
            "severities.sev3 has no rules, and is in use",
        ],
    );
}

#[test]
fn calendars() {
    check(
        |draft| draft.severities[0].rules.calendar = "moon".parse().unwrap(),
        &["severities.sev1.calendar is moon, which the project doesn't have; it has 24x7, business, night"],
    );
    check(
        |draft| draft.calendars = [("business".parse().unwrap(), 7)].into(),
        &["calendars.business has no version 7"],
    );
    check(|draft| draft.calendars = [("night".parse().unwrap(), 1)].into(), &["calendars.night is named by no rules"]);
}

#[test]
fn targets_that_no_clock_could_meet() {
    let accept = |target: Target| move |draft: &mut Draft| draft.severities[2].rules.targets.accept = Some(target);
    let nothing = "severities.sev3.accept can never be met: it is no time at all";
    check(accept(Target::Working(SignedDuration::ZERO)), &[nothing]);
    check(accept(Target::Working(-hours(1))), &[nothing]);
    check(accept(Target::WorkingDays(0)), &[nothing]);
    check(
        accept(Target::Working(SignedDuration::from_millis(1500))),
        &["severities.sev3.accept must be whole seconds"],
    );
    let never =
        "severities.sev3.accept can never be reached: calendar business has not so much working time until 2199";
    check(accept(Target::Working(hours(1_000_000))), &[never]);
    check(accept(Target::WorkingDays(u32::MAX)), &[never]);
    // A hundred years round the clock are long, and can be counted; of office hours they would be four hundred.
    let century = Target::Working(hours(100 * 8766));
    check(|draft| draft.severities[0].rules.targets.resolve = Some(century), &[]);
    check(accept(century), &[never]);
    check(
        |draft| draft.severities[2].rules.calendar = "night".parse().unwrap(),
        &[
            "severities.sev3.accept can't be counted in working days: calendar night has intervals over midnight, which belong to two dates",
            "severities.sev3.resolve can't be counted in working days: calendar night has intervals over midnight, which belong to two dates",
        ],
    );
}

#[test]
fn targets_in_the_wrong_order() {
    let mitigate = |target: Target| move |draft: &mut Draft| draft.severities[1].rules.targets.mitigate = Some(target);
    check(mitigate(Target::WorkingDays(6)), &["severities.sev2.mitigate is later than resolve"]);
    check(mitigate(Target::WorkingDays(5)), &[]);
    check(mitigate(Target::Working(hours(41))), &["severities.sev2.mitigate is later than resolve"]);
    // Five working days from after closing time are 40 hours and the rest of a day.
    check(mitigate(Target::Working(hours(40))), &[]);
    check(
        |draft| draft.severities[0].rules.targets.accept = Some(Target::Working(hours(25))),
        &["severities.sev1.accept is later than resolve"],
    );
}

#[test]
fn shares_and_delays() {
    check(
        |draft| {
            draft.severities[0].rules.at_risk_percent = 0;
            draft.severities[1].rules.at_risk_percent = 100;
            draft.severities[1].rules.shifts_after = Some(SignedDuration::ZERO);
            draft.severities[2].rules.delivery = Delivery::PatchNow;
            draft.severities[2].rules.targets.resolve = None;
        },
        &[
            "severities.sev1.at_risk must be 1 to 99 percent; it is 0",
            "severities.sev2.at_risk must be 1 to 99 percent; it is 100",
            "severities.sev2.shifts_after must be more than nothing",
            "severities.sev3.delivery asks for a patch within the resolve target, and there is none",
        ],
    );
}

#[test]
fn escalations() {
    let known = step(None, hours(1), Recipient::Team("ops".parse().unwrap()));
    check(
        |draft| {
            draft.severities[2].rules.escalations = vec![
                known.clone(),
                known,
                step(None, -hours(1), Recipient::ProductOwners),
                step(Some(Clock::Mitigate), hours(0), Recipient::Assignee),
                step(None, hours(0), Recipient::Team("moon".parse().unwrap())),
                step(None, SignedDuration::from_millis(1), Recipient::OnShift),
            ];
        },
        &[
            "severities.sev3.escalations[1] stands there twice",
            "severities.sev3.escalations[2].after must not be negative",
            "severities.sev3.escalations[3].clock is mitigate, which has no target",
            "severities.sev3.escalations[4].to is team moon, which the project doesn't have",
            "severities.sev3.escalations[5].after must be whole seconds",
        ],
    );
    let many = |count| {
        move |draft: &mut Draft| {
            let step = |n| step(None, SignedDuration::from_mins(n), Recipient::OwnerTeam);
            draft.severities[0].rules.escalations = (0..count).map(step).collect();
        }
    };
    check(many(20), &[]);
    // Each step has its own time: in which order they stand there says nothing.
    let step = |after| step(None, hours(after), Recipient::OwnerTeam);
    check(|draft| draft.severities[0].rules.escalations = vec![step(2), step(1)], &[]);
    check(many(21), &["severities.sev1.escalations has 21 elements, at most 20 are allowed"]);
}

#[test]
fn selectors() {
    let sev2 = |name: &str, when: When| selector(name, when, "sev2", rules("sev2"));
    let wide = When { components: vec!["checkout".parse().unwrap()], ..of_tier("gold") };
    check(
        |draft| {
            draft.selectors = vec![
                sev2("gold", of_tier("gold")),
                sev2("gold", of_component("moon")),
                sev2("all", When::default()),
                Selector { severities: Vec::new(), ..sev2("silent", of_component("checkout")) },
                sev2("gold-checkout", wide),
                selector("odd", of_tier("gold"), "sev9", rules("sev2")),
            ];
        },
        &[
            "selectors[1].name is gold a second time",
            "selectors[1].when.components[0] is moon, which the project doesn't have",
            "selectors[2].when asks for nothing: give a component, a source or a tier",
            "selectors[3].severities says nothing of any severity",
            "selectors[4] never matches: gold before it matches whatever it does",
            "selectors[5].severities.sev9 is no severity of the project; those are sev1, sev2, sev3",
        ],
    );
}

#[test]
fn all_at_once() {
    check(
        |draft| {
            draft.effective_from = Some(at("2026-01-01T00:00:00Z"));
            draft.severities.remove(1);
            draft.severities[1].rules.calendar = "moon".parse().unwrap();
            draft.severities[1].rules.at_risk_percent = 0;
            draft.severities[1].rules.targets.resolve = Some(Target::WorkingDays(0));
        },
        &[
            "effective_from lies in the past: 2026-01-01T00:00:00Z is before 2026-03-02T12:00:00Z; what held then holds",
            "severities.sev3.calendar is moon, which the project doesn't have; it has 24x7, business, night",
            "severities.sev3.resolve can never be met: it is no time at all",
            "severities.sev3.at_risk must be 1 to 99 percent; it is 0",
            "severities.sev2 has no rules, and is in use",
        ],
    );
}

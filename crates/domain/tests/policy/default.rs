//! The policy of a project that has adopted none. It never changes: what was counted by it must be counted so again.

use domain::policy::{Clock, Policy, Target};
use domain::project::Scheme;

use crate::given::severity;

/// One line a severity: its targets, then calendar, pauses, delivery.
fn told(scheme: &Scheme) -> String {
    let policy = Policy::default_for(scheme);
    let target = |target: Option<Target>| match target {
        None => "none".to_owned(),
        Some(Target::Working(time)) => format!("{time:#}"),
        Some(Target::WorkingDays(days)) => format!("{days} days"),
    };
    let line = |one: &domain::policy::SeverityRules| {
        let rules = &one.rules;
        let targets: Vec<_> = Clock::ALL.iter().map(|clock| target(rules.targets.of(*clock))).collect();
        let pauses: Vec<_> =
            Clock::ALL.iter().filter(|clock| rules.pauses.of(**clock)).map(|clock| clock.as_str()).collect();
        format!(
            "{}: {}; {}; pauses {}; {:?}, {:?}, on top {}, shifts {:?}, at risk {}%",
            one.severity,
            targets.join(", "),
            rules.calendar,
            pauses.join("+"),
            rules.delivery,
            rules.entry,
            rules.on_top,
            rules.shifts_after.map(|after| after.as_hours()),
            rules.at_risk_percent,
        )
    };
    policy.severities.iter().map(line).collect::<Vec<_>>().join("\n")
}

const SEV1: &str = "sev1: 15m, 4h, 24h; 24x7; pauses ; PatchNow, Top, on top true, shifts Some(24), at risk 75%";
const SEV2: &str = "sev2: 4h, 2 days, 5 days; business; pauses accept+resolve; NextPush, BelowOnTop, on top false, shifts None, at risk 75%";
const SEV3: &str = "sev3: 2 days, none, 30 days; business; pauses accept+resolve; Planned, Bottom, on top false, shifts None, at risk 75%";
const SEV4: &str = "sev4: 5 days, none, none; business; pauses accept+resolve; Planned, Bottom, on top false, shifts None, at risk 75%";

#[test]
fn three_severities() {
    assert_eq!(told(&Scheme::three()), [SEV1, SEV2, SEV3].join("\n"));
}

#[test]
fn four_severities() {
    assert_eq!(told(&Scheme::four()), [SEV1, SEV2, SEV3, SEV4].join("\n"));
}

#[test]
fn a_scheme_of_ones_own_is_ruled_by_the_places_of_those_in_use() {
    let cut = |severities: usize| {
        let mut scheme = Scheme::four();
        scheme.severities.truncate(severities);
        scheme.default = severity("sev1");
        scheme
    };
    let sev = |id: &str, like: &str| like.replacen(&like[..4], id, 1);
    assert_eq!(told(&cut(1)), sev("sev1", SEV3));
    assert_eq!(told(&cut(2)), [SEV1, &sev("sev2", SEV3)].map(str::to_owned).join("\n"));

    let mut with_a_retired_one = Scheme::four();
    with_a_retired_one.severities[1].retired = true;
    let expected = [SEV1, SEV2, &sev("sev3", SEV2), &sev("sev4", SEV3)];
    assert_eq!(told(&with_a_retired_one), expected.join("\n"));
}

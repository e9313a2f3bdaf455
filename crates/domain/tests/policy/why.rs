//! Why these targets: the first selector that matches wins, and says so.

use domain::ids::SelectorId;
use domain::policy::{Draft, Mismatch, Rules, SourceWord, Subject, Target, When};

use crate::given::{
    NOON, adopted, at, draft, hours, of_component, of_tier, project, rules, selector, severity, subject,
};

fn within(hours_of: i64) -> Rules {
    let mut rules = rules("sev2");
    rules.targets.accept = Some(Target::Working(hours(hours_of)));
    rules
}

/// checkout 1 h, then security reports 2 h, then gold customers 3 h; all for sev2.
fn with_selectors() -> Draft {
    let security = When { sources: vec![SourceWord::Security], ..When::default() };
    let selectors = vec![
        selector("checkout", of_component("checkout"), "sev2", within(1)),
        selector("security", security, "sev2", within(2)),
        selector("gold", of_tier("gold"), "sev2", within(3)),
    ];
    Draft { selectors, ..draft() }
}

#[track_caller]
fn check(subject: &Subject, accept_hours: i64, selected: Option<&str>, passed_over: &[(&str, Mismatch)]) {
    let project = adopted(&project(), at(NOON), with_selectors());
    let ruling = project.policies.rules(1, subject).unwrap();
    assert_eq!(ruling.rules.targets.accept, Some(Target::Working(hours(accept_hours))));
    let why = ruling.why(subject);
    assert_eq!((why.version, why.selector.as_ref().map(SelectorId::as_str)), (1, selected));
    let told: Vec<_> = why.passed_over.iter().map(|(name, mismatch)| (name.as_str(), *mismatch)).collect();
    assert_eq!(told, passed_over);
}

#[test]
fn the_first_selector_that_matches_wins() {
    use Mismatch::{Component, Severity, Source, Tier};
    let plain = subject("sev2");
    let of_gold = Subject { tier: Some("gold".into()), ..plain.clone() };
    let in_checkout = Subject { component: Some("checkout".parse().unwrap()), ..of_gold.clone() };
    let security = Subject { source: Some(SourceWord::Security), ..of_gold.clone() };
    check(&plain, 4, None, &[("checkout", Component), ("security", Source), ("gold", Tier)]);
    check(&in_checkout, 1, Some("checkout"), &[]);
    check(&security, 2, Some("security"), &[("checkout", Component)]);
    check(&of_gold, 3, Some("gold"), &[("checkout", Component), ("security", Source)]);
    let of_silver = Subject { tier: Some("silver".into()), ..plain };
    check(&of_silver, 4, None, &[("checkout", Component), ("security", Source), ("gold", Tier)]);
    let worse = Subject { severity: severity("sev1"), ..in_checkout };
    let project = adopted(&project(), at(NOON), with_selectors());
    let why = project.policies.rules(1, &worse).unwrap().why(&worse);
    assert_eq!(why.passed_over[0], ("checkout".parse().unwrap(), Severity));
    assert_eq!(why.selector, None);
}

#[test]
fn of_several_lists_each_must_match_and_of_a_list_one() {
    let when = When {
        components: vec!["attic".parse().unwrap(), "checkout".parse().unwrap()],
        tiers: vec!["gold".into()],
        ..When::default()
    };
    let both = Subject { component: Some("checkout".parse().unwrap()), tier: Some("gold".into()), ..subject("sev2") };
    assert_eq!(when.mismatch(&both), None);
    assert_eq!(when.mismatch(&Subject { tier: None, ..both.clone() }), Some(Mismatch::Tier));
    assert_eq!(when.mismatch(&Subject { component: None, ..both }), Some(Mismatch::Component));
    assert_eq!(When::default().mismatch(&subject("sev1")), None);
}

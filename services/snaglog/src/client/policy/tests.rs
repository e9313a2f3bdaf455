//! Policies as files: what is written is read again, and every slip of the pen has its line and column.

use api::policies::v1 as proto;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::differences::{Difference, differences};
use super::file::{HELP, write};
use super::reading::{Read, read};

const FILE: &str = "\
severities:
  sev1:
    calendar: 24x7
    accept: 15m
    mitigate: 4h
    resolve: 24h
    at_risk: 80%
    on_top: true
    shifts_after: 24h
    entry: top
    delivery: patch now
    escalations:
      - { when: at risk, tell: on shift }
      - { clock: mitigate, when: breach, after: 30m, tell: 'team:ops' }
  sev2:
    calendar: business
    accept: 4h
    mitigate: 1 working day
    resolve: 5 working days
    pauses: [accept, resolve]
    entry: below on top
    delivery: next push
selectors:
  - name: gold-customers
    when:
      components: [checkout]
      tiers: [gold]
    severities:
      sev2:
        mitigate: 4h
        resolve: none
calendars:
  business: 3
";

fn policy(text: &str) -> proto::Policy {
    read("policy.yaml", text).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}")).policy
}

#[test]
fn a_file_says_what_a_policy_says() {
    let policy = policy(FILE);
    let [sev1, sev2] = &policy.severities[..] else { panic!("{policy:?}") };
    assert_eq!((sev1.at_risk_percent, sev1.on_top, sev1.pauses.len()), (Some(80), true, 0));
    assert_eq!((sev1.escalations.len(), sev2.escalations.len()), (2, 0));
    assert_eq!((sev2.at_risk_percent, sev2.on_top, sev2.pauses.len()), (None, false, 2));
    let gold = &policy.selectors[0];
    assert_eq!(
        (gold.name.as_str(), gold.when.as_ref().unwrap().tiers.as_slice()),
        ("gold-customers", &["gold".to_owned()][..])
    );
    let expected =
        proto::Rules { mitigate: Some(crate::client::target::parse("4h").unwrap()), resolve: None, ..sev2.clone() };
    assert_eq!(gold.severities, [expected], "all else as the severity has it");
    assert_eq!(policy.calendars, [proto::CalendarPin { calendar: "business".into(), version: 3 }]);
}

#[test]
fn the_help_shows_a_policy() {
    let lines: Vec<_> = HELP.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let text = lines.join("\n");
    assert_eq!(policy(&text).severities.len(), 1);
}

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(FILE.contains(from), "{from}");
    let faults = read("policy.yaml", &FILE.replacen(from, to, 1)).expect_err("it is no policy");
    assert_eq!(faults, expected);
}

#[test]
fn what_is_no_yaml_or_another_shape_is_told_with_its_place() {
    check(
        "    mitigate: 4h",
        "    mitgate: 4h",
        &[
            "policy.yaml:5:5: unknown field `mitgate`, expected one of calendar, accept, mitigate, resolve, pauses, at_risk, on_top, shifts_after, entry, delivery, escalations",
        ],
    );
    check(
        "selectors:",
        "selector:",
        &["policy.yaml:23:1: unknown field `selector`, expected one of severities, selectors, calendars"],
    );
    check("on_top: true", "on_top: perhaps", &["policy.yaml:8:13: invalid boolean"]);
    check(
        "    accept: 15m",
        "   accept: 15m",
        &["policy.yaml:4:4: while parsing a block mapping, did not find expected key"],
    );
    check("[accept, resolve]", "[accept, resolve", &["policy.yaml:21:10: illegal placement of ':' indicator"]);
    check("business: 3", "business: newest", &["policy.yaml:33:13: invalid u32"]);
    check("sev2:\n    calendar", "sev1:\n    calendar", &["policy.yaml:15:3: duplicate mapping key: sev1"]);
}

#[test]
fn words_that_mean_nothing_are_told_all_at_once() {
    let mut text = FILE.to_owned();
    for (from, to) in [
        ("accept: 15m", "accept: soon"),
        ("at_risk: 80%", "at_risk: most"),
        ("entry: top", "entry: first"),
        ("delivery: patch now", "delivery: at once"),
        ("shifts_after: 24h", "shifts_after: a day"),
        ("when: at risk", "when: too late"),
        ("tell: 'team:ops'", "tell: everybody"),
        ("    resolve: 5 working days\n", ""),
        ("    entry: below on top\n", ""),
        ("pauses: [accept, resolve]", "pauses: [accept, all]"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let target = "give `4h`, `1h 30m`, `2 working days` or `2wd`";
    let expected = [
        format!("policy.yaml:4:13: severities.sev1.accept: \"soon\" is no target; {target}, or `none`"),
        "policy.yaml:7:14: severities.sev1.at_risk: \"most\" is no share; give `75%`".to_owned(),
        format!("policy.yaml:9:19: severities.sev1.shifts_after: \"a day\" is no target; {target}, or `never`"),
        "policy.yaml:10:12: severities.sev1.entry: \"first\" is none of top, below on top, bottom".to_owned(),
        "policy.yaml:11:15: severities.sev1.delivery: \"at once\" is none of patch now, next push, planned".to_owned(),
        "policy.yaml:13:17: severities.sev1.escalations[0].when: \"too late\" is none of at risk, breach".to_owned(),
        "policy.yaml:14:60: severities.sev1.escalations[1].to: \"everybody\" is nobody; there are assignee, owner team, on shift, product owners, team:ID and person:ID".to_owned(),
        "policy.yaml:16:5: severities.sev2.entry is missing".to_owned(),
        "policy.yaml:16:5: severities.sev2.resolve is missing; `none` is no target".to_owned(),
        "policy.yaml:19:22: severities.sev2.pauses[1]: \"all\" is none of accept, mitigate, resolve".to_owned(),
    ];
    assert_eq!(read("policy.yaml", &text).expect_err("it is no policy"), expected);
}

#[test]
fn what_the_server_finds_is_shown_where_it_stands() {
    let read: Read = read("policy.yaml", FILE).unwrap();
    let cases = [
        (
            "policy.severities.sev2.mitigate",
            "is later than resolve",
            "policy.yaml:18:15: severities.sev2.mitigate is later than resolve",
        ),
        (
            "policy.severities.sev1.escalations[1].to",
            "is nobody",
            "policy.yaml:14:60: severities.sev1.escalations[1].to is nobody",
        ),
        (
            "policy.selectors[0].when.components[0]",
            "is unknown",
            "policy.yaml:26:20: selectors[0].when.components[0] is unknown",
        ),
        (
            "policy.selectors[0].severities.sev2.accept",
            "is late",
            "policy.yaml:30:9: selectors[0].severities.sev2.accept is late",
        ),
        ("policy.calendars.business", "has no version 3", "policy.yaml:33:13: calendars.business has no version 3"),
        ("policy.severities.sev3", "has no rules", "severities.sev3 has no rules"),
        ("effective_from", "lies in the past", "effective_from lies in the past"),
    ];
    for (field, fault, expected) in cases {
        assert_eq!(read.places.placed(field, fault), expected);
    }
}

#[test]
fn differences_are_told_by_their_places() {
    let from = policy(FILE);
    let changes = [
        ("mitigate: 1 working day\n", "mitigate: 2 working days\n"),
        ("pauses: [accept, resolve]", "pauses: [resolve]"),
        ("tiers: [gold]", "tiers: [gold, silver]"),
        ("    shifts_after: 24h\n", ""),
    ];
    let text = changes.iter().fold(FILE.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let text = text.replacen(
        "selectors:\n",
        "selectors:\n  - name: security\n    when: { sources: [security] }\n    severities: { sev2: { accept: 1h } }\n",
        1,
    );
    let told = differences(&from, &policy(&text)).unwrap();
    let difference =
        |place: &str, from: &str, to: &str| Difference { place: place.into(), from: from.into(), to: to.into() };
    let expected = [
        difference("severities.sev1.shifts_after", "24h", ""),
        difference("severities.sev2.mitigate", "1 working day", "2 working days"),
        difference("severities.sev2.pauses", "accept, resolve", "resolve"),
        difference("selectors.gold-customers.when.tiers", "gold", "gold, silver"),
        difference("selectors", "gold-customers", "security, gold-customers"),
        difference("selectors.security.name", "", "security"),
        difference("selectors.security.severities.sev2.accept", "", "1h"),
        difference("selectors.security.when.sources", "", "security"),
    ];
    let sorted = |mut differences: Vec<Difference>| {
        differences.sort_by(|one, other| one.place.cmp(&other.place));
        differences
    };
    assert_eq!(sorted(told), sorted(expected.into()));
    assert_eq!(differences(&from, &from).unwrap(), []);
}

fn target() -> impl Strategy<Value = proto::Target> {
    use proto::target::Target;
    let length = (1_i64..400_000).prop_map(|seconds| Target::WorkingTime(prost_types::Duration { seconds, nanos: 0 }));
    prop_oneof![length, (1_u32..100).prop_map(Target::WorkingDays)]
        .prop_map(|target| proto::Target { target: Some(target) })
}

fn length() -> impl Strategy<Value = prost_types::Duration> {
    (0_i64..400_000).prop_map(|seconds| prost_types::Duration { seconds, nanos: 0 })
}

fn id() -> impl Strategy<Value = String> {
    // Among them what YAML would take for something else.
    prop_oneof![
        "[a-z][a-z0-9._:+@/#-]{0,12}",
        Just("null".into()),
        Just("yes".into()),
        Just("1e3".into()),
        Just("007".into())
    ]
}

fn rules(severity: &'static str) -> impl Strategy<Value = proto::Rules> {
    use proto::escalation::Recipient;
    let to = prop_oneof![
        (1..=4_i32).prop_map(Recipient::Role),
        id().prop_map(Recipient::Team),
        id().prop_map(Recipient::Person)
    ];
    let step = (0..=3_i32, 1..=2_i32, of(length()), to).prop_map(|(clock, when, after, to)| proto::Escalation {
        clock,
        when,
        after,
        recipient: Some(to),
    });
    let targets = (of(target()), of(target()), of(target()));
    let flags =
        (1..=99_u32, any::<bool>(), of((1_i64..9_999).prop_map(|seconds| prost_types::Duration { seconds, nanos: 0 })));
    let words = (1..=3_i32, 1..=3_i32);
    (targets, id(), subsequence(vec![1, 2, 3], 0..=3), flags, words, vec(step, 0..3)).prop_map(
        move |(
            (accept, mitigate, resolve),
            calendar,
            pauses,
            (percent, on_top, shifts_after),
            (entry, delivery),
            escalations,
        )| {
            proto::Rules {
                severity: severity.into(),
                accept,
                mitigate,
                resolve,
                calendar,
                pauses,
                at_risk_percent: Some(percent),
                on_top,
                shifts_after,
                entry,
                delivery,
                escalations,
            }
        },
    )
}

fn any_policy() -> impl Strategy<Value = proto::Policy> {
    let when = (vec(id(), 0..3), subsequence(vec![1, 2, 3, 4], 0..=4), vec("[a-z \"':#]{1,8}", 0..3))
        .prop_map(|(components, sources, tiers)| proto::When { components, sources, tiers });
    let severities = || (rules("sev1"), rules("null")).prop_map(|(one, two)| vec![one, two]);
    let selector = (id(), when, severities(), select(vec![1, 2])).prop_map(|(name, when, severities, count)| {
        proto::Selector { name, when: Some(when), severities: severities.into_iter().take(count).collect() }
    });
    let pin = (id(), any::<u32>()).prop_map(|(calendar, version)| proto::CalendarPin { calendar, version });
    (severities(), vec(selector, 0..3), of(pin)).prop_map(|(severities, selectors, pin)| proto::Policy {
        severities,
        selectors,
        calendars: pin.into_iter().collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_written_is_read_again_as_it_was(policy in any_policy()) {
        let text = write(&policy).unwrap();
        let read = read("policy.yaml", &text).map_err(|faults| TestCaseError::fail(format!("{faults:#?}\n{text}")))?;
        prop_assert_eq!(read.policy, policy, "{}", text);
    }
}

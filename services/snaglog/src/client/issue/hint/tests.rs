use std::collections::BTreeSet;
use std::sync::Arc;

use api::errors::v1::Reason;
use clap::Command;

use super::*;
use crate::cli::{Cli, words};
use crate::client::failure::{Exit, camel_case};

/// What a refusal of PAY-42 may say, whatever it is of.
const FACTS: [(&str, &str); 10] = [
    ("component", "cart"),
    ("customer", "acme"),
    ("known", "sev1,sev2"),
    ("person", "zoe"),
    ("root", "PAY-41"),
    ("team", "core"),
    // Where there is such a person, team or release.
    ("assignee", "ann"),
    ("may", "core,ops"),
    ("opener", "carla"),
    ("release", "2026.11.1"),
];

/// The hint that goes with a refusal of that command.
fn hint_of(ran: &Arc<Ran>, reason: &str, message: &str, facts: &[(&str, &str)]) -> String {
    let mut failure = Failure::new(Exit::Refused, message);
    failure.reason = reason.to_owned();
    failure.facts = facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned())).collect();
    failure.ran = Arc::clone(ran);
    explain(failure, "PAY-42").hint.unwrap_or_default()
}

/// The command of that name, `issue verify`.
fn ran(name: &str, root: &Command) -> Arc<Ran> {
    let command = name.split(' ').fold(root, |above, word| above.find_subcommand(word).unwrap());
    Arc::new(Ran::named(format!("snaglog {name}"), command))
}

#[track_caller]
fn check(command: &str, reason: &str, facts: &[(&str, &str)], expected: &str) {
    assert_eq!(hint_of(&ran(command, &Cli::built()), reason, "PAY-42: no", facts), expected);
}

#[track_caller]
fn missing(command: &str, missing: &str, expected: &str) {
    check(command, &camel_case(missing.split(',').next().unwrap()), &[("missing", missing)], expected);
}

#[test]
fn names_are_taken_from_the_refusal() {
    let file = ran("issue file", &Cli::built());
    let told = hint_of(&file, "UnknownComponent", "PAY: no component cart", &[("component", "cart")]);
    assert_eq!(told, "Try: snaglog project add-component PAY cart --owner TEAM");
    check(
        "issue mark-in-production",
        "NotInProduction",
        &[("release", "2026.11.1")],
        "Try: snaglog release deploy PAY 2026.11.1 --issue PAY-42",
    );
}

#[test]
fn all_that_is_missing_is_asked_for_at_once() {
    missing(
        "issue accept",
        "STEPS_MISSING,EXPECTED_MISSING",
        "Try: snaglog issue amend PAY-42 --steps TEXT --expected TEXT",
    );
    missing("issue resolve", "CHANGE_MISSING,REGRESSION_TEST_MISSING", "Add --change COMMIT --test TEST");
    missing("issue resolve", "EXPLANATION_MISSING,TOPIC_MISSING", "Add --explanation TEXT --topic TOPIC");
    missing("issue close", "RELEASE_MISSING,REVERIFIER_MISSING", "Add --release RELEASE --reverified-by PERSON");
    missing("issue level", "TEAM_MISSING,REASON_MISSING", "Add --team TEAM --reason TEXT");
    missing("issue triage", "COMPONENT_MISSING", "Add --component COMPONENT");
    missing("issue file", "PACKAGE_MISSING,RANGE_MISSING", "Add --package PACKAGE --affected RANGE");
    for command in ["hand-over", "return-to-triage", "severity", "component", "reject", "reopen", "rebase-clocks"] {
        missing(&format!("issue {command}"), "REASON_MISSING", "Add --reason TEXT");
    }
    for command in ["accept", "workaround", "resolve", "mark-in-production", "close"] {
        missing(&format!("issue {command}"), "LATE_REASON_MISSING", "Add --late-reason TEXT");
    }
}

#[test]
fn a_report_is_amended_before_a_fix_that_lacks_more_is_recorded() {
    let steps = "Try: snaglog issue amend PAY-42 --steps TEXT";
    missing("issue resolve", "STEPS_MISSING,REGRESSION_TEST_MISSING", steps);
}

#[test]
fn what_the_command_can_not_say_is_not_asked_of_it() {
    missing("issue accept", "LEVEL_MISSING,TEAM_MISSING", "");
    missing("issue assign", "TEAM_MISSING", "");
    missing("issue resolve", "LEVEL_MISSING,TOPIC_MISSING", "Add --topic TOPIC");
    let hand_over = "Try: snaglog issue hand-over PAY-42 --team core --reason TEXT";
    check("issue accept", "WrongTeamForLevel", &[("may", "core,ops")], hand_over);
    check("issue hand-over", "WrongTeamForLevel", &[("may", "core,ops")], "Give --team TEAM, one of: core, ops");
}

#[test]
fn only_a_confirmation_is_done_in_the_name_of_another() {
    let (opener, nobody) = ([("opener", "carla")], [("opener", "")]);
    let command = "Try: snaglog issue verify PAY-42 --confirmed-by carla";
    check("issue verify", "NotOpenerOrCustomer", &opener, command);
    for other in ["issue dismiss", "issue delegate"] {
        check(other, "NotOpenerOrCustomer", &opener, "Give --actor carla, its opener.");
        check(other, "NotOpenerOrCustomer", &nobody, "Give --actor PERSON, one of those.");
    }
}

/// Every command that does something, by its name.
fn commands(command: &Command, above: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands() {
        let name = format!("{above}{}", below.get_name());
        if below.has_subcommands() { commands(below, &format!("{name} "), found) } else { found.push(name) }
    }
}

/// Each flag that a hint names is one of the command that was refused, and each command that it names can be typed.
#[track_caller]
fn can_be_typed(hint: &str, refused: &Ran, root: &mut Command, typed: &mut BTreeSet<String>) {
    let mut parts = hint.split("snaglog ");
    for flag in parts.next().unwrap().split(' ').filter(|word| word.starts_with("--")) {
        let flag = flag.trim_end_matches([',', '.']);
        assert!(refused.has(flag) || flag == "--actor" || flag == "--request-id", "{} has no {flag}", refused.name());
    }
    for named in parts {
        let line = format!("snaglog {}", named.split('`').next().unwrap());
        if !typed.contains(&line)
            && let Err(error) = root.try_get_matches_from_mut(words(&line))
        {
            panic!("{}: {hint}: {error}", refused.name());
        }
        typed.insert(line);
    }
}

#[test]
fn every_hint_of_every_command_can_be_typed() {
    let (mut root, mut all, mut typed) = (Cli::built(), Vec::new(), BTreeSet::new());
    commands(&root, "", &mut all);
    let all: Vec<Arc<Ran>> = all.iter().map(|name| ran(name, &root)).collect();
    let reasons = (1..400).filter_map(|number| Reason::try_from(number).ok());
    let reasons: Vec<&str> = reasons.map(|reason| reason.as_str_name().trim_start_matches("REASON_")).collect();
    for (ran, reason) in all.iter().flat_map(|ran| reasons.iter().map(move |reason| (ran, *reason))) {
        let missing = [("missing", reason)];
        for facts in [&FACTS[..], &FACTS[..6], if reason.ends_with("_MISSING") { &missing } else { &FACTS }] {
            let hint = hint_of(ran, &camel_case(reason), "PAY-42: no", facts);
            can_be_typed(&hint, ran, &mut root, &mut typed);
        }
    }
    assert!(typed.len() > 20, "{typed:#?}");
}

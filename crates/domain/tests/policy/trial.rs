//! What other rules would make of an issue's clocks, without anything being recorded.

use domain::clocks::{Clock, Ledger, Note, Noted, Verdict};
use domain::policy::{Draft, Policies, Policy, SourceWord, Target};
use domain::project::Project;
use domain::trial::{Comparison, Move, compared, rebased};
use jiff::{SignedDuration, Timestamp};

use crate::given::{NOON, at, draft, hours, project, severity};

/// Filed at noon as sev1, which is counted around the clock: due after 15 minutes, 4 and 24 hours.
fn ledger(later: &[(i64, Noted)]) -> Ledger {
    let filed = Noted::Filed {
        severity: Some(severity("sev1")),
        component: None,
        source: Some(SourceWord::Customer),
        customer: None,
        imported: false,
    };
    let all = [(0, filed)].into_iter().chain(later.iter().cloned());
    let note = |(revision, (minutes, what)): (u64, (i64, Noted))| {
        let at = noon_and(minutes);
        Note { revision, position: revision, at, recorded_at: at, by: "ada".parse().unwrap(), what }
    };
    Ledger::from_notes((1..).zip(all).map(note).collect())
}

fn noon_and(minutes: i64) -> Timestamp {
    at(NOON) + SignedDuration::from_mins(minutes)
}

/// The default with other targets for sev1.
fn with_sev1(mitigate_hours: i64, resolve_hours: i64) -> Draft {
    let mut draft = draft();
    draft.severities[0].rules.targets.mitigate = Some(Target::Working(hours(mitigate_hours)));
    draft.severities[0].rules.targets.resolve = Some(Target::Working(hours(resolve_hours)));
    draft
}

fn proposed(project: &Project, draft: Draft) -> Policy {
    draft.read(project, at(NOON)).unwrap()
}

fn moves(ledger: &Ledger, draft: Draft, minutes: i64) -> Vec<Move> {
    let project = project();
    let mut policies = project.policies.clone();
    policies.adopt(proposed(&project, draft));
    rebased(ledger, &project.terms(), &policies, 1, noon_and(minutes))
}

#[test]
fn a_rebase_moves_what_runs_and_counts_from_the_start() {
    let accepted = ledger(&[(5, Noted::Accepted)]);
    let moves = moves(&accepted, with_sev1(6, 24), 60);
    let told: Vec<_> = moves.iter().map(|one| (one.clock, one.moves(), one.to.deadline, one.breached)).collect();
    assert_eq!(
        told,
        [
            (Clock::Mitigate, true, Some(noon_and(6 * 60)), false),
            (Clock::Resolve, false, Some(noon_and(24 * 60)), false),
        ]
    );
    assert_eq!((moves[0].from.version, moves[0].from.deadline), (0, Some(noon_and(4 * 60))));
    assert_eq!(moves[0].to.version, 1);
}

#[test]
fn a_rebase_into_the_past_breaches_at_once_and_one_of_what_is_breached_is_none() {
    let accepted = ledger(&[(5, Noted::Accepted)]);
    let moved = moves(&accepted, with_sev1(2, 24), 180);
    assert_eq!((moved[0].clock, moved[0].breached, moved[0].to.deadline), (Clock::Mitigate, true, Some(noon_and(120))));
    let later = moves(&accepted, with_sev1(6, 24), 300);
    assert_eq!(later.iter().map(|one| one.clock).collect::<Vec<_>>(), [Clock::Resolve]);
}

#[test]
fn a_clock_that_has_ended_is_not_moved() {
    let resolved = ledger(&[(5, Noted::Accepted), (60, Noted::WorkaroundRecorded), (90, Noted::Resolved)]);
    assert_eq!(moves(&resolved, with_sev1(1, 1), 120), []);
}

fn tried(ledger: &Ledger, draft: Draft, minutes: i64) -> Vec<Comparison> {
    let project = project();
    let policies = Policies::only(proposed(&project, draft));
    compared(ledger, &project.terms(), &policies, noon_and(minutes))
}

#[test]
fn each_cycle_stands_beside_what_it_would_have_been() {
    let mitigated = ledger(&[(5, Noted::Accepted), (180, Noted::WorkaroundRecorded), (200, Noted::Resolved)]);
    let compared = tried(&mitigated, with_sev1(2, 3), 300);
    let told: Vec<_> = compared.iter().map(|one| (one.clock, one.actual.verdict, one.tried.verdict)).collect();
    let (met, breached) = (Some(Verdict::Met), Some(Verdict::Breached));
    assert_eq!(told, [(Clock::Accept, met, met), (Clock::Mitigate, met, breached), (Clock::Resolve, met, breached)]);
    let mitigate = &compared[1];
    assert_eq!((mitigate.actual.at, mitigate.tried.at), (Some(noon_and(180)), Some(noon_and(120))));
    assert_eq!((mitigate.actual.deadline, mitigate.tried.deadline), (Some(noon_and(240)), Some(noon_and(120))));
    assert_eq!(mitigate.tried.spare, Some(-hours(1)));
    assert_eq!(mitigate.actual.spare, Some(hours(1)));
}

#[test]
fn what_was_recorded_of_deadlines_does_not_bind_what_is_tried() {
    let (clock, cycle, set_by) = (Clock::Mitigate, 1, 1);
    let at_risk = Noted::AtRisk { clock, cycle, set_by };
    let breached = Noted::Breached {
        clock,
        cycle,
        set_by,
        deadline: noon_and(240),
        version: 0,
        cause: domain::clocks::Cause::Deadline,
    };
    let late = ledger(&[(5, Noted::Accepted), (180, at_risk), (240, breached), (300, Noted::WorkaroundRecorded)]);
    let compared = tried(&late, with_sev1(6, 24), 360);
    assert_eq!((compared[1].actual.verdict, compared[1].tried.verdict), (Some(Verdict::Breached), Some(Verdict::Met)));
}

#[test]
fn without_a_target_there_is_no_verdict() {
    let mut none = draft();
    none.severities[0].rules.targets.mitigate = None;
    let mitigated = ledger(&[(5, Noted::Accepted), (180, Noted::WorkaroundRecorded)]);
    let compared = tried(&mitigated, none, 300);
    assert_eq!((compared[1].tried.verdict, compared[1].tried.at), (None, Some(noon_and(180))));
}

//! What users of other systems reported broken, and what it comes to here.

use super::case::{Case, alarms, check, counted};

const FOUR_HOURS: &[&str] = &["sev2: accept 4h, resolve 4h"];
const ROUND_THE_CLOCK: &[&str] = &["sev1: accept 1h, mitigate 4h, resolve 8h, on 24x7, pausing nothing"];

macro_rules! cases {
    ($($name:literal: $policies:expr; $history:expr; $now:literal => $expected:expr;)*) => {
        check(&[$(Case { name: $name, policies: $policies, history: &$history, now: $now, expected: &$expected }),*]);
    };
}

#[test]
fn pausing() {
    cases! {
        "an answer that comes at night: only the hour of the day was a pause": FOUR_HOURS;
            ["Mon 15:00 filed sev2", "Mon 16:00 asked", "Mon 23:00 answered"]; ""
            => ["resolve: due Tue 12:00"];
        "the clock goes on after the pause with what was left, not from the beginning": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 12:00 asked", "Tue 12:00 answered"]; "Tue 12:30"
            => ["resolve: due Tue 13:00, at risk"];
        "two questions, one answer: it still waits for the other": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 10:00 asked", "Mon 10:30 asked", "Mon 11:00 answered 1"]; "Mon 12:00"
            => ["accept: paused, 3h left", "resolve: paused, 3h left"];
        "the second answer ends the pause, not the first": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 10:00 asked", "Mon 10:30 asked", "Mon 11:00 answered 1", "Mon 12:00 answered 2"]; ""
            => ["resolve: due Mon 15:00"];
        "a question taken back ends the pause like an answer": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 10:00 asked", "Mon 11:00 withdrawn"]; ""
            => ["resolve: due Mon 14:00"];
        "a colleague was asked: nobody waits for the customer": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 10:00 asked inside"]; "Mon 12:30"
            => ["resolve: due Mon 13:00, at risk"];
        "a comment doesn't resume anything": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 10:00 asked", "Mon 11:00 commented"]; "Mon 12:00"
            => ["resolve: paused, 3h left"];
        "paused over a weekend: only working time is given back": FOUR_HOURS;
            ["Fri 15:00 filed sev2", "Fri 16:30 asked", "Mon+1 09:30 answered"]; ""
            => ["resolve: due Mon+1 12:00"];
        "a question asked at night, answered before the office opens, moves nothing": FOUR_HOURS;
            ["Mon 15:00 filed sev2", "Mon 20:00 asked", "Tue 07:00 answered"]; ""
            => ["resolve: due Tue 11:00"];
        "what doesn't pause goes on while somebody waits": &["sev2: mitigate 2h, resolve 4h, pausing resolve"];
            ["Mon 09:00 filed sev2", "Mon 10:00 asked"]; "Mon 12:00"
            => ["mitigate: breached Mon 11:00", "resolve: paused, 3h left"];
        "paused until after its own deadline: no breach, however long it lasts": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 12:59 asked"]; "Fri+3 12:00"
            => ["resolve: paused, 1m left"];
        "a pause after the deadline hides no breach": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 14:00 asked"]; "Mon 15:00"
            => ["resolve: breached Mon 13:00"];
        "paused at the very deadline, resumed at night: nothing is left, it is breached when work goes on": FOUR_HOURS;
            ["Mon 13:00 filed sev2", "Mon 17:00 asked", "Tue 08:00 answered"]; "Tue 10:00"
            => ["resolve: breached Tue 09:00"];
        "resolving closes every question; sent back, the next cycle is not paused": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 09:05 triaged sev2", "Mon 09:10 accepted", "Mon 10:00 asked", "Mon 11:00 resolved",
             "Mon 12:00 rejected"]; "Mon 13:00"
            => ["resolve: met Mon 11:00, sent back", "resolve 2: due Mon 16:00"];
        "a severity that doesn't pause ends the pause, one that does begins it": &["sev1: resolve 8h, pausing nothing", "sev2: resolve 8h"];
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 10:00 asked", "Mon 11:00 severity sev2", "Mon 12:00 severity sev1"]; "Mon 12:30"
            => ["resolve: due Tue 10:00"];
    }
}

#[test]
fn calendars() {
    cases! {
        "breach mail at midnight: outside of working hours nothing is used up": FOUR_HOURS;
            ["Mon 16:00 filed sev2"]; "Mon 23:59"
            => ["resolve: due Tue 12:00"];
        "filed in the lunch break": &["sev2: resolve 1h, on lunch"];
            ["Mon 12:45 filed sev2"]; ""
            => ["resolve: due Mon 14:30"];
        "a deadline at the beginning of the lunch break belongs to the morning": &["sev2: resolve 2h, on lunch"];
            ["Mon 10:30 filed sev2"]; ""
            => ["resolve: due Mon 12:30"];
        "a holiday within a target in working days": &["sev2: resolve 2wd, on holiday"];
            ["Fri 10:00 filed sev2"]; ""
            => ["resolve: due Wed+1 10:00"];
        "clocks go back: an hour more that night, and the hour counts": &["sev2: resolve 4h, on 24x7"];
            ["2026-10-25 00:30 filed sev2"]; ""
            => ["resolve: due 2026-10-25 03:30"];
        "office hours don't notice that clocks went forward": FOUR_HOURS;
            ["2026-03-27 16:00 filed sev2"]; ""
            => ["resolve: due 2026-03-30 12:00"];
        "a holiday added while the clock runs moves nothing": &["sev2: resolve 4h, on business", "from Sat 12:00", "sev2: resolve 4h, on holiday"];
            ["Fri 15:00 filed sev2"]; "Mon+1 12:00"
            => ["resolve: breached Mon+1 11:00"];
        "a holiday added while the clock runs, and rebased on purpose": &["sev2: resolve 4h, on business", "from Sat 12:00", "sev2: resolve 4h, on holiday"];
            ["Fri 15:00 filed sev2", "Sat 13:00 rebased 2"]; "Mon+1 12:00"
            => ["resolve: due Tue+1 11:00"];
    }
}

#[test]
fn cycles() {
    cases! {
        "the first breach is not lost when a second cycle is met": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:10 accepted", "Mon 15:00 resolved", "Tue 09:00 rejected", "Tue 10:00 resolved"]; ""
            => ["resolve: breached Mon 13:00, ended Mon 15:00, sent back", "resolve 2: met Tue 10:00"];
        "reopened after closing: a cycle of its own, with its own target": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:10 accepted", "Mon 10:00 resolved", "Mon 11:00 verified", "Mon 12:00 closed", "Wed 09:00 reopened"]; ""
            => ["accept: met Mon 09:10", "resolve: met Mon 10:00, sent back", "resolve 2: due Wed 13:00"];
        "accept has one cycle, however often it is handed over and accepted again": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 10:00 accepted", "Mon 11:00 handed over", "Tue 16:00 accepted"]; ""
            => ["accept: met Mon 10:00"];
        "a clock that runs for a closed issue": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 resolved", "Mon 11:00 verified", "Mon 12:00 closed"]; "Fri 12:00"
            => ["accept: met Mon 09:10", "mitigate: met Mon 12:00", "resolve: met Mon 10:00"];
        "merged duplicates whose clocks linger: cancelled, neither met nor breached": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 10:00 duplicate"]; "Fri 12:00"
            => ["accept: cancelled, 3h left", "resolve: cancelled, 3h left"];
        "a breach before the merge stays one": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 14:00 duplicate"]; "Fri 12:00"
            => ["resolve: breached Mon 13:00, cancelled"];
        "dismissed while paused: what was asked is closed, and the whole span is given back": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 10:00 asked", "Mon 11:00 dismissed", "Mon+1 11:00 reopened"]; ""
            => ["resolve: due Mon+1 14:00"];
        "a workaround mitigates, a fix in test alone does not": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 resolved"]; "Mon 12:30"
            => ["mitigate: due Mon 13:00, at risk"];
        "at levels 1 and 2 the resolution mitigates": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1 level 2", "Mon 09:10 accepted", "Mon 10:00 resolved"]; "Mon 12:30"
            => ["mitigate: met Mon 10:00"];
        "deployed before it was verified: mitigation counts from the deployment": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 resolved", "Mon 14:00 verified", "Mon 12:00 deployed | Mon 14:00"]; ""
            => ["mitigate: met Mon 12:00"];
        "closed with a deployment that nobody marked": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 resolved", "Mon 11:00 verified", "Tue 09:00 closed deployed Mon 12:00"]; ""
            => ["mitigate: met Mon 12:00"];
        "a data fix mitigates when it is applied": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 resolved", "Mon 11:00 verified", "Tue 09:00 closed applied Mon 12:30"]; ""
            => ["mitigate: met Mon 12:30"];
        "rolled back: users can't work again, a cycle begins": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 resolved", "Mon 11:00 verified", "Mon 12:00 deployed", "Mon 15:00 rolled back"]; ""
            => ["mitigate: met Mon 12:00, sent back", "mitigate 2: due Mon 19:00"];
        "rolled back with a workaround standing: nothing begins": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 09:30 workaround", "Mon 10:00 resolved", "Mon 11:00 verified", "Mon 12:00 deployed", "Mon 15:00 rolled back"]; ""
            => ["mitigate: met Mon 09:30"];
        "the workaround no longer holds": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 10:00 workaround", "Mon 20:00 workaround withdrawn"]; ""
            => ["mitigate: met Mon 10:00, sent back", "mitigate 2: due Tue 00:00"];
        "a rejected resolution keeps a standing workaround": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 workaround", "Mon 11:00 resolved", "Mon 12:00 rejected"]; ""
            => ["mitigate: met Mon 10:00", "resolve: met Mon 11:00, sent back", "resolve 2: due Mon 20:00"];
        "reopening clears the workaround": ROUND_THE_CLOCK;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 10:00 workaround", "Mon 11:00 resolved", "Mon 12:00 verified", "Mon 13:00 closed", "Tue 09:00 reopened"]; ""
            => ["mitigate: met Mon 10:00, sent back", "mitigate 2: due Tue 13:00"];
        "a question open when the cycle began does not pause it": &["sev2: mitigate 4h, resolve 8h, pausing mitigate"];
            ["Mon 09:00 filed sev2", "Mon 09:30 workaround", "Mon 10:00 asked", "Mon 11:00 workaround withdrawn"]; "Mon 12:00"
            => ["mitigate: met Mon 09:30, sent back", "mitigate 2: due Mon 15:00"];
    }
}

#[test]
fn changes() {
    const TWO: &[&str] = &["sev1: resolve 2h", "sev2: resolve 4h"];
    cases! {
        "targets changed mid-flight move nothing that runs": &["sev2: resolve 4h", "from Mon 10:00", "sev2: resolve 1h"];
            ["Mon 09:00 filed sev2"]; "Mon 12:00"
            => ["resolve: due Mon 13:00, at risk"];
        "the next cycle has the policy of its own start": &["sev2: resolve 4h", "from Mon 12:00", "sev2: resolve 1h"];
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:10 accepted", "Mon 11:00 resolved", "Mon 14:00 rejected"]; ""
            => ["resolve: met Mon 11:00, sent back", "resolve 2: due Mon 15:00"];
        "downgraded just before the breach: the new target counts from the start": TWO;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 10:59 severity sev2"]; ""
            => ["resolve: due Mon 13:00"];
        "downgraded just after: too late": TWO;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 11:01 severity sev2"]; ""
            => ["resolve: breached Mon 11:00"];
        "changed at the very deadline: facts before the breach": TWO;
            ["Mon 09:00 filed sev1", "Mon 09:00 triaged sev1", "Mon 11:00 severity sev2"]; "Mon 12:00"
            => ["resolve: due Mon 13:00, at risk"];
        "changed while it waits, to a target that was used up before: the pause came too late": TWO;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 12:00 asked", "Mon 14:00 severity sev1"]; "Mon 15:00"
            => ["resolve: breached Mon 14:00 (severity_change)"];
        "stopped in the instant of such a change: not in time": TWO;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:10 accepted", "Mon 12:00 severity sev1", "Mon 12:00 resolved"]; "Mon 15:00"
            => ["resolve: breached Mon 12:00 (severity_change), ended Mon 12:00"];
        "changed twice: there and back again": TWO;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:30 severity sev1", "Mon 10:00 severity sev2"]; ""
            => ["resolve: due Mon 13:00"];
        "a severity after the resolution rewrites nothing": TWO;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:10 accepted", "Mon 12:00 resolved", "Mon 12:30 severity sev1"]; ""
            => ["resolve: met Mon 12:00"];
        "a severity that the policy of the start lacks is ruled by the one in force": &["sev2: resolve 4h", "from Mon 10:00", "sev1: resolve 1h, on 24x7", "sev2: resolve 1h"];
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 10:30 severity sev1"]; ""
            => ["resolve: breached Mon 10:30 (severity_change)"];
        "changed to a severity without a target: no verdict": &["sev2: resolve 4h", "sev3: nothing"];
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 10:00 severity sev3"]; "Fri 12:00"
            => ["resolve: no target"];
        "a handover, a level and a component take no time off the clock": FOUR_HOURS;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 10:00 handed over", "Mon 10:30 level 1", "Mon 11:00 component"]; ""
            => ["accept: due Mon 13:00", "resolve: due Mon 13:00"];
        "back in triage the last severity goes on ruling": TWO;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev1", "Mon 09:10 accepted", "Mon 09:30 returned"]; "Mon 10:00"
            => ["resolve: due Mon 11:00"];
        "a second triage is a change of severity, from then on": TWO;
            ["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:10 accepted", "Mon 09:30 returned", "Mon 12:00 triaged sev1"]; ""
            => ["resolve: breached Mon 12:00 (severity_change)"];
        "the first triage gives more time: what was a breach is none": &["sev1: accept 15m, on 24x7", "sev2: accept 4h"];
            ["Mon 09:00 filed sev1", "Mon 10:00 triaged sev2"]; "Mon 11:00"
            => ["accept: due Mon 13:00"];
        "the first triage gives less, and it was breached before by either: the first breach stays": &["sev1: accept 15m, on 24x7", "sev2: accept 4h"];
            ["Mon 09:00 filed sev2", "Mon 14:00 triaged sev1"]; "Mon 15:00"
            => ["accept: breached Mon 13:00"];
        "an import has no targets": FOUR_HOURS;
            ["Mon 09:00 filed sev2 imported", "Mon 10:00 triaged sev2 imported"]; "Fri 12:00"
            => ["accept: no target", "resolve: no target"];
        "an import that was rebased has": FOUR_HOURS;
            ["Mon 09:00 filed sev2 imported", "Mon 10:00 triaged sev2 imported", "Mon 11:00 rebased 1"]; ""
            => ["accept: due Mon 13:00", "resolve: due Mon 13:00"];
        "a rebase that puts the deadline into the past is a breach of its own time": &["sev2: resolve 4h", "from Mon 10:00", "sev2: resolve 1h"];
            ["Mon 09:00 filed sev2", "Mon 11:00 rebased 2"]; ""
            => ["resolve: breached Mon 11:00 (rebase)"];
        "a rebase undoes no breach": &["sev2: resolve 4h", "from Mon 10:00", "sev2: resolve 8h"];
            ["Mon 09:00 filed sev2", "Mon 14:00 rebased 2"]; ""
            => ["resolve: breached Mon 13:00"];
    }
}

#[test]
fn what_is_told() {
    let told = |history, now| {
        let policies = &["sev1: resolve 2h", "sev2: resolve 4h"];
        alarms(&counted(&Case { name: "", policies, history, now, expected: &[] }))
    };
    // At 75 %, then at the deadline.
    let history: &[&str] = &["Mon 09:00 filed sev2"];
    assert_eq!(told(history, "Mon 11:59"), Vec::<String>::new());
    assert_eq!(told(history, "Mon 12:00"), ["resolve at-risk Mon 12:00 of 1"]);
    assert_eq!(told(history, "Tue 12:00"), ["resolve at-risk Mon 12:00 of 1", "resolve breach Mon 13:00 of 1"]);
    // A stop in that instant comes first.
    let history: &[&str] =
        &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 09:10 accepted", "Mon 12:00 resolved"];
    assert_eq!(told(history, "Tue 12:00"), Vec::<String>::new());
    // Resumed past the at-risk point: the deadline is another, and one is told at once.
    let history: &[&str] = &["Mon 09:00 filed sev2", "Mon 12:30 asked", "Mon 14:00 answered"];
    assert_eq!(told(history, "Mon 14:00"), ["resolve at-risk Mon 12:00 of 1", "resolve at-risk Mon 14:00 of 3"]);
    // A pause without working time leaves the deadline, and nobody is told twice.
    let history: &[&str] = &["Mon 13:30 filed sev2", "Mon 18:00 asked", "Mon 19:00 answered"];
    assert_eq!(told(history, "Mon 20:00"), ["resolve at-risk Mon 16:30 of 1"]);
    // A new severity sets a new deadline; already past its at-risk point, at once.
    let history: &[&str] = &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 10:45 severity sev1"];
    assert_eq!(told(history, "Mon 10:45"), ["resolve at-risk Mon 10:45 of 3"]);
    // Not beside a breach of the same instant.
    let history: &[&str] = &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 11:45 severity sev1"];
    assert_eq!(told(history, "Mon 11:45"), ["resolve breach Mon 11:45 of 3"]);
    // What the log tells is not told again; of another deadline it is.
    let history: &[&str] =
        &["Mon 09:00 filed sev2", "Mon 12:00 at-risk resolve 1 of 1", "Mon 12:30 asked", "Mon 14:00 answered"];
    assert_eq!(told(history, "Mon 14:00"), ["(resolve at-risk Mon 12:00 of 1)", "resolve at-risk Mon 14:00 of 4"]);
    // While it is paused, nobody is told anything.
    let history: &[&str] = &["Mon 09:00 filed sev2", "Mon 11:30 asked"];
    assert_eq!(told(history, "Fri 12:00"), Vec::<String>::new());
}

//! The worked examples. Business hours: Monday to Friday 09:00–17:00, Europe/London.

use super::case::{Case, check};

const FOUR_HOURS: &[&str] = &["sev2: resolve 4h"];

#[test]
fn worked_examples() {
    check(&[
        Case {
            name: "1: 4 h, filed Friday 15:00",
            policies: FOUR_HOURS,
            history: &["Fri 15:00 filed sev2"],
            now: "",
            expected: &["resolve: due Mon+1 11:00"],
        },
        Case {
            name: "2: as 1, Monday a holiday",
            policies: &["sev2: resolve 4h, on holiday"],
            history: &["Fri 15:00 filed sev2"],
            now: "",
            expected: &["resolve: due Tue+1 11:00"],
        },
        Case {
            name: "3: lunch 12:30–13:30 closed, filed Monday 11:00",
            policies: &["sev2: resolve 4h, on lunch"],
            history: &["Mon 11:00 filed sev2"],
            now: "",
            expected: &["resolve: due Mon 16:00"],
        },
        Case {
            name: "4: 24x7, filed 00:30 on the night clocks go forward at 01:00",
            policies: &["sev2: resolve 4h, on 24x7"],
            history: &["2026-03-29 00:30 filed sev2"],
            now: "",
            expected: &["resolve: due 2026-03-29 05:30"],
        },
        Case {
            name: "5: paused Monday 10:00, resumed Wednesday 10:00",
            policies: FOUR_HOURS,
            history: &["Mon 09:00 filed sev2", "Mon 10:00 asked", "Wed 10:00 answered"],
            now: "",
            expected: &["resolve: due Wed 13:00"],
        },
        Case {
            name: "6: filed Friday 15:00, paused 16:00, resumed Saturday 12:00: one working hour",
            policies: FOUR_HOURS,
            history: &["Fri 15:00 filed sev2", "Fri 16:00 asked", "Sat 12:00 answered"],
            now: "",
            expected: &["resolve: due Mon+1 12:00"],
        },
        Case {
            name: "9: stopped at the deadline's very second",
            policies: &["sev2: accept 4h"],
            history: &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Mon 13:00 accepted"],
            now: "Tue 09:00",
            expected: &["accept: met Mon 13:00"],
        },
        Case {
            name: "10: resolved in time, sent back, resolved late in cycle 2",
            policies: FOUR_HOURS,
            history: &[
                "Mon 09:00 filed sev2",
                "Mon 09:00 triaged sev2",
                "Mon 09:30 accepted",
                "Mon 12:00 resolved",
                "Tue 09:00 rejected",
                "Wed 12:00 resolved",
            ],
            now: "",
            expected: &["resolve: met Mon 12:00, sent back", "resolve 2: breached Tue 13:00, ended Wed 12:00"],
        },
    ]);
}

#[test]
fn worked_examples_in_days_and_over_nights() {
    check(&[
        Case {
            name: "12: 2 working days from Tuesday 15:00",
            policies: &["sev2: resolve 2wd"],
            history: &["Tue 15:00 filed sev2"],
            now: "",
            expected: &["resolve: due Thu 15:00"],
        },
        Case {
            name: "13: 8 h from Monday 09:00; stopped Tuesday 08:00",
            policies: &["sev2: accept 8h"],
            history: &["Mon 09:00 filed sev2", "Mon 09:00 triaged sev2", "Tue 08:00 accepted"],
            now: "",
            expected: &["accept: breached Mon 17:00, ended Tue 08:00"],
        },
        Case {
            name: "14a: 2 working days from Tuesday 08:00",
            policies: &["sev2: resolve 2wd"],
            history: &["Tue 08:00 filed sev2"],
            now: "",
            expected: &["resolve: due Thu 09:00"],
        },
        Case {
            name: "14b: from Saturday 10:00",
            policies: &["sev2: resolve 2wd"],
            history: &["Sat 10:00 filed sev2"],
            now: "",
            expected: &["resolve: due Wed+1 09:00"],
        },
        Case {
            name: "14c: from Wednesday 15:00, Friday open 09–12 only",
            policies: &["sev2: resolve 2wd, on friday"],
            history: &["Wed 15:00 filed sev2"],
            now: "",
            expected: &["resolve: due Fri 12:00"],
        },
        Case {
            name: "18: dismissed with 1 h left, reopened ten days later",
            policies: FOUR_HOURS,
            history: &["Mon 09:00 filed sev2", "Mon 12:00 dismissed", "Thu+1 12:00 reopened"],
            now: "",
            expected: &["resolve: due Thu+1 13:00, at risk"],
        },
    ]);
}

#[test]
fn worked_examples_of_changes() {
    const LOOSER: &[&str] = &["sev1: resolve 2h, on 24x7", "sev2: resolve 3h"];
    check(&[
        Case {
            name: "7: 3 h from 10:00, at 11:00 changed to a severity with 2 h",
            policies: LOOSER,
            history: &["Mon 10:00 filed sev2", "Mon 10:00 triaged sev2", "Mon 11:00 severity sev1"],
            now: "",
            expected: &["resolve: due Mon 12:00"],
        },
        Case {
            name: "8: as 7, changed at 12:30",
            policies: LOOSER,
            history: &["Mon 10:00 filed sev2", "Mon 10:00 triaged sev2", "Mon 12:30 severity sev1"],
            now: "",
            expected: &["resolve: breached Mon 12:30 (severity_change)"],
        },
        Case {
            name: "11: policy loosened while running: the old deadline stands until rebased",
            policies: &["sev2: resolve 4h", "from Mon 10:00", "sev2: resolve 6h"],
            history: &["Mon 09:00 filed sev2"],
            now: "Mon 11:00",
            expected: &["resolve: due Mon 13:00"],
        },
        Case {
            name: "11, rebased",
            policies: &["sev2: resolve 4h", "from Mon 10:00", "sev2: resolve 6h"],
            history: &["Mon 09:00 filed sev2", "Mon 11:00 rebased 2"],
            now: "",
            expected: &["resolve: due Mon 15:00"],
        },
        Case {
            name: "15: asked under a severity that pauses, changed to one that does not",
            policies: &["sev1: resolve 24h, on 24x7, pausing nothing", "sev2: resolve 5wd"],
            history: &["Mon 09:00 filed sev2", "Mon 09:30 triaged sev2", "Mon 10:00 asked", "Wed 10:00 severity sev1"],
            now: "",
            expected: &["resolve: due Thu 09:00"],
        },
        Case {
            name: "16: 2 h from 10:00, breached 12:00, at 12:30 changed to a severity with 3 h: the breach stands",
            policies: LOOSER,
            history: &["Mon 10:00 filed sev1", "Mon 10:00 triaged sev1", "Mon 12:30 severity sev2"],
            now: "Mon 12:45",
            expected: &["resolve: breached Mon 12:00"],
        },
        Case {
            name: "17: production down, filed as the default; workaround at 5 h; triaged at 6 h as Sev 1",
            policies: &["sev1: mitigate 4h, on 24x7", "sev3: resolve 30wd"],
            history: &["Mon 09:00 filed", "Mon 14:00 workaround", "Mon 15:00 triaged sev1"],
            now: "",
            expected: &["mitigate: breached Mon 15:00 (first_triage), ended Mon 14:00"],
        },
    ]);
}

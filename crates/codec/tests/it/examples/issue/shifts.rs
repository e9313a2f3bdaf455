//! Who is on when.

use domain::issue::IssueEvent as I;
use domain::shifts::{Ending, Hours, Obstacle, Plan, Shift};
use jiff::Timestamp;

use super::super::{Example, example, person};

fn hours(from: i64, until: i64) -> Hours {
    let at = |hour: i64| Timestamp::from_second(1_793_000_000 + hour * 3_600).unwrap();
    Hours { from: at(from), until: at(until) }
}

pub(super) fn examples() -> Vec<Example> {
    let day = hours(0, 24);
    let plan = Plan {
        team: Some("payments".parse().unwrap()),
        from: day.from,
        until: day.until,
        shifts: vec![
            Shift { person: person("ada"), hours: hours(0, 8) },
            Shift { person: person("ben"), hours: hours(8, 16) },
        ],
        uncovered: vec![hours(16, 24)],
        obstacle: Some(Obstacle::MembersAway),
    };
    let nobody = |team: Option<&str>, obstacle| Plan {
        team: team.map(|team| team.parse().unwrap()),
        shifts: Vec::new(),
        uncovered: vec![day],
        obstacle: Some(obstacle),
        ..plan.clone()
    };
    let alone = Plan { obstacle: Some(Obstacle::TeamOfOne), ..plan.clone() };
    let planned = |golden, plan| example(golden, I::ShiftsPlanned { plan });
    let ended = |golden, because| example(golden, I::ShiftsEnded { because });
    let covered = Plan { uncovered: Vec::new(), obstacle: None, ..plan.clone() };
    vec![
        planned("ShiftsPlanned.v1.no_owner_team", nobody(None, Obstacle::NoOwnerTeam)),
        planned("ShiftsPlanned.v1.no_members", nobody(Some("ops"), Obstacle::NoMembers)),
        planned("ShiftsPlanned.v1.team_of_one", alone),
        planned("ShiftsPlanned.v1.covered", covered),
        planned("ShiftsPlanned.v1", plan),
        example("ShiftHandedOver.v1", I::ShiftHandedOver { shift: day.from, from: person("ada"), to: person("cy") }),
        ended("ShiftsEnded.v1", Ending::Mitigated),
        ended("ShiftsEnded.v1.dismissed", Ending::Dismissed),
        ended("ShiftsEnded.v1.downgraded", Ending::Downgraded),
    ]
}

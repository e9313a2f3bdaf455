//! Shifts around the clock, planned from a team and who is away of it.

use domain::shifts::{Hours, Obstacle, PLAN, Plan, Shift, plan, revised};
use domain::team::{Absence, Team};
use jiff::Timestamp;

use super::words::{self, hour, person};

/// The team core with these members, and who of them is away from which hour until which.
fn team(members: &[&str], away: &[(&str, i64, i64)]) -> Team {
    let absence =
        |(who, from, until): &(&str, i64, i64)| Absence { person: person(who), from: hour(*from), until: hour(*until) };
    Team {
        id: words::team("core"),
        revision: 1,
        members: members.iter().map(|who| person(who)).collect(),
        away: away.iter().map(absence).collect(),
    }
}

fn planned(team: &Team, from: i64, before: Option<&Plan>) -> Plan {
    plan(Some((&team.id, Some(team))), hour(from), before)
}

/// Such as `0-8 ada, 8-16 -, 16-24 ben; a team of one …`, in hours.
fn told(plan: &Plan) -> String {
    let at = |time: Timestamp| time.duration_since(hour(0)).as_hours();
    let span = |hours: &Hours| format!("{}-{}", at(hours.from), at(hours.until));
    let on = plan.shifts.iter().map(|Shift { person, hours }| (hours.from, format!("{} {person}", span(hours))));
    let off = plan.uncovered.iter().map(|hours| (hours.from, format!("{} -", span(hours))));
    let mut parts: Vec<_> = on.chain(off).collect();
    parts.sort();
    let parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
    format!("{}{}", parts.join(", "), plan.obstacle.map(|why| format!("; {why}")).unwrap_or_default())
}

/// What a team plans for the first 24 hours, with these away.
#[track_caller]
fn check(members: &[&str], away: &[(&str, i64, i64)], expected: &str) {
    let plan = planned(&team(members, away), 0, None);
    assert_eq!(told(&plan), expected);
    assert_eq!(plan.until.duration_since(plan.from), PLAN);
}

#[test]
fn three_shifts_in_the_order_in_which_members_joined() {
    check(&["zoe", "ada", "ben"], &[], "0-8 zoe, 8-16 ada, 16-24 ben");
    check(&["ada", "ben", "cy", "dan"], &[], "0-8 ada, 8-16 ben, 16-24 cy");
    check(&["ada", "ben"], &[], "0-8 ada, 8-16 ben, 16-24 ada");
}

#[test]
fn those_away_are_skipped() {
    check(&["ada", "ben", "cy", "dan"], &[("ben", -100, 100)], "0-8 ada, 8-16 cy, 16-24 dan");
    check(&["ada", "ben", "cy"], &[("ada", 0, 5)], "0-8 ben, 8-16 cy, 16-24 ada");
    // Who comes back, or leaves, at the very edge of a shift can take it.
    check(&["ada", "ben", "cy"], &[("ben", 0, 8), ("ada", 8, 50)], "0-8 ada, 8-16 ben, 16-24 cy");
}

#[test]
fn uncovered_hours_are_named() {
    check(&["ada", "ben"], &[("ben", 0, 48)], "0-8 ada, 8-24 -; too many members are away");
    // Nobody is there all the time: whoever is there longest, and the rest is named.
    check(
        &["ada", "ben"],
        &[("ada", 2, 3), ("ben", 0, 4)],
        "0-2 ada, 2-3 -, 3-8 ada, 8-16 ben, 16-24 ada; too many members are away",
    );
    check(&["ada", "ben"], &[("ada", 0, 48), ("ben", 0, 48)], "0-24 -; too many members are away");
}

#[test]
fn a_team_of_one_says_that_it_cant_cover() {
    check(&["ada"], &[], "0-8 ada, 8-24 -; a team of one can't cover the clock");
    check(&["ada"], &[("ada", 0, 9)], "0-9 -, 9-16 ada, 16-24 -; a team of one can't cover the clock");
}

#[test]
fn where_there_is_nobody_it_says_so() {
    let empty = team(&[], &[]);
    assert_eq!(told(&planned(&empty, 0, None)), "0-24 -; its owner team has no members");
    assert_eq!(told(&plan(Some((&empty.id, None)), hour(0), None)), "0-24 -; its owner team has no members");
    let unowned = plan(None, hour(0), None);
    assert_eq!((unowned.team.as_ref(), unowned.obstacle), (None, Some(Obstacle::NoOwnerTeam)));
    assert_eq!(told(&unowned), "0-24 -; no team owns the issue yet");
}

#[test]
fn the_next_day_goes_on_after_whoever_was_last() {
    let four = team(&["ada", "ben", "cy", "dan"], &[]);
    let first = planned(&four, 0, None);
    let second = planned(&four, 24, Some(&first));
    assert_eq!(told(&second), "24-32 dan, 32-40 ada, 40-48 ben");
    // With two, nobody is on twice in a row over midnight of the plan.
    let two = team(&["ada", "ben"], &[]);
    let first = planned(&two, 0, None);
    assert_eq!(told(&planned(&two, 24, Some(&first))), "24-32 ben, 32-40 ada, 40-48 ben");
    let one = team(&["ada"], &[]);
    let first = planned(&one, 0, None);
    assert_eq!(told(&planned(&one, 24, Some(&first))), "24-32 ada, 32-48 -; a team of one can't cover the clock");
    // Who was last has left meanwhile.
    let first = planned(&team(&["ada", "ben", "eve"], &[]), 0, None);
    assert_eq!(told(&planned(&four, 24, Some(&first))), "24-32 ada, 32-40 ben, 40-48 cy");
}

#[test]
fn who_is_on_now() {
    let plan = planned(&team(&["ada", "ben", "cy"], &[]), 0, None);
    let on = |at: i64| plan.on(hour(at)).map(|shift| shift.person.to_string());
    let expected = [(-1, None), (0, Some("ada")), (7, Some("ada")), (8, Some("ben")), (23, Some("cy")), (24, None)];
    for (at, person) in expected {
        assert_eq!(on(at).as_deref(), person, "{at}");
    }
}

#[test]
fn a_shift_is_handed_over() {
    let plan = planned(&team(&["ada", "ben", "cy"], &[]), 0, None);
    let over =
        |shift: i64, at: i64| plan.clone().handed_over(hour(shift), &person("eve"), hour(at)).map(|plan| told(&plan));
    assert_eq!(over(8, 3).as_deref(), Some("0-8 ada, 8-16 eve, 16-24 cy"));
    assert_eq!(over(0, 3).as_deref(), Some("0-3 ada, 3-8 eve, 8-16 ben, 16-24 cy"));
    assert_eq!(over(0, 8), None);
    assert_eq!(over(1, 0), None);
}

/// What becomes at that hour of the plan of ada, ben, cy and dan, when these are left and so many of them away. Mended twice, it is mended once.
#[track_caller]
fn check_mended(at: i64, members: &[&str], away: &[(&str, i64, i64)], expected: &str) {
    let whole = planned(&team(&["ada", "ben", "cy", "dan"], &[]), 0, None);
    let team = team(members, away);
    let owner = Some((&team.id, Some(&team)));
    let mended = revised(&whole, owner, hour(at));
    assert_eq!(told(&mended), expected);
    assert_eq!(revised(&mended, owner, hour(at)), mended);
    assert_eq!((mended.from, mended.until), (whole.from, whole.until));
}

#[test]
fn a_plan_that_holds_stays() {
    let four = ["ada", "ben", "cy", "dan"];
    check_mended(2, &four, &[], "0-8 ada, 8-16 ben, 16-24 cy");
    // Away when another is on; away of a shift that is over.
    check_mended(2, &four, &[("dan", 0, 50), ("ada", 8, 50)], "0-8 ada, 8-16 ben, 16-24 cy");
    check_mended(9, &four, &[("ada", 3, 50)], "0-8 ada, 8-16 ben, 16-24 cy");
}

#[test]
fn who_goes_away_is_replaced_from_that_moment_on() {
    let four = ["ada", "ben", "cy", "dan"];
    // At once, and what comes after goes round from there.
    check_mended(3, &four, &[("ada", 3, 50)], "0-3 ada, 3-8 ben, 8-16 cy, 16-24 dan");
    // Later: until then they are on as planned, in the middle of their shift too.
    check_mended(3, &four, &[("ben", 10, 50)], "0-8 ada, 8-10 ben, 10-16 cy, 16-24 dan");
    check_mended(3, &four, &[("cy", 16, 20)], "0-8 ada, 8-16 ben, 16-24 dan");
    // Who had the shift before takes none in a row, nor a second one unless somebody else had the one between.
    let two = ["ada", "ben"];
    check_mended(3, &two, &[("ben", 12, 50)], "0-8 ada, 8-12 ben, 12-24 -; too many members are away");
    // Away for an hour, and nobody else is there: they come back to it.
    let short = "0-8 ada, 8-10 ben, 10-11 -, 11-16 ben, 16-24 ada; too many members are away";
    check_mended(3, &two, &[("ben", 10, 11)], short);
}

#[test]
fn who_leaves_the_team_takes_no_shift_any_more() {
    check_mended(3, &["ada", "cy", "dan"], &[], "0-8 ada, 8-16 cy, 16-24 dan");
    check_mended(3, &["ben", "cy", "dan"], &[], "0-3 ada, 3-8 ben, 8-16 cy, 16-24 dan");
    check_mended(3, &[], &[], "0-3 ada, 3-24 -; its owner team has no members");
}

#[test]
fn who_joins_or_comes_back_takes_what_nobody_had() {
    let one = planned(&team(&["ada"], &[]), 0, None);
    let two = team(&["ada", "ben"], &[]);
    let mended = revised(&one, Some((&two.id, Some(&two))), hour(10));
    assert_eq!(told(&mended), "0-8 ada, 8-10 -, 10-16 ben, 16-24 ada; a team of one can't cover the clock");
    let away = team(&["ada", "ben"], &[("ben", 0, 50)]);
    let short = planned(&away, 0, None);
    let back = team(&["ada", "ben"], &[("ben", 0, 6)]);
    assert_eq!(told(&revised(&short, Some((&back.id, Some(&back))), hour(6))), "0-8 ada, 8-16 ben, 16-24 ada");
}

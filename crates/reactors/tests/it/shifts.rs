//! Shifts are planned, and mended when somebody of the team goes away, leaves or comes back: once.

use domain::ids::IssueKey;
use domain::issue::Command;
use domain::project::Reactor::Shifts;
use domain::team::Command as Team;
use jiff::Timestamp;

use crate::given::{Node, World, after, dev, hours, minutes, monday, person, text, triage};

/// An issue that is unmitigated for a day, for which ann, bob and cy are on, in shifts that begin 24 hours after the story. It is an hour later.
async fn planned(world: &World) -> (IssueKey, Node) {
    let node = world.node().await;
    for name in ["cy", "dan"] {
        world.joins(name).await;
    }
    let key = world.file("sev1").await;
    world.does("ann", &key, triage("sev1")).await;
    world.it_is(hours(24) + minutes(1));
    let planned = world.reacted(Shifts, &key, 1).await;
    assert_eq!(planned, [after(hours(24) + minutes(1), "planned 24 ann, 32 bob, 40 cy")]);
    world.it_is(hours(25));
    (key, node)
}

/// Away from so many hours after the story's begin on, for two days.
fn away(who: &str, from: i64) -> Team {
    let from = monday() + hours(from);
    Team::MemberAway { team: dev(), person: person(who), from: Some(from), until: from + hours(48) }
}

/// Waits for the plan of that number, the last there is.
async fn last_of(world: &World, key: &IssueKey, number: usize) -> (String, Timestamp) {
    let mut all = world.reacted(Shifts, key, number).await;
    assert_eq!(all.len(), number, "{all:?}");
    all.remove(number - 1)
}

#[tokio::test]
async fn who_goes_away_in_the_middle_of_a_plan_is_replaced_from_that_moment_on() {
    let world = World::begin().await;
    let (key, _node) = planned(&world).await;
    // Later in the plan, and in the middle of a shift.
    world.team(away("bob", 35)).await;
    assert_eq!(last_of(&world, &key, 2).await, after(hours(25), "planned 24 ann, 32 bob, 35 cy, 40 dan"));
    // At once.
    world.it_is(hours(26));
    world.team(Team::MemberAway { team: dev(), person: person("ann"), from: None, until: monday() + hours(90) }).await;
    assert_eq!(last_of(&world, &key, 3).await, after(hours(26), "planned 24 ann, 26 bob, 32 cy, 40 dan"));
    // Of a shift that is theirs no longer nobody needs to hear.
    world.team(Team::RemoveMember { team: dev(), person: person("ann") }).await;
    world.team(Team::RemoveMember { team: dev(), person: person("cy") }).await;
    assert_eq!(last_of(&world, &key, 4).await.0, "planned 24 ann, 26 bob, 32 dan");
    // Somebody joins, and takes what nobody had.
    world.joins("eve").await;
    assert_eq!(last_of(&world, &key, 5).await.0, "planned 24 ann, 26 bob, 32 dan, 40 eve");
}

#[tokio::test]
async fn two_nodes_mend_it_once() {
    let world = World::begin().await;
    let (key, _node) = planned(&world).await;
    let _second = world.node().await;
    for (number, (who, expected)) in
        [("ann", "24 ann, 25 bob, 32 cy, 40 dan"), ("cy", "24 ann, 25 bob, 32 dan, 40 bob")].into_iter().enumerate()
    {
        world.team(away(who, 25)).await;
        assert_eq!(last_of(&world, &key, number + 2).await.0, format!("planned {expected}"));
    }
    world.does("dan", &key, Command::RecordWorkaround { text: text("Pay by invoice.") }).await;
    world.it_is(hours(25) + minutes(1));
    // Each was said once, and nothing after: the shifts end.
    assert_eq!(last_of(&world, &key, 4).await.0, "ShiftsEnded");
}

#[tokio::test]
async fn who_went_away_while_nobody_looked_is_replaced_when_somebody_does() {
    let world = World::begin().await;
    let (key, node) = planned(&world).await;
    node.stops().await;
    world.team(away("bob", 30)).await;
    world.it_is(hours(27));
    let node = world.node().await;
    assert_eq!(last_of(&world, &key, 2).await, after(hours(27), "planned 24 ann, 32 cy, 40 dan"));

    world.switch(Shifts, false).await;
    world.team(away("dan", 30)).await;
    let store = node.stops().await;
    let _node = world.node_with(store).await;
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Shifts, &key).await.len(), 2);
    world.switch(Shifts, true).await;
    assert_eq!(last_of(&world, &key, 3).await.0, "planned 24 ann, 32 cy, 40 ann");
}

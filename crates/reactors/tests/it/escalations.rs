//! Who is told, step by step, as the policy says.

use domain::issue::Command;
use domain::policy::{Clock, Draft, Escalation, Moment, Recipient, Target};
use domain::project::{
    self,
    Reactor::{Deadlines, Escalations},
};
use jiff::SignedDuration;

use crate::given::{World, after, hours, minutes, pay, person, triage};

fn step(when: Moment, after: SignedDuration, to: Recipient) -> Escalation {
    Escalation { clock: Some(Clock::Accept), when, after, to }
}

/// Accept of Sev 2, four working hours: at risk, the owner team at once; breached, the product owners at once and zoe after two hours of work.
async fn with_steps(world: &World) {
    let settings = world.commands.find_project(&pay()).await.unwrap().unwrap().state;
    let mut draft = Draft::of(settings.policies.in_force(world.now()));
    let rules = &mut draft.severities[1].rules;
    assert_eq!(rules.targets.accept, Some(Target::Working(hours(4))));
    rules.escalations = vec![
        step(Moment::AtRisk, SignedDuration::ZERO, Recipient::OwnerTeam),
        step(Moment::Breach, SignedDuration::ZERO, Recipient::ProductOwners),
        step(Moment::Breach, hours(2), Recipient::Person(person("zoe"))),
    ];
    world.project(project::Command::AdoptPolicy { draft }).await;
}

#[tokio::test]
async fn each_step_is_told_once_at_its_time() {
    let world = World::begin().await;
    with_steps(&world).await;
    let node = world.node().await;
    let key = world.file("sev2").await;
    world.does("ann", &key, triage("sev2")).await;
    world.it_is(hours(3) + minutes(1));
    assert_eq!(world.reacted(Escalations, &key, 1).await, [after(hours(3), "accept 1 step 1 to ann bob")]);
    world.it_is(hours(7));
    let all = world.reacted(Escalations, &key, 3).await;
    assert_eq!(all[1..], [after(hours(4), "accept 1 step 2 to olga"), after(hours(6), "accept 1 step 3 to zoe")]);
    // A restart tells nobody twice.
    node.stops().await;
    let _node = world.node().await;
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Escalations, &key).await.len(), 3);
}

#[tokio::test]
async fn nobody_is_told_at_midnight() {
    let world = World::begin().await;
    with_steps(&world).await;
    let _node = world.node().await;
    // Filed on Monday at noon: breached at 16:00, and two hours of work later it is Tuesday, 10:00.
    world.it_is(hours(3));
    let key = world.file("sev2").await;
    world.does("ann", &key, triage("sev2")).await;
    world.it_is(hours(26));
    let all = world.reacted(Escalations, &key, 3).await;
    assert_eq!(all[2], after(hours(25), "accept 1 step 3 to zoe"));
}

#[tokio::test]
async fn who_stops_the_clock_before_a_step_spares_the_rest() {
    let world = World::begin().await;
    with_steps(&world).await;
    let _node = world.node().await;
    let key = world.file("sev2").await;
    world.does("ann", &key, triage("sev2")).await;
    world.it_is(hours(5));
    world.reacted(Escalations, &key, 2).await;
    world.does("ann", &key, Command::AcceptIssue).await;
    world.it_is(hours(8));
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Escalations, &key).await.len(), 2);
}

#[tokio::test]
async fn switched_off_nobody_is_told_and_deadlines_are_recorded_all_the_same() {
    let world = World::begin().await;
    with_steps(&world).await;
    let _node = world.node().await;
    world.switch(Escalations, false).await;
    let key = world.file("sev2").await;
    world.does("ann", &key, triage("sev2")).await;
    world.it_is(hours(3) + minutes(1));
    world.reacted(Deadlines, &key, 1).await;
    // What is not told stays due, and keeps nobody from waking for the breach.
    world.it_is(hours(4) + minutes(1));
    let all = world.reacted(Deadlines, &key, 2).await;
    assert_eq!(all, [after(hours(3), "accept 1 at risk"), after(hours(4), "accept 1 breached")]);
    assert_eq!(world.reactions(Escalations, &key).await, []);
    world.switch(Escalations, true).await;
    assert_eq!(world.reacted(Escalations, &key, 2).await.len(), 2);
}

//! Delivery rules: kept or broken, once a cycle.

use domain::Fact;
use domain::issue::{Command, Dismissal};
use domain::project::Reactor::{Delivery, Production};

use crate::given::{World, after, hours, minutes, person, resolve, text};

#[tokio::test]
async fn patch_now_is_kept_by_a_deployment_within_the_resolve_target() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.fix_and_verify(&key, "sev1", "c1").await;
    world.it_is(hours(23));
    world.deploy("r1", &["c1"], &[]).await;
    world.it_is(hours(23) + minutes(1));
    assert_eq!(world.reacted(Delivery, &key, 1).await, [after(hours(23), "delivery 1 kept by r1")]);
}

#[tokio::test]
async fn patch_now_is_broken_when_the_target_is_over_and_stays_so() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.fix_and_verify(&key, "sev1", "c1").await;
    world.it_is(hours(24) + minutes(1));
    assert_eq!(world.reacted(Delivery, &key, 1).await, [after(hours(24), "delivery 1 broken by nothing")]);
    world.deploy("r1", &["c1"], &[]).await;
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Delivery, &key).await.len(), 1);
}

#[tokio::test]
async fn next_push_is_kept_by_the_first_deployment_after_the_verification_that_carries_it() {
    let world = World::begin().await;
    let _node = world.node().await;
    let (kept, broken) = (world.file("sev2").await, world.file("sev2").await);
    world.deploy("r0", &["other"], &[]).await;
    world.it_is(hours(1));
    world.fix_and_verify(&kept, "sev2", "c1").await;
    world.fix_and_verify(&broken, "sev2", "c2").await;
    world.it_is(hours(2));
    world.deploy("r1", &["c1"], &[]).await;
    assert_eq!(world.reacted(Delivery, &kept, 1).await, [after(hours(2), "delivery 1 kept by r1")]);
    assert_eq!(world.reacted(Delivery, &broken, 1).await, [after(hours(2), "delivery 1 broken by r1")]);
    // The next one brings it, which changes nothing.
    world.it_is(hours(3));
    world.deploy("r2", &["c2"], &[]).await;
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Delivery, &broken).await.len(), 1);
}

#[tokio::test]
async fn each_cycle_is_asked_for_itself() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev2").await;
    world.fix_and_verify(&key, "sev2", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["other"], &[]).await;
    world.reacted(Delivery, &key, 1).await;
    world.it_is(hours(2));
    world.does("olga", &key, Command::RejectResolution { reason: Some(text("It fails again.")) }).await;
    world.does("ann", &key, resolve("c2")).await;
    world.does("olga", &key, Command::VerifyIssue { confirmed_by: Fact::Known(person("olga")) }).await;
    world.it_is(hours(3));
    world.deploy("r2", &["c2"], &[]).await;
    let all = world.reacted(Delivery, &key, 2).await;
    assert_eq!(all, [after(hours(1), "delivery 1 broken by r1"), after(hours(3), "delivery 2 kept by r2")]);
}

#[tokio::test]
async fn what_is_planned_is_asked_of_nobody() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev3").await;
    world.fix_and_verify(&key, "sev3", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["other"], &[]).await;
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Delivery, &key).await, []);
}

#[tokio::test]
async fn what_is_in_production_when_it_is_verified_waits_for_no_push() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev2").await;
    world.fix(&key, "sev2", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.reacted(Production, &key, 1).await;
    world.it_is(hours(2));
    world.does("olga", &key, Command::VerifyIssue { confirmed_by: Fact::Known(person("olga")) }).await;
    assert_eq!(world.reacted(Delivery, &key, 1).await, [after(hours(2), "delivery 1 kept by r1")]);
}

#[tokio::test]
async fn what_came_to_production_and_was_not_judged_then_is_judged_by_the_next_start() {
    let world = World::begin().await;
    let node = world.node().await;
    let (kept, broken) = (world.file("sev2").await, world.file("sev2").await);
    world.switch(Delivery, false).await;
    world.fix_and_verify(&kept, "sev2", "c1").await;
    world.fix_and_verify(&broken, "sev2", "c2").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.reacted(Production, &kept, 1).await;
    world.it_is(hours(2));
    world.deploy("r2", &["c2"], &[]).await;
    world.reacted(Production, &broken, 1).await;
    node.stops().await;
    world.switch(Delivery, true).await;
    let _node = world.node().await;
    assert_eq!(world.reacted(Delivery, &kept, 1).await, [after(hours(1), "delivery 1 kept by r1")]);
    assert_eq!(world.reacted(Delivery, &broken, 1).await, [after(hours(1), "delivery 1 broken by r1")]);
}

#[tokio::test]
async fn a_patch_that_came_too_late_is_told_whatever_became_of_it_while_nothing_ran() {
    let world = World::begin().await;
    let node = world.node().await;
    let (sent_back, dismissed) = (world.file("sev1").await, world.file("sev1").await);
    node.stops().await;
    world.fix_and_verify(&sent_back, "sev1", "c1").await;
    world.it_is(hours(25));
    world.does("olga", &sent_back, Command::RejectResolution { reason: Some(text("It fails again.")) }).await;
    let dismissal = Fact::Known(Dismissal::CannotReproduce);
    world.does("ann", &dismissed, Command::DismissIssue { dismissal, note: None }).await;
    let _node = world.node().await;
    for key in [&sent_back, &dismissed] {
        assert_eq!(world.reacted(Delivery, key, 1).await, [after(hours(24), "delivery 1 broken by nothing")]);
    }
}

//! Deployments mark what they carry, rollbacks take the mark off.

use domain::issue::{Closing, Command, State};
use domain::project::Reactor::{self, Production};
use domain::{Fact, ids::IssueKey};

use crate::given::{World, after, hours, minutes, monday, person, release_id, resolve, text};

fn closed_with(release: &str) -> Command {
    let closing = Closing::Released { release: Some(release_id(release)), reverified_by: Some(person("olga")) };
    Command::CloseIssue { closing: Fact::Known(closing) }
}

async fn state(world: &World, key: &IssueKey) -> State {
    world.commands.find_issue(key).await.unwrap().unwrap().state.state.clone()
}

#[tokio::test]
async fn a_deployment_marks_the_verified_issues_whose_change_it_carries() {
    let world = World::begin().await;
    let _node = world.node().await;
    let (carried, listed, neither) = (world.file("sev3").await, world.file("sev3").await, world.file("sev3").await);
    world.fix_and_verify(&carried, "sev3", "c1").await;
    world.fix_and_verify(&listed, "sev3", "c2").await;
    world.fix_and_verify(&neither, "sev3", "c3").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1", "other"], &[&listed]).await;
    world.it_is(hours(2));
    for key in [&carried, &listed] {
        assert_eq!(world.reacted(Production, key, 1).await, [after(hours(1), "in production with r1")]);
    }
    world.deploy("r2", &["c3"], &[]).await;
    assert_eq!(world.reacted(Production, &neither, 1).await, [after(hours(2), "in production with r2")]);
}

#[tokio::test]
async fn what_is_deployed_before_anybody_has_verified_it_is_marked_and_breaches_nothing() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.fix(&key, "sev1", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    assert_eq!(world.reacted(Production, &key, 1).await, [after(hours(1), "in production with r1")]);
    // Four hours to mitigate.
    world.it_is(hours(5));
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Reactor::Deadlines, &key).await, []);
    // Verified, it is still there; rolled back, it is not.
    world.does("olga", &key, Command::VerifyIssue { confirmed_by: Fact::Known(person("olga")) }).await;
    world.it_is(hours(6));
    world.roll_back("r1").await;
    let all = world.reacted(Production, &key, 2).await;
    assert_eq!(all[1], after(hours(6), "withdrawn: release r1 was rolled back"));
}

#[tokio::test]
async fn a_rollback_takes_the_mark_off_what_nobody_has_verified() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.fix(&key, "sev1", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.reacted(Production, &key, 1).await;
    world.it_is(hours(2));
    world.roll_back("r1").await;
    let all = world.reacted(Production, &key, 2).await;
    assert_eq!(all[1], after(hours(2), "withdrawn: release r1 was rolled back"));
    // Its second cycle has four hours, as any.
    world.it_is(hours(7));
    let breached = world.reacted(Reactor::Deadlines, &key, 2).await;
    assert_eq!(breached[1], after(hours(6), "mitigate 2 breached"));
}

#[tokio::test]
async fn what_was_deployed_before_it_was_known_to_be_the_fix_takes_back_what_was_recorded_meanwhile() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.does("ann", &key, crate::given::triage("sev1")).await;
    world.does("ann", &key, Command::AcceptIssue).await;
    world.it_is(hours(3) + minutes(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.it_is(hours(5));
    let breached = world.reacted(Reactor::Deadlines, &key, 2).await;
    assert_eq!(breached[1], after(hours(4), "mitigate 1 breached"));
    world.does("ann", &key, resolve("c1")).await;
    let deployed = hours(3) + minutes(1);
    let all = world.reacted(Production, &key, 2).await;
    assert_eq!(all, [after(deployed, "in production with r1"), after(deployed, "SlaBreachCorrected")]);
}

#[tokio::test]
async fn a_rollback_takes_the_mark_off_and_a_closed_issue_is_to_be_verified_again() {
    let world = World::begin().await;
    let _node = world.node().await;
    let (marked, closed) = (world.file("sev3").await, world.file("sev3").await);
    for key in [&marked, &closed] {
        world.fix_and_verify(key, "sev3", "c1").await;
    }
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    for key in [&marked, &closed] {
        world.reacted(Production, key, 1).await;
    }
    world.it_is(hours(2));
    world.does("ann", &closed, closed_with("r1")).await;
    world.it_is(hours(3));
    world.roll_back("r1").await;
    for key in [&marked, &closed] {
        let all = world.reacted(Production, key, 2).await;
        assert_eq!(all[1], after(hours(3), "withdrawn: release r1 was rolled back"));
        assert!(
            matches!(state(&world, key).await, State::Verified(verified) if verified.resolved.in_production.is_none())
        );
    }
    // Deployed once more, it is marked once more.
    world.it_is(hours(4));
    world.deploy("r1", &["c1"], &[]).await;
    assert_eq!(world.reacted(Production, &marked, 3).await[2], after(hours(4), "in production with r1"));
}

#[tokio::test]
async fn where_another_release_carries_it_too_a_rollback_leaves_it_in_production() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev3").await;
    world.fix_and_verify(&key, "sev3", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.reacted(Production, &key, 1).await;
    world.it_is(hours(2));
    world.deploy("r2", &["c1"], &[]).await;
    world.it_is(hours(3));
    world.roll_back("r1").await;
    let all = world.reacted(Production, &key, 3).await;
    assert_eq!(all[2], after(hours(2), "in production with r2"));
}

#[tokio::test]
async fn what_somebody_takes_out_of_production_stays_out_until_it_is_deployed_again() {
    let world = World::begin().await;
    let node = world.node().await;
    let key = world.file("sev3").await;
    world.fix_and_verify(&key, "sev3", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.reacted(Production, &key, 1).await;
    world.does("ann", &key, Command::WithdrawFromProduction { reason: Some(text("It is switched off there.")) }).await;
    node.stops().await;
    let _node = world.node().await;
    world.it_is(hours(2));
    world.deploy("r2", &["c1"], &[]).await;
    // Of the deployment that stood all the time nothing more was said.
    let all = world.reacted(Production, &key, 2).await;
    assert_eq!(all, [after(hours(1), "in production with r1"), after(hours(2), "in production with r2")]);
}

#[tokio::test]
async fn what_was_sent_back_needs_another_deployment() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev3").await;
    world.fix_and_verify(&key, "sev3", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.reacted(Production, &key, 1).await;
    world.it_is(hours(2));
    world.does("olga", &key, Command::RejectResolution { reason: Some(text("It fails again.")) }).await;
    world.does("ann", &key, resolve("c1")).await;
    world.does("olga", &key, Command::VerifyIssue { confirmed_by: Fact::Known(person("olga")) }).await;
    world.it_is(hours(3));
    world.deploy("r2", &["c1"], &[]).await;
    let all = world.reacted(Production, &key, 2).await;
    assert_eq!(all[1..], [after(hours(3), "in production with r2")]);
}

#[tokio::test]
async fn what_happened_while_nothing_ran_is_found() {
    let world = World::begin().await;
    let (deployed, rolled_back) = (world.file("sev3").await, world.file("sev3").await);
    let node = world.node().await;
    world.fix_and_verify(&deployed, "sev3", "c1").await;
    world.fix_and_verify(&rolled_back, "sev3", "c2").await;
    world.it_is(hours(1));
    world.deploy("r2", &["c2"], &[]).await;
    world.reacted(Production, &rolled_back, 1).await;
    node.stops().await;
    world.it_is(hours(2));
    world.deploy("r1", &["c1"], &[]).await;
    world.roll_back("r2").await;
    world.it_is(hours(9));
    let _node = world.node().await;
    assert_eq!(world.reacted(Production, &deployed, 1).await, [after(hours(2), "in production with r1")]);
    assert_eq!(
        world.reacted(Production, &rolled_back, 2).await[1],
        after(hours(2), "withdrawn: release r2 was rolled back")
    );
}

#[tokio::test]
async fn switched_off_it_marks_nothing_and_switched_on_what_it_missed() {
    let world = World::begin().await;
    let _node = world.node().await;
    world.switch(Reactor::Production, false).await;
    let key = world.file("sev3").await;
    world.fix_and_verify(&key, "sev3", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.it_is(hours(2));
    world.switch(Reactor::Production, true).await;
    assert_eq!(world.reacted(Production, &key, 1).await, [after(hours(1), "in production with r1")]);
    let marked = world.events(&key).await.pop().unwrap();
    assert_eq!(marked.recorded_at, monday() + hours(2));
}

#[tokio::test]
async fn imported_facts_move_nothing() {
    let world = World::begin().await;
    let _node = world.node().await;
    let origin = domain::Origin {
        system: "bugzilla".into(),
        reference: "7".into(),
        implied: false,
        imported_by: person("olga"),
    };
    let steps = [
        Command::FileIssue(crate::given::filing("sev3")),
        crate::given::triage("sev3"),
        Command::AcceptIssue,
        resolve("c1"),
        Command::VerifyIssue { confirmed_by: Fact::NotKnown },
    ];
    let mut key = None;
    for step in steps {
        let request = world.ask("olga", &step);
        let done = world.commands.imported_issue(&crate::given::pay(), origin.clone(), step, request).await.unwrap();
        key = Some(done.state.key.clone());
    }
    let own = world.file("sev3").await;
    world.fix_and_verify(&own, "sev3", "c1").await;
    world.it_is(hours(1));
    world.deploy("r1", &["c1"], &[]).await;
    world.reacted(Production, &own, 1).await;
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Production, &key.unwrap()).await, []);
}

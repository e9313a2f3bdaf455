//! At-risk and breach: each at its exact instant, once, whoever runs when.
//!
//! Sev 1 counts around the clock: accept in 15 minutes (at risk after 11:15), mitigate in 4 hours (after 3), resolve in 24 (after 18).

use domain::issue::Command;
use domain::project::Reactor;
use jiff::SignedDuration;

use crate::given::{Reaction, World, after, hours, minutes, monday, text, triage};

fn accept_at_risk() -> Reaction {
    after(SignedDuration::from_secs(11 * 60 + 15), "accept 1 at risk")
}

fn accept_breached() -> Reaction {
    after(minutes(15), "accept 1 breached")
}

#[tokio::test]
async fn deadlines_are_recorded_when_they_pass() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.it_is(minutes(12));
    assert_eq!(world.reacted(Reactor::Deadlines, &key, 1).await, [accept_at_risk()]);
    world.it_is(minutes(16));
    assert_eq!(world.reacted(Reactor::Deadlines, &key, 2).await, [accept_at_risk(), accept_breached()]);
    world.it_is(hours(30));
    let all = world.reacted(Reactor::Deadlines, &key, 6).await;
    let later = [
        after(hours(3), "mitigate 1 at risk"),
        after(hours(4), "mitigate 1 breached"),
        after(hours(18), "resolve 1 at risk"),
        after(hours(24), "resolve 1 breached"),
    ];
    assert_eq!(all[2..], later);
}

#[tokio::test]
async fn what_passed_while_nothing_ran_is_recorded_at_its_own_time() {
    let world = World::begin().await;
    let node = world.node().await;
    let key = world.file("sev1").await;
    let views = node.stops().await;
    world.it_is(hours(10));
    let _node = world.node_with(views).await;
    let all = world.reacted(Reactor::Deadlines, &key, 4).await;
    assert_eq!(all[..2], [accept_at_risk(), accept_breached()]);
    assert_eq!(all[3], after(hours(4), "mitigate 1 breached"));
}

#[tokio::test]
async fn restarts_record_nothing_twice() {
    let world = World::begin().await;
    let key = world.file("sev1").await;
    world.it_is(hours(1));
    for _ in 0..3 {
        let node = world.node().await;
        world.reacted(Reactor::Deadlines, &key, 2).await;
        world.everything_due_is_done().await;
        node.stops().await;
    }
    let accept: Vec<_> =
        world.reactions(Reactor::Deadlines, &key).await.into_iter().filter(|one| one.0.starts_with("accept")).collect();
    assert_eq!(accept, [accept_at_risk(), accept_breached()]);
}

#[tokio::test]
async fn two_reactors_record_each_deadline_once() {
    let world = World::begin().await;
    let (_one, _other) = (world.node().await, world.node().await);
    let mut keys = Vec::new();
    for _ in 0..20 {
        keys.push(world.file("sev1").await);
    }
    world.it_is(hours(1));
    for key in &keys {
        world.reacted(Reactor::Deadlines, key, 2).await;
    }
    world.everything_due_is_done().await;
    for key in &keys {
        assert_eq!(world.reactions(Reactor::Deadlines, key).await, [accept_at_risk(), accept_breached()]);
    }
}

#[tokio::test]
async fn a_clock_stopped_at_its_deadline_is_not_breached() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.does("ann", &key, triage("sev1")).await;
    world.it_is(minutes(15));
    assert_eq!(world.reacted(Reactor::Deadlines, &key, 1).await, [accept_at_risk()]);
    // The very instant: nobody has said that it is breached.
    world.does("ann", &key, Command::AcceptIssue).await;
    world.everything_due_is_done().await;
    assert_eq!(world.reactions(Reactor::Deadlines, &key).await, [accept_at_risk()]);
}

#[tokio::test]
async fn a_clock_that_is_paused_breaches_nothing_until_it_goes_on() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev2").await;
    let ask = Command::RequestInformation { of: domain::issue::Asked::Opener, text: text("Which shop?") };
    world.does("ann", &key, ask).await;
    // Four working hours are over at 13:00; mitigate, which Sev 2 does not pause, is at risk on Tuesday at 13:00.
    world.it_is(hours(40));
    let mitigate = world.reacted(Reactor::Deadlines, &key, 1).await;
    assert!(mitigate[0].0.starts_with("mitigate 1 at risk"), "{mitigate:?}");
    world.does("olga", &key, Command::ProvideInformation { questions: vec![], text: Some(text("The second.")) }).await;
    // It goes on on Wednesday at 09:00 with four hours left, and is at risk after three.
    world.it_is(hours(48 + 5));
    let all = world.reacted(Reactor::Deadlines, &key, 4).await;
    let accept: Vec<_> = all.into_iter().filter(|one| one.0.starts_with("accept")).collect();
    assert_eq!(accept, [after(hours(48 + 3), "accept 1 at risk"), after(hours(48 + 4), "accept 1 breached")]);
}

#[tokio::test]
async fn switched_off_it_records_nothing_and_switched_on_what_it_missed() {
    let world = World::begin().await;
    let _node = world.node().await;
    world.switch(Reactor::Deadlines, false).await;
    let key = world.file("sev1").await;
    world.it_is(hours(1));
    // Nothing comes: what would show it is switched off, too. So it is switched on, and all of it comes.
    world.switch(Reactor::Deadlines, true).await;
    let all = world.reacted(Reactor::Deadlines, &key, 2).await;
    assert_eq!(all, [accept_at_risk(), accept_breached()]);
    let events = world.events(&key).await;
    assert!(events[1..].iter().all(|event| event.recorded_at == monday() + hours(1)), "{events:#?}");
}

#[tokio::test]
async fn a_backlog_longer_than_a_page_is_recorded_whole() {
    let world = World::begin().await;
    let node = world.node().await;
    let issues = reactors::PAGE as usize + 50;
    let mut keys = Vec::with_capacity(issues);
    for _ in 0..issues {
        keys.push(world.file("sev1").await);
    }
    let views = node.stops().await;
    world.it_is(hours(1));
    let _node = world.node_with(views).await;
    for key in &keys {
        assert_eq!(world.reacted(Reactor::Deadlines, key, 2).await, [accept_at_risk(), accept_breached()]);
    }
}

#[tokio::test]
async fn what_stays_unmitigated_for_a_day_gets_shifts_and_who_is_mitigated_needs_none() {
    let world = World::begin().await;
    let _node = world.node().await;
    let key = world.file("sev1").await;
    world.does("ann", &key, triage("sev1")).await;
    world.it_is(hours(24) + minutes(1));
    let planned = world.reacted(Reactor::Shifts, &key, 1).await;
    assert_eq!(planned[0].0, "planned 24 ann, 32 bob, 40 ann");
    world.it_is(hours(25));
    world.does("ann", &key, Command::RecordWorkaround { text: text("Pay by phone.") }).await;
    world.it_is(hours(25) + minutes(1));
    let ended = world.reacted(Reactor::Shifts, &key, 2).await;
    assert_eq!(ended[1].0, "ShiftsEnded");
}

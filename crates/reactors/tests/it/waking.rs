//! When reactors wake, and how often they look.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::ids::IssueKey;
use domain::project::Reactor;
use jiff::{SignedDuration, Timestamp};
use projector::Terms;
use reactors::{Agenda, Deps, Due, DueIssue, Page, Reactors, TimeSource};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use view_store::memory::MemoryViews;
use view_store::{StoreError, ViewId};
use views::row::Cursor;

use crate::given::{World, hours, minutes, monday, pay};

/// What is due, as a view would say it, told by hand: and how often it was asked.
#[derive(Default)]
struct Told {
    due: std::sync::Mutex<Vec<DueIssue>>,
    asked: AtomicUsize,
    read: AtomicUsize,
}

#[async_trait]
impl Due for Told {
    fn view(&self) -> ViewId {
        views::sla::SCHEMA.id()
    }

    async fn page(&self, after: Option<Cursor>, limit: u32) -> Result<Page, StoreError> {
        assert_eq!(after, None, "all of it fits a page");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let issues: Vec<_> = self.due.lock().unwrap().iter().take(limit as usize).cloned().collect();
        self.read.fetch_add(issues.len(), Ordering::SeqCst);
        Ok(Page { issues, ..Page::default() })
    }

    async fn of(&self, _: &[IssueKey]) -> Result<Page, StoreError> {
        Ok(Page::default())
    }

    fn after(&self, _: &DueIssue) -> Cursor {
        unreachable!("nothing of it is switched off")
    }
}

fn nothing(_: &domain::issue::Issue, _: &domain::project::Project, _: Timestamp) -> Agenda {
    Agenda::default()
}

#[tokio::test]
async fn a_million_open_clocks_cost_nothing_while_none_is_due() {
    let world = World::begin().await;
    let told = Arc::new(Told::default());
    let issue = |ordinal| IssueKey { project: pay(), ordinal };
    *told.due.lock().unwrap() = (0..1_000_000).map(|n| DueIssue { at: monday() + hours(1), issue: issue(n) }).collect();
    let led: Terms = (0..4).map(|partition| ((views::sla::SCHEMA.id(), partition), 1)).collect();
    let stop = CancellationToken::new();
    let (_led, watched) = watch::channel(Arc::new(led));
    let reactors = Reactors::start(
        Deps {
            commands: Arc::clone(&world.commands),
            identity: world.log.identity(),
            time: Arc::clone(&world.time) as Arc<dyn TimeSource>,
            due: Arc::clone(&told) as Arc<dyn Due>,
            duties: nothing,
            views: Arc::new(MemoryViews::default()),
            led: watched,
        },
        stop.clone(),
    );
    // It looks once, and waits for the earliest.
    while world.time.waits.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(told.asked.load(Ordering::SeqCst), 1);
    assert!(told.read.load(Ordering::SeqCst) <= reactors::FIRST_PAGE as usize);
    // Time goes by, and it sleeps.
    for minute in 1..60 {
        world.it_is(minutes(minute));
        tokio::task::yield_now().await;
    }
    assert_eq!(told.asked.load(Ordering::SeqCst), 1);
    // The view moves: it looks once more, no further than the earliest.
    reactors.listener().folded(0, &mut std::iter::empty());
    while told.asked.load(Ordering::SeqCst) == 1 {
        tokio::task::yield_now().await;
    }
    assert!(told.read.load(Ordering::SeqCst) <= 2 * reactors::FIRST_PAGE as usize);
    stop.cancel();
    reactors.stopped().await;
}

#[tokio::test]
async fn a_deadline_that_is_set_anew_is_waited_for_anew() {
    let world = World::begin().await;
    let _node = world.node().await;
    let slow = world.file("sev3").await;
    world.it_is(hours(1));
    // Filed later, due earlier.
    let quick = world.file("sev1").await;
    world.it_is(hours(1) + SignedDuration::from_mins(12));
    world.reacted(Reactor::Deadlines, &quick, 1).await;
    assert_eq!(world.reactions(Reactor::Deadlines, &slow).await, []);
}

#[tokio::test]
async fn who_leads_no_partition_leaves_it_to_who_does() {
    let world = World::begin().await;
    let one = world.node().await;
    // The other shares the views: what they fold is leased to the first.
    let other = world.node_with(Arc::clone(&one.store)).await;
    let key = world.file("sev1").await;
    world.it_is(minutes(12));
    world.reacted(Reactor::Deadlines, &key, 1).await;
    // The first goes, and the other takes over.
    one.stops().await;
    world.it_is(minutes(16));
    assert_eq!(world.reacted(Reactor::Deadlines, &key, 2).await.len(), 2);
    drop(other);
}

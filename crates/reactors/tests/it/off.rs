//! What is due and switched off costs nothing, and keeps nothing else from being done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use commands::Request;
use domain::ids::{IssueKey, ProjectId};
use domain::issue::FileIssue;
use domain::project::{self, Reactor, Scheme};
use domain::text::Title;
use jiff::Timestamp;
use reactors::{Due, DueIssue, Page};
use view_store::memory::MemoryViews;
use view_store::{StoreError, ViewId, ViewStore};
use views::row::Cursor;

use crate::given::{World, filing, hours, minutes, monday};

/// What is due, as the view says it; and how many rows it was asked for.
struct Counted {
    due: Arc<dyn Due>,
    read: AtomicUsize,
}

#[async_trait]
impl Due for Counted {
    fn view(&self) -> ViewId {
        self.due.view()
    }

    async fn page(&self, after: Option<Cursor>, limit: u32) -> Result<Page, StoreError> {
        let page = self.due.page(after, limit).await?;
        self.read.fetch_add(page.issues.len(), Ordering::SeqCst);
        Ok(page)
    }

    async fn of(&self, issues: &[IssueKey]) -> Result<Page, StoreError> {
        let page = self.due.of(issues).await?;
        self.read.fetch_add(page.issues.len(), Ordering::SeqCst);
        Ok(page)
    }

    fn after(&self, due: &DueIssue) -> Cursor {
        self.due.after(due)
    }
}

fn web() -> ProjectId {
    ProjectId::parse("WEB").unwrap()
}

/// A project in which nothing is switched off.
async fn another_project(world: &World) {
    let name = Title::parse("Web").unwrap();
    let create = project::Command::CreateProject { id: web(), name, scheme: Scheme::three() };
    let request = world.ask("olga", &create);
    world.commands.project(&web(), create, request).await.unwrap();
}

/// It is filed there now, or late.
async fn filed_there(world: &World, occurred_at: Option<Timestamp>) -> IssueKey {
    let filing = FileIssue { component: None, ..filing("sev1") };
    let request = Request { occurred_at, ..world.ask("olga", &filing) };
    world.commands.file_issue(&web(), filing, request).await.unwrap().state.key.clone()
}

#[tokio::test]
async fn what_is_overdue_and_switched_off_is_not_read_at_each_look() {
    let world = World::begin().await;
    let store = Arc::<MemoryViews>::default();
    let due = reactors::sla_due(Arc::clone(&store) as Arc<dyn ViewStore>);
    let counted = Arc::new(Counted { due, read: AtomicUsize::new(0) });
    let node = world.node_by(store, Arc::clone(&counted) as Arc<dyn Due>).await;
    another_project(&world).await;
    world.switch(Reactor::Deadlines, false).await;
    let overdue = reactors::PAGE as usize * 4;
    let mut keys = Vec::with_capacity(overdue);
    for _ in 0..overdue {
        keys.push(world.file("sev1").await);
    }
    node.caught_up().await;
    let mut now = hours(1);
    // It looks again each time when something is filed, at risk, breached: what comes after all that is overdue.
    let mut looks = async |times: usize| {
        for _ in 0..times {
            world.it_is(now);
            let key = filed_there(&world, None).await;
            now += minutes(16);
            world.it_is(now);
            world.reacted(Reactor::Deadlines, &key, 2).await;
        }
        counted.read.load(Ordering::SeqCst)
    };
    // As soon as it knows all that is overdue, several looks together read less than all of it.
    let (mut read, mut reads) = (looks(1).await, usize::MAX);
    for _ in 0..10 {
        let later = looks(4).await;
        (read, reads) = (later, later - read);
        if reads < overdue {
            break;
        }
    }
    assert!(reads < overdue, "{reads} rows read again");
    // What is due before all that is passed over is found all the same.
    let late = filed_there(&world, Some(monday())).await;
    world.reacted(Reactor::Deadlines, &late, 2).await;
    // Switched on, nothing of it is forgotten.
    world.switch(Reactor::Deadlines, true).await;
    for key in &keys {
        world.reacted(Reactor::Deadlines, key, 2).await;
    }
}

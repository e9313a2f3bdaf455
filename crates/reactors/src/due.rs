//! What is due, and when: asked of the views.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::ids::IssueKey;
use event_log::PartitionId;
use jiff::Timestamp;
use view_store::{StoreError, ViewId};
use views::row::Cursor;

/// Issues by the instant at which something is to be recorded of them.
#[async_trait]
pub trait Due: Send + Sync + 'static {
    /// The view that says so: whoever advances it in a partition looks after what is due there.
    fn view(&self) -> ViewId;

    /// The next of them, at most `limit`, the earliest first; after where another page ended. An index gives them: what it costs does not depend
    /// on how many there are.
    async fn page(&self, after: Option<Cursor>, limit: u32) -> Result<Page, StoreError>;

    /// What is due of these issues, in no order; a key each.
    async fn of(&self, issues: &[IssueKey]) -> Result<Page, StoreError>;

    /// From where a page begins that is to begin after this one.
    fn after(&self, due: &DueIssue) -> Cursor;
}

/// Some of them.
#[derive(Debug, Default)]
pub struct Page {
    /// In the order of their instants.
    pub issues: Vec<DueIssue>,
    /// Where it ended; `None`: nothing follows.
    pub next: Option<Cursor>,
    /// Up to where in each partition the view had folded the log.
    pub folded: BTreeMap<PartitionId, u64>,
    /// Of which tables: another number than before, and what was read before does not belong to it.
    pub generation: u64,
}

/// An issue of which something is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DueIssue {
    /// From when on.
    pub at: Timestamp,
    /// Which.
    pub issue: IssueKey,
}

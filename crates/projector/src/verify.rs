//! A view compared with what the log gives.
//!
//! The log is folded once more, into a store of its own, up to where the view is. Then both are read by key, page by page. Each page of the
//! view tells the checkpoints that it is true of; the other store is brought to the same ones before it is asked for the same keys.
//! So the view goes on meanwhile, no transaction lasts longer than a page, and what is compared is always of the same moment.

mod compare;

use std::collections::BTreeMap;

use event_log::{EventLog, LogError, PartitionId};
use view_store::{Answer, Checkpoint, StoreError, ViewStore};
use views::AnyView;
use views::row::{Cursor, Select};
use views::table::Table;

use crate::beside::step;
use crate::feed;
use crate::lane::{Lane, Right};
use crate::trouble::{Trouble, chain};
use compare::{Parking, Rows};

/// So many differences are told; the rest is counted.
pub const DIFFERENCES_MAX: usize = 100;
/// Rows are compared so many at a time.
const PAGE_ROWS: u32 = 500;

/// What was compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// So many events were folded.
    pub events: u64,
    /// So many rows were compared.
    pub rows: u64,
    /// So many differences were found.
    pub different: u64,
    /// The first [`DIFFERENCES_MAX`] of them.
    pub differences: Vec<Difference>,
}

/// Something that the view holds and the log does not give, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// In which table; `parked`: of the streams that are set aside.
    pub table: &'static str,
    /// The row's key, or the stream.
    pub key: String,
    /// Which column; `None`: the whole row.
    pub column: Option<&'static str>,
    /// What the view holds; `None`: no such row.
    pub found: Option<String>,
    /// What the log gives; `None`: no such row.
    pub wanted: Option<String>,
}

/// How far a comparison is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyProgress {
    /// So many events are folded, of so many.
    Folding {
        /// So many.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// So many rows are compared.
    Comparing {
        /// In this table.
        table: &'static str,
        /// In all tables.
        rows: u64,
    },
}

/// Why a view could not be compared with the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It was never built.
    #[error("there is nothing to compare: the view was not built here")]
    NotBuilt,
    /// It was folded from another log, or from more than there is.
    #[error("partition {partition} was folded from another log")]
    Stranger {
        /// Where that was seen.
        partition: PartitionId,
    },
    /// It was made anew meanwhile.
    #[error("the view was made anew meanwhile; verify it again")]
    MadeAnew,
    /// A newer build has written to the log.
    #[error("upgrade needed: {reason}")]
    UpgradeNeeded {
        /// What it has written.
        reason: String,
    },
    /// Log or store can't serve.
    #[error("{reason}")]
    Failed {
        /// What they say.
        reason: String,
    },
}

/// Compares the view with what the log gives. `scratch` is an empty store that nobody else uses; it holds as much as the view. Memory does
/// not grow with either.
pub async fn verify(
    log: &dyn EventLog,
    store: &dyn ViewStore,
    view: &'static dyn AnyView,
    scratch: &dyn ViewStore,
    mut told: impl FnMut(VerifyProgress),
) -> Result<Verified, VerifyError> {
    let schema = view.schema();
    let stored = store.stored().await?;
    if !stored.iter().any(|it| (it.name.as_str(), it.version) == (schema.name, schema.version)) {
        return Err(VerifyError::NotBuilt);
    }
    store.prepare(&[schema]).await?;
    scratch.prepare(&[schema]).await?;
    let mut again = Again::begin(log, scratch, view).await?;
    let reached = store.checkpoints(schema.id()).await?;
    again.check(&reached).await?;
    again.fold_to(&reached, &mut told).await?;
    let mut verified = Verified::default();
    for table in schema.tables {
        compare_table(store, &mut again, table, &mut verified, &mut told).await?;
    }
    compare_parked(store, &mut again, &mut verified).await?;
    verified.events = again.lanes.iter().map(Lane::position).sum();
    Ok(verified)
}

/// The log, folded again.
struct Again<'s> {
    log: &'s dyn EventLog,
    store: &'s dyn ViewStore,
    view: &'static dyn AnyView,
    lanes: Vec<Lane>,
}

impl<'s> Again<'s> {
    async fn begin(
        log: &'s dyn EventLog,
        store: &'s dyn ViewStore,
        view: &'static dyn AnyView,
    ) -> Result<Self, Trouble> {
        let mut lanes: Vec<_> = (0..log.identity().partitions).map(|partition| Lane::new(view, partition)).collect();
        for lane in &mut lanes {
            lane.begin(log, store, Right::Alone).await?;
        }
        Ok(Self { log, store, view, lanes })
    }

    /// Is the view of this log?
    async fn check(&self, reached: &BTreeMap<PartitionId, Checkpoint>) -> Result<(), VerifyError> {
        for (&partition, checkpoint) in reached {
            if !feed::is_of(self.log, partition, checkpoint).await? {
                return Err(VerifyError::Stranger { partition });
            }
        }
        Ok(())
    }

    /// Comes to exactly these checkpoints.
    async fn fold_to(
        &mut self,
        reached: &BTreeMap<PartitionId, Checkpoint>,
        told: &mut impl FnMut(VerifyProgress),
    ) -> Result<(), VerifyError> {
        let of = reached.values().map(|checkpoint| checkpoint.position).sum();
        for at in 0..self.lanes.len() {
            let lane = &self.lanes[at];
            let end = reached.get(&lane.partition).map_or(0, |checkpoint| checkpoint.position);
            if end < lane.position() {
                return Err(VerifyError::MadeAnew);
            }
            while step(self.log, self.store, &mut self.lanes[at], end).await? {
                told(VerifyProgress::Folding { done: self.lanes.iter().map(Lane::position).sum(), of });
            }
        }
        Ok(())
    }

    /// Answers the select at the checkpoints of the other's answer.
    async fn ask(
        &mut self,
        other: &Answer,
        selects: Vec<Select>,
        told: &mut impl FnMut(VerifyProgress),
    ) -> Result<Answer, VerifyError> {
        self.fold_to(&other.checkpoints, told).await?;
        Ok(self.store.query(self.view.schema().id(), selects).await?)
    }
}

async fn compare_table(
    store: &dyn ViewStore,
    again: &mut Again<'_>,
    table: &'static Table,
    verified: &mut Verified,
    told: &mut impl FnMut(VerifyProgress),
) -> Result<(), VerifyError> {
    let view = again.view.schema().id();
    let mut after: Option<Cursor> = None;
    loop {
        let select = Select::from(table, PAGE_ROWS).with_words().after(after.take());
        let mut found = store.query(view, vec![select.clone()]).await?;
        let mut wanted = again.ask(&found, vec![select.clone()], told).await?;
        let rows = Rows::of(found.rows.pop(), wanted.rows.pop(), PAGE_ROWS);
        verified.rows += rows.compare(|difference| verified.differences.put(&mut verified.different, difference));
        told(VerifyProgress::Comparing { table: table.name, rows: verified.rows });
        match rows.end() {
            Some(last) => after = Some(select.cursor(last).map_err(StoreError::from)?),
            None => return Ok(()),
        }
    }
}

/// Streams that are set aside come with an answer, the first of them.
async fn compare_parked(
    store: &dyn ViewStore,
    again: &mut Again<'_>,
    verified: &mut Verified,
) -> Result<(), VerifyError> {
    let found = store.query(again.view.schema().id(), Vec::new()).await?;
    let wanted = again.ask(&found, Vec::new(), &mut |_| {}).await?;
    Parking::of(found.parked, wanted.parked)
        .compare(|difference| verified.differences.put(&mut verified.different, difference));
    Ok(())
}

/// Keeps the first few.
trait Bounded {
    fn put(&mut self, count: &mut u64, difference: Difference);
}

impl Bounded for Vec<Difference> {
    fn put(&mut self, count: &mut u64, difference: Difference) {
        *count += 1;
        if self.len() < DIFFERENCES_MAX {
            self.push(difference);
        }
    }
}

impl From<StoreError> for VerifyError {
    fn from(error: StoreError) -> Self {
        Self::Failed { reason: chain(&error).to_string() }
    }
}

impl From<LogError> for VerifyError {
    fn from(error: LogError) -> Self {
        Trouble::from(error).into()
    }
}

impl From<Trouble> for VerifyError {
    fn from(error: Trouble) -> Self {
        match error {
            Trouble::UpgradeNeeded { reason } => Self::UpgradeNeeded { reason: reason.to_string() },
            other => Self::Failed { reason: chain(&other).to_string() },
        }
    }
}

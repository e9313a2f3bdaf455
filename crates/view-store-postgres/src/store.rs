//! The store itself: asks its connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backon::{ConstantBuilder, Retryable as _, TokioSleeper};
use postgres_session::{Connections, Dial, Place, Question, Session};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use view_store::check::{check_commits, check_selects, check_swap, check_table};
use view_store::{
    Answer, Checkpoint, Claim, CommitError, Holder, Lease, Parked, PartitionId, PoolStats, Prepared, Schema, Share,
    Stats, StoreError, Stored, SwapError, ViewCommit, ViewId, ViewStore,
};
use views::row::{Key, Row, Select};
use views::table::Table;

use crate::commit::{self, Commit};
use crate::error::{OpenError, changed, is_in_use, told};
use crate::lease::{Held, Join, LeaseAll, Release};
use crate::read::{Checkpoints, Load, ParkedStreams, Query, Which};
use crate::sql::ViewSql;
use crate::state::Shared;
use crate::tables::{AllStored, Announce, Prepare, Reached, Remove, Reset, Swap, Sweep};
use crate::{beside, follow, open};

/// The schema of views whose URL names none.
const SCHEMA: &str = "snaglog_views";
/// Connections for what must not wait for queries or commits: leases, tables, and looking at what others did.
const UPKEEP: usize = 2;

/// What the store asks of its sessions.
///
/// - Commits don't wait for the disk: views are disposable.
/// - The planner reads in the order of an index, whatever it thinks of the tables' sizes: a page costs the page.
/// - A node that stops in a commit holds up its successor: not for long.
const SESSION: Session = Session {
    settings: &[
        ("synchronous_commit", "off"),
        ("enable_sort", "off"),
        ("enable_bitmapscan", "off"),
        ("max_parallel_workers_per_gather", "0"),
        ("idle_in_transaction_session_timeout", "5s"),
    ],
    confirm: false,
    statements: 1000,
};

/// Tables that are being read can't be changed: that is tried again after so long. Readers come in between.
const CHANGE_PAUSE: Duration = Duration::from_millis(500);
/// So often.
const CHANGE_TRIES: usize = 3;

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Most connections that answer queries.
    pub queries: usize,
    /// Most connections that load and commit: as many partitions can be committed at the same time. A node has four more.
    pub workers: usize,
    /// How long an answer may take: then it has failed.
    pub timeout: Duration,
}

impl Default for Options {
    /// 8 connections that answer queries, 8 that commit, 30 seconds.
    fn default() -> Self {
        Self { queries: 8, workers: 8, timeout: Duration::from_secs(30) }
    }
}

/// A node's way to views in PostgreSQL.
#[derive(Debug)]
pub struct PostgresViews {
    shared: Arc<Shared>,
    queries: Connections,
    workers: Connections,
    upkeep: Connections,
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl PostgresViews {
    /// Opens the store at `postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME`, or makes it where there is none. The schema is
    /// `snaglog_views` unless it is given; the other parameters of the URL are PostgreSQL's (`sslmode`, `sslrootcert`, …).
    ///
    /// The connection must be the server's own, or a pool's in session mode.
    pub async fn open(url: &str, options: &Options) -> Result<Self, OpenError> {
        let place = Place::parse(url, SCHEMA)?;
        let dial = Dial::new(place.clone(), SESSION);
        open::open(&dial).await?;
        let (shared, closing, tasks) = (Arc::new(Shared::default()), CancellationToken::new(), TaskTracker::new());
        let upkeep = dial.connections(UPKEEP, options.timeout);
        let (queries, workers) =
            (dial.connections(options.queries, options.timeout), dial.connections(options.workers, options.timeout));
        tracing::info!(place = place.shown, "opened the views");
        tasks.spawn(follow::follow(Arc::clone(&shared), upkeep.clone(), place, closing.clone()));
        tasks.spawn(follow::announce(Arc::clone(&shared), dial, closing.clone()));
        tasks.close();
        Ok(Self { shared, queries, workers, upkeep, closing, tasks })
    }

    /// The URL of the views that a log's nodes share: in the log's own database, in a schema named after the log's.
    pub fn beside(log: &str) -> Result<String, OpenError> {
        beside::beside(log)
    }

    /// Lets go of all connections; what is under way ends first.
    pub async fn close(&self) {
        self.closing.cancel();
        self.tasks.wait().await;
        for connections in [&self.queries, &self.workers, &self.upkeep] {
            connections.close();
        }
    }

    fn view(&self, view: ViewId) -> Result<Arc<ViewSql>, StoreError> {
        self.shared.book().get(view)
    }

    async fn ask<Q: Question + Clone + Sync>(&self, question: Q) -> Result<Q::Answer, StoreError> {
        self.workers.ask(question).await.map_err(told)
    }

    async fn keep_up<Q: Question>(&self, question: Q) -> Result<Q::Answer, StoreError> {
        self.upkeep.once(question).await.map_err(told)
    }

    /// Changes tables that others read: as soon as nobody does.
    async fn change<Q: Question + Clone + Sync>(&self, question: Q) -> Result<Q::Answer, StoreError> {
        let ask = || self.upkeep.once(question.clone());
        let tries = ConstantBuilder::default().with_delay(CHANGE_PAUSE).with_max_times(CHANGE_TRIES);
        ask.retry(tries).sleep(TokioSleeper).when(is_in_use).await.map_err(changed)
    }

    fn begun(&self, reached: &Reached) {
        for (view, checkpoints) in reached {
            let positions = checkpoints.iter().map(|(partition, at)| (*partition, at.position)).collect();
            self.shared.begun(*view, &positions);
        }
    }

    fn removed(&self, view: ViewId) {
        self.shared.removed(view);
        self.shared.begun(view, &BTreeMap::new());
    }
}

impl Drop for PostgresViews {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

#[async_trait]
impl ViewStore for PostgresViews {
    async fn prepare(&self, views: &[&'static Schema]) -> Result<Vec<Prepared>, StoreError> {
        for view in views {
            view.check().map_err(|reason| StoreError::Invalid { reason })?;
        }
        let (prepared, reached) = self.keep_up(Prepare(views.to_vec())).await??;
        for view in views {
            self.shared.prepared(view);
        }
        self.begun(&reached);
        Ok(prepared)
    }

    async fn reset(&self, view: &'static Schema) -> Result<(), StoreError> {
        view.check().map_err(|reason| StoreError::Invalid { reason })?;
        self.change(Reset(view)).await?;
        self.shared.prepared(view);
        self.shared.begun(view.id(), &BTreeMap::new());
        Ok(())
    }

    async fn swap(&self, view: &'static Schema, with: &'static Schema) -> Result<(), SwapError> {
        check_swap(view, with)?;
        for each in [view, with] {
            self.view(each.id())?;
        }
        let reached = self.change(Swap(view, with)).await??;
        self.begun(&reached);
        Ok(())
    }

    async fn remove(&self, view: ViewId) -> Result<(), StoreError> {
        self.change(Remove(view)).await?;
        self.removed(view);
        Ok(())
    }

    async fn stored(&self) -> Result<Vec<Stored>, StoreError> {
        self.ask(AllStored).await
    }

    async fn announce(&self, views: &[ViewId], lasting: Duration) -> Result<(), StoreError> {
        for view in views {
            self.view(*view)?;
        }
        self.keep_up(Announce(views.to_vec(), lasting)).await?
    }

    async fn sweep(&self) -> Result<Vec<Stored>, StoreError> {
        let swept = self.keep_up(Sweep).await?;
        let known: Vec<_> = self.shared.book().views().collect();
        for view in known {
            if swept.iter().any(|gone| (gone.name.as_str(), gone.version) == (view.name, view.version)) {
                self.removed(view);
            }
        }
        Ok(swept)
    }

    async fn join(&self) -> Result<Holder, StoreError> {
        self.upkeep.ask(Join).await.map_err(told)
    }

    async fn lease(&self, claim: Claim) -> Result<Vec<Lease>, StoreError> {
        self.upkeep.ask(LeaseAll(claim)).await.map_err(told)
    }

    async fn held(&self, views: &[ViewId]) -> Result<Vec<Share>, StoreError> {
        self.upkeep.ask(Held(views.to_vec())).await.map_err(told)
    }

    async fn release(&self, holder: Holder) -> Result<(), StoreError> {
        self.upkeep.ask(Release(holder)).await.map_err(told)
    }

    async fn checkpoints(&self, view: ViewId) -> Result<BTreeMap<PartitionId, Checkpoint>, StoreError> {
        self.view(view)?;
        self.ask(Checkpoints(view)).await
    }

    async fn load(&self, view: ViewId, table: &'static Table, keys: Vec<Key>) -> Result<Vec<Option<Row>>, StoreError> {
        let view = self.view(view)?;
        check_table(view.schema, table)?;
        for key in &keys {
            key.check(table)?;
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let place = view.place(table)?;
        self.ask(Load { view, place, keys: keys.into() }).await
    }

    async fn commit(&self, partition: PartitionId, commits: Vec<ViewCommit>) -> Result<(), CommitError> {
        check_commits(&commits, |view| Ok(self.view(view)?.schema))?;
        let with_sql = |commit: ViewCommit| {
            let view = commit.view;
            Ok((self.view(view)?, commit, self.shared.epoch(view)))
        };
        let commits = commits.into_iter().map(with_sql).collect::<Result<Vec<_>, _>>();
        let mut commits = commits.map_err(CommitError::Failed)?;
        commits.sort_unstable_by_key(|(_, commit, _)| commit.view);
        let shared = Arc::clone(&self.shared);
        self.workers.once(Commit { shared, partition, commits }).await.map_err(commit::failed)?
    }

    async fn query(&self, view: ViewId, selects: Vec<Select>) -> Result<Answer, StoreError> {
        let view = self.view(view)?;
        check_selects(view.schema, &selects)?;
        self.queries.ask(Query { view, selects: selects.into() }).await.map_err(told)
    }

    async fn parked(&self, view: ViewId, after: Option<Arc<str>>, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.view(view)?;
        self.ask(ParkedStreams(view, Which::After(after.unwrap_or_default(), limit))).await
    }

    async fn parked_of(&self, view: ViewId, streams: Vec<Arc<str>>) -> Result<Vec<Parked>, StoreError> {
        self.view(view)?;
        self.ask(ParkedStreams(view, Which::Of(streams))).await
    }

    fn advanced(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.shared.watch(view, partition)
    }

    fn stats(&self) -> Stats {
        let pools = [("query", &self.queries), ("commit", &self.workers), ("upkeep", &self.upkeep)];
        let of = |(name, connections): (&'static str, &Connections)| {
            let (used, max) = connections.usage();
            PoolStats { name, used, max }
        };
        Stats { pools: pools.map(of).into(), ..Stats::default() }
    }

    fn is_awaited(&self, view: ViewId, partition: PartitionId) -> bool {
        self.shared.is_watched(view, partition)
    }
}

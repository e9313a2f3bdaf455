//! A commit: one transaction over all its views.

use std::sync::Arc;

use postgres_session::{Fault, Question};
use sqlx::{Connection as _, PgConnection, Row as _};
use view_store::{Checkpoint, CommitError, PartitionId, ViewCommit, ViewId};

use crate::error::{concerns_one_row, told};
use crate::net::{Writes, reckon};
use crate::read::checkpoint;
use crate::sql::ViewSql;
use crate::state::{Epoch, Shared};
use crate::write::{self, ROWS_MAX};

/// Compares leases and checkpoints, and moves the checkpoints: for each commit, is its lease held, and did it move? Whoever else names
/// the same rows waits until this transaction ends. Its tables are locked before any row: `tables::lock` relies on that.
const ADVANCE: &str = "WITH asked AS (SELECT * FROM unnest($2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY \
     AS a(view, version, term, expected, expected_leaf, position, leaf, n)), \
     held AS (SELECT a.n FROM asked a JOIN snaglog_leases l ON l.view = a.view AND l.version = a.version \
     AND l.partition = $1 AND l.term = a.term FOR SHARE OF l), \
     moved AS (UPDATE snaglog_checkpoints c SET position = a.position, leaf = a.leaf FROM asked a \
     WHERE c.view = a.view AND c.version = a.version AND c.partition = $1 \
     AND c.position = a.expected AND c.leaf = a.expected_leaf RETURNING a.n), \
     begun AS (INSERT INTO snaglog_checkpoints AS c (view, version, partition, position, leaf) \
     SELECT view, version, $1, position, leaf FROM asked WHERE expected IS NULL \
     ON CONFLICT DO NOTHING RETURNING c.view, c.version) \
     SELECT a.term IS NULL OR a.n IN (SELECT n FROM held), \
     a.n IN (SELECT n FROM moved) OR (a.view, a.version) IN (SELECT view, version FROM begun) \
     FROM asked a ORDER BY a.n";
const UNPARK: &str = "DELETE FROM snaglog_parked WHERE view = $1 AND version = $2 AND stream = ANY($3)";
const PARK: &str = "INSERT INTO snaglog_parked (view, version, partition, stream, position, reason) \
     SELECT DISTINCT ON (stream) $1, $2, $3, stream, position, reason \
     FROM unnest($4, $5, $6) WITH ORDINALITY AS p(stream, position, reason, n) ORDER BY stream, n ON CONFLICT DO NOTHING";
const SKIP: &str = "UPDATE snaglog_parked SET skipped = true WHERE view = $1 AND version = $2 AND stream = ANY($3)";

/// What several views made of a batch.
pub(crate) struct Commit {
    pub(crate) shared: Arc<Shared>,
    pub(crate) partition: PartitionId,
    /// In the order of their names, in which locks are taken.
    pub(crate) commits: Vec<(Arc<ViewSql>, ViewCommit, Epoch)>,
}

/// Why a transaction ended without anything.
enum Failure {
    /// The contract's reason.
    Told(CommitError),
    /// A write of this view failed; the change is the first that was in it.
    Write {
        view: ViewId,
        change: usize,
        fault: Fault,
    },
    Fault(Fault),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Question for Commit {
    type Answer = Result<(), CommitError>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let mut writes = Vec::with_capacity(self.commits.len());
        for (sql, commit, _) in &self.commits {
            match reckon(sql, commit) {
                Ok(reckoned) => writes.push(reckoned),
                Err(error) => return Ok(Err(error)),
            }
        }
        let mut done = self.attempt(connection, &writes, ROWS_MAX).await;
        if matches!(&done, Err(Failure::Write { fault, .. }) if concerns_one_row(fault)) {
            // Which one? Row by row.
            done = self.attempt(connection, &writes, 1).await;
        }
        match done {
            Ok(()) => {
                for (_, commit, epoch) in &self.commits {
                    self.shared.committed(commit.view, self.partition, commit.new.position, *epoch);
                }
                Ok(Ok(()))
            }
            Err(Failure::Told(error)) => Ok(Err(error)),
            Err(Failure::Write { view, change, fault }) if concerns_one_row(&fault) => {
                Ok(Err(CommitError::Rejected { view, change, reason: fault.words() }))
            }
            Err(Failure::Write { fault, .. } | Failure::Fault(fault)) => Err(fault),
        }
    }
}

impl Commit {
    /// One transaction, with at most so many rows in a statement.
    async fn attempt(
        &self,
        connection: &mut PgConnection,
        writes: &[Writes<'_>],
        rows_max: usize,
    ) -> Result<(), Failure> {
        let mut transaction = connection.begin().await?;
        match self.apply(&mut transaction, writes, rows_max).await {
            Ok(()) => Ok(transaction.commit().await?),
            Err(Failure::Fault(fault) | Failure::Write { fault, .. }) if fault.is_loss() => Err(fault.into()),
            Err(failure) => {
                transaction.rollback().await?;
                Err(failure)
            }
        }
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        writes: &[Writes<'_>],
        rows_max: usize,
    ) -> Result<(), Failure> {
        self.advance(connection).await?;
        for ((sql, commit, _), writes) in self.commits.iter().zip(writes) {
            let written = write::write(connection, sql, writes, rows_max).await;
            written.map_err(|failed| Failure::Write {
                view: commit.view,
                change: failed.change,
                fault: failed.fault,
            })?;
            self.set_aside(connection, commit).await?;
        }
        Ok(())
    }

    async fn advance(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let commits = || self.commits.iter().map(|(_, commit, _)| commit);
        let position = |checkpoint: Checkpoint| checkpoint.position.cast_signed();
        let expected = |commit: &ViewCommit| commit.expected.map(position);
        let leaf = |checkpoint: &Checkpoint| checkpoint.leaf.to_vec();
        let rows = sqlx::query(ADVANCE)
            .bind(self.partition.cast_signed())
            .bind(commits().map(|commit| commit.view.name).collect::<Vec<_>>())
            .bind(commits().map(|commit| commit.view.version.cast_signed()).collect::<Vec<_>>())
            .bind(commits().map(|commit| commit.term.map(u64::cast_signed)).collect::<Vec<_>>())
            .bind(commits().map(expected).collect::<Vec<_>>())
            .bind(commits().map(|commit| commit.expected.as_ref().map(leaf)).collect::<Vec<_>>())
            .bind(commits().map(|commit| position(commit.new)).collect::<Vec<_>>())
            .bind(commits().map(|commit| leaf(&commit.new)).collect::<Vec<_>>())
            .fetch_all(&mut *connection)
            .await?;
        for (commit, row) in commits().zip(&rows) {
            let (view, partition) = (commit.view, self.partition);
            if !row.try_get::<bool, _>(0)? {
                return Err(Failure::Told(CommitError::NotHeld { view, partition }));
            }
            if !row.try_get::<bool, _>(1)? {
                let actual = checkpoint(connection, view, partition).await?;
                return Err(Failure::Told(CommitError::Moved { view, partition, actual }));
            }
        }
        Ok(())
    }

    async fn set_aside(&self, connection: &mut PgConnection, commit: &ViewCommit) -> Result<(), Failure> {
        let of = |text| sqlx::query(text).bind(commit.view.name).bind(commit.view.version.cast_signed());
        let names = |streams: &[Arc<str>]| streams.iter().map(ToString::to_string).collect::<Vec<_>>();
        if !commit.unpark.is_empty() {
            of(UNPARK).bind(names(&commit.unpark)).execute(&mut *connection).await?;
        }
        if !commit.park.is_empty() {
            of(PARK)
                .bind(self.partition.cast_signed())
                .bind(commit.park.iter().map(|park| park.stream.to_string()).collect::<Vec<_>>())
                .bind(commit.park.iter().map(|park| park.position.cast_signed()).collect::<Vec<_>>())
                .bind(commit.park.iter().map(|park| park.reason.replace('\0', "\u{fffd}")).collect::<Vec<_>>())
                .execute(&mut *connection)
                .await?;
        }
        if !commit.skip.is_empty() {
            of(SKIP).bind(names(&commit.skip)).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// What a commit that failed is in the contract's words.
pub(crate) fn failed(fault: Fault) -> CommitError {
    CommitError::Failed(told(fault))
}

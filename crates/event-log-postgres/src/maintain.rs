//! What operators do to the log: its row changes in the log's own turn, which every append shares.

use async_trait::async_trait;
use event_log::admission::{Admission, NotTaken};
use event_log::{Change, FillError, LogError, Maintain, Mark, PartitionId, Phase, Recorded, Versions};
use postgres_session::Fault;
use sqlx::{Connection as _, PgConnection};

use crate::PostgresLog;
use crate::batch::{self, Columns, Ends, Outcome};
use crate::heads::{self, End};
use crate::ledger::{Asked, Ledger};
use crate::mark::read_mark;
use crate::node::Node;

/// While it is held no append is in flight, on any node.
const TAKE_LOG: &str = "SELECT pg_advisory_xact_lock('log'::regclass::oid::integer, -1)";
const SET_MARK: &str = "UPDATE log SET rule_version = $1, record_version = $2, phase = $3";
/// Says to every node that anything may be new.
const NOTIFY: &str = "SELECT pg_notify($1, '')";

/// Why the log was not filled.
enum NotFilled {
    Fill(FillError),
    Fault(Fault),
}

impl From<Fault> for NotFilled {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<sqlx::Error> for NotFilled {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

#[async_trait]
impl Maintain for PostgresLog {
    fn versions(&self) -> Versions {
        self.node.shared.mark().versions
    }

    fn phase(&self) -> Phase {
        self.node.shared.mark().phase
    }

    async fn activate(&self, versions: Versions) -> Result<(), LogError> {
        self.node.clone().change(Change::Activate(versions)).await
    }

    async fn seal(&self) -> Result<(), LogError> {
        self.node.clone().change(Change::Seal).await
    }

    async fn fill(&self, records: Vec<Recorded>) -> Result<(), FillError> {
        let node = self.node.clone();
        // A task of its own: a caller that goes away can't leave its transaction open.
        let filled = tokio::spawn(async move { node.fill(records).await }).await;
        filled.unwrap_or_else(|_| Err(FillError::Failed(panicked())))
    }

    async fn open(&self) -> Result<(), LogError> {
        self.node.clone().change(Change::Open).await
    }
}

impl Node {
    /// In a task of its own, likewise.
    async fn change(self, change: Change) -> Result<(), LogError> {
        self.readers.usable()?;
        tokio::spawn(async move { self.change_here(change).await }).await.unwrap_or_else(|_| Err(panicked()))
    }

    async fn change_here(self, change: Change) -> Result<(), LogError> {
        let doing = "changing the log";
        let mut connection = self.writers.lend().await.map_err(|fault| self.shared.told(&fault, doing))?;
        let changed = self.transact(&mut connection, change).await;
        let changed = changed.map_err(|fault| {
            connection.discard(fault.is_loss());
            self.shared.told(&fault, doing)
        })?;
        let mark = changed?;
        self.shared.raise_mark(mark);
        Ok(())
    }

    /// The mark after the change; or why there is none.
    async fn transact(&self, connection: &mut PgConnection, change: Change) -> Result<Result<Mark, LogError>, Fault> {
        let mut transaction = connection.begin().await?;
        sqlx::query(TAKE_LOG).execute(&mut *transaction).await?;
        // A statement of its own: begun when no append is in flight.
        let before = read_mark(&mut transaction, self.shared.identity.log_id).await?;
        let after = match before.changed(change, self.shared.known) {
            Ok(after) => after,
            Err(refused) => {
                transaction.rollback().await?;
                return Ok(Err(refused));
            }
        };
        if after != before {
            sqlx::query(SET_MARK)
                .bind(after.versions.rule.cast_signed())
                .bind(after.versions.record.cast_signed())
                .bind(after.phase.name())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        // Not in the change's transaction; and whoever isn't told looks by himself.
        if let Err(error) = sqlx::query(NOTIFY).bind(&self.channel).execute(connection).await {
            tracing::debug!(%error, "other nodes were not told that the log has changed");
        }
        Ok(Ok(after))
    }

    async fn fill(self, records: Vec<Recorded>) -> Result<(), FillError> {
        self.readers.usable().map_err(FillError::Failed)?;
        let Some(partition) = records.first().map(|first| first.partition) else { return Ok(()) };
        let doing = "filling the log";
        let mut connection =
            self.writers.lend().await.map_err(|fault| FillError::Failed(self.shared.told(&fault, doing)))?;
        match self.fill_in_turn(&mut connection, partition, &records).await {
            Ok(head) => {
                self.shared.commit(partition, head);
                self.shared.publish(partition);
                self.shared.announce.notify_one();
                Ok(())
            }
            Err(NotFilled::Fill(error)) => {
                connection.discard(false);
                Err(error)
            }
            Err(NotFilled::Fault(fault)) => {
                connection.discard(fault.is_loss());
                Err(FillError::Failed(self.shared.told(&fault, doing)))
            }
        }
    }

    /// The partition's head after it.
    async fn fill_in_turn(
        &self,
        connection: &mut PgConnection,
        partition: PartitionId,
        records: &[Recorded],
    ) -> Result<End, NotFilled> {
        let mut transaction = connection.begin().await?;
        // Its turn; what others have filled meanwhile is before the head that is read in it.
        batch::take_turn(&mut transaction, partition).await?;
        let mark = read_mark(&mut transaction, self.shared.identity.log_id).await?;
        self.shared.raise_mark(mark);
        if mark.phase != Phase::Filling {
            return Err(NotFilled::Fill(FillError::NotFilling { phase: mark.phase }));
        }
        self.shared.readable().map_err(|error| NotFilled::Fill(FillError::Failed(error)))?;
        let head = heads::head(&mut transaction, &self.shared, partition).await?;
        let end = head.1;
        let mut ledger = Ledger::new(head);
        let asked = Asked::of_records(records);
        let mut known = ledger.look_up(&mut transaction, &asked).await?;
        let taken = Admission::new(&mut known).take_over(records, self.shared.identity.partitions);
        let taken = taken.map_err(|not_taken| {
            NotFilled::Fill(match not_taken {
                NotTaken::Invalid { reason } => FillError::Invalid { reason },
                NotTaken::Failed(error) => FillError::Failed(error.into()),
            })
        })?;
        let mut columns = Columns::default();
        for append in &taken {
            columns.take_over(&records[append.records.clone()], &append.accepted);
        }
        match columns.write(&mut transaction, &Ends::of(partition, end), mark).await? {
            Outcome::Written => {}
            Outcome::Behind(_) => {
                let reason = format!("partition {partition} was written to out of turn");
                return Err(NotFilled::Fault(Fault::Damage(reason)));
            }
        }
        transaction.commit().await?;
        let last = records.last().map(|last| last.leaf);
        Ok(End { position: end.position + records.len() as u64, leaf: last.unwrap_or(end.leaf) })
    }
}

fn panicked() -> LogError {
    LogError::Unavailable { reason: "the task that did it panicked".to_owned() }
}

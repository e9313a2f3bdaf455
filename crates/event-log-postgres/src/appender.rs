//! An appender: a task that admits, writes and commits in batches, then answers, then publishes.
//!
//! It has several of the log's partitions, and a batch takes what waits for any of them: one call, in a transaction of its own. Where
//! another node has appended to one of these meanwhile, nothing of it was written; from
//! then on this one takes the partitions' turns first, and admits in them, until it finds itself alone again: so writers of several
//! nodes queue, and each batch is admitted at most twice. A turn is used, however much the others have appended.
//!
//! It is a task that nobody cancels: a caller that goes away can't leave a transaction open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_log::admission::{Admission, Changes, Decision};
use event_log::{AppendError, LogError, Mark, PartitionId, Phase};
use postgres_session::{Connections, Fault};
use sqlx::{Connection as _, PgConnection};

use crate::batch::{self, Columns, Ends, Outcome, SEEN_MAX};
use crate::error::is_duplicate;
use crate::heads::{self, End};
use crate::ledger::{Asked, Found, Ledger};
use crate::lookup::Seen;
use crate::mark::read_mark;
use crate::queue::{Answer, Arrivals, Batch, Part};
use crate::state::Shared;

/// Some partitions' appender.
#[derive(Debug)]
pub(crate) struct Appender {
    shared: Arc<Shared>,
    connections: Connections,
    arrivals: Arrivals,
    /// How long a batch may take before its outcome is unknown.
    timeout: Duration,
    /// Of each partition that was written to. None after a failure: the next batch begins from what is in the database.
    ledgers: BTreeMap<PartitionId, Ledger>,
    /// Other nodes append to these partitions too.
    contended: bool,
    failing: bool,
}

/// What a batch came to in one partition.
struct Written {
    answers: Vec<Answer>,
    /// Where the partition ends with it; `None`: nothing was accepted.
    end: Option<End>,
    changes: Changes,
    found: Found,
}

/// How far a batch got.
enum Failure {
    /// Nothing of it is in the log.
    Before(Fault),
    /// It may be in the log.
    InDoubt(Fault),
    /// Nothing of it is in the log, and the log says why.
    Refused(LogError),
}

/// What one attempt at a batch came to, by partition; `None`: nothing was written, and it is to be admitted anew.
type Attempt = Option<Vec<Written>>;

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Before(fault)
    }
}

impl Appender {
    pub(crate) fn new(shared: Arc<Shared>, connections: Connections, arrivals: Arrivals, timeout: Duration) -> Self {
        Self { shared, connections, arrivals, timeout, ledgers: BTreeMap::new(), contended: false, failing: false }
    }

    /// Writes until its queues are closed and empty.
    pub(crate) async fn run(mut self) {
        loop {
            let mut batch = Batch::default();
            if !self.arrivals.take(&mut batch).await {
                return;
            }
            self.serve(batch).await;
        }
    }

    /// Takes one batch from the queues to its answers.
    async fn serve(&mut self, mut batch: Batch) {
        let begun = self.shared.observed.begin(batch.proposals());
        let written = self.commit(&mut batch).await;
        let succeeded = written.is_ok();
        match written {
            Ok(written) => {
                self.answer(&mut batch, written);
                self.note(None);
            }
            Err(error) => {
                self.note(Some(&error));
                batch.answer_all(&Err(error));
            }
        }
        self.shared.observed.end(begun, succeeded);
    }

    /// First what is committed is readable, then everybody is answered, then the heads are published.
    fn answer(&mut self, batch: &mut Batch, written: Vec<Written>) {
        for (partition, part) in batch.parts.keys().zip(&written) {
            if let Some(end) = part.end {
                self.shared.commit(*partition, end);
            }
        }
        let mut ends = Vec::with_capacity(written.len());
        for ((partition, part), written) in batch.parts.iter_mut().zip(written) {
            part.answer(written.answers);
            ends.push((*partition, written.end, written.changes, written.found));
        }
        for (partition, end, changes, mut found) in ends {
            if end.is_some() {
                self.shared.publish(partition);
                self.shared.announce.notify_one();
            }
            if let Some(ledger) = self.ledgers.get_mut(&partition) {
                ledger.advance(partition, end, changes, &mut found);
            }
        }
    }

    /// Admits and writes a batch; all of it fails with what is returned.
    async fn commit(&mut self, batch: &mut Batch) -> Result<Vec<Written>, AppendError> {
        self.shared.appendable().map_err(AppendError::Failed)?;
        let mut written = self.attempt(batch).await;
        // The connection was broken, perhaps for long, and nothing was written: another one.
        if matches!(&written, Err(Failure::Before(fault)) if fault.is_loss()) {
            written = self.attempt(batch).await;
        }
        written.map_err(|failure| self.told(failure))
    }

    /// On one connection. After a failure nothing is taken for known, and one that may be in the middle of something isn't used again.
    async fn attempt(&mut self, batch: &mut Batch) -> Result<Vec<Written>, Failure> {
        let lent = self.connections.lend().await;
        let mut connection = lent.map_err(|fault| Failure::Refused(self.shared.told(&fault, "connecting")))?;
        let timeout = self.timeout;
        let written = tokio::time::timeout(timeout, self.write(&mut connection, batch)).await;
        let silent = || Failure::InDoubt(Fault::Unreachable(format!("no answer after {timeout:?}")));
        let written = written.unwrap_or_else(|_| Err(silent()));
        if let Err(failure) = &written {
            self.ledgers.clear();
            let lost = matches!(failure, Failure::Before(fault) | Failure::InDoubt(fault) if fault.is_loss());
            connection.discard(lost);
        }
        written
    }

    fn told(&self, failure: Failure) -> AppendError {
        match failure {
            Failure::Before(fault) => AppendError::Failed(self.shared.told(&fault, "appending")),
            Failure::InDoubt(fault) => AppendError::Unknown(self.shared.told(&fault, "committing")),
            Failure::Refused(error) => AppendError::Failed(error),
        }
    }

    async fn write(&mut self, connection: &mut PgConnection, batch: &mut Batch) -> Result<Vec<Written>, Failure> {
        let mut trusting = true;
        loop {
            self.begin(connection, batch).await?;
            let attempt = if self.contended {
                self.write_in_turn(connection, batch, trusting).await
            } else {
                self.write_at_once(connection, batch, trusting).await
            };
            match attempt {
                Ok(Some(written)) => return Ok(written),
                Ok(None) => {}
                // A stream that was taken for new is there.
                Err(Failure::Before(fault)) if trusting && is_duplicate(&fault) => trusting = false,
                Err(Failure::Before(fault)) if is_other_mark(&fault) => self.read_mark(connection).await?,
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A ledger for each of the batch's partitions: it begins where the partition ends, in the history of what was acknowledged or read,
    /// or not at all.
    async fn begin(&mut self, connection: &mut PgConnection, batch: &Batch) -> Result<(), Fault> {
        for partition in batch.parts.keys() {
            if !self.ledgers.contains_key(partition) {
                let mark = read_mark(connection, self.shared.identity.log_id).await?;
                self.shared.raise_mark(mark);
                let head = heads::head(connection, &self.shared, *partition).await?;
                self.ledgers.insert(*partition, Ledger::new(head));
            }
        }
        Ok(())
    }

    /// The log's row is not as it was thought to be.
    async fn read_mark(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let before = self.shared.mark().versions;
        let mark = read_mark(connection, self.shared.identity.log_id).await?;
        if before.raised_to(mark.versions) != mark.versions {
            let now = mark.versions;
            return Err(Fault::Damage(format!("the log's versions are {now:?}, and {before:?} was there")).into());
        }
        self.shared.raise_mark(mark);
        self.shared.appendable().map_err(Failure::Refused)
    }

    /// One call, against the ends that are thought to be the partitions'.
    async fn write_at_once(
        &mut self,
        connection: &mut PgConnection,
        batch: &Batch,
        trusting: bool,
    ) -> Result<Attempt, Failure> {
        let mark = open_mark(self.shared.mark());
        let ends = self.ends(batch);
        let (admitted, columns) = self.admit(connection, batch, trusting).await?;
        match columns.write(connection, &ends, mark).await {
            Ok(Outcome::Written) => Ok(Some(admitted)),
            Ok(Outcome::Behind(seen)) => {
                self.contended = true;
                self.catch_up(seen);
                Ok(None)
            }
            Err(fault) if fault.is_loss() => Err(Failure::InDoubt(fault)),
            Err(fault) => Err(Failure::Before(fault)),
        }
    }

    /// Takes the turns first; then the ends are the partitions' until the transaction ends.
    async fn write_in_turn(
        &mut self,
        connection: &mut PgConnection,
        batch: &mut Batch,
        trusting: bool,
    ) -> Result<Attempt, Failure> {
        let mark = open_mark(self.shared.mark());
        let mut transaction = connection.begin().await.map_err(Fault::from)?;
        let seen = batch::await_turns(&mut transaction, &self.ends(batch)).await?;
        let alone = seen.is_empty();
        self.catch_up(seen);
        // Begun anew where there was too much, in these same turns: who gave them up would find as much again after the next.
        self.begin(&mut transaction, batch).await?;
        // Whoever came while we waited comes along.
        self.arrivals.take_more(batch);
        let ends = self.ends(batch);
        let (admitted, columns) = self.admit(&mut transaction, batch, trusting).await?;
        match columns.write(&mut transaction, &ends, mark).await {
            Ok(Outcome::Written) => {}
            Ok(Outcome::Behind(seen)) => {
                let partition = seen.first().map(|(partition, _)| *partition).unwrap_or_default();
                return Err(Fault::Damage(format!("partition {partition} was written to out of turn")).into());
            }
            // Not even begun to commit.
            Err(fault) => return Err(Failure::Before(fault)),
        }
        match transaction.commit().await.map_err(Fault::from) {
            Ok(()) => {
                self.contended = !alone;
                Ok(Some(admitted))
            }
            Err(fault) => Err(Failure::InDoubt(fault)),
        }
    }

    /// Where the batch's partitions are thought to end.
    fn ends(&self, batch: &Batch) -> Ends {
        let mut ends = Ends::default();
        for (partition, ledger) in &self.ledgers {
            if batch.parts.contains_key(partition) {
                ends.add(*partition, ledger.end);
            }
        }
        ends
    }

    /// Takes over what others have appended. A ledger that is behind by too much is gone.
    fn catch_up(&mut self, seen: Vec<(PartitionId, Seen)>) {
        let mut of_partitions: BTreeMap<PartitionId, Vec<Seen>> = BTreeMap::new();
        for (partition, seen) in seen {
            of_partitions.entry(partition).or_default().push(seen);
        }
        for (partition, seen) in of_partitions {
            if seen.len() >= SEEN_MAX {
                self.ledgers.remove(&partition);
                continue;
            }
            if let Some(last) = seen.last() {
                self.shared.see(partition, last.end);
            }
            if let Some(ledger) = self.ledgers.get_mut(&partition) {
                ledger.catch_up(seen);
            }
        }
    }

    /// Admits the batch against the ledgers; what is accepted is to be written.
    async fn admit<'b>(
        &mut self,
        connection: &mut PgConnection,
        batch: &'b Batch,
        trusting: bool,
    ) -> Result<(Vec<Written>, Columns<'b>), Failure> {
        let (mut written, mut columns) = (Vec::with_capacity(batch.parts.len()), Columns::default());
        for (partition, part) in &batch.parts {
            let unknown = || Failure::Before(Fault::Unreachable(format!("partition {partition} has no ledger")));
            let ledger = self.ledgers.get_mut(partition).ok_or_else(unknown)?;
            written.push(admit(ledger, connection, part, trusting, &mut columns).await?);
        }
        Ok((written, columns))
    }

    /// Logs a failure when it begins and when it ends, not for every batch between.
    fn note(&mut self, error: Option<&AppendError>) {
        match error {
            Some(error) if !self.failing => {
                let source = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(%error, source, "appends fail");
            }
            None if self.failing => tracing::info!("appends succeed again"),
            _ => {}
        }
        self.failing = error.is_some();
    }
}

/// Admits what the batch has of one partition; what is accepted is to be written.
async fn admit<'b>(
    ledger: &mut Ledger,
    connection: &mut PgConnection,
    part: &'b Part,
    trusting: bool,
    columns: &mut Columns<'b>,
) -> Result<Written, Failure> {
    let asked = Asked::of_proposals(&part.proposals, trusting);
    let mut lookup = ledger.look_up(connection, &asked).await?;
    let mut admission = Admission::new(&mut lookup);
    let mut answers = Vec::with_capacity(part.proposals.len());
    let mut end = None;
    for proposal in &part.proposals {
        let decision = admission.admit(proposal).map_err(|error| Failure::Refused(error.into()))?;
        answers.push(match decision {
            Decision::Accepted(accepted) => {
                columns.propose(proposal, &accepted);
                end = Some(End { position: accepted.appended.position, leaf: accepted.appended.leaf });
                Ok(accepted.appended)
            }
            Decision::Replayed(appended) => Ok(appended),
            Decision::Refused(error) => Err(error),
        });
    }
    let changes = admission.finish();
    Ok(Written { answers, end, changes, found: lookup.into_found() })
}

/// Appends go into an open log only, whatever it is thought to be.
fn open_mark(mark: Mark) -> Mark {
    Mark { phase: Phase::Open, ..mark }
}

/// The log's phase or its versions are others.
fn is_other_mark(fault: &Fault) -> bool {
    fault.code().is_some_and(|code| code == "SL001" || code == "SL002")
}

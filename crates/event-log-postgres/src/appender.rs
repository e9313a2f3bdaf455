//! A partition's appender: a task that admits, writes and commits in batches, then answers, then publishes.
//!
//! A batch is one call, in a transaction of its own. Where another node has appended meanwhile, nothing of it was written; from
//! then on this one takes the partition's turn first, and admits in it, until it finds itself alone again: so writers of several
//! nodes queue, and each batch is admitted at most twice. A turn is used, however much the others have appended.
//!
//! It is a task that nobody cancels: a caller that goes away can't leave a transaction open.

use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::Object;
use event_log::admission::{Admission, Changes, Decision};
use event_log::{AppendError, LogError, Mark, PartitionId, Phase};
use sqlx::{Connection as _, PgConnection};

use crate::batch::{self, Columns, Outcome, SEEN_MAX};
use crate::connect::{self, Dial, Pool};
use crate::error::Fault;
use crate::heads::{self, End};
use crate::ledger::{Asked, Found, Ledger};
use crate::lookup::Seen;
use crate::mark::read_mark;
use crate::queue::{Answer, Arrivals, Batch};
use crate::state::Shared;

/// A partition's appender.
#[derive(Debug)]
pub(crate) struct Appender {
    partition: PartitionId,
    shared: Arc<Shared>,
    pool: Pool,
    arrivals: Arrivals,
    /// How long a batch may take before its outcome is unknown.
    timeout: Duration,
    /// Absent after a failure: the next batch begins from what is in the database.
    ledger: Option<Ledger>,
    /// Other nodes append to this partition too.
    contended: bool,
    failing: bool,
}

/// What a batch came to.
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

/// What one attempt at a batch came to; `None`: nothing was written, and it is to be admitted anew.
type Attempt = Option<Written>;

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Before(fault)
    }
}

impl Appender {
    pub(crate) fn new(
        partition: PartitionId,
        shared: Arc<Shared>,
        pool: Pool,
        arrivals: Arrivals,
        timeout: Duration,
    ) -> Self {
        Self { partition, shared, pool, arrivals, timeout, ledger: None, contended: false, failing: false }
    }

    /// Writes until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        let mut batch = Batch::default();
        while self.arrivals.take(&mut batch).await {
            self.serve(&mut batch).await;
            batch.clear();
        }
    }

    /// Takes one batch from the queue to its answers.
    async fn serve(&mut self, batch: &mut Batch) {
        let begun = self.shared.observed.begin(&batch.proposals);
        let written = self.commit(batch).await;
        let succeeded = written.is_ok();
        match written {
            Ok(Written { answers, end, changes, mut found }) => {
                if let Some(end) = end {
                    self.shared.commit(self.partition, end);
                }
                batch.answer(answers);
                if end.is_some() {
                    self.shared.publish(self.partition);
                    self.shared.announce.notify_one();
                }
                if let Some(ledger) = &mut self.ledger {
                    ledger.advance(self.partition, end, changes, &mut found);
                }
                self.note(None);
            }
            Err(error) => {
                self.note(Some(&error));
                let answers = vec![Err(error); batch.callers.len()];
                batch.answer(answers);
            }
        }
        self.shared.observed.end(begun, succeeded);
    }

    /// Admits and writes a batch; all of it fails with what is returned.
    async fn commit(&mut self, batch: &mut Batch) -> Result<Written, AppendError> {
        self.shared.appendable().map_err(AppendError::Failed)?;
        let mut connection = connect::take(&self.pool)
            .await
            .map_err(|fault| AppendError::Failed(self.shared.told(&fault, "connecting")))?;
        let timeout = self.timeout;
        let written = tokio::time::timeout(timeout, self.write(&mut connection, batch)).await;
        let silent = || Failure::InDoubt(Fault::Unreachable(format!("no answer after {timeout:?}")));
        match written.unwrap_or_else(|_| Err(silent())) {
            Ok(written) => Ok(written),
            Err(failure) => Err(self.fail(connection, failure)),
        }
    }

    /// After a failure nothing is taken for known, and a connection that may be in the middle of something isn't used again.
    fn fail(&mut self, connection: Object<Dial>, failure: Failure) -> AppendError {
        self.ledger = None;
        match &failure {
            Failure::Before(fault) | Failure::InDoubt(fault) if fault.is_loss() => {
                connect::discard(&self.pool, connection);
            }
            _ => drop(Object::take(connection)),
        }
        match failure {
            Failure::Before(fault) => AppendError::Failed(self.shared.told(&fault, "appending")),
            Failure::InDoubt(fault) => AppendError::Unknown(self.shared.told(&fault, "committing")),
            Failure::Refused(error) => AppendError::Failed(error),
        }
    }

    async fn write(&mut self, connection: &mut PgConnection, batch: &mut Batch) -> Result<Written, Failure> {
        let mut trusting = true;
        loop {
            if self.ledger.is_none() {
                self.ledger = Some(self.begin(connection).await?);
            }
            let attempt = if self.contended {
                self.write_in_turn(connection, batch, trusting).await
            } else {
                self.write_at_once(connection, batch, trusting).await
            };
            match attempt {
                Ok(Some(written)) => return Ok(written),
                Ok(None) => {}
                // A stream that was taken for new is there.
                Err(Failure::Before(fault)) if trusting && fault.is_duplicate() => trusting = false,
                Err(Failure::Before(fault)) if is_other_mark(&fault) => self.read_mark(connection).await?,
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Begins where the partition ends: in the history of what was acknowledged or read, or not at all.
    async fn begin(&self, connection: &mut PgConnection) -> Result<Ledger, Fault> {
        let mark = read_mark(connection, self.shared.identity.log_id).await?;
        self.shared.raise_mark(mark);
        Ok(Ledger::new(heads::head(connection, &self.shared, self.partition).await?))
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

    /// One call, against the head that is thought to be the partition's.
    async fn write_at_once(
        &mut self,
        connection: &mut PgConnection,
        batch: &Batch,
        trusting: bool,
    ) -> Result<Attempt, Failure> {
        let mark = open_mark(self.shared.mark());
        let partition = self.partition;
        let Some(ledger) = self.ledger.as_mut() else { return Ok(None) };
        let head = ledger.end;
        let (admitted, written) = admit(ledger, connection, batch, trusting).await?;
        match written.write(connection, partition, head, mark).await {
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

    /// Takes the turn first; then the head is the partition's until the transaction ends.
    async fn write_in_turn(
        &mut self,
        connection: &mut PgConnection,
        batch: &mut Batch,
        trusting: bool,
    ) -> Result<Attempt, Failure> {
        let mark = open_mark(self.shared.mark());
        let partition = self.partition;
        let Some(head) = self.ledger.as_ref().map(|ledger| ledger.end) else { return Ok(None) };
        let mut transaction = connection.begin().await.map_err(Fault::from)?;
        let seen = batch::await_turn(&mut transaction, partition, head).await?;
        let alone = seen.is_empty();
        if !self.catch_up(seen) {
            // Begun anew, in this same turn: who gave it up would find as much again after the next.
            self.ledger = Some(self.begin(&mut transaction).await?);
        }
        let Some(ledger) = self.ledger.as_mut() else { return Ok(None) };
        // Whoever came while we waited comes along.
        self.arrivals.take_more(batch);
        let head = ledger.end;
        let (admitted, written) = admit(ledger, &mut transaction, batch, trusting).await?;
        match written.write(&mut transaction, partition, head, mark).await {
            Ok(Outcome::Written) => {}
            Ok(Outcome::Behind(_)) => {
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

    /// Takes over what others have appended; `false`: there was too much of it, and the ledger is gone.
    fn catch_up(&mut self, seen: Vec<Seen>) -> bool {
        if seen.len() >= SEEN_MAX {
            self.ledger = None;
            return false;
        }
        if let Some(last) = seen.last() {
            self.shared.see(self.partition, last.end);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.catch_up(seen);
        }
        true
    }

    /// Logs a failure when it begins and when it ends, not for every batch between.
    fn note(&mut self, error: Option<&AppendError>) {
        let partition = self.partition;
        match error {
            Some(error) if !self.failing => {
                let source = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(partition, %error, source, "appends fail");
            }
            None if self.failing => tracing::info!(partition, "appends succeed again"),
            _ => {}
        }
        self.failing = error.is_some();
    }
}

/// Admits the batch against the ledger; what is accepted is to be written.
async fn admit<'b>(
    ledger: &mut Ledger,
    connection: &mut PgConnection,
    batch: &'b Batch,
    trusting: bool,
) -> Result<(Written, Columns<'b>), Failure> {
    let asked = Asked::of_proposals(&batch.proposals, trusting);
    let mut lookup = ledger.look_up(connection, &asked).await?;
    let mut admission = Admission::new(&mut lookup);
    let mut answers = Vec::with_capacity(batch.proposals.len());
    let mut columns = Columns::default();
    let mut end = None;
    for proposal in &batch.proposals {
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
    Ok((Written { answers, end, changes, found: lookup.into_found() }, columns))
}

/// Appends go into an open log only, whatever it is thought to be.
fn open_mark(mark: Mark) -> Mark {
    Mark { phase: Phase::Open, ..mark }
}

/// The log's phase or its versions are others.
fn is_other_mark(fault: &Fault) -> bool {
    fault.code().is_some_and(|code| code == "SL001" || code == "SL002")
}

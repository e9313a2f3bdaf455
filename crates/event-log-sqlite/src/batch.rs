//! What is done in a transaction that writes: a batch of proposals, another log's records, a change of the log's mark.
//!
//! Each begins by reading the mark: a log that is sealed, being filled, or beyond this build's versions takes nothing.

use event_log::admission::{Accepted, Admission, Changes, Decision, NotTaken, Taken};
use event_log::leaf::texts_hash;
use event_log::{Change, FillError, Leaf, LogError, Mark, Phase, Proposal, Recorded, Versions};
use rusqlite::{CachedStatement, Connection, ErrorCode, params};
use uuid::Uuid;

use crate::lookup::{Heads, Lookup};
use crate::mark;
use crate::queue::Answer;
use crate::schema::key;

const INSERT_STREAM: &str = "INSERT INTO streams (stream, project, kind, id, ordinal) VALUES (?, ?, ?, ?, ?)";
const INSERT_EVENT: &str = "INSERT INTO events (key, stream, revision, append_events, event_id, event_type, schema_version, \
     actor, request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts, \
     facts_hash, texts, salt, texts_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What a batch of proposals came to.
pub(crate) struct Written {
    pub(crate) answers: Vec<Answer>,
    /// What was accepted, by proposal.
    pub(crate) accepted: Vec<Option<Accepted>>,
    pub(crate) changes: Changes,
}

/// How far a transaction got.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing of it is in the log.
    Before(rusqlite::Error),
    /// The commit failed, and it may be in the log when that is opened again.
    InDoubt(rusqlite::Error),
    /// The log, as it is now, takes none of this.
    Refused(LogError),
    /// It can't be filled with these records.
    Unfit(FillError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Before(error)
    }
}

/// Admits a batch, and writes what enters.
pub(crate) fn append(
    connection: &Connection,
    heads: &mut Heads,
    known: Versions,
    batch: &[Proposal],
) -> Result<Written, Failure> {
    known_mark(connection, known)?.phase.check_open().map_err(Failure::Refused)?;
    Ok(admit_and_insert(connection, heads, batch)?)
}

/// Takes over what another log has admitted.
pub(crate) fn fill(
    connection: &Connection,
    heads: &mut Heads,
    known: Versions,
    records: &[Recorded],
) -> Result<Changes, Failure> {
    let Mark { phase, .. } = known_mark(connection, known)?;
    if phase != Phase::Filling {
        return Err(Failure::Unfit(FillError::NotFilling { phase }));
    }
    let partitions = heads.partitions();
    let mut lookup = Lookup::new(connection, heads);
    let mut insert = Insert::prepare(connection)?;
    let mut admission = Admission::new(&mut lookup);
    for Taken { accepted, records: range } in admission.take_over(records, partitions)? {
        insert.taken(records.get(range).unwrap_or_default(), &accepted)?;
    }
    Ok(admission.finish())
}

/// Changes the mark, and answers what it is then.
pub(crate) fn change(connection: &Connection, known: Versions, change: Change) -> Result<Mark, Failure> {
    let mark = mark::read(connection)?;
    let changed = mark.changed(change, known).map_err(Failure::Refused)?;
    if changed != mark {
        mark::write(connection, changed)?;
    }
    Ok(changed)
}

/// The mark, if this build knows the log's versions.
fn known_mark(connection: &Connection, known: Versions) -> Result<Mark, Failure> {
    let mark = mark::read(connection)?;
    mark.versions.check_known(known).map_err(Failure::Refused)?;
    Ok(mark)
}

/// Does the work in one transaction. After a failure it may still be open.
pub(crate) fn transact<T>(connection: &Connection, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let done = work()?;
    match connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])) {
        Ok(_) => Ok(done),
        // What did not fit was not written whole, and a commit that is not whole is none.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => Err(Failure::Before(error)),
        Err(error) => Err(Failure::InDoubt(error)),
    }
}

fn admit_and_insert(connection: &Connection, heads: &mut Heads, batch: &[Proposal]) -> rusqlite::Result<Written> {
    let mut lookup = Lookup::new(connection, heads);
    let mut insert = Insert::prepare(connection)?;
    let mut admission = Admission::new(&mut lookup);
    let (mut answers, mut entered) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for proposal in batch {
        let (answer, accepted) = match admission.admit(proposal)? {
            Decision::Accepted(accepted) => {
                insert.append(proposal, &accepted)?;
                (Ok(accepted.appended.clone()), Some(accepted))
            }
            Decision::Replayed(appended) => (Ok(appended), None),
            Decision::Refused(error) => (Err(error), None),
        };
        answers.push(answer);
        entered.push(accepted);
    }
    Ok(Written { answers, accepted: entered, changes: admission.finish() })
}

impl From<NotTaken<rusqlite::Error>> for Failure {
    fn from(error: NotTaken<rusqlite::Error>) -> Self {
        match error {
            NotTaken::Invalid { reason } => Self::Unfit(FillError::Invalid { reason }),
            NotTaken::Failed(error) => Self::Before(error),
        }
    }
}

/// The statements that write.
pub(crate) struct Insert<'c> {
    stream: CachedStatement<'c>,
    event: CachedStatement<'c>,
}

/// What a record has of its own, wherever it is.
struct Event<'a> {
    event_id: Uuid,
    event_type: &'a str,
    schema_version: u16,
    occurred_at: i64,
    facts: &'a [u8],
    facts_hash: &'a [u8; 32],
    /// The texts and their salt; absent where there are none, or erased.
    texts: Option<(&'a [u8], &'a [u8])>,
    texts_hash: &'a [u8; 32],
}

/// What the records of one append have in common.
struct Common<'a> {
    actor: &'a str,
    request_id: Uuid,
    fingerprint: &'a [u8; 32],
    correlation_id: Option<Uuid>,
    causation_id: Option<Uuid>,
    traceparent: Option<&'a str>,
}

impl<'c> Insert<'c> {
    pub(crate) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self { stream: connection.prepare_cached(INSERT_STREAM)?, event: connection.prepare_cached(INSERT_EVENT)? })
    }

    /// Writes what was accepted of a proposal.
    pub(crate) fn append(&mut self, proposal: &Proposal, accepted: &Accepted) -> rusqlite::Result<()> {
        let append = proposal.append();
        self.new_stream(accepted, &append.stream)?;
        let common = Common {
            actor: &append.actor,
            request_id: append.request_id,
            fingerprint: &append.fingerprint,
            correlation_id: append.correlation_id,
            causation_id: append.causation_id,
            traceparent: append.traceparent.as_deref(),
        };
        for ((n, leaf), (event, hashes)) in (0..).zip(&accepted.leaves).zip(proposal.events()) {
            let event = Event {
                event_id: event.event_id,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                occurred_at: event.occurred_at,
                facts: &event.facts,
                facts_hash: &hashes.facts,
                texts: (!event.texts.is_empty()).then_some((&event.texts, &event.salt)),
                texts_hash: &hashes.texts,
            };
            self.event(accepted, n, leaf, &common, &event)?;
        }
        Ok(())
    }

    /// Writes an append of another log.
    pub(crate) fn taken(&mut self, records: &[Recorded], accepted: &Accepted) -> rusqlite::Result<()> {
        let Some(first) = records.first() else { return Ok(()) };
        self.new_stream(accepted, &first.record.header.stream)?;
        let metadata = &first.record.header.metadata;
        let common = Common {
            actor: &metadata.actor,
            request_id: metadata.request_id,
            fingerprint: &metadata.fingerprint,
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            traceparent: metadata.traceparent.as_deref(),
        };
        for (n, recorded) in (0..).zip(records) {
            let (header, body) = (&recorded.record.header, &recorded.record.body);
            let texts = body.texts.as_ref().filter(|texts| !texts.json.is_empty());
            let event = Event {
                event_id: header.event_id,
                event_type: &header.event_type,
                schema_version: header.schema_version,
                occurred_at: header.metadata.occurred_at,
                facts: &body.facts,
                facts_hash: &body.facts_hash,
                texts: texts.map(|texts| (&*texts.json, &*texts.salt)),
                texts_hash: &body.texts_hash,
            };
            self.event(accepted, n, &recorded.leaf, &common, &event)?;
        }
        Ok(())
    }

    fn new_stream(&mut self, accepted: &Accepted, stream: &event_log::StreamId) -> rusqlite::Result<()> {
        if accepted.appended.first_revision == 1 {
            let (number, ordinal) = (accepted.head.number.cast_signed(), accepted.appended.ordinal.cast_signed());
            self.stream.execute(params![number, stream.project, stream.kind, stream.id, ordinal])?;
        }
        Ok(())
    }

    /// Writes the n-th event of an append, from 0.
    fn event(
        &mut self,
        accepted: &Accepted,
        n: u64,
        leaf: &Leaf,
        common: &Common<'_>,
        event: &Event<'_>,
    ) -> rusqlite::Result<()> {
        let appended = &accepted.appended;
        let events = accepted.leaves.len() as u64;
        // The hash of nothing is not stored; one that is kept without its texts says that they were erased.
        let texts_hash = (*event.texts_hash != texts_hash(&[], &[])).then_some(event.texts_hash);
        self.event.execute(params![
            key(appended.partition, appended.position + 1 - events + n),
            accepted.head.number.cast_signed(),
            (appended.first_revision + n).cast_signed(),
            (n + 1 == events).then_some(events.cast_signed()),
            event.event_id.as_bytes(),
            event.event_type,
            event.schema_version,
            common.actor,
            common.request_id.as_bytes(),
            common.fingerprint,
            common.correlation_id.as_ref().map(Uuid::as_bytes),
            common.causation_id.as_ref().map(Uuid::as_bytes),
            common.traceparent,
            event.occurred_at,
            appended.recorded_at,
            leaf,
            event.facts,
            event.facts_hash,
            event.texts.map(|(texts, _)| texts),
            event.texts.map(|(_, salt)| salt),
            texts_hash,
        ])?;
        Ok(())
    }
}

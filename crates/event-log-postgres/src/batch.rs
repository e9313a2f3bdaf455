//! What a batch writes: a column for each argument of `append_batch`, and the call.

use event_log::admission::Accepted;
use event_log::{Mark, PartitionId, Proposal, Recorded, StreamId, leaf};
use postgres_session::Fault;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::heads::End;
use crate::lookup::{self, Seen};

/// Most events of other nodes that are answered to a batch for each partition; behind by more, a node begins anew.
pub(crate) const SEEN_MAX: usize = 1000;

/// Of one partition: what several cost more, one pays for nothing.
const APPEND_TO_ONE: &str = "SELECT * FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
     $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)";
const APPEND: &str = "SELECT * FROM append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)";
const TAKE_TURN: &str = "SELECT take_turn($1)";
const AWAIT_TURNS: &str = "SELECT * FROM await_turns($1, $2, $3, $4)";

/// Partitions, in ascending order, and the end that each is thought to have.
#[derive(Debug, Default)]
pub(crate) struct Ends(Vec<(PartitionId, End)>);

/// Rows to be written, borrowed from where they come from.
#[derive(Debug, Default)]
pub(crate) struct Columns<'b> {
    new: Streams<'b>,
    partition: Vec<i32>,
    position: Vec<i64>,
    stream: Vec<i64>,
    revision: Vec<i64>,
    append_events: Vec<Option<i32>>,
    event_id: Vec<Uuid>,
    event_type: Vec<&'b str>,
    schema_version: Vec<i32>,
    actor: Vec<&'b str>,
    request_id: Vec<Uuid>,
    fingerprint: Vec<&'b [u8]>,
    correlation_id: Vec<Option<Uuid>>,
    causation_id: Vec<Option<Uuid>>,
    traceparent: Vec<Option<&'b str>>,
    occurred_at: Vec<i64>,
    recorded_at: Vec<i64>,
    leaf: Vec<Vec<u8>>,
    facts: Vec<&'b [u8]>,
    facts_hash: Vec<&'b [u8]>,
    texts: Vec<Option<&'b [u8]>>,
    salt: Vec<Option<&'b [u8]>>,
    texts_hash: Vec<Option<&'b [u8]>>,
}

/// Streams that are new.
#[derive(Debug, Default)]
struct Streams<'b> {
    stream: Vec<i64>,
    project: Vec<&'b str>,
    kind: Vec<&'b str>,
    id: Vec<&'b str>,
    ordinal: Vec<i64>,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is written.
    Written,
    /// Others had appended these; nothing of it is written. At most [`SEEN_MAX`] of each partition.
    Behind(Vec<(PartitionId, Seen)>),
}

impl<'b> Columns<'b> {
    /// Adds what was proposed and accepted.
    pub(crate) fn propose(&mut self, proposal: &'b Proposal, accepted: &Accepted) {
        let append = proposal.append();
        self.found(&append.stream, accepted);
        let revisions = accepted.appended.first_revision..;
        for ((revision, leaf), (event, hashes)) in revisions.zip(&accepted.leaves).zip(proposal.events()) {
            self.place(accepted, revision, leaf);
            self.event_id.push(event.event_id);
            self.event_type.push(&event.event_type);
            self.schema_version.push(event.schema_version.into());
            self.actor.push(&append.actor);
            self.request_id.push(append.request_id);
            self.fingerprint.push(&append.fingerprint);
            self.correlation_id.push(append.correlation_id);
            self.causation_id.push(append.causation_id);
            self.traceparent.push(append.traceparent.as_deref());
            self.occurred_at.push(event.occurred_at);
            self.recorded_at.push(accepted.appended.recorded_at);
            self.facts.push(&event.facts);
            self.facts_hash.push(&hashes.facts);
            let has_texts = !event.texts.is_empty();
            self.texts.push(has_texts.then_some(&*event.texts));
            self.salt.push(has_texts.then_some(&*event.salt));
            self.texts_hash.push(has_texts.then_some(&hashes.texts));
        }
    }

    /// Adds the records of one append that were taken over.
    pub(crate) fn take_over(&mut self, records: &'b [Recorded], accepted: &Accepted) {
        if let Some(first) = records.first() {
            self.found(&first.record.header.stream, accepted);
        }
        for recorded in records {
            let (header, body) = (&recorded.record.header, &recorded.record.body);
            let metadata = &header.metadata;
            self.place(accepted, header.revision, &recorded.leaf);
            self.event_id.push(header.event_id);
            self.event_type.push(&header.event_type);
            self.schema_version.push(header.schema_version.into());
            self.actor.push(&metadata.actor);
            self.request_id.push(metadata.request_id);
            self.fingerprint.push(&metadata.fingerprint);
            self.correlation_id.push(metadata.correlation_id);
            self.causation_id.push(metadata.causation_id);
            self.traceparent.push(metadata.traceparent.as_deref());
            self.occurred_at.push(metadata.occurred_at);
            self.recorded_at.push(metadata.recorded_at);
            self.facts.push(&body.facts);
            self.facts_hash.push(&body.facts_hash);
            let texts = body.texts.as_ref().filter(|texts| !texts.json.is_empty());
            self.texts.push(texts.map(|texts| &*texts.json));
            self.salt.push(texts.map(|texts| &*texts.salt));
            // Erased texts leave their hash.
            let never_had_any = body.texts_hash == leaf::texts_hash(&[], &[]);
            self.texts_hash.push((!never_had_any).then_some(&body.texts_hash));
        }
    }

    fn found(&mut self, name: &'b StreamId, accepted: &Accepted) {
        if accepted.appended.first_revision == 1 {
            self.new.stream.push(accepted.head.number.cast_signed());
            self.new.project.push(&name.project);
            self.new.kind.push(&name.kind);
            self.new.id.push(&name.id);
            self.new.ordinal.push(accepted.appended.ordinal.cast_signed());
        }
    }

    fn place(&mut self, accepted: &Accepted, revision: u64, leaf: &[u8; 32]) {
        let appended = &accepted.appended;
        self.partition.push(appended.partition.cast_signed());
        self.position.push((appended.position - (appended.revision - revision)).cast_signed());
        self.stream.push(accepted.head.number.cast_signed());
        self.revision.push(revision.cast_signed());
        let is_last = revision == appended.revision;
        self.append_events.push(is_last.then_some(i32::try_from(accepted.leaves.len()).unwrap_or(i32::MAX)));
        self.leaf.push(leaf.to_vec());
    }

    /// Writes all of it after these ends, in one call: in a transaction of its own, unless the connection has one.
    pub(crate) async fn write(self, connection: &mut PgConnection, ends: &Ends, mark: Mark) -> Result<Outcome, Fault> {
        let one = ends.only();
        let query = match one {
            Some((partition, end)) => sqlx::query(APPEND_TO_ONE)
                .bind(partition.cast_signed())
                .bind(end.position.cast_signed())
                .bind(end.leaf_there().map(<[u8]>::to_vec)),
            None => sqlx::query(APPEND).bind(ends.partitions()).bind(ends.positions()).bind(ends.leaves()),
        };
        let query = query
            .bind(mark.phase.name())
            .bind(mark.versions.rule.cast_signed())
            .bind(mark.versions.record.cast_signed())
            .bind(i32::try_from(SEEN_MAX).unwrap_or(i32::MAX))
            .bind(self.new.stream)
            .bind(self.new.project)
            .bind(self.new.kind)
            .bind(self.new.id)
            .bind(self.new.ordinal);
        let query = if one.is_some() { query } else { query.bind(self.partition).bind(self.position) };
        let query = query
            .bind(self.stream)
            .bind(self.revision)
            .bind(self.append_events)
            .bind(self.event_id)
            .bind(self.event_type)
            .bind(self.schema_version)
            .bind(self.actor)
            .bind(self.request_id)
            .bind(self.fingerprint)
            .bind(self.correlation_id)
            .bind(self.causation_id)
            .bind(self.traceparent)
            .bind(self.occurred_at)
            .bind(self.recorded_at)
            .bind(self.leaf)
            .bind(self.facts)
            .bind(self.facts_hash)
            .bind(self.texts)
            .bind(self.salt)
            .bind(self.texts_hash);
        let rows = query.fetch_all(connection).await?;
        if rows.is_empty() {
            return Ok(Outcome::Written);
        }
        let seen = rows.iter().map(|row| match one {
            Some((partition, _)) => Ok((partition, lookup::seen(row)?)),
            None => lookup::seen_of(row),
        });
        seen.collect::<Result<_, _>>().map(Outcome::Behind)
    }
}

impl Ends {
    /// One partition's.
    pub(crate) fn of(partition: PartitionId, end: End) -> Self {
        Self(vec![(partition, end)])
    }

    /// The next partition's.
    pub(crate) fn add(&mut self, partition: PartitionId, end: End) {
        self.0.push((partition, end));
    }

    /// Where there is one partition: that.
    fn only(&self) -> Option<(PartitionId, End)> {
        if let [only] = *self.0 { Some(only) } else { None }
    }

    fn partitions(&self) -> Vec<i32> {
        self.0.iter().map(|(partition, _)| partition.cast_signed()).collect()
    }

    fn positions(&self) -> Vec<i64> {
        self.0.iter().map(|(_, end)| end.position.cast_signed()).collect()
    }

    fn leaves(&self) -> Vec<Option<Vec<u8>>> {
        self.0.iter().map(|(_, end)| end.leaf_there().map(<[u8]>::to_vec)).collect()
    }
}

/// Waits for the partition's turn in the connection's transaction.
pub(crate) async fn take_turn(connection: &mut PgConnection, partition: PartitionId) -> Result<(), Fault> {
    sqlx::query(TAKE_TURN).bind(partition.cast_signed()).execute(connection).await?;
    Ok(())
}

/// Waits for the partitions' turns in the connection's transaction, and answers what others have appended after these ends.
pub(crate) async fn await_turns(connection: &mut PgConnection, ends: &Ends) -> Result<Vec<(PartitionId, Seen)>, Fault> {
    let query = sqlx::query(AWAIT_TURNS).bind(ends.partitions()).bind(ends.positions()).bind(ends.leaves());
    let rows = query.bind(i32::try_from(SEEN_MAX).unwrap_or(i32::MAX)).fetch_all(connection).await?;
    rows.iter().map(lookup::seen_of).collect()
}

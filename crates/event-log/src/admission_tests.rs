//! The rule, told on a log that is only its heads.

use std::collections::HashMap;
use std::convert::Infallible;

use uuid::Uuid;

use super::{Admission, Decision, Known, PartitionHead, StreamHead};
use crate::append::{Append, AppendError, Appended, Expected, NewEvent};
use crate::log::{KnownRequest, PartitionId};
use crate::proposal::Proposal;
use crate::record::StreamId;

/// What the log holds before the batch: a stream `issue/PAY/old` at revision 3, made by requests 1 to 3.
#[derive(Default)]
struct Before {
    asked: Vec<&'static str>,
}

fn stream(id: &str) -> StreamId {
    StreamId { project: "PAY".into(), kind: "issue".into(), id: id.into() }
}

fn known(request: u128) -> KnownRequest {
    let revision = u64::try_from(request).unwrap();
    let appended = Appended {
        partition: 0,
        position: 10 + revision,
        leaf: [9; 32],
        ordinal: 7,
        first_revision: revision,
        revision,
        recorded_at: 500,
        replayed: true,
    };
    KnownRequest { fingerprint: [1; 32], appended }
}

impl Known for Before {
    type Error = Infallible;

    fn partition(&mut self, _: PartitionId) -> Result<PartitionHead, Infallible> {
        self.asked.push("partition");
        Ok(PartitionHead { position: 20, recorded_at: 500 })
    }

    fn stream(&mut self, _: PartitionId, id: &StreamId) -> Result<Option<StreamHead>, Infallible> {
        self.asked.push("stream");
        Ok((*id == stream("old")).then_some(StreamHead { number: 11, ordinal: 7, revision: 3 }))
    }

    fn request(
        &mut self,
        _: PartitionId,
        _: &StreamId,
        _: StreamHead,
        id: Uuid,
    ) -> Result<Option<KnownRequest>, Infallible> {
        self.asked.push("request");
        Ok((1..=3).contains(&id.as_u128()).then(|| known(id.as_u128())))
    }

    fn number_stream(&mut self, _: PartitionId, position: u64) -> Result<u64, Infallible> {
        self.asked.push("number");
        Ok(position)
    }

    fn last_ordinal(&mut self, _: &str, _: &str) -> Result<u64, Infallible> {
        self.asked.push("ordinal");
        Ok(7)
    }
}

fn event(facts: &str) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(77),
        event_type: "IssueFiled".into(),
        schema_version: 1,
        occurred_at: 1,
        facts: facts.into(),
        texts: Vec::new(),
        salt: Vec::new(),
    }
}

fn propose(id: &str, expected: u64, request: u128) -> Append {
    Append {
        stream: stream(id),
        expected,
        unchanged: Vec::new(),
        events: vec![event("{}")],
        actor: "ada".into(),
        request_id: Uuid::from_u128(request),
        fingerprint: [1; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 1000,
    }
}

fn admit(batch: impl IntoIterator<Item = Append>) -> Vec<Decision> {
    let mut before = Before::default();
    let mut admission = Admission::new(&mut before);
    batch.into_iter().map(|append| admission.admit(&Proposal::check(append, 8).unwrap()).unwrap()).collect()
}

#[track_caller]
fn accepted(decision: &Decision) -> (u64, u64, u64) {
    let Decision::Accepted(accepted) = decision else { panic!("{decision:?}") };
    (accepted.appended.position, accepted.appended.revision, accepted.appended.ordinal)
}

#[track_caller]
fn conflict(decision: &Decision) -> (&str, u64, u64) {
    let Decision::Refused(AppendError::Conflict { stream, expected, actual }) = decision else {
        panic!("{decision:?}")
    };
    (&stream.id, *expected, *actual)
}

#[test]
fn later_proposals_see_the_earlier_and_a_conflict_fails_only_its_own() {
    let decisions = admit([
        propose("old", 3, 4),
        propose("old", 3, 5),
        propose("new", 0, 6),
        propose("newer", 0, 7),
        propose("new", 1, 8),
        propose("missing", 1, 9),
        propose("old", 4, 10),
    ]);
    assert_eq!(accepted(&decisions[0]), (21, 4, 7));
    assert_eq!(conflict(&decisions[1]), ("old", 3, 4));
    assert_eq!(accepted(&decisions[2]), (22, 1, 8));
    assert_eq!(accepted(&decisions[3]), (23, 1, 9));
    assert_eq!(accepted(&decisions[4]), (24, 2, 8));
    assert_eq!(conflict(&decisions[5]), ("missing", 1, 0));
    assert_eq!(accepted(&decisions[6]), (25, 5, 7));
}

#[test]
fn a_request_id_answers_before_the_revision_does() {
    let decisions = admit([
        propose("old", 0, 2),
        Append { fingerprint: [2; 32], ..propose("old", 3, 2) },
        propose("old", 3, 4),
        propose("old", 3, 4),
        Append { fingerprint: [2; 32], ..propose("old", 4, 4) },
        propose("new", 0, 2),
        propose("new", 0, 2),
    ]);
    assert_eq!(decisions[0], Decision::Replayed(known(2).appended));
    assert_eq!(decisions[1], Decision::Refused(AppendError::RequestIdReused { request_id: Uuid::from_u128(2) }));
    let Decision::Accepted(first) = &decisions[2] else { panic!("{:?}", decisions[2]) };
    assert_eq!(decisions[3], Decision::Replayed(Appended { replayed: true, ..first.appended.clone() }));
    assert_eq!(decisions[4], Decision::Refused(AppendError::RequestIdReused { request_id: Uuid::from_u128(4) }));
    // The id is the stream's: another stream may have the same.
    assert_eq!(accepted(&decisions[5]), (22, 1, 8));
    assert!(matches!(decisions[6], Decision::Replayed(_)), "{:?}", decisions[6]);
}

#[test]
fn a_guard_that_moved_is_a_conflict_of_that_stream() {
    let guarded = |request, id: &str, revision| {
        let unchanged = vec![Expected { stream: stream(id), revision }];
        Append { unchanged, ..propose(&format!("new-{request}"), 0, request) }
    };
    let decisions = admit([
        guarded(4, "old", 3),
        propose("old", 3, 5),
        guarded(6, "old", 3),
        guarded(7, "old", 4),
        guarded(8, "none", 0),
        guarded(9, "none", 1),
    ]);
    assert_eq!(accepted(&decisions[0]).0, 21);
    assert_eq!(accepted(&decisions[1]).0, 22);
    assert_eq!(conflict(&decisions[2]), ("old", 3, 4));
    assert_eq!(accepted(&decisions[3]).0, 23);
    assert_eq!(accepted(&decisions[4]).0, 24);
    assert_eq!(conflict(&decisions[5]), ("none", 1, 0));
}

#[test]
fn recorded_at_never_goes_back_within_a_partition() {
    let times =
        [400, 900, 700, 901].map(|recorded_at| Append { recorded_at, ..propose(&format!("at-{recorded_at}"), 0, 4) });
    let recorded: Vec<i64> = admit(times)
        .iter()
        .map(|decision| match decision {
            Decision::Accepted(accepted) => accepted.appended.recorded_at,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(recorded, [500, 900, 900, 901]);
}

#[test]
fn the_records_are_what_was_answered() {
    let mut several = propose("new", 0, 4);
    several.events = vec![event("1"), event("2"), event("3")];
    let proposal = Proposal::check(several, 8).unwrap();
    let mut before = Before::default();
    let Ok(Decision::Accepted(accepted)) = Admission::new(&mut before).admit(&proposal) else { panic!("refused") };
    let appended = accepted.appended.clone();
    assert_eq!((appended.first_revision, appended.revision, appended.position), (1, 3, 23));
    let records: Vec<_> = accepted.into_records(proposal).collect();
    assert_eq!(records.iter().map(|recorded| recorded.position).collect::<Vec<_>>(), [21, 22, 23]);
    assert_eq!(records.iter().map(|recorded| recorded.record.header.revision).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(
        records
            .iter()
            .all(|recorded| recorded.leaf == recorded.record.leaf() && recorded.record.body.matches_its_hashes())
    );
    assert_eq!(records[2].leaf, appended.leaf);
    assert_eq!(records[2].record.body.facts, b"3");
}

#[test]
fn a_batch_on_one_stream_looks_little_up() {
    let mut before = Before::default();
    let mut admission = Admission::new(&mut before);
    for n in 0..100 {
        let proposal = Proposal::check(propose("new", n, 100 + u128::from(n)), 8).unwrap();
        assert!(matches!(admission.admit(&proposal), Ok(Decision::Accepted(_))));
    }
    let changes = admission.finish();
    let counts: HashMap<_, usize> = before.asked.iter().fold(HashMap::new(), |mut counts, what| {
        *counts.entry(*what).or_default() += 1;
        counts
    });
    assert_eq!(counts, HashMap::from([("stream", 1), ("partition", 1), ("ordinal", 1), ("number", 1)]));
    assert_eq!(changes.streams[&stream("new")].head, StreamHead { number: 21, ordinal: 8, revision: 100 });
}

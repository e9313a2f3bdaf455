//! What each writer appends, append by append: all of it follows from a seed.
//!
//! A writer lives streams of its own, four appends each; every fifth append goes to a stream that all writers share at that time. Most events
//! have some 300 bytes, some many pages; a few have texts.

use event_log::{Append, NewEvent, Recorded, StreamId};
use uuid::Uuid;

/// The clock of every writer, in microseconds since 1970.
const NOW: i64 = 1_700_000_000_000_000;
/// Projects that the streams are spread over.
const PROJECTS: u64 = 5;
/// Appends of each writer for one shared stream, and its own appends between two of those.
const ROUND: u64 = 5;
/// Rounds that one shared stream lasts.
const SHARED_ROUNDS: u64 = 8;
const _: () = assert!(ROUND > 1, "a round is a stream of a writer's own, and a shared append");

/// What all writers of a run append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// What all follows from.
    pub seed: u64,
}

/// One append of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Turn {
    /// The writer, from 0.
    pub writer: u64,
    /// Its append, from 0.
    pub number: u64,
}

impl Plan {
    /// The append; to a shared stream it is proposed at revision 0, and the answer says what is right.
    pub fn append(self, turn: Turn) -> Append {
        let events: Vec<_> = (0..self.events(turn)).map(|n| self.event(turn, n)).collect();
        let Turn { writer, number } = turn;
        let (round, step) = (number / ROUND, number % ROUND);
        let before = (0..step).map(|step| self.events(Turn { writer, number: round * ROUND + step })).sum();
        let expected = if turn.is_shared() { 0 } else { before };
        let mut fingerprint = [0; 32];
        fingerprint[..16].copy_from_slice(self.request_id(turn).as_bytes());
        Append {
            stream: stream_of(turn),
            expected,
            unchanged: Vec::new(),
            events,
            actor: format!("writer-{writer}").into(),
            request_id: self.request_id(turn),
            fingerprint,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            recorded_at: NOW,
        }
    }

    /// Whose append this record is of, and which of its events, from 0; `None`: nobody's.
    pub fn turn_of(self, recorded: &Recorded) -> Option<(Turn, u64)> {
        let header = &recorded.record.header;
        let (seed, turn) = header.metadata.request_id.as_u64_pair();
        let turn = Turn { writer: turn >> 40, number: turn & ((1 << 40) - 1) };
        let (of, n) = header.event_id.as_u64_pair();
        let event = self.event(turn, n);
        let body = &recorded.record.body;
        let texts = body.texts.as_ref().map(|texts| texts.json.as_slice()).unwrap_or_default();
        let same = seed == self.seed
            && of == self.event_half(turn)
            && n < self.events(turn)
            && header.stream == stream_of(turn)
            && (body.facts.as_slice(), texts) == (event.facts.as_slice(), event.texts.as_slice());
        same.then_some((turn, n))
    }

    /// How many events the append has.
    pub fn events(self, turn: Turn) -> u64 {
        1 + self.dice(turn).u64(..3)
    }

    /// The append's request id.
    pub fn request_id(self, Turn { writer, number }: Turn) -> Uuid {
        Uuid::from_u64_pair(self.seed, writer << 40 | number)
    }

    fn event_half(self, Turn { writer, number }: Turn) -> u64 {
        self.seed.rotate_left(7) ^ (writer << 40 | number)
    }

    fn event(self, turn: Turn, n: u64) -> NewEvent {
        let mut dice = fastrand::Rng::with_seed(self.dice(turn).u64(..).wrapping_add(n));
        let bytes = if dice.u8(..32) == 0 { dice.usize(5_000..40_000) } else { dice.usize(250..350) };
        let texts = if dice.u8(..4) == 0 { vec![dice.alphanumeric() as u8; 100] } else { Vec::new() };
        NewEvent {
            event_id: Uuid::from_u64_pair(self.event_half(turn), n),
            event_type: "Happened".into(),
            schema_version: 1,
            occurred_at: NOW,
            facts: (0..bytes).map(|_| dice.alphanumeric() as u8).collect(),
            salt: if texts.is_empty() { Vec::new() } else { vec![dice.u8(..); 32] },
            texts,
        }
    }

    fn dice(self, Turn { writer, number }: Turn) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed ^ (writer << 40 | number).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

impl Turn {
    /// Whether it goes to a stream that all writers share.
    pub fn is_shared(self) -> bool {
        self.number % ROUND == ROUND - 1
    }
}

fn stream_of(turn: Turn) -> StreamId {
    let round = turn.number / ROUND;
    let id =
        if turn.is_shared() { format!("shared-{}", round / SHARED_ROUNDS) } else { format!("{}-{round}", turn.writer) };
    let project = format!("P{}", if turn.is_shared() { 0 } else { (turn.writer + round) % PROJECTS });
    StreamId { project: project.into(), kind: "thing".into(), id: id.into() }
}

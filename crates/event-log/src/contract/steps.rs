//! What callers do, hit and miss, as data: the same seed makes the same steps.
//!
//! A step says what its caller wants. What it proposes depends on what this caller has been answered so far ([`Caller`]), so
//! that most appends get in whatever others do beside it.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use uuid::Uuid;

use super::given::{self, NOW};
use super::{Broken, Outcome};
use crate::append::{Append, AppendError, Appended, Expected, NewEvent};
use crate::record::StreamId;

/// What a caller does next.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// It appends something new.
    Append(Wish),
    /// It repeats one of its requests.
    Again(Index),
    /// It makes another command under the id of one of its requests.
    Reuse(Index, Wish),
    /// It reads.
    Read,
}

/// A new append, before it is known what it meets.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    stream: Index,
    /// How far behind its caller's knowledge it is; more than 0 misses.
    behind: u64,
    /// A stream of the same project that it relies on, and how far behind it is in that.
    guard: Option<(Index, u64)>,
    events: Vec<NewEvent>,
    recorded_at: i64,
    /// After so many turns of the scheduler its caller goes away, and asks again.
    pub(super) gives_up: Option<usize>,
}

/// Who takes the steps: it knows what it was answered, and nothing else.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    number: u128,
    /// The streams it writes to, and their revisions as it knows them.
    known: Vec<(StreamId, u64)>,
    made: Vec<Append>,
}

/// So many steps.
pub(super) fn steps(seed: u64, count: usize) -> Result<Vec<Step>, Broken> {
    let config = Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let tree = vec(step(), count).new_tree(&mut TestRunner::new(config));
    Ok(tree.map_err(|reason| Broken::new(format!("no steps from seed {seed}: {reason}")))?.current())
}

/// Any step.
pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => wish().prop_map(Step::Append),
        2 => any::<Index>().prop_map(Step::Again),
        1 => (any::<Index>(), wish()).prop_map(|(which, wish)| Step::Reuse(which, wish)),
        3 => Just(Step::Read),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let behind = || prop_oneof![6 => Just(0_u64), 1 => 1..3_u64];
    let guard = weighted(0.3, (any::<Index>(), behind()));
    let gives_up = weighted(0.2, 0..6_usize);
    (any::<Index>(), behind(), guard, vec(event(), 1..4), -1000..1000_i64, gives_up).prop_map(
        |(stream, behind, guard, events, offset, gives_up)| Wish {
            stream,
            behind,
            guard,
            events,
            recorded_at: NOW + offset,
            gives_up,
        },
    )
}

fn event() -> impl Strategy<Value = NewEvent> {
    let payload = || {
        let words = select(vec!["{}", " ", "\n", "\t", "\"", "a", "ß", "€", "😀", "\u{200b}", "0"]);
        vec(words, 0..12).prop_map(|words| words.concat().into_bytes())
    };
    (payload(), payload(), select(vec!["IssueFiled", "IssueTriaged"]), 1..4_u16, any::<u128>()).prop_map(
        |(facts, texts, event_type, schema_version, event_id)| NewEvent {
            event_id: Uuid::from_u128(event_id),
            event_type: event_type.into(),
            schema_version,
            salt: if texts.is_empty() { Vec::new() } else { vec![schema_version.to_be_bytes()[1]; 32] },
            texts,
            ..given::event(facts)
        },
    )
}

impl Caller {
    /// A caller whose requests have ids of its own, and who knows nothing yet of these streams.
    pub(super) fn new(number: u64, streams: impl IntoIterator<Item = StreamId>) -> Self {
        let known = streams.into_iter().map(|stream| (stream, 0)).collect();
        Self { number: u128::from(number) + 1, known, made: Vec::new() }
    }

    /// What it proposes; `None`: it reads.
    pub(super) fn proposes(&mut self, step: &Step) -> Option<Append> {
        match step {
            Step::Append(wish) => Some(self.make(wish)),
            Step::Again(which) if !self.made.is_empty() => Some(which.get(&self.made).clone()),
            Step::Reuse(which, wish) if !self.made.is_empty() => {
                let before = which.get(&self.made).clone();
                let mut other = self.make(wish);
                self.made.pop();
                other.unchanged.retain(|guard| guard.stream.project == before.stream.project);
                Some(Append { stream: before.stream, request_id: before.request_id, fingerprint: [8; 32], ..other })
            }
            Step::Again(_) | Step::Reuse(..) | Step::Read => None,
        }
    }

    /// Learns from an answer where streams are.
    pub(super) fn hears(&mut self, append: &Append, answer: &Result<Appended, AppendError>) {
        match answer {
            Ok(appended) => self.learn(&append.stream, appended.revision),
            Err(AppendError::Conflict { stream, actual, .. }) => self.learn(stream, *actual),
            Err(_) => {}
        }
    }

    fn make(&mut self, wish: &Wish) -> Append {
        let (stream, revision) = wish.stream.get(&self.known).clone();
        let near: Vec<_> = self.known.iter().filter(|(other, _)| other.project == stream.project).collect();
        let guard = wish.guard.map(|(which, behind)| {
            let (stream, revision) = *which.get(&near);
            Expected { stream: stream.clone(), revision: revision.saturating_sub(behind) }
        });
        let request = (self.number << 64) | self.made.len() as u128;
        let append = Append {
            unchanged: guard.into_iter().collect(),
            events: wish.events.clone(),
            recorded_at: wish.recorded_at,
            ..given::append(&stream, revision.saturating_sub(wish.behind), request)
        };
        self.made.push(append.clone());
        append
    }

    fn learn(&mut self, stream: &StreamId, revision: u64) {
        for (_, known) in self.known.iter_mut().filter(|(known, _)| known == stream) {
            *known = revision.max(*known);
        }
    }
}

/// Ends the case as broken unless a sound log may answer so.
pub(super) fn expect_sound(answer: &Result<Appended, AppendError>) -> Outcome {
    match answer {
        Ok(_) | Err(AppendError::Conflict { .. } | AppendError::RequestIdReused { .. }) => Ok(()),
        Err(error) => Err(error.clone().into()),
    }
}

//! Whatever changes and however watchers read, leave and come back: at every place they hold exactly what the store held there.

use std::collections::BTreeMap;

use watch::{Bounds, Ended, Start, Watch};

use super::given::{Board, Given, Reader, next};

const SEEDS: u64 = 12;
const ROUNDS: u64 = 120;
const STATES: [&str; 3] = ["new", "doing", "done"];

struct Watcher {
    project: &'static str,
    watch: Option<Watch>,
    reader: Reader,
}

/// What each project's cards were at each position that was committed: those that were not done, and those that were.
type Truth = BTreeMap<(&'static str, u64), [Board; 2]>;

#[tokio::test]
async fn every_place_is_exact_for_every_watcher() {
    for seed in 0..SEEDS {
        story(seed).await;
    }
}

async fn story(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let given = Given::with(Bounds { ring_batches_max: 4, pace_ms: 0, ..Bounds::default() }).await;
    let mut truth = Truth::new();
    let mut watchers: Vec<_> = (0..6_usize)
        .map(|n| Watcher { project: ["PAY", "OPS"][n % 2], watch: None, reader: Reader::default() })
        .collect();
    for _ in 0..ROUNDS {
        let states: Vec<_> = (0..random.u64(1..6))
            .map(|_| (["PAY", "OPS"][random.usize(0..2)], random.u64(1..15), STATES[random.usize(0..3)]))
            .collect();
        given.change(&states).await;
        note(&given, &mut truth).await;
        for watcher in &mut watchers {
            match random.u32(0..10) {
                0 => watcher.watch = None,
                1..=3 => {}
                _ => watcher.step(&given, &truth, seed).await,
            }
        }
    }
    let last = *truth.keys().map(|(_, position)| position).max().unwrap();
    for watcher in &mut watchers {
        while watcher.reader.position() < last {
            watcher.step(&given, &truth, seed).await;
        }
    }
}

async fn note(given: &Given, truth: &mut Truth) {
    for project in ["PAY", "OPS"] {
        let (position, boards) = given.boards(project).await;
        truth.insert((project, position), boards);
    }
}

impl Watcher {
    async fn step(&mut self, given: &Given, truth: &Truth, seed: u64) {
        let start = self.reader.place.map_or(Start::Snapshot, Start::After);
        let watch = self.watch.get_or_insert_with(|| given.watch(self.project, start));
        match next(watch).await {
            Ok(step) => self.reader.take(step),
            Err(Ended::Behind { resume }) => {
                assert!(resume.is_some() || self.reader.place.is_none(), "seed {seed}: it has got places before");
                self.watch = None;
                self.reader.place = resume;
                return;
            }
            Err(ended) => panic!("seed {seed}: {ended:?}"),
        }
        if self.reader.complete {
            let position = self.reader.position();
            let [undone, done] = &truth[&(self.project, position)];
            assert_eq!(&self.reader.board, undone, "seed {seed}, {} at {position}", self.project);
            assert_eq!(&self.reader.done, done, "seed {seed}, beside {} at {position}", self.project);
        }
    }
}

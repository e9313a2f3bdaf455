//! Turns at a stream that several commands want at once: who lost once queues, instead of losing again.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use domain::StreamRef;
use tokio::sync::{Mutex, MutexGuard};

/// So many streams can be contended at once without one waiting for another's turns.
const TURNS: usize = 256;

/// Queues for contended streams. A stream without conflicts never meets one.
pub(crate) struct Turns {
    queues: Box<[Mutex<()>]>,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self { queues: (0..TURNS).map(|_| Mutex::new(())).collect() }
    }

    /// Waits for the stream's turn, which is held until what is given is dropped. A call takes one turn only, so turns never wait in a circle.
    pub(crate) async fn take(&self, stream: &StreamRef) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(stream);
        let queue = usize::try_from(hash % TURNS as u64).unwrap_or_default();
        self.queues[queue].lock().await
    }
}

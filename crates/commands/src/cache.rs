//! What is remembered of streams: their last known states, and which key is which stream. Bounded in bytes.
//!
//! What is remembered may be old, never wrong: an append checks it, and a refusal is not answered on it.

use std::hash::Hash;
use std::sync::Arc;

use domain::StreamRef;
use domain::ids::{IssueId, IssueKey};
use domain::issue::Issue;
use domain::project::Project;
use domain::release::Release;
use domain::team::Team;
use foldhash::fast::RandomState;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle, EntryAction, EntryResult};

use crate::decider::Decider;
use crate::request::Options;
use crate::version::Version;
use crate::weight::Weight;

/// What the cache itself takes for an entry, about: its node, its place in the queues, the stream's name.
const ENTRY_BYTES: usize = 384;
/// What a key takes with its entry.
const KEY_BYTES: u64 = 320;
/// What a state takes with its entry, about: a short issue's.
const STATE_BYTES: u64 = 2048;
/// This part of the bytes is for keys, the rest for states.
const KEYS_SHARE: u64 = 8;

/// A version of a stream of any kind.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    Issue(Arc<Version<Issue>>),
    Project(Arc<Version<Project>>),
    Team(Arc<Version<Team>>),
    Release(Arc<Version<Release>>),
}

/// The states and keys that are remembered; those that nobody asks for again are forgotten first.
#[derive(Debug)]
pub(crate) struct Remembered {
    states: Cache<StreamRef, Held, Bytes, RandomState>,
    keys: Cache<IssueKey, IssueId, Bytes, RandomState>,
}

/// What an entry weighs, in bytes.
#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<StreamRef, Held> for Bytes {
    fn weight(&self, _: &StreamRef, held: &Held) -> u64 {
        held.bytes() as u64
    }
}

impl Weighter<IssueKey, IssueId> for Bytes {
    fn weight(&self, _: &IssueKey, _: &IssueId) -> u64 {
        KEY_BYTES
    }
}

impl Remembered {
    pub(crate) fn new(options: Options) -> Self {
        let keys_bytes = options.cache_bytes / KEYS_SHARE;
        Self { states: cache(options.cache_bytes - keys_bytes, STATE_BYTES), keys: cache(keys_bytes, KEY_BYTES) }
    }

    /// The stream's newest version that is remembered.
    pub(crate) fn get<D: Decider>(&self, stream: &StreamRef) -> Option<Arc<Version<D>>> {
        self.states.get(stream).and_then(D::held)
    }

    /// Remembers a version, unless a newer one is remembered already.
    pub(crate) fn put<D: Decider>(&self, stream: &StreamRef, version: &Arc<Version<D>>) {
        let held = || D::hold(Arc::clone(version));
        let entry = self.states.entry(stream, None, |_, known| {
            if known.revision() < version.revision {
                *known = held();
            }
            EntryAction::Retain(())
        });
        if let EntryResult::Vacant(place) = entry {
            // Refused only where it weighs more than there is room.
            let _ = place.insert(held());
        }
    }

    /// The issue that has this key, if it is remembered. A key means the same issue for ever.
    pub(crate) fn issue_id(&self, key: &IssueKey) -> Option<IssueId> {
        self.keys.get(key)
    }

    /// Remembers which issue has this key.
    pub(crate) fn put_key(&self, key: IssueKey, id: IssueId) {
        self.keys.insert(key, id);
    }

    /// Bytes in use, as estimated.
    pub(crate) fn bytes(&self) -> u64 {
        self.states.weight() + self.keys.weight()
    }
}

/// A cache of so many bytes, whose entries have about so many.
fn cache<K: Eq + Hash, V: Clone>(bytes: u64, entry_bytes: u64) -> Cache<K, V, Bytes, RandomState>
where
    Bytes: Weighter<K, V>,
{
    let entries = usize::try_from(bytes / entry_bytes).unwrap_or(usize::MAX);
    Cache::with(entries, bytes, Bytes, RandomState::default(), DefaultLifecycle::default())
}

impl Held {
    fn revision(&self) -> u64 {
        match self {
            Self::Issue(version) => version.revision,
            Self::Project(version) => version.revision,
            Self::Team(version) => version.revision,
            Self::Release(version) => version.revision,
        }
    }

    fn bytes(&self) -> usize {
        let state = match self {
            Self::Issue(version) => version.state.bytes(),
            Self::Project(version) => version.state.bytes(),
            Self::Team(version) => version.state.bytes(),
            Self::Release(version) => version.state.bytes(),
        };
        ENTRY_BYTES + state
    }
}

#[cfg(test)]
mod tests {
    use domain::StreamKind;
    use domain::ids::{ProjectId, TeamId};

    use super::*;
    use crate::version::Last;

    fn version(revision: u64) -> Arc<Version<Team>> {
        let id = TeamId::parse("dev").unwrap();
        let state = Arc::new(Team { id, revision, members: Vec::new(), away: Vec::new() });
        let last = Last { partition: 0, position: revision, leaf: [0; 32] };
        Arc::new(Version { state, revision, last })
    }

    #[test]
    fn whoever_comes_late_forgets_nothing_newer() {
        let remembered = Remembered::new(Options::default());
        let stream = StreamRef { project: ProjectId::parse("PAY").unwrap(), kind: StreamKind::Team, id: "dev".into() };
        for (put, then) in [(1, 1), (3, 3), (2, 3), (4, 4)] {
            remembered.put(&stream, &version(put));
            assert_eq!(remembered.get::<Team>(&stream).unwrap().revision, then, "after {put}");
        }
    }
}

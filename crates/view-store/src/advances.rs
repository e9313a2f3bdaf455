//! The positions that views have reached, watched.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;
use views::table::ViewId;

use crate::store::PartitionId;

/// One watch for each view and partition that anyone asked for or that was published.
#[derive(Debug, Default)]
pub struct Advances {
    watches: Mutex<HashMap<(ViewId, PartitionId), watch::Sender<u64>>>,
}

impl Advances {
    /// Watches the position of the view in the partition.
    pub fn watch(&self, view: ViewId, partition: PartitionId) -> watch::Receiver<u64> {
        self.with(view, partition, watch::Sender::subscribe)
    }

    /// True while somebody holds a watch of the view in the partition.
    pub fn is_watched(&self, view: ViewId, partition: PartitionId) -> bool {
        self.with(view, partition, |sender| sender.receiver_count() > 0)
    }

    /// Tells of a position, after what led to it can be read.
    pub fn publish(&self, view: ViewId, partition: PartitionId, position: u64) {
        self.with(view, partition, |sender| {
            sender.send_if_modified(|known| std::mem::replace(known, position) != position);
        });
    }

    /// The view starts anew: all its positions are 0.
    pub fn reset(&self, view: ViewId) {
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        for ((of, _), sender) in watches.iter() {
            if *of == view {
                sender.send_replace(0);
            }
        }
    }

    fn with<T>(&self, view: ViewId, partition: PartitionId, use_it: impl FnOnce(&watch::Sender<u64>) -> T) -> T {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        use_it(watches.entry((view, partition)).or_insert_with(|| watch::Sender::new(0)))
    }
}

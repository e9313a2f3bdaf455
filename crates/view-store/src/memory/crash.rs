//! A crash of the machine, as views in memory can have one: the latest commits are gone, rows and checkpoints together.

use std::collections::BTreeMap;

use views::table::ViewId;

use super::{MemoryViews, Stored};

/// What was there at some time.
#[derive(Debug)]
pub struct Saved(BTreeMap<ViewId, Stored>);

impl MemoryViews {
    /// What is here now.
    pub fn save(&self) -> Saved {
        Saved(self.state().stored.clone())
    }

    /// From now on there is what was saved. What was said of how far views have come is not taken back before [`MemoryViews::look`].
    pub fn crash(&self, saved: Saved) {
        self.state().stored = saved.0;
    }

    /// Tells how far the views have come.
    pub fn look(&self) {
        let state = self.state();
        for (view, stored) in &state.stored {
            self.advances.reset(*view);
            self.publish(*view, &stored.checkpoints);
        }
    }
}

//! A view built beside others: folded by one alone, up to where it is told.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use event_log::EventLog;
use view_store::{Schema, ViewId, ViewStore};

use crate::advance::{Advanced, advance};
use crate::lane::Lane;
use crate::observe::Observed;
use crate::trouble::Trouble;

/// Batches are smaller than those of a runner, which is kept waiting by each.
const BATCH_EVENTS_MAX: usize = 2048;

/// What the name of a view's tables ends in while they are built beside it.
const SUFFIX: &str = "__new";

/// Takes the lane one batch on, not beyond `end`. `false`: it is there already.
pub(crate) async fn step(
    log: &dyn EventLog,
    store: &dyn ViewStore,
    lane: &mut Lane,
    end: u64,
) -> Result<bool, Trouble> {
    let (place, view) = (lane.position(), lane.id());
    let left = usize::try_from(end.saturating_sub(place)).unwrap_or(usize::MAX);
    if left == 0 {
        return Ok(false);
    }
    let lanes = std::slice::from_mut(lane);
    match advance((log, store), lanes, place, left.min(BATCH_EVENTS_MAX), &Observed::default()).await? {
        Advanced::Done => Ok(true),
        Advanced::NotHeld(_) => Err(Trouble::TakenOver { view }),
    }
}

/// The same view under another name, to be built beside it. There is one for each view, for as long as the process lives.
pub(crate) fn beside(schema: &'static Schema) -> &'static Schema {
    static MADE: Mutex<BTreeMap<ViewId, &'static Schema>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(schema.id()).or_insert_with(|| {
        let name: &'static str = Box::leak(format!("{}{SUFFIX}", schema.name).into_boxed_str());
        Box::leak(Box::new(Schema { name, ..*schema }))
    })
}

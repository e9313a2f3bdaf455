//! Lanes of one partition, taken one batch on.

use event_log::{EventLog, PartitionId};
use view_store::{Checkpoint, CommitError, ViewCommit, ViewId, ViewStore};

use crate::feed::{self, Batch};
use crate::lane::Lane;
use crate::observe::Observed;
use crate::trouble::Trouble;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advanced {
    /// It is committed.
    Done,
    /// Nothing is: the view is not ours to advance any more.
    NotHeld(ViewId),
}

/// Takes the lanes that stand at `place` and are led here one batch on, of at most `limit` events.
pub(crate) async fn advance(
    (log, store): (&dyn EventLog, &dyn ViewStore),
    lanes: &mut [Lane],
    place: u64,
    limit: usize,
    observed: &Observed,
) -> Result<Advanced, Trouble> {
    let Some(partition) = here(lanes, place).next().map(|lane| lane.partition) else { return Ok(Advanced::Done) };
    let wanted = |kind| lanes.iter().any(|lane| is_here(lane, place) && lane.wants(kind));
    let batch = feed::read(log, partition, place, limit, wanted).await?;
    let Some(end) = batch.end else { return Err(Trouble::Unreadable { place }) };
    observed.fold(partition, &batch, commit(store, partition, lanes, place, (&batch, end))).await
}

/// Folds the batch and commits it, without the streams that can't be stored.
async fn commit(
    store: &dyn ViewStore,
    partition: PartitionId,
    lanes: &mut [Lane],
    place: u64,
    (batch, end): (&Batch, Checkpoint),
) -> Result<Advanced, Trouble> {
    loop {
        let mut commits: Vec<ViewCommit> = Vec::with_capacity(lanes.len());
        for lane in here(lanes, place) {
            commits.push(lane.fold(store, batch, end).await?);
        }
        match store.commit(partition, commits).await {
            Ok(()) => {
                here(lanes, place).for_each(|lane| lane.committed(end));
                return Ok(Advanced::Done);
            }
            Err(CommitError::NotHeld { view, .. }) => return Ok(Advanced::NotHeld(view)),
            Err(CommitError::Rejected { view, change, reason }) => {
                set_aside(lanes, place, (batch, end), CommitError::Rejected { view, change, reason })?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The store can't store a change, ever: its stream is set aside, and the batch is to be folded again.
fn set_aside(
    lanes: &mut [Lane],
    place: u64,
    (batch, end): (&Batch, Checkpoint),
    error: CommitError,
) -> Result<(), Trouble> {
    let CommitError::Rejected { view, change, reason } = &error else { return Err(error.into()) };
    let lane = here(lanes, place).find(|lane| lane.id() == *view);
    let Some(position) = lane.and_then(|lane| lane.reject(batch, *change, reason)) else { return Err(error.into()) };
    tracing::debug!(%view, position, end = end.position, "a batch is folded again without a stream");
    lanes.iter_mut().for_each(Lane::forget);
    Ok(())
}

fn is_here(lane: &Lane, place: u64) -> bool {
    lane.is_led() && lane.position() == place
}

fn here(lanes: &mut [Lane], place: u64) -> impl Iterator<Item = &mut Lane> {
    lanes.iter_mut().filter(move |lane| is_here(lane, place))
}

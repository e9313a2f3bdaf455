//! Reads what changed in a partition of a view, once for all who watch it.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _, TokioSleeper};
use tokio_util::sync::CancellationToken;
use view_store::Checkpoint;
use views::table::Table;

use crate::LOOK_MS;
use crate::read::{self, Read, Since, Source};
use crate::ring::{Batch, Ring};
use crate::watches::{LineageError, Shared};

/// So many rows of each project are read at once.
const ROWS_MAX: u32 = 200;
/// A look that failed is tried again after so long …
const RETRY_MS_MIN: u64 = 20;
/// … and at most so long.
const RETRY_MS_MAX: u64 = 2_000;

/// How far a tail has come.
#[derive(Debug, Default, Clone, Copy)]
struct At {
    position: u64,
    /// Out of which tables it reads.
    generation: u64,
    /// Of the last batch that was complete.
    checkpoint: Option<Checkpoint>,
    parked: u64,
}

/// Why a look failed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] view_store::StoreError),
    #[error(transparent)]
    Log(#[from] LineageError),
}

/// Fills the ring until nobody watches any more, or until what it holds is true no longer.
pub(crate) async fn run(
    shared: Arc<Shared>,
    source: Source,
    table: &'static Table,
    ring: Arc<Ring>,
    stop: CancellationToken,
) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = follow(&shared, source, table, &ring) => {
            tracing::info!(view = %source.view, partition = source.partition, "watches begin anew: the view was rebuilt, or took parked streams up again");
            shared.abandon(source, &ring);
        }
    }
}

async fn follow(shared: &Shared, source: Source, table: &'static Table, ring: &Ring) {
    let pace = Duration::from_millis(shared.bounds.pace_ms);
    let mut at = start(shared, source).await;
    ring.looked();
    // Who has read less than this on its own must read what is missing: nothing before it comes through the ring.
    let At { position, generation, checkpoint, parked } = at;
    let (rows, beside) = <_>::default();
    ring.push(Batch { after: position, to: position, checkpoint, generation, parked, rows, beside });
    loop {
        moved(shared, source, at.position).await;
        let Some(batch) = look(shared, source, table, at).await else { return };
        ring.looked();
        let news = batch.to > at.position;
        let checkpoint = batch.checkpoint.or(at.checkpoint);
        at = At { position: batch.to, checkpoint, parked: batch.parked, ..at };
        if news {
            ring.push(batch);
        }
        tokio::time::sleep(pace).await;
    }
}

/// Waits until the view has moved, or for a while. While it waits, the view is not kept waiting for fuller batches.
async fn moved(shared: &Shared, source: Source, position: u64) {
    let mut advanced = shared.store.advanced(source.view, source.partition);
    let moved = advanced.wait_for(|now| *now != position);
    let _ = tokio::time::timeout(Duration::from_millis(LOOK_MS), moved).await;
}

async fn start(shared: &Shared, source: Source) -> At {
    let first = || async {
        let answer = shared.store.query(source.view, Vec::new()).await?;
        let checkpoint = answer.checkpoints.get(&source.partition).copied();
        let position = checkpoint.map_or(0, |checkpoint| checkpoint.position);
        let parked = read::parked(&answer, source.partition);
        Ok::<_, Trouble>(At { position, generation: answer.generation, checkpoint, parked })
    };
    // It ends in success only: every failure is tried again.
    first
        .retry(patience())
        .sleep(TokioSleeper)
        .notify(|error, wait| tell(source, error, wait))
        .await
        .unwrap_or_default()
}

/// What changed since; `None`: what was told is true no longer.
async fn look(shared: &Shared, source: Source, table: &'static Table, at: At) -> Option<Batch> {
    let again = || async {
        let since = Since { position: at.position, generation: at.generation };
        let read = read::changed(&*shared.store, source, table, &shared.asked(source), since, ROWS_MAX).await?;
        let Read::Batch(batch) = read else { return Ok(None) };
        if read::taken_up(at.parked, batch.parked) {
            return Ok(None);
        }
        if let (Some(before), Some(now)) = (&at.checkpoint, &batch.checkpoint) {
            let grown = now.position > before.position;
            if !read::follows(Some(before), Some(now))
                || (grown && !shared.lineage.has(source.partition, before).await?)
            {
                return Ok(None);
            }
        }
        Ok::<_, Trouble>(Some(batch))
    };
    again
        .retry(patience())
        .sleep(TokioSleeper)
        .notify(|error, wait| tell(source, error, wait))
        .await
        .unwrap_or_default()
}

fn tell(source: Source, error: &Trouble, wait: Duration) {
    let (view, partition, wait_ms) = (source.view, source.partition, wait.as_millis());
    tracing::warn!(%view, partition, %error, wait_ms, "who watches waits");
}

/// Ever longer waits, without end.
fn patience() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
        .with_max_delay(Duration::from_millis(RETRY_MS_MAX))
        .with_jitter()
        .without_max_times()
}

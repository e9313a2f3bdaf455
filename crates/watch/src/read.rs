//! Reading what changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use view_store::{Answer, Checkpoint, PartitionId, StoreError, ViewId, ViewStore};
use views::row::Row;
use views::table::Table;

use crate::ring::Batch;
use crate::scope::{POSITION, changed_after};

/// The rows of a table, in a partition of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Source {
    pub(crate) view: ViewId,
    pub(crate) table: &'static str,
    pub(crate) partition: PartitionId,
}

/// What was read, if the view still goes on from where it was.
#[derive(Debug)]
pub(crate) enum Read {
    Batch(Batch),
    /// The view is not as far as it was, or of another log: it was rebuilt.
    Rebuilt,
}

/// Reads the rows of these projects that changed after the position, at one moment, at most `limit` of each.
pub(crate) async fn changed(
    store: &dyn ViewStore,
    source: Source,
    table: &'static Table,
    projects: &[Arc<str>],
    after: u64,
    limit: u32,
) -> Result<Read, StoreError> {
    let selects = projects.iter().map(|project| changed_after(table, project, after, limit)).collect();
    let answer = store.query(source.view, selects).await?;
    let checkpoint = answer.checkpoints.get(&source.partition).copied();
    let reached = checkpoint.map_or(0, |checkpoint| checkpoint.position);
    if reached < after {
        return Ok(Read::Rebuilt);
    }
    let parked = parked(&answer, source.partition);
    // A page that is full may lack what changed later than its last row: what is known then ends at that row.
    let mut to = reached;
    for rows in &answer.rows {
        if let Some(last) = rows.last().filter(|_| rows.len() as u64 >= u64::from(limit)) {
            to = to.min(last.get(POSITION)?);
        }
    }
    let complete = to == reached;
    let mut found: BTreeMap<Arc<str>, Vec<Arc<Row>>> = BTreeMap::new();
    for (project, rows) in projects.iter().zip(answer.rows) {
        let here = found.entry(Arc::clone(project)).or_default();
        for row in rows {
            if row.get::<u64>(POSITION)? <= to {
                here.push(Arc::new(row));
            }
        }
    }
    Ok(Read::Batch(Batch { after, to, checkpoint: checkpoint.filter(|_| complete), parked, rows: found }))
}

/// Identifies the streams of the partition that are parked, each with where it is; 0: none. Of very many, the first are looked at.
pub(crate) fn parked(answer: &Answer, partition: PartitionId) -> u64 {
    let here = answer.parked.iter().filter(|parked| parked.partition == partition);
    let mut hash = DefaultHasher::new();
    let mut any = false;
    for parked in here {
        (&*parked.stream, parked.position).hash(&mut hash);
        any = true;
    }
    if any { hash.finish().max(1) } else { 0 }
}

/// Is it the same place of the same log, or later?
pub(crate) fn follows(before: Option<&Checkpoint>, now: Option<&Checkpoint>) -> bool {
    match (before, now) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(now)) if now.position == before.position => now.leaf == before.leaf,
        (Some(before), Some(now)) => now.position > before.position,
    }
}

/// May something that was parked have been taken up again? What is parked since changes nothing that was told.
pub(crate) fn taken_up(before: u64, now: u64) -> bool {
    before != 0 && before != now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_that_went_back_or_elsewhere_does_not_follow() {
        let at = |position, leaf| Checkpoint { position, leaf: [leaf; 32] };
        assert!(follows(None, None));
        assert!(follows(None, Some(&at(3, 1))));
        assert!(follows(Some(&at(3, 1)), Some(&at(3, 1))));
        assert!(follows(Some(&at(3, 1)), Some(&at(4, 2))));
        assert!(!follows(Some(&at(3, 1)), Some(&at(3, 2))));
        assert!(!follows(Some(&at(3, 1)), Some(&at(2, 1))));
        assert!(!follows(Some(&at(3, 1)), None));
    }

    #[test]
    fn only_what_was_parked_can_be_taken_up() {
        assert!(!taken_up(0, 7));
        assert!(!taken_up(7, 7));
        assert!(taken_up(7, 0));
        assert!(taken_up(7, 8));
    }
}

//! Reading what changed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use view_store::{Answer, Checkpoint, PartitionId, StoreError, ViewId, ViewStore};
use views::row::{Row, Select};
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

/// What somebody watches, of all that a tail reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) project: Arc<str>,
    /// See [`Scope::beside`](crate::Scope::beside).
    pub(crate) beside: Option<Select>,
}

/// What was told before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since {
    /// All up to this position.
    pub(crate) position: u64,
    /// Out of these tables.
    pub(crate) generation: u64,
}

/// What was read, if the view still goes on from where it was.
#[derive(Debug)]
pub(crate) enum Read {
    Batch(Batch),
    /// The view is not as far as it was, or has other tables: it was rebuilt.
    Rebuilt,
}

/// Reads the rows of these projects that changed since, at one moment, at most `limit` of each; and what is told beside them.
pub(crate) async fn changed(
    store: &dyn ViewStore,
    source: Source,
    table: &'static Table,
    asked: &[Asked],
    since: Since,
    limit: u32,
) -> Result<Read, StoreError> {
    let Since { position: after, generation } = since;
    let changed = asked.iter().map(|asked| changed_after(table, &asked.project, after, limit));
    let beside = asked.iter().filter_map(|asked| asked.beside.clone());
    let mut answer = store.query(source.view, changed.chain(beside).collect()).await?;
    let checkpoint = answer.checkpoints.get(&source.partition).copied();
    let reached = checkpoint.map_or(0, |checkpoint| checkpoint.position);
    if reached < after || answer.generation != generation {
        return Ok(Read::Rebuilt);
    }
    let beside = answer.rows.split_off(asked.len());
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
    for (asked, rows) in asked.iter().zip(answer.rows) {
        let here = found.entry(Arc::clone(&asked.project)).or_default();
        for row in rows {
            if row.get::<u64>(POSITION)? <= to {
                here.push(Arc::new(row));
            }
        }
    }
    let with_beside = asked.iter().filter(|asked| asked.beside.is_some()).map(|asked| Arc::clone(&asked.project));
    let beside = with_beside.zip(beside.into_iter().map(Arc::from)).filter(|_| complete).collect();
    let checkpoint = checkpoint.filter(|_| complete);
    Ok(Read::Batch(Batch { after, to, checkpoint, generation, parked, rows: found, beside }))
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

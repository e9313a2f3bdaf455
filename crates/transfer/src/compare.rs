//! Compares what two logs hold, record by record.

use event_log::{EventLog, PartitionId, Recorded};

use crate::error::{Side, TransferError};
use crate::pages::Appends;

/// Compares a partition of both logs after `after` up to `to`; `tell` hears how many records were found to be equal, page by page.
pub(crate) async fn partition(
    from: &dyn EventLog,
    to: &dyn EventLog,
    partition: PartitionId,
    (after, up_to): (u64, u64),
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<(), TransferError> {
    let mut theirs = Appends::new(to, Side::To, partition, after, up_to);
    let mut ours = Appends::new(from, Side::From, partition, after, up_to);
    let (mut left, mut right) = (Vec::new().into_iter(), Vec::new().into_iter());
    loop {
        if left.len() == 0 {
            left = ours.next().await?.into_iter();
        }
        if right.len() == 0 {
            right = theirs.next().await?.into_iter();
        }
        // Pages of two logs need not end at the same record.
        let count = left.len().min(right.len());
        if count == 0 {
            return Ok(());
        }
        for (one, other) in left.by_ref().zip(right.by_ref()).take(count) {
            equal(&one, &other)?;
        }
        tell(count as u64);
    }
}

/// Fails where two records of one place are not equal, and says in what.
pub(crate) fn equal(one: &Recorded, other: &Recorded) -> Result<(), TransferError> {
    if one == other {
        return Ok(());
    }
    let what = if one.leaf != other.leaf {
        "the leaf"
    } else if one.record.header != other.record.header {
        "the header"
    } else if one.record.body.texts != other.record.body.texts {
        "the texts: they were erased from one of the two"
    } else {
        "the body"
    };
    Err(TransferError::Differs { partition: one.partition, position: one.position, what: what.to_owned() })
}

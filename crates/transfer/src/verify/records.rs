//! What each record says of itself, and beside the one before it.

use event_log::{EventLog, PartitionId, Recorded, StreamName, partition_of};

use super::{Finding, Pass, Place, Span, Tell, VerifyError, failed};
use crate::pages::same_append;

/// Verifies a part of a partition; answers how many records it has.
pub(super) async fn verify(log: &dyn EventLog, span: Span, tell: Tell<'_>) -> Result<u64, VerifyError> {
    let Span { partition, after, head, page_records } = span;
    let mut walk = Walk { partition, partitions: log.identity().partitions, before: None, scratch: Vec::new() };
    // The record before is read again, for what follows is compared with it.
    let mut last = after.saturating_sub(1);
    while last < head {
        let room = usize::try_from(head - last).unwrap_or(usize::MAX).min(page_records);
        let page = log.read_partition(partition, last, room).await;
        let page = page.map_err(|error| {
            failed(error, |reason| Finding {
                within: room as u64 - 1,
                ..Finding::at(Pass::Records, partition, last + 1, reason)
            })
        })?;
        if page.records.is_empty() {
            let what = format!("it is missing, though the partition goes on to {head}");
            return Err(Finding::at(Pass::Records, partition, last + 1, what).into());
        }
        let begun = last.max(after);
        for recorded in page.records {
            walk.check(&recorded, last + 1).map_err(|what| Finding::at(Pass::Records, partition, last + 1, what))?;
            last = recorded.position;
            walk.before = Some(recorded);
        }
        tell(Place { pass: Pass::Records, partition, position: last }, last.saturating_sub(begun));
        // A page that is in memory already never waits: others get their turn here.
        tokio::task::yield_now().await;
    }
    Ok(head - after)
}

/// A walk along a partition.
struct Walk {
    partition: PartitionId,
    partitions: u32,
    before: Option<Recorded>,
    scratch: Vec<u8>,
}

impl Walk {
    /// What is wrong with the record at this position.
    fn check(&mut self, recorded: &Recorded, position: u64) -> Result<(), String> {
        let header = &recorded.record.header;
        if (recorded.partition, recorded.position) != (self.partition, position) {
            let (partition, position) = (recorded.partition, recorded.position);
            return Err(format!("partition {partition} position {position} is in its place"));
        }
        if recorded.record.leaf_in(&mut self.scratch) != recorded.leaf {
            return Err("its header or its bodies' hashes are not those that its leaf was made of".to_owned());
        }
        if !recorded.record.body.matches_its_hashes() {
            return Err("its facts or texts are not those that were hashed".to_owned());
        }
        let home = partition_of(&header.stream.project, self.partitions);
        if home != self.partition {
            return Err(format!("{} belongs to partition {home}", StreamName(&header.stream)));
        }
        if header.revision == 0 || header.ordinal == 0 {
            return Err(format!("revision {} and ordinal {}: both count from 1", header.revision, header.ordinal));
        }
        self.before.as_ref().map_or(Ok(()), |before| follows(before, recorded))
    }
}

/// What is wrong with a record beside the one before it.
fn follows(before: &Recorded, recorded: &Recorded) -> Result<(), String> {
    let (one, next) = (&before.record.header, &recorded.record.header);
    let (was, is) = (one.metadata.recorded_at, next.metadata.recorded_at);
    if is < was {
        return Err(format!("recorded_at is {is}, which is before {was} of the record before"));
    }
    if one.stream != next.stream {
        return Ok(());
    }
    if next.ordinal != one.ordinal {
        return Err(format!("ordinal {} in a stream whose ordinal is {}", next.ordinal, one.ordinal));
    }
    if next.revision != one.revision + 1 {
        return Err(format!("revision {} follows on {} of the same stream", next.revision, one.revision));
    }
    if same_append(before, recorded) && (one.metadata.fingerprint != next.metadata.fingerprint || is != was) {
        return Err("it shares its request id with the record before, and not its fingerprint or time".to_owned());
    }
    Ok(())
}

//! Where a partition and its streams disagree, once it is known that they do.

use event_log::{EventLog, Recorded, StreamName};

use super::lookups::{StreamWalk, looked_up, unread};
use super::{Finding, Pass, Span, VerifyError};
use crate::error::Side;
use crate::pages::Appends;

/// The first position at which they do.
///
/// Every record is looked up in its stream, and so is the one before it there; every stream's records are looked up in the partition. If
/// all of these agreed, both would hold the same records: so one of them doesn't.
pub(super) async fn first_difference(log: &dyn EventLog, span: Span) -> VerifyError {
    let Err(found) = search(log, span).await else {
        let what = "the records of its streams are not those of the partition, by their sum";
        return Finding { within: span.head - 1, ..Finding::at(Pass::Lookups, span.partition, 1, what) }.into();
    };
    found
}

async fn search(log: &dyn EventLog, span: Span) -> Result<(), VerifyError> {
    let mut appends = Appends::new(log, Side::From, span.partition, 0, span.head);
    loop {
        let records = appends.next().await.map_err(|error| unread(error, span))?;
        if records.is_empty() {
            return Ok(());
        }
        for recorded in &records {
            in_its_stream(log, recorded).await?;
            if recorded.record.header.revision == 1 {
                stream_in_partition(log, recorded, span.head).await?;
            }
        }
    }
}

/// The record is in its stream, and follows on one that is in the partition before it.
async fn in_its_stream(log: &dyn EventLog, recorded: &Recorded) -> Result<(), VerifyError> {
    let header = &recorded.record.header;
    let name = format!("{} revision {}", StreamName(&header.stream), header.revision);
    let found =
        |what: &str| Finding::at(Pass::Lookups, recorded.partition, recorded.position, format!("{name} {what}"));
    let after = header.revision.saturating_sub(2);
    let page = log.read_stream(&header.stream, after, 2).await.map_err(|error| looked_up(error, recorded, &name))?;
    let mut page = page.records.into_iter();
    if header.revision > 1 {
        let Some(before) = page.next() else { return Err(found("is not in its stream").into()) };
        let at = log.read_partition(recorded.partition, before.position.saturating_sub(1), 1).await;
        let at = at.map_err(|error| looked_up(error, recorded, &name))?;
        if before.position >= recorded.position || at.records.first() != Some(&before) {
            return Err(found("follows on a record that is not in the partition before it").into());
        }
    }
    if page.next().as_ref() == Some(recorded) { Ok(()) } else { Err(found("is not in its stream").into()) }
}

/// All of a stream's records are in the partition.
async fn stream_in_partition(log: &dyn EventLog, first: &Recorded, head: u64) -> Result<(), VerifyError> {
    let mut walk = StreamWalk::new(log, first);
    loop {
        let records = walk.next().await?;
        if records.is_empty() {
            return Ok(());
        }
        for recorded in records.iter().filter(|recorded| recorded.position <= head) {
            let header = &recorded.record.header;
            let name = format!("{} revision {}", StreamName(&header.stream), header.revision);
            let page = log.read_partition(recorded.partition, recorded.position - 1, 1).await;
            let page = page.map_err(|error| looked_up(error, first, &name))?;
            if page.records.first() != Some(recorded) {
                let what = format!("{name} is read from its stream at this position, and not from the partition");
                return Err(Finding::at(Pass::Lookups, recorded.partition, recorded.position, what).into());
            }
        }
    }
}

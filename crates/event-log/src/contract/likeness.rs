//! Likeness: whatever is done to a log, it answers and holds what the log in memory would.

use super::given::{NOW, founding, issue, log, read_everything, stream};
use super::steps::{Caller, Step, steps};
use super::{Factory, Outcome, promise, promise_eq};
use crate::append::{Append, Expected, NewEvent};
use crate::log::EventLog;
use crate::maintain::Versions;
use crate::memory::MemoryLog;
use crate::record::StreamId;

const STEPS: usize = 200;

/// The same steps, taken one after the other here and there: every answer is the same, and so is everything that can be read,
/// also after a restart halfway.
pub(super) async fn answers_and_records_are_those_of_the_log_in_memory<F: Factory>(factory: &F) -> Outcome {
    let seed = factory.seed();
    let (mut log, memory) = (log(factory).await?, MemoryLog::founded(founding(false)));
    let mut caller = Caller::new(0, streams());
    for (n, step) in steps(seed, STEPS)?.into_iter().enumerate() {
        if n == STEPS / 2 {
            log = factory.reopen(log, Versions::KNOWN).await?;
        }
        match caller.proposes(&step) {
            Some(append) => {
                let append = misshapen(append, n);
                let (here, there) = (log.append(append.clone()).await, memory.append(append.clone()).await);
                caller.hears(&append, &there);
                promise_eq!(here, there, "seed {seed}, step {n}: the answer to {append:?}");
            }
            None => same_reads(&*log, &memory, n).await.map_err(|broken| super::Broken {
                what: format!("seed {seed}, step {n}: {}", broken.what),
                ..broken
            })?,
        }
        if let Step::Again(_) = step {
            same_lookups(&*log, &memory, n).await?;
        }
    }
    promise!(
        read_everything(&*log).await? == read_everything(&memory).await?,
        "seed {seed}: the records are others than those of the log in memory"
    );
    for partition in 0..log.identity().partitions {
        let heads = (log.barrier(partition).await?, memory.barrier(partition).await?);
        promise_eq!(heads.0, heads.1, "seed {seed}: the head of partition {partition}");
    }
    Ok(())
}

fn streams() -> Vec<StreamId> {
    let of =
        |project| [stream(project, "issue", "1"), stream(project, "issue", "2"), stream(project, "project", project)];
    ["PAY", "WEB", "Größe"].into_iter().flat_map(of).collect()
}

/// Now and then, what a careless caller would send.
fn misshapen(append: Append, n: usize) -> Append {
    match n % 40 {
        7 => Append { events: Vec::new(), ..append },
        14 => Append { actor: "a\u{0}b".into(), ..append },
        21 => Append { unchanged: vec![Expected { stream: stream("A", "team", "1"), revision: 0 }], ..append },
        28 => Append { stream: issue(""), ..append },
        35 => {
            let event = NewEvent { schema_version: 0, occurred_at: NOW, ..append.events[0].clone() };
            Append { events: vec![event], ..append }
        }
        _ => append,
    }
}

async fn same_reads<L: EventLog>(log: &L, memory: &MemoryLog, n: usize) -> Outcome {
    for (k, stream) in (0..).zip(streams()) {
        let partition = log.identity().partition_of(&stream.project);
        log.barrier(partition).await?;
        let (after, limit) = ((n as u64 + k) % 7, n % 5);
        let pages = (log.read_stream(&stream, after, limit).await?, memory.read_stream(&stream, after, limit).await?);
        promise_eq!(pages.0, pages.1, "{limit} records of {stream:?} after {after}");
        let pages =
            (log.read_partition(partition, after, limit).await?, memory.read_partition(partition, after, limit).await?);
        promise_eq!(pages.0, pages.1, "{limit} records of partition {partition} after {after}");
    }
    Ok(())
}

async fn same_lookups<L: EventLog>(log: &L, memory: &MemoryLog, n: usize) -> Outcome {
    for stream in streams() {
        log.barrier(log.identity().partition_of(&stream.project)).await?;
        let page = memory.read_stream(&stream, 0, usize::MAX).await?;
        for recorded in page.records.iter().skip(n % 3).step_by(3) {
            let request_id = recorded.record.header.metadata.request_id;
            let known = (log.find_request(&stream, request_id).await?, memory.find_request(&stream, request_id).await?);
            promise_eq!(known.0, known.1, "request {request_id} of {stream:?}");
        }
        let ordinal = n as u64 % 4;
        let found = (
            log.find_ordinal(&stream.project, &stream.kind, ordinal).await?,
            memory.find_ordinal(&stream.project, &stream.kind, ordinal).await?,
        );
        promise_eq!(found.0, found.1, "ordinal {ordinal} of {} in {}", stream.kind, stream.project);
    }
    Ok(())
}

//! Histories: what clients at work were answered, recorded, and judged by a checker that knows only a plain model.

mod judge;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::try_join_all;

use super::given::{Reader, issue, log, stream};
use super::steps::{Caller, Step, expect_sound, steps};
use super::{Broken, Factory, Outcome, promise};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, PartitionId};
use crate::maintain::Versions;
use crate::record::{Leaf, StreamId};

use judge::{Call, Operation, judge};

const CLIENTS: u64 = 8;
const STEPS: usize = 25;
const ROUNDS: u64 = 2;

/// Appends, and reads behind a barrier, are as if each had happened at one instant between its call and its answer: on all
/// nodes together, whoever gives up and asks again.
pub(super) async fn appends_and_reads_behind_a_barrier_are_linearizable<F: Factory>(factory: &F) -> Outcome {
    for seed in (0..ROUNDS).map(|round| factory.seed().wrapping_mul(1000).wrapping_add(round)) {
        let nodes = nodes(factory).await?;
        let clock = Arc::<AtomicU64>::default();
        let clients = (0..CLIENTS).map(|number| {
            let steps = steps(seed.wrapping_mul(1000).wrapping_add(number), STEPS)?;
            let client = Client {
                number,
                caller: Caller::new(number, streams()),
                nodes: nodes.clone(),
                clock: Arc::clone(&clock),
                calls: Vec::new(),
            };
            Ok(tokio::spawn(client.run(steps)))
        });
        let clients = clients.collect::<Result<Vec<_>, Broken>>()?;
        let mut calls = Vec::new();
        for client in try_join_all(clients).await? {
            calls.extend(client?);
        }
        judge(&calls).map_err(|broken| Broken::new(format!("seed {seed}: {broken}")))?;
    }
    Ok(())
}

/// Without a barrier a read may trail, but it shows the log's beginning, whole and in order, and at one node never less than
/// before.
pub(super) async fn plain_reads_are_prefixes<F: Factory>(factory: &F) -> Outcome {
    const READERS: usize = 4;
    let seed = factory.seed();
    let nodes = nodes(factory).await?;
    let partition = nodes[0].identity().partition_of("PAY");
    let clients = (0..CLIENTS).map(|number| {
        let client = Client {
            number,
            caller: Caller::new(number, streams()),
            nodes: nodes.clone(),
            clock: Arc::default(),
            calls: Vec::new(),
        };
        let steps: Vec<_> =
            steps(seed ^ number, STEPS)?.into_iter().filter(|step| !matches!(step, Step::Read)).collect();
        Ok(tokio::spawn(client.run(steps)))
    });
    let clients = clients.collect::<Result<Vec<_>, Broken>>()?;
    let over = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..READERS)
        .map(|reader| {
            tokio::spawn(read_again_and_again(Arc::clone(&nodes[reader % nodes.len()]), partition, Arc::clone(&over)))
        })
        .collect();
    for client in try_join_all(clients).await? {
        client?;
    }
    over.store(1, Ordering::SeqCst);
    let all: Vec<Leaf> =
        Reader::new(partition, 0).read_all(&*nodes[0]).await?.iter().map(|recorded| recorded.leaf).collect();
    for (number, reader) in try_join_all(readers).await?.into_iter().enumerate() {
        let mut before = 0;
        for read in reader? {
            promise!(
                all.starts_with(&read),
                "seed {seed}: reader {number} saw {} records that are not the log's first",
                read.len()
            );
            promise!(read.len() >= before, "seed {seed}: reader {number} saw {before} records and then {}", read.len());
            before = read.len();
        }
    }
    Ok(())
}

/// Reads the partition from its start, as often as there is time, and lastly when it is over.
async fn read_again_and_again<L: EventLog>(
    log: Arc<L>,
    partition: PartitionId,
    over: Arc<AtomicU64>,
) -> Result<Vec<Vec<Leaf>>, Broken> {
    let mut reads = Vec::new();
    loop {
        let last = over.load(Ordering::SeqCst) > 0;
        let page = log.read_partition(partition, 0, usize::MAX).await?;
        let leaves: Vec<_> = page.records.iter().map(|recorded| recorded.leaf).collect();
        if reads.last() != Some(&leaves) {
            reads.push(leaves);
        }
        if last {
            return Ok(reads);
        }
        tokio::task::yield_now().await;
    }
}

/// All nodes that there are, up to three, of a new log.
async fn nodes<F: Factory>(factory: &F) -> Result<Vec<Arc<F::Log>>, Broken> {
    let mut nodes = vec![log(factory).await?];
    for _ in 0..2 {
        nodes.extend(factory.another_node(&nodes[0], Versions::KNOWN).await?);
    }
    Ok(nodes)
}

/// Few enough to be fought for.
fn streams() -> [StreamId; 3] {
    [issue("1"), issue("2"), stream("PAY", "project", "PAY")]
}

/// A client of a log, and what it remembers of it.
struct Client<L> {
    number: u64,
    caller: Caller,
    nodes: Vec<Arc<L>>,
    clock: Arc<AtomicU64>,
    calls: Vec<Call>,
}

impl<L: EventLog> Client<L> {
    async fn run(mut self, steps: Vec<Step>) -> Result<Vec<Call>, Broken> {
        for (turn, step) in (self.number..).zip(&steps) {
            let node = Arc::clone(&self.nodes[usize::try_from(turn).unwrap_or_default() % self.nodes.len()]);
            let append = self.caller.proposes(step);
            let from = self.clock.fetch_add(1, Ordering::SeqCst);
            let operation = if let Some(append) = append {
                let gives_up = if let Step::Append(wish) = step { wish.gives_up } else { None };
                let (answer, settled) = self.append(&node, &append, gives_up).await?;
                self.caller.hears(&append, &answer);
                Operation::Append { append: Box::new(append), answer: Box::new(answer), settled }
            } else {
                let partition = node.identity().partition_of("PAY");
                let head = node.barrier(partition).await?;
                let mut records = Reader::new(partition, 0).read_to(&*node, head).await?;
                records.retain(|recorded| recorded.position <= head);
                Operation::Read { records }
            };
            let to = self.clock.fetch_add(1, Ordering::SeqCst);
            self.calls.push(Call { client: self.number, from, to, operation });
        }
        Ok(self.calls)
    }

    /// Appends; goes away meanwhile, if it is to; retries until there is an answer. Also whether it had to retry.
    async fn append(
        &self,
        node: &Arc<L>,
        append: &Append,
        gives_up: Option<usize>,
    ) -> Result<(Result<Appended, AppendError>, bool), Broken> {
        let call = {
            let (node, append) = (Arc::clone(node), append.clone());
            tokio::spawn(async move { node.append(append).await })
        };
        if let Some(turns) = gives_up {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            call.abort();
        }
        let mut heard = match call.await {
            Ok(answer) => Some(answer),
            Err(gone) if gone.is_cancelled() => None,
            Err(panicked) => return Err(panicked.into()),
        };
        for (settled, elsewhere) in [false, true, true].into_iter().zip(self.nodes.iter().cycle()) {
            match heard.take() {
                None | Some(Err(AppendError::Unknown(_) | AppendError::Failed(LogError::Overloaded))) => {
                    heard = Some(elsewhere.append(append.clone()).await);
                }
                Some(answer) => {
                    expect_sound(&answer)?;
                    return Ok((answer, settled));
                }
            }
        }
        Err(Broken::new(format!("a retry does not settle request {}: {heard:?}", append.request_id)))
    }
}

//! Writers and readers in a process of their own, which is killed.
//!
//! All they were told is in the ledger, a file of lines: `a WRITER NUMBER PARTITION POSITION`, an append was answered so (`again` at its end: it was in the log already);
//! `r PARTITION POSITION LEAF…`, a reader saw these records, the first at that position (of each leaf its first 8 bytes, in hexadecimal);
//! `x TEXT`, something that no log may do. Who is started again goes on where the ledger ends: a writer with its first append that was not
//! answered, a reader after what it saw last.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail, ensure};
use event_log::{AppendError, EventLog, LogError, PartitionId};
use tokio::task::JoinSet;

use super::account::Account;
use super::open;
use super::plan::{Plan, Turn};

/// What is tried again, is so after this.
const PAUSE: Duration = Duration::from_millis(5);
/// Most records that a reader takes at once.
const PAGE: usize = 50;

/// What to write, where.
#[derive(Debug, Clone, clap::Args)]
pub struct Writers {
    /// The log's URL
    #[arg(long)]
    pub log: String,
    /// The ledger
    #[arg(long)]
    pub ledger: std::path::PathBuf,
    /// This node's replica, if the log has such
    #[arg(long, default_value = "replica.db")]
    pub replica: std::path::PathBuf,
    /// What is appended follows from it
    #[arg(long)]
    pub seed: u64,
    /// How many write at a time
    #[arg(long, default_value_t = 8)]
    pub writers: u64,
    /// So many appends of each writer, then the process ends [default: it is killed]
    #[arg(long)]
    pub appends: Option<u64>,
    /// End without closing the log
    #[arg(long)]
    pub unclosed: bool,
}

/// What all of them share.
struct Shared {
    log: Arc<dyn EventLog>,
    plan: Plan,
    ledger: File,
}

impl Writers {
    /// Writes and reads, until the process is killed or all has been appended. Prints a line once the log is open.
    pub async fn run(self) -> Result<()> {
        let mut account = Account::default();
        account.catch_up(&self.ledger)?;
        let ledger = account.append_to(&self.ledger)?;
        let log = open::open(&self.log, &self.replica).await?;
        println!("opened {}", self.log);
        let shared = Arc::new(Shared { log, plan: Plan { seed: self.seed }, ledger });
        let mut readers = JoinSet::new();
        for partition in 0..shared.log.identity().partitions {
            let (shared, after) = (Arc::clone(&shared), account.read_to(partition));
            readers.spawn(async move { told(&shared, shared.read(partition, after).await) });
        }
        let mut writers = JoinSet::new();
        for writer in 0..self.writers {
            let (shared, first) = (Arc::clone(&shared), account.answered(writer));
            let last = self.appends.map_or(u64::MAX, |appends| first + appends);
            writers.spawn(async move { told(&shared, shared.write(writer, first..last).await) });
        }
        while let Some(ended) = writers.join_next().await {
            ended?;
        }
        // Before the process ends: a line that is in the ledger and not yet in a recorder's trace would be missed there.
        readers.shutdown().await;
        if self.unclosed {
            std::process::exit(0);
        }
        shared.log.close().await;
        Ok(())
    }
}

/// The process's exit code where the log has said that its data is damaged.
pub const DAMAGED: i32 = 65;
/// The same where it did something that no log may do; then the ledger says what.
pub const BROKEN: i32 = 70;

/// What ends writers and readers ends the process, with an exit code that whoever started it notices.
fn told(shared: &Shared, outcome: Result<()>) {
    let Err(problem) = outcome else { return };
    let text = format!("{problem:#}").replace('\n', " ");
    eprintln!("{text}");
    if let Some(LogError::DataLoss { .. }) = problem.downcast_ref() {
        std::process::exit(DAMAGED);
    }
    // The exit code says it too, where the ledger can't.
    let _told = shared.note(&format!("x {text}\n"));
    std::process::exit(BROKEN);
}

impl Shared {
    /// A line, in one write.
    fn note(&self, line: &str) -> Result<()> {
        (&self.ledger).write_all(line.as_bytes()).context("write to the ledger")
    }

    async fn write(&self, writer: u64, numbers: std::ops::Range<u64>) -> Result<()> {
        let first = numbers.start;
        for number in numbers {
            let turn = Turn { writer, number };
            let mut append = self.plan.append(turn);
            // The first may have been under way when the process before this one was killed.
            let mut may_be_there = number == first;
            let answer = loop {
                match self.log.append(append.clone()).await {
                    Ok(answer) => break answer,
                    Err(AppendError::Conflict { actual, .. }) if turn.is_shared() => append.expected = actual,
                    Err(AppendError::Unknown(passing)) if may_pass(&passing) => {
                        may_be_there = true;
                        tokio::time::sleep(PAUSE).await;
                    }
                    Err(AppendError::Failed(passing)) if may_pass(&passing) => tokio::time::sleep(PAUSE).await,
                    Err(AppendError::Failed(damage @ LogError::DataLoss { .. })) => return Err(damage.into()),
                    Err(error) => bail!("{turn:?} was answered {error:?}"),
                }
            };
            ensure!(may_be_there || !answer.replayed, "{turn:?} was answered that it failed, and was in the log");
            let again = if answer.replayed { " again" } else { "" };
            self.note(&format!("a {writer} {number} {} {}{again}\n", answer.partition, answer.position))?;
        }
        Ok(())
    }

    async fn read(&self, partition: PartitionId, mut after: u64) -> Result<()> {
        let mut head = self.log.head(partition);
        loop {
            let page = match self.log.read_partition(partition, after, PAGE).await {
                Ok(page) => page,
                Err(passing) if may_pass(&passing) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => {
                    return Err(Error::new(error).context(format!("reading partition {partition} after {after}")));
                }
            };
            if page.records.is_empty() {
                if head.wait_for(|head| *head > after).await.is_err() {
                    return Ok(());
                }
                continue;
            }
            let mut line = format!("r {partition} {}", after + 1);
            for recorded in &page.records {
                if recorded.position != after + 1 {
                    bail!("partition {partition}: after {after} a reader was given {}", recorded.position);
                }
                after = recorded.position;
                write!(line, " {}", hex(&recorded.leaf))?;
            }
            line.push('\n');
            self.note(&line)?;
        }
    }
}

/// The first 8 bytes of a leaf, as the ledger has them.
pub fn hex(leaf: &event_log::Leaf) -> String {
    leaf.iter().take(8).fold(String::with_capacity(16), |mut hex, byte| {
        let _never_fails = write!(hex, "{byte:02x}");
        hex
    })
}

/// Whether a log may say so while it, or what it rests on, is down.
fn may_pass(error: &LogError) -> bool {
    matches!(error, LogError::Unavailable { .. } | LogError::Overloaded)
}

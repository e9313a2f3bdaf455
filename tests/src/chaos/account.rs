//! The ledger, and the log held against it.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use event_log::{EventLog, PartitionId, Recorded};

use super::plan::{Plan, Turn};
use super::writers::hex;

/// Most records that are read at once.
const PAGE: usize = 500;

/// A place in the log: partition, position.
type Place = (PartitionId, u64);

/// What writers and readers were told.
#[derive(Debug, Default, Clone)]
pub struct Account {
    /// Where each writer's appends went, in their order.
    answered: BTreeMap<u64, Vec<Place>>,
    /// How many of them were in the log already when they were answered.
    settled: u64,
    /// What was seen of each partition, from position 1.
    read: BTreeMap<PartitionId, Vec<String>>,
    /// A line that has no end yet.
    rest: String,
    /// Bytes of the ledger that were taken over.
    bytes: u64,
}

/// What was found in the log so far.
#[derive(Debug, Default)]
pub struct Found {
    /// The last position looked at of each partition.
    positions: BTreeMap<PartitionId, u64>,
    /// Each append's last position.
    appends: HashMap<Turn, Place>,
    /// The append that a partition ended in the middle of, and its next event.
    open: BTreeMap<PartitionId, (Turn, u64)>,
}

impl Account {
    /// Takes over the whole lines that were added to a ledger; one that isn't there is empty.
    pub fn catch_up(&mut self, ledger: &Path) -> Result<()> {
        if !ledger.exists() {
            return Ok(());
        }
        let doing = || format!("read the ledger {}", ledger.display());
        let mut file = File::open(ledger).with_context(doing)?;
        file.seek(SeekFrom::Start(self.bytes)).with_context(doing)?;
        let mut more = Vec::new();
        file.read_to_end(&mut more).with_context(doing)?;
        more.truncate(more.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        self.bytes += more.len() as u64;
        self.note(&more)
    }

    /// The ledger, to be appended to. A line that a kill has cut is taken off it.
    pub fn append_to(&self, ledger: &Path) -> Result<File> {
        let doing = || format!("open the ledger {}", ledger.display());
        let file = File::options().create(true).append(true).open(ledger).with_context(doing)?;
        if file.metadata().with_context(doing)?.len() > self.bytes {
            file.set_len(self.bytes).with_context(doing)?;
        }
        Ok(file)
    }

    /// Takes over what was written to the ledger next.
    pub fn note(&mut self, bytes: &[u8]) -> Result<()> {
        self.rest.push_str(std::str::from_utf8(bytes).context("the ledger is not text")?);
        let Some(end) = self.rest.rfind('\n') else { return Ok(()) };
        let lines: String = self.rest.drain(..=end).collect();
        for line in lines.lines() {
            self.note_line(line).with_context(|| format!("the ledger says {line:?}"))?;
        }
        Ok(())
    }

    /// How many of the writer's appends were answered.
    pub fn answered(&self, writer: u64) -> u64 {
        self.answered.get(&writer).map_or(0, |places| places.len() as u64)
    }

    /// How many appends were answered.
    pub fn answers(&self) -> u64 {
        self.answered.values().map(|places| places.len() as u64).sum()
    }

    /// How many of them were in the log already when they were answered: their first answer was lost.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// The last position of the partition that a reader has seen.
    pub fn read_to(&self, partition: PartitionId) -> u64 {
        self.read.get(&partition).map_or(0, |leaves| leaves.len() as u64)
    }

    fn note_line(&mut self, line: &str) -> Result<()> {
        let mut words = line.split(' ');
        let kind = words.next().unwrap_or_default();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).context("a number is missing");
        match kind {
            "a" => {
                let (writer, n) = (number()?, number()?);
                let place = (PartitionId::try_from(number()?)?, number()?);
                let places = self.answered.entry(writer).or_default();
                ensure!(n == places.len() as u64, "writer {writer} had {} answers before", places.len());
                places.push(place);
                self.settled += u64::from(words.next() == Some("again"));
            }
            "r" => {
                let (partition, first) = (PartitionId::try_from(number()?)?, number()?);
                let leaves = self.read.entry(partition).or_default();
                ensure!(first == leaves.len() as u64 + 1, "the reader had seen {} before", leaves.len());
                leaves.extend(words.map(str::to_owned));
            }
            _ => bail!("a promise was broken"),
        }
        Ok(())
    }

    /// Holds the log against the account, from where `found` ends on: all that was answered is there, where it was answered to be; nothing is
    /// there twice, in parts, or unsent; positions are dense; and what readers have seen is what is there.
    pub async fn check(&self, log: &dyn EventLog, plan: Plan, found: &mut Found) -> Result<()> {
        self.check_beside_writers(log, plan, found).await?;
        for turn in found.appends.keys() {
            let answered = self.answered(turn.writer);
            ensure!(turn.number <= answered, "{turn:?} is there, and the writer had {answered} answers");
        }
        Ok(())
    }

    /// The same while writers go on: more may be there than they had told.
    pub async fn check_beside_writers(&self, log: &dyn EventLog, plan: Plan, found: &mut Found) -> Result<()> {
        for partition in 0..log.identity().partitions {
            let head = log.barrier(partition).await.context("a barrier")?;
            ensure!(
                head >= self.read_to(partition),
                "partition {partition} ends at {head}, and a reader had seen {}",
                self.read_to(partition)
            );
            self.read_to_head(log, plan, found, (partition, head)).await?;
        }
        found.check_whole()?;
        self.check_answers(found)
    }

    /// Reads what was not found yet, up to the head, and on to the end of an append that a page has cut: more is there by then, beside writers.
    async fn read_to_head(
        &self,
        log: &dyn EventLog,
        plan: Plan,
        found: &mut Found,
        (partition, head): Place,
    ) -> Result<()> {
        while found.position(partition) < head || found.open.contains_key(&partition) {
            let after = found.position(partition);
            let page = log.read_partition(partition, after, PAGE).await;
            let page = page.with_context(|| format!("read partition {partition} after {after}"))?;
            if page.records.is_empty() {
                found.check_whole()?;
                bail!("partition {partition} ends at {after}, not at {head}");
            }
            for recorded in &page.records {
                found.add(recorded, plan)?;
                self.check_seen(recorded)?;
            }
        }
        Ok(())
    }

    fn check_seen(&self, recorded: &Recorded) -> Result<()> {
        let (partition, position) = (recorded.partition, recorded.position);
        let seen = self.read.get(&partition).and_then(|leaves| leaves.get(usize::try_from(position - 1).ok()?));
        let there = hex(&recorded.leaf);
        if let Some(seen) = seen {
            ensure!(*seen == there, "partition {partition} position {position}: a reader saw {seen}, there is {there}");
        }
        Ok(())
    }

    fn check_answers(&self, found: &Found) -> Result<()> {
        for (writer, places) in &self.answered {
            for (number, place) in (0..).zip(places) {
                let turn = Turn { writer: *writer, number };
                let there = found.appends.get(&turn);
                ensure!(there == Some(place), "{turn:?} was answered {place:?}, and is at {there:?}");
            }
        }
        Ok(())
    }
}

impl Found {
    /// How many appends were found.
    pub fn appends(&self) -> u64 {
        self.appends.len() as u64
    }

    fn position(&self, partition: PartitionId) -> u64 {
        self.positions.get(&partition).copied().unwrap_or_default()
    }

    fn add(&mut self, recorded: &Recorded, plan: Plan) -> Result<()> {
        let (partition, position) = (recorded.partition, recorded.position);
        let before = self.position(partition);
        ensure!(position == before + 1, "partition {partition}: after {before} comes {position}");
        let place = || format!("partition {partition} position {position}");
        let (turn, n) = plan.turn_of(recorded).with_context(|| format!("{}: nobody sent that", place()))?;
        let expected = self.open.remove(&partition).unwrap_or((turn, 0));
        ensure!(expected == (turn, n), "{}: event {n} of {turn:?}, not {} of {:?}", place(), expected.1, expected.0);
        if n + 1 < plan.events(turn) {
            self.open.insert(partition, (turn, n + 1));
        } else {
            let twice = self.appends.insert(turn, (partition, position));
            ensure!(twice.is_none(), "{turn:?} is there twice: at {twice:?} and {}", place());
        }
        self.positions.insert(partition, position);
        Ok(())
    }

    /// No append is there in parts.
    fn check_whole(&self) -> Result<()> {
        match self.open.first_key_value() {
            Some((partition, (turn, n))) => bail!("partition {partition} ends before event {n} of {turn:?}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;

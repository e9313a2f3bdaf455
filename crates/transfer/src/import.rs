//! Fills a log from a file.

mod lines;

use std::io::{BufReader, Read};

use event_log::{Maintain, PartitionId, Phase, Recorded};
use zstd::Decoder;

use self::lines::{Batch, Lines};
use crate::blocking::elsewhere;
use crate::compare::equal;
use crate::error::{Side, TransferError};
use crate::format::Header;
use crate::pages::heads;
use crate::{Progress, Step, Watcher};

/// How a file compressed by zstd begins.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// An export, opened: its header is read.
pub struct Import {
    header: Header,
    lines: Lines,
}

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Records that the file holds.
    pub records: u64,
    /// Those of them that an earlier import, which was stopped, had brought.
    pub already_there: u64,
    /// The last position of each partition.
    pub heads: Vec<u64>,
}

impl Import {
    /// Reads the first line; the file is compressed by zstd, or not. Blocks for that.
    pub fn open(file: impl Read + Send + 'static) -> Result<Self, TransferError> {
        let mut file = BufReader::new(file);
        let mut first = Vec::new();
        file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut first).map_err(TransferError::File)?;
        let compressed = first == MAGIC;
        let whole = std::io::Cursor::new(first).chain(file);
        let mut lines = if compressed {
            let decoder = Decoder::with_buffer(whole).map_err(TransferError::File)?;
            Lines::new(Box::new(BufReader::with_capacity(128 * 1024, decoder)))
        } else {
            Lines::new(Box::new(whole))
        };
        let header = lines.header()?;
        Ok(Self { header, lines })
    }

    /// The file's first line: which log it makes.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Fills the log, which is of the header's identity and [`Phase::Filling`], and opens it, once the whole file was read and
    /// is what was exported. What an earlier import has brought is compared with the file, and left as it is.
    pub async fn into_log(self, log: &dyn Maintain, progress: Watcher<'_>) -> Result<Imported, TransferError> {
        let Self { header, mut lines } = self;
        expect(&header, log)?;
        log.activate(header.versions()).await.map_err(TransferError::log(Side::To))?;
        let there = heads(log).await.map_err(TransferError::log(Side::To))?;
        lines.expect_partitions(there.len());
        let (mut done, mut already_there) = (0, 0);
        let ends = loop {
            progress(Progress { step: Step::Importing, done, total: header.records });
            let (batch, rest) = elsewhere(move || lines.batch().map(|batch| (batch, lines))).await?;
            lines = rest;
            match batch {
                Batch::End(heads) => break heads,
                Batch::Records(records) => {
                    done += records.len() as u64;
                    already_there += take(log, records, &there).await?;
                }
            }
        };
        let filled = heads(log).await.map_err(TransferError::log(Side::To))?;
        if filled != ends {
            let reason = "the log holds more than the file: it was filled from another one. Import into a new log";
            return Err(TransferError::refused(reason));
        }
        log.open().await.map_err(TransferError::log(Side::To))?;
        Ok(Imported { records: done, already_there, heads: filled })
    }
}

/// Whether the log is one to fill from this file.
fn expect(header: &Header, log: &dyn Maintain) -> Result<(), TransferError> {
    let (identity, phase) = (log.identity(), log.phase());
    if identity != header.identity() {
        let reason = format!(
            "the log is {} with {} partitions, the file {} with {}: import it into a new log",
            identity.log_id, identity.partitions, header.log_id, header.partitions
        );
        return Err(TransferError::refused(reason));
    }
    match phase {
        Phase::Filling => Ok(()),
        Phase::Open => Err(TransferError::refused("the log takes appends already: import into a new log")),
        Phase::Sealed => Err(TransferError::refused("another log has taken this one's place: import into a new log")),
    }
}

/// Hands records to the log, but those that were `there` when it began: they are compared. Answers how many these are.
async fn take(log: &dyn Maintain, mut records: Vec<Recorded>, there: &[u64]) -> Result<u64, TransferError> {
    let Some(first) = records.first() else { return Ok(0) };
    let (partition, position) = (first.partition, first.position);
    let head = there.get(partition as usize).copied().unwrap_or_default();
    let known = usize::try_from((head + 1).saturating_sub(position)).unwrap_or(usize::MAX).min(records.len());
    let new = records.split_off(known);
    compare(log, partition, &records).await?;
    if let Some(first) = new.first() {
        let position = first.position;
        log.fill(new).await.map_err(|source| TransferError::Fill { partition, position, source })?;
    }
    Ok(records.len() as u64)
}

/// Fails unless the log has these records.
async fn compare(log: &dyn Maintain, partition: PartitionId, records: &[Recorded]) -> Result<(), TransferError> {
    let mut rest = records;
    while let [first, ..] = rest {
        let after = first.position - 1;
        let page = log.read_partition(partition, after, rest.len()).await.map_err(TransferError::log(Side::To))?;
        if page.records.is_empty() {
            let what = "it is missing, though the log says that it goes on".to_owned();
            return Err(TransferError::Damaged { side: Side::To, partition, position: after + 1, what });
        }
        let (same, more) = rest.split_at(page.records.len().min(rest.len()));
        for (one, other) in same.iter().zip(&page.records) {
            equal(one, other)?;
        }
        rest = more;
    }
    Ok(())
}

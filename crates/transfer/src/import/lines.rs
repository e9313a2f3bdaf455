//! Reads the file's lines: that they follow on each other, and that nothing is missing, is checked here.

use std::io::{BufRead, Read as _};

use event_log::{PartitionId, Recorded};
use sha2::{Digest, Sha256};

use crate::error::TransferError;
use crate::format::{self, After, End, Header};
use crate::pages::same_append;

/// A payload of 1 MiB of which each byte is escaped (`\u0000`), and the rest of the record.
const LINE_BYTES_MAX: usize = 6 * event_log::PAYLOAD_BYTES_MAX + 64 * 1024;
/// So many records are read at once, and the rest of the last one's append.
const BATCH_RECORDS: usize = 1000;
/// Likewise bytes of their lines.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The lines of a file. Never holds more than a batch.
pub(super) struct Lines {
    file: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: u64,
    digest: Sha256,
    /// How far each partition is.
    heads: Vec<u64>,
    partition: PartitionId,
    /// Records read, and how many there should be.
    records: (u64, u64),
    /// Read, and left for the next batch.
    left: Option<Line>,
}

/// What was read at once.
#[derive(Debug)]
pub(super) enum Batch {
    /// Whole appends of one partition.
    Records(Vec<Recorded>),
    /// The end of a whole file: the last position of each partition.
    End(Vec<u64>),
}

/// A line after the first.
#[derive(Debug)]
enum Line {
    /// A record, and how many bytes its line has.
    Record(Box<Recorded>, usize),
    /// The end.
    End,
}

impl Lines {
    pub(super) fn new(file: Box<dyn BufRead + Send>) -> Self {
        let (line, heads) = (Vec::new(), Vec::new());
        Self { file, line, number: 0, digest: Sha256::new(), heads, partition: 0, records: (0, 0), left: None }
    }

    /// Reads the first line.
    pub(super) fn header(&mut self) -> Result<Header, TransferError> {
        self.read()?;
        let header = Header::read(&self.line).map_err(|what| self.wrong(what))?;
        self.digest.update(&self.line);
        self.records.1 = header.records;
        Ok(header)
    }

    /// Of so many partitions is the log that they are read for.
    pub(super) fn expect_partitions(&mut self, partitions: usize) {
        self.heads = vec![0; partitions];
    }

    /// Records of one partition until an append ends beyond the bounds.
    pub(super) fn batch(&mut self) -> Result<Batch, TransferError> {
        let mut records: Vec<Recorded> = Vec::new();
        let mut bytes = 0;
        loop {
            let line = match self.left.take() {
                Some(line) => line,
                None => self.next()?,
            };
            match line {
                Line::End if records.is_empty() => return Ok(Batch::End(self.heads.clone())),
                Line::Record(recorded, length) => {
                    let full = records.len() >= BATCH_RECORDS || bytes >= BATCH_BYTES;
                    let goes_on = records.last().is_none_or(|last| {
                        last.partition == recorded.partition && (!full || same_append(last, &recorded))
                    });
                    if goes_on {
                        bytes += length;
                        records.push(*recorded);
                        continue;
                    }
                    self.left = Some(Line::Record(recorded, length));
                }
                Line::End => self.left = Some(Line::End),
            }
            return Ok(Batch::Records(records));
        }
    }

    fn next(&mut self) -> Result<Line, TransferError> {
        self.read()?;
        let line = format::read(self.line.trim_ascii_end()).map_err(|what| self.wrong(what))?;
        match line {
            After::Record(recorded) => {
                self.digest.update(&self.line);
                self.advance(&recorded)?;
                Ok(Line::Record(recorded, self.line.len()))
            }
            After::End(end) => {
                self.end(&end)?;
                Ok(Line::End)
            }
        }
    }

    fn advance(&mut self, recorded: &Recorded) -> Result<(), TransferError> {
        let Recorded { partition, position, .. } = *recorded;
        let Some(head) = self.heads.get_mut(partition as usize) else {
            return Err(self.wrong(format!("the log has no partition {partition}")));
        };
        if partition < self.partition || position != *head + 1 {
            return Err(
                self.wrong(format!("partition {partition} position {position} does not follow on the line before"))
            );
        }
        *head = position;
        self.partition = partition;
        self.records.0 += 1;
        Ok(())
    }

    /// Whether this is the end of what was exported.
    fn end(&mut self, end: &End) -> Result<(), TransferError> {
        let digest: [u8; 32] = self.digest.clone().finalize().into();
        if end.digest.0 != digest {
            return Err(self.wrong("the lines before are not those that were exported: they have another digest"));
        }
        if end.heads != self.heads || self.records.0 != self.records.1 {
            return Err(self.wrong("there are not as many records before as there should be"));
        }
        if !self.file.fill_buf().map_err(TransferError::File)?.is_empty() {
            return Err(self.wrong("something follows on the end"));
        }
        Ok(())
    }

    /// Reads a whole line with its end.
    fn read(&mut self) -> Result<(), TransferError> {
        self.line.clear();
        self.number += 1;
        let read = self.file.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut self.line);
        match read {
            Ok(_) if self.line.ends_with(b"\n") => Ok(()),
            Ok(0) => Err(self.wrong("the file ends before its last line: it was cut off")),
            Ok(_) if self.line.len() < LINE_BYTES_MAX => Err(self.wrong("the file was cut off in this line")),
            Ok(_) => Err(self.wrong(format!("it has more than {LINE_BYTES_MAX} bytes"))),
            // What the decoder says of a file that ends too early.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(self.wrong("the file was cut off here"))
            }
            Err(error) => Err(TransferError::File(error)),
        }
    }

    fn wrong(&self, what: impl Into<String>) -> TransferError {
        TransferError::Format { line: self.number, what: what.into() }
    }
}

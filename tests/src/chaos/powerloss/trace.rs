//! The trace that the recorder writes (`tests/powerloss/recorder.c`), read back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};

const MAGIC: u32 = 0x6761_6e53;
const HEAD_BYTES: usize = 48;

/// Something that a program did, or was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which thread did it.
    pub thread: u32,
    /// What it did.
    pub event: Event,
}

/// A file, as the kernel numbers it.
pub type Inode = u64;

/// What was done. Paths are below the folder; the file's is where it was at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes went into a file.
    Written(File, u64, Arc<[u8]>),
    /// A file got this length.
    Truncated(File, u64),
    /// A file got at least this length.
    Extended(File, u64),
    /// A file was made, or opened where it was there already.
    Created(File),
    /// From one name to another.
    Renamed(PathBuf, PathBuf),
    /// A second name.
    Linked(PathBuf, PathBuf),
    /// A name was removed.
    Removed(PathBuf),
    /// A file or folder is being synced.
    SyncBegun(File),
    /// What was in the file when this thread's sync began is durable.
    Synced(File),
    /// So are the names in this folder.
    FolderSynced(PathBuf),
    /// A sync failed, on our order: what it would have covered may never be durable.
    SyncFailed(File),
    /// Something else failed, on our order.
    Failed(PathBuf),
    /// A program told what it had been answered.
    Answered(Arc<[u8]>),
    /// Something whose effect the trace can't tell.
    Unknown(PathBuf, String),
}

/// A file at the moment of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its number.
    pub inode: Inode,
    /// Its path below the folder.
    pub path: PathBuf,
}

/// Reads a trace to its end.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let bytes = fs::read(path).with_context(|| format!("read the trace {}", path.display()))?;
    let (mut rest, mut records) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        let (record, bytes) = record(rest).with_context(|| format!("record {} of the trace", records.len()))?;
        records.push(record);
        rest = &rest[bytes..];
    }
    ensure!(!records.is_empty(), "the trace is empty: the recorder was not preloaded");
    Ok(records)
}

/// The record of an answer, for a caller that is not recorded itself: to be appended to the trace in one write.
pub fn answered(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + text.len());
    for word in [MAGIC, u32::from(b'A'), std::process::id(), 0] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend([0; 24]);
    bytes.extend((text.len() as u64).to_ne_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

/// The first record, and how many bytes it takes.
fn record(bytes: &[u8]) -> Result<(Record, usize)> {
    let head = bytes.first_chunk::<HEAD_BYTES>().context("its head is cut")?;
    let word = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
    ensure!(word(0) == MAGIC, "it does not begin as records do");
    let (path_end, to_bytes) = (HEAD_BYTES + word(32) as usize, word(36) as usize);
    let data_begins = path_end + to_bytes;
    let whole = data_begins + usize::try_from(long(40)).context("its size")?;
    ensure!(bytes.len() >= whole, "it is cut");
    let path = |from: usize, to: usize| -> Result<PathBuf> {
        Ok(std::str::from_utf8(&bytes[from..to]).context("a path that is not UTF-8")?.into())
    };
    let (path, to) = (path(HEAD_BYTES, path_end)?, path(path_end, data_begins)?);
    let data = &bytes[data_begins..whole];
    let (inode, offset) = (long(16), long(24));
    let file = |path: PathBuf| File { inode, path };
    let kind = u8::try_from(word(4)).unwrap_or_default();
    let event = match kind {
        b'W' => Event::Written(file(path), offset, data.into()),
        b'T' => Event::Truncated(file(path), offset),
        b'E' => Event::Extended(file(path), offset),
        b'C' => Event::Created(file(path)),
        b'R' => Event::Renamed(path, to),
        b'L' => Event::Linked(path, to),
        b'U' => Event::Removed(path),
        b's' => Event::SyncBegun(file(path)),
        b'S' => Event::Synced(file(path)),
        b'D' => Event::FolderSynced(path),
        b'F' if offset == 4 => Event::SyncFailed(file(path)),
        b'F' => Event::Failed(path),
        b'A' => Event::Answered(data.into()),
        b'X' => Event::Unknown(path, String::from_utf8_lossy(data).into_owned()),
        kind => bail!("its kind is {kind}"),
    };
    Ok((Record { thread: word(8), event }, whole))
}

#[cfg(test)]
mod tests {
    use super::{Event, answered, record};

    #[test]
    fn an_answer_is_read_as_it_was_written_and_a_cut_one_is_told() {
        let bytes = answered("a 1 2");
        let (read, length) = record(&bytes).unwrap();
        assert_eq!((read.event, length), (Event::Answered(b"a 1 2".as_slice().into()), bytes.len()));
        assert!(record(&bytes[..bytes.len() - 1]).is_err());
    }
}

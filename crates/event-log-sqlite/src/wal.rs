//! The WAL that a crash has left: whether SQLite would leave out of the log what had been committed.
//!
//! SQLite takes a WAL's frames up to the first that is not whole. After a crash that is right: each commit was on disk before the
//! next began, so at most the last one, which nobody was answered, is torn. After damage it is wrong: whatever follows the damaged
//! frame would be gone, without a word. Two things tell damage from a torn commit:
//! - the WAL's index (`-shm`), which outlives a killed process and says how many frames were committed;
//! - without one (the machine went down too), a commit after which another one was begun.
//!
//! So damage to the last commit is not told from a torn one where the index is gone too. Both formats are SQLite's, and documented:
//! <https://sqlite.org/walformat.html>.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

use crate::sidecar;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The first words of both kinds of WAL; the last bit says in which byte order it is summed.
const MAGIC: u32 = 0x377f_0682;
/// The version of both formats.
const VERSION: u32 = 3_007_000;
/// The WAL-index's header, which it has twice.
const INDEX_BYTES: usize = 48;

/// A running checksum.
type Sum = (u32, u32);
type Salts = [u8; 8];

/// How the words of a checksum are read.
type Word = fn([u8; 4]) -> u32;

/// Fails with what is damaged in the WAL of the log at `path`, if anything that matters is. Reads all of it once, as SQLite will; it
/// is bounded, and only there after a crash.
pub(crate) fn examine(path: &Path) -> std::io::Result<Result<(), String>> {
    let wal = match File::open(sidecar(path, "-wal")) {
        Ok(wal) => wal,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ok(())),
        Err(error) => return Err(error),
    };
    let index = Index::read(path)?;
    let mut wal = BufReader::with_capacity(1 << 20, wal);
    let mut bytes = [0; HEADER_BYTES];
    if !fill(&mut wal, &mut bytes)? {
        // Shorter than its header: it never had a frame, or lost them all.
        return Ok(index.filter(|index| index.frames > 0).map_or(Ok(()), |_| Err("the WAL was cut".to_owned())));
    }
    let Some(header) = Header::parse(&bytes) else {
        // A new one's first write may not have come to disk; that is zeros, and nothing was committed.
        let lost = bytes.iter().any(|byte| *byte != 0) || index.is_some_and(|index| index.frames > 0);
        return Ok(if lost { Err("the WAL's header is not what was written".to_owned()) } else { Ok(()) });
    };
    let committed = index.filter(|index| index.salts == header.salts).map_or(0, |index| index.frames);
    header.walk(&mut wal, committed)
}

/// What a WAL says of itself.
struct Header {
    word: Word,
    page_bytes: usize,
    salts: Salts,
    sum: Sum,
}

/// One frame of it.
struct Frame {
    salts: Salts,
    /// The last of its commit.
    commits: bool,
    /// What it says that the checksum up to here is.
    stored: Sum,
    number: u32,
}

impl Header {
    fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = big(bytes, 0);
        if magic & !1 != MAGIC || big(bytes, 4) != VERSION {
            return None;
        }
        let word: Word = if magic & 1 == 1 { u32::from_be_bytes } else { u32::from_le_bytes };
        let page_bytes = usize::try_from(big(bytes, 8)).ok()?;
        let sum = add((0, 0), &bytes[..24], word);
        let sound = (512..=65536).contains(&page_bytes) && page_bytes.is_power_of_two();
        (sound && sum == (big(bytes, 24), big(bytes, 28))).then(|| Self {
            word,
            page_bytes,
            salts: eight(bytes, 16),
            sum,
        })
    }

    /// Goes through the frames as SQLite does, and then through those that it would leave out.
    fn walk(&self, wal: &mut impl Read, committed: u32) -> std::io::Result<Result<(), String>> {
        let mut bytes = vec![0; FRAME_HEADER_BYTES + self.page_bytes];
        let mut number = 0;
        let mut sum = self.sum;
        // The first frame that is not whole.
        let mut broken = None;
        // The one before, if it ended a commit.
        let mut commit_before: Option<Frame> = None;
        while fill(wal, &mut bytes)? {
            number += 1;
            let frame = Frame::parse(&bytes, number);
            let ours = frame.salts == self.salts;
            if broken.is_none() && ours && self.sum_of(sum, &bytes) == frame.stored {
                sum = frame.stored;
                continue;
            }
            let broken = *broken.get_or_insert(number);
            if number <= committed {
                return Ok(Err(damaged(broken)));
            }
            if let Some(before) = commit_before.take()
                && self.sum_of(before.stored, &bytes) == frame.stored
            {
                // Its writer went on from a commit: that one had been on disk.
                return Ok(Err(format!("{}, before the commit at frame {}", damaged(broken), before.number)));
            }
            commit_before = (ours && frame.commits).then_some(frame);
        }
        Ok(if number < committed {
            Err(format!("the WAL was cut after frame {number} of {committed}"))
        } else {
            Ok(())
        })
    }

    /// The checksum after this frame, from the one before it.
    fn sum_of(&self, before: Sum, frame: &[u8]) -> Sum {
        add(add(before, &frame[..8], self.word), &frame[FRAME_HEADER_BYTES..], self.word)
    }
}

impl Frame {
    fn parse(bytes: &[u8], number: u32) -> Self {
        Self { salts: eight(bytes, 8), commits: big(bytes, 4) != 0, stored: (big(bytes, 16), big(bytes, 20)), number }
    }
}

/// What the WAL's index says.
struct Index {
    /// So many frames are committed.
    frames: u32,
    /// Of the WAL that begins with these.
    salts: Salts,
}

impl Index {
    /// `None` where there is none that can be believed: it is written in place, twice, and a crash may come between.
    fn read(path: &Path) -> std::io::Result<Option<Self>> {
        let mut file = match File::open(sidecar(path, "-shm")) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = [0; 2 * INDEX_BYTES];
        if !fill(&mut file, &mut bytes)? {
            return Ok(None);
        }
        let (first, second) = bytes.split_at(INDEX_BYTES);
        let native = |at| u32::from_ne_bytes(four(first, at));
        let initialized = first[12] == 1;
        let sound = first == second
            && native(0) == VERSION
            && initialized
            && add((0, 0), &first[..40], u32::from_ne_bytes) == (native(40), native(44));
        Ok(sound.then(|| Self { frames: native(16), salts: eight(first, 32) }))
    }
}

fn damaged(frame: u32) -> String {
    format!("frame {frame} of the WAL is not what was written")
}

/// SQLite's checksum, over whole pairs of words.
fn add((mut one, mut two): Sum, bytes: &[u8], word: Word) -> Sum {
    for pair in bytes.chunks_exact(8) {
        one = one.wrapping_add(word(four(pair, 0))).wrapping_add(two);
        two = two.wrapping_add(word(four(pair, 4))).wrapping_add(one);
    }
    (one, two)
}

/// Fills the buffer; `false` at the end of the file, in the middle of it too.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn big(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(four(bytes, at))
}

fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    four
}

fn eight(bytes: &[u8], at: usize) -> [u8; 8] {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    eight
}

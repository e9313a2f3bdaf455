//! Reads lines that may be anything: too long, not UTF-8, without an end.

use std::io::{self, BufRead};

use super::record::{Bug, Unreadable};

/// A bug with all its comments left aside takes some kilobytes; a line longer than this is none.
pub(super) const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A line, its number from 1, and how far in the file it ends.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) end: u64,
    pub(super) bug: Result<Bug, Unreadable>,
}

/// The lines of a file that are not blank. Never holds more than one.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    max: usize,
    number: u64,
    end: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, max: LINE_BYTES_MAX, number: 0, end: 0 }
    }

    /// The next line without its end; `None` at the end of the file; the rest of a line that is too long is left out.
    fn next_line(&mut self) -> io::Result<Option<Result<Vec<u8>, Unreadable>>> {
        let mut line = Vec::new();
        let mut length = 0;
        let mut ended = false;
        while !ended {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let newline = buffer.iter().position(|byte| *byte == b'\n');
            let taken = newline.map_or(buffer.len(), |at| at + 1);
            let room = (self.max + 1).saturating_sub(line.len());
            line.extend_from_slice(&buffer[..taken.min(room)]);
            length += taken;
            ended = newline.is_some();
            self.reader.consume(taken);
        }
        self.number += 1;
        self.end += length as u64;
        Ok(match length {
            0 => None,
            length if length > self.max => Some(Err(Unreadable::TooLong { max: self.max })),
            _ => Some(Ok(line)),
        })
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let bug = match self.next_line().transpose()? {
                Err(error) => return Some(Err(error)),
                Ok(Ok(line)) if line.trim_ascii().is_empty() => continue,
                Ok(line) => line.and_then(|line| Bug::read(line.trim_ascii())),
            };
            return Some(Ok(Line { number: self.number, end: self.end, bug }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_lines_stand_between_good_ones() {
        let file = b"{\"id\":1,\"creation_time\":\"2014-07-22T15:23:20Z\"}\n\n  \r\nnonsense\n{\"id\":2,\"creation_time\":\"2014-07-22T15:23:20Z\"}";
        let lines: Vec<Line> = Lines::new(&file[..]).map(Result::unwrap).collect();
        let read: Vec<_> = lines.iter().map(|line| (line.number, line.bug.as_ref().ok().map(|bug| bug.id))).collect();
        assert_eq!(read, [(1, Some(1)), (4, None), (5, Some(2))]);
        assert_eq!(lines.last().unwrap().end, file.len() as u64);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut lines = Lines { max: 10, ..Lines::new(&b"12345678901234567890\n12\n"[..]) };
        assert_eq!(lines.next().unwrap().unwrap().bug, Err(Unreadable::TooLong { max: 10 }));
        assert_eq!(lines.next().unwrap().unwrap().bug, Err(Unreadable::NotAnObject));
        assert!(lines.next().is_none());
    }
}

//! Consistency tokens: what an answer shows, for a later query to be at least as fresh. Opaque to callers, compact for us.
//!
//! A token holds (partition, position, first 8 bytes of the leaf there) for each partition it speaks of, and the stream that a command
//! went to. As bytes: a version, the pairs' number, the pairs, 0 or 1 and the stream; numbers as LEB128, texts after their length;
//! then base64url without padding.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::ProjectId;
use domain::{StreamKind, StreamRef};

use crate::bytes::{Reader, write_number, write_text};
use crate::limits::TOKEN_CHARS_MAX;

const VERSION: u8 = 1;
const LEAF_BYTES: usize = 8;

/// What an answer shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) places: Vec<Place>,
    /// The stream that a command went to.
    pub(crate) stream: Option<StreamRef>,
}

/// A position of a partition, and which log it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) partition: u32,
    pub(crate) position: u64,
    /// The first bytes of the leaf there.
    pub(crate) leaf: [u8; LEAF_BYTES],
}

impl Place {
    pub(crate) fn new(partition: u32, position: u64, leaf: &[u8; 32]) -> Self {
        let mut start = [0; LEAF_BYTES];
        start.copy_from_slice(&leaf[..LEAF_BYTES]);
        Self { partition, position, leaf: start }
    }

    /// Is it of a log that has this leaf there?
    pub(crate) fn is_of(&self, leaf: &[u8; 32]) -> bool {
        leaf[..LEAF_BYTES] == self.leaf
    }
}

impl Token {
    /// As callers hold it.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::with_capacity(80);
        bytes.push(VERSION);
        write_number(&mut bytes, self.places.len() as u64);
        for place in &self.places {
            write_number(&mut bytes, u64::from(place.partition));
            write_number(&mut bytes, place.position);
            bytes.extend_from_slice(&place.leaf);
        }
        match &self.stream {
            None => bytes.push(0),
            Some(stream) => {
                bytes.push(1);
                write_text(&mut bytes, stream.kind.as_str());
                write_text(&mut bytes, stream.project.as_str());
                write_text(&mut bytes, &stream.id);
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None`: it is none of ours.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        if text.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut reader = Reader(&bytes);
        if reader.byte()? != VERSION {
            return None;
        }
        let count = reader.number()?;
        let mut places = Vec::new();
        for _ in 0..count {
            let partition = u32::try_from(reader.number()?).ok()?;
            let position = reader.number()?;
            let leaf = reader.take(LEAF_BYTES)?.try_into().ok()?;
            places.push(Place { partition, position, leaf });
        }
        let stream = match reader.byte()? {
            0 => None,
            1 => Some(StreamRef {
                kind: StreamKind::parse(reader.text()?).ok()?,
                project: ProjectId::parse(reader.text()?).ok()?,
                id: Arc::from(reader.text()?),
            }),
            _ => return None,
        };
        reader.is_empty().then_some(Self { places, stream })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        let leaf = std::array::from_fn(|n| u8::try_from(n).unwrap());
        let stream = StreamRef { project: ProjectId::parse("PAY").unwrap(), kind: StreamKind::Issue, id: "7".into() };
        Token { places: vec![Place::new(3, 1_000_000, &leaf), Place::new(0, 0, &[9; 32])], stream: Some(stream) }
    }

    #[test]
    fn a_token_comes_back_as_it_was() {
        let queried = Token { stream: None, ..token() };
        for token in [token(), queried, Token::default()] {
            assert_eq!(Token::decode(&token.encode()), Some(token));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = token().encode();
        for cut in 0..good.len() {
            assert_eq!(Token::decode(&good[..cut]), None, "cut at {cut}");
        }
        assert_eq!(Token::decode(&format!("{good}AA")), None, "with something behind");
        assert_eq!(Token::decode("ünknown"), None);
        assert_eq!(Token::decode(&"A".repeat(TOKEN_CHARS_MAX + 1)), None);
        let greedy = URL_SAFE_NO_PAD.encode([VERSION, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert_eq!(Token::decode(&greedy), None, "a count is not believed");
    }

    #[test]
    fn a_place_knows_its_log() {
        let place = Place::new(0, 1, &[7; 32]);
        assert!(place.is_of(&[7; 32]));
        assert!(!place.is_of(&[8; 32]));
    }
}

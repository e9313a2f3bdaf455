//! Where a subscription stands: a place of each partition that it reads. Opaque to callers.
//!
//! As bytes: a version, the places' number, the places (partition, position, first 8 bytes of the leaf there; at position 0 zeros);
//! numbers as LEB128; then base64url without padding. The version is none that consistency tokens have, so neither is taken for
//! the other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::bytes::{Reader, write_number};
use crate::limits::TOKEN_CHARS_MAX;
use crate::token::Place;

const VERSION: u8 = 64;
const LEAF_BYTES: usize = 8;

/// The token of these places.
pub(super) fn encode(places: impl ExactSizeIterator<Item = Place>) -> String {
    let mut bytes = Vec::with_capacity(2 + 16 * places.len());
    bytes.push(VERSION);
    write_number(&mut bytes, places.len() as u64);
    for place in places {
        write_number(&mut bytes, u64::from(place.partition));
        write_number(&mut bytes, place.position);
        bytes.extend_from_slice(&place.leaf);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The places of a token; `None`: it is none of ours.
pub(super) fn decode(text: &str) -> Option<Vec<Place>> {
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
        places.push(Place { partition, position, leaf: reader.take(LEAF_BYTES)?.try_into().ok()? });
    }
    reader.is_empty().then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Token;

    #[test]
    fn a_token_comes_back_as_it_was_and_nothing_else_is_one() {
        let places = [Place::new(3, 1_000_000, &[9; 32]), Place::new(0, 0, &[0; 32])];
        let text = encode(places.into_iter());
        assert_eq!(decode(&text), Some(places.to_vec()));
        for cut in 0..text.len() {
            assert_eq!(decode(&text[..cut]), None, "cut at {cut}");
        }
        assert_eq!(decode(&format!("{text}AA")), None, "with something behind");
        assert_eq!(decode(&"A".repeat(TOKEN_CHARS_MAX + 1)), None);
    }

    #[test]
    fn feeds_and_queries_do_not_take_each_others_tokens() {
        let place = Place::new(3, 7, &[9; 32]);
        assert_eq!(Token::decode(&encode([place].into_iter())), None);
        assert_eq!(decode(&Token { places: vec![place], stream: None }.encode()), None);
    }
}

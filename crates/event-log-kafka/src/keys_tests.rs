use event_log::{StreamId, Texts, leaf};
use uuid::Uuid;

use super::{KeyRecord, Keys, StoredKey, StoredKeyName, StreamKey};
use crate::entry::StoredStream;
use crate::url::Location;
use prost::Message as _;
use rand::Rng as _;

fn stream(id: &str) -> StreamId {
    StreamId { project: "PAY".into(), kind: "issue".into(), id: id.into() }
}

fn keys() -> Keys {
    Keys::new(
        Location::parse("kafka://nobody:1/log", None).unwrap(),
        std::sync::Arc::new(|bytes| rand::rng().fill_bytes(bytes)),
    )
}

fn seal(keys: &Keys, key: &StreamKey, texts: &[u8]) -> Vec<u8> {
    let salt = [9; 32];
    let hash = leaf::texts_hash(&salt, texts);
    keys.seal(key, &stream("1"), Uuid::from_u128(1), hash, &salt, texts).unwrap().sealed
}

#[test]
fn what_is_sealed_opens_with_its_key_in_its_place_only() {
    let keys = keys();
    let key = StreamKey::new([1; 16], &[2; 32]).unwrap();
    let sealed = seal(&keys, &key, b"it is down");
    let opened = key.open(&stream("1"), Uuid::from_u128(1), &sealed);
    assert_eq!(opened, Ok(Texts { salt: vec![9; 32], json: b"it is down".to_vec() }));
    let other_key = StreamKey::new([1; 16], &[3; 32]).unwrap();
    let mut flipped = sealed.clone();
    flipped[20] ^= 1;
    for (what, opened) in [
        ("another key", other_key.open(&stream("1"), Uuid::from_u128(1), &sealed)),
        ("another event", key.open(&stream("1"), Uuid::from_u128(2), &sealed)),
        ("another stream", key.open(&stream("2"), Uuid::from_u128(1), &sealed)),
        ("a flipped bit", key.open(&stream("1"), Uuid::from_u128(1), &flipped)),
        ("an end that is missing", key.open(&stream("1"), Uuid::from_u128(1), &sealed[..sealed.len() - 1])),
        ("nothing", key.open(&stream("1"), Uuid::from_u128(1), &[])),
    ] {
        assert!(opened.is_err(), "{what} opens it");
    }
}

#[test]
fn the_same_texts_are_sealed_another_way_every_time() {
    let keys = keys();
    let key = StreamKey::new([1; 16], &[2; 32]).unwrap();
    assert_ne!(seal(&keys, &key, b"it is down"), seal(&keys, &key, b"it is down"));
}

#[test]
fn a_key_is_read_as_it_was_written() {
    let name = StoredKeyName { stream: Some(StoredStream::of(&stream("1"))), key_id: vec![1; 16] }.encode_to_vec();
    let key = StoredKey { format: 1, secret: vec![2; 32] }.encode_to_vec();
    let read = KeyRecord::decode(&name, Some(&key)).unwrap();
    assert!(matches!(read, KeyRecord::Made(id, of, secret) if (id, secret) == ([1; 16], [2; 32]) && of == stream("1")));
    let read = KeyRecord::decode(&name, None).unwrap();
    assert!(matches!(read, KeyRecord::Erased(id, of) if id == [1; 16] && of == stream("1")));
    let newer = StoredKey { format: 2, secret: vec![2; 32] }.encode_to_vec();
    assert!(matches!(KeyRecord::decode(&name, Some(&newer)), Err(event_log::LogError::UpgradeNeeded { .. })));
    assert!(matches!(KeyRecord::decode(b"\xff", Some(&key)), Err(event_log::LogError::DataLoss { .. })));
}

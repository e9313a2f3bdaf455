//! Texts travel sealed, and can be taken from a log that is kept for ever.

use event_log::EventLog as _;
use test_servers::kafka;

use crate::given::{Topic, append, everything, stream};
use crate::raw;

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_has_facts_in_the_clear_and_texts_sealed() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let log = topic.node().await;
    let appended = log.append(append(&stream("PAY", "1"), 0, 1)).await.unwrap();
    let written = raw::read(&kafka.bootstrap(), &topic.name, appended.partition.cast_signed()).await;
    let proposal = written[1].1.clone().unwrap();
    assert!(contains(&proposal, b"severity"));
    assert!(!contains(&proposal, b"it is down"));
    assert!(!contains(&proposal, &[9; 32]), "the salt is sealed too: with it the hash could be guessed");
    let other = topic.node().await;
    let texts = everything(&other).await[0].record.body.texts.clone().unwrap();
    assert_eq!(texts.json, br#"{"title":"it is down"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_key_a_text_is_erased_and_every_proof_stands() {
    let Some(kafka) = kafka::shared().unwrap() else { return };
    let topic = Topic::new(kafka);
    let log = topic.node().await;
    let (erased, kept) = (stream("PAY", "erased"), stream("PAY", "kept"));
    for (n, stream) in [&erased, &kept].into_iter().enumerate() {
        log.append(append(stream, 0, n as u128)).await.unwrap();
        log.append(append(stream, 1, 10 + n as u128)).await.unwrap();
    }
    let before = everything(&log).await;
    // One key each, although two appends were sealed.
    let partition = log.identity().partition_of("PAY").cast_signed();
    let keys_topic = format!("{}-keys", topic.name);
    let keys = raw::read(&kafka.bootstrap(), &keys_topic, partition).await;
    assert_eq!(keys.len(), 2);
    let name = keys.into_iter().map(|(name, _)| name.unwrap()).find(|name| contains(name, b"erased")).unwrap();
    raw::write(&kafka.bootstrap(), &keys_topic, partition, &(Some(name), None)).await;
    let rebuilt = everything(&*topic.node().await).await;
    assert_eq!(rebuilt.len(), before.len());
    for (rebuilt, before) in rebuilt.iter().zip(&before) {
        assert_eq!(rebuilt.leaf, before.leaf);
        assert_eq!(rebuilt.record.leaf(), before.leaf);
        assert_eq!(rebuilt.record.body.texts_hash, before.record.body.texts_hash);
        assert!(rebuilt.record.body.matches_its_hashes());
        let is_erased = rebuilt.record.header.stream == erased;
        assert_eq!(rebuilt.record.body.texts.is_none(), is_erased, "{:?}", rebuilt.record.header.stream);
    }
}

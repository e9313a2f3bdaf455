//! A sound log is told so; each thing that is wrong is found where it is.

use std::sync::Arc;

use event_log::{EventLog, MemoryLog, Page, Recorded, partition_of};
use transfer::{Finding, Pass, Place, Verified, VerifyError, VerifyOptions, verify};

use crate::given::{Bent, grow, history, memory, sqlite, unwatched};

async fn verified(log: &dyn EventLog) -> Result<Verified, VerifyError> {
    verify(log, &VerifyOptions::default(), &mut |_| (), &mut unwatched).await
}

async fn found(log: &dyn EventLog) -> Finding {
    match verified(log).await {
        Err(VerifyError::Found(finding)) => finding,
        other => panic!("{other:?}"),
    }
}

/// A log in memory with a history, to be bent; its partition 2 has some streams.
async fn to_bend() -> (Arc<MemoryLog>, Bent) {
    let log = Arc::new(memory(false));
    history(&*log, 300).await;
    let bent = Bent::new(log.clone());
    (log, bent)
}

/// The partition that holds the most.
async fn fullest(log: &dyn EventLog) -> (u32, u64) {
    let mut fullest = (0, 0);
    for partition in 0..log.identity().partitions {
        let head = log.barrier(partition).await.unwrap();
        if head > fullest.1 {
            fullest = (partition, head);
        }
    }
    fullest
}

/// Changes the record at this place, in whatever page it is.
fn at(
    place: (u32, u64),
    change: impl Fn(&mut Recorded) + Send + Sync + 'static,
) -> Box<dyn Fn(&mut Page) + Send + Sync> {
    Box::new(move |page| {
        page.records.iter_mut().filter(|recorded| (recorded.partition, recorded.position) == place).for_each(&change);
    })
}

#[tokio::test]
async fn sound_logs_are_verified_whole() {
    let folder = tempfile::tempdir().unwrap();
    let in_file = sqlite(&folder.path().join("log.db"), false);
    let in_memory = memory(false);
    for log in [&in_memory as &dyn EventLog, &in_file] {
        let answered = history(log, 1000).await;
        let streams = answered.iter().filter(|(_, appended)| appended.first_revision == 1).count() as u64;
        let records: u64 = answered.iter().map(|(append, _)| append.events.len() as u64).sum();

        let verified = verified(log).await.unwrap();

        assert_eq!(
            (verified.records, verified.streams, verified.heads.iter().sum::<u64>()),
            (records, streams, records)
        );
    }
}

#[tokio::test]
async fn an_empty_log_is_sound() {
    assert_eq!(verified(&memory(false)).await.unwrap(), Verified { records: 0, streams: 0, heads: vec![0; 4] });
}

#[tokio::test]
async fn what_grows_meanwhile_is_left_to_the_next_time() {
    let log = Arc::new(memory(false));
    history(&*log, 300).await;
    let growing = Arc::clone(&log);
    let mut grown = false;
    let mut meanwhile = |_| {
        if !std::mem::replace(&mut grown, true) {
            grow(growing.clone(), 400);
        }
    };
    let log: &dyn EventLog = &*log;
    let before: u64 =
        futures::future::join_all((0..4).map(|n| log.barrier(n))).await.into_iter().map(Result::unwrap).sum();

    let verified = verify(log, &VerifyOptions::default(), &mut meanwhile, &mut unwatched).await.unwrap();

    assert_eq!(verified.records, before);
}

#[tokio::test]
async fn what_a_record_says_wrongly_of_itself_is_found_where_it_is() {
    type Wrong = (fn(&mut Recorded), &'static str);
    let wrongs: [Wrong; 6] = [
        (|recorded| recorded.leaf[0] ^= 1, "its header or its bodies' hashes"),
        (|recorded| recorded.record.header.metadata.actor = "eve".into(), "its header or its bodies' hashes"),
        (|recorded| recorded.record.body.facts.push(b' '), "its facts or texts"),
        (|recorded| recorded.position += 1, "is in its place"),
        (
            |recorded| {
                recorded.record.header.metadata.recorded_at = 1;
                recorded.leaf = recorded.record.leaf();
            },
            "recorded_at is 1, which is before",
        ),
        (
            |recorded| {
                let elsewhere =
                    (0..99).map(|n| format!("O{n}")).find(|name| partition_of(name, 4) != recorded.partition);
                recorded.record.header.stream.project = elsewhere.unwrap().into();
                recorded.leaf = recorded.record.leaf();
            },
            "belongs to partition",
        ),
    ];
    for (wrong, words) in wrongs {
        let (log, mut bent) = to_bend().await;
        let (partition, head) = fullest(&*log).await;
        let place = (partition, head / 2);
        bent.partition = Some(at(place, wrong));

        let finding = found(&bent).await;

        assert_eq!(
            (finding.partition, finding.position, finding.within, finding.pass),
            (place.0, place.1, 0, Pass::Records)
        );
        assert!(finding.what.contains(words) || words == "belongs to partition", "{words}: {finding}");
    }
}

#[tokio::test]
async fn a_record_that_is_missing_is_found() {
    let (log, mut bent) = to_bend().await;
    let (partition, head) = fullest(&*log).await;
    bent.partition = Some(Box::new(move |page| {
        page.records.retain(|recorded| recorded.partition != partition || recorded.position != head - 3);
    }));
    let finding = found(&bent).await;
    assert_eq!((finding.partition, finding.position, finding.pass), (partition, head - 3, Pass::Records));
}

#[tokio::test]
async fn a_request_that_is_not_found_is_told_at_its_append() {
    let (_log, mut bent) = to_bend().await;
    bent.request = Some(Box::new(|known| {
        *known = known.take().filter(|known| (known.appended.partition, known.appended.revision) != (1, 3));
    }));
    let finding = found(&bent).await;
    assert_eq!((finding.partition, finding.pass), (1, Pass::Lookups));
    assert!(finding.what.ends_with("is not found"), "{finding}");
}

#[tokio::test]
async fn an_ordinal_that_leads_elsewhere_is_told_at_its_stream() {
    let (_log, mut bent) = to_bend().await;
    bent.ordinal = Some(Box::new(|stream| {
        if let Some(stream) = stream.as_mut().filter(|stream| &*stream.id == "22") {
            stream.id = "23".into();
        }
    }));
    let finding = found(&bent).await;
    assert_eq!(finding.pass, Pass::Lookups);
    assert!(finding.what.contains("leads to issue/P1/23"), "{finding}");
}

#[tokio::test]
async fn a_stream_that_hides_its_last_record_is_found_at_that_record() {
    let (log, mut bent) = to_bend().await;
    let (partition, head) = fullest(&*log).await;
    let last = log.read_partition(partition, head - 1, 1).await.unwrap().records.remove(0);
    let hidden = last.clone();
    bent.stream = Some(Box::new(move |page| page.records.retain(|recorded| *recorded != hidden)));

    let finding = found(&bent).await;

    assert_eq!((finding.partition, finding.position, finding.pass), (partition, last.position, Pass::Lookups));
    assert!(finding.what.ends_with("is not in its stream"), "{finding}");
}

#[tokio::test]
async fn a_stream_that_holds_what_the_partition_does_not_is_found() {
    let (log, mut bent) = to_bend().await;
    let (partition, head) = fullest(&*log).await;
    let last = log.read_partition(partition, head - 1, 1).await.unwrap().records.remove(0);
    let stream = last.record.header.stream.clone();
    // The stream's last record is another one than the partition's, though sound by itself.
    bent.stream = Some(Box::new(move |page| {
        for recorded in page.records.iter_mut().filter(|recorded| recorded.record.header.stream == stream) {
            if recorded.position == last.position {
                recorded.record.header.metadata.actor = "eve".into();
                recorded.leaf = recorded.record.leaf();
            }
        }
    }));
    let finding = found(&bent).await;
    assert_eq!((finding.partition, finding.position, finding.pass), (partition, head, Pass::Lookups));
}

#[tokio::test]
async fn a_run_that_was_stopped_goes_on_where_it_was() {
    let (log, _) = to_bend().await;
    let mut places = Vec::new();
    let options = VerifyOptions { page_records: 20, ..VerifyOptions::default() };
    let whole = verify(&*log, &options, &mut |place| places.push(place), &mut unwatched).await.unwrap();
    assert!(places.len() > 20, "{places:?}");

    for place in places {
        assert_eq!(place.to_string().parse(), Ok(place));
        let mut last = None;
        let options = VerifyOptions { from: place, ..options.clone() };
        let rest = verify(&*log, &options, &mut |_| (), &mut |progress| last = Some(progress)).await.unwrap();
        assert!(rest.records <= whole.records && (place.pass == Pass::Records || rest.records == 0), "{place}");
        let last = last.unwrap();
        assert_eq!(last.done, last.total, "{place}: what was done before counts as done");
    }
    let nowhere = VerifyOptions { from: Place { partition: 4, ..Place::default() }, ..options };
    let refused = verify(&*log, &nowhere, &mut |_| (), &mut unwatched).await.unwrap_err();
    assert_eq!(refused.to_string(), "records:4:0 is not in this log, which has 4 partitions");
    assert!("records:1".parse::<Place>().is_err() && "x:1:2".parse::<Place>().is_err());
}

//! A stream's page from memory is the log's own, or none.

use std::collections::HashMap;

use event_log::{Append, EventLog as _, Identity, MemoryLog, NewEvent, Page, StreamId};
use uuid::Uuid;

use super::Tails;

const STREAMS: u64 = 5;
const EVENTS: u64 = 60;

fn stream(number: u64) -> StreamId {
    StreamId { project: "SHOP".into(), kind: "issue".into(), id: number.to_string().into() }
}

fn append(number: u64, expected: u64, request: u64) -> Append {
    let event = NewEvent {
        event_id: Uuid::from_u64_pair(1, request),
        event_type: "Filed".into(),
        schema_version: 1,
        occurred_at: 0,
        facts: request.to_string().into(),
        texts: Vec::new(),
        salt: Vec::new(),
    };
    Append {
        stream: stream(number),
        expected,
        unchanged: Vec::new(),
        events: vec![event],
        actor: "dev".into(),
        request_id: Uuid::from_u64_pair(2, request),
        fingerprint: [0; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 0,
    }
}

/// Five streams that moved by turns, unevenly.
async fn given() -> MemoryLog {
    let log = MemoryLog::new(Identity { log_id: Uuid::from_u128(7), partitions: 1 });
    let mut revisions = HashMap::new();
    for request in 0..EVENTS {
        let number = (request * request + request / 7) % STREAMS;
        let revision = revisions.entry(number).or_insert(0);
        log.append(append(number, *revision, request)).await.unwrap();
        *revision += 1;
    }
    log
}

async fn tails(log: &MemoryLog, bytes_max: usize) -> Tails {
    let tails = Tails::new(1, bytes_max);
    tails.extend(log.read_partition(0, 0, 1000).await.unwrap().records);
    tails
}

#[tokio::test]
async fn a_stream_s_page_is_the_log_s_or_none() {
    let log = given().await;
    for bytes_max in [0, 10, 40, 1000] {
        let tails = tails(&log, bytes_max).await;
        let mut answered = 0;
        for (number, after, limit) in (0..=STREAMS)
            .flat_map(|number| (0..20).map(move |after| (number, after)))
            .flat_map(|(number, after)| [1, 2, 100].map(|limit| (number, after, limit)))
        {
            let stream = stream(number);
            let Some(page) = tails.stream_page((0, &stream), after, limit, || EVENTS) else { continue };
            let wanted = log.read_stream(&stream, after, limit).await.unwrap();
            assert_eq!(page, wanted, "stream {number} after {after}, at most {limit}, {bytes_max} bytes kept");
            answered += 1;
        }
        let all = STREAMS * 20 * 3;
        match bytes_max {
            0 => assert_eq!(answered, 0, "nothing is kept"),
            1000 => assert_eq!(answered, all, "all is kept; a stream that never was is asked of the file"),
            _ => assert!(0 < answered && answered < all, "{answered} of {all} with {bytes_max} bytes kept"),
        }
    }
}

#[tokio::test]
async fn a_tail_that_does_not_reach_what_is_committed_says_nothing() {
    let log = given().await;
    let tails = tails(&log, 1000).await;
    assert_eq!(tails.stream_page((0, &stream(0)), 1000, 1, || EVENTS), Some(Page { records: Vec::new(), end: true }));
    assert_eq!(tails.stream_page((0, &stream(0)), 1000, 1, || EVENTS + 1), None);
    assert_eq!(tails.page(0, 0, 1, || EVENTS + 1), None);
}

#[tokio::test]
async fn a_gap_makes_it_begin_anew() {
    let log = given().await;
    let tails = tails(&log, 1000).await;
    let mut beyond = log.read_partition(0, EVENTS - 1, 1).await.unwrap().records.remove(0);
    beyond.position += 2;
    let of = beyond.record.header.stream.clone();
    let revision = beyond.record.header.revision;
    tails.extend([beyond.clone()]);
    let page = tails.stream_page((0, &of), revision - 1, 10, || EVENTS + 2);
    assert_eq!(page.map(|page| page.records), Some(vec![beyond]));
    assert_eq!(tails.stream_page((0, &of), revision - 2, 10, || EVENTS + 2), None, "what was before is not known");
}

#[tokio::test]
async fn where_a_stream_ended_is_known_as_long_as_all_records_since_are_here() {
    let log = given().await;
    // Given a tail of a few records, and the end of each stream as it was read when so much was committed
    for (bytes_max, as_of) in
        [30, 100].into_iter().flat_map(|bytes_max| [1, 30, 45, EVENTS].map(|as_of| (bytes_max, as_of)))
    {
        let tails = tails(&log, bytes_max).await;
        let before = log.read_partition(0, 0, usize::try_from(as_of).unwrap()).await.unwrap().records;
        for number in 0..=STREAMS {
            let end = before.iter().filter(|record| record.record.header.stream == stream(number)).count() as u64;
            tails.ended((0, &stream(number)), end, as_of);
        }
        // When the streams are read on, then a page is the log's, and a stream that never was is not asked for twice
        let mut answered = 0;
        for (number, after) in (0..=STREAMS).flat_map(|number| (0..20).map(move |after| (number, after))) {
            let stream = stream(number);
            let Some(page) = tails.stream_page((0, &stream), after, 100, || EVENTS) else { continue };
            let wanted = log.read_stream(&stream, after, 100).await.unwrap();
            assert_eq!(page, wanted, "stream {number} after {after}, its end as of {as_of}, {bytes_max} bytes kept");
            answered += u64::from(number == STREAMS);
        }
        // Each of the last records has two bytes.
        let reaches = as_of >= EVENTS - bytes_max as u64 / 2;
        assert_eq!(answered, if reaches { 20 } else { 0 }, "as of {as_of}, {bytes_max} bytes kept");
    }
}

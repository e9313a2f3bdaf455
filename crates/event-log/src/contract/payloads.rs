//! Payloads: byte for byte, within the bounds.

use uuid::Uuid;

use super::given::{NOW, append, event, issue, log, read_stream, stream};
use super::{Factory, Outcome, promise, promise_eq};
use crate::append::{Append, AppendError, Expected, NewEvent};
use crate::log::EventLog;
use crate::proposal::{APPEND_EVENTS_MAX, PAYLOAD_BYTES_MAX, UNCHANGED_MAX};
use crate::record::Texts;

/// Empty, unicode, spaced as no one else would space it, and 1 MiB.
pub(super) async fn bytes_are_kept<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let large = format!("\"{}\"", "ü€😀x".repeat((PAYLOAD_BYTES_MAX - 2) / 10));
    let payloads: [&str; 7] = [
        "",
        "{}",
        "null",
        "{ \"b\" :1,\"a\":\t2.50,\n\"a\":3 }",
        r#""\u0000 \u00df""#,
        "\"Größe 𝄞 مرحبا \u{200b}\"",
        &large,
    ];
    for (n, facts) in payloads.iter().enumerate() {
        for (k, json) in payloads.iter().enumerate() {
            if facts.len() + json.len() > PAYLOAD_BYTES_MAX {
                continue;
            }
            let salt = if json.is_empty() { Vec::new() } else { vec![0xff; 32] };
            let event = NewEvent { texts: (*json).into(), salt: salt.clone(), ..event(*facts) };
            let stream = issue(format!("{n}-{k}"));
            log.append(Append { events: vec![event], ..append(&stream, 0, 1) }).await?;
            let records = read_stream(&*log, &stream, 9).await?;
            let Some(recorded) = records.first() else {
                return Err(super::Broken::new("an answered record is missing"));
            };
            let body = &recorded.record.body;
            promise!(body.facts == facts.as_bytes(), "facts {n} came back as other bytes");
            promise!(body.texts == Some(Texts { salt, json: (*json).into() }), "texts {k} came back as other bytes");
        }
    }
    Ok(())
}

/// One past each bound is refused as the proposer's mistake, and nothing of it is in the log; each bound itself is not.
pub(super) async fn bounds_hold<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let good = append(&issue("1"), 0, 1);
    let guard = Expected { stream: issue("2"), revision: 0 };
    let elsewhere = ["WEB", "A", "B", "C", "D", "E"].into_iter();
    let identity = log.identity();
    let far = elsewhere
        .map(|project| stream(project, "team", "1"))
        .find(|far| identity.partition_of(&far.project) != identity.partition_of("PAY"));
    let bad = [
        Append { events: Vec::new(), ..good.clone() },
        Append { events: vec![event("{}"); APPEND_EVENTS_MAX + 1], ..good.clone() },
        Append { events: vec![event(vec![b' '; PAYLOAD_BYTES_MAX + 1])], ..good.clone() },
        Append { events: vec![event(vec![b' '; PAYLOAD_BYTES_MAX]); 2], ..good.clone() },
        Append { events: vec![NewEvent { texts: b"{}".to_vec(), ..event("{}") }], ..good.clone() },
        Append { unchanged: vec![guard.clone(); UNCHANGED_MAX + 1], ..good.clone() },
        Append { unchanged: far.map(|stream| Expected { stream, revision: 0 }).into_iter().collect(), ..good.clone() },
        Append { actor: "".into(), ..good.clone() },
        Append { stream: issue("x".repeat(129)), ..good.clone() },
    ];
    for (n, append) in bad.into_iter().enumerate() {
        let answer = log.append(append).await;
        promise!(matches!(answer, Err(AppendError::Invalid { .. })), "proposal {n} breaks a bound: {answer:?}");
    }
    promise_eq!(read_stream(&*log, &good.stream, 9).await?.len(), 0, "records of refused appends");
    let fullest = Append {
        events: vec![event("{}"); APPEND_EVENTS_MAX],
        unchanged: vec![guard; UNCHANGED_MAX],
        stream: stream(&"p".repeat(64), &"k".repeat(64), "i".repeat(128)),
        ..good.clone()
    };
    let fullest = Append { unchanged: Vec::new(), ..fullest };
    promise_eq!(log.append(fullest).await?.revision, APPEND_EVENTS_MAX as u64, "the fullest append");
    let largest = Append { events: vec![event(vec![b' '; PAYLOAD_BYTES_MAX])], ..good };
    promise_eq!(log.append(largest).await?.revision, 1, "the largest payload");
    Ok(())
}

/// Everything that was proposed comes back, from the stream and from the partition alike.
pub(super) async fn every_field_is_kept_under_its_leaf<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let bare = append(&issue("bare"), 0, 1);
    let full = Append {
        stream: stream("Größe 1", "kind/with:signs", "id-Ω"),
        actor: "person:ada@éire".into(),
        request_id: Uuid::from_u128(u128::MAX),
        fingerprint: [0xfe; 32],
        correlation_id: Some(Uuid::from_u128(u128::MAX - 1)),
        causation_id: Some(Uuid::from_u128(1)),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        events: vec![NewEvent {
            event_id: Uuid::from_u128(u128::MAX - 2),
            event_type: "IssueVerified.Ω".into(),
            schema_version: u16::MAX,
            occurred_at: -62_135_596_800_000_000,
            ..event("{}")
        }],
        recorded_at: NOW + 1,
        ..bare.clone()
    };
    for proposed in [bare, full] {
        let appended = log.append(proposed.clone()).await?;
        let records = read_stream(&*log, &proposed.stream, 9).await?;
        let page = log.read_partition(appended.partition, appended.position - 1, 1).await?;
        promise_eq!(records, page.records, "a record read from its stream and from its partition");
        let Some(recorded) = records.first() else {
            return Err(super::Broken::new("an answered record is missing"));
        };
        let (header, event) = (&recorded.record.header, &proposed.events[0]);
        let metadata = &header.metadata;
        promise_eq!(header.stream, proposed.stream, "stream");
        promise_eq!((header.event_id, header.schema_version), (event.event_id, event.schema_version), "event");
        promise_eq!(header.event_type, event.event_type, "event type");
        promise_eq!(
            (metadata.request_id, metadata.fingerprint),
            (proposed.request_id, proposed.fingerprint),
            "request"
        );
        promise_eq!(
            (&metadata.actor, &metadata.traceparent),
            (&proposed.actor, &proposed.traceparent),
            "actor and trace"
        );
        let causes = (metadata.correlation_id, metadata.causation_id);
        promise_eq!(causes, (proposed.correlation_id, proposed.causation_id), "causes");
        promise_eq!((metadata.occurred_at, metadata.recorded_at), (event.occurred_at, appended.recorded_at), "times");
        promise_eq!(recorded.leaf, appended.leaf, "leaf");
    }
    Ok(())
}

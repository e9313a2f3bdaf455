//! Payloads: byte for byte, within the bounds.

use uuid::Uuid;

use super::given::{NOW, append, event, issue, log, read_stream, stream};
use super::{Factory, Outcome, promise, promise_eq};
use crate::append::{Append, AppendError, Expected, NewEvent};
use crate::log::EventLog;
use crate::proposal::{APPEND_BYTES_MAX, APPEND_EVENTS_MAX, PAYLOAD_BYTES_MAX, Proposal, UNCHANGED_MAX};
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
    let identity = log.identity();
    let elsewhere = ["WEB", "A", "B", "C", "D", "E"].map(|project| stream(project, "team", "1"));
    let here = identity.partition_of("PAY");
    let far = elsewhere.into_iter().find(|far| identity.partition_of(&far.project) != here);
    let far: Vec<_> = far.into_iter().map(|stream| Expected { stream, revision: 0 }).collect();
    promise!(!far.is_empty(), "six projects in one partition of eight");
    let largest = largest(&good, identity.partitions)?;
    let mut too_large = largest.clone();
    too_large.events[1].facts.push(b' ');
    let mut refused = misshapen(&good);
    refused.push(("more than 2 MiB", too_large));
    refused.push(("a guard in another partition", Append { unchanged: far, ..good.clone() }));
    for (what, append) in refused {
        let answer = log.append(append).await;
        promise!(matches!(answer, Err(AppendError::Invalid { .. })), "{what}: {answer:?}");
    }
    promise_eq!(log.barrier(here).await?, 0, "the head after appends out of bounds");
    promise_eq!(read_stream(&*log, &good.stream, 9).await?.len(), 0, "records of refused appends");
    promise_eq!(log.append(largest).await?.revision, 2, "the largest append");
    let fullest = fullest();
    promise_eq!(log.append(fullest.clone()).await?.revision, APPEND_EVENTS_MAX as u64, "the fullest append");
    let records = read_stream(&*log, &fullest.stream, 100).await?;
    let sizes = records.iter().map(|recorded| recorded.record.body.facts.len());
    promise!(sizes.eq(fullest.events.iter().map(|event| event.facts.len())), "the fullest append came back otherwise");
    Ok(())
}

/// One past each bound that does not depend on the log.
fn misshapen(good: &Append) -> Vec<(&'static str, Append)> {
    let of = |project: &str, kind: &str, id: &str| Append { stream: stream(project, kind, id), ..good.clone() };
    let event_of = |event: NewEvent| Append { events: vec![event], ..good.clone() };
    let by = |actor: String| Append { actor: actor.into(), ..good.clone() };
    let traced = |trace: String| Append { traceparent: Some(trace.into()), ..good.clone() };
    let typed = |name: String| event_of(NewEvent { event_type: name.into(), ..event("{}") });
    let guards = vec![Expected { stream: issue("2"), revision: 0 }; UNCHANGED_MAX + 1];
    let texts = |texts: &str, salt| event_of(NewEvent { texts: texts.into(), salt: vec![1; salt], ..event("{}") });
    let halves = NewEvent { texts: vec![b' '; PAYLOAD_BYTES_MAX], salt: vec![1; 32], ..event(" ") };
    vec![
        ("no events", Append { events: Vec::new(), ..good.clone() }),
        ("65 events", Append { events: vec![event("{}"); APPEND_EVENTS_MAX + 1], ..good.clone() }),
        ("facts over 1 MiB", event_of(event(vec![b' '; PAYLOAD_BYTES_MAX + 1]))),
        ("facts and texts over 1 MiB", event_of(halves)),
        ("texts without salt", texts("{}", 0)),
        ("texts with half a salt", texts("{}", 16)),
        ("a salt without texts", texts("", 32)),
        ("schema version 0", event_of(NewEvent { schema_version: 0, ..event("{}") })),
        ("5 guards", Append { unchanged: guards, ..good.clone() }),
        ("no project", of("", "issue", "1")),
        ("no kind", of("PAY", "", "1")),
        ("no id", of("PAY", "issue", "")),
        ("a project of 65 bytes", of(&"p".repeat(65), "issue", "1")),
        ("a kind of 65 bytes", of("PAY", &"k".repeat(65), "1")),
        ("an id of 129 bytes", of("PAY", "issue", &"i".repeat(129))),
        ("a control character", of("PAY", "issue", "a\u{0}b")),
        ("no actor", by(String::new())),
        ("an actor of 129 bytes", by("a".repeat(129))),
        ("an empty trace", traced(String::new())),
        ("a trace of 129 bytes", traced("0".repeat(129))),
        ("no event type", typed(String::new())),
        ("an event type of 65 bytes", typed("t".repeat(65))),
    ]
}

/// Every name as long as may be, as many events and guards as may be.
fn fullest() -> Append {
    let named = |id: String| stream(&"p".repeat(64), &"k".repeat(64), id);
    let guard = |n: usize| Expected { stream: named(n.to_string().repeat(128)), revision: 0 };
    let event = |n: usize| NewEvent { event_type: "t".repeat(64).into(), ..event(" ".repeat(n)) };
    Append {
        unchanged: (0..UNCHANGED_MAX).map(guard).collect(),
        events: (0..APPEND_EVENTS_MAX).map(event).collect(),
        actor: "a".repeat(128).into(),
        traceparent: Some("0".repeat(128).into()),
        ..append(&named("i".repeat(128)), 0, 1)
    }
}

/// One payload of 1 MiB, and another that fills the 2 MiB up to the last byte.
fn largest(good: &Append, partitions: u32) -> Result<Append, super::Broken> {
    let mut largest = Append { events: vec![event(vec![b' '; PAYLOAD_BYTES_MAX]), event("")], ..good.clone() };
    let rest = APPEND_BYTES_MAX - Proposal::check(largest.clone(), partitions)?.encoded_bytes();
    largest.events[1].facts = vec![b' '; rest];
    Ok(largest)
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

//! The event feed: everything that happened, in order, from any position on, for who filters, who is slow, and who comes back.

use std::collections::{BTreeMap, BTreeSet};

use api::events::v1::event::Payload;
use api::events::v1::events_service_client::EventsServiceClient;
use api::events::v1::subscribe_events_response::Message;
use api::events::v1::{Event, EventFormat, Start, SubscribeEventsRequest, SubscribeEventsResponse};
use api::io::cloudevents::v1::cloud_event::Data;
use api::io::cloudevents::v1::cloud_event::cloud_event_attribute_value::Attr;
use event_log::{Append, EventLog as _, NewEvent, StreamId};
use grpc::Options;
use prost::Message as _;
use tonic::{Code, Response, Status, Streaming};
use uuid::Uuid;

use super::answers::refused;
use super::freshness::at_least;
use super::given::{Client, Given, filing};
use super::life::{accept, triage};

type Stream = Streaming<SubscribeEventsResponse>;

/// All events of all projects, from the first.
fn all() -> SubscribeEventsRequest {
    SubscribeEventsRequest::default()
}

fn after(token: &str) -> SubscribeEventsRequest {
    SubscribeEventsRequest { token: token.into(), ..all() }
}

fn client(given: &Given) -> EventsServiceClient<Client> {
    given.events("zoe")
}

async fn subscribe(given: &Given, request: SubscribeEventsRequest) -> Stream {
    client(given).subscribe_events(request).await.unwrap().into_inner()
}

async fn next(stream: &mut Stream) -> SubscribeEventsResponse {
    stream.message().await.unwrap().expect("a subscription does not end by itself")
}

/// The next event, whatever bookmarks come before it.
async fn event(stream: &mut Stream) -> Event {
    loop {
        match next(stream).await.message.unwrap() {
            Message::Event(event) => return event,
            Message::Bookmark(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Everything up to the end.
async fn to_the_end(stream: &mut Stream) -> Vec<SubscribeEventsResponse> {
    let mut told = Vec::new();
    loop {
        let message = next(stream).await;
        let at_end = matches!(&message.message, Some(Message::Bookmark(bookmark)) if bookmark.at_end);
        told.push(message);
        if at_end {
            return told;
        }
    }
}

fn events(told: &[SubscribeEventsResponse]) -> Vec<Event> {
    let event = |told: &SubscribeEventsResponse| match told.message.clone() {
        Some(Message::Event(event)) => Some(event),
        _ => None,
    };
    told.iter().filter_map(event).collect()
}

/// By partition.
fn places(events: &[Event]) -> BTreeMap<u32, Vec<u64>> {
    let mut places: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for event in events {
        places.entry(event.partition).or_default().push(event.position);
    }
    places
}

#[tokio::test]
async fn everything_is_told_in_order_and_then_whatever_happens() {
    let given = Given::project().await;
    let mut stream = subscribe(&given, all()).await;
    let told = to_the_end(&mut stream).await;
    let types: Vec<_> = events(&told).into_iter().map(|event| format!("{} {}", event.subject, event.r#type)).collect();
    let expected = [
        "PAY ProjectCreated",
        "PAY TeamAdded",
        "core MemberAdded",
        "core MemberAdded",
        "PAY ComponentAdded",
        "PAY ProductOwnerAdded",
        "PAY CustomerAdded",
    ];
    assert_eq!(types, expected);

    given.file().await;
    let filed = event(&mut stream).await;
    assert_eq!((filed.subject.as_str(), filed.revision, filed.actor.as_str()), ("PAY-1", 1, "cora"));
    let Some(Payload::IssueFiled(payload)) = filed.payload else { panic!("{filed:?}") };
    assert_eq!((payload.title.as_str(), payload.component.as_str()), ("Paying twice", "checkout"));
    assert_eq!(payload.report.unwrap().actual, "Two payments");
    given.issues("ada").triage_issue(triage("PAY-1")).await.unwrap();
    let triaged = event(&mut stream).await;
    assert_eq!((triaged.r#type.as_str(), triaged.revision, triaged.position), ("IssueTriaged", 2, filed.position + 1));
}

#[tokio::test]
async fn who_comes_back_with_any_token_misses_nothing_and_gets_nothing_twice() {
    let given = Given::project().await;
    given.create("OPS").await;
    given.file().await;
    let told = to_the_end(&mut subscribe(&given, all()).await).await;
    let all_of_them = events(&told);
    assert!(places(&all_of_them).len() > 1, "in several partitions");
    for (dealt_with, message) in told.iter().enumerate() {
        let before = events(&told[..=dealt_with]);
        let rest = events(&to_the_end(&mut subscribe(&given, after(&message.token)).await).await);
        let ids = |events: &[Event]| events.iter().map(|event| event.id.clone()).collect::<BTreeSet<_>>();
        assert_eq!(before.len() + rest.len(), all_of_them.len(), "after message {dealt_with}");
        assert_eq!(&ids(&before) | &ids(&rest), ids(&all_of_them));
        for (partition, positions) in places(&[before, rest].concat()) {
            assert!(positions.iter().copied().eq(1..=positions.len() as u64), "{partition}: {positions:?}");
        }
    }
}

#[tokio::test]
async fn filters_narrow_and_bookmarks_carry_who_hears_nothing_on() {
    let given = Given::server_with(Options { bookmark_ms: 20, ..Options::default() }).await;
    given.create_project().await;
    given.create("OPS").await;
    let wanted = SubscribeEventsRequest {
        projects: vec!["pay".into()],
        types: vec!["IssueTriaged".into(), "IssueAccepted".into()],
        ..all()
    };
    let mut stream = subscribe(&given, wanted.clone()).await;
    let begun = to_the_end(&mut stream).await;
    assert_eq!(events(&begun), []);
    given.file().await;
    // Nothing that is wanted, and yet the token goes on.
    let further = loop {
        let message = next(&mut stream).await;
        assert!(matches!(message.message, Some(Message::Bookmark(_))), "{message:?}");
        if message.token != begun.last().unwrap().token {
            break message.token;
        }
    };
    let mut ada = given.issues("ada");
    ada.triage_issue(triage("PAY-1")).await.unwrap();
    ada.accept_issue(accept("PAY-1")).await.unwrap();
    let from_there = subscribe(&given, SubscribeEventsRequest { token: further, ..wanted }).await;
    for mut stream in [stream, from_there] {
        assert_eq!(event(&mut stream).await.r#type, "IssueTriaged");
        assert_eq!(event(&mut stream).await.r#type, "IssueAccepted");
    }
}

#[tokio::test]
async fn from_now_on_nothing_earlier_is_told() {
    let given = Given::project().await;
    let latest = SubscribeEventsRequest { start: Start::Latest.into(), ..all() };
    let mut stream = subscribe(&given, latest).await;
    assert_eq!(events(&to_the_end(&mut stream).await), []);
    given.file().await;
    assert_eq!(event(&mut stream).await.r#type, "IssueFiled");
}

#[tokio::test]
async fn what_an_event_did_is_read_by_its_token() {
    let given = Given::project().await;
    given.file().await;
    let told = to_the_end(&mut subscribe(&given, all()).await).await;
    let filed = told.iter().rfind(|told| !told.consistency_token.is_empty()).unwrap();
    let asked = api::issues::v1::GetIssueRequest {
        key: "PAY-1".into(),
        consistency: at_least([&filed.consistency_token]),
        ..Default::default()
    };
    assert_eq!(given.issues("zoe").get_issue(asked).await.unwrap().into_inner().issue.unwrap().revision, 1);
}

#[tokio::test]
async fn a_slow_subscriber_slows_nobody_and_misses_nothing() {
    let given = Given::project().await;
    let mut slow = subscribe(&given, all()).await;
    let mut quick = subscribe(&given, all()).await;
    let mut cora = given.issues("cora");
    let words = "word ".repeat(2_000);
    for _ in 0..200 {
        let mut filed = filing();
        filed.report.as_mut().unwrap().details = words.clone();
        cora.file_issue(filed).await.unwrap();
    }
    let mut first: Vec<Event> = Vec::new();
    while first.iter().filter(|event| event.r#type == "IssueFiled").count() < 200 {
        first.push(event(&mut quick).await);
    }
    // It has not read a message yet: two megabytes are more than a connection holds.
    for told in first {
        assert_eq!(event(&mut slow).await, told);
    }
}

#[tokio::test]
async fn cloud_events_have_the_names_of_their_specification() {
    let given = Given::project().await;
    given.file().await;
    let request =
        SubscribeEventsRequest { types: vec!["IssueFiled".into()], format: EventFormat::Cloudevents.into(), ..all() };
    let told = next(&mut subscribe(&given, request).await).await;
    let Some(Message::CloudEvent(cloud)) = told.message else { panic!("{told:?}") };
    let text = |name: &str| match cloud.attributes.get(name).and_then(|value| value.attr.clone()) {
        Some(Attr::CeString(text) | Attr::CeUri(text)) => text,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!((cloud.spec_version.as_str(), cloud.source.as_str()), ("1.0", "/snaglog/projects/PAY"));
    assert_eq!((cloud.r#type.as_str(), text("subject").as_str()), ("snaglog.events.v1.IssueFiled", "PAY-1"));
    assert_eq!(text("dataschema"), "type.googleapis.com/snaglog.events.v1.Event");
    assert_eq!((text("partitionkey").as_str(), text("sequence").len()), ("PAY", 20));
    assert!(matches!(cloud.attributes["time"].attr, Some(Attr::CeTimestamp(_))));
    let Some(Data::ProtoData(data)) = &cloud.data else { panic!("{cloud:?}") };
    let event = Event::decode(data.value.as_slice()).unwrap();
    assert_eq!((&event.id, &data.type_url), (&cloud.id, &text("dataschema")));
    assert!(matches!(event.payload, Some(Payload::IssueFiled(_))));
    let ours = cloud.attributes.keys().all(|name| name.chars().all(|c| c.is_ascii_lowercase()) && name.len() <= 20);
    assert!(ours, "attribute names are short and of small letters");
}

/// Appends an event as no build writes it, or as a newer one does.
async fn append(given: &Given, event_type: &str, facts: &str) {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let id = Uuid::from_u128((11 << 100) + u128::from(NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
    let append = Append {
        stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: id.to_string().into() },
        expected: 0,
        unchanged: Vec::new(),
        events: vec![NewEvent {
            event_id: id,
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: 1,
            facts: facts.as_bytes().to_vec(),
            texts: Vec::new(),
            salt: Vec::new(),
        }],
        actor: "ada".into(),
        request_id: id,
        fingerprint: [1; 32],
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        recorded_at: 1,
    };
    given.log.append(append).await.unwrap();
}

#[tokio::test]
async fn what_can_not_be_decoded_is_told_in_its_place() {
    let given = Given::project().await;
    append(&given, "IssueFiled", "{}").await;
    given.file().await;
    let only = SubscribeEventsRequest { types: vec!["IssueFiled".into()], ..all() };
    let mut stream = subscribe(&given, only).await;
    let told = next(&mut stream).await;
    let Some(Message::Undecodable(undecodable)) = told.message else { panic!("{told:?}") };
    assert_eq!((undecodable.project.as_str(), undecodable.r#type.as_str()), ("PAY", "IssueFiled"));
    let filed = event(&mut stream).await;
    assert_eq!(filed.position, undecodable.position + 1);
}

#[tokio::test]
async fn what_a_newer_build_has_written_is_left_to_a_server_of_that_build() {
    let given = Given::project().await;
    append(&given, "IssueFrozen", "{}").await;
    let mut stream = subscribe(&given, all()).await;
    let mut last = None;
    let ended = loop {
        match stream.message().await {
            Ok(message) => last = message,
            Err(ended) => break ended,
        }
    };
    refused::<()>(Err(ended), Code::FailedPrecondition, "UPGRADE_NEEDED");
    assert!(matches!(last.unwrap().message, Some(Message::Event(_))), "all before it was told");
}

#[tokio::test]
async fn what_is_no_subscription_is_refused_by_name() {
    let given = Given::project().await;
    let mut client = client(&given);
    let too_many = SubscribeEventsRequest { projects: vec!["PAY".into(); 101], ..all() };
    let malformed = SubscribeEventsRequest {
        projects: vec!["P A Y".into()],
        types: vec!["IssueFrobbed".into()],
        format: 9,
        ..all()
    };
    let refusal = refused(client.subscribe_events(malformed).await, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(refusal.fields(), ["format", "projects[0]", "types[0]"]);
    refused(client.subscribe_events(too_many).await, Code::InvalidArgument, "INVALID_FIELDS");

    let filed = given.issues("cora").file_issue(filing()).await.unwrap().into_inner();
    for token in ["what", &filed.consistency_token] {
        refused(client.subscribe_events(after(token)).await, Code::InvalidArgument, "EVENT_TOKEN_INVALID");
    }
    let of_pay = SubscribeEventsRequest { projects: vec!["PAY".into()], ..all() };
    let token = next(&mut subscribe(&given, of_pay).await).await.token;
    refused(client.subscribe_events(after(&token)).await, Code::InvalidArgument, "EVENT_TOKEN_INVALID");
    let other = Given::project().await;
    other.create("OPS").await;
    other.file().await;
    let token = to_the_end(&mut subscribe(&other, all()).await).await.pop().unwrap().token;
    refused(client.subscribe_events(after(&token)).await, Code::InvalidArgument, "EVENT_TOKEN_INVALID");
}

#[tokio::test]
async fn a_server_that_ends_ends_its_subscriptions() {
    let given = Given::project().await;
    let mut stream = subscribe(&given, all()).await;
    to_the_end(&mut stream).await;
    given.shutdown.cancel();
    let ended: Result<_, Status> = stream.message().await.map(Response::new);
    assert!(refused(ended, Code::Unavailable, "SHUTTING_DOWN").may_be_retried());
    given.served.await.unwrap().expect("the server ends, though somebody was subscribed");
}

#[tokio::test]
async fn a_server_has_room_for_so_many_subscriptions() {
    let given = Given::server().await;
    let mut client = client(&given);
    let mut streams = Vec::new();
    for _ in 0..grpc::limits::SUBSCRIBERS_MAX {
        streams.push(client.subscribe_events(all()).await.unwrap());
    }
    refused(client.subscribe_events(all()).await, Code::ResourceExhausted, "OVERLOADED");
    streams.clear();
    // One that was left makes room, once the server has heard of it.
    while client.subscribe_events(all()).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn every_type_of_event_has_its_message() {
    let descriptors = prost_types::FileDescriptorSet::decode(api::DESCRIPTORS).unwrap();
    let files = descriptors.file.iter().filter(|file| file.package() == "snaglog.events.v1");
    let event = files.flat_map(|file| &file.message_type).find(|message| message.name() == "Event").unwrap();
    let payloads: BTreeSet<_> = event
        .field
        .iter()
        .filter(|field| field.oneof_index.is_some())
        .map(prost_types::FieldDescriptorProto::type_name)
        .collect();
    let types: BTreeSet<_> = history::event_types().map(|(_, name, _)| format!(".snaglog.events.v1.{name}")).collect();
    assert_eq!(payloads, types.iter().map(String::as_str).collect());
}

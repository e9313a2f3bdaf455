use domain::StreamKind;
use domain::StreamRef;
use event_log::{Append, Identity, MemoryLog, NewEvent, StreamId};
use tonic_types::StatusExt;
use uuid::Uuid;
use view_store::memory::MemoryViews;
use view_store::{Checkpoint, Park, ViewCommit};
use views::board::GetBoard;

use super::*;

const PARTITION: u32 = 0;
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A log with so many events of one issue, and views that have folded nothing.
async fn given(events: u64) -> (Arc<MemoryLog>, Arc<MemoryViews>, Vec<Place>) {
    let log = Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 1)));
    let mut places = Vec::new();
    for expected in 0..events {
        let event = NewEvent {
            event_id: Uuid::from_u128(u128::from(expected)),
            event_type: "Any".into(),
            schema_version: 1,
            occurred_at: 0,
            facts: b"{}".to_vec(),
            texts: Vec::new(),
            salt: Vec::new(),
        };
        let append = Append {
            stream: StreamId { project: "PAY".into(), kind: "issue".into(), id: "7".into() },
            expected,
            unchanged: Vec::new(),
            events: vec![event],
            actor: "ada".into(),
            request_id: Uuid::from_u128(u128::from(expected) + 1),
            fingerprint: [0; 32],
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            recorded_at: 0,
        };
        let appended = log.append(append).await.unwrap();
        places.push(Place::new(appended.partition, appended.position, &appended.leaf));
    }
    let store = Arc::new(MemoryViews::default());
    store.prepare(&[&views::issue::SCHEMA]).await.unwrap();
    (log, store, places)
}

async fn fold_to(store: &MemoryViews, position: u64, park: Vec<Park>) {
    let view = views::issue::SCHEMA.id();
    let expected = store.checkpoint(view, PARTITION).await.unwrap();
    let new = Checkpoint { position, leaf: [0; 32] };
    store.commit(PARTITION, vec![ViewCommit { park, ..ViewCommit::new(view, expected, new) }]).await.unwrap();
}

/// The views of a server that began before anything was recorded.
fn begun_empty(store: Arc<MemoryViews>, log: Arc<MemoryLog>) -> Views {
    Views { begun_at: vec![0], ..Views::new(store, log, WAIT_MAX) }
}

/// What the board of PAY answers: its token, or why not.
async fn ask(views: &Views, at_least: AtLeast) -> Result<Token, String> {
    let project = ProjectId::parse("PAY").unwrap();
    let query = GetBoard::of(project.clone(), 1);
    let answer = views.ask(&query, &project, &at_least, Instant::now() + Duration::from_secs(5)).await;
    match answer {
        Ok((_, token)) => Ok(Token::decode(&token).unwrap()),
        Err(status) => Err(status.get_error_details().error_info().unwrap().reason.clone()),
    }
}

#[tokio::test]
async fn an_answer_tells_how_far_it_is_true() {
    let (log, store, _) = given(3).await;
    let views = begun_empty(store.clone(), log);
    assert_eq!(ask(&views, AtLeast::default()).await, Ok(Token::default()), "nothing is folded yet");
    fold_to(&store, 2, Vec::new()).await;
    let places = vec![Place { partition: 0, position: 2, leaf: [0; 8] }];
    assert_eq!(ask(&views, AtLeast::default()).await, Ok(Token { places, stream: None }));
}

#[tokio::test]
async fn what_was_set_aside_before_a_token_is_not_answered_as_if_it_were_there() {
    let (log, store, places) = given(3).await;
    let stream = StreamRef { project: ProjectId::parse("PAY").unwrap(), kind: StreamKind::Issue, id: "7".into() };
    let park = Park { stream: stream.to_string().into(), position: 2, reason: "test".into() };
    fold_to(&store, 3, vec![park]).await;
    let views = Views::new(store, log, WAIT_MAX);
    let of = |place: usize, stream: Option<&StreamRef>| {
        AtLeast(vec![Token { places: vec![places[place]], stream: stream.cloned() }])
    };
    assert!(ask(&views, of(0, Some(&stream))).await.is_ok(), "up to there it is shown");
    assert_eq!(ask(&views, of(1, Some(&stream))).await, Err("VIEW_PARKED".to_owned()));
    assert_eq!(ask(&views, of(2, Some(&stream))).await, Err("VIEW_PARKED".to_owned()));
    assert!(ask(&views, of(2, None)).await.is_ok(), "a query's token names no stream");
    assert!(ask(&views, AtLeast::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_view_that_lacks_an_event_from_before_is_refused_with_how_far_it_is() {
    let (log, store, _) = given(3).await;
    fold_to(&store, 2, Vec::new()).await;
    let views = Views::new(store.clone(), log, WAIT_MAX);
    let project = ProjectId::parse("PAY").unwrap();
    let query = GetBoard::of(project.clone(), 1);
    let begun = Instant::now();
    let deadline = begun + Duration::from_secs(5);
    let refused = views.ask(&query, &project, &AtLeast::default(), deadline).await.unwrap_err();
    assert_eq!(begun.elapsed().as_millis(), WAIT_MAX.as_millis() / 5, "it was given a moment");
    let info = refused.get_error_details().error_info().unwrap().clone();
    assert_eq!((refused.code(), info.reason.as_str()), (Code::Unavailable, "VIEW_REBUILDING"));
    assert_eq!((info.metadata["folded"].as_str(), info.metadata["of"].as_str()), ("2", "3"));
    fold_to(&store, 3, Vec::new()).await;
    assert!(ask(&views, AtLeast::default()).await.is_ok(), "built");
}

#[tokio::test(start_paused = true)]
async fn a_view_that_catches_up_in_a_moment_is_waited_for() {
    let (log, store, _) = given(3).await;
    fold_to(&store, 1, Vec::new()).await;
    let views = Views::new(store.clone(), log, WAIT_MAX);
    let folding = async {
        while !store.is_awaited(views::issue::SCHEMA.id(), PARTITION) {
            tokio::task::yield_now().await;
        }
        fold_to(&store, 2, Vec::new()).await;
        fold_to(&store, 3, Vec::new()).await;
    };
    let (answer, ()) = tokio::join!(ask(&views, AtLeast::default()), folding);
    let places = vec![Place { partition: 0, position: 3, leaf: [0; 8] }];
    assert_eq!(answer, Ok(Token { places, stream: None }));
}

#[tokio::test(start_paused = true)]
async fn a_view_that_lacks_most_of_the_log_is_not_waited_for() {
    let (log, store, _) = given(CATCH_UP_EVENTS_MAX + 1).await;
    let views = Views::new(store.clone(), log, WAIT_MAX);
    let begun = Instant::now();
    assert_eq!(ask(&views, AtLeast::default()).await, Err("VIEW_REBUILDING".to_owned()));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

use domain::StreamKind;
use domain::StreamRef;
use event_log::{Append, Identity, MemoryLog, NewEvent, StreamId};
use tonic_types::StatusExt;
use uuid::Uuid;
use view_store::memory::{MemoryViews, Saved};
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

/// Three events, all folded; and the views as a crash would leave them: with two.
async fn given_more_than_saved() -> (Arc<MemoryLog>, Arc<MemoryViews>, Vec<Place>, Saved) {
    let (log, store, places) = given(3).await;
    fold_to(&store, 2, Vec::new()).await;
    let saved = store.save();
    fold_to(&store, 3, Vec::new()).await;
    (log, store, places, saved)
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
        AtLeast::of(vec![Token { places: vec![places[place]], stream: stream.cloned() }])
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

/// A view was said to show what it has lost in a crash: that is no answer to a token.
#[tokio::test(start_paused = true)]
async fn what_a_crash_took_back_is_waited_for_and_never_answered_without() {
    let (log, store, places, saved) = given_more_than_saved().await;
    store.crash(saved);
    let views = begun_empty(store.clone(), log);
    let of = |place: usize| AtLeast::of(vec![Token { places: vec![places[place]], stream: None }]);
    assert_eq!(ask(&views, of(2)).await, Err("NOT_FRESH_ENOUGH".to_owned()), "nobody folds");
    assert!(ask(&views, of(1)).await.is_ok(), "that was not lost");
    let folding = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.look();
        tokio::time::sleep(Duration::from_secs(1)).await;
        fold_to(&store, 3, Vec::new()).await;
    };
    let (answer, ()) = tokio::join!(ask(&views, of(2)), folding);
    assert_eq!(answer.map(|token| token.places[0].position), Ok(3));
}

/// Nor is a later read of the same answer older than the first.
#[tokio::test(start_paused = true)]
async fn the_reads_of_an_answer_never_go_back() {
    let (log, store, _, saved) = given_more_than_saved().await;
    let reads = Reads::new(&Arc::new(begun_empty(store.clone(), log)), AtLeast::default());
    let (project, deadline) = (ProjectId::parse("PAY").unwrap(), Instant::now() + WAIT_MAX);
    let query = GetBoard::of(project.clone(), 1);
    let ask = async || reads.ask(&query, &project, deadline).await.map(|_| ()).map_err(|status| status.code());
    assert_eq!(ask().await, Ok(()));
    store.crash(saved);
    assert_eq!(ask().await, Err(Code::DeadlineExceeded));
}

/// What was there when the server began may be gone with a crash: it is not asked for without a pause.
#[tokio::test(start_paused = true)]
async fn a_view_that_was_said_to_be_whole_and_is_not_is_given_a_moment() {
    let (log, store, _, saved) = given_more_than_saved().await;
    store.crash(saved);
    let views = Views::new(store.clone(), log, WAIT_MAX);
    let begun = Instant::now();
    assert_eq!(ask(&views, AtLeast::default()).await, Err("VIEW_REBUILDING".to_owned()));
    assert_eq!(begun.elapsed().as_millis(), WAIT_MAX.as_millis() / 5);
}

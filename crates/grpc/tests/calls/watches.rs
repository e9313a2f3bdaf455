//! Watching a board and an issue.

use std::collections::BTreeMap;
use std::time::Duration;

use api::issues::v1::{CommentOnIssueRequest, DismissIssueRequest, DismissalReason, Issue, IssueState};
use api::watches::v1::{WatchBoardRequest, WatchBoardResponse, WatchIssueRequest, WatchIssueResponse};
use grpc::Options;
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt as _;

use super::answers::refused;
use super::given::{Given, fresh};

/// Nothing is ever waited for longer.
const PATIENCE: Duration = Duration::from_secs(120);

async fn next<M>(stream: &mut Streaming<M>) -> Result<M, Status> {
    let message = tokio::time::timeout(PATIENCE, stream.message()).await.expect("it tells something in time");
    message.map(|message| message.expect("a watch ends with an error only"))
}

/// What a reader of a board knows: each issue's state and revision.
#[derive(Debug, Default)]
struct Board {
    cards: BTreeMap<String, (IssueState, u64)>,
    token: String,
}

impl Board {
    fn take(&mut self, message: WatchBoardResponse) {
        if message.snapshot {
            *self = Self::default();
        }
        for watched in message.cards {
            let (state, revision) = (watched.state(), watched.revision);
            self.cards.insert(watched.card.expect("it has a card").key, (state, revision));
        }
        for key in message.removed {
            self.cards.remove(&key);
        }
        if !message.resume_token.is_empty() {
            self.token = message.resume_token;
        }
    }

    /// Reads until this is what it knows.
    async fn read(&mut self, stream: &mut Streaming<WatchBoardResponse>, until: impl Fn(&Self) -> bool) {
        while !until(self) {
            self.take(next(stream).await.unwrap());
        }
    }

    fn has(&self, key: &str, revision: u64) -> bool {
        self.cards.get(key).is_some_and(|(_, known)| *known == revision)
    }
}

fn of_project(resume_token: &str) -> WatchBoardRequest {
    WatchBoardRequest { project: "PAY".into(), resume_token: resume_token.into(), ..Default::default() }
}

async fn watch_board(given: &Given, resume_token: &str) -> Streaming<WatchBoardResponse> {
    given.watches("ada").watch_board(of_project(resume_token)).await.unwrap().into_inner()
}

async fn watch_issue(given: &Given, key: &str, resume_token: &str) -> Result<Streaming<WatchIssueResponse>, Status> {
    let request = WatchIssueRequest { key: key.into(), resume_token: resume_token.into(), consistency: None };
    given.watches("ada").watch_issue(request).await.map(tonic::Response::into_inner)
}

async fn comment(given: &Given, issue: &Issue, text: &str) -> u64 {
    let comment =
        CommentOnIssueRequest { request_id: fresh(), key: issue.key.clone(), text: text.into(), ..Default::default() };
    given.issues("ada").comment_on_issue(comment).await.unwrap().into_inner().revision
}

async fn dismiss(given: &Given, issue: &Issue) {
    let dismiss = DismissIssueRequest {
        request_id: fresh(),
        key: issue.key.clone(),
        dismissal: DismissalReason::NotADefect.into(),
        note: "as it should be".into(),
        ..Default::default()
    };
    given.issues("ada").dismiss_issue(dismiss).await.unwrap();
}

#[tokio::test]
async fn a_board_is_told_and_then_what_changes() {
    let given = Given::project().await;
    let (one, other) = (given.file().await, given.file().await);
    let (mut stream, mut board) = (watch_board(&given, "").await, Board::default());
    board.read(&mut stream, |board| board.has(&one.key, 1) && board.has(&other.key, 1)).await;
    let revision = comment(&given, &one, "me too").await;
    board.read(&mut stream, |board| board.has(&one.key, revision)).await;
    dismiss(&given, &other).await;
    board.read(&mut stream, |board| !board.cards.contains_key(&other.key)).await;
    assert_eq!(board.cards.keys().collect::<Vec<_>>(), [&one.key], "what is dismissed is not open");
}

#[tokio::test]
async fn a_watch_is_resumed_where_it_ended() {
    let given = Given::project().await;
    let (one, other) = (given.file().await, given.file().await);
    let (mut stream, mut board) = (watch_board(&given, "").await, Board::default());
    board
        .read(&mut stream, |board| board.has(&one.key, 1) && board.has(&other.key, 1) && !board.token.is_empty())
        .await;
    drop(stream);
    let revision = comment(&given, &one, "me too").await;
    let mut stream = watch_board(&given, &board.token).await;
    let mut told = Board::default();
    told.read(&mut stream, |told| told.has(&one.key, revision)).await;
    assert!(!told.cards.contains_key(&other.key), "what did not change is not told again");
    let mut elsewhere = of_project(&board.token);
    elsewhere.states = vec![IssueState::Closed.into()];
    refused(given.watches("ada").watch_board(elsewhere).await, Code::InvalidArgument, "RESUME_TOKEN_INVALID");
}

#[tokio::test]
async fn an_issue_is_told_whenever_it_changes() {
    let given = Given::project().await;
    let (issue, other) = (given.file().await, given.file().await);
    let mut stream = watch_issue(&given, &issue.key, "").await.unwrap();
    let mut revision = 0;
    while revision < 1 {
        revision = next(&mut stream).await.unwrap().issue.map_or(0, |issue| issue.revision);
    }
    comment(&given, &other, "not here").await;
    let wanted = comment(&given, &issue, "here").await;
    let told = loop {
        if let Some(issue) = next(&mut stream).await.unwrap().issue {
            break issue;
        }
    };
    assert_eq!((told.key, told.revision, told.comment_count), (issue.key.clone(), wanted, 1));
    refused(watch_issue(&given, "PAY-99", "").await.map(tonic::Response::new), Code::NotFound, "NO_SUCH_ISSUE");
    let nowhere = WatchBoardRequest { project: "NONE".into(), ..Default::default() };
    refused(given.watches("ada").watch_board(nowhere).await, Code::NotFound, "UNKNOWN_PROJECT");
}

#[tokio::test]
async fn an_idle_watch_is_told_where_the_view_is() {
    let given = Given::server_with(Options { bookmark_ms: 20, ..Options::default() }).await;
    given.create_project().await;
    let issue = given.file().await;
    let mut stream = watch_issue(&given, &issue.key, "").await.unwrap();
    let mut bookmarks = 0;
    while bookmarks < 3 {
        let message = next(&mut stream).await.unwrap();
        bookmarks += u32::from(message.issue.is_none() && !message.resume_token.is_empty());
    }
}

#[tokio::test]
async fn a_watch_ends_with_its_deadline_and_with_the_server() {
    let given = Given::project().await;
    let issue = given.file().await;
    let mut patient = watch_issue(&given, &issue.key, "").await.unwrap();
    let mut request = Request::new(WatchIssueRequest { key: issue.key.clone(), ..Default::default() });
    request.set_timeout(Duration::from_millis(300));
    // On a slow machine it may pass before the watch has begun.
    let ended = match given.watches("ada").watch_issue(request).await {
        Ok(begun) => {
            let mut hasty = begun.into_inner();
            loop {
                if let Err(ended) = next(&mut hasty).await {
                    break ended;
                }
            }
        }
        Err(ended) => ended,
    };
    assert!(matches!(ended.code(), Code::DeadlineExceeded | Code::Cancelled), "{ended:?}");
    given.shutdown.cancel();
    let ended = loop {
        if let Err(ended) = next(&mut patient).await {
            break ended;
        }
    };
    refused(Err::<tonic::Response<()>, _>(ended), Code::Unavailable, "SHUTTING_DOWN");
    given.served.await.unwrap().expect("the server ends well, though somebody watched");
}

#[tokio::test]
async fn so_many_may_watch_and_no_more() {
    let watch = watch::Bounds { watchers_max: 2, ..watch::Bounds::default() };
    let given = Given::server_with(Options { watch, ..Options::default() }).await;
    given.create_project().await;
    let issue = given.file().await;
    let first = watch_issue(&given, &issue.key, "").await.unwrap();
    let _second = watch_issue(&given, &issue.key, "").await.unwrap();
    let refusal = watch_issue(&given, &issue.key, "").await.unwrap_err();
    assert!(refusal.get_error_details().retry_info().is_some(), "it says when to try again");
    refused(Err::<tonic::Response<()>, _>(refusal), Code::ResourceExhausted, "TOO_MANY_WATCHERS");
    drop(first);
    // The server hears of it in its own time.
    while watch_issue(&given, &issue.key, "").await.is_err() {
        tokio::task::yield_now().await;
    }
}

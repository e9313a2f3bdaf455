//! Nodes of one log, callers that use them, and the views as a refold of the log has them.

use std::path::PathBuf;
use std::time::Duration;

use api::boards::v1::{Board, GetBoardRequest};
use api::issues::v1::{GetIssueRequest, Issue, ListIssuesRequest};
use tests::client::{Client, as_fresh_as};
use tests::life::{self, Answered, DEVELOPER};
use tests::server::Server;
use tonic::{Code, Status};

pub(crate) const PROJECT: &str = "PAY";

/// The log, and a folder for each node.
pub(crate) struct Nodes {
    folder: tempfile::TempDir,
    /// The log's URL; the views are beside it.
    pub(crate) log: String,
}

impl Nodes {
    pub(crate) fn of(log: String) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), log }
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A node with a folder of this name.
    pub(crate) async fn start(&self, name: &str) -> Server {
        Server::start_with(&self.data(name), &["--log", &self.log]).await.unwrap()
    }

    /// What a node has that folds the whole log into a file of its own.
    pub(crate) async fn refolded(&self, tokens: &[String]) -> Shown {
        let views = format!("sqlite:{}", self.data("refolded.db").display());
        let flags = ["--log", &self.log, "--views", &views];
        let server = Server::start_with(&self.data("refold"), &flags).await.unwrap();
        let shown = shown(&Client::connect(&server.url).await.unwrap(), tokens).await;
        server.stop().await.unwrap();
        shown
    }
}

/// What views show of the project.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) board: Board,
    pub(crate) issues: Vec<Issue>,
}

/// What the node shows of the project, at least as fresh as these tokens.
pub(crate) async fn shown(client: &Client, tokens: &[String]) -> Shown {
    let consistency = || as_fresh_as(tokens.iter().cloned());
    let board = || GetBoardRequest {
        project: PROJECT.into(),
        cards_per_column: 100,
        consistency: consistency(),
        ..Default::default()
    };
    let board = until_fresh(async || client.boards(DEVELOPER).get_board(board()).await).await.unwrap();
    let board = timeless(board.board.unwrap());
    let (mut issues, mut page_token) = (Vec::new(), String::new());
    loop {
        let list = ListIssuesRequest {
            project: PROJECT.into(),
            page_size: 1000,
            page_token,
            consistency: consistency(),
            ..Default::default()
        };
        let page = until_fresh(async || client.issues(DEVELOPER).list_issues(list.clone()).await).await.unwrap();
        issues.extend(page.issues);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Shown { board, issues };
        }
    }
}

/// Without when it was asked for.
fn timeless(mut board: Board) -> Board {
    board.as_of = None;
    for card in board.columns.iter_mut().flat_map(|column| &mut column.cards) {
        (card.age, card.age_in_state) = (None, None);
    }
    board
}

/// The issue as this node has it, as fresh as its last answer, however long that takes.
pub(crate) async fn read(client: &Client, answered: &Answered) -> Result<Issue, Status> {
    let get = GetIssueRequest {
        key: answered.key.clone(),
        consistency: as_fresh_as([answered.token.clone()]),
        ..Default::default()
    };
    loop {
        match client.issues(DEVELOPER).get_issue(get.clone()).await {
            Err(status) if is_late(&status) => tokio::time::sleep(Duration::from_millis(20)).await,
            answer => return Ok(answer?.into_inner().issue.unwrap_or_default()),
        }
    }
}

/// Asks again as long as the views have not come so far: a node that died leaves them to another, which takes seconds.
pub(crate) async fn until_fresh<T>(ask: impl AsyncFn() -> Result<tonic::Response<T>, Status>) -> Result<T, Status> {
    loop {
        match ask().await {
            Err(status) if is_late(&status) => tokio::time::sleep(Duration::from_millis(20)).await,
            answer => return answer.map(tonic::Response::into_inner),
        }
    }
}

/// The views have not come so far, or can't be asked for a moment.
fn is_late(status: &Status) -> bool {
    [Code::DeadlineExceeded, Code::Unavailable].contains(&status.code())
}

/// Lives an issue by turns on these nodes, and reads each step back on the next one. Gives the last token.
pub(crate) async fn live(nodes: &[Client], number: u64) -> Result<String, Status> {
    let mut last = Answered::default();
    for (turn, step) in life::steps(life::level(number)).iter().enumerate() {
        let at = |turn: usize| &nodes[turn % nodes.len()];
        let answered = life::step(at(turn), PROJECT, number, &last.key, *step).await?;
        let issue = read(at(turn + 1), &answered).await?;
        // A deployment's revision is the release's.
        if *step != life::Step::Deploy {
            assert!(
                issue.revision >= answered.revision,
                "{}: a token of revision {} was answered with {}",
                answered.key,
                answered.revision,
                issue.revision
            );
        }
        last = answered;
    }
    Ok(last.token)
}

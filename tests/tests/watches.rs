//! Watches of real servers: killed, left and resumed, slow, and very many.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::history::v1::ListEventsRequest;
use api::issues::v1::{CommentOnIssueRequest, FileIssueRequest, IssueState, Level, Report};
use api::watches::v1::{WatchBoardRequest, WatchBoardResponse, WatchIssueRequest, WatchIssueResponse};
use tests::client::{Client, as_fresh_as, reason, request_id};
use tests::life::{self, CUSTOMER, DEVELOPER, Step};
use tests::server::Server;
use tests::streams::{Happened, Noted, Promises, Told, Truth, judge, position};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::transport::Endpoint;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

const PROJECT: &str = "WATCH";
const KILLS: u64 = 8;
const WRITERS: u64 = 4;
const WATCHERS: u64 = 12;
/// So many steps at least are answered before each kill.
const ANSWERS_MIN: u64 = 20;
/// Nothing is ever waited for longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Lives issues, one after the other, until the server is gone, and says of each step that it was answered.
async fn live(client: Client, writer: u64, first: u64, answers: UnboundedSender<()>) {
    for number in (first + writer..).step_by(usize::try_from(WRITERS).unwrap()) {
        let mut key = String::new();
        for step in life::steps(life::level(number)) {
            match life::step(&client, PROJECT, number, &key, *step).await {
                Ok(answered) => key = answered.key,
                Err(_) => return,
            }
            answers.send(()).unwrap();
        }
    }
}

/// A watcher of the board: over all its connections, what it noted.
struct Watcher {
    random: fastrand::Rng,
    url: watch::Receiver<String>,
    /// The position up to which it must read; 0: not known yet.
    end: watch::Receiver<u64>,
    notes: Vec<Noted>,
    token: String,
    place: Option<u64>,
}

impl Watcher {
    fn is_done(&self) -> bool {
        let end = *self.end.borrow();
        end > 0 && self.place.is_some_and(|place| place >= end)
    }

    /// Watches and comes back, until it has read to the end.
    async fn run(mut self) -> Vec<Noted> {
        while !self.is_done() {
            let url = self.url.borrow().clone();
            let connected = async {
                let client = Client::connect(&url).await.ok()?;
                let request = WatchBoardRequest {
                    project: PROJECT.into(),
                    resume_token: self.token.clone(),
                    ..Default::default()
                };
                client.watches(DEVELOPER).watch_board(request).await.ok()
            };
            match timeout(PATIENCE, connected).await.unwrap() {
                Some(answer) => self.read(answer.into_inner()).await,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        self.notes
    }

    /// Reads a stream until it ends, or for as long as it likes.
    async fn read(&mut self, mut stream: Streaming<WatchBoardResponse>) {
        self.notes.push(Noted::Opened { resumed: self.place });
        let messages = self.random.usize(1..200);
        for _ in 0..messages {
            let message = tokio::select! {
                message = stream.message() => message,
                () = tokio::time::sleep(PATIENCE) => panic!("a watch tells something in time, if only how far it is"),
            };
            match message {
                Ok(Some(message)) => self.note(message),
                Ok(None) => panic!("a watch ends with an error only"),
                Err(status) => {
                    self.ended(&status);
                    return;
                }
            }
            if self.is_done() {
                return;
            }
        }
        self.notes.push(Noted::Ended { anew: false });
    }

    fn note(&mut self, message: WatchBoardResponse) {
        let things = message.cards.into_iter().map(|card| (card.card.unwrap().key, Some(card.revision)));
        let removed = message.removed.into_iter().map(|key| (key, None));
        let place = (!message.resume_token.is_empty()).then(|| position(&message.consistency_token).unwrap());
        let counts = message.counts.iter().filter(|it| it.count > 0);
        let counts = counts.map(|it| (column(it.state(), it.triaged), it.count)).collect();
        self.notes.push(Noted::Told(Told {
            is_fresh: message.snapshot,
            things: things.chain(removed).collect(),
            place,
            counts: (!message.counts.is_empty()).then_some(counts),
        }));
        if message.snapshot {
            (self.place, self.token) = (None, String::new());
        }
        if place.is_some() {
            (self.place, self.token) = (place, message.resume_token);
        }
    }

    fn ended(&mut self, status: &Status) {
        let anew = status.code() == Code::OutOfRange && reason(status) == "WATCH_ANEW";
        if anew {
            (self.place, self.token) = (None, String::new());
        }
        self.notes.push(Noted::Ended { anew });
    }
}

fn column(state: IssueState, triaged: bool) -> String {
    format!("{state:?}{}", if triaged { ", triaged" } else { "" })
}

/// Where an issue stands after an event of this type; `None`: where it stood.
fn moved_to(event: &str) -> Option<String> {
    Some(match event {
        "IssueFiled" => column(IssueState::New, false),
        "IssueTriaged" => column(IssueState::New, true),
        "IssueAccepted" => column(IssueState::Accepted, false),
        "IssueResolved" => column(IssueState::Resolved, false),
        "IssueVerified" => column(IssueState::Verified, false),
        "IssueClosed" => column(IssueState::Closed, false),
        _ => return None,
    })
}

/// What happened to the project's issues, out of their histories.
async fn truth(client: &Client) -> Truth {
    let mut happened = Vec::new();
    for ordinal in 1.. {
        let key = format!("{PROJECT}-{ordinal}");
        let mut request = ListEventsRequest { key: key.clone(), page_size: 1000, ..Default::default() };
        loop {
            let page = match client.histories(DEVELOPER).list_events(request.clone()).await {
                Ok(page) => page.into_inner(),
                Err(status) if status.code() == Code::NotFound => return Truth::of(happened),
                Err(status) => panic!("{status:?}"),
            };
            happened.extend(page.events.into_iter().map(|event| Happened {
                position: event.position,
                key: key.clone(),
                revision: event.revision,
                is_wanted: event.r#type != "IssueClosed",
                column: moved_to(&event.r#type),
            }));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
    }
    unreachable!("keys end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_of_a_server_that_is_killed_are_told_everything_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path()).await.unwrap();
    life::project(&Client::connect(&server.url).await.unwrap(), PROJECT).await.unwrap();
    let (url, watched_url) = watch::channel(server.url.clone());
    let (end, watched_end) = watch::channel(0);
    let watchers: Vec<_> = (0..WATCHERS)
        .map(|n| {
            let random = fastrand::Rng::with_seed(n);
            let (url, end) = (watched_url.clone(), watched_end.clone());
            let watcher = Watcher { random, url, end, notes: Vec::new(), token: String::new(), place: None };
            tokio::spawn(watcher.run())
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(100);
    for kill in 0..KILLS {
        let client = Client::connect(&server.url).await.unwrap();
        let (answers, mut answered) = unbounded_channel();
        let load: Vec<_> =
            (0..WRITERS).map(|n| tokio::spawn(live(client.clone(), n, kill * 100_000, answers.clone()))).collect();
        drop(answers);
        for _ in 0..random.u64(ANSWERS_MIN..150) {
            answered.recv().await.unwrap();
        }
        tokio::time::sleep(Duration::from_micros(random.u64(..5_000))).await;
        server.kill().await.unwrap();
        for writer in load {
            writer.await.unwrap();
        }
        server = Server::start(folder.path()).await.unwrap();
        url.send_replace(server.url.clone());
    }
    let client = Client::connect(&server.url).await.unwrap();
    let truth = truth(&client).await;
    assert!(truth.end() > ANSWERS_MIN * KILLS, "the load was a load: {} events", truth.end());
    end.send_replace(truth.end());
    let mut opened = 0;
    for (n, watcher) in watchers.into_iter().enumerate() {
        let notes = timeout(PATIENCE * 2, watcher).await.expect("it reads to the end").unwrap();
        opened += notes.iter().filter(|note| matches!(note, Noted::Opened { .. })).count();
        let faults = judge(&notes, &truth, Promises { every_event: false, counts: true, end: truth.end() });
        assert_eq!(faults, [], "watcher {n}, {} notes", notes.len());
    }
    println!("{} events, {KILLS} kills, {opened} connections of {WATCHERS} watchers", truth.end());
}

/// An issue whose row is as long as it can be.
async fn file_long(client: &Client) -> (String, String) {
    let text = || "It happened again. ".repeat(3_300);
    let report = Report { steps: text(), actual: text(), expected: text(), details: text() };
    let filing = FileIssueRequest { report: Some(report), ..life::filing(PROJECT, 1) };
    let answer = client.issues(CUSTOMER).file_issue(filing).await.unwrap().into_inner();
    (answer.issue.unwrap().key, answer.consistency_token)
}

async fn comment(client: &Client, key: &str, n: u64) -> u64 {
    let (request_id, key, text) = (request_id(), key.to_owned(), format!("for the {n}th time"));
    let comment = CommentOnIssueRequest { request_id, key, text, ..Default::default() };
    client.issues(DEVELOPER).comment_on_issue(comment).await.unwrap().into_inner().revision
}

async fn watch_issue(client: &Client, key: &str, resume_token: String) -> Streaming<WatchIssueResponse> {
    let request = WatchIssueRequest { key: key.to_owned(), resume_token, consistency: None };
    client.watches(DEVELOPER).watch_issue(request).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<WatchIssueResponse>) -> Result<WatchIssueResponse, Status> {
    timeout(PATIENCE, stream.message()).await.unwrap().map(Option::unwrap)
}

async fn read_to(stream: &mut Streaming<WatchIssueResponse>, revision: u64) {
    while next(stream).await.unwrap().issue.is_none_or(|issue| issue.revision < revision) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_watcher_is_told_where_to_go_on_and_slows_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    let (key, filed) = file_long(&client).await;
    // Its connection takes 64 KiB and no more, for as long as it doesn't read.
    let narrow = Endpoint::from_shared(server.url.clone()).unwrap();
    let narrow = narrow.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    let narrow = Client::over(narrow.connect().await.unwrap());
    let from_filing = WatchIssueRequest { key: key.clone(), consistency: as_fresh_as([filed]), ..Default::default() };
    let mut slow = narrow.watches(DEVELOPER).watch_issue(from_filing).await.unwrap().into_inner();
    let first = next(&mut slow).await.unwrap();
    assert!(first.issue.is_some() && !first.resume_token.is_empty());
    let mut quick = watch_issue(&client, &key, String::new()).await;
    let mut revision = 0;
    for n in 0..60 {
        revision = comment(&client, &key, n).await;
        read_to(&mut quick, revision).await;
    }
    let ended = loop {
        match next(&mut slow).await {
            Ok(_) => {}
            Err(ended) => break ended,
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::OutOfRange, "WATCH_BEHIND"), "{ended:?}");
    let details = ended.get_error_details();
    let token = details.error_info().unwrap().metadata["resume_token"].clone();
    let mut resumed = watch_issue(&narrow, &key, token).await;
    read_to(&mut resumed, revision).await;
    let bytes = server.resident_bytes().unwrap();
    println!("60 changes of a row of 250 KiB; the server has {} MiB", bytes >> 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_watch_one_server_and_all_see_a_change() {
    const CONNECTIONS: usize = 8;
    const EACH: usize = 250;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, PROJECT).await.unwrap();
    assert_eq!(life::level(1), Level::CodeOrData);
    let filed = life::step(&client, PROJECT, 1, "", Step::File).await.unwrap();
    let before = server.resident_bytes().unwrap();
    let opened = std::time::Instant::now();
    let (told, all_told) = watch::channel(0_usize);
    let told = Arc::new(told);
    let mut watchers = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = Client::connect(&server.url).await.unwrap();
        for _ in 0..EACH {
            let request = WatchBoardRequest {
                project: PROJECT.into(),
                consistency: as_fresh_as([filed.token.clone()]),
                ..Default::default()
            };
            let stream = client.watches(DEVELOPER).watch_board(request).await.unwrap().into_inner();
            watchers.push(tokio::spawn(see(stream, filed.key.clone(), Arc::clone(&told))));
        }
    }
    let everybody = CONNECTIONS * EACH;
    let mut all = all_told.clone();
    timeout(PATIENCE, all.wait_for(|told| *told == everybody)).await.expect("all have the snapshot").unwrap();
    let (opened, changed) = (opened.elapsed(), std::time::Instant::now());
    life::step(&client, PROJECT, 1, &filed.key, Step::Triage).await.unwrap();
    for watcher in watchers {
        timeout(PATIENCE, watcher).await.expect("all see the change").unwrap();
    }
    let held = (server.resident_bytes().unwrap().saturating_sub(before)) >> 10;
    println!(
        "{everybody} watchers: opened in {opened:?}, all saw a change within {:?}; {held} KiB more in the server",
        changed.elapsed()
    );
}

/// Says when it has the issue, and ends when it sees it change.
async fn see(mut stream: Streaming<WatchBoardResponse>, key: String, told: Arc<watch::Sender<usize>>) {
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    let mut ready = false;
    while known.get(&key).is_none_or(|revision| *revision < 2) {
        let message = stream.message().await.unwrap().unwrap();
        known.extend(message.cards.into_iter().map(|card| (card.card.unwrap().key, card.revision)));
        if !ready && known.contains_key(&key) {
            ready = true;
            told.send_modify(|count| *count += 1);
        }
    }
}

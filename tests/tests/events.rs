//! Subscribers to the event feed, of a server that is killed under load again and again: each is told every event that it wants, in order,
//! and what the log's export has, no more and no less.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::events::v1::events_service_client::EventsServiceClient;
use api::events::v1::subscribe_events_response::Message;
use api::events::v1::{EventFormat, SubscribeEventsRequest, SubscribeEventsResponse};
use serde_json::Value;
use tests::client::Client;
use tests::life;
use tests::server::Server;
use tests::shell::clean;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tonic::{Code, Status};

const KILLS: u64 = 12;
/// So many steps at least are answered before each kill.
const ANSWERS_MIN: u64 = 20;
const WORKERS: u64 = 6;
const PROJECTS: [&str; 3] = ["PAY", "OPS", "LAB"];

/// Where an event stands, and which it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Told {
    partition: u64,
    position: u64,
    id: String,
    event_type: String,
    project: String,
}

/// A subscriber: what it wants, and how often it notes where it is.
#[derive(Debug, Clone, Default)]
struct Subscriber {
    request: SubscribeEventsRequest,
    /// It comes back with the token of every so-manyth message, and so hears some events again.
    notes_every: usize,
}

fn told(message: &SubscribeEventsResponse) -> Option<Told> {
    let event = match message.message.as_ref().unwrap() {
        Message::Event(event) => event.clone(),
        Message::CloudEvent(cloud) => {
            let Some(api::io::cloudevents::v1::cloud_event::Data::ProtoData(data)) = &cloud.data else { panic!() };
            prost::Message::decode(data.value.as_slice()).unwrap()
        }
        Message::Undecodable(event) => panic!("{event:?}"),
        Message::Bookmark(_) => return None,
    };
    let (partition, position) = (event.partition.into(), event.position);
    Some(Told { partition, position, id: event.id, event_type: event.r#type, project: event.project })
}

fn at_end(message: &SubscribeEventsResponse) -> bool {
    matches!(&message.message, Some(Message::Bookmark(bookmark)) if bookmark.at_end)
}

impl Subscriber {
    fn wants(&self, told: &Told) -> bool {
        let named = |names: &[String], name: &String| names.is_empty() || names.contains(name);
        named(&self.request.projects, &told.project) && named(&self.request.types, &told.event_type)
    }

    /// Listens until the load is over and everything was told. Whenever the stream breaks it comes back with its last token.
    async fn listen(mut self, url: String, over: Arc<AtomicBool>) -> Vec<Told> {
        let mut heard = Vec::new();
        loop {
            // A stream that begins after the load's end is at its end once it has told everything.
            let last = over.load(Ordering::SeqCst);
            match self.stream(&url, last, &over, &mut heard).await {
                Ok(()) if last => return heard,
                Ok(()) => {}
                Err(status) => {
                    let broken =
                        matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal);
                    assert!(broken, "{status:?}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }

    async fn stream(&mut self, url: &str, last: bool, over: &AtomicBool, heard: &mut Vec<Told>) -> Result<(), Status> {
        let client = Client::connect(url).await.map_err(|error| Status::unavailable(error.to_string()))?;
        let mut events: EventsServiceClient<_> = client.events("listener");
        let mut messages = events.subscribe_events(self.request.clone()).await?.into_inner();
        let mut since_noted = 0;
        loop {
            let message = messages.message().await?.ok_or_else(|| Status::unavailable("the stream ended"))?;
            heard.extend(told(&message));
            since_noted += 1;
            if at_end(&message) && (last || over.load(Ordering::SeqCst)) {
                self.request.token = message.token;
                return Ok(());
            }
            if since_noted >= self.notes_every {
                since_noted = 0;
                self.request.token = message.token;
            }
        }
    }
}

/// Lives issues until the server is gone, and says of each step that it was answered. What a caller is not told is no matter here.
async fn live(client: Client, project: &'static str, first: u64, answers: UnboundedSender<()>) {
    for number in (first..).step_by(usize::try_from(WORKERS).unwrap()) {
        let mut key = String::new();
        for step in life::steps(life::level(number)) {
            match life::step(&client, project, number, &key, *step).await {
                Ok(answered) => key.clone_from(&answered.key),
                Err(_) => return,
            }
            answers.send(()).unwrap();
        }
    }
}

/// Loads the server until it has answered so much, and kills it.
async fn crash(data: &Path, listen: &[&str], kill: u64) {
    let server = Server::start_with(data, listen).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    if kill == 0 {
        for project in PROJECTS {
            life::project(&client, project).await.unwrap();
        }
    }
    let (answers, mut answered) = unbounded_channel();
    let project = |worker: u64| PROJECTS[usize::try_from(worker % 3).unwrap()];
    let load: Vec<_> = (0..WORKERS)
        .map(|worker| tokio::spawn(live(client.clone(), project(worker), worker, answers.clone())))
        .collect();
    drop(answers);
    for _ in 0..ANSWERS_MIN + kill * 53 % 40 {
        answered.recv().await.unwrap();
    }
    server.kill().await.unwrap();
    for worker in load {
        worker.await.unwrap();
    }
}

/// What the log has, by its export.
async fn exported(data: &Path) -> Vec<Told> {
    let file = data.join("export.zst");
    let mut export = clean(data);
    export.args(["log", "export"]).arg(&file).arg("--data").arg(data);
    let said = export.output().await.unwrap();
    assert!(said.status.success(), "{said:?}");
    let lines = zstd::decode_all(std::fs::File::open(&file).unwrap()).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|line| line.get("event_id").is_some()).map(|line| from_json(&line)).collect()
}

fn from_json(line: &Value) -> Told {
    let text = |name: &str| line[name].as_str().unwrap().to_owned();
    Told {
        partition: line["partition"].as_u64().unwrap(),
        position: line["position"].as_u64().unwrap(),
        id: text("event_id"),
        event_type: text("event_type"),
        project: text("project"),
    }
}

fn by_partition<'t>(told: impl IntoIterator<Item = &'t Told>) -> BTreeMap<u64, Vec<&'t Told>> {
    let mut partitions: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    for told in told {
        partitions.entry(told.partition).or_default().push(told);
    }
    partitions
}

/// Told again are only events that were told before: without those, it is the log.
#[track_caller]
fn check(what: &str, subscriber: &Subscriber, heard: &[Told], log: &[Told]) {
    let mut seen = HashSet::new();
    let first: Vec<&Told> = heard.iter().filter(|told| seen.insert((told.partition, told.position))).collect();
    if subscriber.notes_every <= 1 {
        assert_eq!(first.len(), heard.len(), "{what}: who notes every token hears nothing twice");
    }
    let wanted = log.iter().filter(|told| subscriber.wants(told));
    assert_eq!(by_partition(first), by_partition(wanted), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_of_a_server_that_is_killed_are_told_what_the_log_has() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let address = format!("127.0.0.1:{}", test_servers::ports::free().unwrap());
    let (url, listen) = (format!("http://{address}"), ["--listen", address.as_str()]);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = SubscribeEventsRequest::default();
    let cloud = SubscribeEventsRequest { format: EventFormat::Cloudevents.into(), ..all.clone() };
    let of_pay = SubscribeEventsRequest { projects: names(&["PAY", "LAB"]), ..all.clone() };
    let rare = SubscribeEventsRequest { types: names(&["IssueClosed", "ReleaseDeployed"]), ..all.clone() };
    let subscribers = [
        ("all", Subscriber { request: all.clone(), notes_every: 1 }),
        ("all, seldom noted", Subscriber { request: all, notes_every: 17 }),
        ("cloud events", Subscriber { request: cloud, notes_every: 1 }),
        ("two projects", Subscriber { request: of_pay, notes_every: 1 }),
        ("rare ones", Subscriber { request: rare, notes_every: 1 }),
    ];
    let over = Arc::new(AtomicBool::new(false));
    let listening: Vec<_> = subscribers
        .iter()
        .map(|(_, subscriber)| tokio::spawn(subscriber.clone().listen(url.clone(), Arc::clone(&over))))
        .collect();
    let mut command = clean(data);
    command.args(["events", "--follow", "--json", "--server", &url, "--actor", "script"]);
    let mut script = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    for kill in 0..KILLS {
        crash(data, &listen, kill).await;
    }
    let server = Server::start_with(data, &listen).await.unwrap();
    over.store(true, Ordering::SeqCst);
    let mut heard = Vec::new();
    for listening in listening {
        heard.push(listening.await.unwrap());
    }
    let log = exported(data).await;
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    let mut printed = Vec::new();
    while printed.len() < log.len() {
        let line: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        let event = &line["event"];
        if event.is_null() {
            assert!(line["bookmark"].is_object(), "{line}");
            continue;
        }
        printed.push(Told {
            partition: event["partition"].as_u64().unwrap(),
            position: event["position"].as_u64().unwrap(),
            id: event["id"].as_str().unwrap().to_owned(),
            event_type: event["type"].as_str().unwrap().to_owned(),
            project: event["project"].as_str().unwrap().to_owned(),
        });
    }
    assert_eq!(server.stop().await.unwrap().code, Some(0));
    assert!(log.len() as u64 > ANSWERS_MIN * KILLS, "the load was a load: {} events", log.len());
    for ((what, subscriber), heard) in subscribers.iter().zip(&heard) {
        check(what, subscriber, heard, &log);
    }
    check("a script", &Subscriber { notes_every: 1, ..Subscriber::default() }, &printed, &log);
    println!("{} events through {KILLS} kills, to {} subscribers", log.len(), heard.len() + 1);
}

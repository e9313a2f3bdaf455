//! A server whose figures can be read, and that has done everything once.

use std::collections::{BTreeMap, BTreeSet};

use api::boards::v1::GetBoardRequest;
use api::events::v1::SubscribeEventsRequest;
use api::events::v1::subscribe_events_response::Message;
use prometheus_parse::{Scrape, Value};
use tests::client::{Client, as_fresh_as};
use tests::life::{self, Step};
use tests::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// A server with figures, in a folder of its own.
pub(crate) struct Observed {
    pub(crate) server: Server,
    _folder: tempfile::TempDir,
}

/// What was scraped.
#[derive(Debug)]
pub(crate) struct Scraped {
    /// Every family by name, with the labels its series have.
    pub(crate) families: BTreeMap<String, BTreeSet<String>>,
    /// Every series' name: a histogram's are `…_bucket`, `…_sum` and `…_count`.
    pub(crate) series: BTreeMap<String, BTreeSet<String>>,
}

impl Observed {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let server = Server::start_reacting(&data, &["--metrics-addr", "127.0.0.1:0"]).await.unwrap();
        Self { server, _folder: folder }
    }

    /// GETs a page: its status and its body.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        get(self.server.metrics.as_deref().expect("it says where its figures are"), path).await
    }

    pub(crate) async fn scrape(&self) -> Scraped {
        let (code, text) = self.get("/metrics").await;
        assert_eq!(code, 200, "{text}");
        scraped(&text)
    }

    /// Commands that succeed, one that fails, a query, somebody who watches, something that the system does by itself: every figure has something
    /// to tell.
    pub(crate) async fn has_done_everything(&self) {
        let client = Client::connect(&self.server.url).await.unwrap();
        life::project(&client, "PAY").await.unwrap();
        let filed = life::step(&client, "PAY", 1, "", Step::File).await.unwrap();
        let refused = life::step(&client, "PAY", 1, &filed.key, Step::Accept).await;
        refused.expect_err("nothing untriaged is accepted");
        let board =
            GetBoardRequest { project: "PAY".into(), consistency: as_fresh_as([filed.token]), ..Default::default() };
        client.boards(life::DEVELOPER).get_board(board).await.unwrap();
        let mut key = filed.key;
        for step in [Step::Triage, Step::Accept, Step::Resolve, Step::Verify, Step::Deploy] {
            key = life::step(&client, "PAY", 1, &key, step).await.unwrap().key;
        }
        let types = vec!["MarkedInProduction".to_owned()];
        let marked = SubscribeEventsRequest { types, ..Default::default() };
        let mut marked = client.events(life::OPERATOR).subscribe_events(marked).await.unwrap().into_inner();
        while !matches!(marked.message().await.unwrap().unwrap().message, Some(Message::Event(_))) {}
        let channel = Endpoint::from_shared(self.server.url.clone()).unwrap().connect().await.unwrap();
        let mut health = HealthClient::new(channel);
        let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
        watched.message().await.unwrap().expect("health is told at once");
    }
}

/// GETs a page of `HOST:PORT`.
pub(crate) async fn get(address: &str, path: &str) -> (u16, String) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(!head.to_lowercase().contains("transfer-encoding: chunked"), "{head}");
    (head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status"), body.to_owned())
}

/// Reads Prometheus' text format.
fn scraped(text: &str) -> Scraped {
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let (mut families, mut series) = (BTreeMap::<_, BTreeSet<_>>::new(), BTreeMap::<_, BTreeSet<_>>::new());
    let helped = |name: &str| scrape.docs.contains_key(name);
    for sample in &scrape.samples {
        // Who made it is the same for all.
        let own = sample.labels.keys().filter(|label| !label.starts_with("otel_scope_"));
        let labels: Vec<String> = own.cloned().collect();
        let is_histogram = matches!(sample.value, Value::Histogram(_));
        let name = if is_histogram { format!("{}_bucket", sample.metric) } else { sample.metric.clone() };
        let family = ["_sum", "_count", "_bucket"]
            .iter()
            .find_map(|part| name.strip_suffix(part).filter(|family| helped(family)))
            .unwrap_or(&sample.metric);
        families.entry(family.to_owned()).or_default().extend(labels.iter().cloned());
        let of_series = series.entry(name).or_default();
        of_series.extend(labels);
        if is_histogram {
            of_series.insert("le".to_owned());
        }
    }
    for family in families.keys() {
        assert!(helped(family), "{family} says what it is");
    }
    Scraped { families, series }
}

//! One trace, from a client's call to the views that show what it did.

use std::path::Path;

use api::boards::v1::GetBoardRequest;
use event_log::{EventLog as _, Founding, Identity};
use event_log_sqlite::{Options, SqliteLog};
use tests::client::{Client, as_fresh_as};
use tests::collector::{Collector, Keep, Received, Span};
use tests::life;
use tests::server::Server;
use tests::shell::{clean, said};
use uuid::Uuid;

fn one<'r>(received: &'r Received, service: &str, name: &str) -> &'r Span {
    let found: Vec<&Span> = received.spans.iter().filter(|span| span.service == service && span.name == name).collect();
    let names = || received.spans.iter().map(|span| format!("{} of {}", span.name, span.service)).collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "one {name} of {service} among {:?}", names());
    found[0]
}

#[tokio::test]
async fn a_collector_gets_one_connected_trace_from_the_call_to_the_projection() {
    // Given a server that sends to a collector, and a project that its views show.
    let collector = Collector::start(Keep::All).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(&folder.path().join("data"), &["--otlp-endpoint", &collector.url]).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, "PAY").await.unwrap();
    let filed = life::step(&client, "PAY", 1, "", life::Step::File).await.unwrap();
    let board = |token: String| GetBoardRequest {
        project: "PAY".into(),
        consistency: as_fresh_as([token]),
        ..Default::default()
    };
    client.boards(life::DEVELOPER).get_board(board(filed.token)).await.unwrap();
    // When somebody files an issue with the command line, which sends there too.
    let mut filing = clean(folder.path());
    let words =
        "issue file PAY --title Paid-twice --customer acme --channel email --raised-by carla --json=consistency_token";
    filing.args(words.split(' ')).env("SNAGLOG_SERVER", &server.url).env("SNAGLOG_ACTOR", "carla");
    filing.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let filed = said(filing).await;
    assert_eq!(filed.code, 0, "{filed:?}");
    let answer: serde_json::Value = serde_json::from_str(&filed.out).unwrap();
    let token = answer["consistency_token"].as_str().unwrap().to_owned();
    client.boards(life::DEVELOPER).get_board(board(token)).await.unwrap();
    // And the server has ended, and so sent everything.
    server.stop().await.unwrap();
    let received = collector.received();
    // Then all of it is one trace, each part below the one that led to it.
    let command = one(&received, "snaglog-cli", "snaglog issue file");
    let in_trace = Received {
        spans: received.spans.iter().filter(|span| span.trace == command.trace).cloned().collect(),
        ..Received::default()
    };
    assert_eq!(command.parent, Vec::<u8>::new(), "it begins the trace");
    let call = one(&in_trace, "snaglog", "snaglog.issues.v1.IssuesService/FileIssue");
    assert_eq!(call.parent, command.id);
    assert_eq!(call.attributes["rpc.response.status_code"], "OK");
    for name in ["decide", "append"] {
        assert_eq!(one(&in_trace, "snaglog", name).parent, call.id, "{name} is below the call");
    }
    let fold = one(&in_trace, "snaglog", "fold");
    assert_eq!(fold.parent, call.id, "a batch of this event alone goes on with its trace");
    assert_eq!(fold.links, [(call.trace.clone(), call.id.clone())], "and links to it");
    // Which it can since the event in the log names the call.
    let named = format!("00-{}-{}-01", hex(&call.trace), hex(&call.id));
    let recorded = recorded(&folder.path().join("data")).await;
    assert!(recorded.contains(&named), "{named} among {recorded:?}");
    // And figures and log records came as well.
    assert!(received.metrics.contains_key("rpc.server.call.duration"), "{:?}", received.metrics.keys());
    assert!(received.metrics.contains_key("snaglog.view.lag"), "{:?}", received.metrics.keys());
}

/// The trace contexts that the log in this folder has events of.
async fn recorded(data: &Path) -> Vec<String> {
    let founding = Founding { identity: Identity::new(Uuid::nil(), 8), filling: false };
    let log = SqliteLog::open(data.join("log.db"), &Options::new(founding)).unwrap();
    let mut found = Vec::new();
    for partition in 0..log.identity().partitions {
        let page = log.read_partition(partition, 0, 1000).await.unwrap();
        let metadata = page.records.into_iter().map(|recorded| recorded.record.header.metadata);
        found.extend(metadata.filter_map(|metadata| metadata.traceparent).map(|traceparent| traceparent.to_string()));
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

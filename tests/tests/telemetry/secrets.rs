//! What issues say, and what opens doors, is in no log line, no log record, no span and no figure.

use tests::client::{Client, reason};
use tests::collector::{Collector, Keep};
use tests::life;
use tests::server::Server;

use crate::given::get;

/// Everything that somebody writes into an issue, in words that are nowhere else.
const WRITTEN: [&str; 6] =
    ["Quittenbaum", "Zwetschgenkuchen", "Holunderbluete", "Mirabellenschnaps", "quitten@example.org", "Stachelbeere"];

#[tokio::test]
async fn what_an_issue_says_is_told_to_nobody() {
    // Given a server that tells as much as it can, to a collector that wants a password.
    let collector = Collector::start(Keep::All).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lines = folder.path().join("lines");
    let telling = ["--otlp-endpoint", &collector.url, "--metrics-addr", "127.0.0.1:0"];
    let logging = ["--log-level", "trace", "--log-format", "json"];
    let flags: Vec<&str> = telling.into_iter().chain(logging).collect();
    let password = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Brombeerhecke");
    let server = Server::start_logged(&folder.path().join("data"), &flags, &[password], &lines).await.unwrap();
    let client = Client::connect(&server.url).await.unwrap();
    life::project(&client, "PAY").await.unwrap();
    // When an issue is filed, traced, that says all this, then commented, and a malformed one is refused.
    let filing = filing();
    let mut traced = tonic::Request::new(filing.clone());
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    traced.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    let filed = client.issues(life::CUSTOMER).file_issue(traced).await.unwrap().into_inner();
    let key = filed.issue.unwrap().key;
    let comment = api::issues::v1::CommentOnIssueRequest {
        request_id: tests::client::request_id(),
        key,
        text: WRITTEN[5].into(),
        ..Default::default()
    };
    client.issues(life::CUSTOMER).comment_on_issue(comment).await.unwrap();
    let mut other = filing;
    other.title = format!("{} again", WRITTEN[0]);
    let refused = client.issues(life::CUSTOMER).file_issue(other).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let (code, figures) = get(server.metrics.as_deref().unwrap(), "/metrics").await;
    assert_eq!(code, 200);
    server.stop().await.unwrap();
    // Then nothing of it is anywhere.
    let (lines, sent) = (std::fs::read_to_string(&lines).unwrap(), collector.received());
    assert!(sent.spans.iter().any(|span| span.name == "append"), "there is a trace to look through");
    assert!(!sent.records.is_empty() && lines.len() > 1000, "and log records, and lines");
    for word in WRITTEN.iter().copied().chain(["Brombeerhecke"]) {
        for (place, text) in [("a log line", &lines), ("what was sent", &sent.all), ("a figure", &figures)] {
            let found = text.lines().find(|line| line.contains(word));
            assert_eq!(found, None, "{word} is in {place}");
        }
    }
}

fn filing() -> api::issues::v1::FileIssueRequest {
    let mut filing = life::filing("PAY", 1);
    filing.title = WRITTEN[0].into();
    let report = filing.report.get_or_insert_default();
    report.steps = WRITTEN[1].into();
    report.actual = WRITTEN[2].into();
    report.expected = format!("{} {}", WRITTEN[3], WRITTEN[4]);
    filing
}

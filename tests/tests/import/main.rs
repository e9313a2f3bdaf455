//! Histories of another system come in through the command line, as a user would bring them.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod again;
mod course;
mod flow;
mod generated;
mod golden;
mod made_up;
mod scratched;
mod whole;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use api::projects::v1::AddCustomerRequest;
use serde_json::{Value as Json, json};
use tests::client::{Client, request_id};
use tests::life;
use tests::server::{Server, binary};
use tokio::process::{Child, Command};

/// What a command answered.
struct Answer {
    code: Option<i32>,
    lines: Vec<Json>,
    errors: String,
}

fn command(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).args(["--json", "--server", url, "--actor", "importer"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn snaglog(url: &str, arguments: &[&str]) -> Answer {
    let output = command(url, arguments).output().await.unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    Answer {
        code: output.status.code(),
        lines: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A server with the project `BUG`, in this folder.
async fn server(folder: &Path) -> Server {
    let server = Server::start(&folder.join("data")).await.unwrap();
    assert_eq!(snaglog(&server.url, &["project", "create", "BUG"]).await.code, Some(0));
    server
}

async fn import(url: &str, file: &Path) -> Answer {
    snaglog(url, &["import", "bugzilla", file.to_str().unwrap(), "--project", "bug"]).await
}

/// A token that stands for all that the project has by now: that of one more command, which touches no issue.
async fn token(url: &str) -> String {
    let mut projects = Client::connect(url).await.unwrap().projects(life::DEVELOPER);
    let customer = AddCustomerRequest {
        request_id: request_id(),
        project: "BUG".into(),
        customer: request_id(),
        ..Default::default()
    };
    projects.add_customer(customer).await.unwrap().into_inner().consistency_token
}

/// The project's issues by what they are called in Bugzilla.
async fn issues(url: &str) -> BTreeMap<String, Json> {
    listed(url, &["--at-least", &token(url).await]).await
}

/// The same, as a list with these flags shows them.
async fn listed(url: &str, flags: &[&str]) -> BTreeMap<String, Json> {
    let listed = snaglog(url, &[&["issue", "list", "BUG", "--limit", "100000"], flags].concat()).await;
    let by_reference = |issue: Json| (issue["source"]["reference"].as_str().unwrap().to_owned(), issue);
    listed.lines.into_iter().map(by_reference).collect()
}

fn file(folder: &Path, lines: &[String]) -> PathBuf {
    let file = folder.join("bugs.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    file
}

/// A bug of 2014 with a status change a day: `(status, resolution)`, from NEW.
fn bug(id: u64, steps: &[(&str, &str)]) -> Json {
    let (mut status, mut resolution) = ("NEW", "");
    let mut history = Vec::new();
    for (day, step) in (2..).zip(steps) {
        let changes = json!([
            {"field": "status", "removed": status, "added": step.0},
            {"field": "resolution", "removed": resolution, "added": step.1},
        ]);
        history.push(json!({"when": format!("2014-07-{day:02}T00:00:00Z"), "who": "bob", "changes": changes}));
        (status, resolution) = *step;
    }
    json!({
        "id": id, "summary": format!("bug {id}"), "creator": "ann", "creation_time": "2014-07-01T00:00:00Z",
        "status": status, "resolution": resolution, "severity": "major", "component": "DOM: Core & HTML",
        "comment_count": 2, "history": history,
    })
}

#[tokio::test]
async fn bad_lines_do_not_stop_the_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let mut copy = bug(8, &[("RESOLVED", "DUPLICATE")]);
    copy["dupe_of"] = 9.into();
    let lines =
        [copy.to_string(), "{\"id\": 3".into(), String::new(), bug(9, &[("ASSIGNED", "")]).to_string(), "[]".into()];

    let answer = import(&server.url, &file(folder.path(), &lines)).await;

    let skipped = json!({"comments": 4, "line: not JSON": 1, "line: not an object": 1});
    let expected = json!({"bugs": 2, "commands": 6, "already_there": 0, "failed": 2, "told": {"status": 2, "resolution": 2}, "skipped": skipped, "adjusted": {}});
    assert_eq!(answer.lines, [expected]);
    assert_eq!(answer.code, Some(1), "something was left out that should not be: {}", answer.errors);
    assert!(answer.errors.contains("line 2: not JSON"), "{}", answer.errors);
    let issues = issues(&server.url).await;
    let (copy, root) = (&issues["bugzilla:8"], &issues["bugzilla:9"]);
    assert_eq!((&copy["key"], &copy["state"]), (&json!("BUG-1"), &json!("Dismissed")));
    assert_eq!((&copy["dismissal"], &copy["duplicate_of"]), (&json!("Duplicate"), &root["key"]));
    assert_eq!((&root["state"], &root["severity"]), (&json!("Accepted"), &json!("sev2")));
    assert_eq!((&root["component"], &root["filed_at"]), (&json!("DOM:Core-HTML"), &json!("2014-07-01T00:00:00Z")));
}

#[tokio::test]
async fn each_fact_shows_as_imported_and_implied_steps_as_implied() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let bugs = file(folder.path(), &[bug(9, &[("VERIFIED", "FIXED")]).to_string()]);
    assert_eq!(import(&server.url, &bugs).await.code, Some(0));

    let told = snaglog(&server.url, &["history", "BUG-1"]).await.lines;

    let mut story = String::new();
    for event in &told {
        let origin = &event["origin"];
        let implied = if origin["implied"] == true { ", implied" } else { "" };
        let (kind, who, when) = (&event["type"], &event["actor"], &event["occurred_at"]);
        writeln!(story, "{kind} by {who} at {when}{implied}").unwrap();
        assert_eq!(
            (&origin["system"], &origin["reference"], &origin["imported_by"]),
            (&json!("bugzilla"), &json!("9"), &json!("importer"))
        );
    }
    let expected = r#""IssueFiled" by "ann" at "2014-07-01T00:00:00Z"
"IssueTriaged" by "ann" at "2014-07-01T00:00:00Z", implied
"IssueAccepted" by "bob" at "2014-07-02T00:00:00Z", implied
"IssueResolved" by "bob" at "2014-07-02T00:00:00Z", implied
"IssueVerified" by "bob" at "2014-07-02T00:00:00Z"
"#;
    assert_eq!(story, expected);
}

#[tokio::test]
async fn without_project_or_server_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data")).await.unwrap();
    let bugs = file(folder.path(), &[bug(9, &[]).to_string()]);

    let refused = import(&server.url, &bugs).await;
    assert_eq!(refused.code, Some(3));
    assert!(refused.errors.contains("Try: snaglog project create BUG"), "{}", refused.errors);
    let create = ["import", "bugzilla", bugs.to_str().unwrap(), "--project", "BUG", "--create-project"];
    assert_eq!(snaglog(&server.url, &create).await.lines[0]["commands"], 2);

    server.stop().await.unwrap();
    let unreachable = import("http://127.0.0.1:1", &bugs).await;
    assert_eq!(unreachable.code, Some(6), "{}", unreachable.errors);
}

/// Waits until 40 issues are listed, while the import goes on.
async fn shows_40(server: &str, filter: &[&str], importing: &mut Child) {
    let list = [&["issue", "list", "BUG", "--limit", "40"], filter].concat();
    while snaglog(server, &list).await.lines.len() < 40 {
        assert_eq!(importing.try_wait().unwrap(), None, "the import has ended before");
    }
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let life =
        [("ASSIGNED", ""), ("RESOLVED", "FIXED"), ("REOPENED", ""), ("RESOLVED", "FIXED"), ("VERIFIED", "FIXED")];
    let lines: Vec<String> = (1..=400).map(|id| bug(id, &life).to_string()).collect();
    let bugs = file(folder.path(), &lines);
    let whole = ["import", "bugzilla", bugs.to_str().unwrap(), "--project", "BUG"];

    let mut killed = command(&server.url, &whole).spawn().unwrap();
    // All are filed, and the first of them are resolved: it is half-way through.
    shows_40(&server.url, &["--state", "verified"], &mut killed).await;
    killed.kill().await.unwrap();

    let again = import(&server.url, &bugs).await;
    let counts = |name: &str| again.lines[0][name].as_u64().unwrap();
    assert_eq!(counts("commands") + counts("already_there"), 400 * 7, "filed, triaged, and five changes each");
    assert!(counts("already_there") >= 400 + 40 * 6, "{:?}", again.lines);
    let issues = issues(&server.url).await;
    assert_eq!(issues.len(), 400);
    for (reference, issue) in &issues {
        assert_eq!((&issue["state"], &issue["revision"]), (&json!("Verified"), &json!(7)), "{reference}");
        assert_eq!(format!("BUG-{}", reference.trim_start_matches("bugzilla:")), issue["key"], "keys follow the file");
    }
}

#[tokio::test]
async fn a_server_that_crashes_and_comes_back_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path()).await;
    let address = first.url.trim_start_matches("http://").to_owned();
    let lines: Vec<String> =
        (1..=400).map(|id| bug(id, &[("ASSIGNED", ""), ("RESOLVED", "FIXED")]).to_string()).collect();
    let bugs = file(folder.path(), &lines);
    let whole = ["import", "bugzilla", bugs.to_str().unwrap(), "--project", "BUG"];

    let mut importing = command(&first.url, &whole).spawn().unwrap();
    shows_40(&first.url, &[], &mut importing).await;
    first.kill().await.unwrap();
    let second = Server::start_with(&folder.path().join("data"), &["--listen", &address]).await.unwrap();

    let output = importing.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Json = serde_json::from_slice(&output.stdout).unwrap();
    let counts = |name: &str| told[name].as_u64().unwrap();
    assert_eq!(counts("commands") + counts("already_there"), 400 * 4, "what was in flight is there once");
    let imported = issues(&second.url).await;
    assert_eq!(imported.values().filter(|issue| issue["state"] == "Resolved").count(), 400);
}

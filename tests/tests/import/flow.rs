//! The flow of imported histories: where issues stood, how many came and went, and how long things took, each on the day on which it happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::Value as Json;
use tests::server::{Server, binary};
use tokio::process::Command;

use super::whole::{Stand, sample, stands};
use super::{import, server, snaglog, token};

/// A server with the bugs of this file, and a token of them all.
async fn imported(folder: &Path, file: &Path) -> (Server, String) {
    let server = server(folder).await;
    assert_eq!(import(&server.url, file).await.code, Some(0));
    let token = token(&server.url).await;
    (server, token)
}

/// What the command shows to people, or as a sheet.
async fn told(url: &str, line: &str, token: &str) -> String {
    let words = line.split_whitespace().chain(["--at-least", token]);
    let mut command = Command::new(binary());
    command.args(words).args(["--server", url, "--actor", "importer"]).env("NO_COLOR", "1");
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// How many stood where when this instant came, by the bugs' own histories.
fn stood(bugs: &[Json], until: &str) -> BTreeMap<Stand, i64> {
    let mut count = BTreeMap::new();
    for bug in bugs.iter().filter(|bug| bug["creation_time"].as_str().unwrap() < until) {
        let statuses = || bug["history"].as_array().unwrap().iter().flat_map(|entry| {
            let changes = entry["changes"].as_array().unwrap().iter();
            changes.filter(|change| change["field"] == "status").map(move |change| (entry, change))
        });
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let first = statuses().next().map_or(text(&bug["status"]), |(_, change)| text(&change["removed"]));
        let first_resolution = if statuses().next().is_none() { text(&bug["resolution"]) } else { String::new() };
        let mut stood = stands(None, &first, &first_resolution);
        for (entry, change) in statuses().filter(|(entry, _)| entry["when"].as_str().unwrap() < until) {
            let changes = entry["changes"].as_array().unwrap();
            let resolution = changes.iter().find(|change| change["field"] == "resolution");
            let resolution = resolution.map_or_else(
                || if matches!(stood.0, "Dismissed") { String::from("WONTFIX") } else { String::from("FIXED") },
                |change| text(&change["added"]),
            );
            stood = stands(Some(stood), &text(&change["added"]), &resolution);
        }
        *count.entry(stood).or_default() += 1;
    }
    count
}

const STATES: [(&str, Stand); 7] = [
    ("new_untriaged", ("New", false)),
    ("new_triaged", ("New", true)),
    ("accepted", ("Accepted", true)),
    ("resolved", ("Resolved", true)),
    ("verified", ("Verified", true)),
    ("closed", ("Closed", true)),
    ("dismissed", ("Dismissed", true)),
];

/// Holds each month against the bugs' own histories.
async fn check(server: &Server, token: &str, bugs: &[Json], years: std::ops::Range<i32>) {
    for year in years {
        let (since, until) = (format!("{year}-01-01T00:00:00Z"), format!("{}-01-01T00:00:00Z", year + 1));
        let window = ["--since", &since, "--until", &until, "--at-least", token];
        let months = snaglog(&server.url, &[&["flow", "BUG", "--step", "month"][..], &window].concat()).await;
        let days = snaglog(&server.url, &[&["flow", "BUG", "--step", "day"][..], &window].concat()).await;
        let of = |answer: &Json| answer["series"][0]["steps"].as_array().unwrap().clone();
        let (months, days) = (of(&months.lines[0]), of(&days.lines[0]));
        assert_eq!(months.len(), 12);
        for (steps, what) in [(months, "month"), (days, "day")] {
            let ends = steps[1..].iter().map(|step| step["start"].as_str().unwrap().to_owned()).chain([until.clone()]);
            for (step, end) in steps.iter().zip(ends) {
                let expected = stood(bugs, &end);
                let told = STATES.map(|(field, _)| step[field].as_i64().unwrap());
                // A dismissed issue may have been triaged or not.
                let expected = STATES.map(|(_, (state, triaged))| {
                    let same = |stand: &Stand| stand.0 == state && (state != "New" || stand.1 == triaged);
                    expected.iter().filter(|(stand, _)| same(stand)).map(|(_, count)| count).sum::<i64>()
                });
                assert_eq!(told, expected, "the {what} that ends {end}");
            }
        }
    }
}

fn bugs(file: &Path) -> Vec<Json> {
    std::fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn imported_issues_flow_as_their_histories_say() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let (server, token) = imported(folder.path(), &file).await;
    check(&server, &token, &bugs(&file), 2019..2020).await;

    let window = "--since 2019-02-25T00:00:00Z --until 2019-04-22T00:00:00Z";
    let told = async |line: &str| told(&server.url, &format!("flow BUG {window} {line}"), &token).await;
    assert_snapshot!(told("").await, @"");
    assert_snapshot!(told("--by severity").await, @"");
    assert_snapshot!(told("--throughput").await, @"");
    assert_snapshot!(told("--throughput --by component").await, @"");
    assert_snapshot!(told("--times").await.replace(char::is_numeric, "9"), @"");
    assert_snapshot!(told("--throughput --csv").await, @"");
    assert_snapshot!(told("--times --by severity --csv").await, @"");
    assert_snapshot!(told("--step month --json").await, @"");
    assert_snapshot!(told("--throughput --step month --json").await, @"");
    assert_snapshot!(told("--times --by nature --json=by,since,until,values").await, @"");
}

/// What a query finds in the views' database, a row a line.
fn found(folder: &Path, query: &str) -> Vec<String> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let views = rusqlite::Connection::open_with_flags(folder.join("data/views.db"), flags).unwrap();
    let mut statement = views.prepare(query).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let values = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at).map(|value| format!("{value:?}")));
        Ok(values.collect::<Result<Vec<_>, _>>()?.join(" "))
    };
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn the_doc_s_queries_read_the_tables_directly() {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl");
    let (server, token) = imported(folder.path(), &file).await;
    told(&server.url, "flow BUG --times", &token).await;

    let doc = include_str!("../../../docs/flow.md").replace("'PAY'", "'BUG'").replace("'-90 days'", "'-90 years'");
    let queries: Vec<&str> = doc.split("```sql").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [standing, lead] = queries[..] else { panic!("the doc has two queries: {queries:?}") };
    let standing = found(folder.path(), standing);
    // The last of them stands as the import left it: untriaged, triaged, accepted, resolved, verified.
    assert!(standing.last().unwrap().ends_with("Integer(1) Integer(2) Integer(2) Integer(1) Integer(1)"), "{standing:?}");
    assert_eq!(found(folder.path(), lead).len(), 1, "one was closed");
}

#[tokio::test]
async fn real_bugs_where_there_are_some_flow_as_their_histories_say() {
    let Some(sample) = sample() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = imported(folder.path(), &sample).await;
    let bugs = bugs(&sample);
    let year = |text: &Json| text.as_str().unwrap()[..4].parse::<i32>().unwrap();
    let first = bugs.iter().map(|bug| year(&bug["creation_time"])).min().unwrap();
    let last = bugs.iter().flat_map(|bug| bug["history"].as_array().unwrap()).map(|entry| year(&entry["when"])).max().unwrap();
    check(&server, &token, &bugs, first..last + 1).await;
}

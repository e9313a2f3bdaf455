//! Whole files: each bug stands where its own status and history say, and a second run adds nothing.
//!
//! `bugs.jsonl` is made up, a bug for each row of the mapping in `snaglog import bugzilla --help`; the same is checked over real bugs where
//! there are some.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tests::server::Server;
use tests::tools::skip;

use super::course::{course, time};
use super::{import, issues, server, snaglog, token};

/// Imports the file, twice, and holds every issue against its bug.
async fn check(server: &Server, file: &Path) {
    let text = std::fs::read_to_string(file).unwrap();
    let bugs: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let first = import(&server.url, file).await;

    assert_eq!((first.code, &first.lines[0]["bugs"]), (Some(0), &json!(bugs.len())), "{}", first.errors);
    assert_eq!(first.lines[0]["adjusted"], json!({}), "every history leads where its bug stands");
    let imported = issues(&server.url).await;
    assert_eq!(imported.len(), bugs.len());
    for bug in &bugs {
        let issue = &imported[&format!("bugzilla:{}", bug["id"])];
        let (since, stand) = course(bug).pop().unwrap();
        assert_eq!((&issue["state"], time(&issue["state_since"])), (&json!(stand.state), Some(since)), "{issue}");
        assert_eq!((&issue["filed_at"], &issue["title"]), (&bug["creation_time"], &bug["summary"]));
    }

    let second = import(&server.url, file).await;
    assert_eq!((second.code, &second.lines[0]["commands"]), (Some(0), &json!(0)), "{:?}", second.lines);
    assert_eq!(second.lines[0]["already_there"], first.lines[0]["commands"]);
    assert_eq!(issues(&server.url).await, imported, "a second run adds nothing");
}

/// What is told of an issue, in order: `+` after what the import implied.
async fn story(server: &Server, key: &str) -> String {
    let told = snaglog(&server.url, &["history", key]).await.lines;
    let told = told.iter().map(|event| {
        let implied = if event["origin"]["implied"] == true { "+" } else { "" };
        format!("{}{implied}", event["type"].as_str().unwrap())
    });
    told.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_row_of_the_mapping_has_a_bug_that_becomes_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;

    check(&server, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/bugs.jsonl")).await;

    let imported = issues(&server.url).await;
    // Number, severity, component, dismissal, duplicate of.
    let expected = [
        (1001, None, "Panel", None, None),
        (1002, Some("sev1"), "DOM:Core-HTML", None, None),
        (1003, Some("sev3"), "Search", None, None),
        (1004, Some("sev2"), "Panel", None, None),
        (1005, Some("sev1"), "Display", None, None),
        (1006, Some("sev3"), "Print", None, None),
        (1007, Some("sev2"), "DOM:Core-HTML", Some("Duplicate"), Some("BUG-2")),
        (1008, None, "DOM:Core-HTML", Some("Duplicate"), Some("bugzilla:77")),
        (1009, Some("sev3"), "Panel", Some("WontFix"), None),
        (1010, Some("sev1"), "Search", None, None),
        (1011, Some("sev3"), "Panel", None, None),
        (1012, None, "Search", Some("NoAnswer"), None),
    ];
    for (number, severity, component, dismissal, duplicate_of) in expected {
        let issue = &imported[&format!("bugzilla:{number}")];
        let of = |field: &str| issue[field].clone();
        let told = (of("severity"), of("component"), of("dismissal"), of("duplicate_of"));
        assert_eq!(told, (json!(severity), json!(component), json!(dismissal), json!(duplicate_of)), "{number}");
    }
    let triaged: Vec<_> = ["bugzilla:1001", "bugzilla:1002"].map(|bug| imported[bug]["triaged"].clone()).into();
    assert_eq!(triaged, [json!(false), json!(true)], "UNCONFIRMED, NEW");
    let tests = &snaglog(&server.url, &["issue", "show", "BUG-4", "--at-least", &token(&server.url).await]).await.lines
        [0]["tests"];
    assert_eq!(tests, &json!(["in-testsuite+ of bugzilla:1004"]));
    let stories = [
        ("BUG-3", "IssueFiled IssueTriaged+ IssueAccepted InformationRequested InformationProvided"),
        ("BUG-5", "IssueFiled IssueTriaged+ IssueAccepted+ IssueResolved+ IssueVerified"),
    ];
    for (key, expected) in stories {
        assert_eq!(story(&server, key).await, expected, "{key}");
    }
}

/// A file of real bugs; where there is none, the test that asks is skipped, and says so.
pub(super) fn sample() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(tests::BUGZILLA_SAMPLE);
    let sample = std::env::var_os("SNAGLOG_BUGZILLA_SAMPLE").map_or(default, PathBuf::from);
    let there = sample.is_file();
    if !there {
        skip(&format!("no sample at {}; name one in SNAGLOG_BUGZILLA_SAMPLE", sample.display()));
    }
    there.then_some(sample)
}

#[tokio::test]
async fn real_bugs_where_there_are_some_stand_where_their_own_status_says() {
    let Some(sample) = sample() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;

    check(&server, &sample).await;
}

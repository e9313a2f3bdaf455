//! Exports that grow: each later one adds what is new in it, also where a bug's own fields are not where its history leads.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::course::entries;
use super::whole::sample;
use super::{Answer, bug, file, import, issues, server};

async fn import_one(url: &str, folder: &Path, bug: &Json) -> Answer {
    import(url, &file(folder, &[bug.to_string()])).await
}

/// Somebody changes one field, on that day.
fn on(bug: &Json, day: u8, field: &str, removed: &str, added: &str) -> Json {
    let mut bug = bug.clone();
    let change = json!({ "field": field, "removed": removed, "added": added });
    let entry = json!({ "when": format!("2014-08-{day:02}T00:00:00Z"), "who": "eve", "changes": [change] });
    bug["history"].as_array_mut().unwrap().push(entry);
    bug
}

/// A bug whose own assignee, severity and component are not where its history leads.
fn at_odds() -> Json {
    let mut odd = on(&bug(9, &[]), 1, "assigned_to", "nobody", "cid");
    odd["assigned_to"] = json!("dot");
    odd = on(&odd, 2, "severity", "blocker", "normal");
    on(&odd, 3, "component", "General", "Widget")
}

#[tokio::test]
async fn what_was_brought_to_its_own_fields_is_there_already_when_the_history_grows() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let first = import_one(&server.url, folder.path(), &at_odds()).await;
    let skipped = json!({ "comments": 2 });
    let adjusted = json!({
        "assigned_to: not where the history leads": 1, "component: not where the history leads": 1,
        "severity: not where the history leads": 1,
    });
    assert_eq!((&first.lines[0]["skipped"], &first.lines[0]["adjusted"]), (&skipped, &adjusted));
    let before = issues(&server.url).await;

    let grown = on(&at_odds(), 9, "keywords", "", "perf");
    let second = import_one(&server.url, folder.path(), &grown).await;

    let told = &second.lines[0];
    assert_eq!((second.code, &told["commands"]), (Some(0), &json!(0)), "{told} {}", second.errors);
    assert_eq!(told["already_there"], first.lines[0]["commands"]);
    assert_eq!(issues(&server.url).await, before);

    let mut moved = on(&grown, 10, "assigned_to", "dot", "fay");
    moved["assigned_to"] = json!("fay");
    let third = import_one(&server.url, folder.path(), &moved).await;
    assert_eq!((third.code, &third.lines[0]["commands"]), (Some(0), &json!(1)), "{:?}", third.lines);
    assert_eq!(issues(&server.url).await["bugzilla:9"]["assignee"], "fay");
}

#[tokio::test]
async fn a_history_that_catches_up_with_its_bug_finds_it_standing_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let whole = bug(9, &[("RESOLVED", "FIXED")]);
    let mut short = whole.clone();
    (short["history"], short["last_resolved"]) = (json!([]), json!("2014-07-02T00:00:00Z"));
    assert_eq!(import_one(&server.url, folder.path(), &short).await.code, Some(0));
    let before = issues(&server.url).await;
    assert_eq!(before["bugzilla:9"]["state"], "Resolved");

    let second = import_one(&server.url, folder.path(), &whole).await;

    let told = &second.lines[0];
    assert_eq!((second.code, &told["failed"]), (Some(0), &json!(0)), "{told} {}", second.errors);
    assert_eq!(told["skipped"]["it stood so since an earlier import"], 1, "{told}");
    assert_eq!(issues(&server.url).await["bugzilla:9"]["state"], "Resolved");
}

#[tokio::test]
async fn a_change_that_the_issue_has_moved_past_is_left_out_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    assert_eq!(import_one(&server.url, folder.path(), &bug(9, &[("RESOLVED", "FIXED")])).await.code, Some(0));

    let mut other = bug(9, &[("ASSIGNED", "")]);
    other = on(&other, 1, "assigned_to", "nobody", "cid");
    let second = import_one(&server.url, folder.path(), &other).await;

    let told = &second.lines[0];
    assert_eq!((second.code, &told["failed"]), (Some(0), &json!(0)), "{told} {}", second.errors);
    assert_eq!(told["skipped"]["it stood elsewhere since an earlier import: AlreadyResolved"], 1, "{told}");
}

#[tokio::test]
async fn a_change_in_the_future_is_refused_once_and_what_follows_waits() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let mut early = bug(9, &[("RESOLVED", "FIXED"), ("VERIFIED", "FIXED")]);
    early["history"][0]["when"] = json!("2999-01-01T00:00:00Z");
    early["history"][1]["when"] = json!("2999-01-02T00:00:00Z");

    let answer = import_one(&server.url, folder.path(), &early).await;

    let told = &answer.lines[0];
    let skipped = json!({ "comments": 2, "refused: OccurredInFuture": 1, "after a change in the future": 2 });
    assert_eq!((answer.code, &told["failed"], &told["skipped"]), (Some(1), &json!(1), &skipped));
    let refusals: Vec<_> = answer.errors.lines().filter(|line| line.starts_with("bug ")).collect();
    assert_eq!(refusals, ["bug 9: accepted at 2999-01-01T00:00:00Z is refused: OccurredInFuture"]);
    assert_eq!(issues(&server.url).await["bugzilla:9"]["state"], "New");
}

/// The bug as it was when so many entries of its history had been made.
fn cut(bug: &Json, entries_made: usize) -> Json {
    let mut cut = bug.clone();
    let all: Vec<Json> = entries(bug).cloned().collect();
    for change in all[entries_made..].iter().rev().flat_map(|entry| entry["changes"].as_array().unwrap().iter().rev()) {
        let field = change["field"].as_str().unwrap();
        if ["status", "resolution", "severity", "component", "assigned_to"].contains(&field) {
            cut[field] = change["removed"].clone();
        }
    }
    let resolves =
        |entry: &&Json| entry["changes"].as_array().unwrap().iter().any(|change| change["added"] == "RESOLVED");
    cut["last_resolved"] =
        all[..entries_made].iter().rev().find(resolves).map_or(Json::Null, |entry| entry["when"].clone());
    if cut["resolution"] != "DUPLICATE" {
        cut["dupe_of"] = Json::Null;
    }
    cut["history"] = all[..entries_made].into();
    cut
}

#[tokio::test]
async fn real_bugs_where_there_are_some_grow_to_where_one_import_brings_them() {
    let Some(sample) = sample() else { return };
    let text = std::fs::read_to_string(&sample).unwrap();
    let bugs: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    let growing = server(folder.path()).await;
    for percent in [0, 34, 67, 100] {
        let at = |bug: &Json| cut(bug, entries(bug).count() * percent / 100).to_string();
        let lines: Vec<String> = bugs.iter().map(at).collect();

        let answer = import(&growing.url, &file(folder.path(), &lines)).await;

        assert_eq!(answer.code, Some(0), "{percent} %: {:?} {}", answer.lines, answer.errors);
    }
    let other = tempfile::tempdir().unwrap();
    let once = server(other.path()).await;
    assert_eq!(import(&once.url, &sample).await.code, Some(0));
    let (grown, once) = (issues(&growing.url).await, issues(&once.url).await);
    for (bug, issue) in &once {
        for field in ["state", "state_since", "triaged", "severity", "component", "dismissal", "duplicate_of"] {
            assert_eq!(grown[bug][field], issue[field], "{bug}: {field}");
        }
    }
}

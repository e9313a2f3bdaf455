//! Many histories that nobody wrote: whatever Bugzilla lets happen, each bug ends where its own status says, nothing vanishes, and a second
//! run adds nothing.

use std::collections::{BTreeMap, BTreeSet};

use api::history::v1::ListEventsRequest;
use serde_json::{Value as Json, json};
use tests::client::Client;
use tests::life;

use super::course::{course, entries, filed_at, time};
use super::{Answer, import, issues, listed, made_up, scratched, server};

/// Another number makes other bugs: `SNAGLOG_BUGS_SEED=7 cargo test -p tests --test import generated`.
fn seed() -> u64 {
    std::env::var("SNAGLOG_BUGS_SEED").map_or(1, |seed| seed.parse().unwrap())
}

const BUGS: u64 = 150;

#[tokio::test]
async fn made_up_histories_end_where_their_bugs_stand() {
    let bugs = made_up::bugs(seed(), BUGS);
    let lines: Vec<String> = bugs.iter().map(ToString::to_string).collect();
    let first = check(&bugs, lines.join("\n")).await;
    assert_eq!(first["adjusted"], json!({}), "every history leads where its bug stands");
}

#[tokio::test]
async fn careless_exports_end_there_too() {
    let mut bugs = made_up::bugs(seed() + 1_000_000, BUGS);
    scratched::scratch(seed(), &mut bugs);
    check(&bugs, scratched::lines(seed(), &bugs)).await;
}

/// Imports the lines twice, and holds all that came of it against the bugs. Gives what the first import told.
async fn check(bugs: &[Json], lines: String) -> Json {
    let seed = seed();
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path()).await;
    let file = folder.path().join("bugs.jsonl");
    std::fs::write(&file, lines).unwrap();

    let first = import(&server.url, &file).await;

    assert_eq!(first.code, Some(0), "seed {seed}: {}", first.errors);
    let first = only(first);
    assert_eq!((&first["bugs"], &first["failed"]), (&json!(bugs.len()), &json!(0)), "seed {seed}");
    nothing_vanished(bugs, &first);
    let imported = listed(&server.url, &[]).await;
    assert_eq!(imported.len(), bugs.len(), "when the import has ended, lists show it");
    assert_eq!(imported, issues(&server.url).await);
    let mut histories = Client::connect(&server.url).await.unwrap().histories(life::DEVELOPER);
    for bug in bugs {
        let issue = &imported[&format!("bugzilla:{}", bug["id"].to_string().trim_matches('"'))];
        stands_where_its_bug_does(issue, bug);
        let key = issue["key"].as_str().unwrap().to_owned();
        let request = ListEventsRequest { key, page_size: 1000, ..ListEventsRequest::default() };
        let events = histories.list_events(request).await.unwrap().into_inner().events;
        let times = events.iter().map(|event| event.occurred_at.as_ref().unwrap());
        let times: Vec<_> = times.map(|at| jiff::Timestamp::new(at.seconds, at.nanos).unwrap()).collect();
        assert!(times.is_sorted(), "seed {seed}: {bug}");
        let told: BTreeSet<_> = entries(bug).filter_map(|entry| time(&entry["when"])).collect();
        let known = |at: &jiff::Timestamp| {
            told.contains(at) || *at == filed_at(bug) || Some(*at) == time(&bug["last_resolved"])
        };
        assert_eq!(times.iter().find(|at| !known(at)), None, "seed {seed}: a time that nothing tells: {bug}");
    }

    let second = only(import(&server.url, &file).await);
    assert_eq!((&second["commands"], &second["already_there"]), (&json!(0), &first["commands"]), "seed {seed}");
    assert_eq!(second["skipped"], first["skipped"], "seed {seed}");
    assert_eq!(issues(&server.url).await, imported, "seed {seed}: a second run adds nothing");
    server.stop().await.unwrap();
    first
}

fn only(answer: Answer) -> Json {
    answer.lines.into_iter().next().unwrap()
}

fn stands_where_its_bug_does(issue: &Json, bug: &Json) {
    let (since, stand) = course(bug).pop().unwrap();
    let expected = (json!(stand.state), Some(since), Some(filed_at(bug)));
    assert_eq!(
        (issue["state"].clone(), time(&issue["state_since"]), time(&issue["filed_at"])),
        expected,
        "seed {}: {issue} {bug}",
        seed()
    );
    if stand.state == "New" {
        assert_eq!(issue["triaged"], stand.triaged, "seed {}: {issue} {bug}", seed());
    }
    let open = stand.state == "Accepted" || (stand.state == "New" && stand.triaged);
    if open && let Some(assignee) = bug["assigned_to"].as_str() {
        let assignee = if assignee == "nobody" { json!(null) } else { json!(assignee) };
        assert_eq!(issue["assignee"], assignee, "seed {}: {bug}", seed());
    }
    let severity = match bug["severity"].as_str() {
        Some("blocker" | "critical" | "S1") => "sev1",
        Some("major" | "S2") => "sev2",
        Some("--" | "N/A") | None => return,
        Some(_) => "sev3",
    };
    if open {
        assert_eq!(issue["severity"], severity, "seed {}: {bug}", seed());
    }
}

/// Each change of the file was told, or left out for a reason; of flags, each question and each name of the others.
fn nothing_vanished(bugs: &[Json], first: &Json) {
    let mut given: BTreeMap<&str, u64> = BTreeMap::new();
    for change in bugs.iter().flat_map(entries).flat_map(|entry| entry["changes"].as_array().into_iter().flatten()) {
        let field = change["field"].as_str().unwrap();
        *given.entry(field).or_default() += if field == "flagtypes.name" { flags(change) } else { 1 };
    }
    let counted = |tally: &Json, field: &str| {
        let of_field = tally.as_object().unwrap().iter().filter(|(reason, _)| reason.split(':').next() == Some(field));
        of_field.map(|(_, times)| times.as_u64().unwrap()).sum::<u64>()
    };
    for (field, times) in given {
        let (told, skipped) = (counted(&first["told"], field), counted(&first["skipped"], field));
        assert_eq!(told + skipped, times, "seed {}: {field}: {told} told, {skipped} left out: {first}", seed());
    }
}

fn flags(change: &Json) -> u64 {
    let mut names = BTreeSet::new();
    let mut count = 0;
    for flag in ["removed", "added"].iter().flat_map(|side| change[side].as_str().unwrap_or_default().split(", ")) {
        let word = flag.split_once('(').map_or(flag, |(word, _)| word);
        let Some(status) = word.chars().next_back() else { continue };
        match (word.trim_end_matches(status), status) {
            ("needinfo", '?') => count += 1,
            (name, '+' | '-' | '?' | 'X') => _ = names.insert(name),
            _ => count += 1,
        }
    }
    (count + names.len() as u64).max(1)
}

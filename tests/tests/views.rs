//! `snaglog view …` over a real server and its files.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use api::issues::v1::{GetIssueRequest, IssueOrder, ListIssuesRequest};
use serde_json::{Value, json};
use tests::client::{Client, as_fresh_as};
use tests::life;
use tests::server::Server;
use tests::shell::{PROJECT, Said, Shell, clean, said};

/// `snaglog view` with these words, on the files of this data folder.
async fn view(data: &Path, words: &[&str]) -> Said {
    let mut command = clean(data);
    command.arg("view").args(words).arg("--data").arg(data);
    said(command).await
}

/// The same, which must print one JSON object.
async fn view_json(data: &Path, words: &[&str]) -> (i32, Value) {
    let said = view(data, &[words, &["--json"]].concat()).await;
    let object = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {said:?}"));
    (said.code, object)
}

/// A server with thirty issues, which its views show.
async fn filled() -> Shell {
    filled_with(30).await
}

/// A server with so many issues, which its views show.
async fn filled_with(issues: u64) -> Shell {
    let shell = Shell::start().await.unwrap();
    let client = shell.client().await.unwrap();
    let mut last = String::new();
    for number in 1..=issues {
        let filed = client.issues(life::CUSTOMER).file_issue(life::filing(PROJECT, number)).await.unwrap();
        last = filed.into_inner().consistency_token;
    }
    let shown =
        GetIssueRequest { key: format!("{PROJECT}-{issues}"), consistency: as_fresh_as([last]), ..Default::default() };
    client.issues(life::CUSTOMER).get_issue(shown).await.unwrap();
    shell
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_that_is_wrong_is_found_and_rebuilt_beside_the_server() {
    let shell = filled().await;
    let data = shell.folder().join("data");
    let (code, sound) = view_json(&data, &["verify", "issues"]).await;
    assert_eq!((code, &sound["same"], &sound["different"]), (0, &json!(true), &json!(0)), "{sound}");

    let file = rusqlite::Connection::open(data.join("views.db")).unwrap();
    let wrong = "UPDATE issues_v2_issue SET title = 'Wrong' WHERE project = ? AND ordinal = 7";
    assert_eq!(file.execute(wrong, [PROJECT]).unwrap(), 1);
    drop(file);
    let (code, found) = view_json(&data, &["verify", "issues"]).await;
    assert_eq!((code, &found["same"]), (1, &json!(false)), "{found}");
    let difference = &found["differences"][0];
    assert_eq!((&difference["table"], &difference["column"]), (&json!("issue"), &json!("title")), "{found}");
    assert_eq!(difference["found"], json!("\"Wrong\""));
    let told = view(&data, &["verify", "issues"]).await;
    assert!(told.code == 1 && told.err.contains("snaglog view rebuild issues"), "{told:?}");

    let rebuilt = shell.run("view rebuild issues --json").await;
    assert_eq!(rebuilt.code, 0, "{rebuilt:?}");
    let (code, sound) = view_json(&data, &["verify", "issues"]).await;
    assert_eq!((code, &sound["same"]), (0, &json!(true)), "{sound}");
    let shown = shell.run(&format!("issue show {PROJECT}-7 --json=title")).await;
    assert!(!shown.out.contains("Wrong"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_prepared_is_there_when_the_server_starts() {
    let shell = filled().await;
    let data = shell.folder().join("data");
    let (_, used) = view_json(&data, &["prepare", "--all"]).await;
    assert_eq!(used["prepared"], json!([]), "the server that runs uses them all");
    assert!(used["in_use"].as_array().unwrap().contains(&json!("issues v2")), "{used}");
    let (_, folder) = shell.stop_server().await.unwrap();
    for file in ["views.db", "views.db-wal", "views.db-shm"] {
        _ = std::fs::remove_file(data.join(file));
    }
    let (code, prepared) = view_json(&data, &["prepare", "--all"]).await;
    assert_eq!(code, 0, "{prepared}");
    assert!(prepared["prepared"].as_array().unwrap().contains(&json!("issues v2")), "{prepared}");
    assert!(prepared["events"].as_u64() > Some(30), "{prepared}");
    let (code, sound) = view_json(&data, &["verify", "issues"]).await;
    assert_eq!((code, &sound["same"]), (0, &json!(true)), "{sound}");
    let server = Server::start(&data).await.unwrap();
    server.stop().await.unwrap();
    drop(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_views_are_listed_with_what_they_lack() {
    let shell = filled().await;
    let listed = shell.json("view list --json").await;
    let issues = listed["views"].as_array().unwrap().iter().find(|view| view["name"] == "issues").unwrap();
    assert_eq!((&issues["version"], &issues["parked"]), (&json!(2), &json!(0)), "{issues}");
    assert_eq!(issues["partitions"].as_array().unwrap().len(), 8);
    let parked = shell.run("view parked").await;
    assert_eq!((parked.code, parked.out.as_str()), (0, ""), "{parked:?}");
    let unknown = "UnknownView: there is no view nothing\nThere are: flow, issues, production, search, shifts, sla\n";
    for (line, reason) in [
        ("view parked nothing", unknown),
        ("view rebuild nothing", unknown),
        ("view retry nothing issue/PAY/none", unknown),
        ("view skip nothing issue/PAY/none", unknown),
        ("view verify nothing", unknown),
        ("view prepare nothing", unknown),
        ("view skip issues issue/PAY/none", "is not parked"),
        ("view retry issues none", "malformed"),
    ] {
        let refused = shell.run(line).await;
        assert!(refused.code != 0 && refused.err.contains(reason), "{line}: {refused:?}");
        assert!(refused.code == 3 || reason != unknown, "{line}: {refused:?}");
    }
}

/// How often all clients together were answered, and whether the last of them saw the new tables.
#[derive(Default)]
struct Answers {
    old: AtomicU64,
    new: AtomicU64,
}

/// More issues than are listed in one read: a rebuild may come between two reads of an answer.
const LISTED: i32 = 90;

/// Lists the oldest issues again and again until told that it is over: no list is refused, and none mixes old titles and new ones.
async fn read_on(client: Client, answers: Arc<Answers>, over: Arc<AtomicBool>) {
    while !over.load(Ordering::SeqCst) {
        let order_by = IssueOrder::FiledOldest.into();
        let list = ListIssuesRequest { project: PROJECT.into(), page_size: LISTED, order_by, ..Default::default() };
        let listed = client.issues(life::DEVELOPER).list_issues(list).await.unwrap().into_inner().issues;
        let (wrong, right): (Vec<_>, Vec<_>) = listed.iter().partition(|issue| issue.title == "Wrong");
        assert_eq!(listed.len(), usize::try_from(LISTED).unwrap(), "there are more");
        assert!(wrong.is_empty() || right.is_empty(), "{} old ones and {} new ones", wrong.len(), right.len());
        let seen = if wrong.is_empty() { &answers.new } else { &answers.old };
        seen.fetch_add(1, Ordering::Relaxed);
    }
}

/// `SNAGLOG_REBUILD_ISSUES` says how many issues there are, 100 unless it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clients_are_answered_while_a_view_is_rebuilt_and_no_answer_mixes_old_and_new() {
    const CLIENTS: usize = 50;
    let issues: u64 = std::env::var("SNAGLOG_REBUILD_ISSUES").map_or(100, |issues| issues.parse().unwrap());
    // Given a view in which all titles are wrong, fifty who read it, and somebody who files.
    let shell = filled_with(issues).await;
    let file = rusqlite::Connection::open(shell.folder().join("data/views.db")).unwrap();
    let wrong = "UPDATE issues_v2_issue SET title = 'Wrong' WHERE project = ?";
    assert_eq!(file.execute(wrong, [PROJECT]).unwrap() as u64, issues);
    drop(file);
    let (answers, over) = (Arc::<Answers>::default(), Arc::new(AtomicBool::new(false)));
    let mut readers = Vec::new();
    for _ in 0..CLIENTS {
        let client = shell.client().await.unwrap();
        readers.push(tokio::spawn(read_on(client, Arc::clone(&answers), Arc::clone(&over))));
    }
    while answers.old.load(Ordering::Relaxed) < CLIENTS as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (client, filing) = (shell.client().await.unwrap(), Arc::clone(&over));
    let filer = tokio::spawn(async move {
        while !filing.load(Ordering::SeqCst) {
            client.issues(life::CUSTOMER).file_issue(life::filing(PROJECT, 0)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    // When it is rebuilt, then all are answered, at last by the new tables.
    let rebuilt = shell.run("view rebuild issues --json").await;
    assert_eq!(rebuilt.code, 0, "{rebuilt:?}");
    let seen = answers.new.load(Ordering::Relaxed);
    while answers.new.load(Ordering::Relaxed) < seen + CLIENTS as u64 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    over.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    filer.await.unwrap();
    println!(
        "{} answers of the old tables, {} of the new",
        answers.old.load(Ordering::Relaxed),
        answers.new.load(Ordering::Relaxed)
    );
}

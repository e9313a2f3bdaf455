//! `snaglog view …` over a real server and its files.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::path::Path;

use api::issues::v1::GetIssueRequest;
use serde_json::{Value, json};
use tests::client::as_fresh_as;
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
    let shell = Shell::start().await.unwrap();
    let client = shell.client().await.unwrap();
    let mut last = String::new();
    for number in 1..=30 {
        let filed = client.issues(life::CUSTOMER).file_issue(life::filing(PROJECT, number)).await.unwrap();
        last = filed.into_inner().consistency_token;
    }
    let shown =
        GetIssueRequest { key: format!("{PROJECT}-30"), consistency: as_fresh_as([last]), ..Default::default() };
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
    for (line, reason) in [
        ("view parked nothing", "UnknownView"),
        ("view rebuild nothing", "UnknownView"),
        ("view skip issues issue/PAY/none", "is not parked"),
        ("view retry issues none", "malformed"),
    ] {
        let refused = shell.run(line).await;
        assert!(refused.code != 0 && refused.err.contains(reason), "{line}: {refused:?}");
    }
}

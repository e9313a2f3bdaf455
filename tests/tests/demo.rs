//! The demonstration: the first thing that a newcomer runs.

#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

use std::process::{Output, Stdio};

use serde_json::Value as Json;
use tests::server::binary;
use tokio::process::Command;

/// Runs it with a folder for temporary files of its own, which must be empty afterwards.
async fn demo(flags: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary());
    command.arg("demo").args(flags).env("TMPDIR", folder.path()).env_remove("SNAGLOG_SERVER");
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "it leaves something behind: {left:?}");
    output
}

#[tokio::test]
async fn it_tells_a_life_with_its_refusals_shows_a_board_and_leaves_nothing_behind() {
    let output = demo(&[]).await;

    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!told.contains('\u{1b}'), "no colours where no terminal is");
    let mut rest = told.as_str();
    for words in [
        "NotTriaged: PAY-1",
        "Try: snaglog issue triage PAY-1",
        "RegressionTestMissing: PAY-1",
        "NotInProduction: PAY-1",
        "PAY-1 is Closed",
        "== The board",
        "New, untriaged  1",
        "New, triaged  2",
        "Accepted  3",
        "Resolved  1",
        "Verified  1",
        "Closed  3",
        "Dismissed  1",
        "snaglog history PAY-1",
        "r7",
        "What to try next",
        "snaglog serve --data",
    ] {
        let at = rest.find(words).unwrap_or_else(|| panic!("{words:?} is missing, or not where it belongs:\n{told}"));
        rest = &rest[at + words.len()..];
    }
}

#[tokio::test]
async fn as_json_it_is_one_object() {
    let output = demo(&["--json"]).await;

    let told: Json = serde_json::from_slice(&output.stdout).unwrap();
    let counts = told["board"]["columns"].as_array().unwrap().iter().map(|column| column["count"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 12);
    let reasons: Vec<_> =
        told["refusals"].as_array().unwrap().iter().map(|refusal| refusal["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["NotTriaged", "RegressionTestMissing", "NotInProduction"]);
    assert_eq!(told["history"][0]["type"], "IssueFiled");
    assert_eq!(told["history"][6]["type"], "IssueClosed");
}

#[tokio::test]
async fn kept_data_can_be_served() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("kept");
    let output = demo(&["--keep", data.to_str().unwrap()]).await;
    assert!(output.status.success());

    let server = tests::server::Server::start(&data).await.unwrap();
    let board = Command::new(binary())
        .args(["board", "PAY", "--json=project", "--server", &server.url])
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8(board.stdout).unwrap(), "{\"project\":\"PAY\"}\n");
}

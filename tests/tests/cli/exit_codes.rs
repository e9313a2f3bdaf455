//! Each exit code that `--help` lists, by cases that end with it.

use tests::shell::{Shell, clean, said};

use super::{FILED, given};

/// Runs the line; it must end with this code and say these words on standard error, and nothing on standard output.
async fn check(shell: &Shell, line: &str, code: i32, words: &[&str]) {
    let said = shell.run(line).await;
    assert_eq!(said.code, code, "{line}: {said:?}");
    assert_eq!(said.out, "", "{line}: standard output is for data");
    for word in words {
        assert!(said.err.contains(word), "{line}: {word:?} is not in {:?}", said.err);
    }
}

#[tokio::test]
async fn help_lists_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = clean(folder.path());
    command.arg("--help");

    let help = said(command).await;

    assert_eq!(help.code, 0);
    let listed = help.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in ["0 done", "1 failed", "2 usage", "3 refused", "4 not allowed", "5 conflict", "6 try again"] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
}

#[tokio::test]
async fn failed_usage_refused_not_allowed_and_conflict_have_their_codes() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;

    check(&shell, "issue comment PAY-1 --body-file /no/such/file", 1, &["/no/such/file", "No such file"]).await;
    check(&shell, "issue list PAY --colour", 2, &["--colour"]).await;
    check(&shell, "issue", 2, &["Usage: snaglog issue"]).await;
    check(&shell, "issue show nonsense", 2, &["InvalidFields", "PAY-42"]).await;
    check(&shell, "issue list PAY --json=key,sate", 2, &["no field sate", "state"]).await;
    check(&shell, "issue list PAY --server https://localhost:1", 2, &["https is not spoken"]).await;
    check(&shell, "issue comment PAY-1 --body late --occurred-at someday", 2, &["someday", "2h ago"]).await;
    check(&shell, "issue accept PAY-1", 3, &["NotTriaged"]).await;
    check(&shell, "issue show PAY-99", 3, &["NoSuchIssue"]).await;
    check(&shell, "board NOPE", 3, &["UnknownProject", "snaglog project create NOPE"]).await;
    check(&shell, "issue comment PAY-1 --body hello --actor ü", 4, &["ActorMissing", "--actor PERSON"]).await;
    let stale = "issue triage PAY-1 --level 3 --severity sev2 --expected-revision 7";
    check(&shell, stale, 5, &["Conflict", "revision 1, not 7", "snaglog issue show PAY-1"]).await;
}

#[tokio::test]
async fn a_server_that_is_gone_may_be_tried_again_later() {
    let shell = Shell::empty().await.unwrap();
    let (url, folder) = shell.stop_server().await.unwrap();
    for line in ["board PAY", "issue list PAY --json", "health", "issue file PAY --title Broken"] {
        let mut command = clean(folder.path());
        command.args(line.split(' ')).env("SNAGLOG_SERVER", &url);

        let said = said(command).await;

        assert_eq!((said.code, said.out.as_str()), (6, ""), "{line}: {said:?}");
        assert!(said.err.contains(&url) && said.err.contains("snaglog serve"), "{line}: {}", said.err);
    }
}

#[tokio::test]
async fn health_and_doctor_say_what_they_found() {
    let shell = Shell::empty().await.unwrap();
    assert_eq!(shell.json("health --json").await, serde_json::json!({ "serving": true, "status": "SERVING" }));
    let well = shell.run("doctor --json=check,ok").await;
    assert_eq!(well.code, 0, "{well:?}");
    assert!(well.out.contains(r#"{"check":"server","ok":true}"#), "{}", well.out);

    let (url, folder) = shell.stop_server().await.unwrap();
    let mut command = clean(folder.path());
    command.args(["doctor", "--json=check,ok", "--server", &url]);
    let ill = said(command).await;

    assert_eq!(ill.code, 1, "{ill:?}");
    assert!(ill.out.contains(r#"{"check":"server","ok":false}"#), "{}", ill.out);
}

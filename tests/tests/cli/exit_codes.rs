//! Each exit code that `--help` lists, by cases that end with it.

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

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
    check(&shell, "issue list PAY --timeout 0", 2, &["--timeout", "0 is not in 1.."]).await;
    check(&shell, "issue", 2, &["Usage: snaglog issue"]).await;
    check(&shell, "issue show nonsense", 2, &["InvalidFields", "PAY-42"]).await;
    check(&shell, "issue list PAY --json=key,sate", 2, &["no field sate", "state"]).await;
    check(&shell, "issue list PAY --server https://localhost:1", 2, &["https is not spoken"]).await;
    check(&shell, "issue list PAY --server=", 2, &["--server", "SNAGLOG_SERVER", "is empty"]).await;
    for server in ["foo", "127.0.0.1", "http://foo", "http://[::1]/"] {
        let words = [server, "the port is missing", "http://HOST:PORT"];
        check(&shell, &format!("issue list PAY --server {server}"), 2, &words).await;
    }
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

/// A server that takes connections and never says a word; with `hang_up`, it ends them after the first words it hears.
async fn mute(hang_up: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            if hang_up {
                _ = connection.read(&mut [0; 1024]).await;
            } else {
                held.push(connection);
            }
        }
    });
    url
}

#[tokio::test]
async fn a_command_that_nobody_answered_may_have_been_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let id = "7e0dd53b-7a0c-4b6b-9a4e-8a2c1f7f0002";
    // One that hangs up before it heard all is connected to again, until patience ends.
    for (hang_up, words) in [(false, &["did not answer within 1 s"][..]), (true, &["was lost", "did not answer"])] {
        let url = mute(hang_up).await;
        let run = async |line: &str| {
            let mut command = clean(folder.path());
            command.args(line.split(' ')).args(["--server", &url, "--timeout", "1"]);
            said(command).await
        };

        for line in ["issue comment PAY-1 --body hi", "release deploy PAY r1", "project create PAY"] {
            let given = run(&format!("{line} --request-id {id}")).await;
            assert_eq!((given.code, given.out.as_str()), (6, ""), "{line}: {given:?}");
            assert!(
                words.iter().any(|words| given.err.contains(words)) && given.err.contains(&url),
                "{line}: {}",
                given.err
            );
            assert!(
                given.err.contains(&format!("may have been recorded; repeat with --request-id {id}")),
                "{}",
                given.err
            );
        }
        let made_up = run("issue comment PAY-1 --body hi").await;
        let (_, told) = made_up.err.split_once("--request-id ").unwrap();
        assert!(uuid::Uuid::parse_str(&told[..36]).is_ok(), "{}", made_up.err);
        let asked = run("board PAY").await;
        assert_eq!(asked.code, 6, "{asked:?}");
        assert!(!asked.err.contains("recorded"), "a question records nothing: {}", asked.err);
    }
}

#[tokio::test]
async fn health_and_doctor_say_what_they_found() {
    let shell = Shell::empty().await.unwrap();
    assert_eq!(shell.json("health --json").await, serde_json::json!({ "serving": true, "status": "SERVING" }));
    let well = shell.run("doctor --json=check,ok").await;
    assert_eq!(well.code, 0, "{well:?}");
    assert!(well.out.contains(r#"{"check":"server","ok":true}"#), "{}", well.out);
    for service in ["issues", "projects", "releases", "boards", "history", "imports"] {
        assert!(well.out.contains(&format!("snaglog.{service}.v1.")), "{service}: {}", well.out);
    }
    assert!(!well.out.contains("false"), "{}", well.out);

    let (url, folder) = shell.stop_server().await.unwrap();
    let mut command = clean(folder.path());
    command.args(["doctor", "--json=check,ok", "--server", &url]);
    let ill = said(command).await;

    assert_eq!(ill.code, 1, "{ill:?}");
    assert!(ill.out.contains(r#"{"check":"server","ok":false}"#), "{}", ill.out);
}

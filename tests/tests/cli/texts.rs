//! Texts: from a flag, a file, standard input; never from somebody who isn't there.

use tests::shell::Shell;

use super::{FILED, given};

/// What was said of PAY-1, the newest first.
async fn comments(shell: &Shell) -> Vec<String> {
    let issue = shell.json("issue show PAY-1 --json=comments").await;
    let texts =
        issue["comments"].as_array().unwrap().iter().map(|comment| comment["text"].as_str().unwrap().to_owned());
    texts.collect()
}

#[tokio::test]
async fn a_body_comes_from_a_flag_a_file_or_standard_input() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;
    let file = shell.folder().join("body.md");
    std::fs::write(&file, "from a file\nof two lines").unwrap();

    given(&shell, &["issue comment PAY-1 --body from-a-flag"]).await;
    given(&shell, &[&format!("issue comment PAY-1 --body-file {}", file.display())]).await;
    let fed = shell.fed("from standard input: ünï", &["issue", "comment", "PAY-1", "--body", "-"]).await;
    assert_eq!(fed.code, 0, "{fed:?}");
    given(&shell, &["issue watch PAY-1"]).await;

    let told = ["from standard input: ünï", "from a file\nof two lines", "from-a-flag"];
    assert_eq!(comments(&shell).await, told);
}

#[tokio::test]
async fn details_of_a_report_come_from_standard_input() {
    let shell = Shell::start().await.unwrap();
    let words =
        ["issue", "file", "PAY", "--title", "Crash", "--customer", "acme", "--details", "-", "--json=report.details"];

    let fed = shell.fed("a stack trace\n\tat pay()\n", &words).await;

    assert_eq!(fed.out, "{\"report.details\":\"a stack trace\\n\\tat pay()\"}\n", "{fed:?}");
}

#[tokio::test]
async fn where_nobody_can_be_asked_the_flag_is_named() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;
    for line in ["issue comment PAY-1", "issue ask PAY-1 --of customer", "issue answer PAY-1 --no-input"] {
        let said = shell.run(line).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}: {said:?}");
        assert!(said.err.contains("--body TEXT") && said.err.contains("--body-file FILE"), "{line}: {}", said.err);
    }
    let amended = shell.run("issue amend PAY-1").await;
    assert_eq!(amended.code, 2, "{amended:?}");
    assert!(amended.err.contains("--steps TEXT"), "{}", amended.err);
}

#[tokio::test]
async fn what_no_database_holds_is_refused_by_its_field() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;

    let fed = shell.fed("a bell: \u{7}", &["issue", "comment", "PAY-1", "--body", "-"]).await;
    assert_eq!(fed.code, 2, "{fed:?}");
    assert!(fed.err.contains("text: ") && fed.err.contains("control characters"), "{}", fed.err);

    let long = shell.fed(&"x".repeat(65 * 1024), &["issue", "comment", "PAY-1", "--body", "-"]).await;
    assert_eq!(long.code, 2, "{long:?}");
    assert!(long.err.contains("text: ") && long.err.contains("allowed"), "{}", long.err);
    assert_eq!(comments(&shell).await, [""; 0]);
}

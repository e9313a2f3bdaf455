//! Texts: from a flag, a file, standard input; never from somebody who isn't there.

use std::process::Stdio;

use tests::shell::{Said, Shell, said};

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

/// Runs a command line on a terminal of its own, with an editor that writes this; `None`: the machine has no `script`.
async fn edited(shell: &Shell, editor: &str, line: &str) -> Option<Said> {
    use std::os::unix::fs::PermissionsExt as _;

    let file = shell.folder().join("editor.sh");
    std::fs::write(&file, format!("#!/bin/sh\n{editor}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    on_a_terminal(shell, &format!("VISUAL={} {} {line}", file.display(), tests::server::binary().display())).await
}

/// Runs this in a shell on a terminal of its own; `None`: the machine has no `script`.
async fn on_a_terminal(shell: &Shell, line: &str) -> Option<Said> {
    let mut command = tokio::process::Command::new("script");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", shell.folder());
    command.env("SNAGLOG_SERVER", shell.url()).env("SNAGLOG_ACTOR", shell.actor);
    command.args(["-qec", line, "/dev/null"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let there = std::process::Command::new("script").arg("--version").output().is_ok();
    if there { Some(said(command).await) } else { None }
}

#[tokio::test]
async fn on_a_terminal_an_editor_asks_for_the_report_under_three_headings() {
    let shell = Shell::start().await.unwrap();
    let editor = r#"cp "$1" "$HOME/template"; sed -i 's/^## Steps.*/&\n1. open/; s/^## What happens/&\ncrash/; s/^## What was.*/&\nno crash/' "$1""#;

    let Some(filed) = edited(&shell, editor, "issue file PAY --title Crash --customer acme").await else {
        eprintln!("skipped: there is no `script` here, which makes a terminal");
        return;
    };

    assert_eq!(filed.code, 0, "{filed:?}");
    let template = std::fs::read_to_string(shell.folder().join("template")).unwrap();
    let headings: Vec<&str> = template.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(headings, ["## Steps to reproduce", "## What happens", "## What was expected"]);
    given(&shell, &["issue watch PAY-1"]).await;
    assert_eq!(
        shell.json("issue show PAY-1 --json=report").await["report"],
        serde_json::json!({ "steps": "1. open", "actual": "crash", "expected": "no crash", "details": null })
    );
}

#[tokio::test]
async fn a_terminal_that_does_not_say_how_wide_it_is_has_tables_of_whole_words() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;
    let list = format!("{} issue list PAY --no-input", tests::server::binary().display());
    for columns in [0, 40] {
        let Some(told) = on_a_terminal(&shell, &format!("stty cols {columns}; {list}")).await else {
            eprintln!("skipped: there is no `script` here, which makes a terminal");
            return;
        };
        assert_eq!(told.code, 0, "{told:?}");
        let words: Vec<&str> = told.out.split_whitespace().collect();
        assert!(words.starts_with(&["KEY", "STATE", "SINCE", "SEVERITY", "LEVEL", "ASSIGNEE", "TITLE"]), "{told:?}");
        assert!(words.contains(&"PAY-1") && words.contains(&"Paid-twice"), "{told:?}");
    }
}

#[tokio::test]
async fn a_title_turns_no_row_around() {
    let shell = Shell::start().await.unwrap();
    let words = ["issue", "file", "PAY", "--customer", "acme", "--title", "cod\u{202e}gpj.exe"];
    assert_eq!(shell.words(words).await.code, 0);
    given(&shell, &["issue watch PAY-1"]).await;
    let list = shell.run("issue list PAY").await;
    assert!(list.out.ends_with("cod\u{fffd}gpj.exe\n"), "{list:?}");
    assert_eq!(
        shell.json("issue list PAY --json=title").await["title"],
        "cod\u{202e}gpj.exe",
        "scripts get it as it is"
    );
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
async fn what_no_database_holds_is_refused_by_its_flag() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;

    let fed = shell.fed("a bell: \u{7}", &["issue", "comment", "PAY-1", "--body", "-"]).await;
    assert_eq!(fed.code, 2, "{fed:?}");
    assert!(fed.err.contains("  --body: ") && fed.err.contains("control characters"), "{}", fed.err);

    let long = shell.fed(&"x".repeat(65 * 1024), &["issue", "comment", "PAY-1", "--body", "-"]).await;
    assert_eq!(long.code, 2, "{long:?}");
    assert!(long.err.contains("  --body: ") && long.err.contains("allowed"), "{}", long.err);
    assert_eq!(comments(&shell).await, [""; 0]);
}

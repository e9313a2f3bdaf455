//! Standard streams: who reads may go away, a disk may be full, nobody may be there to be asked.

use std::process::Stdio;
use std::time::Duration;

use tests::shell::{Shell, clean, said};

use super::{FILED, given};

#[tokio::test]
async fn who_has_read_enough_may_go_away() {
    let shell = Shell::start().await.unwrap();
    given(&shell, &[FILED]).await;
    for line in ["issue list PAY --json", "board PAY", "history PAY-1", "completions bash", "--help"] {
        let mut child = shell.command(line.split(' ')).spawn().unwrap();
        drop(child.stdout.take());

        let ended = child.wait_with_output().await.unwrap();

        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{line}");
        assert_eq!(ended.status.code(), Some(0), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn output_that_can_not_be_written_is_not_taken_for_done() {
    let shell = Shell::start().await.unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = shell.command(["board", "PAY"]);
    command.stdout(Stdio::from(full));

    let said = said(command).await;

    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.starts_with("error: standard output: "), "{}", said.err);
}

#[tokio::test]
async fn a_pipe_that_stays_open_is_not_waited_for() {
    let shell = Shell::start().await.unwrap();
    // A report is missing, and standard input is no terminal: nobody is asked.
    let words = ["issue", "file", "PAY", "--title", "Broken", "--customer", "acme"];
    let mut child = shell.command(words).stdin(Stdio::piped()).spawn().unwrap();
    let held = child.stdin.take();

    let ended = tokio::time::timeout(Duration::from_secs(180), child.wait()).await.expect("it does not wait for input");

    assert_eq!(ended.unwrap().code(), Some(0));
    drop(held);
}

#[tokio::test]
async fn colour_is_for_terminals_unless_it_is_asked_for() {
    let shell = Shell::start().await.unwrap();
    let colourful = async |variables: &[(&str, &str)], line: &str| {
        let mut command = shell.command(line.split(' '));
        command.envs(variables.iter().copied());
        let said = said(command).await;
        said.out.contains('\u{1b}') || said.err.contains('\u{1b}')
    };
    assert!(!colourful(&[], "board PAY").await);
    assert!(colourful(&[("CLICOLOR_FORCE", "1")], "board PAY").await);
    assert!(colourful(&[("CLICOLOR_FORCE", "1")], "board NOPE").await);
    assert!(colourful(&[("NO_COLOR", "1")], "board PAY --color always").await);
    assert!(!colourful(&[("CLICOLOR_FORCE", "1")], "board PAY --color never").await);
    assert!(!colourful(&[("CLICOLOR_FORCE", "1")], "board PAY --json").await);
}

#[tokio::test]
async fn nothing_found_is_no_data() {
    let shell = Shell::start().await.unwrap();
    let none = shell.run("issue list PAY").await;
    assert_eq!((none.code, none.out.as_str(), none.err.as_str()), (0, "", "No issues.\n"));
    assert_eq!(shell.run("issue list PAY --json").await.out, "");

    given(&shell, &[FILED]).await;
    let before = shell.run("history PAY-1 --as-of 2001-01-01").await;
    assert_eq!((before.code, before.out.as_str()), (0, ""), "{before:?}");
    assert_eq!(before.err, "Nothing was known of it then.\n");
    for state in ["", " --state"] {
        let beyond = shell.run(&format!("history PAY-1 --as-of r99{state}")).await;
        assert!(beyond.code == 0 && beyond.out.contains("Paid-twice"), "{beyond:?}");
        assert_eq!(beyond.err, "There is no r99 yet: r1 is the last.\n");
    }
}

#[tokio::test]
async fn completions_and_manual_pages_are_made() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let mut command = clean(folder.path());
        command.args(["completions", shell]);
        let script = said(command).await;
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        assert!(script.out.contains("return-to-triage"), "{shell} knows the subcommands");
    }
    let pages = folder.path().join("share/man/man1");
    let mut command = clean(folder.path());
    command.arg("man").arg(&pages);

    let said = said(command).await;

    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    for page in ["snaglog.1", "snaglog-issue-resolve.1", "snaglog-serve.1"] {
        assert!(pages.join(page).is_file(), "{page} is there");
    }
}

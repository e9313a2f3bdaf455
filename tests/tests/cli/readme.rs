//! The README's first session, as it stands there.

use std::path::Path;
use std::process::Stdio;

use tests::server::binary;
use tests::shell::{Shell, said};
use tokio::process::Command;

/// The commands of the block that follows these words, each with its comment; continued lines are joined.
fn block_after(page: &str, words: &str) -> Vec<(String, String)> {
    let (_, after) = page.split_once(words).expect("the README has a first session");
    let block = after.split("```").nth(1).expect("a block of commands follows").trim_start_matches("sh\n");
    let joined = block.replace("\\\n", " ");
    let commands = joined.lines().map(|line| line.split_once('#').unwrap_or((line, "")));
    let commands = commands.map(|(command, comment)| (command.trim().to_owned(), comment.trim().to_owned()));
    commands.filter(|(command, _)| !command.is_empty()).collect()
}

#[tokio::test]
async fn the_first_session_goes_as_the_readme_says() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let session = block_after(&page, "In another terminal:");
    let shell = Shell::empty().await.unwrap();
    let mut refused = 0;
    for (command, comment) in session.iter().filter(|(command, _)| !command.starts_with("export ")) {
        let words = command.strip_prefix("snaglog ").unwrap_or_else(|| panic!("{command}"));
        // A shell splits words and takes quotes away.
        let mut run = Command::new("sh");
        run.arg("-c").arg(format!("exec \"$0\" {words}")).arg(binary());
        run.env("SNAGLOG_SERVER", shell.url()).env("SNAGLOG_ACTOR", "dev");
        run.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());

        let said = said(run).await;

        match comment.strip_prefix("refused: ") {
            None => assert_eq!((said.code, said.err.as_str()), (0, ""), "{command}"),
            Some(reason) => {
                refused += 1;
                let reason = reason.split(',').next().unwrap_or_default();
                assert_eq!(said.code, 3, "{command}: {said:?}");
                assert!(said.err.starts_with(&format!("{reason}: ")), "{command}: {}", said.err);
            }
        }
    }
    assert!(session.len() > 15 && refused == 2, "{session:?}");
    let shown = shell.json("history PAY-1 --state --json=state,release").await;
    assert_eq!(shown, serde_json::json!({ "state": "Closed", "release": "2026.11.1" }));
}

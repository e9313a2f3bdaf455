//! Help, and the pages that repeat what it says.

use std::collections::BTreeSet;
use std::path::Path;

use tests::shell::{clean, said};

/// The help of a command, as somebody without settings sees it.
async fn help(words: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = clean(folder.path());
    command.args(words.split(' ')).arg("--help");
    let said = said(command).await;
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{words}");
    said.out
}

/// Each flag of a text with the environment variable that stands for it.
fn settings(lines: impl Iterator<Item = String>) -> BTreeSet<(String, String)> {
    let pairs = lines.filter_map(|line| {
        let word = |begins: &str, ends: &[char]| {
            let (_, after) = line.split_once(begins)?;
            Some(after.split(ends).next()?.to_owned())
        };
        Some((word("--", &[' ', '`'])?, word("[env: ", &['=', ']']).or_else(|| word("| `", &['`']))?))
    });
    pairs.collect()
}

#[tokio::test]
async fn the_operations_page_has_every_setting_of_the_server() {
    let help = help("serve").await;
    let (_, options) = help.split_once("\nOptions:\n").unwrap();
    let (options, _) = options.split_once("\nGlobal options:").unwrap();
    // A flag's text goes on in lines of its own.
    let options = options.split("\n      --").map(|option| {
        let words: Vec<&str> = option.split_whitespace().collect();
        format!("--{}", words.join(" ").trim_start_matches("--"))
    });
    let of_server = settings(options);
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `--")).map(|row| format!("--{row}"));
    assert_eq!(settings(rows), of_server);
    assert!(of_server.len() > 10, "{of_server:?}");
}

#[tokio::test]
async fn help_shows_how_a_command_is_given() {
    for (command, example) in [
        ("issue resolve", "snaglog issue resolve PAY-1 --change 4f2a91c --environment staging"),
        ("serve", "snaglog serve --data ./data"),
        ("search", "snaglog search PAY paid twice --state closed"),
    ] {
        let help = help(command).await;
        let (_, examples) = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{help}"));
        assert!(examples.contains(example), "{help}");
    }
}

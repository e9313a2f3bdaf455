//! Each `snaglog …` that a page tells somebody to type is taken by the command line.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use super::Cli;
use super::examples::words;

/// README, CONTRIBUTING, and all of `docs/`.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = ["docs", "docs/decisions"].map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let docs = docs.into_iter().flatten().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.chain(["README.md", "CONTRIBUTING.md"].map(|page| root.join(page))).collect()
}

/// The commands in blocks that a shell would run, without what the shell does with their output.
fn typed(page: &str) -> Vec<String> {
    let blocks = page.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let lines: Vec<String> = blocks.map(|block| block.replace("\\\n", " ")).collect();
    let commands =
        lines.iter().flat_map(|block| block.lines()).map(str::trim).filter(|line| line.starts_with("snaglog "));
    let ends = |line: &str| [" #", " |", " >", " &"].iter().filter_map(|end| line.find(end)).min();
    commands.map(|line| line[..ends(line).unwrap_or(line.len())].to_owned()).collect()
}

/// Commands named in a sentence: they may leave out what has to be given.
fn named(page: &str) -> Vec<String> {
    let quoted = page.split('`').skip(1).step_by(2);
    let commands = quoted.filter(|text| text.starts_with("snaglog ") && !text.contains(['\n', '…']));
    commands.map(str::to_owned).collect()
}

#[test]
fn what_pages_tell_to_type_is_a_command() {
    let mut tried = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let blocks = typed(&text).into_iter().map(|line| (line, false));
        for (line, in_a_sentence) in blocks.chain(named(&text).into_iter().map(|line| (line, true))) {
            let left_out = |kind| {
                use ErrorKind as E;
                matches!(
                    kind,
                    E::MissingRequiredArgument | E::DisplayHelpOnMissingArgumentOrSubcommand | E::MissingSubcommand
                )
            };
            match Cli::built().try_get_matches_from(words(&line)) {
                Err(error) if error.kind() == ErrorKind::DisplayHelp => {}
                Err(error) if in_a_sentence && left_out(error.kind()) => {}
                Err(error) => panic!("{}: {line}: {error}", page.display()),
                Ok(_) => {}
            }
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

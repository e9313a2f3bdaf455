//! Each crate's doc says what the crate does, what never happens in it, and how to add to it.

use super::{Finding, SourceFile, imports::Package};

/// Reads the doc at the top of each package's `lib.rs`, or `main.rs` where there is no library.
pub fn check(files: &[SourceFile], packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(|package| check_package(files, package)).collect()
}

fn check_package(files: &[SourceFile], package: &Package) -> Vec<Finding> {
    let folder = package.manifest.path.trim_end_matches("Cargo.toml");
    let root = ["src/lib.rs", "src/main.rs"].iter().find_map(|root| {
        let path = format!("{folder}{root}");
        files.iter().find(|file| file.path == path)
    });
    let Some(root) = root else {
        return vec![Finding::failure(&package.manifest.path, 1, "there is no src/lib.rs or src/main.rs to document")];
    };
    let doc: Vec<&str> = root.lines().map_while(|(_, line)| line.strip_prefix("//!")).map(str::trim).collect();
    let never = doc.iter().any(|line| line.to_lowercase().contains("never happens"));
    let recipes = doc.contains(&"# Recipes");
    let mut findings = Vec::new();
    let mut lacks = |advice: &str| findings.push(Finding::failure(&root.path, 1, advice));
    if doc.iter().filter(|line| !line.is_empty()).count() < 2 {
        lacks("the crate has no doc: begin the file with `//!` and say what the crate does");
    }
    if !never {
        lacks("the crate's doc doesn't say what is absent: add `//! What never happens here: ...`");
    }
    if !recipes {
        lacks("the crate's doc has no `//! # Recipes`: \"**To add X**: these files, in this order\"");
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::{SourceFile, imports::Package};

    #[track_caller]
    fn finds(root: &str, text: &str, expected: &[&str]) {
        let manifest = SourceFile::new("crates/domain/Cargo.toml", "");
        let package = Package { name: "domain".to_owned(), manifest, imports: Vec::new() };
        let found = check(&[SourceFile::new(root, text)], &[package]);
        let advice: Vec<&str> = found.iter().map(|finding| finding.advice.as_str()).collect();
        assert_eq!(advice.len(), expected.len(), "{advice:#?}");
        for (advice, expected) in advice.iter().zip(expected) {
            assert!(advice.contains(expected), "{advice}");
        }
    }

    const GOOD: &str =
        "//! Decides.\n//!\n//! What never happens here: IO.\n//!\n//! # Recipes\n//!\n//! **To add a command**: ...\n";

    #[test]
    fn a_doc_with_all_three_passes_in_a_library_and_in_a_binary() {
        finds("crates/domain/src/lib.rs", GOOD, &[]);
        finds("crates/domain/src/main.rs", GOOD, &[]);
    }

    #[test]
    fn what_a_doc_lacks_is_told() {
        finds("crates/domain/src/lib.rs", "//! domain\n", &["has no doc", "never happens here", "# Recipes"]);
        finds("crates/domain/src/lib.rs", &GOOD.replace("# Recipes", "Recipes"), &["# Recipes"]);
        finds("crates/domain/src/lib.rs", &GOOD.replace("never", "seldom"), &["never happens here"]);
        finds("crates/domain/src/other.rs", GOOD, &["no src/lib.rs"]);
    }
}

//! No crate and no module has a name that says nothing of what is in it.

use super::{Finding, SourceFile, imports::Package, tokens};

/// Names that fit anything.
const VAGUE: &[&str] =
    &["util", "utils", "common", "core", "types", "misc", "manager", "managers", "helper", "helpers", "shared"];

const INSTEAD: &str = "says nothing: name what is in it (what has nothing of the domain may live in one `stdx`)";

/// Looks at the names of packages, of Rust files and their folders, and of modules inside files.
pub fn check(files: &[SourceFile], packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| is_vague(&package.name)) {
        findings.push(Finding::failure(
            &package.manifest.path,
            1,
            format!("the crate's name `{}` {INSTEAD}", package.name),
        ));
    }
    for file in files.iter().filter(|file| file.is_rust()) {
        let parts = file.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| is_vague(part)) {
            findings.push(Finding::failure(&file.path, 1, format!("the module's name `{part}` {INSTEAD}")));
        }
        findings.extend(inline_modules(file));
    }
    findings
}

fn is_vague(name: &str) -> bool {
    VAGUE.contains(&name)
}

/// `mod NAME { ... }`; a `mod NAME;` is told by its file's name.
fn inline_modules(file: &SourceFile) -> Vec<Finding> {
    let Ok(stream) = tokens::of(file) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    tokens::each_level(stream, &mut |tokens| {
        for window in tokens.windows(3) {
            if tokens::name(&window[0]).as_deref() == Some("mod")
                && let Some(name) = tokens::name(&window[1])
                && is_vague(&name)
                && tokens::is_body(&window[2])
            {
                let line = window[1].span().start().line;
                findings.push(Finding::failure(&file.path, line, format!("the module's name `{name}` {INSTEAD}")));
            }
        }
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::{Finding, SourceFile, imports::Package};

    #[track_caller]
    fn finds(path: &str, text: &str, expected: &[&str]) {
        let found: Vec<String> = check(&[SourceFile::new(path, text)], &[]).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
    }

    #[test]
    fn vague_modules_are_found_as_files_folders_and_inside_files() {
        finds(
            "crates/domain/src/utils.rs",
            "",
            &["crates/domain/src/utils.rs:1: the module's name `utils` says nothing"],
        );
        finds("tests/tests/common/mod.rs", "", &["tests/tests/common/mod.rs:1: the module's name `common`"]);
        finds(
            "crates/domain/src/lib.rs",
            "\nmod helpers { }",
            &["crates/domain/src/lib.rs:2: the module's name `helpers`"],
        );
        finds("crates/domain/src/lib.rs", "mod severity { }\n// mod utils { }", &[]);
        finds("crates/domain/src/manager_of_nothing.rs", "", &[]);
    }

    #[test]
    fn a_vague_crate_is_found() {
        let manifest = SourceFile::new("crates/core/Cargo.toml", "");
        let package = Package { name: "core".to_owned(), manifest, imports: Vec::new() };
        let found = check(&[], &[package]);
        assert_eq!(found.len(), 1, "{found:#?}");
    }
}

//! Each snapshot file belongs to a test that still exists.

use super::{Finding, SourceFile};

/// Looks up the source that each `.snap` names, and in it the snapshot's name.
pub fn check(files: &[SourceFile]) -> Vec<Finding> {
    files.iter().filter(|file| file.has_extension(&["snap"])).filter_map(|snap| check_snapshot(files, snap)).collect()
}

fn check_snapshot(files: &[SourceFile], snap: &SourceFile) -> Option<Finding> {
    let instead = "delete it, or run the test that writes it again (cargo insta)";
    let Some((_, source)) = snap.lines().find_map(|(number, line)| Some((number, line.strip_prefix("source: ")?)))
    else {
        return Some(Finding::failure(&snap.path, 1, format!("the snapshot names no source: {instead}")));
    };
    let source = source.trim_matches('"');
    let Some(file) = files.iter().find(|file| file.path == source) else {
        return Some(Finding::failure(&snap.path, 1, format!("its source {source} is gone: {instead}")));
    };
    let name = snapshot_name(&snap.path);
    if file.text.contains(name) {
        return None;
    }
    Some(Finding::failure(&snap.path, 1, format!("{source} doesn't name `{name}`: {instead}")))
}

/// `triage` of `crates/grpc/src/snapshots/grpc__tests__triage-2.snap`: the test's name, or the one given in the assertion.
fn snapshot_name(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".snap");
    let name = file.rsplit("__").next().unwrap_or(file);
    match name.rsplit_once('-') {
        Some((name, count)) if count.chars().all(|c| c.is_ascii_digit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::SourceFile;

    #[track_caller]
    fn finds(snap: (&str, &str), source: (&str, &str), expected: Option<&str>) {
        let found = check(&[SourceFile::new(snap.0, snap.1), SourceFile::new(source.0, source.1)]);
        let advice: Vec<&str> = found.iter().map(|finding| finding.advice.as_str()).collect();
        match (advice.as_slice(), expected) {
            ([], None) => {}
            ([advice], Some(expected)) => assert!(advice.contains(expected), "{advice}"),
            _ => panic!("{advice:#?}, not {expected:?}"),
        }
    }

    const HEADER: &str = "---\nsource: crates/grpc/src/lib.rs\nexpression: board\n---\nSev 1";

    #[test]
    fn a_snapshot_of_a_test_that_exists_passes() {
        let test = ("crates/grpc/src/lib.rs", "#[test]\nfn the_board() { assert_snapshot!(board); }");
        finds(("crates/grpc/src/snapshots/grpc__tests__the_board.snap", HEADER), test, None);
        finds(("crates/grpc/src/snapshots/grpc__tests__the_board-2.snap", HEADER), test, None);
    }

    #[test]
    fn a_snapshot_that_nothing_writes_any_more_is_found() {
        let snap = ("crates/grpc/src/snapshots/grpc__tests__the_board.snap", HEADER);
        finds(snap, ("crates/grpc/src/lib.rs", "fn another() {}"), Some("doesn't name `the_board`"));
        finds(snap, ("crates/grpc/src/other.rs", "fn the_board() {}"), Some("is gone"));
        finds((snap.0, "Sev 1"), ("crates/grpc/src/lib.rs", ""), Some("names no source"));
    }
}

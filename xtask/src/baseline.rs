//! Which earlier contract must not be broken: the first of these that exists.
//!
//! 1. The newest release: the last tag `v*` that the current commit descends from.
//! 2. Where the branch left `main` (`origin/main`, or the local one).
//! 3. The contract before its last change: the commit before the last one that touched `proto/`; or, while `proto/` has changes that
//!    aren't committed, the last commit.
//!
//! Where none has a contract, nothing was promised yet. In a shallow clone the history may be missing: that is said, never passed over.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, Result, bail};

/// The outcome of the search.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// This commit's contract, and what it is to us.
    Commit { commit: String, why: String },
    /// Nothing was promised yet.
    None { why: String },
    /// The history isn't here: what is missing, and how to get it.
    Unknown { what: String },
}

/// Finds the contract to compare with, by the rules above.
pub(crate) fn find(root: &Path) -> Result<Baseline> {
    let Some(head) = resolve(root, "HEAD")? else {
        return Ok(Baseline::Unknown {
            what: "git, or its history, is missing: work in a clone (git clone)".to_owned(),
        });
    };
    let mut candidates = Vec::new();
    if let Some(tag) = newest_tag(root)? {
        candidates.push((tag.clone(), format!("the release {tag}")));
    }
    if let Some((fork, main)) = left_main_at(root, &head)? {
        candidates.push((fork, format!("where this branch left {main}")));
    }
    if is_changed(root)? {
        candidates.push((head, "the last commit".to_owned()));
    } else if let Some(touched) = git_line(root, &["log", "-1", "--format=%H", "--", "proto"])? {
        candidates.push((format!("{touched}~1"), "the contract before its last change".to_owned()));
    }
    for (name, why) in candidates {
        if let Some(commit) = resolve(root, &name)?
            && !contract_files(root, &commit)?.is_empty()
        {
            let why = format!("{why} ({})", &commit[..commit.len().min(10)]);
            return Ok(Baseline::Commit { commit, why });
        }
    }
    if git_line(root, &["rev-parse", "--is-shallow-repository"])?.as_deref() == Some("true") {
        return Ok(Baseline::Unknown { what: "the history is shallow: git fetch --unshallow --tags".to_owned() });
    }
    Ok(Baseline::None { why: "no earlier contract: nothing to break".to_owned() })
}

/// Writes a commit's contract into the folder `into`, beside today's rules; what was there goes.
pub(crate) fn write_out(root: &Path, commit: &str, into: &Path) -> Result<()> {
    if into.exists() {
        fs::remove_dir_all(into).with_context(|| format!("empty {}", into.display()))?;
    }
    for file in contract_files(root, commit)? {
        let path = into.join(&file);
        fs::create_dir_all(path.parent().unwrap_or(into)).context("create a folder for the earlier contract")?;
        let Output { status, stdout, .. } = git(root, &["show", &format!("{commit}:{file}")])?;
        if !status.success() {
            bail!("git can't show {file} of {commit}");
        }
        fs::write(&path, stdout).with_context(|| format!("write {}", path.display()))?;
    }
    fs::copy(root.join("buf.yaml"), into.join("buf.yaml")).context("copy buf.yaml")?;
    Ok(())
}

fn newest_tag(root: &Path) -> Result<Option<String>> {
    git_line(root, &["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"])
}

/// The commit at which the current one left main, unless it is on main; and main's name.
fn left_main_at(root: &Path, head: &str) -> Result<Option<(String, String)>> {
    for main in ["origin/main", "main"] {
        if let Some(fork) = git_line(root, &["merge-base", "HEAD", main])?
            && fork != head
        {
            return Ok(Some((fork, main.to_owned())));
        }
    }
    Ok(None)
}

fn is_changed(root: &Path) -> Result<bool> {
    Ok(git_line(root, &["status", "--porcelain", "--", "proto"])?.is_some())
}

fn contract_files(root: &Path, commit: &str) -> Result<Vec<String>> {
    let Output { status, stdout, .. } = git(root, &["ls-tree", "-r", "--name-only", commit, "--", "proto"])?;
    if !status.success() {
        bail!("git can't list the files of {commit}");
    }
    let files = String::from_utf8(stdout).context("a file name that isn't UTF-8")?;
    Ok(files
        .lines()
        .filter(|file| Path::new(file).extension().is_some_and(|extension| extension == "proto"))
        .map(str::to_owned)
        .collect())
}

fn resolve(root: &Path, name: &str) -> Result<Option<String>> {
    git_line(root, &["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])
}

/// The first line that git answers; `None` where it answers nothing or refuses.
fn git_line(root: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let Output { status, stdout, .. } = git(root, arguments)?;
    let stdout = String::from_utf8_lossy(&stdout);
    Ok(stdout.lines().next().filter(|line| status.success() && !line.is_empty()).map(str::to_owned))
}

fn git(root: &Path, arguments: &[&str]) -> Result<Output> {
    let mut git = Command::new("git");
    // Inside a git hook these name the hook's repository, whatever the folder.
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        git.env_remove(variable);
    }
    git.current_dir(root).args(arguments).output().context("run git (apt-get install git)")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::{Baseline, find, git, resolve, write_out};

    /// A repository of its own, told what happens to it in one line each.
    struct Repository(TempDir);

    impl Repository {
        fn new() -> Self {
            let here = Self(tempfile::tempdir().unwrap());
            here.git(&["init", "--quiet", "--initial-branch=main"]);
            here.git(&["config", "user.email", "somebody@example.com"]);
            here.git(&["config", "user.name", "Somebody"]);
            here
        }

        fn git(&self, arguments: &[&str]) {
            let output = git(self.0.path(), arguments).unwrap();
            assert!(output.status.success(), "git {arguments:?}: {output:?}");
        }

        fn write(&self, file: &str, text: &str) {
            let path = self.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// Writes the file, commits it, and answers the commit.
        fn commit(&self, file: &str, text: &str) -> String {
            self.write(file, text);
            self.git(&["add", "--all"]);
            self.git(&["commit", "--quiet", "--message", text]);
            resolve(self.0.path(), "HEAD").unwrap().unwrap()
        }

        #[track_caller]
        fn compares_with(&self, expected: &str, because: &str) {
            match find(self.0.path()).unwrap() {
                Baseline::Commit { commit, why } => {
                    assert_eq!(commit, expected, "{why}");
                    assert!(why.contains(because), "{why}");
                }
                other => panic!("{other:?}"),
            }
        }

        #[track_caller]
        fn compares_with_nothing(&self) {
            let found = find(self.0.path()).unwrap();
            assert!(matches!(found, Baseline::None { .. }), "{found:?}");
        }
    }

    #[test]
    fn on_main_the_last_change_of_the_contract_is_compared_with_what_it_changed() {
        let here = Repository::new();
        here.commit("README.md", "no contract yet");
        here.compares_with_nothing();
        here.commit("proto/a.proto", "the first contract");
        here.compares_with_nothing();
        here.commit("README.md", "something else");
        let before = here.commit("README.md", "something else again");
        let after = here.commit("proto/a.proto", "the second contract");
        here.compares_with(&before, "before its last change");
        here.commit("README.md", "an innocent commit hides nothing");
        here.compares_with(&before, "before its last change");
        let last = here.commit("README.md", "and now");
        here.write("proto/a.proto", "a change at hand");
        here.compares_with(&last, "the last commit");
        assert_ne!(after, last);
    }

    #[test]
    fn a_branch_is_compared_with_where_it_left_main() {
        let here = Repository::new();
        let fork = here.commit("proto/a.proto", "one");
        here.git(&["switch", "--quiet", "--create", "idea"]);
        here.commit("proto/a.proto", "two");
        here.commit("proto/a.proto", "three");
        here.compares_with(&fork, "left main");
    }

    #[test]
    fn a_branch_that_began_the_contract_is_compared_with_its_own_last_change() {
        let here = Repository::new();
        here.commit("README.md", "no contract yet");
        here.git(&["switch", "--quiet", "--create", "idea"]);
        here.commit("proto/a.proto", "one");
        here.compares_with_nothing();
        let before = here.commit("README.md", "more");
        here.commit("proto/a.proto", "two");
        here.compares_with(&before, "before its last change");
    }

    #[test]
    fn a_release_outweighs_everything_since() {
        let here = Repository::new();
        let released = here.commit("proto/a.proto", "one");
        here.git(&["tag", "v0.1.0"]);
        here.commit("proto/a.proto", "two");
        here.git(&["tag", "nightly"]);
        here.commit("proto/a.proto", "three");
        here.compares_with(&released, "the release v0.1.0");
    }

    #[test]
    fn a_shallow_clone_says_what_it_lacks() {
        let here = Repository::new();
        here.commit("proto/a.proto", "one");
        here.commit("proto/a.proto", "two");
        let clone = tempfile::tempdir().unwrap();
        let from = format!("file://{}", here.0.path().display());
        assert!(git(clone.path(), &["clone", "--quiet", "--depth=1", &from, "."]).unwrap().status.success());
        let found = find(clone.path()).unwrap();
        assert!(matches!(&found, Baseline::Unknown { what } if what.contains("--unshallow")), "{found:?}");
    }

    #[test]
    fn the_earlier_contract_is_written_out_beside_todays_rules() {
        let here = Repository::new();
        here.write("buf.yaml", "version: v2");
        let old = here.commit("proto/snaglog/a.proto", "old");
        here.commit("proto/snaglog/a.proto", "new");
        let into = here.0.path().join("target/baseline");
        for _twice in 0..2 {
            write_out(here.0.path(), &old, &into).unwrap();
            assert_eq!(fs::read_to_string(into.join("proto/snaglog/a.proto")).unwrap(), "old");
            assert_eq!(fs::read_to_string(into.join("buf.yaml")).unwrap(), "version: v2");
        }
    }
}

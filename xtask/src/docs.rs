//! `cargo xtask docs`: rustdoc with warnings as errors, and the pages that are generated from the contract.

use std::{env, fs};

use anyhow::{Context, Result};

use crate::{
    cargo::{cargo, passes, root},
    reference,
    run::Outcome,
};

/// Where the API's reference page is, from the root.
const API_PAGE: &str = "docs/api.md";

/// Writes what is generated, then builds the crates' documentation.
pub(crate) fn write() -> Result<bool> {
    write_api_page()?;
    rustdoc()
}

/// Writes `docs/api.md` from the contract.
pub(crate) fn write_api_page() -> Result<()> {
    let page = reference::page(&root().join("proto"))?;
    let path = root().join(API_PAGE);
    fs::create_dir_all(root().join("docs")).context("create docs/")?;
    fs::write(&path, page).with_context(|| format!("write {API_PAGE}"))?;
    eprintln!("wrote {API_PAGE}");
    Ok(())
}

/// Compares `docs/api.md` with the contract.
pub(crate) fn check_api_page() -> Result<Outcome> {
    let page = reference::page(&root().join("proto"))?;
    let written = fs::read_to_string(root().join(API_PAGE)).unwrap_or_default();
    if let Some((line, (is, should))) = first_difference(&written, &page) {
        eprintln!("{API_PAGE}:{line}: is not what the contract says\n  is:     {is}\n  should: {should}");
        return Ok(Outcome::Broken);
    }
    Ok(Outcome::of_check(true))
}

/// Builds every crate's documentation; a broken link or a bare URL fails.
pub(crate) fn rustdoc() -> Result<bool> {
    let flags = env::var("RUSTDOCFLAGS").unwrap_or_default() + " -D warnings";
    passes(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", flags.trim()))
}

/// The first line, from 1, in which two texts differ, and both sides of it.
fn first_difference<'a>(left: &'a str, right: &'a str) -> Option<(usize, (&'a str, &'a str))> {
    let end = "(the end)";
    let left = left.lines().map(Some).chain(std::iter::repeat(None));
    let right = right.lines().map(Some).chain(std::iter::repeat(None));
    left.zip(right)
        .enumerate()
        .take_while(|(_, pair)| *pair != (None, None))
        .find(|(_, (left, right))| left != right)
        .map(|(index, (left, right))| (index + 1, (left.unwrap_or(end), right.unwrap_or(end))))
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn a_stale_page_is_told_by_its_first_other_line() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some((2, ("b", "c"))));
        assert_eq!(first_difference("", "a\n"), Some((1, ("(the end)", "a"))));
        assert_eq!(first_difference("a\nb\n", "a\n"), Some((2, ("b", "(the end)"))));
    }
}

//! The rules that no compiler checks, applied to this workspace. What they are, and their own tests: `tests/src/tidy/`.

use tests::tidy::{Untidy, clocks, crate_docs, imports, insist, lengths, names, promises, snapshots, words, workspace};

#[test]
fn crates_import_what_the_table_allows() -> Result<(), Untidy> {
    insist(imports::check(&workspace().packages, imports::TABLE))
}

#[test]
fn the_page_on_architecture_says_the_same_as_the_table() -> Result<(), Untidy> {
    insist(imports::check_page(&workspace().files, imports::TABLE))
}

#[test]
fn files_and_functions_are_short() -> Result<(), Untidy> {
    insist(lengths::check(&workspace().files))
}

#[test]
fn only_services_know_the_time_and_make_ids() -> Result<(), Untidy> {
    insist(clocks::check(&workspace().files))
}

#[test]
fn every_crate_says_what_it_does_what_never_happens_and_how_to_add_to_it() -> Result<(), Untidy> {
    insist(crate_docs::check(&workspace().files, &workspace().packages))
}

#[test]
fn the_page_on_the_log_tells_every_promise_and_the_test_that_shows_it() -> Result<(), Untidy> {
    insist(promises::check(&workspace().files, promises::LOGS))
}

#[test]
fn names_say_what_is_in_it() -> Result<(), Untidy> {
    insist(names::check(&workspace().files, &workspace().packages))
}

#[test]
fn nothing_is_left_for_later() -> Result<(), Untidy> {
    insist(words::check_done(&workspace().files))
}

#[test]
fn the_project_stands_alone() -> Result<(), Untidy> {
    insist(words::check_alone(&workspace().files))
}

#[test]
fn every_snapshot_has_its_test() -> Result<(), Untidy> {
    insist(snapshots::check(&workspace().files))
}

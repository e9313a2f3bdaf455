//! What is tested from outside: scenarios over real processes, benchmarks, crash runs ([`chaos`]), and [`tidy`], the rules that no
//! compiler checks.
//!
//! Scenarios are in `tests/tests/`, one file a story; the benchmarks are the binary `bench`, the crash runs the binary `chaos`.
//! `cargo xtask test` names the server's binary in `SNAGLOG_BIN`.
//!
//! What never happens here: the product imports nothing of it; no scenario reaches into a process otherwise than a user could (its
//! ports, its files, its signals); none shares a folder or a port with another.
//!
//! # Recipes
//!
//! **To add a rule to tidy**: a module in `tests/src/tidy/` with a pure `check` that answers [`tidy::Finding`]s (each says what to do
//! instead) and tests with bad samples; a test in `tests/tests/tidy.rs` that applies it to the workspace.
//!
//! **To add a crate**: its row in `tests/src/tidy/imports.rs`, and the same in `docs/architecture.md`.
//!
//! **To add a log to benchmarks and crash runs**: an arm in `tests/src/chaos/open.rs`; its references in `tests/src/bench/append/`.
//!
//! **To add a scenario**: a file in `tests/tests/`; `cargo xtask test --only scenarios` finds it.

pub mod bench;
pub mod chaos;
pub mod client;
pub mod collector;
pub mod ground;
pub mod life;
pub mod raised;
pub mod server;
pub mod shell;
pub mod streams;
pub mod subscriber;
pub mod tidy;
pub mod tools;

/// Where the Bugzilla sample is unless `SNAGLOG_BUGZILLA_SAMPLE` says otherwise, from the workspace's root. It holds real histories, so
/// it isn't part of the project: this is the one place that names anything outside of it.
pub const BUGZILLA_SAMPLE: &str = "../shared/data/bugzilla-history.jsonl";

//! Histories over the log in memory: paged, cut, and a partition's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod as_of;
mod at;
mod paging;
mod partition;
mod story;
mod timeline;

//! Recorded events, typed: a stream's, those of a partition, and a stream as it was.
//!
//! [`History`] reads streams from the log and decodes them; [`partition_page`] does so for a partition, where a record that
//! can't be decoded is handed on with its place, so that a projector can park its stream, or stop. [`feed_page`] does so for
//! subscribers: what they don't want is not decoded.
//!
//! There are two kinds of looking back, and a [`Cut`] has one or both:
//! - *as of* a time of recording, a revision or a position: **what was known**. A prefix of the stream, folded in the log's order;
//!   its answer never changes.
//! - *at* a time: **what was true** then, by all that is known now, or was known as of then. Facts that happened later are left
//!   out, the others are told in the order in which they happened, at one instant in the log's order. So a workaround that was
//!   recorded late counts from the time that it was found.
//!
//! The two orders are the same but for what was recorded late. Changes of state stand in the same order in both; another fact
//! that would say nothing at its own time, or would move the issue, is told where it was recorded. Where a late fact
//! contradicts one that happened after it but was recorded before it, the latest in time rules *at* that time, the latest in
//! the log rules the issue itself: who records late that an issue was somebody else's before has changed what was true then,
//! and whose it is now.
//!
//! [`Timeline`] tells how long an issue stood where and waited for whom, from its events.
//!
//! What never happens here: an append, a decision, a view; the wall clock. What is read is bounded by its stream (10,000 events
//! at most, and state changes) or by the page.
//!
//! # Recipes
//!
//! **To read a new kind of stream**: nothing, once `codec` stores its events.
//!
//! **To look back in another way**: a field of [`Cut`] or a variant of [`AsOf`] in `cut.rs`; what was true is in `at.rs`.

mod at;
mod cut;
mod error;
mod feed;
mod history;
mod partition;
mod timeline;

pub use codec::event_types;
pub use cut::{AsOf, Cut};
pub use error::HistoryError;
pub use feed::{FeedPage, FeedRecord, feed_page};
pub use history::{Entry, History, IssueThen, Page};
pub use partition::{PartitionPage, PartitionRecord, partition_page};
pub use timeline::{Stand, Stay, Timeline, Wait, WaitEnd};

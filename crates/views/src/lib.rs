//! Read models as data and pure folds.
//!
//! A view is a name, a version, tables ([`table`]) and a fold from events to [`row::Change`]s of them. What is read back is a
//! [`row::Select`], data too: a store knows tables and rows, never issues or boards.
//!
//! What never happens here: IO, SQL, the wall clock, randomness.

pub mod row;
pub mod table;

//! Crashes: writers and readers on a log that is killed, again and again; a disk that loses power, or fails.
//!
//! Who does what: [`plan`] says what each writer appends, so that nothing need be remembered of what was sent. [`writers`] is the process
//! that appends and reads; it tells every answer and everything read in one file, the ledger. [`account`] holds the log against that.
//! [`kills`] kills, [`powerloss`] takes the power away.

pub mod account;
pub mod kills;
pub mod open;
pub mod plan;
pub mod powerloss;
pub mod writers;

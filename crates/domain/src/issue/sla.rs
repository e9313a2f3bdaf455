//! The words that events about clocks share.

use jiff::Timestamp;

use crate::clocks::Clock;

/// What shows that a recorded breach did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Correction {
    /// The first triage gave a severity that promises less.
    FirstTriage,
    /// The clock had been stopped before, which was recorded late.
    LateStop,
}

/// What a rebase did to a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Which clock.
    pub clock: Clock,
    /// Its cycle, from 1.
    pub cycle: u32,
    /// The policy it had before.
    pub from_version: u32,
    /// Its deadline before; `None`: it had no target, or was paused.
    pub from_deadline: Option<Timestamp>,
    /// Its deadline from then on; `None`: it has no target, or is paused.
    pub to_deadline: Option<Timestamp>,
}

impl Correction {
    /// `first_triage` or `late_stop`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstTriage => "first_triage",
            Self::LateStop => "late_stop",
        }
    }
}

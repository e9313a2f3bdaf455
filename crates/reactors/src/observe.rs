//! What is told of acts, for metrics. Nothing that reactors do depends on who listens.

use std::time::Duration;

use domain::project::Reactor;

/// What became of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is recorded.
    Recorded,
    /// Somebody had recorded it before: another node, or this one before it was started anew.
    Known,
    /// A rule said no: it no longer holds, or it was done in another way in the same instant.
    Refused,
    /// The project has switched it off.
    SwitchedOff,
    /// It can't be done, now or later; the log says why.
    Failed,
}

impl Outcome {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Known => "known",
            Self::Refused => "refused",
            Self::SwitchedOff => "switched_off",
            Self::Failed => "failed",
        }
    }
}

/// Who is told.
pub trait Observer: Send + Sync + 'static {
    /// An act came to this end, so long after it was due.
    fn ended(&self, reactor: Reactor, outcome: Outcome, lag: Duration);

    /// So many issues are looked after at this moment.
    fn under_way(&self, issues: usize);
}

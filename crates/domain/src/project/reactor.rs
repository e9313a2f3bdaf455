//! What the system does by itself, each to be switched off per project.

use std::fmt;
use std::str::FromStr;

use crate::Actor;
use crate::ids::Malformed;

/// Something that turns what happened, or that time passed, into commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reactor {
    /// Records that a clock is at risk, and its breach.
    Deadlines,
    /// Tells those whom a policy names, step by step, of what is at risk or breached.
    Escalations,
    /// Marks issues as in production when a deployment carries their fix, and takes the mark off after a rollback.
    Production,
    /// Records whether a policy's delivery rule was kept.
    Delivery,
    /// Plans shifts for what stays unmitigated.
    Shifts,
}

impl Reactor {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Deadlines, Self::Escalations, Self::Production, Self::Delivery, Self::Shifts];

    /// Its name, such as `deadlines`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadlines => "deadlines",
            Self::Escalations => "escalations",
            Self::Production => "production",
            Self::Delivery => "delivery",
            Self::Shifts => "shifts",
        }
    }

    /// Under which name it acts: `system:` and its own.
    #[expect(clippy::expect_used, reason = "the names are written here, not read from anywhere")]
    pub fn actor(self) -> Actor {
        Actor::parse(&format!("system:{}", self.as_str())).expect("letters and a colon are an id")
    }

    /// Which one acts under this name, if any does.
    pub fn of(actor: &Actor) -> Option<Self> {
        actor.as_str().strip_prefix("system:")?.parse().ok()
    }
}

impl fmt::Display for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Reactor {
    type Err = Malformed;

    fn from_str(name: &str) -> Result<Self, Malformed> {
        let expected = "must be deadlines, escalations, production, delivery or shifts";
        Self::ALL.into_iter().find(|reactor| reactor.as_str() == name).ok_or(Malformed::Form { expected })
    }
}

//! What happened to a cycle on the way to its breach: who waited, how often it was handed over, how long it was paused.

use std::sync::Arc;

use domain::clocks::{Breach, Cycle, Ledger, Note, Noted};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a breach came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// deadline, `first_triage`, `severity_change`, rebase.
    #[serde(rename = "c")]
    pub cause: Arc<str>,
    /// The deadline that was passed.
    #[serde(rename = "d")]
    pub deadline: i64,
    /// The revision of the event that tells it; `None`: none does yet.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<u64>,
    /// What happened on the way there.
    #[serde(rename = "y")]
    pub way: Way,
}

/// What happened to a cycle up to an instant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// How often the issue was handed to another team.
    #[serde(rename = "h")]
    pub handovers: u64,
    /// For how long nobody had accepted it, in wall time.
    #[serde(rename = "w")]
    pub waited: u64,
    /// Since when nobody has, as it is now.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<i64>,
    /// How often the cycle was paused.
    #[serde(rename = "p")]
    pub pauses: u64,
    /// How long, in wall time.
    #[serde(rename = "d")]
    pub paused: u64,
}

impl Told {
    pub(super) fn of(cycle: &Cycle, breach: &Breach, ledger: &Ledger) -> Self {
        Self {
            cause: breach.cause.as_str().into(),
            deadline: breach.deadline.as_microsecond(),
            recorded: breach.recorded,
            way: Way::of(cycle, ledger, breach.at),
        }
    }
}

impl Way {
    pub(super) fn of(cycle: &Cycle, ledger: &Ledger, until: Timestamp) -> Self {
        let handed =
            |note: &&Note| matches!(note.what, Noted::HandedOver { .. }) && note.at >= cycle.start && note.at <= until;
        let paused = || cycle.pauses.iter().filter(|pause| pause.from < until);
        let seconds = paused().map(|pause| seconds(pause.from, pause.until.unwrap_or(until).min(until)));
        let (waited, waits_since) = waited(ledger, cycle.start, until);
        Self {
            handovers: ledger.notes().iter().filter(handed).count() as u64,
            waited,
            waits_since: waits_since.map(Timestamp::as_microsecond),
            pauses: paused().count() as u64,
            paused: seconds.sum(),
        }
    }
}

/// Wall time within a span in which nobody had accepted the issue, in seconds; and since when nobody has at its end.
fn waited(ledger: &Ledger, from: Timestamp, until: Timestamp) -> (u64, Option<Timestamp>) {
    let (mut since, mut waited) = (None, 0);
    for note in ledger.notes().iter().filter(|note| note.at <= until) {
        let waits = match &note.what {
            Noted::Filed { .. } | Noted::HandedOver { .. } | Noted::LevelChanged { .. } | Noted::ReturnedToTriage => {
                true
            }
            Noted::Accepted | Noted::Rejected | Noted::Dismissed { .. } | Noted::Resolved => false,
            _ => continue,
        };
        match (since, waits) {
            (None, true) => since = Some(note.at.max(from)),
            (Some(begun), false) => {
                waited += seconds(begun, note.at);
                since = None;
            }
            _ => {}
        }
    }
    (waited + since.map_or(0, |begun| seconds(begun, until)), since)
}

fn seconds(from: Timestamp, until: Timestamp) -> u64 {
    u64::try_from(until.duration_since(from).as_secs()).unwrap_or_default()
}

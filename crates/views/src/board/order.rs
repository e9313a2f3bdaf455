//! How the cards of a column are ordered, and where a page of them ends.

use std::cmp::Ordering;
use std::sync::Arc;

use domain::ids::{ProjectId, SeverityId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::card::Card;
use crate::issue::Standing;
use crate::row::Cursor;
use crate::table::Direction;

/// How a column's cards are ordered. Among equals by number, in the same direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Order {
    /// By time in the state, the longest first; in Closed and Dismissed the newest first.
    #[default]
    StateLongest,
    /// By filing, the oldest first.
    FiledOldest,
    /// By filing, the newest first.
    FiledNewest,
    /// By the last change, the newest first.
    ChangedNewest,
    /// By severity in this order, the worst first; then those without one. Within one by time in the state.
    Severity(Vec<SeverityId>),
}

/// Where a page ends: its last card, or the last that was looked at. Serialisable, for page tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    severity: Arc<str>,
    at_us: i64,
    ordinal: u64,
}

impl Order {
    /// By which column of the issue table, within a severity where that comes first.
    pub(super) fn column(&self, standing: Standing) -> (&'static str, Direction) {
        match self {
            Self::FiledOldest => ("filed_at", Direction::Asc),
            Self::FiledNewest => ("filed_at", Direction::Desc),
            Self::ChangedNewest => ("changed_at", Direction::Desc),
            Self::StateLongest | Self::Severity(_) => ("state_since", in_state(standing)),
        }
    }

    /// Where a page ends that ends with this card.
    pub(super) fn place(&self, card: &Card) -> Place {
        let by_severity = matches!(self, Self::Severity(_));
        let severity = card.severity.clone().filter(|_| by_severity).unwrap_or_default();
        Place { severity, at_us: self.at(card).as_microsecond(), ordinal: card.key.ordinal }
    }

    /// Which comes first in a column.
    pub(super) fn compare(&self, standing: Standing, one: &Place, other: &Place) -> Ordering {
        let within = (one.at_us, one.ordinal).cmp(&(other.at_us, other.ordinal));
        let within = if self.column(standing).1 == Direction::Asc { within } else { within.reverse() };
        self.rank(&one.severity).cmp(&self.rank(&other.severity)).then(within)
    }

    /// How late a severity comes; none comes last.
    pub(super) fn rank(&self, severity: &str) -> usize {
        match self {
            Self::Severity(worst_first) => {
                worst_first.iter().position(|each| each.as_str() == severity).unwrap_or(worst_first.len())
            }
            _ => 0,
        }
    }

    fn at(&self, card: &Card) -> Timestamp {
        match self {
            Self::FiledOldest | Self::FiledNewest => card.filed_at,
            Self::ChangedNewest => card.changed_at,
            Self::StateLongest | Self::Severity(_) => card.state_since,
        }
    }
}

impl Place {
    /// In which severity it is, where the order is by severity.
    pub(super) fn severity(&self) -> &str {
        &self.severity
    }

    /// As the select has it that is ordered by a time of the issue table.
    pub(super) fn cursor(&self, project: &ProjectId) -> Cursor {
        use crate::row::Value;
        Cursor(vec![Value::Timestamp(self.at_us), project.shared().into(), self.ordinal.into()])
    }
}

/// What stands longest comes first; of what is over, the newest.
pub(super) fn in_state(standing: Standing) -> Direction {
    match standing {
        Standing::Closed | Standing::Dismissed => Direction::Desc,
        _ => Direction::Asc,
    }
}

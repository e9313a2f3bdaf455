//! Calendars: when work is done, and what follows for deadlines.
//!
//! An instant is working time if what a clock on the wall of the calendar's zone shows then lies inside one of its intervals: `opens` belongs to the
//! interval, `closes` does not. A clock that is put forward skips readings, one that is put back shows some twice; the calendar follows the wall.
//! An interval over midnight belongs to the date on which it opens.
//!
//! Working time is counted over a table that is compiled from the definition, a year at a time (`calendar/table.rs`); how, is in `calendar/arithmetic.rs`.

mod arithmetic;
mod built_in;
mod definition;
mod draft;
mod fault;
mod hours;
mod table;
mod versions;
mod zone;

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::ids::CalendarId;

pub use arithmetic::{Span, Unreachable};
pub use built_in::{BUSINESS, ROUND_THE_CLOCK};
pub use definition::{DATES_MAX, DatedDay, Definition, HOURS_MAX, NAME_CHARS_MAX, WEEK};
pub use draft::{Draft, DraftDate, DraftDay};
pub use fault::{Fault, Faults};
pub use hours::Hours;
pub use table::HORIZON;
pub use versions::{Calendars, Defined};
pub use zone::Zone;

/// One version of a project's calendar. Immutable; a clone shares the compiled table.
#[derive(Clone)]
pub struct Calendar {
    version: u32,
    definition: Arc<Definition>,
    table: Arc<table::Table>,
}

impl Calendar {
    /// That version of what is defined. The built-in calendars are version 0, a project's own count from 1.
    pub fn new(definition: Definition, version: u32) -> Self {
        Self { version, definition: Arc::new(definition), table: Arc::default() }
    }

    /// What the project calls it.
    pub fn id(&self) -> &CalendarId {
        self.definition.id()
    }

    /// 0: built in. A new definition is the next version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Zone, week and dates.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The zone that its times are in, with the rules it was defined under.
    pub fn zone(&self) -> &Zone {
        self.definition.zone()
    }

    /// The intervals of that date: the date's own, else those of its weekday. In order, none overlaps another.
    pub fn hours(&self, date: Date) -> &[Hours] {
        self.definition.hours(date)
    }

    /// Whether targets in working days can be counted: no interval goes over midnight.
    pub fn counts_days(&self) -> bool {
        !self.definition.over_midnight()
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version && self.definition == other.definition
    }
}

impl Eq for Calendar {}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Calendar {{ version: {}, definition: {:?} }}", self.version, self.definition)
    }
}

//! The calendars that every project has.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{Calendar, Definition, Hours, Zone};
use crate::ids::CalendarId;

/// Every hour of every day. A project can't define it anew.
pub const ROUND_THE_CLOCK: &str = "24x7";
/// Monday to Friday 09:00 to 17:00 UTC, until the project defines its own.
pub const BUSINESS: &str = "business";

impl Calendar {
    /// `24x7`, every hour of every day.
    pub fn round_the_clock() -> Self {
        static ONE: LazyLock<Calendar> =
            LazyLock::new(|| built_in(ROUND_THE_CLOCK, std::array::from_fn(|_| vec![Hours::WHOLE_DAY])));
        ONE.clone()
    }

    /// `business`, Monday to Friday 09:00 to 17:00 UTC.
    pub fn business() -> Self {
        static ONE: LazyLock<Calendar> = LazyLock::new(|| {
            let nine_to_five = Hours::new(9 * 60, 17 * 60).ok();
            built_in(
                BUSINESS,
                std::array::from_fn(|day| if day < 5 { Vec::from_iter(nine_to_five) } else { Vec::new() }),
            )
        });
        ONE.clone()
    }

    /// The built-in calendar of that name.
    pub fn built_in(id: &CalendarId) -> Option<Self> {
        match id.as_str() {
            ROUND_THE_CLOCK => Some(Self::round_the_clock()),
            BUSINESS => Some(Self::business()),
            _ => None,
        }
    }
}

#[expect(clippy::expect_used, reason = "both are written here, not read from anywhere")]
fn built_in(id: &str, week: [Vec<Hours>; 7]) -> Calendar {
    let id = CalendarId::parse(id).expect("letters and digits are an id");
    Calendar::new(Definition::new(id, Zone::utc(), week, BTreeMap::new()).expect("they don't overlap"), 0)
}

//! Intervals of working time within a day.

use std::fmt;
use std::str::FromStr;

use crate::ids::Malformed;

const DAY_MINUTES: u16 = 24 * 60;

/// An interval of working time, `09:00-17:00`: opens on its date, and closes on it or, over midnight, on the next (`22:00-06:00`).
/// Less than a day long, or the whole day, `00:00-24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hours {
    opens: u16,
    closes: u16,
}

impl Hours {
    /// The whole day.
    pub const WHOLE_DAY: Self = Self { opens: 0, closes: DAY_MINUTES };

    /// From two readings of the clock, in minutes since midnight. One that closes at or before it opens closes on the next day.
    pub fn new(opens: u16, closes: u16) -> Result<Self, Malformed> {
        const EMPTY: Malformed =
            Malformed::Form { expected: "opens and closes at the same time; a whole day is 00:00-24:00" };
        if opens >= DAY_MINUTES || closes > DAY_MINUTES {
            return Err(FORM);
        }
        match opens {
            _ if opens == closes => Err(EMPTY),
            _ if opens < closes => Ok(Self { opens, closes }),
            // 22:00-00:00 closes at this day's end.
            _ => Ok(Self { opens, closes: closes + DAY_MINUTES }),
        }
    }

    /// When it opens, in minutes since its date's midnight.
    pub fn opens(self) -> u16 {
        self.opens
    }

    /// When it closes, in minutes since its date's midnight: more than 1,440 where it goes over midnight.
    pub fn closes(self) -> u16 {
        self.closes
    }

    /// Whether it closes on the day after it opens, later than that day's very beginning.
    pub fn over_midnight(self) -> bool {
        self.closes > DAY_MINUTES
    }

    /// The part that reaches into the next day, as minutes of that day; nothing: it doesn't.
    pub(super) fn tomorrow(self) -> u16 {
        self.closes.saturating_sub(DAY_MINUTES)
    }
}

const FORM: Malformed =
    Malformed::Form { expected: "must be two times of the day such as 09:00-17:00, 22:00-06:00 or 00:00-24:00" };

impl FromStr for Hours {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (opens, closes) = text.split_once('-').ok_or(FORM)?;
        Self::new(minutes(opens).ok_or(FORM)?, minutes(closes).ok_or(FORM)?)
    }
}

/// `09:30`; two digits each, at most `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let formed = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        formed.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY_MINUTES).then_some(minutes)
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closes = if self.over_midnight() { self.tomorrow() } else { self.closes };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.opens / 60, self.opens % 60, closes / 60, closes % 60)
    }
}

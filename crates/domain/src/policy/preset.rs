//! The policy of a project that has adopted none.

use jiff::{SignedDuration, Timestamp};

use super::{Delivery, Entry, Pauses, Policy, Rules, SeverityRules, Target, Targets};
use crate::ids::CalendarId;
use crate::project::Scheme;

/// The built-in calendar that is always open.
const ALWAYS: &str = "24x7";
/// The built-in calendar of office hours.
const BUSINESS: &str = "business";
/// The version of both.
const BUILT_IN: u32 = 0;

impl Policy {
    /// The default for a scheme, version 0. What holds for a severity follows from its place among those in use, the worst first:
    ///
    /// | place | accept | mitigate | resolve | calendar | |
    /// |---|---|---|---|---|---|
    /// | first | 15 min | 4 h | 24 h | 24x7 | on top, patch now, shifts after 24 h, no pauses |
    /// | second | 4 h | 2 working days | 5 working days | business | below those on top, next push |
    /// | third | 2 working days | none | 30 working days | business | at the bottom, planned |
    /// | later | 5 working days | none | none | business | at the bottom, planned |
    ///
    /// With two severities in use, the second is ruled as a third; where there is but one, it is. A retired severity has the rules of the place it
    /// would take. Questions pause accept and resolve from the second place on; everywhere a clock is at risk at 75 %, and nobody is told.
    pub fn default_for(scheme: &Scheme) -> Self {
        let in_use = scheme.in_use().count();
        let mut place = 0;
        let severities = scheme.severities.iter().map(|severity| {
            let rules = by_place(place, in_use);
            place += usize::from(!severity.retired);
            SeverityRules { severity: severity.id.clone(), rules }
        });
        Self {
            version: 0,
            effective_from: Timestamp::MIN,
            severities: severities.collect(),
            selectors: Vec::new(),
            calendars: [ALWAYS, BUSINESS].into_iter().map(|id| (calendar(id), BUILT_IN)).collect(),
        }
    }
}

fn by_place(place: usize, in_use: usize) -> Rules {
    match (place, in_use) {
        (_, 1) | (1.., 2) | (2, _) => few_customers(),
        (0, _) => production_down(),
        (1, _) => serious(),
        (_, _) => cosmetic(),
    }
}

fn production_down() -> Rules {
    Rules {
        targets: Targets {
            accept: Some(Target::Working(SignedDuration::from_mins(15))),
            mitigate: Some(Target::Working(SignedDuration::from_hours(4))),
            resolve: Some(Target::Working(SignedDuration::from_hours(24))),
        },
        calendar: calendar(ALWAYS),
        pauses: Pauses::NONE,
        at_risk_percent: 75,
        on_top: true,
        shifts_after: Some(SignedDuration::from_hours(24)),
        entry: Entry::Top,
        delivery: Delivery::PatchNow,
        escalations: Vec::new(),
    }
}

fn serious() -> Rules {
    let targets = Targets {
        accept: Some(Target::Working(SignedDuration::from_hours(4))),
        mitigate: Some(Target::WorkingDays(2)),
        resolve: Some(Target::WorkingDays(5)),
    };
    Rules { entry: Entry::BelowOnTop, delivery: Delivery::NextPush, ..in_business_hours(targets) }
}

fn few_customers() -> Rules {
    in_business_hours(Targets {
        accept: Some(Target::WorkingDays(2)),
        mitigate: None,
        resolve: Some(Target::WorkingDays(30)),
    })
}

fn cosmetic() -> Rules {
    in_business_hours(Targets { accept: Some(Target::WorkingDays(5)), mitigate: None, resolve: None })
}

fn in_business_hours(targets: Targets) -> Rules {
    Rules {
        targets,
        calendar: calendar(BUSINESS),
        pauses: Pauses { accept: true, mitigate: false, resolve: true },
        at_risk_percent: 75,
        on_top: false,
        shifts_after: None,
        entry: Entry::Bottom,
        delivery: Delivery::Planned,
        escalations: Vec::new(),
    }
}

#[expect(clippy::expect_used, reason = "the ids are written here, not read from anywhere")]
fn calendar(id: &str) -> CalendarId {
    CalendarId::parse(id).expect("letters and digits are an id")
}

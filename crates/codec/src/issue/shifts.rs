//! Who is on when.

use domain::issue::IssueEvent;
use domain::shifts::{Ending, Hours, Obstacle, Plan, Shift};
use serde::{Deserialize, Serialize};

use super::misrouted;
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::NoTexts;
use crate::words::{MicrosV1, Str, maybe, maybe_word, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::ShiftsPlanned { plan } => put.event(T::ShiftsPlanned, PlanV1::of(plan), NoTexts {}),
        IssueEvent::ShiftHandedOver { shift, from, to } => {
            let facts = HandedOverV1 { shift: MicrosV1::of(*shift), from: word(from), to: word(to) };
            put.event(T::ShiftHandedOver, facts, NoTexts {})
        }
        IssueEvent::ShiftsEnded { because } => {
            put.event(T::ShiftsEnded, EndedV1 { because: (*because).into() }, NoTexts {})
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::ShiftsPlanned, 1) => {
            stored.read(|facts: PlanV1<'_>, _: NoTexts| Ok(IssueEvent::ShiftsPlanned { plan: facts.plan()? }))
        }
        (T::ShiftHandedOver, 1) => stored.read(|facts: HandedOverV1<'_>, _: NoTexts| {
            let (from, to) = (value("from", &facts.from)?, value("to", &facts.to)?);
            Ok(IssueEvent::ShiftHandedOver { shift: facts.shift.time("shift")?, from, to })
        }),
        (T::ShiftsEnded, 1) => {
            stored.read(|facts: EndedV1, _: NoTexts| Ok(IssueEvent::ShiftsEnded { because: facts.because.into() }))
        }
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanV1<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    team: Option<Str<'a>>,
    from: MicrosV1,
    until: MicrosV1,
    shifts: Vec<ShiftV1<'a>>,
    uncovered: Vec<HoursV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    obstacle: Option<ObstacleV1>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShiftV1<'a> {
    #[serde(borrow)]
    person: Str<'a>,
    from: MicrosV1,
    until: MicrosV1,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursV1 {
    from: MicrosV1,
    until: MicrosV1,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandedOverV1<'a> {
    shift: MicrosV1,
    #[serde(borrow)]
    from: Str<'a>,
    to: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndedV1 {
    because: EndingV1,
}

impl<'a> PlanV1<'a> {
    fn of(plan: &'a Plan) -> Self {
        let shift = |shift: &'a Shift| ShiftV1 {
            person: word(&shift.person),
            from: MicrosV1::of(shift.hours.from),
            until: MicrosV1::of(shift.hours.until),
        };
        let hours = |hours: &Hours| HoursV1 { from: MicrosV1::of(hours.from), until: MicrosV1::of(hours.until) };
        Self {
            team: maybe_word(plan.team.as_ref()),
            from: MicrosV1::of(plan.from),
            until: MicrosV1::of(plan.until),
            shifts: plan.shifts.iter().map(shift).collect(),
            uncovered: plan.uncovered.iter().map(hours).collect(),
            obstacle: plan.obstacle.map(Into::into),
        }
    }

    fn plan(self) -> Result<Plan, Fault> {
        let hours =
            |from: MicrosV1, until: MicrosV1| Ok(Hours { from: from.time("from")?, until: until.time("until")? });
        let shifts = self
            .shifts
            .iter()
            .map(|shift| Ok(Shift { person: value("person", &shift.person)?, hours: hours(shift.from, shift.until)? }));
        Ok(Plan {
            team: maybe("team", self.team.as_ref())?,
            from: self.from.time("from")?,
            until: self.until.time("until")?,
            shifts: shifts.collect::<Result<_, Fault>>()?,
            uncovered: self.uncovered.iter().map(|span| hours(span.from, span.until)).collect::<Result<_, Fault>>()?,
            obstacle: self.obstacle.map(Into::into),
        })
    }
}

/// A word of the domain, as it is stored.
macro_rules! stored_words {
    ($($stored:ident of $word:ident { $($variant:ident = $name:literal,)* })*) => {$(
        #[derive(Debug, Clone, Copy, Serialize, Deserialize)]
        enum $stored {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl From<$word> for $stored {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => Self::$variant,)* }
            }
        }

        impl From<$stored> for $word {
            fn from(stored: $stored) -> Self {
                match stored { $($stored::$variant => Self::$variant,)* }
            }
        }
    )*};
}
stored_words! {
    ObstacleV1 of Obstacle {
        NoOwnerTeam = "no_owner_team",
        NoMembers = "no_members",
        TeamOfOne = "team_of_one",
        MembersAway = "members_away",
    }
    EndingV1 of Ending {
        Mitigated = "mitigated",
        Dismissed = "dismissed",
        Downgraded = "downgraded",
    }
}

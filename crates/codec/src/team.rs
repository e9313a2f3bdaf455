//! Stored shapes of a team's events.

use domain::team::TeamEvent;
use serde::{Deserialize, Serialize};

use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::NoTexts;
use crate::words::{MicrosV1, Str, value, word};

/// Puts a team's event into its stored shape.
pub(crate) fn encode(event: &TeamEvent, put: &Put<'_>) -> Encoded {
    match event {
        TeamEvent::MemberAdded { person } => put.event(T::MemberAdded, MemberV1 { person: word(person) }, NoTexts {}),
        TeamEvent::MemberRemoved { person } => {
            put.event(T::MemberRemoved, MemberV1 { person: word(person) }, NoTexts {})
        }
        TeamEvent::MemberAway { person, from, until } => {
            let facts = AwayV1 { person: word(person), from: MicrosV1::of(*from), until: MicrosV1::of(*until) };
            put.event(T::MemberAway, facts, NoTexts {})
        }
        TeamEvent::MemberBack { person, from } => {
            put.event(T::MemberBack, BackV1 { person: word(person), from: MicrosV1::of(*from) }, NoTexts {})
        }
    }
}

/// Makes a team's event of its stored shape; `None` for a version that was never written.
pub(crate) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<TeamEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::MemberAdded, 1) => stored.read(|facts: MemberV1<'_>, _: NoTexts| {
            Ok(TeamEvent::MemberAdded { person: value("person", &facts.person)? })
        }),
        (T::MemberRemoved, 1) => stored.read(|facts: MemberV1<'_>, _: NoTexts| {
            Ok(TeamEvent::MemberRemoved { person: value("person", &facts.person)? })
        }),
        (T::MemberAway, 1) => stored.read(|facts: AwayV1<'_>, _: NoTexts| {
            let (from, until) = (facts.from.time("from")?, facts.until.time("until")?);
            Ok(TeamEvent::MemberAway { person: value("person", &facts.person)?, from, until })
        }),
        (T::MemberBack, 1) => stored.read(|facts: BackV1<'_>, _: NoTexts| {
            Ok(TeamEvent::MemberBack { person: value("person", &facts.person)?, from: facts.from.time("from")? })
        }),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberV1<'a> {
    #[serde(borrow)]
    person: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AwayV1<'a> {
    #[serde(borrow)]
    person: Str<'a>,
    from: MicrosV1,
    until: MicrosV1,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackV1<'a> {
    #[serde(borrow)]
    person: Str<'a>,
    from: MicrosV1,
}

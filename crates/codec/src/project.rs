//! Stored shapes of a project's events.

mod calendar;
mod policy;
mod scheme;

use std::collections::BTreeSet;

use domain::ids::{ComponentId, CustomerId, PersonId, TeamId};
use domain::project::{ProjectEvent, TeamModel};
use serde::{Deserialize, Serialize};

use self::calendar::{CalendarTextsV1, CalendarV1};
use self::policy::PolicyV1;
use self::scheme::{CreatedTextsV1, SchemeTextsV1, SchemeV1, SeverityTextsV1};
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::NoTexts;
use crate::words::{Str, every, maybe, maybe_word, value, word, words};

/// Puts a project's event into its stored shape.
pub(crate) fn encode(event: &ProjectEvent, put: &Put<'_>) -> Encoded {
    use ProjectEvent as E;
    match event {
        E::ProjectCreated { id, name, scheme } => {
            let facts = CreatedV1 { id: word(id), scheme: SchemeV1::of(scheme) };
            let texts = CreatedTextsV1 { name: word(name), severities: SeverityTextsV1::of(scheme) };
            put.event(T::ProjectCreated, facts, texts)
        }
        E::SeveritySchemeChanged { scheme } => {
            let facts = SchemeChangedV1 { scheme: SchemeV1::of(scheme) };
            let severities = SeverityTextsV1::of(scheme);
            put.event(T::SeveritySchemeChanged, facts, SchemeTextsV1 { severities })
        }
        E::ComponentAdded { component, owner } => {
            put.event(T::ComponentAdded, ComponentV1::of(component, owner.as_ref()), NoTexts {})
        }
        E::ComponentOwnerChanged { component, owner } => {
            put.event(T::ComponentOwnerChanged, ComponentV1::of(component, owner.as_ref()), NoTexts {})
        }
        E::TeamAdded { team, model } => {
            let (team, model) = (word(team), (*model).into());
            put.event(T::TeamAdded, TeamV1 { team, model }, NoTexts {})
        }
        E::ProductOwnerAdded { person } => {
            put.event(T::ProductOwnerAdded, PersonV1 { person: word(person) }, NoTexts {})
        }
        E::ProductOwnerRemoved { person } => {
            put.event(T::ProductOwnerRemoved, PersonV1 { person: word(person) }, NoTexts {})
        }
        E::CustomerAdded { customer, tier, people } => {
            let facts = CustomerV1 { customer: word(customer), tier: maybe_word(tier.as_ref()), people: words(people) };
            put.event(T::CustomerAdded, facts, NoTexts {})
        }
        E::CustomerPersonAdded { customer, person } => {
            put.event(T::CustomerPersonAdded, CustomerPersonV1::of(customer, person), NoTexts {})
        }
        E::CustomerPersonRemoved { customer, person } => {
            put.event(T::CustomerPersonRemoved, CustomerPersonV1::of(customer, person), NoTexts {})
        }
        E::CalendarDefined { calendar } => {
            let facts = DefinedV1 { calendar: CalendarV1::of(calendar) };
            put.event(T::CalendarDefined, facts, CalendarTextsV1::of(calendar))
        }
        E::PolicyAdopted { policy } => {
            put.event(T::PolicyAdopted, AdoptedV1 { policy: PolicyV1::of(policy) }, NoTexts {})
        }
        E::SelfVerificationSet { on } => put.event(T::SelfVerificationSet, SelfVerificationV1 { on: *on }, NoTexts {}),
        E::ReactorSwitched { reactor, on } => {
            put.event(T::ReactorSwitched, SwitchV1 { reactor: word(reactor), on: *on }, NoTexts {})
        }
    }
}

/// Makes a project's event of its stored shape; `None` for a version that was never written.
pub(crate) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<ProjectEvent>, Fault>> {
    use ProjectEvent as E;
    Some(match (event_type, version) {
        (T::ProjectCreated, 1) => stored.read(|facts: CreatedV1<'_>, texts: CreatedTextsV1<'_>| {
            Ok(E::ProjectCreated {
                id: value("id", &facts.id)?,
                name: value("name", &texts.name)?,
                scheme: facts.scheme.scheme(&texts.severities)?,
            })
        }),
        (T::SeveritySchemeChanged, 1) => stored.read(|facts: SchemeChangedV1<'_>, texts: SchemeTextsV1<'_>| {
            Ok(E::SeveritySchemeChanged { scheme: facts.scheme.scheme(&texts.severities)? })
        }),
        (T::ComponentAdded, 1) => stored.read(|facts: ComponentV1<'_>, _: NoTexts| {
            let (component, owner) = facts.values()?;
            Ok(E::ComponentAdded { component, owner })
        }),
        (T::ComponentOwnerChanged, 1) => stored.read(|facts: ComponentV1<'_>, _: NoTexts| {
            let (component, owner) = facts.values()?;
            Ok(E::ComponentOwnerChanged { component, owner })
        }),
        (T::TeamAdded, 1) => stored.read(|facts: TeamV1<'_>, _: NoTexts| {
            Ok(E::TeamAdded { team: value("team", &facts.team)?, model: facts.model.into() })
        }),
        (T::ProductOwnerAdded, 1) => {
            stored.read(|facts: PersonV1<'_>, _: NoTexts| Ok(E::ProductOwnerAdded { person: facts.person()? }))
        }
        (T::ProductOwnerRemoved, 1) => {
            stored.read(|facts: PersonV1<'_>, _: NoTexts| Ok(E::ProductOwnerRemoved { person: facts.person()? }))
        }
        (T::CustomerAdded, 1) => stored.read(CustomerV1::event),
        (T::CustomerPersonAdded, 1) => stored.read(|facts: CustomerPersonV1<'_>, _: NoTexts| {
            let (customer, person) = facts.values()?;
            Ok(E::CustomerPersonAdded { customer, person })
        }),
        (T::CustomerPersonRemoved, 1) => stored.read(|facts: CustomerPersonV1<'_>, _: NoTexts| {
            let (customer, person) = facts.values()?;
            Ok(E::CustomerPersonRemoved { customer, person })
        }),
        (T::CalendarDefined, 1) => stored.read(|facts: DefinedV1<'_>, texts: CalendarTextsV1<'_>| {
            Ok(E::CalendarDefined { calendar: facts.calendar.calendar(&texts)? })
        }),
        (T::PolicyAdopted, 1) => {
            stored.read(|facts: AdoptedV1<'_>, _: NoTexts| Ok(E::PolicyAdopted { policy: facts.policy.policy()? }))
        }
        (T::SelfVerificationSet, 1) => {
            stored.read(|facts: SelfVerificationV1, _: NoTexts| Ok(E::SelfVerificationSet { on: facts.on }))
        }
        (T::ReactorSwitched, 1) => stored.read(|facts: SwitchV1<'_>, _: NoTexts| {
            Ok(E::ReactorSwitched { reactor: value("reactor", &facts.reactor)?, on: facts.on })
        }),
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreatedV1<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    scheme: SchemeV1<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemeChangedV1<'a> {
    #[serde(borrow)]
    scheme: SchemeV1<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentV1<'a> {
    #[serde(borrow)]
    component: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamV1<'a> {
    #[serde(borrow)]
    team: Str<'a>,
    model: TeamModelV1,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum TeamModelV1 {
    #[serde(rename = "combined")]
    Combined,
    #[serde(rename = "development")]
    Development,
    #[serde(rename = "maintenance")]
    Maintenance,
    #[serde(rename = "operations")]
    Operations,
    #[serde(rename = "support")]
    Support,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonV1<'a> {
    #[serde(borrow)]
    person: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerV1<'a> {
    #[serde(borrow)]
    customer: Str<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<Str<'a>>,
    people: Vec<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerPersonV1<'a> {
    #[serde(borrow)]
    customer: Str<'a>,
    person: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefinedV1<'a> {
    #[serde(borrow)]
    calendar: CalendarV1<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdoptedV1<'a> {
    #[serde(borrow)]
    policy: PolicyV1<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SelfVerificationV1 {
    on: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchV1<'a> {
    #[serde(borrow)]
    reactor: Str<'a>,
    on: bool,
}

impl<'a> ComponentV1<'a> {
    fn of(component: &'a ComponentId, owner: Option<&'a TeamId>) -> Self {
        Self { component: word(component), owner: maybe_word(owner) }
    }

    fn values(&self) -> Result<(ComponentId, Option<TeamId>), Fault> {
        Ok((value("component", &self.component)?, maybe("owner", self.owner.as_ref())?))
    }
}

impl<'a> CustomerPersonV1<'a> {
    fn of(customer: &'a CustomerId, person: &'a PersonId) -> Self {
        Self { customer: word(customer), person: word(person) }
    }

    fn values(&self) -> Result<(CustomerId, PersonId), Fault> {
        Ok((value("customer", &self.customer)?, value("person", &self.person)?))
    }
}

impl PersonV1<'_> {
    fn person(&self) -> Result<PersonId, Fault> {
        value("person", &self.person)
    }
}

impl CustomerV1<'_> {
    fn event(self, _: NoTexts) -> Result<ProjectEvent, Fault> {
        Ok(ProjectEvent::CustomerAdded {
            customer: value("customer", &self.customer)?,
            tier: maybe("tier", self.tier.as_ref())?,
            people: every::<PersonId, BTreeSet<_>>("people", &self.people)?,
        })
    }
}

impl From<TeamModel> for TeamModelV1 {
    fn from(model: TeamModel) -> Self {
        match model {
            TeamModel::Combined => Self::Combined,
            TeamModel::Development => Self::Development,
            TeamModel::Maintenance => Self::Maintenance,
            TeamModel::Operations => Self::Operations,
            TeamModel::Support => Self::Support,
        }
    }
}

impl From<TeamModelV1> for TeamModel {
    fn from(model: TeamModelV1) -> Self {
        match model {
            TeamModelV1::Combined => Self::Combined,
            TeamModelV1::Development => Self::Development,
            TeamModelV1::Maintenance => Self::Maintenance,
            TeamModelV1::Operations => Self::Operations,
            TeamModelV1::Support => Self::Support,
        }
    }
}

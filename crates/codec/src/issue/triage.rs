//! Triage, and what it found changed later.

use domain::issue::IssueEvent;
use serde::{Deserialize, Serialize};

use super::misrouted;
use super::parts::{LevelV1, NatureV1};
use crate::envelope::{Encoded, Put, Restored, Stored};
use crate::error::Fault;
use crate::registry::EventType as T;
use crate::texts::{NoTexts, ReasonV1};
use crate::words::{FactV1, Str, maybe, maybe_word, value, word};

pub(super) fn encode(event: &IssueEvent, put: &Put<'_>) -> Encoded {
    match event {
        IssueEvent::IssueTriaged { level, nature, severity, component, team } => {
            let facts = TriagedV1 {
                level: LevelV1::of_fact(*level),
                nature: nature.map(NatureV1::from),
                severity: FactV1::word(severity),
                component: maybe_word(component.as_ref()),
                team: FactV1::word(team),
            };
            put.event(T::IssueTriaged, facts, NoTexts {})
        }
        IssueEvent::SeverityChanged { from, to, reason } => {
            let facts = SeverityChangedV1 { from: FactV1::word(from), to: word(to) };
            put.event(T::SeverityChanged, facts, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::LevelChanged { from, to, nature, team, reason } => {
            let facts = LevelChangedV1 {
                from: LevelV1::of_fact(*from),
                to: LevelV1::of(*to),
                nature: nature.map(NatureV1::from),
                team: maybe_word(team.as_ref()),
            };
            put.event(T::LevelChanged, facts, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::NatureChanged { from, to, reason } => {
            let facts = NatureChangedV1 { from: from.map(NatureV1::from), to: to.map(NatureV1::from) };
            put.event(T::NatureChanged, facts, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::ComponentChanged { from, to, reason } => {
            let facts = ComponentChangedV1 { from: maybe_word(from.as_ref()), to: word(to) };
            put.event(T::ComponentChanged, facts, ReasonV1::of(reason.as_ref()))
        }
        IssueEvent::ReturnedToTriage { reason } => {
            put.event(T::ReturnedToTriage, ReturnedV1 {}, ReasonV1::of(reason.as_ref()))
        }
        other => misrouted(other),
    }
}

pub(super) fn decode(event_type: T, version: u16, stored: Stored<'_>) -> Option<Result<Restored<IssueEvent>, Fault>> {
    Some(match (event_type, version) {
        (T::IssueTriaged, 1) => stored.read(TriagedV1::event),
        (T::SeverityChanged, 1) => stored.read(SeverityChangedV1::event),
        (T::LevelChanged, 1) => stored.read(LevelChangedV1::event),
        (T::NatureChanged, 1) => stored.read(NatureChangedV1::event),
        (T::ComponentChanged, 1) => stored.read(ComponentChangedV1::event),
        (T::ReturnedToTriage, 1) => {
            stored.read(|ReturnedV1 {}, texts: ReasonV1<'_>| Ok(IssueEvent::ReturnedToTriage { reason: texts.text()? }))
        }
        _ => return None,
    })
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TriagedV1<'a> {
    level: FactV1<LevelV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nature: Option<NatureV1>,
    #[serde(borrow)]
    severity: FactV1<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<Str<'a>>,
    team: FactV1<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeverityChangedV1<'a> {
    #[serde(borrow)]
    from: FactV1<Str<'a>>,
    to: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelChangedV1<'a> {
    from: FactV1<LevelV1>,
    to: LevelV1,
    #[serde(skip_serializing_if = "Option::is_none")]
    nature: Option<NatureV1>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    team: Option<Str<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NatureChangedV1 {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<NatureV1>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<NatureV1>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentChangedV1<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    from: Option<Str<'a>>,
    to: Str<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReturnedV1 {}

impl TriagedV1<'_> {
    fn event(self, _: NoTexts) -> Result<IssueEvent, Fault> {
        Ok(IssueEvent::IssueTriaged {
            level: self.level.fact(LevelV1::level)?,
            nature: self.nature.map(Into::into),
            severity: self.severity.value("severity")?,
            component: maybe("component", self.component.as_ref())?,
            team: self.team.value("team")?,
        })
    }
}

impl SeverityChangedV1<'_> {
    fn event(self, texts: ReasonV1<'_>) -> Result<IssueEvent, Fault> {
        Ok(IssueEvent::SeverityChanged {
            from: self.from.value("from")?,
            to: value("to", &self.to)?,
            reason: texts.text()?,
        })
    }
}

impl LevelChangedV1<'_> {
    fn event(self, texts: ReasonV1<'_>) -> Result<IssueEvent, Fault> {
        Ok(IssueEvent::LevelChanged {
            from: self.from.fact(LevelV1::level)?,
            to: self.to.level()?,
            nature: self.nature.map(Into::into),
            team: maybe("team", self.team.as_ref())?,
            reason: texts.text()?,
        })
    }
}

impl NatureChangedV1 {
    fn event(self, texts: ReasonV1<'_>) -> Result<IssueEvent, Fault> {
        Ok(IssueEvent::NatureChanged {
            from: self.from.map(Into::into),
            to: self.to.map(Into::into),
            reason: texts.text()?,
        })
    }
}

impl ComponentChangedV1<'_> {
    fn event(self, texts: ReasonV1<'_>) -> Result<IssueEvent, Fault> {
        Ok(IssueEvent::ComponentChanged {
            from: maybe("from", self.from.as_ref())?,
            to: value("to", &self.to)?,
            reason: texts.text()?,
        })
    }
}

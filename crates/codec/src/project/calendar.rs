//! A calendar as stored. Its zone's rules are stored with it, as TZif in base64: a later time-zone database moves no deadline. The names of its dates are
//! texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::calendar::{Calendar, DatedDay, Definition, Hours, Zone};
use domain::ids::Malformed;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::texts::{ERASED, Texts};
use crate::words::{Str, value, word};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarV1<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    version: u32,
    zone: ZoneV1<'a>,
    /// Monday first.
    week: [Vec<String>; 7],
    dates: Vec<DateV1>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneV1<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    database: Str<'a>,
    rules: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DateV1 {
    date: String,
    hours: Vec<String>,
}

/// The names of a calendar's dates, in the order of the dates. None at all: they were erased, or there are no dates.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarTextsV1<'a> {
    #[serde(borrow, default)]
    names: Vec<Str<'a>>,
}

impl<'a> CalendarV1<'a> {
    pub(super) fn of(calendar: &'a Calendar) -> Self {
        let (definition, zone) = (calendar.definition(), calendar.zone());
        let date = |(date, day): (&Date, &DatedDay)| DateV1 { date: date.to_string(), hours: texts_of(&day.hours) };
        Self {
            id: word(definition.id()),
            version: calendar.version(),
            zone: ZoneV1 {
                name: zone.name().into(),
                database: zone.database().into(),
                rules: STANDARD.encode(zone.rules()),
            },
            week: definition.week().each_ref().map(|hours| texts_of(hours)),
            dates: definition.dates().iter().map(date).collect(),
        }
    }

    pub(super) fn calendar(&self, texts: &CalendarTextsV1<'_>) -> Result<Calendar, Fault> {
        let names = &texts.names;
        if !names.is_empty() && names.len() != self.dates.len() {
            return Err(Fault::Uneven { field: "dates", facts: self.dates.len(), texts: names.len() });
        }
        let mut week: [Vec<Hours>; 7] = Default::default();
        for (day, stored) in week.iter_mut().zip(&self.week) {
            *day = hours_of(stored)?;
        }
        let mut dates = BTreeMap::new();
        for (n, DateV1 { date, hours }) in self.dates.iter().enumerate() {
            let date: Date = date.parse().map_err(|_| malformed("dates", "a date such as 2026-12-24"))?;
            let name = Arc::from(names.get(n).map_or(ERASED, |name| &name.0));
            dates.insert(date, DatedDay { name, hours: hours_of(hours)? });
        }
        let definition = Definition::new(value("id", &self.id)?, self.zone.zone()?, week, dates)?;
        Ok(Calendar::new(definition, self.version))
    }
}

impl ZoneV1<'_> {
    fn zone(&self) -> Result<Zone, Fault> {
        let rules = STANDARD.decode(&self.rules).map_err(|_| malformed("rules", "base64"))?;
        Zone::stored(&self.name.0, &self.database.0, &rules).ok_or_else(|| malformed("rules", "TZif"))
    }
}

impl<'a> CalendarTextsV1<'a> {
    pub(super) fn of(calendar: &'a Calendar) -> Self {
        Self { names: calendar.definition().dates().values().map(|day| Str::from(&*day.name)).collect() }
    }
}

impl<'a> Texts<'a> for CalendarTextsV1<'a> {
    fn given(&self) -> Vec<Str<'static>> {
        Vec::new()
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn erased(_: &[Str<'_>]) -> Self {
        Self { names: Vec::new() }
    }
}

fn texts_of(hours: &[Hours]) -> Vec<String> {
    hours.iter().map(ToString::to_string).collect()
}

fn hours_of(texts: &[String]) -> Result<Vec<Hours>, Fault> {
    let read = |text: &String| text.parse().map_err(|source| Fault::Word { field: "hours", source });
    texts.iter().map(read).collect()
}

fn malformed(field: &'static str, expected: &'static str) -> Fault {
    Fault::Word { field, source: Malformed::Form { expected } }
}

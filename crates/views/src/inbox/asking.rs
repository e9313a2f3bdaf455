//! The inbox, asked for: section by section, in each the worst first.

use std::sync::Arc;

use domain::ids::{IssueKey, ProjectId, SeverityId};
use domain::project::SEVERITIES_MAX;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{INBOX, INBOX_COUNT, InboxRow, Section};
use crate::board::Party;
use crate::issue::{self, SCHEMA};
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// So many entries of a section at most.
pub const ENTRIES_MAX: u32 = 100;

/// Asks for an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetInbox {
    /// Which project.
    pub project: ProjectId,
    /// The severities of its scheme, the worst first.
    pub worst_first: Vec<SeverityId>,
    /// Which sections; in each where the page before ended.
    pub sections: Vec<(Section, Option<Place>)>,
    /// How many of each section, at most [`ENTRIES_MAX`].
    pub entries: u32,
}

/// Where a page of a section ends. Serialisable, for page tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    severity: Arc<str>,
    filed_at_us: i64,
    ordinal: u64,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionFound {
    /// Which.
    pub section: Section,
    /// How many issues it has.
    pub count: u64,
    /// How many of each severity; `None`: nobody said.
    pub severities: Vec<(Option<Arc<str>>, u64)>,
    /// The worst first, within one severity the oldest.
    pub entries: Vec<Entry>,
    /// Where they end, unless nothing comes after them.
    pub next: Option<Place>,
}

/// An issue that waits for triage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: IssueKey,
    /// One line.
    pub title: Arc<str>,
    /// As its last triage says, else as it was reported.
    pub severity: Option<Arc<str>>,
    /// customer, `product_owner`, security, system; `None`: not known.
    pub source: Option<Arc<str>>,
    /// Who raised it, where that is a person.
    pub raised_by: Option<Arc<str>>,
    /// The part of the product concerned.
    pub component: Option<Arc<str>>,
    /// What its report lacks: steps, actual, expected.
    pub missing: Vec<Arc<str>>,
    /// Of whom something is asked.
    pub waiting_on: Vec<Party>,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// Since when it waits for triage.
    pub state_since: Timestamp,
    /// True: it was triaged once, and came back.
    pub returned: bool,
    /// True: it was imported.
    pub imported: bool,
}

impl GetInbox {
    fn limit(&self) -> u32 {
        self.entries.clamp(1, ENTRIES_MAX) + 1
    }

    /// All severities that issues may have, the worst first; none comes last.
    fn severities(&self) -> Vec<Arc<str>> {
        self.worst_first.iter().map(SeverityId::shared).chain([Arc::default()]).collect()
    }

    /// The severities of a section that are still to come.
    fn to_come(&self, after: Option<&Place>) -> Vec<Arc<str>> {
        let begun = |severity: &Arc<str>| after.is_none_or(|after| *severity == after.severity);
        self.severities().into_iter().skip_while(|severity| !begun(severity)).collect()
    }

    fn select(&self, section: Section, severity: &Arc<str>, after: Option<&Place>) -> Select {
        let cursor = |place: &Place| {
            let of = [self.project.shared(), section.word().into(), Arc::clone(&place.severity)].map(Value::from);
            let within = [Value::Timestamp(place.filed_at_us), of[0].clone(), of[1].clone(), of[2].clone()];
            Cursor(within.into_iter().chain([Value::from(place.ordinal)]).collect())
        };
        Select::from(&INBOX, self.limit())
            .filter(Condition::Equal("project", self.project.shared().into()))
            .filter(Condition::Equal("section", section.word().into()))
            .filter(Condition::Equal("severity", Arc::clone(severity).into()))
            .order("filed_at", Direction::Asc)
            .after(after.filter(|place| place.severity == *severity).map(cursor))
    }

    fn section(&self, section: Section, counts: &[Row], rows: &[Vec<Row>]) -> Result<SectionFound, RowError> {
        let mut severities: Vec<(Option<Arc<str>>, u64)> = Vec::new();
        for row in counts {
            if row.get::<&str>("section")? == section.word() {
                let severity: Arc<str> = row.get("severity")?;
                severities.push((Some(severity).filter(|severity| !severity.is_empty()), row.get("issues")?));
            }
        }
        let worst_first = self.severities();
        let rank = |severity: &Option<Arc<str>>| {
            worst_first.iter().position(|each| **each == *severity.as_deref().unwrap_or_default())
        };
        severities.sort_by_key(|(severity, _)| rank(severity).unwrap_or(worst_first.len()));
        let mut entries = rows.iter().flatten().map(Entry::read).collect::<Result<Vec<_>, _>>()?;
        let page = (self.limit() - 1) as usize;
        let next = (entries.len() > page).then(|| entries[page - 1].place());
        entries.truncate(page);
        let count = severities.iter().map(|(_, issues)| issues).sum();
        Ok(SectionFound { section, count, severities, entries, next })
    }
}

impl Query for GetInbox {
    type Found = Vec<SectionFound>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let sections = u32::try_from(Section::ALL.len() * (SEVERITIES_MAX + 1)).unwrap_or(u32::MAX);
        let counts =
            Select::from(&INBOX_COUNT, sections).filter(Condition::Equal("project", self.project.shared().into()));
        let of_section = |(section, after): &(Section, Option<Place>)| {
            let severities = self.to_come(after.as_ref());
            severities.iter().map(|severity| self.select(*section, severity, after.as_ref())).collect::<Vec<_>>()
        };
        [counts].into_iter().chain(self.sections.iter().flat_map(of_section)).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Vec<SectionFound>, RowError> {
        let (counts, mut rest) = rows.split_first().map_or((&[][..], &[][..]), |(first, rest)| (&first[..], rest));
        let mut found = Vec::new();
        for (section, after) in &self.sections {
            let (rows, further) = rest.split_at(self.to_come(after.as_ref()).len().min(rest.len()));
            rest = further;
            found.push(self.section(*section, counts, rows)?);
        }
        Ok(found)
    }
}

impl Entry {
    fn read(row: &Row) -> Result<Self, RowError> {
        let row = InboxRow::read(row)?;
        let words = |words: &str| words.split(' ').filter(|word| !word.is_empty()).map(Arc::from).collect();
        let waiting_on = row.waiting_on.iter().flat_map(|words| words.split(' ')).filter_map(Party::parse);
        Ok(Self {
            key: issue::key_of(&row.project, row.ordinal)?,
            title: row.title,
            severity: Some(row.severity).filter(|severity| !severity.is_empty()),
            source: row.source_kind,
            raised_by: row.raised_by,
            component: row.component,
            missing: words(&row.missing),
            waiting_on: waiting_on.collect(),
            filed_at: row.filed_at,
            state_since: row.state_since,
            returned: row.returned,
            imported: row.imported,
        })
    }

    fn place(&self) -> Place {
        Place {
            severity: self.severity.clone().unwrap_or_default(),
            filed_at_us: self.filed_at.as_microsecond(),
            ordinal: self.key.ordinal,
        }
    }
}

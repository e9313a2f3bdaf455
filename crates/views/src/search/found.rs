//! Searches: what is found, a page at a time, and how often what occurs in it.
//!
//! Where words occur in up to [`COUNTED_MAX`] issues of the project, all of them are read ([`All`]), and filtered and counted here: that is exact. Where
//! they occur in more, a page is read from the newest end ([`Newest`]); with a filter, or to be counted, among the project's
//! newest [`NEWEST_MAX`] issues, so that no search reads more than these, however few of them pass. Without either it
//! reads a page, whatever there is.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Fact;
use domain::ids::{ComponentId, IssueKey, PersonId, ProjectId, SeverityId, TeamId};
use domain::issue::{Level, Nature};
use jiff::Timestamp;

use super::{DOCUMENT, DocumentRow, SCHEMA};
use crate::issue::{Standing, parse_level, words};
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Sought, Value};
use crate::table::{Direction, ViewId};

/// Most issues of a page.
pub const PAGE_MAX: u32 = 1000;
/// So many of those found are counted: there may be more.
pub const COUNTED_MAX: u32 = 1000;
/// Common words are sought among so many issues, the newest of the project, where there is a filter or counts are asked for.
pub const NEWEST_MAX: u64 = 100_000;

/// Kinds of sources, by the words in the table.
pub const SOURCES: [&str; 4] = ["customer", "product_owner", "security", "system"];

/// What is sought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// In which project.
    pub project: ProjectId,
    /// Which words.
    pub sought: Sought,
    /// Of which issues.
    pub filter: Filter,
    /// Those with lower numbers than this one; `None`: from the newest.
    pub after: Option<u64>,
    /// How many, at most [`PAGE_MAX`].
    pub limit: u32,
}

/// Which issues. The lists narrow together, the values of one widen; an empty list narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where they stand.
    pub standings: Vec<Standing>,
    /// Their severity.
    pub severities: Vec<SeverityId>,
    /// Their level. Those never triaged have none.
    pub levels: Vec<Fact<Level>>,
    /// Their nature.
    pub natures: Vec<Nature>,
    /// Their owner team.
    pub teams: Vec<TeamId>,
    /// The part of the product.
    pub components: Vec<ComponentId>,
    /// Whose they are.
    pub assignees: Vec<PersonId>,
    /// The kind of their source, one of [`SOURCES`].
    pub sources: Vec<&'static str>,
    /// Filed then or later.
    pub filed_from: Option<Timestamp>,
    /// Filed before.
    pub filed_before: Option<Timestamp>,
}

/// An issue that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its key.
    pub key: IssueKey,
    /// One line.
    pub title: Arc<str>,
    /// Where it stands.
    pub standing: Standing,
    /// Severity; `None`: none yet, or not known.
    pub severity: Option<Arc<str>>,
    /// Triage level; `None`: never triaged.
    pub level: Option<Fact<Level>>,
    /// At levels 2 and 3.
    pub nature: Option<Nature>,
    /// The part of the product concerned.
    pub component: Option<Arc<str>>,
    /// The owner team.
    pub team: Option<Arc<str>>,
    /// Whose it is.
    pub assignee: Option<Arc<str>>,
    /// The kind of its source, one of [`SOURCES`]; `None`: not known.
    pub source: Option<Arc<str>>,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// True: it was imported.
    pub imported: bool,
}

/// How often what occurs in what was found. A value that nothing has is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many were found, at most [`COUNTED_MAX`].
    pub total: u32,
    /// True: there are more, and all counts are of the newest [`COUNTED_MAX`].
    pub more: bool,
    /// By state.
    pub states: BTreeMap<Standing, u32>,
    /// By severity.
    pub severities: BTreeMap<Option<Arc<str>>, u32>,
    /// By level; `None`: never triaged.
    pub levels: Vec<(Option<Fact<Level>>, u32)>,
    /// By component.
    pub components: BTreeMap<Option<Arc<str>>, u32>,
    /// By owner team.
    pub teams: BTreeMap<Option<Arc<str>>, u32>,
}

/// A page of what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub hits: Vec<Hit>,
    /// True: there are more after these.
    pub more: bool,
}

/// A page, and the counts if they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The page.
    pub page: Page,
    /// The counts.
    pub counts: Option<Counts>,
}

/// Asks for all issues with the words, whatever the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct All<'s>(pub &'s Search);

/// What [`All`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matches {
    /// These are all.
    Few(Rows),
    /// There are more than [`COUNTED_MAX`].
    Many {
        /// The project's newest issue.
        newest: u64,
    },
}

/// All issues with the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows(Vec<Row>);

/// Asks for a page from the newest end, and for counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest<'s> {
    /// What is sought.
    pub search: &'s Search,
    /// No issue with a lower number is looked at; 0: all are.
    pub oldest: u64,
    /// Are there to be counts?
    pub counted: bool,
}

impl Filter {
    /// True: it lets all through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn conditions(&self) -> Vec<Condition> {
        let Self {
            standings,
            severities,
            levels,
            natures,
            teams,
            components,
            assignees,
            sources,
            filed_from,
            filed_before,
        } = self;
        let level = |level: &Fact<Level>| level.known().map_or(words::NOT_KNOWN, |level| words::level(*level));
        let lists = [
            ("state", texts(standings.iter().map(|standing| standing.word()))),
            ("severity", texts(severities.iter().map(SeverityId::as_str))),
            ("level", texts(levels.iter().map(level))),
            ("nature", texts(natures.iter().map(|nature| words::nature(*nature)))),
            ("team", texts(teams.iter().map(TeamId::as_str))),
            ("component", texts(components.iter().map(ComponentId::as_str))),
            ("assignee", texts(assignees.iter().map(PersonId::as_str))),
            ("source_kind", texts(sources.iter().copied())),
        ];
        let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
        let lists = lists.map(|(column, values)| Condition::In(column, values));
        let from = filed_from.map(|from| Condition::AtLeast("filed_at", from.into()));
        let before = filed_before.map(|before| Condition::Less("filed_at", before.into()));
        lists.chain(from).chain(before).collect()
    }
}

impl Search {
    /// All issues with the words, the newest first.
    fn select(&self, limit: u32) -> Select {
        Select::from(&DOCUMENT, limit)
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .order("ordinal", Direction::Desc)
            .seek(self.sought.clone())
    }

    /// Where a page ends that ends with this issue.
    fn cursor(&self, ordinal: u64) -> Cursor {
        Cursor(vec![ordinal.into(), self.project.as_str().into()])
    }
}

/// The project's newest issue.
pub(super) fn newest(project: &ProjectId) -> Select {
    Select::from(&DOCUMENT, 1)
        .filter(Condition::Equal("project", project.as_str().into()))
        .order("ordinal", Direction::Desc)
}

impl Query for All<'_> {
    type Found = Matches;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.0.select(COUNTED_MAX + 1), newest(&self.0.project)]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Matches, RowError> {
        let mut rows = rows.into_iter();
        let found = rows.next().unwrap_or_default();
        if found.len() <= COUNTED_MAX as usize {
            return Ok(Matches::Few(Rows(found)));
        }
        let newest = rows.next().unwrap_or_default();
        let newest = newest.first().map(|row| row.get("ordinal")).transpose()?;
        Ok(Matches::Many { newest: newest.unwrap_or_default() })
    }
}

impl Rows {
    /// The page of these that was asked for, and the counts.
    pub fn page(self, search: &Search, counted: bool) -> Result<Found, RowError> {
        let conditions = search.filter.conditions();
        let mut rows = Vec::new();
        for row in self.0 {
            let mut fits = true;
            for condition in &conditions {
                fits = fits && condition.holds(row.value(condition.column())?);
            }
            if fits {
                rows.push(row);
            }
        }
        let counts = counted.then(|| Counts::of(&rows)).transpose()?;
        let after = search.after.unwrap_or(u64::MAX);
        let mut page = Page::default();
        for row in &rows {
            let hit = hit(row)?;
            if hit.key.ordinal >= after {
                continue;
            }
            page.more = page.hits.len() >= search.limit as usize;
            if page.more {
                break;
            }
            page.hits.push(hit);
        }
        Ok(Found { page, counts })
    }
}

impl Newest<'_> {
    fn select(&self, limit: u32) -> Select {
        let oldest = (self.oldest > 0).then(|| Condition::AtLeast("ordinal", self.oldest.into()));
        let conditions = self.search.filter.conditions().into_iter().chain(oldest);
        conditions.fold(self.search.select(limit), Select::filter)
    }
}

impl Query for Newest<'_> {
    type Found = Found;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let page = self.select(self.search.limit.min(PAGE_MAX) + 1);
        let page = page.after(self.search.after.map(|ordinal| self.search.cursor(ordinal)));
        [page].into_iter().chain(self.counted.then(|| self.select(COUNTED_MAX + 1))).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Found, RowError> {
        let mut rows = rows.into_iter();
        let mut hits = rows.next().unwrap_or_default();
        let limit = self.search.limit.min(PAGE_MAX) as usize;
        let more = hits.len() > limit;
        hits.truncate(limit);
        let hits = hits.iter().map(hit).collect::<Result<_, _>>()?;
        let counts = rows.next().map(|rows| Counts::of(&rows)).transpose()?;
        Ok(Found { page: Page { hits, more }, counts })
    }
}

impl Counts {
    fn of(rows: &[Row]) -> Result<Self, RowError> {
        let more = rows.len() > COUNTED_MAX as usize;
        let mut counts = Self { more, ..Self::default() };
        let mut levels: BTreeMap<Option<Arc<str>>, u32> = BTreeMap::new();
        for row in rows.iter().take(COUNTED_MAX as usize) {
            counts.total += 1;
            *counts.states.entry(standing(row)?).or_default() += 1;
            for (column, counts) in [
                ("severity", &mut counts.severities),
                ("level", &mut levels),
                ("component", &mut counts.components),
                ("team", &mut counts.teams),
            ] {
                *counts.entry(row.get(column)?).or_default() += 1;
            }
        }
        let level = |(word, count): (Option<Arc<str>>, u32)| Ok((word.as_deref().map(parse_level).transpose()?, count));
        counts.levels = levels.into_iter().map(level).collect::<Result<_, RowError>>()?;
        Ok(counts)
    }
}

fn standing(row: &Row) -> Result<Standing, RowError> {
    let word: &str = row.get("state")?;
    Standing::parse(word).ok_or_else(|| damaged("state", word))
}

pub(super) fn hit(row: &Row) -> Result<Hit, RowError> {
    let standing = standing(row)?;
    let DocumentRow {
        project,
        ordinal,
        title,
        severity,
        level,
        nature,
        component,
        team,
        assignee,
        source_kind: source,
        filed_at,
        imported,
        ..
    } = DocumentRow::read(row)?;
    let project = ProjectId::parse(&project).map_err(|_| damaged("project", &project))?;
    Ok(Hit {
        key: IssueKey { project, ordinal },
        title,
        standing,
        severity,
        level: level.as_deref().map(parse_level).transpose()?,
        nature: nature.as_deref().and_then(words::parse_nature),
        component,
        team,
        assignee,
        source,
        filed_at,
        imported,
    })
}

fn damaged(column: &'static str, found: &str) -> RowError {
    RowError::Json { table: DOCUMENT.name, column, reason: format!("{found:?} is none of its words") }
}

fn texts<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Value> {
    words.map(Value::from).collect()
}

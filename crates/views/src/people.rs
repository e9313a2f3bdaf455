//! Who has how much to do: what people have accepted, what waits for them, and how much of it. Rows and counters are kept with the view
//! [`crate::issue`], as long as there is something to do, so what a question costs is what it shows.
//!
//! Who belongs to a team, and who owns the product, is not known here: the caller says of whom it wants to know.

mod duty;
mod teams;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::{IssueKey, PersonId, ProjectId};
use domain::project::SEVERITIES_MAX;
use jiff::Timestamp;

use duty::DutyRow;
pub use duty::{DUTY, Kind, LOAD, Party};
pub(crate) use duty::{Duty, duties};
pub use teams::{GetTeams, TeamLoad, TeamState};

use crate::issue::{self, SCHEMA};
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// So many people, or duties of one, come with an answer at most.
pub const PAGE_MAX: u32 = 50;
/// So many people can be asked about at once, where only numbers are wanted.
pub const MEMBERS_MAX: usize = 1000;
/// So many rows of counters one kind of duty of one party has at most.
const ROWS_A_KIND_MAX: u32 = 21;
/// So many of all kinds.
const ROWS_A_PARTY_MAX: u32 = 84;
const _: () = {
    assert!(ROWS_A_KIND_MAX as usize == SEVERITIES_MAX + 1);
    assert!(ROWS_A_PARTY_MAX as usize == ROWS_A_KIND_MAX as usize * Kind::ALL.len());
};

/// Asks who has anything to do, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPeople {
    /// Which project.
    pub project: ProjectId,
    /// Only those after this one.
    pub after: Option<PersonId>,
    /// How many, at most [`PAGE_MAX`].
    pub limit: u32,
}

/// Asks how much these have to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetLoads {
    /// Which project.
    pub project: ProjectId,
    /// Of whom, at most [`PAGE_MAX`] and one more.
    pub parties: Vec<Party>,
}

/// Asks how many issues each of these people has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountAccepted {
    /// Which project.
    pub project: ProjectId,
    /// Of whom, at most [`MEMBERS_MAX`].
    pub people: Vec<PersonId>,
}

/// Asks for what somebody has to do, by kind, the longest due first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDuties {
    /// Which project.
    pub project: ProjectId,
    /// Whose.
    pub party: Party,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// How many, at most [`PAGE_MAX`].
    pub limit: u32,
}

/// How much somebody has to do, by kind. Kinds of which there is nothing are missing.
pub type Load = BTreeMap<Kind, Amount>;

/// How much there is of something to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many issues.
    pub issues: u64,
    /// How many of each severity; `None`: none yet, or not known.
    pub severities: BTreeMap<Option<Arc<str>>, u64>,
    /// The issue of which it is due longest, and since when.
    pub oldest: Option<(IssueKey, Timestamp)>,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyFound {
    /// What.
    pub kind: Kind,
    /// Of which issue.
    pub key: IssueKey,
    /// The issue's title.
    pub title: Arc<str>,
    /// Its severity; `None`: none yet, or not known.
    pub severity: Option<Arc<str>>,
    /// Since when.
    pub since: Timestamp,
}

/// Some of what somebody has to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DutiesFound {
    /// By kind, the longest due first.
    pub duties: Vec<DutyFound>,
    /// Where they end, unless nothing comes after them.
    pub next: Option<Cursor>,
}

impl Amount {
    /// With what there is besides.
    pub fn join(&mut self, more: &Self) {
        self.issues += more.issues;
        for (severity, issues) in &more.severities {
            *self.severities.entry(severity.clone()).or_default() += issues;
        }
        let older = |one: &(IssueKey, Timestamp)| self.oldest.as_ref().is_none_or(|(_, since)| one.1 < *since);
        if let Some(oldest) = more.oldest.as_ref().filter(|one| older(one)) {
            self.oldest = Some(oldest.clone());
        }
    }

    /// So many more of a severity; an empty one is none.
    fn add(&mut self, severity: Arc<str>, issues: u64) {
        self.issues += issues;
        *self.severities.entry(Some(severity).filter(|severity| !severity.is_empty())).or_default() += issues;
    }
}

impl Query for ListPeople {
    type Found = Vec<PersonId>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let after = self.after.clone().map(|person| Party::Person(person).word());
        let select = Select::from(&LOAD, (self.limit.clamp(1, PAGE_MAX) + 1) * ROWS_A_PARTY_MAX)
            .filter(Condition::Equal("project", self.project.shared().into()))
            // All people's words begin with an @, which nobody else's does.
            .filter(Condition::Less("party", "A".into()));
        vec![select.filter(match after {
            Some(after) => Condition::Greater("party", after.into()),
            None => Condition::AtLeast("party", "@".into()),
        })]
    }

    /// One more than the limit, where there are more.
    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Vec<PersonId>, RowError> {
        let mut people = Vec::new();
        for row in rows.iter().flatten() {
            if let Some(Party::Person(person)) = Party::parse(row.get("party")?)
                && people.last() != Some(&person)
            {
                people.push(person);
            }
        }
        people.truncate(self.limit.clamp(1, PAGE_MAX) as usize + 1);
        Ok(people)
    }
}

impl Query for GetLoads {
    type Found = BTreeMap<Party, Load>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let counts = |party: &Party| of(&self.project, &LOAD, party, ROWS_A_PARTY_MAX);
        let oldest = |party: &Party, kind: Kind| {
            let select = of(&self.project, &DUTY, party, 1).filter(Condition::Equal("kind", kind.word().into()));
            select.order("since", Direction::Asc)
        };
        let each = |party| {
            let oldest = Kind::ALL.into_iter().map(move |kind| oldest(party, kind));
            [counts(party)].into_iter().chain(oldest)
        };
        self.parties.iter().flat_map(each).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<BTreeMap<Party, Load>, RowError> {
        let of_party = rows.chunks(1 + Kind::ALL.len());
        let loads = self.parties.iter().zip(of_party).map(|(party, rows)| Ok((party.clone(), load(rows)?)));
        loads.collect()
    }
}

impl Query for CountAccepted {
    type Found = Vec<u64>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let parties = self.people.iter().take(MEMBERS_MAX).map(|person| Party::Person(person.clone()).word().into());
        let parties: Vec<Value> = parties.collect();
        let rows = u32::try_from(parties.len()).unwrap_or(u32::MAX).saturating_mul(ROWS_A_KIND_MAX);
        let select = Select::from(&LOAD, rows)
            .filter(Condition::Equal("project", self.project.shared().into()))
            .filter(Condition::In("party", parties))
            .filter(Condition::Equal("kind", Kind::Accepted.word().into()));
        vec![select]
    }

    /// One for each, in order.
    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Vec<u64>, RowError> {
        let mut accepted: BTreeMap<Party, u64> = BTreeMap::new();
        for row in rows.iter().flatten() {
            if let Some(party) = Party::parse(row.get("party")?) {
                *accepted.entry(party).or_default() += row.get::<u64>("issues")?;
            }
        }
        let of = |person: &PersonId| accepted.get(&Party::Person(person.clone())).copied().unwrap_or(0);
        Ok(self.people.iter().take(MEMBERS_MAX).map(of).collect())
    }
}

impl ListDuties {
    fn limit(&self) -> u32 {
        self.limit.clamp(1, PAGE_MAX)
    }

    fn select(&self) -> Select {
        let select = of(&self.project, &DUTY, &self.party, self.limit() + 1);
        select.order("kind", Direction::Asc).order("since", Direction::Asc).after(self.after.clone())
    }
}

impl Query for ListDuties {
    type Found = DutiesFound;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.select()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<DutiesFound, RowError> {
        let rows = rows.into_iter().next().unwrap_or_default();
        let page = (self.limit() as usize).min(rows.len());
        let last = rows[..page].last().filter(|_| page < rows.len());
        let next = last.map(|row| self.select().cursor(row)).transpose()?;
        let duties = rows[..page].iter().map(found).collect::<Result<_, _>>()?;
        Ok(DutiesFound { duties, next })
    }
}

fn of(project: &ProjectId, table: &'static crate::table::Table, party: &Party, limit: u32) -> Select {
    Select::from(table, limit)
        .filter(Condition::Equal("project", project.shared().into()))
        .filter(Condition::Equal("party", party.word().into()))
}

/// The rows of the counters, then of the oldest of each kind.
fn load(rows: &[Vec<Row>]) -> Result<Load, RowError> {
    let mut load = Load::new();
    let (counts, oldest) = rows.split_first().map_or((&[][..], &[][..]), |(counts, rest)| (&counts[..], rest));
    for row in counts {
        let kind: &str = row.get("kind")?;
        let kind = Kind::parse(kind).ok_or_else(|| issue::unknown("kind", kind))?;
        load.entry(kind).or_default().add(row.get("severity")?, row.get("issues")?);
    }
    for row in oldest.iter().flatten() {
        let found = found(row)?;
        load.entry(found.kind).or_default().oldest = Some((found.key, found.since));
    }
    Ok(load)
}

fn found(row: &Row) -> Result<DutyFound, RowError> {
    let row = DutyRow::read(row)?;
    Ok(DutyFound {
        kind: Kind::parse(&row.kind).ok_or_else(|| issue::unknown("kind", &row.kind))?,
        key: issue::key_of(&row.project, row.ordinal)?,
        title: row.title,
        severity: Some(row.severity).filter(|severity| !severity.is_empty()),
        since: row.since,
    })
}

//! A project's issues, filtered, in an order, a step at a time.

use domain::Fact;
use domain::ids::{ComponentId, PersonId, ProjectId, SeverityId, TeamId};
use domain::issue::{Issue, Level};

use super::tables::IssueRow;
use super::words::{self, Standing};
use super::{ISSUE, SCHEMA};
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// One step gives at most so many issues, however many are asked for: each state is read for itself, and rows can be large.
pub const STEP_MAX: u32 = 100;

/// Asks for issues of a project. A page longer than [`STEP_MAX`] is several steps, each `after` the one before.
///
/// Each state is a range of an index in the order asked for, and the ranges are merged here: what it costs depends on the
/// step, not on how many issues there are. The filters besides states and reference have no index: they pass over the issues
/// of the states asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListIssues {
    /// Which project.
    pub project: ProjectId,
    /// Which of its issues.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// [`ListIssues::cursor`] of the last issue before; `None`: from the first.
    pub after: Option<Cursor>,
    /// How many, at most [`STEP_MAX`].
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
    /// Their owner team.
    pub teams: Vec<TeamId>,
    /// The part of the product.
    pub components: Vec<ComponentId>,
    /// Whose they are.
    pub assignees: Vec<PersonId>,
    /// The reference of their source.
    pub source_reference: Option<String>,
}

/// How a list is ordered. Among equals by number, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By filing, the newest first.
    FiledNewest,
    /// By filing, the oldest first.
    FiledOldest,
    /// By the last change, the newest first.
    ChangedNewest,
    /// By time in the present state, the longest first.
    StateLongest,
}

/// Some issues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssuesFound {
    /// In the order asked for.
    pub issues: Vec<Issue>,
    /// True: there are more after these.
    pub more: bool,
}

impl Order {
    fn column(self) -> (&'static str, Direction) {
        match self {
            Self::FiledNewest => ("filed_at", Direction::Desc),
            Self::FiledOldest => ("filed_at", Direction::Asc),
            Self::ChangedNewest => ("changed_at", Direction::Desc),
            Self::StateLongest => ("state_since", Direction::Asc),
        }
    }
}

impl ListIssues {
    /// Where a page ends that ends with this issue.
    pub fn cursor(&self, issue: &Issue) -> Cursor {
        let at = match self.order {
            Order::FiledNewest | Order::FiledOldest => issue.filed_at,
            Order::ChangedNewest => issue.changed_at,
            Order::StateLongest => issue.state_since,
        };
        Cursor(vec![at.into(), issue.key.project.as_str().into(), issue.key.ordinal.into()])
    }

    fn limit(&self) -> usize {
        self.limit.min(STEP_MAX) as usize
    }

    fn select(&self) -> Select {
        let (column, direction) = self.order.column();
        let Filter { standings: _, severities, levels, teams, components, assignees, source_reference: _ } =
            &self.filter;
        let select = Select::from(&ISSUE, self.limit.min(STEP_MAX) + 1)
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .order(column, direction)
            .after(self.after.clone());
        let levels = levels.iter().map(|level| level.known().map_or(words::NOT_KNOWN, |level| words::level(*level)));
        [
            ("severity", texts(severities.iter().map(SeverityId::as_str))),
            ("level", texts(levels)),
            ("team", texts(teams.iter().map(TeamId::as_str))),
            ("component", texts(components.iter().map(ComponentId::as_str))),
            ("assignee", texts(assignees.iter().map(PersonId::as_str))),
        ]
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .fold(select, |select, (column, values)| select.filter(Condition::In(column, values)))
    }
}

impl Query for ListIssues {
    type Found = IssuesFound;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let wanted = |standing: &Standing| self.filter.standings.is_empty() || self.filter.standings.contains(standing);
        let standings = Standing::ALL.into_iter().filter(wanted);
        if let Some(reference) = &self.filter.source_reference {
            let select = self.select().filter(Condition::Equal("source_reference", reference.into()));
            return vec![select.filter(Condition::In("state", texts(standings.map(Standing::word))))];
        }
        standings.map(|standing| self.select().filter(Condition::Equal("state", standing.word().into()))).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<IssuesFound, RowError> {
        let (column, direction) = self.order.column();
        let mut found = Vec::new();
        for row in rows.iter().flatten() {
            found.push((row.value(column)?, row.value("ordinal")?, row));
        }
        found.sort_by(|(at, ordinal, _), (other_at, other, _)| {
            let order = (at, ordinal).cmp(&(other_at, other));
            if direction == Direction::Asc { order } else { order.reverse() }
        });
        let more = found.len() > self.limit();
        let issues = found.into_iter().take(self.limit()).map(|(_, _, row)| IssueRow::read(row)?.issue());
        Ok(IssuesFound { issues: issues.collect::<Result<_, _>>()?, more })
    }
}

fn texts<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Value> {
    words.map(Value::from).collect()
}

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

/// One step gives at most so many issues, however many are asked for; fewer where several states are asked for, each of which is
/// read for itself.
pub const STEP_MAX: u32 = 100;

/// One step reads at most so many rows of all states together, and one more of each: a row can have 256 KiB, and most of what
/// is read of seven states is left to the next step.
const STEP_ROWS_MAX: u32 = 140;

/// Asks for issues of a project. A page longer than a step is several, each `after` the one before.
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

    fn standings(&self) -> impl Iterator<Item = Standing> {
        let wanted = |standing: &Standing| self.filter.standings.is_empty() || self.filter.standings.contains(standing);
        Standing::ALL.into_iter().filter(wanted)
    }

    /// How many selects this asks.
    fn ranges(&self) -> usize {
        if self.filter.source_reference.is_some() { 1 } else { self.standings().count() }
    }

    /// How many issues one step gives.
    fn step(&self) -> u32 {
        let ranges = u32::try_from(self.ranges()).unwrap_or(u32::MAX).max(1);
        self.limit.min(STEP_MAX).min(STEP_ROWS_MAX / ranges)
    }

    fn select(&self) -> Select {
        let (column, direction) = self.order.column();
        let Filter { standings: _, severities, levels, teams, components, assignees, source_reference: _ } =
            &self.filter;
        let select = Select::from(&ISSUE, self.step() + 1)
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
        let standings = self.standings();
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
        let step = self.step() as usize;
        let more = found.len() > step;
        let issues = found.into_iter().take(step).map(|(_, _, row)| IssueRow::read(row)?.issue());
        Ok(IssuesFound { issues: issues.collect::<Result<_, _>>()?, more })
    }
}

fn texts<'a>(words: impl Iterator<Item = &'a str>) -> Vec<Value> {
    words.map(Value::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_read(standings: &[Standing], limit: u32) -> u32 {
        let query = ListIssues {
            project: ProjectId::parse("PAY").unwrap(),
            filter: Filter { standings: standings.to_vec(), ..Filter::default() },
            order: Order::FiledNewest,
            after: None,
            limit,
        };
        query.selects().iter().map(|select| select.limit).sum()
    }

    #[test]
    fn one_step_reads_as_few_rows_of_all_states_as_of_one_or_two() {
        assert_eq!(rows_read(&[], 1000), 7 * 21);
        assert_eq!(rows_read(&[Standing::Accepted, Standing::Resolved], 1000), 2 * 71);
        assert_eq!(rows_read(&[Standing::Accepted], 1000), 101);
        assert_eq!(rows_read(&[], 5), 7 * 6, "what is asked for, where that is less");
    }
}

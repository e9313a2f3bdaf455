//! A project's board: its issues by state. The rows are those of the view [`crate::issue`]: each column is a range of an
//! index, and its counts are kept, so a board costs the same however many issues there are.

use std::sync::Arc;

use domain::Fact;
use domain::ids::{IssueKey, ProjectId};
use domain::issue::Level;
use jiff::Timestamp;

use crate::issue::{self, COUNT, ISSUE, Standing};
use crate::query::Query;
use crate::row::{Condition, Row, RowError, Select};
use crate::table::{Direction, ViewId};

/// So many cards of a column at most.
pub const CARDS_MAX: u32 = 100;
/// So many rows of counts are read: seven columns of a scheme's severities, retired ones with them.
const COUNTS_MAX: u32 = 10_000;

/// Asks for a project's board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBoard {
    /// Which project.
    pub project: ProjectId,
    /// How many cards of each column, at most [`CARDS_MAX`].
    pub cards_per_column: u32,
}

/// A board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// One for each of [`Standing::ALL`], in that order.
    pub columns: Vec<Column>,
}

/// The issues of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Which.
    pub standing: Standing,
    /// How many issues stand here.
    pub count: u64,
    /// How many of each severity, by its id; `None`: none yet, or not known.
    pub severities: Vec<(Option<Arc<str>>, u64)>,
    /// Those that stand here longest, first; in Closed and Dismissed the newest.
    pub cards: Vec<Card>,
}

/// An issue on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its key.
    pub key: IssueKey,
    /// One line.
    pub title: Arc<str>,
    /// Severity; `None`: none yet, or not known.
    pub severity: Option<Arc<str>>,
    /// Triage level; `None`: never triaged.
    pub level: Option<Fact<Level>>,
    /// The part of the product concerned.
    pub component: Option<Arc<str>>,
    /// The owner team.
    pub team: Option<Arc<str>>,
    /// Whose it is.
    pub assignee: Option<Arc<str>>,
    /// True: a question is open.
    pub waiting: bool,
    /// Since when it stands here.
    pub state_since: Timestamp,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// True: it was imported.
    pub imported: bool,
}

impl Query for GetBoard {
    type Found = Board;

    fn view(&self) -> ViewId {
        issue::SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let project = || Condition::Equal("project", self.project.as_str().into());
        let cards = |standing: Standing| {
            let direction = match standing {
                Standing::Closed | Standing::Dismissed => Direction::Desc,
                _ => Direction::Asc,
            };
            Select::from(&ISSUE, self.cards_per_column.min(CARDS_MAX))
                .filter(project())
                .filter(Condition::Equal("state", standing.word().into()))
                .order("state_since", direction)
        };
        let counts = Select::from(&COUNT, COUNTS_MAX).filter(project());
        [counts].into_iter().chain(Standing::ALL.into_iter().map(cards)).collect()
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Board, RowError> {
        let mut rows = rows.into_iter();
        let counts = rows.next().unwrap_or_default();
        let counts = counts.iter().map(count).collect::<Result<Vec<_>, _>>()?;
        let column = |standing: Standing| {
            let here = counts.iter().filter(|(state, ..)| *state == standing.word());
            let cards = rows.next().unwrap_or_default();
            Ok(Column {
                standing,
                count: here.clone().map(|(.., issues)| issues).sum(),
                severities: here.map(|(_, severity, issues)| (severity.clone(), *issues)).collect(),
                cards: cards.iter().map(card).collect::<Result<_, _>>()?,
            })
        };
        let columns = Standing::ALL.into_iter().map(column).collect::<Result<_, _>>()?;
        Ok(Board { columns })
    }
}

/// State, severity, issues.
fn count(row: &Row) -> Result<(&str, Option<Arc<str>>, u64), RowError> {
    let severity: Arc<str> = row.get("severity")?;
    Ok((row.get("state")?, Some(severity).filter(|severity| !severity.is_empty()), row.get("issues")?))
}

fn card(row: &Row) -> Result<Card, RowError> {
    Ok(Card {
        key: issue::key(row)?,
        title: row.get("title")?,
        severity: row.get("severity")?,
        level: row.get::<Option<&str>>("level")?.map(issue::parse_level).transpose()?,
        component: row.get("component")?,
        team: row.get("team")?,
        assignee: row.get("assignee")?,
        waiting: row.get("waiting")?,
        state_since: row.get("state_since")?,
        filed_at: row.get("filed_at")?,
        imported: row.get("imported")?,
    })
}

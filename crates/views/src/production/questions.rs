//! What is asked of the view.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    MARKED, Marked, PUSH, Push, ROLLED_BACK, RolledBack, SCHEMA, STANDING, Standing, TOKENS_MAX, WAITING, Waiting,
};
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// Issues by project and number, and where the page ended; `None`: nothing follows.
pub type Issues = (Vec<(Arc<str>, u64)>, Option<Cursor>);

/// Which issues of a project have a fix that waits: to come to production, or for its being recorded whether it got there as asked?
#[derive(Debug, Clone)]
pub struct WaitingIn {
    /// The project's key.
    pub project: Arc<str>,
    /// At most so many.
    pub limit: u32,
    /// Where a page ended.
    pub after: Option<Cursor>,
}

/// Which issues of all projects have one?
#[derive(Debug, Clone)]
pub struct AllWaiting {
    /// At most so many.
    pub limit: u32,
    /// Where a page ended.
    pub after: Option<Cursor>,
}

/// Which releases that stand in production carry one of these tokens? Those that came there first, first.
#[derive(Debug, Clone)]
pub struct Carriers {
    /// The project's key.
    pub project: Arc<str>,
    /// At most [`TOKENS_MAX`].
    pub tokens: Vec<Arc<str>>,
    /// At most so many rows.
    pub limit: u32,
}

/// Which issues are in production with this release?
#[derive(Debug, Clone)]
pub struct InProduction {
    /// The project's key.
    pub project: Arc<str>,
    /// The release's id.
    pub release: Arc<str>,
    /// At most so many.
    pub limit: u32,
    /// Where a page ended.
    pub after: Option<Cursor>,
}

/// Which releases, of all projects, were last rolled back?
#[derive(Debug, Clone)]
pub struct AllRolledBack {
    /// At most so many.
    pub limit: u32,
    /// Where a page ended.
    pub after: Option<Cursor>,
}

/// Which was the first deployment to production after a moment?
#[derive(Debug, Clone)]
pub struct FirstPush {
    /// The project's key.
    pub project: Arc<str>,
    /// The moment.
    pub after: Timestamp,
}

/// A deployment to production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The project's key.
    pub project: Arc<str>,
    /// The release.
    pub release: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// Which event of the release says so.
    pub fact: u64,
}

fn of_project(project: &Arc<str>) -> Condition {
    Condition::Equal("project", Value::from(Arc::clone(project)))
}

fn one_of(tokens: &[Arc<str>]) -> Condition {
    Condition::In("token", tokens.iter().take(TOKENS_MAX).map(|token| Value::from(Arc::clone(token))).collect())
}

/// The last row's cursor, where the page is full.
fn end(select: &Select, rows: &[Row]) -> Result<Option<Cursor>, RowError> {
    let full = rows.len() as u64 >= u64::from(select.limit);
    rows.last().filter(|_| full).map(|last| select.cursor(last)).transpose()
}

fn waiting(select: &Select, rows: &[Row]) -> Result<Issues, RowError> {
    let issues = rows.iter().map(|row| Waiting::read(row).map(|waiting| (waiting.project, waiting.ordinal)));
    Ok((issues.collect::<Result<_, _>>()?, end(select, rows)?))
}

/// `Question { select, what it finds }` with one select.
macro_rules! questions {
    ($($question:ident -> $found:ty: |$this:ident| $select:expr, |$read:ident, $rows:ident| $reading:expr;)*) => {$(
        impl $question {
            fn select(&self) -> Select {
                let $this = self;
                $select
            }
        }

        impl Query for $question {
            type Found = $found;

            fn view(&self) -> ViewId {
                SCHEMA.id()
            }

            fn selects(&self) -> Vec<Select> {
                vec![self.select()]
            }

            fn read(&self, rows: Vec<Vec<Row>>) -> Result<$found, RowError> {
                let ($read, $rows) = (&self.select(), rows.into_iter().next().unwrap_or_default());
                $reading
            }
        }
    )*};
}
questions! {
    WaitingIn -> Issues:
        |this| Select::from(&WAITING, this.limit).filter(of_project(&this.project)).after(this.after.clone()),
        |select, rows| waiting(select, &rows);
    AllWaiting -> Issues:
        |this| Select::from(&WAITING, this.limit).after(this.after.clone()),
        |select, rows| waiting(select, &rows);
    Carriers -> Vec<Pushed>:
        |this| Select::from(&STANDING, this.limit).filter(of_project(&this.project)).filter(one_of(&this.tokens)),
        |_select, rows| {
            let standing = rows.iter().map(Standing::read).collect::<Result<Vec<_>, _>>()?;
            let pushed = standing.into_iter().map(|Standing { project, release, at, fact, .. }| Pushed { project, release, at, fact });
            let mut pushed: Vec<_> = pushed.collect();
            pushed.sort_by(|one, other| (one.at, &one.release).cmp(&(other.at, &other.release)));
            pushed.dedup();
            Ok(pushed)
        };
    InProduction -> Issues:
        |this| Select::from(&MARKED, this.limit)
            .filter(of_project(&this.project))
            .filter(Condition::Equal("release", Value::from(Arc::clone(&this.release))))
            .after(this.after.clone()),
        |select, rows| {
            let issues = rows.iter().map(|row| Marked::read(row).map(|marked| (marked.project, marked.ordinal)));
            Ok((issues.collect::<Result<_, _>>()?, end(select, &rows)?))
        };
    AllRolledBack -> (Vec<Pushed>, Option<Cursor>):
        |this| Select::from(&ROLLED_BACK, this.limit).after(this.after.clone()),
        |select, rows| {
            let gone = rows.iter().map(|row| {
                RolledBack::read(row).map(|RolledBack { project, release, at, fact }| Pushed { project, release, at, fact })
            });
            Ok((gone.collect::<Result<_, _>>()?, end(select, &rows)?))
        };
    FirstPush -> Option<Pushed>:
        |this| Select::from(&PUSH, 1)
            .filter(of_project(&this.project))
            .filter(Condition::Greater("at", Value::from(this.after)))
            .order("at", Direction::Asc),
        |_select, rows| {
            let push = rows.first().map(Push::read).transpose()?;
            Ok(push.map(|Push { project, release, fact, at }| Pushed { project, release, at, fact }))
        };
}

//! One issue with its comments.

use std::sync::Arc;

use domain::ids::IssueKey;
use domain::issue::Issue;
use jiff::Timestamp;

use super::tables::{CommentRow, IssueRow};
use super::{COMMENT, ISSUE, SCHEMA};
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// Comments come so many at a time.
pub const COMMENTS_PAGE: usize = 50;

/// Asks for an issue and its comments, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetIssue {
    /// Which.
    pub key: IssueKey,
    /// [`IssueFound::older`] of the answer before; `None`: the newest comments.
    pub comments_after: Option<Cursor>,
}

/// An issue with some of its comments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueFound {
    /// The issue.
    pub issue: Issue,
    /// At most [`COMMENTS_PAGE`], the newest first.
    pub comments: Vec<Comment>,
    /// For the comments before these; `None`: there are none.
    pub older: Option<Cursor>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The issue's revision that it made.
    pub revision: u64,
    /// Who said it.
    pub author: Arc<str>,
    /// When.
    pub occurred_at: Timestamp,
    /// What.
    pub text: Arc<str>,
    /// True: it was imported.
    pub imported: bool,
}

impl GetIssue {
    fn comments(&self) -> Select {
        let one_more = u32::try_from(COMMENTS_PAGE).unwrap_or(u32::MAX).saturating_add(1);
        Select::from(&COMMENT, one_more)
            .filter(Condition::Equal("project", self.key.project.as_str().into()))
            .filter(Condition::Equal("ordinal", Value::from(self.key.ordinal)))
            .order("revision", Direction::Desc)
            .after(self.comments_after.clone())
    }
}

impl Query for GetIssue {
    type Found = Option<IssueFound>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        let issue = Select::from(&ISSUE, 1)
            .filter(Condition::Equal("project", self.key.project.as_str().into()))
            .filter(Condition::Equal("ordinal", Value::from(self.key.ordinal)));
        vec![issue, self.comments()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Self::Found, RowError> {
        let mut rows = rows.into_iter();
        let Some(issue) = rows.next().and_then(|issues| issues.into_iter().next()) else {
            return Ok(None);
        };
        let issue = IssueRow::read(&issue)?.issue()?;
        let mut said = rows.next().unwrap_or_default();
        let more = said.len() > COMMENTS_PAGE;
        said.truncate(COMMENTS_PAGE);
        let older = match said.last() {
            Some(last) if more => Some(self.comments().cursor(last)?),
            _ => None,
        };
        let comments = said.iter().map(comment).collect::<Result<_, _>>()?;
        Ok(Some(IssueFound { issue, comments, older }))
    }
}

fn comment(row: &Row) -> Result<Comment, RowError> {
    let CommentRow { project: _, ordinal: _, revision, author, occurred_at, imported, text } = CommentRow::read(row)?;
    Ok(Comment { revision, author, occurred_at, text, imported })
}

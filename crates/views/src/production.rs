//! The view `production`: which fixes wait to be delivered, which deployments stand, and what is in production with which release.
//!
//! A fix is found by its **tokens**: the changes that it is made of, and its issue's key; a release carries a fix when it carries one of its tokens.
//! Who reacts to deployments asks here, each question an index's range, and decides by the streams themselves.

mod document;
mod questions;

use std::sync::Arc;

use domain::issue::IssueEvent;
use domain::{Event, Recorded, StreamKind};
use jiff::Timestamp;

use crate::record::{Json, record};
use crate::row::{Change, Key, Row, RowError, Value};
use crate::table::{Schema, Table};
use crate::view::{Unappliable, View};
use document::{Document, ISSUE, RELEASE};

pub use questions::{AllRolledBack, AllWaiting, Carriers, FirstPush, InProduction, Issues, Pushed, WaitingIn};

/// A select names so many tokens at most.
pub const TOKENS_MAX: usize = 200;

record! {
    /// One row a release, and an issue that was ever resolved: what the other tables follow from.
    pub(crate) struct StreamRow = STREAM("stream")
    key ["project", "kind", "id"]
    indexes []
    {
        /// The project's key.
        project: Arc<str>,
        /// release or issue.
        kind: Arc<str>,
        /// The release's id; the issue's number within the project.
        id: Arc<str>,
        /// The last of its events that is folded here.
        revision: u64,
        /// What became of it.
        history: Json<document::History>,
    }
}

record! {
    /// An issue whose fix is in no production yet, or is verified without its being recorded whether it got there as asked. Facts that were imported
    /// are left out.
    pub struct Waiting = WAITING("waiting")
    key ["project", "ordinal"]
    indexes []
    {
        /// The project's key.
        project: Arc<str>,
        /// The issue's number within the project.
        ordinal: u64,
    }
}

record! {
    /// A release that stands in production: one row for each token that it carries.
    pub struct Standing = STANDING("standing")
    key ["project", "token", "release"]
    indexes []
    {
        /// The project's key.
        project: Arc<str>,
        /// A change, or `issue:` and an issue's key.
        token: Arc<str>,
        /// The release's id.
        release: Arc<str>,
        /// Since when it stands there.
        at: Timestamp,
        /// Which event of the release says so.
        fact: u64,
    }
}

record! {
    /// A release whose last fact in production is a rollback.
    pub struct RolledBack = ROLLED_BACK("rolled_back")
    key ["project", "release"]
    indexes []
    {
        /// The project's key.
        project: Arc<str>,
        /// The release's id.
        release: Arc<str>,
        /// When it was rolled back.
        at: Timestamp,
        /// Which event of the release says so.
        fact: u64,
    }
}

record! {
    /// An issue that is in production, marked or closed, with the release that brought it there.
    pub struct Marked = MARKED("marked")
    key ["project", "release", "ordinal"]
    indexes []
    {
        /// The project's key.
        project: Arc<str>,
        /// The release's id.
        release: Arc<str>,
        /// The issue's number within the project.
        ordinal: u64,
    }
}

record! {
    /// A deployment to production, whatever became of it.
    pub struct Push = PUSH("push")
    key ["project", "release", "fact"]
    indexes [[("project", Asc), ("at", Asc)]]
    {
        /// The project's key.
        project: Arc<str>,
        /// The release's id.
        release: Arc<str>,
        /// Which event of the release says so.
        fact: u64,
        /// When it was.
        at: Timestamp,
    }
}

/// The view's tables.
pub static SCHEMA: Schema =
    Schema { name: "production", version: 2, tables: &[&STREAM, &WAITING, &STANDING, &ROLLED_BACK, &MARKED, &PUSH] };

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct Production;

/// By which token a release carries an issue that it lists.
pub fn issue_token(key: &impl std::fmt::Display) -> Arc<str> {
    format!("issue:{key}").into()
}

impl View for Production {
    type Document = Document;

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn table(&self) -> &'static Table {
        &STREAM
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Release, StreamKind::Issue]
    }

    fn picks(&self) -> Option<fn(&Recorded) -> bool> {
        Some(|recorded| match &recorded.event {
            Event::Release(_) => true,
            Event::Issue(event) => matches!(
                event,
                IssueEvent::IssueResolved { .. }
                    | IssueEvent::ResolutionRejected { .. }
                    | IssueEvent::IssueVerified { .. }
                    | IssueEvent::MarkedInProduction { .. }
                    | IssueEvent::IssueClosed { .. }
                    | IssueEvent::WithdrawnFromProduction { .. }
                    | IssueEvent::IssueReopened { .. }
                    | IssueEvent::DeliveryRuleKept { .. }
                    | IssueEvent::DeliveryRuleBroken { .. }
            ),
            _ => false,
        })
    }

    fn key(&self, recorded: &Recorded) -> Key {
        let (kind, id) = match recorded.stream.kind {
            StreamKind::Release => (RELEASE, Arc::clone(&recorded.stream.id)),
            _ => (ISSUE, recorded.ordinal.to_string().into()),
        };
        Key::new([Value::from(recorded.stream.project.shared()), Value::from(Arc::from(kind)), Value::from(id)])
    }

    fn revision(&self, document: &Document) -> u64 {
        document.revision
    }

    fn decode(&self, row: &Row) -> Result<Document, RowError> {
        Document::read(row)
    }

    fn encode(&self, document: &Document) -> Result<Row, RowError> {
        document.row()
    }

    fn fold(
        &self,
        document: &mut Option<Document>,
        recorded: &Recorded,
        beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        // First what can fail: then neither document nor rows have changed.
        if let Some(push) = document::push(recorded) {
            beside.push(Change::Insert(push.row().map_err(Unappliable::Document)?));
        }
        document.get_or_insert_with(|| Document::begin(recorded)).apply(recorded);
        Ok(())
    }

    fn derived(&self, document: &Document) -> Result<Vec<Row>, RowError> {
        document.derived()
    }
}

//! The view `search`: one document an issue, with what it is found by.
//!
//! Words are those of title, report, workaround and comments, questions and answers among the comments: as tokens ([`tokens`]),
//! never as text. A text that was erased is absent, and found by nothing. Of each part of a report and of the workaround count the first
//! [`PART_BYTES_MAX`] bytes of tokens, of all comments together the first [`COMMENTS_BYTES_MAX`].
//!
//! Newest first is by number, the highest first: the order in which issues came into the log. An import comes in later than what it tells.
//!
//! States change as the domain says, by its own `evolve`, which is given an issue with nothing in it but what a document keeps;
//! nothing that is missing decides where an event leads.

mod document;
mod found;
mod similar;
mod syntax;
mod tokens;

use std::sync::Arc;

use domain::issue::{IssueEvent, State, evolve};
use domain::{Event, Recorded, StreamKind};
use jiff::Timestamp;

pub use document::Document;
pub use found::{
    All, COUNTED_MAX, Counts, Filter, Found, Hit, Matches, NEWEST_MAX, Newest, PAGE_MAX, Page, SOURCES, Search,
};
pub use similar::{
    CANDIDATES_MAX, Candidates, LIKENESS_MIN, Likeness, OFFERED_MAX, Offered, TERMS_MAX as SIMILAR_TERMS_MAX, Wording,
    WordsOf,
};
pub use syntax::{PREFIX_CHARS_MIN, SyntaxError, TERMS_MAX, TYPED_CHARS_MAX, parse};
pub use tokens::{TOKEN_CHARS_MAX, tokens};

use crate::issue;
use crate::record::{Words, record};
use crate::row::{Change, Key, Row, RowError, Value, WORDS_BYTES_MAX};
use crate::table::{Schema, Table};
use crate::view::{Unappliable, View};

/// So many bytes of tokens are kept of each part of a report, and of a workaround.
pub const PART_BYTES_MAX: usize = 32 * 1024;
/// So many bytes of tokens are kept of all comments together, the first ones.
pub const COMMENTS_BYTES_MAX: usize = 128 * 1024;
const _: () =
    assert!(6 * PART_BYTES_MAX + COMMENTS_BYTES_MAX < WORDS_BYTES_MAX, "a document with all it can have is stored");

/// The view's tables.
pub static SCHEMA: Schema = Schema { name: "search", version: 1, tables: &[&DOCUMENT] };

record! {
    /// One row an issue: what it is found by, and what of it is shown.
    pub(crate) struct DocumentRow = DOCUMENT("document")
    key ["project", "ordinal"]
    indexes []
    {
        /// Its project's key.
        project: Arc<str>,
        /// Its number within the project: PAY-42 is 42.
        ordinal: u64,
        /// How many events it has.
        revision: u64,
        /// One line.
        title: Arc<str>,
        /// new_untriaged, new_triaged, accepted, resolved, verified, closed, dismissed.
        state: Arc<str>,
        /// Of a dismissed issue: it was triaged.
        was_triaged: bool,
        /// Severity in force; null: never triaged, or not known.
        severity: Option<Arc<str>>,
        /// user_error, system, code_or_data, not_known; null: never triaged.
        level: Option<Arc<str>>,
        /// At levels 2 and 3: incident, bug.
        nature: Option<Arc<str>>,
        /// The part of the product concerned.
        component: Option<Arc<str>>,
        /// The owner team; null: never triaged, or not known.
        team: Option<Arc<str>>,
        /// Whose it is.
        assignee: Option<Arc<str>>,
        /// customer, product_owner, security, system; null: not known.
        source_kind: Option<Arc<str>>,
        /// When it was filed.
        filed_at: Timestamp,
        /// It was imported.
        imported: bool,
        /// Tokens of the title.
        title_words: Words,
        /// Tokens of the report: steps, what happens, what was expected, whatever else was said.
        report_words: Words,
        /// Tokens of the workaround.
        workaround_words: Words,
        /// Tokens of comments, questions and answers, the oldest first.
        comments_words: Words,
    }
}

/// The view.
#[derive(Debug, Clone, Copy)]
pub struct SearchView;

impl View for SearchView {
    type Document = Document;

    fn schema(&self) -> &'static Schema {
        &SCHEMA
    }

    fn table(&self) -> &'static Table {
        &DOCUMENT
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Issue]
    }

    fn key(&self, recorded: &Recorded) -> Key {
        Key::new([Value::from(recorded.stream.project.shared()), Value::from(recorded.ordinal)])
    }

    fn revision(&self, document: &Document) -> u64 {
        document.issue.revision
    }

    fn decode(&self, row: &Row) -> Result<Document, RowError> {
        Document::read(&DocumentRow::read(row)?)
    }

    fn encode(&self, document: &Document) -> Result<Row, RowError> {
        document.write().row()
    }

    fn fold(
        &self,
        document: &mut Option<Document>,
        recorded: &Recorded,
        _beside: &mut Vec<Change>,
    ) -> Result<(), Unappliable> {
        let Event::Issue(event) = &recorded.event else {
            return Ok(());
        };
        let typed = issue::of_issue(recorded, event.clone());
        let Some(Document { issue, mut texts, source }) = document.take() else {
            let filed = evolve(None, &typed).map(Document::filed);
            *document = Some(filed.ok_or(Unappliable::Refused { reason: "an issue begins with its filing".into() })?);
            return Ok(());
        };
        let open = matches!(issue.state, State::New { .. } | State::Accepted);
        let Some(mut issue) = evolve(Some(issue), &typed) else {
            return Ok(());
        };
        match event {
            IssueEvent::IssueCommented { text } => texts.say(text),
            IssueEvent::InformationRequested { text, .. } if open => texts.say(text),
            IssueEvent::InformationProvided { text: Some(text), .. } if open => texts.say(text),
            _ => {}
        }
        texts.take_over(&mut issue);
        *document = Some(Document { issue, texts, source });
        Ok(())
    }
}

//! A document: an issue with what matters to a search, and the tokens of its texts.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use domain::Fact;
use domain::clocks::Ledger;
use domain::ids::{IssueId, IssueKey, Malformed, PersonId, ProjectId};
use domain::issue::{
    Closed, Dismissed, Issue, RaisedBy, Report, Resolved, Source, State, Triage, Verified, Workaround,
};
use domain::text::{Text, Title};
use uuid::Uuid;

use super::tokens::append;
use super::{COMMENTS_BYTES_MAX, DOCUMENT, DocumentRow, PART_BYTES_MAX};
use crate::issue::{self, Standing, words};
use crate::record::Words;
use crate::row::{BREAK, RowError};

/// Stands for a person, a system, a reference that a document does not keep.
const NOBODY: &str = "-";
/// Steps, what happens, what was expected, whatever else was said.
const PARTS: usize = 4;

/// What is kept of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The issue; of what no search needs, nothing.
    pub(super) issue: Issue,
    pub(super) texts: Texts,
    /// Which kind of source it has.
    pub(super) source: Option<Arc<str>>,
}

/// Tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts {
    title: String,
    report: [String; PARTS],
    workaround: String,
    comments: String,
}

impl Texts {
    /// Another comment.
    pub(super) fn say(&mut self, text: &Text) {
        append(&mut self.comments, text.as_str(), COMMENTS_BYTES_MAX);
    }

    /// Takes the texts that the issue's last event has brought, and leaves in it only what a document keeps.
    pub(super) fn take_over(&mut self, issue: &mut Issue) {
        let Report { steps, actual, expected, details } = std::mem::take(&mut issue.report);
        for (part, new) in self.report.iter_mut().zip([steps, actual, expected, details]) {
            if let Some(new) = new {
                part.clear();
                append(part, new.as_str(), PART_BYTES_MAX);
            }
        }
        match &mut issue.workaround {
            None => self.workaround.clear(),
            Some(Workaround { text, .. }) if text.as_str() != BREAK => {
                self.workaround.clear();
                append(&mut self.workaround, text.as_str(), PART_BYTES_MAX);
                if let Some(nothing) = nothing() {
                    *text = nothing;
                }
            }
            Some(_) => {}
        }
        // Its clocks are another view's.
        issue.ledger = Ledger::default();
        issue.questions.clear();
        issue.delegates.clear();
        issue.causes.clear();
        issue.links.clear();
        issue.watchers.clear();
    }
}

impl Document {
    /// Of an issue just filed.
    pub(super) fn filed(mut issue: Issue) -> Self {
        let mut texts = Texts::default();
        append(&mut texts.title, issue.title.as_str(), PART_BYTES_MAX);
        texts.take_over(&mut issue);
        let source = issue.source.kind.known().map(|kind| words::source(kind).into());
        Self { issue, texts, source }
    }

    /// As a row.
    pub(super) fn write(&self) -> DocumentRow {
        let Self { issue, texts, source } = self;
        let triage = issue.triage.as_ref();
        let share = |words: &str| Words(words.into());
        DocumentRow {
            project: issue.key.project.shared(),
            ordinal: issue.key.ordinal,
            revision: issue.revision,
            title: issue.title.shared(),
            state: Standing::of(&issue.state).word().into(),
            was_triaged: matches!(&issue.state, State::Dismissed(dismissed) if dismissed.triaged),
            severity: triage.and_then(|triage| triage.severity.known()).map(domain::ids::SeverityId::shared),
            level: triage
                .map(|triage| triage.level.known().map_or(words::NOT_KNOWN, |level| words::level(*level)).into()),
            nature: triage.and_then(|triage| triage.nature).map(|nature| words::nature(nature).into()),
            component: issue.component.as_ref().map(domain::ids::ComponentId::shared),
            team: triage.and_then(|triage| triage.team.known()).map(domain::ids::TeamId::shared),
            assignee: issue.assignee.as_ref().map(PersonId::shared),
            source_kind: source.clone(),
            filed_at: issue.filed_at,
            imported: issue.origin.is_some(),
            title_words: share(&texts.title),
            report_words: if texts.report.iter().all(String::is_empty) {
                Words::default()
            } else {
                share(&texts.report.join(&format!(" {BREAK} ")))
            },
            workaround_words: share(&texts.workaround),
            comments_words: share(&texts.comments),
        }
    }

    /// Out of a row.
    pub(super) fn read(row: &DocumentRow) -> Result<Self, RowError> {
        let mut report = <[String; PARTS]>::default();
        for (part, words) in report.iter_mut().zip(row.report_words.0.split(BREAK)) {
            words.trim().clone_into(part);
        }
        let texts = Texts {
            title: row.title_words.0.as_ref().to_owned(),
            report,
            workaround: row.workaround_words.0.as_ref().to_owned(),
            comments: row.comments_words.0.as_ref().to_owned(),
        };
        let source = row.source_kind.clone();
        Ok(Self { issue: issue(row)?, texts, source })
    }
}

fn issue(row: &DocumentRow) -> Result<Issue, RowError> {
    let nobody: PersonId = parse("assignee", NOBODY)?;
    let at = row.filed_at;
    let origin = row.imported.then(|| domain::Origin {
        system: NOBODY.into(),
        reference: NOBODY.into(),
        imported_by: nobody.clone(),
        implied: false,
    });
    let workaround = (!row.workaround_words.0.is_empty()).then(nothing).flatten();
    Ok(Issue {
        id: IssueId(Uuid::nil()),
        key: IssueKey {
            project: ProjectId::parse(&row.project).map_err(|error| damaged("project", &error))?,
            ordinal: row.ordinal,
        },
        revision: row.revision,
        title: Title::parse(&row.title).map_err(|error| damaged("title", &error))?,
        source: Source { kind: Fact::NotKnown, raised_by: RaisedBy::Nobody, reference: None },
        origin,
        report: Report::default(),
        reported_severity: None,
        component: maybe("component", row.component.as_deref())?,
        filed_at: at,
        filed_by: nobody.clone(),
        triage: triage(row)?,
        assignee: maybe("assignee", row.assignee.as_deref())?,
        report_owed: false,
        state: state(row, &nobody)?,
        state_since: at,
        cycle_start: at,
        changed_at: at,
        accepted_at: None,
        questions: Vec::new(),
        questions_asked: 0,
        workaround: workaround.map(|text| Workaround { text, at }),
        delegates: Vec::new(),
        causes: Vec::new(),
        links: Vec::new(),
        watchers: Vec::new(),
        comments: 0,
        ledger: Ledger::default(),
        shifts: None,
    })
}

fn triage(row: &DocumentRow) -> Result<Option<Triage>, RowError> {
    let Some(level) = &row.level else { return Ok(None) };
    Ok(Some(Triage {
        level: issue::parse_level(level)?,
        nature: row.nature.as_deref().and_then(words::parse_nature),
        severity: maybe("severity", row.severity.as_deref())?.map_or(Fact::NotKnown, Fact::Known),
        team: maybe("team", row.team.as_deref())?.map_or(Fact::NotKnown, Fact::Known),
    }))
}

fn state(row: &DocumentRow, nobody: &PersonId) -> Result<State, RowError> {
    let at = row.filed_at;
    let resolved =
        || Resolved { fix: Fact::NotKnown, tests_added: Vec::new(), by: nobody.clone(), at, in_production: None };
    let verified = || Verified {
        resolved: resolved(),
        confirmed_by: Fact::NotKnown,
        capacity: Fact::NotKnown,
        self_verified: false,
        at,
    };
    let standing = Standing::parse(&row.state).ok_or_else(|| damaged("state", &"none of its words"))?;
    Ok(match standing {
        Standing::NewUntriaged => State::New { triaged: false },
        Standing::NewTriaged => State::New { triaged: true },
        Standing::Accepted => State::Accepted,
        Standing::Resolved => State::Resolved(resolved()),
        Standing::Verified => State::Verified(verified()),
        Standing::Closed => {
            State::Closed(Closed { verified: verified(), closing: Fact::NotKnown, by: nobody.clone(), at })
        }
        Standing::Dismissed => {
            State::Dismissed(Dismissed { dismissal: Fact::NotKnown, by: nobody.clone(), at, triaged: row.was_triaged })
        }
    })
}

/// A text that nobody writes: there is one, and its tokens are kept.
fn nothing() -> Option<Text> {
    Text::parse(BREAK).ok()
}

fn maybe<T: FromStr<Err = Malformed>>(column: &'static str, text: Option<&str>) -> Result<Option<T>, RowError> {
    text.map(|text| parse(column, text)).transpose()
}

fn parse<T: FromStr<Err = Malformed>>(column: &'static str, text: &str) -> Result<T, RowError> {
    text.parse().map_err(|error| damaged(column, &error))
}

fn damaged(column: &'static str, what: &impl Display) -> RowError {
    RowError::Json { table: DOCUMENT.name, column, reason: what.to_string() }
}

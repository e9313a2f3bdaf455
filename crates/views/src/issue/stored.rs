//! An issue as its row, and back: nothing is lost on the way.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use domain::Fact;
use domain::ids::{ComponentId, IssueKey, Malformed, PersonId, ProjectId, ReleaseId, SeverityId, TeamId};
use domain::issue::{
    Closed, Dismissal, Dismissed, Issue, RaisedBy, Report, Resolved, Source, State, Triage, Verified, Workaround,
};
use domain::text::{Text, Title};

use super::ISSUE;
use super::details::{self, Capacity, Closing, Details, Fix, all, issue_id};
use super::facets;
use super::tables::IssueRow;
use super::words::{self, NOT_KNOWN, Standing};
use crate::record::Json;
use crate::row::RowError;

impl IssueRow {
    /// Of an issue as it stands after the event at this position.
    pub(crate) fn of(issue: &Issue, position: u64) -> Self {
        let triage = issue.triage.as_ref();
        let (raised_by, raised_by_system) = match &issue.source.raised_by {
            RaisedBy::Person(person) => (Some(text(person)), None),
            RaisedBy::System(system) => (None, Some(Arc::clone(system))),
            RaisedBy::Nobody => (None, None),
        };
        let Report { steps, actual, expected, details: more } = &issue.report;
        let mut row = Self {
            project: text(&issue.key.project),
            ordinal: issue.key.ordinal,
            id: issue.id.to_string().into(),
            revision: issue.revision,
            position,
            title: text(&issue.title),
            state: Standing::of(&issue.state).word().into(),
            state_since: issue.state_since,
            severity: triage.and_then(|triage| triage.severity.known()).map(text),
            level: triage.map(|triage| triage.level.known().map_or(NOT_KNOWN, |level| words::level(*level)).into()),
            nature: triage.and_then(|triage| triage.nature).map(|nature| words::nature(nature).into()),
            component: issue.component.as_ref().map(text),
            team: triage.and_then(|triage| triage.team.known()).map(text),
            assignee: issue.assignee.as_ref().map(text),
            waiting: !issue.questions.is_empty(),
            waiting_on: facets::waiting_on(issue),
            imported: issue.origin.is_some(),
            filed_at: issue.filed_at,
            filed_by: text(&issue.filed_by),
            changed_at: issue.changed_at,
            cycle_start: issue.cycle_start,
            accepted_at: issue.accepted_at,
            reported_severity: issue.reported_severity.as_ref().map(text),
            source_kind: issue.source.kind.known().map(|kind| words::source(kind).into()),
            raised_by,
            raised_by_system,
            source_reference: issue.source.reference.clone(),
            report_owed: issue.report_owed,
            resolved_at: None,
            resolved_by: None,
            fix_kind: None,
            verified_at: None,
            confirmed_by: None,
            self_verified: false,
            release: None,
            closed_at: None,
            closed_by: None,
            dismissal: None,
            duplicate_of: None,
            comments: issue.comments,
            workaround_at: issue.workaround.as_ref().map(|workaround| workaround.at),
            details: Json(Details::of(issue)),
            workaround: issue.workaround.as_ref().map(|workaround| text(&workaround.text)),
            steps: steps.as_ref().map(text),
            actual: actual.as_ref().map(text),
            expected: expected.as_ref().map(text),
            more: more.as_ref().map(text),
        };
        row.set_state(&issue.state);
        row
    }

    fn set_state(&mut self, state: &State) {
        match state {
            State::New { .. } | State::Accepted => {}
            State::Resolved(resolved) => self.set_resolved(resolved),
            State::Verified(verified) => self.set_verified(verified),
            State::Closed(closed) => {
                self.set_verified(&closed.verified);
                self.closed_at = Some(closed.at);
                self.closed_by = Some(text(&closed.by));
            }
            State::Dismissed(Dismissed { dismissal, by, at, triaged: _ }) => {
                self.closed_at = Some(*at);
                self.closed_by = Some(text(by));
                self.dismissal = Some(dismissal.known().map_or(NOT_KNOWN, words::dismissal).into());
                if let Fact::Known(Dismissal::DuplicateOf(other)) = dismissal {
                    self.duplicate_of = Some(words::other(other).into());
                }
            }
        }
    }

    fn set_verified(&mut self, verified: &Verified) {
        self.set_resolved(&verified.resolved);
        self.verified_at = Some(verified.at);
        self.confirmed_by = verified.confirmed_by.known().map(text);
        self.self_verified = verified.self_verified;
    }

    fn set_resolved(&mut self, resolved: &Resolved) {
        self.resolved_at = Some(resolved.at);
        self.resolved_by = Some(text(&resolved.by));
        self.fix_kind = Some(resolved.fix.known().map_or(NOT_KNOWN, words::fix).into());
        self.release = resolved.in_production.as_ref().map(text);
    }

    /// The issue whose row this is.
    pub(crate) fn issue(self) -> Result<Issue, RowError> {
        let state = self.read_state()?;
        let triage = self.read_triage()?;
        let parts = self.details.0;
        let inside = |error: Malformed| damaged("details", &error);
        Ok(Issue {
            id: issue_id(&self.id).map_err(|error| damaged("id", &error))?,
            key: IssueKey {
                project: ProjectId::parse(&self.project).map_err(|error| damaged("project", &error))?,
                ordinal: self.ordinal,
            },
            revision: self.revision,
            title: Title::parse(&self.title).map_err(|error| damaged("title", &error))?,
            source: Source {
                kind: parts
                    .source
                    .map(details::Source::kind)
                    .transpose()
                    .map_err(inside)?
                    .map_or(Fact::NotKnown, Fact::Known),
                raised_by: match (self.raised_by, self.raised_by_system) {
                    (Some(person), _) => RaisedBy::Person(id("raised_by", &person)?),
                    (None, Some(system)) => RaisedBy::System(system),
                    (None, None) => RaisedBy::Nobody,
                },
                reference: self.source_reference,
            },
            origin: parts.origin.map(details::Origin::origin).transpose().map_err(inside)?,
            report: Report {
                steps: paragraphs("steps", self.steps)?,
                actual: paragraphs("actual", self.actual)?,
                expected: paragraphs("expected", self.expected)?,
                details: paragraphs("more", self.more)?,
            },
            reported_severity: maybe("reported_severity", self.reported_severity.as_deref())?,
            component: maybe("component", self.component.as_deref())?,
            filed_at: self.filed_at,
            filed_by: id("filed_by", &self.filed_by)?,
            triage,
            assignee: maybe("assignee", self.assignee.as_deref())?,
            report_owed: self.report_owed,
            state,
            state_since: self.state_since,
            cycle_start: self.cycle_start,
            changed_at: self.changed_at,
            accepted_at: self.accepted_at,
            questions: all(parts.questions, details::Question::question).map_err(inside)?,
            questions_asked: parts.questions_asked,
            workaround: match (paragraphs("workaround", self.workaround)?, self.workaround_at) {
                (Some(text), Some(at)) => Some(Workaround { text, at }),
                _ => None,
            },
            delegates: all(parts.delegates, details::Delegate::delegate).map_err(inside)?,
            causes: all(parts.causes, |release| release.parse()).map_err(inside)?,
            links: all(parts.links, details::Link::link).map_err(inside)?,
            watchers: all(parts.watchers, |person| person.parse()).map_err(inside)?,
            comments: self.comments,
            // Its clocks are another view's.
            ledger: domain::clocks::Ledger::default(),
            shifts: None,
        })
    }

    fn read_triage(&self) -> Result<Option<Triage>, RowError> {
        let Some(level) = &self.level else { return Ok(None) };
        let nature = match &self.nature {
            Some(word) => Some(words::parse_nature(word).ok_or_else(|| words::unknown("nature", word))?),
            None => None,
        };
        Ok(Some(Triage {
            level: words::parse_level(level)?,
            nature,
            severity: fact("severity", self.severity.as_deref())?,
            team: fact("team", self.team.as_deref())?,
        }))
    }

    fn read_state(&self) -> Result<State, RowError> {
        let standing = Standing::parse(&self.state).ok_or_else(|| words::unknown("state", &self.state))?;
        Ok(match standing {
            Standing::NewUntriaged => State::New { triaged: false },
            Standing::NewTriaged => State::New { triaged: true },
            Standing::Accepted => State::Accepted,
            Standing::Resolved => State::Resolved(self.read_resolved()?),
            Standing::Verified => State::Verified(self.read_verified()?),
            Standing::Closed => State::Closed(Closed {
                verified: self.read_verified()?,
                closing: part(self.details.0.closing.clone(), Closing::closing)?,
                by: id("closed_by", given("closed_by", self.closed_by.as_deref())?)?,
                at: given("closed_at", self.closed_at)?,
            }),
            Standing::Dismissed => State::Dismissed(Dismissed {
                dismissal: self.read_dismissal()?,
                by: id("closed_by", given("closed_by", self.closed_by.as_deref())?)?,
                at: given("closed_at", self.closed_at)?,
                triaged: self.details.0.was_triaged,
            }),
        })
    }

    fn read_dismissal(&self) -> Result<Fact<Dismissal>, RowError> {
        if let Some(other) = self.details.0.duplicate_of.clone() {
            let other = other.other().map_err(|error| damaged("details", &error))?;
            return Ok(Fact::Known(Dismissal::DuplicateOf(other)));
        }
        let word = self.dismissal.as_deref().unwrap_or(NOT_KNOWN);
        words::parse_dismissal(word).ok_or_else(|| words::unknown("dismissal", word))
    }

    fn read_verified(&self) -> Result<Verified, RowError> {
        Ok(Verified {
            resolved: self.read_resolved()?,
            confirmed_by: fact("confirmed_by", self.confirmed_by.as_deref())?,
            capacity: part(self.details.0.capacity.clone(), Capacity::capacity)?,
            self_verified: self.self_verified,
            at: given("verified_at", self.verified_at)?,
        })
    }

    fn read_resolved(&self) -> Result<Resolved, RowError> {
        Ok(Resolved {
            fix: part(self.details.0.fix.clone(), Fix::fix)?,
            tests_added: self.details.0.tests_added.clone(),
            by: id("resolved_by", given("resolved_by", self.resolved_by.as_deref())?)?,
            at: given("resolved_at", self.resolved_at)?,
            in_production: maybe("release", self.release.as_deref())?,
        })
    }
}

/// A part of the details that a state has: absent, it is not known.
fn part<T, U>(part: Option<T>, parse: impl FnOnce(T) -> Result<U, Malformed>) -> Result<Fact<U>, RowError> {
    let part = part.map(parse).transpose().map_err(|error| damaged("details", &error))?;
    Ok(part.map_or(Fact::NotKnown, Fact::Known))
}

fn maybe<T: FromStr<Err = Malformed>>(column: &'static str, text: Option<&str>) -> Result<Option<T>, RowError> {
    text.map(|text| id(column, text)).transpose()
}

/// Null where a triage, a confirmation … is: not known.
fn fact<T: FromStr<Err = Malformed>>(column: &'static str, text: Option<&str>) -> Result<Fact<T>, RowError> {
    Ok(maybe(column, text)?.map_or(Fact::NotKnown, Fact::Known))
}

fn id<T: FromStr<Err = Malformed>>(column: &'static str, text: &str) -> Result<T, RowError> {
    text.parse().map_err(|error| damaged(column, &error))
}

fn paragraphs(column: &'static str, text: Option<Arc<str>>) -> Result<Option<Text>, RowError> {
    text.map(|text| Text::parse(&text)).transpose().map_err(|error| damaged(column, &error))
}

/// What the state must have.
fn given<T>(column: &'static str, value: Option<T>) -> Result<T, RowError> {
    value.ok_or_else(|| damaged(column, &"null, which this state does not allow"))
}

fn damaged(column: &'static str, what: &impl Display) -> RowError {
    RowError::Json { table: ISSUE.name, column, reason: what.to_string() }
}

/// What is text in the end, shared instead of copied.
trait Word {
    fn word(&self) -> Arc<str>;
}

macro_rules! words {
    ($($type:ty)*) => {$(
        impl Word for $type {
            fn word(&self) -> Arc<str> {
                self.shared()
            }
        }
    )*};
}
words! { ComponentId PersonId ProjectId ReleaseId SeverityId TeamId Text Title }

fn text(word: &impl Word) -> Arc<str> {
    word.word()
}

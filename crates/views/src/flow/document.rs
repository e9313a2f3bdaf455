//! An issue as its flow needs it: where it stands, its clocks, its moves between states, and the durations it has added.

use std::sync::{Arc, LazyLock};

use domain::issue::{Closed, Closing, Dismissed, IssueEvent, Resolved, State, Verified};
use domain::{Fact, Recorded};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::{Class, Dimension};
use super::day::Day;
use super::measure::Measure;
use super::tables::{ISSUE, IssueRow};
use crate::issue::{Standing, words};
use crate::record::Json;
use crate::row::{Row, RowError};

/// So many moves and so many points of an issue are kept: older ones stay counted under the values it had when they were let go.
pub(super) const KEPT_MAX: usize = 500;

/// What is kept of an issue's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub(super) project: Arc<str>,
    ordinal: u64,
    pub(super) revision: u64,
    standing: Standing,
    /// Since when it stands there, in microseconds since 1970; so are all instants here.
    since: i64,
    pub(super) class: Class,
    pub(super) history: History,
}

/// Clocks, moves and points of an issue. An instant is there only where it was told: not of a step that an import implied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct History {
    /// When it was filed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filed: Option<i64>,
    /// From when the lead time runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lead: Option<i64>,
    /// From when the cycle time runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cycle: Option<i64>,
    /// From when a second or later resolution is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    again: Option<i64>,
    /// Was it told when it came to where it stands?
    told: bool,
    /// What happened for the first time already.
    triaged: bool,
    accepted: bool,
    mitigated: bool,
    resolved: bool,
    /// Dismissed: was it triaged before?
    was_triaged: bool,
    pub(super) moves: Vec<Move>,
    pub(super) points: Vec<Point>,
}

/// A move between states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(Day, Option<u8>, u8, bool)", into = "(Day, Option<u8>, u8, bool)")]
pub(super) struct Move {
    pub(super) day: Day,
    /// `None`: it was filed.
    pub(super) left: Option<Standing>,
    pub(super) entered: Standing,
    pub(super) reopened: bool,
}

/// A duration that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(Day, u8, u64)", into = "(Day, u8, u64)")]
pub(super) struct Point {
    /// On which it ended.
    pub(super) day: Day,
    pub(super) measure: Measure,
    pub(super) seconds: u64,
}

/// A state for each of [`Standing::ALL`], to ask the domain what can follow it: that depends on nothing else in it.
static STATES: LazyLock<[State; 7]> = LazyLock::new(|| {
    let at = Timestamp::UNIX_EPOCH;
    let by = domain::ids::PersonId::parse("nobody");
    #[expect(clippy::expect_used, reason = "six letters are an id")]
    let by = by.expect("letters are an id");
    let resolved = Resolved { fix: Fact::NotKnown, tests_added: Vec::new(), by: by.clone(), at, in_production: None };
    let verified = Verified {
        resolved: resolved.clone(),
        confirmed_by: Fact::NotKnown,
        capacity: Fact::NotKnown,
        self_verified: false,
        at,
    };
    [
        State::New { triaged: false },
        State::New { triaged: true },
        State::Accepted,
        State::Resolved(resolved),
        State::Verified(verified.clone()),
        State::Closed(Closed { verified, closing: Fact::NotKnown, by: by.clone(), at }),
        State::Dismissed(Dismissed { dismissal: Fact::NotKnown, by, at, triaged: false }),
    ]
});

impl Document {
    /// Of an issue that is filed now; `None`: the event files nothing.
    pub(super) fn filed(recorded: &Recorded, event: &IssueEvent) -> Option<Self> {
        let IssueEvent::IssueFiled { source, .. } = event else { return None };
        let (at, told) = instant(recorded);
        let filed = told.then_some(at);
        let first = Move { day: Day::of_micros(at), left: None, entered: Standing::NewUntriaged, reopened: false };
        let mut class = Class::filed(source);
        class.apply(event);
        Some(Self {
            project: recorded.stream.project.shared(),
            ordinal: recorded.ordinal,
            revision: recorded.revision,
            standing: Standing::NewUntriaged,
            since: at,
            class,
            history: History { filed, lead: filed, told, moves: vec![first], ..History::default() },
        })
    }

    /// After one event more. One that can't follow changes nothing but the revision, as in the domain.
    pub(super) fn apply(&mut self, recorded: &Recorded, event: &IssueEvent) {
        self.revision = recorded.revision;
        let state = &STATES[self.standing as usize];
        if !event.follows(state) {
            return;
        }
        let (at, told) = instant(recorded);
        if event.changes_state(state) {
            self.go(event, at.max(self.since), told);
        }
        self.class.apply(event);
        match event {
            IssueEvent::WorkaroundRecorded { .. } | IssueEvent::MarkedInProduction { .. } => self.mitigated(at, told),
            _ => {}
        }
    }

    fn go(&mut self, event: &IssueEvent, at: i64, told: bool) {
        let from = self.standing;
        if let Some(stay) = Measure::stay(from).filter(|_| self.history.told) {
            self.ended(stay, Some(self.since), at, told);
        }
        self.standing = after(event, from, self.history.was_triaged);
        let reopened = matches!(event, IssueEvent::IssueReopened { .. });
        let day = Day::of_micros(at);
        self.history.moves.push(Move { day, left: Some(from), entered: self.standing, reopened });
        (self.since, self.history.told) = (at, told);
        self.clocks(event, from, at, told);
    }

    /// What a move says of the clocks.
    fn clocks(&mut self, event: &IssueEvent, from: Standing, at: i64, told: bool) {
        let now = told.then_some(at);
        match event {
            IssueEvent::IssueTriaged { .. } if !self.history.triaged => {
                self.history.triaged = true;
                self.ended(Measure::Triage, self.history.filed, at, told);
            }
            IssueEvent::IssueAccepted { .. } if !self.history.accepted => {
                self.history.accepted = true;
                self.history.cycle = now;
                self.ended(Measure::Accept, self.history.filed, at, told);
            }
            IssueEvent::IssueResolved { .. } => {
                let again = std::mem::replace(&mut self.history.resolved, true);
                let (measure, begun) = if again {
                    (Measure::ResolveAgain, self.history.again.take())
                } else {
                    (Measure::Resolve, self.history.filed)
                };
                self.ended(measure, begun, at, told);
                let level = &**self.class.get(Dimension::Level);
                if [domain::issue::Level::UserError, domain::issue::Level::System].map(words::level).contains(&level) {
                    self.mitigated(at, told);
                }
            }
            IssueEvent::ResolutionRejected { .. } => self.history.again = now,
            IssueEvent::IssueClosed { closing, .. } => {
                self.ended(Measure::Lead, self.history.lead, at, told);
                self.ended(Measure::Cycle, self.history.cycle, at, told);
                let applied = match closing {
                    Fact::Known(Closing::DataApplied { at: Some(applied), .. }) => applied.as_microsecond().min(at),
                    _ => at,
                };
                self.mitigated(applied, told);
            }
            IssueEvent::IssueReopened { .. } if from == Standing::Closed => {
                (self.history.lead, self.history.cycle, self.history.again) = (now, now, now);
            }
            IssueEvent::IssueDismissed { .. } => {
                self.history.was_triaged = from != Standing::NewUntriaged;
                self.ended(Measure::Dismiss, self.history.lead, at, told);
            }
            _ => {}
        }
    }

    fn mitigated(&mut self, at: i64, told: bool) {
        if !std::mem::replace(&mut self.history.mitigated, true) {
            self.ended(Measure::Mitigate, self.history.filed, at, told);
        }
    }

    /// A point, where begin and end were told.
    fn ended(&mut self, measure: Measure, begun: Option<i64>, at: i64, told: bool) {
        let Some(begun) = begun.filter(|_| told) else { return };
        // A fact recorded late may precede what it is counted from.
        let at = at.max(begun);
        let seconds = ((at - begun) / 1_000_000).unsigned_abs();
        self.history.points.push(Point { day: Day::of_micros(at), measure, seconds });
    }

    /// Since when each of [`Measure::ALL`] waits for its end; `None`: it doesn't.
    pub(super) fn running(&self) -> [Option<Day>; 13] {
        let History { filed, lead, cycle, again, .. } = self.history;
        let since = self.history.told.then_some(self.since);
        let open = !matches!(self.standing, Standing::Closed | Standing::Dismissed);
        Measure::ALL.map(|measure| {
            let begun = match measure {
                Measure::Lead => lead,
                Measure::Cycle => cycle,
                Measure::Triage => filed.filter(|_| !self.history.triaged),
                Measure::Accept => filed.filter(|_| !self.history.accepted),
                Measure::Mitigate => filed.filter(|_| !self.history.mitigated),
                Measure::Resolve => filed.filter(|_| !self.history.resolved),
                Measure::ResolveAgain => again,
                Measure::Dismiss => None,
                _ => since.filter(|_| Measure::stay(self.standing) == Some(measure)),
            };
            begun.filter(|_| open).map(Day::of_micros)
        })
    }

    /// Lets go of the oldest moves and points past [`KEPT_MAX`].
    pub(super) fn forget(&mut self) {
        let History { moves, points, .. } = &mut self.history;
        moves.drain(..moves.len().saturating_sub(KEPT_MAX));
        points.drain(..points.len().saturating_sub(KEPT_MAX));
    }

    /// Out of its row.
    pub(super) fn read(row: &Row) -> Result<Self, RowError> {
        let row = IssueRow::read(row)?;
        let standing = Standing::parse(&row.state).ok_or_else(|| unknown_state(&row.state))?;
        Ok(Self {
            project: row.project,
            ordinal: row.ordinal,
            revision: row.revision,
            standing,
            since: row.since.as_microsecond(),
            class: Class([row.severity, row.level, row.nature, row.source, row.component, row.team]),
            history: row.history.0,
        })
    }

    /// As its row.
    pub(super) fn row(&self) -> Result<Row, RowError> {
        let [severity, level, nature, source, component, team] = self.class.0.clone();
        let row = IssueRow {
            project: Arc::clone(&self.project),
            ordinal: self.ordinal,
            revision: self.revision,
            state: self.standing.word().into(),
            since: Timestamp::from_microsecond(self.since).unwrap_or_default(),
            severity,
            level,
            nature,
            source,
            component,
            team,
            history: Json(self.history.clone()),
        };
        row.row()
    }
}

/// When it happened, and whether that was told.
fn instant(recorded: &Recorded) -> (i64, bool) {
    let implied = recorded.origin.as_ref().is_some_and(|origin| origin.implied);
    (recorded.occurred_at.as_microsecond(), !implied)
}

/// Where an event brings an issue that it moves.
fn after(event: &IssueEvent, from: Standing, was_triaged: bool) -> Standing {
    match event {
        IssueEvent::IssueTriaged { .. } | IssueEvent::LevelChanged { .. } | IssueEvent::IssueHandedOver { .. } => {
            Standing::NewTriaged
        }
        IssueEvent::ReturnedToTriage { .. } => Standing::NewUntriaged,
        IssueEvent::IssueResolved { .. } => Standing::Resolved,
        IssueEvent::IssueVerified { .. } | IssueEvent::WithdrawnFromProduction { .. } => Standing::Verified,
        IssueEvent::IssueClosed { .. } => Standing::Closed,
        IssueEvent::IssueDismissed { .. } => Standing::Dismissed,
        IssueEvent::IssueReopened { .. } if from == Standing::Dismissed && was_triaged => Standing::NewTriaged,
        IssueEvent::IssueReopened { .. } if from == Standing::Dismissed => Standing::NewUntriaged,
        // Accepted, sent back, reopened from Closed.
        _ => Standing::Accepted,
    }
}

fn unknown_state(word: &str) -> RowError {
    RowError::Json { table: ISSUE.name, column: "state", reason: format!("{word:?} is none of its words") }
}

fn standing(at: u8) -> Result<Standing, String> {
    Standing::ALL.get(usize::from(at)).copied().ok_or_else(|| format!("there is no state {at}"))
}

impl TryFrom<(Day, Option<u8>, u8, bool)> for Move {
    type Error = String;

    fn try_from((day, left, entered, reopened): (Day, Option<u8>, u8, bool)) -> Result<Self, String> {
        Ok(Self { day, left: left.map(standing).transpose()?, entered: standing(entered)?, reopened })
    }
}

impl From<Move> for (Day, Option<u8>, u8, bool) {
    fn from(it: Move) -> Self {
        (it.day, it.left.map(|left| left as u8), it.entered as u8, it.reopened)
    }
}

impl TryFrom<(Day, u8, u64)> for Point {
    type Error = String;

    fn try_from((day, measure, seconds): (Day, u8, u64)) -> Result<Self, String> {
        let measure = Measure::ALL.get(usize::from(measure)).copied();
        Ok(Self { day, measure: measure.ok_or("there is no such measure")?, seconds })
    }
}

impl From<Point> for (Day, u8, u64) {
    fn from(it: Point) -> Self {
        (it.day, it.measure as u8, it.seconds)
    }
}

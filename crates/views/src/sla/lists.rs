//! What was breached, and what is breached next, a page at a time.

use std::cmp::Ordering;
use std::sync::Arc;

use domain::ids::{IssueKey, ProjectId};
use jiff::Timestamp;

use super::SCHEMA;
use super::compliance::late;
use super::due::key;
use super::figure::Measured;
use super::tables::{BREACH, BreachRow, CLOCK, ClockRow, RISK, RiskRow};
use crate::query::Query;
use crate::row::{Condition, Cursor, Row, RowError, Select, Value};
use crate::table::{Direction, ViewId};

/// Of the clocks at risk that no event tells yet, so many are read at most.
pub const UNTOLD_MAX: u32 = 1000;

/// Asks for breaches, the latest first. Those that no event tells yet are among them.
#[derive(Debug, Clone)]
pub struct ListBreaches {
    /// Which project.
    pub project: ProjectId,
    /// Of this clock only.
    pub clock: Option<Measured>,
    /// What is past its deadline now, and not recorded, is breached.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
    /// After where another page ended.
    pub after: Option<Cursor>,
}

/// Asks for the clocks at risk, in the order in which they are breached next.
#[derive(Debug, Clone)]
pub struct ListAtRisk {
    /// Which project.
    pub project: ProjectId,
    /// Of these only.
    pub of: Slice,
    /// What is at risk now, and not recorded, is among them.
    pub now: Timestamp,
    /// At most so many.
    pub limit: u32,
    /// After where another page ended.
    pub after: Option<Cursor>,
}

/// Clocks of one severity, team and component; `None`: of any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slice {
    /// As it is in force.
    pub severity: Option<Arc<str>>,
    /// The owner team.
    pub team: Option<Arc<str>>,
    /// The part of the product concerned.
    pub component: Option<Arc<str>>,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page<T> {
    /// In their order.
    pub items: Vec<T>,
    /// Where it ended; `None`: nothing follows.
    pub next: Option<Cursor>,
    /// True: there are more that no event tells yet than are read.
    pub more_untold: bool,
}

/// A breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breached {
    /// Of which issue.
    pub key: IssueKey,
    /// Of which clock.
    pub clock: Measured,
    /// Of which of its cycles.
    pub cycle: u32,
    /// When.
    pub at: Timestamp,
    /// The deadline that was passed.
    pub deadline: Timestamp,
    /// By which version of the policy.
    pub version: u32,
    /// Why.
    pub why: Why,
    /// True: an event tells it.
    pub recorded: bool,
    /// When the cycle ended; `None`: it has not.
    pub ended_at: Option<Timestamp>,
    /// Under what it counts: severity, team, component, source, customer.
    pub class: [Arc<str>; 5],
}

/// How a breach came to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// deadline, `first_triage`, `severity_change`, rebase.
    pub cause: Arc<str>,
    /// How often the issue was handed over within the cycle.
    pub handovers: u64,
    /// For how long nobody had accepted it within the cycle, wall time in seconds.
    pub waited: u64,
    /// How often the cycle was paused.
    pub pauses: u64,
    /// How long, wall time in seconds.
    pub paused: u64,
}

/// A clock at risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtRisk {
    /// Of which issue.
    pub key: IssueKey,
    /// Which clock.
    pub clock: Measured,
    /// Which of its cycles.
    pub cycle: u32,
    /// When it is breached, if nothing happens before.
    pub breaches_at: Timestamp,
    /// By which version of the policy.
    pub version: u32,
    /// True: an event tells that it is at risk.
    pub recorded: bool,
    /// Severity, team, component, source, customer.
    pub class: [Arc<str>; 5],
}

impl ListBreaches {
    fn told(&self) -> Select {
        let all = Select::from(&BREACH, self.limit.saturating_add(1))
            .filter(Condition::Equal("project", self.project.as_str().into()));
        let all = match self.clock {
            Some(clock) => all.filter(Condition::Equal("clock", clock.word().into())),
            None => all,
        };
        all.order("breached_at", Direction::Desc).after(self.after.clone())
    }

    fn untold(&self) -> Select {
        let mut all = late(&self.project, self.now);
        all.order.clear();
        if let Some(clock) = self.clock {
            all = all.filter(Condition::Equal("clock", clock.word().into()));
        }
        all.limit = self.limit.saturating_add(1);
        all.order("breaches_at", Direction::Desc).after(self.after.clone())
    }
}

impl Query for ListBreaches {
    type Found = Page<Breached>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.told(), self.untold()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Page<Breached>, RowError> {
        let [told, untold]: [Vec<Row>; 2] = rows.try_into().unwrap_or_default();
        let told = told.iter().map(Breached::read);
        let untold = untold.iter().map(Breached::read_untold);
        let mut items = told.chain(untold).collect::<Result<Vec<_>, _>>()?;
        items.sort_by_key(|item| std::cmp::Reverse(item.place()));
        Ok(page(items, self.limit, false, |last| cursor(&last.place(), &self.project)))
    }
}

/// What a list is ordered by.
type Place = (Timestamp, u64, Measured, u32);

fn cursor((at, ordinal, clock, cycle): &Place, project: &ProjectId) -> Cursor {
    let (at, project, clock) = ((*at).into(), project.as_str().into(), clock.word().into());
    Cursor(vec![at, project, (*ordinal).into(), clock, (*cycle).into()])
}

fn page<T>(mut items: Vec<T>, limit: u32, more_untold: bool, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
    let full = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| full).map(cursor);
    Page { items, next, more_untold }
}

impl Breached {
    fn place(&self) -> Place {
        (self.at, self.key.ordinal, self.clock, self.cycle)
    }

    fn read(row: &Row) -> Result<Self, RowError> {
        let key = key(row)?;
        let row = BreachRow::read(row)?;
        let BreachRow { handovers, waited, pauses, paused, .. } = row;
        Ok(Self {
            key,
            clock: clock(&row.clock)?,
            cycle: row.cycle,
            at: row.breached_at,
            deadline: row.deadline,
            version: row.version,
            why: Why { cause: row.cause, handovers, waited, pauses, paused },
            recorded: row.recorded.is_some(),
            ended_at: row.ended_at,
            class: [row.severity, row.team, row.component, row.source, row.customer],
        })
    }

    /// Of a clock that ran past its deadline, what no event tells.
    fn read_untold(row: &Row) -> Result<Self, RowError> {
        let key = key(row)?;
        let row = ClockRow::read(row)?;
        let at = row.breaches_at.unwrap_or_default();
        Ok(Self {
            key,
            clock: clock(&row.clock)?,
            cycle: row.cycle,
            at,
            deadline: at,
            version: row.version,
            why: row.why(at),
            recorded: false,
            ended_at: None,
            class: [row.severity, row.team, row.component, row.source, row.customer],
        })
    }
}

impl ClockRow {
    /// How it came to be breached at that instant, if nothing has happened since the row was right.
    fn why(&self, at: Timestamp) -> Why {
        let since = self.waits_since.map(|_| at.duration_since(self.read_at).as_secs());
        let more = since.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
        Why {
            cause: "deadline".into(),
            handovers: self.handovers,
            waited: self.waited + more,
            pauses: self.pauses,
            paused: self.paused,
        }
    }
}

impl Slice {
    /// As it stands in the table of risks. No id has a space or an asterisk.
    pub(super) fn word(&self) -> Arc<str> {
        let [severity, team, component] =
            [&self.severity, &self.team, &self.component].map(|value| value.as_deref().unwrap_or("*"));
        format!("{severity} {team} {component}").into()
    }

    /// It, and all that ask for less of it.
    pub(super) fn coarser(self) -> impl Iterator<Item = Self> {
        (0_u8..8).map(move |asked| Self {
            severity: self.severity.clone().filter(|_| asked & 1 != 0),
            team: self.team.clone().filter(|_| asked & 2 != 0),
            component: self.component.clone().filter(|_| asked & 4 != 0),
        })
    }

    fn has(&self, [severity, team, component, ..]: &[Arc<str>; 5]) -> bool {
        let of = [(&self.severity, severity), (&self.team, team), (&self.component, component)];
        of.into_iter().all(|(asked, value)| asked.as_ref().is_none_or(|asked| asked == value))
    }
}

impl ListAtRisk {
    fn told(&self) -> Select {
        Select::from(&RISK, self.limit.saturating_add(1))
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .filter(Condition::Equal("slice", self.of.word().into()))
            .filter(Condition::Greater("breaches_at", self.now.into()))
            .order("breaches_at", Direction::Asc)
            .after(self.after.clone())
    }

    fn untold(&self) -> Select {
        Select::from(&CLOCK, UNTOLD_MAX)
            .filter(Condition::Equal("project", self.project.as_str().into()))
            .filter(Condition::AtMost("at_risk_at", self.now.into()))
            .order("at_risk_at", Direction::Asc)
    }

    /// Is it asked for, does it come after where another page ended, and is it not breached?
    fn follows(&self, item: &AtRisk) -> bool {
        let place = self.cursor(item);
        let after = |after: &Cursor| compare(&place.0, &after.0) == Ordering::Greater;
        self.of.has(&item.class) && item.breaches_at > self.now && self.after.as_ref().is_none_or(after)
    }

    fn cursor(&self, item: &AtRisk) -> Cursor {
        let Cursor(mut values) = cursor(&item.place(), &self.project);
        values.insert(2, self.of.word().into());
        Cursor(values)
    }
}

fn compare(one: &[Value], other: &[Value]) -> Ordering {
    one.iter().cmp(other)
}

impl Query for ListAtRisk {
    type Found = Page<AtRisk>;

    fn view(&self) -> ViewId {
        SCHEMA.id()
    }

    fn selects(&self) -> Vec<Select> {
        vec![self.told(), self.untold()]
    }

    fn read(&self, rows: Vec<Vec<Row>>) -> Result<Page<AtRisk>, RowError> {
        let [told, untold]: [Vec<Row>; 2] = rows.try_into().unwrap_or_default();
        let more_untold = untold.len() >= UNTOLD_MAX as usize;
        let mut items = told.iter().map(AtRisk::read).collect::<Result<Vec<_>, _>>()?;
        for row in &untold {
            let item = AtRisk::read_untold(row)?;
            if self.follows(&item) {
                items.push(item);
            }
        }
        items.sort_by_key(AtRisk::place);
        Ok(page(items, self.limit, more_untold, |last| self.cursor(last)))
    }
}

impl AtRisk {
    fn place(&self) -> Place {
        (self.breaches_at, self.key.ordinal, self.clock, self.cycle)
    }

    fn read(row: &Row) -> Result<Self, RowError> {
        let key = key(row)?;
        let row = RiskRow::read(row)?;
        Ok(Self {
            key,
            clock: clock(&row.clock)?,
            cycle: row.cycle,
            breaches_at: row.breaches_at,
            version: row.version,
            recorded: true,
            class: [row.severity, row.team, row.component, row.source, row.customer],
        })
    }

    /// What no event tells.
    fn read_untold(row: &Row) -> Result<Self, RowError> {
        let key = key(row)?;
        let row = ClockRow::read(row)?;
        Ok(Self {
            key,
            clock: clock(&row.clock)?,
            cycle: row.cycle,
            breaches_at: row.breaches_at.unwrap_or_default(),
            version: row.version,
            recorded: false,
            class: [row.severity, row.team, row.component, row.source, row.customer],
        })
    }
}

fn clock(word: &str) -> Result<Measured, RowError> {
    let unknown = || RowError::Json { table: CLOCK.name, column: "clock", reason: format!("{word:?}") };
    Measured::parse(word).ok_or_else(unknown)
}

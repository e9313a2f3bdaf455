//! Rows that follow from what an issue's clocks read.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use super::class::{Class, Dimension};
use super::counting::word;
use super::lists::Slice;
use super::reading::{Reading, Run, Stands, Stop, Told, Way};
use super::tables::{BreachRow, ClockRow, RiskRow, SuspicionRow};
use crate::row::{Row, RowError};

/// The states' words in the order of [`Stands`], shared, as each row has one.
static STATES: LazyLock<[Arc<str>; 4]> = LazyLock::new(|| ["running", "paused", "ended", "cancelled"].map(Arc::from));

/// All of them.
pub(super) fn of(
    (project, ordinal): (&Arc<str>, u64),
    read_at: Timestamp,
    reading: &Reading,
) -> Result<Vec<Row>, RowError> {
    let mut rows = Vec::new();
    let issue_breached = reading.issue.as_ref().is_some_and(|verdict| !verdict.met);
    for run in &reading.cycles {
        if run.state != Stands::Ended && run.length_and_used.is_some() {
            rows.push(clock(project, ordinal, run, (issue_breached, read_at)).row()?);
            if let Some(breaches_at) = run.breaches_at.filter(|_| run.at_risk) {
                for risk in risks((project, ordinal), run, instant(breaches_at)) {
                    rows.push(risk.row()?);
                }
            }
        }
        if let Some(told) = &run.breach {
            rows.push(breach(project, ordinal, run, told).row()?);
        }
    }
    let team = || reading.cycles.last().map_or_else(Arc::default, |run| Arc::clone(run.counted().get(Dimension::Team)));
    for stop in reading.pauses.iter().filter(|stop| stop.is_suspicious()) {
        rows.push(suspicion(project, ordinal, stop, team()).row()?);
    }
    Ok(rows)
}

fn clock(project: &Arc<str>, ordinal: u64, run: &Run, (issue_breached, read_at): (bool, Timestamp)) -> ClockRow {
    let [severity, team, component, source, customer] = values(&run.class);
    let breached = run.verdict.as_ref().filter(|verdict| !verdict.met);
    let Way { handovers, waited, waits_since, pauses, paused } = run.way.clone().unwrap_or_default();
    ClockRow {
        project: Arc::clone(project),
        ordinal,
        clock: word(run.clock),
        cycle: run.cycle,
        state: Arc::clone(&STATES[run.state as usize]),
        since: run.since.map(instant),
        start: instant(run.start),
        version: run.version,
        breaches_at: run.breaches_at.map(instant),
        at_risk_at: run.at_risk_at.filter(|_| !run.at_risk).map(instant),
        at_risk: run.at_risk,
        breached_at: breached.map(|verdict| instant(verdict.at)),
        read_at,
        length: run.length_and_used.map(|(length, _)| length.unsigned_abs()),
        issue_breached,
        handovers,
        waited,
        waits_since: waits_since.map(instant),
        pauses,
        paused,
        severity,
        team,
        component,
        source,
        customer,
    }
}

/// One for each way to ask for it.
fn risks<'a>(
    (project, ordinal): (&'a Arc<str>, u64),
    run: &'a Run,
    breaches_at: Timestamp,
) -> impl Iterator<Item = RiskRow> + 'a {
    let [severity, team, component, source, customer] = values(&run.class);
    let of = Slice { severity: Some(severity), team: Some(team), component: Some(component) };
    of.clone().coarser().map(move |slice| {
        let [severity, team, component] =
            [&of.severity, &of.team, &of.component].map(|value| value.clone().unwrap_or_default());
        RiskRow {
            project: Arc::clone(project),
            slice: slice.word(),
            breaches_at,
            ordinal,
            clock: word(run.clock),
            cycle: run.cycle,
            version: run.version,
            severity,
            team,
            component,
            source: Arc::clone(&source),
            customer: Arc::clone(&customer),
        }
    })
}

fn breach(project: &Arc<str>, ordinal: u64, run: &Run, told: &Told) -> BreachRow {
    let verdict = run.verdict.as_ref();
    let [severity, team, component, source, customer] = values(verdict.map_or(&run.class, |verdict| &verdict.class));
    BreachRow {
        project: Arc::clone(project),
        ordinal,
        clock: word(run.clock),
        cycle: run.cycle,
        breached_at: instant(verdict.map_or(told.deadline, |verdict| verdict.at)),
        deadline: instant(told.deadline),
        version: verdict.map_or(run.version, |verdict| verdict.version),
        cause: Arc::clone(&told.cause),
        recorded: told.recorded,
        ended_at: run.since.filter(|_| run.state == Stands::Ended).map(instant),
        handovers: told.way.handovers,
        waited: told.way.waited,
        pauses: told.way.pauses,
        paused: told.way.paused,
        severity,
        team,
        component,
        source,
        customer,
    }
}

fn suspicion(project: &Arc<str>, ordinal: u64, stop: &Stop, team: Arc<str>) -> SuspicionRow {
    SuspicionRow {
        project: Arc::clone(project),
        ordinal,
        revision: stop.revision,
        begun_at: instant(stop.from),
        ended_at: stop.until.map(instant),
        person: Arc::clone(&stop.by),
        // Less than nothing is left where a later fact moved the deadline before the pause.
        left_percent: stop.left_percent.and_then(|left| u32::try_from(left).ok()).unwrap_or_default(),
        team,
    }
}

fn values(class: &Class) -> [Arc<str>; 5] {
    Dimension::ALL.map(|dimension| Arc::clone(class.get(dimension)))
}

/// What was an instant once, is one.
pub(super) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

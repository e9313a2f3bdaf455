//! Deadlines a second, on one thread, on a calendar with lunch breaks and holidays in a zone with daylight saving; beside a plain walk over the same
//! calendar, which turns each day's intervals into instants and counts them off. Both must agree.

use std::time::Instant;

use anyhow::{Result, ensure};
use domain::calendar::{Calendar, Draft, DraftDate, DraftDay, WEEK};
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

use crate::bench::report::{Figure, Report};

/// What there should be at least, a second.
const BOUND: f64 = 1_000_000.0;
const DEADLINES: usize = 1_000_000;
/// The walk is slow: fewer do.
const WALKED: usize = 2_000;
const YEAR_SECONDS: i64 = 366 * 24 * 3600;

#[derive(Debug, Clone, Copy)]
enum Target {
    Hours(i64),
    Days(u32),
}

/// Measures each target, by turns with the walk.
pub(super) fn measure(report: &Report, rounds: u32) -> Result<()> {
    let office = office()?;
    let targets = [
        ("4_hours", Target::Hours(4)),
        ("240_hours", Target::Hours(240)),
        ("2_working_days", Target::Days(2)),
        ("30_working_days", Target::Days(30)),
    ];
    let starts = starts();
    for (name, target) in targets {
        let (mut compiled, mut walked) = (0.0_f64, 0.0_f64);
        for _ in 0..rounds {
            compiled = compiled.max(rate(&starts, |from| due(&office, *from, target))?);
            walked = walked.max(rate(&starts[..WALKED], |from| walk(&office, *from, target))?);
        }
        for from in &starts[..WALKED] {
            let (fast, slow) = (due(&office, *from, target), walk(&office, *from, target));
            ensure!(fast == slow, "{name} from {from}: {fast:?} by the table, {slow:?} by the walk");
        }
        let figure = |case: String, reference, reference_value| Figure {
            case,
            value: compiled,
            unit: "deadlines/s",
            reference,
            reference_value,
        };
        report.add(&figure(format!("deadlines/{name}"), "the bound", BOUND));
        report.add(&figure(format!("deadlines/{name}/walk"), "a walk over its intervals", walked));
    }
    Ok(())
}

/// Monday to Friday with a lunch break, ten holidays and two half days a year.
fn office() -> Result<Calendar> {
    let hours = ["09:00-12:30", "13:30-18:00"].map(str::to_owned).to_vec();
    let week = WEEK[..5].iter().map(|day| DraftDay { day: (*day).to_owned(), hours: hours.clone() }).collect();
    let holidays = ["01-01", "01-06", "04-10", "05-01", "05-25", "08-15", "10-03", "11-01", "12-25", "12-26"];
    let half_days = ["12-24", "12-31"];
    let date = |date: String, hours| DraftDate { date, name: String::new(), hours };
    let mut dates = Vec::new();
    for year in 2025..=2029 {
        dates.extend(holidays.iter().map(|day| date(format!("{year}-{day}"), Vec::new())));
        dates.extend(half_days.iter().map(|day| date(format!("{year}-{day}"), vec!["09:00-12:00".to_owned()])));
    }
    let draft = Draft { id: "office".to_owned(), zone: "Europe/Berlin".to_owned(), week, dates };
    Ok(Calendar::new(draft.read()?, 1))
}

/// Instants anywhere in a year, always the same.
fn starts() -> Vec<Timestamp> {
    let mut random = fastrand::Rng::with_seed(1);
    let begin: Timestamp = Timestamp::constant(1_767_225_600, 0);
    (0..DEADLINES).map(|_| begin + SignedDuration::from_micros(random.i64(0..YEAR_SECONDS * 1_000_000))).collect()
}

/// Computations a second.
fn rate(starts: &[Timestamp], mut deadline: impl FnMut(&Timestamp) -> Option<Timestamp>) -> Result<f64> {
    let start = Instant::now();
    let mut reached = 0;
    for from in starts {
        reached += usize::from(std::hint::black_box(deadline(from)).is_some());
    }
    let seconds = start.elapsed().as_secs_f64();
    ensure!(reached == starts.len(), "{} targets have no deadline", starts.len() - reached);
    Ok(starts.len() as f64 / seconds)
}

fn due(calendar: &Calendar, from: Timestamp, target: Target) -> Option<Timestamp> {
    match target {
        Target::Hours(hours) => calendar.add(from, SignedDuration::from_secs(hours * 3600)).ok(),
        Target::Days(days) => calendar.add_days(from, days).ok(),
    }
}

/// The same, from day to day. No change of the zone's offset falls into this calendar's hours.
fn walk(calendar: &Calendar, from: Timestamp, target: Target) -> Option<Timestamp> {
    let zone = calendar.zone().time_zone();
    let instant = |date: Date, minutes: u16| {
        let midnight = date.to_datetime(Time::midnight());
        zone.to_timestamp(midnight + SignedDuration::from_secs(i64::from(minutes) * 60)).ok()
    };
    let spans = |date: Date| {
        let hours = calendar.hours(date).iter();
        hours.filter_map(move |hours| Some((instant(date, hours.opens())?, instant(date, hours.closes())?)))
    };
    let mut date = zone.to_datetime(from).date();
    match target {
        Target::Hours(hours) => {
            let mut left = SignedDuration::from_secs(hours * 3600);
            loop {
                for (opens, closes) in spans(date).filter(|(_, closes)| *closes > from) {
                    let opens = opens.max(from);
                    let length = closes.duration_since(opens);
                    if left <= length {
                        return Some(opens + left);
                    }
                    left -= length;
                }
                date = date.tomorrow().ok()?;
            }
        }
        Target::Days(mut days) => {
            let start = loop {
                let open = spans(date).find(|(_, closes)| *closes > from);
                match open {
                    Some((opens, _)) => break opens.max(from),
                    None => date = date.tomorrow().ok()?,
                }
            };
            let time = zone.to_datetime(start).time();
            while days > 0 {
                date = date.tomorrow().ok()?;
                days -= u32::from(!calendar.hours(date).is_empty());
            }
            let wanted = zone.to_timestamp(date.to_datetime(time)).ok()?;
            let latest = spans(date).rfind(|(opens, _)| *opens <= wanted);
            latest.map(|(_, closes)| wanted.min(closes)).or_else(|| spans(date).next().map(|(opens, _)| opens))
        }
    }
}

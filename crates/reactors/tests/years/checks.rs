//! What must hold of a year, by what its log says.

use std::collections::BTreeMap;

use domain::Recorded;
use domain::calendar::Calendar;
use domain::clocks::{AlarmKind, Cause, Clock, Clocks, Cycle, Ledger, Terms, clocks};
use domain::issue::IssueEvent;
use domain::policy::Target;
use jiff::{SignedDuration, Timestamp};

use crate::world::Year;

/// A breach: of which clock and cycle, when, of which deadline, and how it came to be.
type Fallen = (Clock, u32, Timestamp, Timestamp, Cause);

/// Checks each issue of the year. Gives how often each kind of event happened.
pub(crate) async fn check(year: &Year) -> BTreeMap<String, u64> {
    let settings = year.settings().await;
    let terms = settings.terms();
    let mut told = BTreeMap::new();
    for (ordinal, history) in year.histories().await {
        let place = format!("seed {}, PAY-{ordinal}", year.seed);
        for recorded in &history {
            *told.entry(kind(&recorded.event)).or_default() += 1;
        }
        as_known(&history, &terms, &place);
        // By facts alone, without anything that was ever recorded of clocks.
        let facts: Vec<_> = history.iter().filter(|recorded| !is_of_clocks(&recorded.event)).cloned().collect();
        let counted = clocks(&Ledger::of(&facts), &terms, year.now());
        // What is recorded late may show another one; but a breach that was recorded stands.
        if facts.iter().all(|recorded| recorded.occurred_at == recorded.recorded_at) {
            assert_eq!(standing(&history), fallen(&counted), "{place}: breaches\n{}", told_of(&history));
            at_risk(&history, &counted, &place);
        }
        for cycle in &counted.cycles {
            // A breach under an earlier severity stands: of that deadline the cycle keeps the instant only.
            let Some((plan, breach)) = cycle.plan.as_ref().zip(cycle.breach.as_ref()) else { continue };
            if let (Target::Working(length), Cause::Deadline, true) =
                (plan.target, breach.cause, plan.deadline == breach.deadline)
            {
                let calendar = terms.calendars.version(&plan.calendar, plan.calendar_version).unwrap();
                slowly(cycle, length, &calendar, breach.deadline, &place);
                *told.entry("counted by the minute".to_owned()).or_default() += 1;
            }
        }
        shifts(&history, &terms, &counted, &place);
    }
    told
}

/// Two years with the same people: the reactors recorded the same of the same times.
pub(crate) async fn same(one: &Year, other: &Year) {
    let (one_histories, other_histories) = (one.histories().await, other.histories().await);
    assert_eq!(one_histories.len(), other_histories.len(), "seed {}", one.seed);
    for (ordinal, history) in &one_histories {
        let by_itself = |history: &[Recorded<IssueEvent>]| {
            let mut all: Vec<_> = history.iter().filter(|recorded| is_recorded(&recorded.event)).map(what).collect();
            all.sort();
            all
        };
        let (undisturbed, killed) = (by_itself(history), by_itself(&other_histories[ordinal]));
        assert_eq!(undisturbed, killed, "seed {}, PAY-{ordinal}", one.seed);
    }
}

/// Each breach is recorded as the facts have it that were known when it was.
fn as_known(history: &[Recorded<IssueEvent>], terms: &Terms<'_>, place: &str) {
    for (index, recorded) in history.iter().enumerate() {
        let IssueEvent::SlaBreachRecorded { clock, cycle, deadline, cause, .. } = &recorded.event else { continue };
        let facts: Vec<_> = history[..index].iter().filter(|known| !is_of_clocks(&known.event)).cloned().collect();
        let known = clocks(&Ledger::of(&facts), terms, recorded.recorded_at);
        let breach = known.cycle(*clock, *cycle).and_then(|cycle| cycle.breach.clone());
        let breach = breach.map(|breach| (breach.at, breach.deadline, breach.cause));
        assert_eq!(
            breach,
            Some((recorded.occurred_at, *deadline, *cause)),
            "{place}: r{}\n{}",
            recorded.revision,
            told_of(history)
        );
    }
}

fn is_of_clocks(event: &IssueEvent) -> bool {
    matches!(
        event,
        IssueEvent::SlaAtRiskRecorded { .. }
            | IssueEvent::SlaBreachRecorded { .. }
            | IssueEvent::SlaBreachCorrected { .. }
    )
}

fn is_recorded(event: &IssueEvent) -> bool {
    let delivered = matches!(event, IssueEvent::DeliveryRuleKept { .. } | IssueEvent::DeliveryRuleBroken { .. });
    is_of_clocks(event) || delivered || matches!(event, IssueEvent::MarkedInProduction { .. })
}

/// What was recorded, and when that happened; not when it was recorded, and not under which numbers.
fn what(recorded: &Recorded<IssueEvent>) -> (Timestamp, String) {
    let what = match &recorded.event {
        IssueEvent::SlaAtRiskRecorded { clock, cycle, deadline, .. } => {
            format!("{clock} {cycle} at risk of {deadline}")
        }
        IssueEvent::SlaBreachRecorded { clock, cycle, deadline, cause, .. } => {
            format!("{clock} {cycle} breached {deadline} by {}", cause.as_str())
        }
        IssueEvent::SlaBreachCorrected { clock, cycle, .. } => format!("{clock} {cycle} corrected"),
        other => kind(other),
    };
    (recorded.occurred_at, what)
}

fn kind(event: &IssueEvent) -> String {
    format!("{event:?}").split([' ', '{']).next().unwrap_or_default().to_owned()
}

/// The breaches that were recorded, and not taken back.
fn standing(history: &[Recorded<IssueEvent>]) -> Vec<Fallen> {
    let mut standing: Vec<Fallen> = Vec::new();
    for recorded in history {
        match &recorded.event {
            IssueEvent::SlaBreachRecorded { clock, cycle, deadline, cause, .. } => {
                standing.push((*clock, *cycle, recorded.occurred_at, *deadline, *cause));
            }
            IssueEvent::SlaBreachCorrected { clock, cycle, .. } => {
                standing.retain(|(c, n, ..)| (c, n) != (clock, cycle));
            }
            _ => {}
        }
    }
    standing.sort_by_key(|(clock, cycle, ..)| (*clock, *cycle));
    standing
}

fn fallen(clocks: &Clocks) -> Vec<Fallen> {
    let of = |cycle: &Cycle| {
        let breach = cycle.breach.as_ref()?;
        Some((cycle.clock, cycle.number, breach.at, breach.deadline, breach.cause))
    };
    clocks.cycles.iter().filter_map(of).collect()
}

/// What was recorded to be at risk was, at that instant, unless a later first triage says that it never was under that promise.
fn at_risk(history: &[Recorded<IssueEvent>], counted: &Clocks, place: &str) {
    let alarms: Vec<_> = counted.cycles.iter().flat_map(|cycle| &cycle.alarms).collect();
    for alarm in alarms.iter().filter(|alarm| alarm.kind == AlarmKind::AtRisk) {
        let told = history.iter().any(|recorded| {
            matches!(&recorded.event, IssueEvent::SlaAtRiskRecorded { clock, cycle, .. }
                if (*clock, *cycle) == (alarm.clock, alarm.cycle) && recorded.occurred_at == alarm.at)
        });
        assert!(told, "{place}: not recorded: {alarm:?}\n{}", told_of(history));
    }
}

/// A target is used up at its deadline and not a minute before: counted minute by minute, by what a clock on the office's wall shows.
fn slowly(cycle: &Cycle, length: SignedDuration, calendar: &Calendar, deadline: Timestamp, place: &str) {
    let zone = calendar.zone().time_zone();
    let minute = SignedDuration::from_mins(1);
    let paused =
        |at: Timestamp| cycle.pauses.iter().any(|pause| pause.from <= at && pause.until.is_none_or(|until| at < until));
    let open = |at: Timestamp| {
        let wall = at.to_zoned(zone.clone()).datetime();
        let reading = u16::try_from(i32::from(wall.hour()) * 60 + i32::from(wall.minute())).unwrap();
        calendar.hours(wall.date()).iter().any(|hours| hours.opens() <= reading && reading < hours.closes())
    };
    let (mut at, mut used) = (cycle.start, SignedDuration::ZERO);
    while used < length {
        assert!(at < deadline, "{place}: {} {} has {} left at {deadline}", cycle.clock, cycle.number, length - used);
        if open(at) && !paused(at) {
            used += minute;
        }
        at += minute;
    }
    assert_eq!(at, deadline, "{place}: {} {} is used up", cycle.clock, cycle.number);
}

/// Shifts are planned for what was unmitigated for a day, as was known then, and end when it no longer is.
fn shifts(history: &[Recorded<IssueEvent>], terms: &Terms<'_>, counted: &Clocks, place: &str) {
    let day = SignedDuration::from_hours(24);
    let mut standing = false;
    for (index, recorded) in history.iter().enumerate() {
        match &recorded.event {
            IssueEvent::ShiftsPlanned { plan } => {
                let known = clocks(&Ledger::of(&history[..index]), terms, recorded.recorded_at);
                let mitigate = known.current(Clock::Mitigate);
                let unmitigated = mitigate.filter(|cycle| cycle.ended_at().is_none() && cycle.start + day <= plan.from);
                assert!(unmitigated.is_some(), "{place}: planned from {} too early\n{}", plan.from, told_of(history));
                assert_eq!(plan.until.duration_since(plan.from), day, "{place}");
                standing = true;
            }
            IssueEvent::ShiftsEnded { .. } => standing = false,
            _ => {}
        }
    }
    let over = counted.current(Clock::Mitigate).is_some_and(|cycle| cycle.ended_at().is_some());
    assert!(!(over && standing), "{place}: shifts go on after it was mitigated\n{}", told_of(history));
}

/// The issue's history, for whoever must find out what went wrong.
pub(crate) fn told_of(history: &[Recorded<IssueEvent>]) -> String {
    let line = |recorded: &Recorded<IssueEvent>| {
        let event = format!("{:?}", recorded.event);
        let event: String = event.chars().take(160).collect();
        format!(
            "r{} {} (recorded {}) {} {event}",
            recorded.revision, recorded.occurred_at, recorded.recorded_at, recorded.actor
        )
    };
    history.iter().map(line).collect::<Vec<_>>().join("\n")
}

//! Any history at all: what the view tells is what the one function over the whole history says.

use std::collections::BTreeMap;

use domain::calendar::{Calendar, Definition, Hours, Zone};
use domain::clocks::Ledger;
use domain::ids::CalendarId;
use domain::issue::IssueEvent;
use domain::policy::{Policy, Target};
use domain::project::{self, Project, ProjectEvent, Scheme};
use domain::{Event, Recorded};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use views::sla::{Asked, Compliance, Counters, Counts, Dimension, Line, Measured, NextDue, Open, Reading, report};

use super::{GetClocks, Given, SLA, about, create, happens, hour, key, settles};
use crate::histories::{facts, filing, moves};

/// What happens, to which of three issues, so many minutes after the last: before it, where it is recorded late.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "almost all are events")]
enum Happens {
    Issue(u64, IssueEvent),
    /// A policy is adopted in which Sev 1 has so many minutes to be accepted, and Sev 2 so many working days to be mitigated, on that calendar.
    Policy(i64, u32, &'static str),
    /// All is folded that there is.
    Folded,
}

fn history() -> impl Strategy<Value = Vec<(i64, Happens)>> {
    let issue = |event: BoxedStrategy<IssueEvent>| (1..=3_u64, event).prop_map(|(n, event)| Happens::Issue(n, event));
    let what = prop_oneof![
        6 => issue(moves().boxed()),
        3 => issue(facts().boxed()),
        1 => (1..200_i64, 1..4_u32, select(vec!["24x7", "office", "short"]))
            .prop_map(|(minutes, days, calendar)| Happens::Policy(minutes, days, calendar)),
        1 => Just(Happens::Folded),
    ];
    let filings = [filing(), filing(), filing()].prop_map(|filings| {
        (1..).zip(filings).map(|(ordinal, filing)| (7, Happens::Issue(ordinal, filing))).collect::<Vec<_>>()
    });
    let minutes = prop_oneof![4 => 0..300_i64, 1 => 300..6000_i64, 1 => -300..0_i64];
    (filings, prop::collection::vec((minutes, what), 0..50))
        .prop_map(|(first, then)| first.into_iter().chain(then).collect())
}

/// The whole history, by hand.
struct Whole {
    project: Project,
    ledgers: BTreeMap<u64, (Ledger, Timestamp)>,
}

impl Whole {
    async fn of(given: &Given) -> Self {
        let (mut project, mut ledgers) = (None, BTreeMap::new());
        for recorded in given.written().await {
            match recorded.event.clone() {
                Event::Project(event) => {
                    let recorded: Recorded<ProjectEvent> = recorded.map(|_| event);
                    project = project::evolve(project, &recorded);
                }
                Event::Issue(event) => {
                    let recorded: Recorded<IssueEvent> = recorded.map(|_| event);
                    let (ledger, last) = ledgers.entry(recorded.ordinal).or_insert_with(Default::default);
                    Ledger::note(ledger, &recorded);
                    *last = recorded.recorded_at;
                }
                _ => {}
            }
        }
        Self { project: project.unwrap(), ledgers }
    }

    /// What all clocks read then, by the one function.
    fn report(&self, asked: Asked, now: Timestamp) -> Compliance {
        let mut counters = Counters::default();
        for (ledger, _) in self.ledgers.values() {
            counters.add(asked.by, &Reading::of(ledger, None, &self.project.terms(), now));
        }
        report(asked, counters, &[])
    }
}

/// Each line's figures, in an order of their own.
fn lines(compliance: &Compliance) -> BTreeMap<(Option<String>, Measured), (Counts, Open)> {
    let of = |line: &Line| {
        let value = line.value.as_deref().map(str::to_owned);
        ((value, line.of), (line.figures.counts, line.open))
    };
    compliance.lines.iter().map(of).collect()
}

/// Of each measure, over all values.
fn sums(compliance: &Compliance) -> BTreeMap<Measured, (Counts, Open)> {
    let mut sums: BTreeMap<Measured, (Counts, Open)> = BTreeMap::new();
    for line in &compliance.lines {
        let (counts, open) = sums.entry(line.of).or_default();
        *counts += line.figures.counts;
        *open += line.open;
    }
    sums
}

/// Office hours in London, and three mornings a week in Lord Howe, whose clocks change by half an hour.
async fn with_calendars(given: &mut Given) {
    for (id, zone, hours, days) in
        [("office", "Europe/London", "09:00-17:00", 5), ("short", "Australia/Lord_Howe", "08:00-12:30", 3)]
    {
        let hours = [hours.parse::<Hours>().unwrap()];
        let week = std::array::from_fn(|day| if day < days { hours.to_vec() } else { Vec::new() });
        let zone = Zone::find(zone).unwrap();
        let definition = Definition::new(id.parse().unwrap(), zone, week, BTreeMap::new()).unwrap();
        let calendar = Calendar::new(definition, 1);
        settles(given, hour(-999), ProjectEvent::CalendarDefined { calendar }).await;
    }
}

fn promised(from: Timestamp, (minutes, days): (i64, u32), calendar: &str) -> ProjectEvent {
    let mut policy = Policy { effective_from: from, ..Policy::default_for(&Scheme::three()) };
    let calendar: CalendarId = calendar.parse().unwrap();
    policy.calendars.insert(calendar.clone(), u32::from(calendar.as_str() != "24x7"));
    for one in &mut policy.severities {
        one.rules.calendar = calendar.clone();
    }
    policy.severities[0].rules.targets.accept = Some(Target::Working(SignedDuration::from_mins(minutes)));
    policy.severities[1].rules.targets.mitigate = Some(Target::WorkingDays(days));
    ProjectEvent::PolicyAdopted { policy }
}

async fn tell(given: &mut Given, history: Vec<(i64, Happens)>) -> Timestamp {
    let (mut at, mut latest) = (hour(9), hour(9));
    for (minutes, what) in history {
        at += SignedDuration::from_mins(minutes);
        latest = latest.max(at);
        match what {
            Happens::Issue(ordinal, event) => happens(given, ordinal, at, event).await,
            Happens::Policy(minutes, days, calendar) => {
                // Often in the very microsecond in which something else was recorded, before it and after it.
                settles(given, latest, promised(latest, (minutes, days), calendar)).await;
            }
            Happens::Folded => drop(given.folded().await),
        }
    }
    latest
}

proptest! {
    // A third of the usual, which `PROPTEST_CASES` says.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_view_is_the_function_over_the_whole_history(history in history(), later in 0..100_000_i64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut given = Given::with(SLA);
            create(&mut given).await;
            with_calendars(&mut given).await;
            let latest = tell(&mut given, history).await;
            given.settled().await;
            let whole = Whole::of(&given).await;
            for now in [latest, latest + SignedDuration::from_mins(later)] {
                let all = given.ask_now(&about(None, now)).await.compliance;
                for by in [None].into_iter().chain(Dimension::ALL.map(Some)) {
                    let query = about(by, now);
                    let found = given.ask_now(&query).await.compliance;
                    prop_assert_eq!(lines(&found), lines(&whole.report(query.asked, now)), "{:?} at {}", by, now);
                    prop_assert_eq!(sums(&found), sums(&all), "by {:?} it adds up", by);
                }
            }
            let mut due = Vec::new();
            for (ordinal, (ledger, last)) in &whole.ledgers {
                let live = given.ask_now(&GetClocks { key: key(*ordinal) }).await.unwrap();
                prop_assert_eq!(&live.ledger, ledger);
                let reading = Reading::of(ledger, None, &whole.project.terms(), *last);
                due.extend(reading.due_at.map(|at| (Timestamp::from_microsecond(at).unwrap(), *ordinal)));
            }
            let found = given.ask_now(&NextDue { limit: 9, ..NextDue::default() }).await.issues;
            let found = found.into_iter().map(|(at, key)| (at, key.ordinal)).collect::<Vec<_>>();
            let order = |mut due: Vec<(Timestamp, u64)>| { due.sort_unstable(); due };
            prop_assert_eq!(order(found), order(due));
            Ok(())
        })?;
    }
}

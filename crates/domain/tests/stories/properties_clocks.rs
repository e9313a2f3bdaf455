//! What holds for any commands by anybody, under any policies and calendars, with facts recorded late, and a system that looks now and then at what is
//! due: what is recorded of clocks is what the one function says.

use domain::Recorded;
use domain::agenda::{self, Todo};
use domain::calendar::{Calendar, Definition, Hours, Zone};
use domain::clocks::{Alarm, AlarmKind, Cause, Clock, Clocks, Ledger, clocks};
use domain::ids::CalendarId;
use domain::issue::{Command, EscalateSla, IssueEvent};
use domain::policy::{Delivery, Pauses, Policies, Policy, Target};
use domain::project::{Reactor, Scheme};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::properties::{Lived, life, live_on, record, surroundings};
use super::story::Who;
use super::words::hour;
use super::world::World;

/// What a policy says of a severity: the three targets, the calendar, what pauses, how it is delivered.
type Said = (Target, Target, Target, &'static str, (bool, bool, bool), Delivery);

fn said() -> impl Strategy<Value = Said> {
    let target = || {
        let hours = select(vec![1, 4, 9, 30]).prop_map(|hours| Target::Working(SignedDuration::from_hours(hours)));
        prop_oneof![3 => hours, 1 => select(vec![1, 2, 5]).prop_map(Target::WorkingDays)]
    };
    let delivery = select(vec![Delivery::PatchNow, Delivery::NextPush, Delivery::Planned]);
    (target(), target(), target(), select(vec!["24x7", "office", "short"]), any::<(bool, bool, bool)>(), delivery)
}

/// Policies, each with the hour of its adoption: the default rules the rest.
fn policies() -> impl Strategy<Value = Vec<(i64, Vec<Said>)>> {
    vec((0..160_i64, vec(said(), 3)), 0..4).prop_map(|mut policies| {
        policies.sort_by_key(|(at, _)| *at);
        policies
    })
}

fn policy(said: &[Said], from: Timestamp) -> Policy {
    let mut policy = Policy { effective_from: from, ..Policy::default_for(&Scheme::three()) };
    for (one, (accept, mitigate, resolve, calendar, pauses, delivery)) in policy.severities.iter_mut().zip(said) {
        let rules = &mut one.rules;
        (rules.targets.accept, rules.targets.mitigate) = (Some(*accept), Some(*mitigate));
        rules.targets.resolve = Some(*resolve);
        rules.calendar = CalendarId::parse(calendar).unwrap();
        rules.pauses = Pauses { accept: pauses.0, mitigate: pauses.1, resolve: pauses.2 };
        rules.delivery = *delivery;
        policy.calendars.insert(rules.calendar.clone(), u32::from(*calendar != "24x7"));
    }
    policy
}

/// With a calendar of office hours in London, and one of three mornings a week in Lord Howe, whose clocks change by half an hour.
fn with_calendars() -> World {
    let mut world = surroundings();
    world.project.policies = Policies::new(&Scheme::three());
    let hours = |text: &str| vec![text.parse::<Hours>().unwrap()];
    let office = [1, 1, 1, 1, 1, 0, 0].map(|open| if open == 1 { hours("09:00-17:00") } else { Vec::new() });
    let short = [1, 0, 1, 0, 1, 0, 0].map(|open| if open == 1 { hours("08:00-12:30") } else { Vec::new() });
    for (id, zone, week) in [("office", "Europe/London", office), ("short", "Australia/Lord_Howe", short)] {
        let (id, zone) = (CalendarId::parse(id).unwrap(), Zone::find(zone).unwrap());
        let definition = Definition::new(id, zone, week, std::collections::BTreeMap::new()).unwrap();
        world.project.calendars.define(Calendar::new(definition, 1), Timestamp::MIN);
    }
    world
}

/// Looks at what is due, as the system does: once an instant is over.
fn react(world: &World, lived: &mut Lived, now: Timestamp) -> Result<(), TestCaseError> {
    let over = now - SignedDuration::from_micros(1);
    for _ in 0..20 {
        let Some(issue) = &lived.issue else { return Ok(()) };
        let terms = world.project.terms();
        let counted = clocks(&issue.ledger, &terms, over);
        let due = agenda::due(&issue.ledger, &terms, &counted, None, over);
        let Some((at, todo)) = due.into_iter().find(|(_, todo)| todo.reactor() != Reactor::Shifts) else {
            return Ok(());
        };
        let records = matches!(todo, Todo::Record(_) | Todo::Escalate { .. } | Todo::Deliver { .. });
        let actor = todo.reactor().actor();
        let who = Who { actor, now, occurred_at: None, late_reason: None, origin: None };
        let command = command(&todo);
        let decision = world.decide(Some(issue), &command, &who);
        let Ok(decision) = decision else {
            let told: Vec<_> = lived.history.iter().map(|one| (one.revision, one.occurred_at, &one.event)).collect();
            return Err(TestCaseError::fail(format!("{todo:?} is due at {at} and refused: {decision:?}: {told:#?}")));
        };
        prop_assert!(!records || decision.occurred_at == at, "{:?} at {}", decision, at);
        record(lived, decision, &who)?;
    }
    Err(TestCaseError::fail("something stays due"))
}

fn command(todo: &Todo) -> Command {
    match todo.clone() {
        Todo::Record(Alarm { kind: AlarmKind::AtRisk, clock, cycle, set_by, .. }) => {
            Command::RecordSlaAtRisk { clock, cycle, set_by }
        }
        Todo::Record(Alarm { clock, cycle, set_by, .. }) => Command::RecordSlaBreach { clock, cycle, set_by },
        Todo::Correct { clock, cycle, .. } => Command::CorrectSlaBreach { clock, cycle, reason: None },
        Todo::Escalate { clock, cycle, due } => {
            let (set_by, step) = (due.set_by, due.step);
            Command::RecordEscalation(EscalateSla { clock, cycle, set_by, step, people: Vec::new() })
        }
        Todo::Deliver { cycle, delivered } => Command::RecordDelivery { cycle, rule: Delivery::PatchNow, delivered },
        Todo::PlanShifts { .. } | Todo::EndShifts { .. } => unreachable!("shifts are left out"),
    }
}

/// A breach: of which clock and cycle, when, of which deadline, and how it came to be.
type Fallen = (Clock, u32, Timestamp, Timestamp, Cause);

fn of_clocks(event: &IssueEvent) -> bool {
    matches!(
        event,
        IssueEvent::SlaAtRiskRecorded { .. }
            | IssueEvent::SlaBreachRecorded { .. }
            | IssueEvent::SlaBreachCorrected { .. }
    )
}

fn facts(history: &[Recorded<IssueEvent>]) -> Vec<Recorded<IssueEvent>> {
    history.iter().filter(|recorded| !of_clocks(&recorded.event)).cloned().collect()
}

fn fallen(counted: &Clocks) -> Vec<Fallen> {
    let of = |cycle: &domain::clocks::Cycle| {
        let breach = cycle.breach.as_ref()?;
        Some((cycle.clock, cycle.number, breach.at, breach.deadline, breach.cause))
    };
    counted.cycles.iter().filter_map(of).collect()
}

/// Each breach was recorded as the facts had it that were known then.
fn as_known(world: &World, history: &[Recorded<IssueEvent>]) -> Result<(), TestCaseError> {
    for (index, recorded) in history.iter().enumerate() {
        let IssueEvent::SlaBreachRecorded { clock, cycle, deadline, cause, .. } = &recorded.event else { continue };
        let known = Ledger::of(&facts(&history[..index]));
        let counted = clocks(&known, &world.project.terms(), recorded.recorded_at);
        let told = (*clock, *cycle, recorded.occurred_at, *deadline, *cause);
        prop_assert!(fallen(&counted).contains(&told), "{:?} is not among {:?}", told, fallen(&counted));
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::properties::config())]

    #[test]
    fn what_is_recorded_is_what_the_one_function_says(
        life in life(),
        looks in vec(any::<bool>(), 60),
        policies in policies(),
    ) {
        let (mut world, mut lived) = (with_calendars(), Lived::default());
        let mut policies = policies.into_iter().peekable();
        let (mut answers, mut end) = (Vec::new(), hour(0));
        for (attempt, looks) in life.into_iter().zip(looks) {
            end = attempt.who.now;
            while let Some((_, said)) = policies.next_if(|(at, _)| hour(*at) <= end) {
                world.project.policies.adopt_at(policy(&said, end), 2 * lived.history.len() as u64 + 1);
            }
            live_on(&world, &mut lived, attempt)?;
            if looks {
                react(&world, &mut lived, end)?;
            }
            let revision = lived.history.len() as u64;
            answers.push((revision, end, clocks(&Ledger::of(&lived.history), &world.project.terms(), end)));
        }
        // A month later all is told that was to be told.
        end += SignedDuration::from_hours(24 * 30);
        react(&world, &mut lived, end)?;
        let terms = world.project.terms();
        let ledger = Ledger::of(&lived.history);
        as_known(&world, &lived.history)?;
        // What was answered then is the answer for then, whatever was recorded and adopted since.
        for (revision, then, answer) in answers {
            prop_assert_eq!(clocks(&ledger.as_of(revision), &terms, then), answer);
        }
        // What was recorded late may show another breach; but one that was recorded stands.
        let facts = facts(&lived.history);
        if facts.iter().all(|recorded| recorded.occurred_at == recorded.recorded_at) {
            let over = end - SignedDuration::from_micros(1);
            prop_assert_eq!(fallen(&clocks(&ledger, &terms, over)), fallen(&clocks(&Ledger::of(&facts), &terms, over)));
        }
    }
}

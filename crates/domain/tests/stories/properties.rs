//! What holds for any sequence of commands by anybody, and for any sequence of events, senseless ones too.

use std::collections::BTreeSet;

use domain::clocks::Ledger;
use domain::issue::{
    Closing, Command, Delivered, Dismissal, Fix, Issue, IssueEvent, Level, Nature, State, TriageIssue, evolve, fold,
};
use domain::policy::Delivery;
use domain::{Recorded, Rejection};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use super::arbitrary;
use super::properties_reach::{KINDS, RULES, kind_of};
use super::story::{Who, bugzilla, column_of, issue_of, name_of, recorded};
use super::words::{
    because, close, code_fix, component, dismissed_as, explanation, filed, hour, in_release, issue_id, issue_ref,
    operation, person, resolve, team, triage, verify,
};
use super::world::{World, policies, world};

/// What is tried next.
#[derive(Debug, Clone)]
enum Try {
    /// This, by anybody.
    Anything(Box<Command>),
    /// What leads on from here, by who may.
    Onward(u8),
}

#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    what: Try,
    pub(crate) who: Who,
}

/// A life of attempts, each some hours after the one before, some of them late, some imported.
pub(crate) fn life() -> impl Strategy<Value = Vec<Attempt>> {
    let what = prop_oneof![
        3 => arbitrary::command().prop_map(|command| Try::Anything(Box::new(command))),
        1 => any::<u8>().prop_map(Try::Onward),
    ];
    let late = weighted(0.2, -200..300_i64);
    let attempt = (what, arbitrary::person(), 0..4_i64, late, prop::bool::weighted(0.1));
    (arbitrary::filing(), vec(attempt, 1..60)).prop_map(|(filing, attempts)| {
        let mut clock = 40;
        let filing = Attempt { what: Try::Anything(Box::new(filing)), who: who(person("carl"), clock) };
        let mut life = vec![filing];
        for (what, actor, hours, late, imported) in attempts {
            clock += hours;
            let occurred_at = late.map(|hours| hour(clock - hours));
            let origin = imported.then(bugzilla);
            life.push(Attempt { what, who: Who { occurred_at, origin, ..who(actor, clock) } });
        }
        life
    })
}

fn who(actor: domain::ids::PersonId, clock: i64) -> Who {
    Who { actor, now: hour(clock), occurred_at: None, late_reason: super::words::because("no network"), origin: None }
}

/// What leads on from where the issue stands, and who may do it.
fn onward(issue: &Issue, choice: u8) -> (Command, &'static str) {
    let level = issue.triage.as_ref().and_then(|triage| triage.level.known().copied());
    if issue.shifts.is_some() && choice.is_multiple_of(2) {
        let to = person(["dan", "dora", "hal", "otto"][usize::from(choice / 2 % 4)]);
        return (Command::HandOverShift { shift: None, to }, "dan");
    }
    if matches!(issue.state, State::New { triaged: true } | State::Accepted) && choice.is_multiple_of(5) {
        return (Command::PlanShifts, "dan");
    }
    match &issue.state {
        State::New { triaged: false } => {
            let (level, owner) = [(1, "help"), (2, "ops"), (3, "dev"), (3, "dev")][usize::from(choice % 4)];
            let component = Some(component("checkout"));
            let reason = because("as it is");
            let triage = triage(level, if choice < 128 { "sev2" } else { "sev1" });
            (Command::TriageIssue(TriageIssue { component, team: Some(team(owner)), reason, ..triage }), "dan")
        }
        State::New { triaged: true } if choice < 40 => {
            let (nature, reason) = (Some(Nature::Incident), because("it went away"));
            let number = level.map_or(3, |level| u32::from(level.number()));
            (Command::TriageIssue(TriageIssue { nature, reason, ..triage(number, "sev2") }), "dan")
        }
        State::New { triaged: true } => (Command::AcceptIssue, "dan"),
        State::Accepted => {
            let fix = match level {
                Some(Level::UserError) => explanation(),
                Some(Level::System) => operation(),
                _ => Fix::Code(code_fix()),
            };
            (resolve(fix), "dan")
        }
        State::Resolved(_) if choice < 40 => {
            (Command::MarkInProduction { release: super::words::release("r1") }, "dan")
        }
        State::Resolved(_) => (verify("olga"), "dan"),
        State::Verified(_) | State::Closed(_) if choice.is_multiple_of(3) => {
            let release = |id| Some(super::words::release(id));
            let delivered = if choice.is_multiple_of(2) {
                Delivered::Kept { release: release("r1") }
            } else {
                Delivered::Broken { due: hour(50), release: release("r4") }
            };
            (Command::RecordDelivery { cycle: 1, rule: Delivery::NextPush, delivered }, "dan")
        }
        State::Verified(_) if choice < 60 => {
            (Command::MarkInProduction { release: super::words::release("r1") }, "dan")
        }
        State::Verified(_) if level == Some(Level::CodeOrData) => (close(in_release("r1")), "dan"),
        State::Verified(_) => (close(Closing::Confirmed), "dan"),
        State::Closed(_) if choice < 128 => (Command::WithdrawFromProduction { reason: None }, "dan"),
        State::Closed(_) | State::Dismissed(_) => (Command::ReopenIssue { reason: because("again") }, "dan"),
    }
}

/// Beside the issue there are PAY-2, and PAY-3, which is a duplicate of it.
pub(crate) fn surroundings() -> World {
    let mut world = world();
    world.project.policies = policies();
    for (ordinal, history) in
        [(2, vec![filed()]), (3, vec![filed(), dismissed_as(Dismissal::DuplicateOf(issue_ref(2)))])]
    {
        world.issues.insert(issue_id(ordinal), issue_of(ordinal, history).expect("it was filed"));
    }
    world
}

/// What a life came to.
#[derive(Debug, Default)]
pub(crate) struct Lived {
    pub(crate) issue: Option<Issue>,
    pub(crate) history: Vec<Recorded<IssueEvent>>,
    columns: BTreeSet<&'static str>,
    events: BTreeSet<&'static str>,
    refusals: BTreeSet<String>,
}

/// Lives it, and checks at each step what must hold there.
fn live(world: &World, life: Vec<Attempt>) -> Result<Lived, TestCaseError> {
    let mut lived = Lived::default();
    for attempt in life {
        live_on(world, &mut lived, attempt)?;
    }
    if let Some(issue) = &lived.issue {
        prop_assert_eq!(&issue.ledger, &Ledger::of(&lived.history));
    }
    Ok(lived)
}

/// One attempt more.
pub(crate) fn live_on(world: &World, lived: &mut Lived, attempt: Attempt) -> Result<(), TestCaseError> {
    let Attempt { what, mut who } = attempt;
    let command = match (what, &lived.issue) {
        (Try::Anything(command), _) => *command,
        (Try::Onward(_), None) => return Ok(()),
        (Try::Onward(choice), Some(issue)) => {
            let (command, actor) = onward(issue, choice);
            who.actor = issue.assignee.clone().unwrap_or_else(|| person(actor));
            command
        }
    };
    match world.decide(lived.issue.as_ref(), &command, &who) {
        Err(rejection) => {
            prop_assert!(!rejection.to_string().is_empty());
            lived.refusals.insert(name_of(&rejection));
            Ok(())
        }
        Ok(decision) => {
            prop_assert!(!decision.events.is_empty());
            in_order(lived.issue.as_ref(), &decision)?;
            record(lived, decision, &who)?;
            refused_by_name(world, lived.issue.as_ref(), &command, &who)
        }
    }
}

fn in_order(issue: Option<&Issue>, decision: &domain::Decision<IssueEvent>) -> Result<(), TestCaseError> {
    let Some(issue) = issue else { return Ok(()) };
    // What is recorded of clocks happened when they say, also of an earlier cycle.
    if decision.events.iter().all(of_a_clock) {
        return Ok(());
    }
    let moves = decision.events.iter().any(|event| event.changes_state(&issue.state));
    let bound = if moves { issue.state_since } else { issue.cycle_start };
    prop_assert!(decision.occurred_at >= bound);
    Ok(())
}

fn of_a_clock(event: &IssueEvent) -> bool {
    matches!(
        event,
        IssueEvent::SlaAtRiskRecorded { .. }
            | IssueEvent::SlaBreachRecorded { .. }
            | IssueEvent::SlaEscalated { .. }
            | IssueEvent::DeliveryRuleKept { .. }
            | IssueEvent::DeliveryRuleBroken { .. }
    )
}

pub(crate) fn record(
    lived: &mut Lived,
    decision: domain::Decision<IssueEvent>,
    who: &Who,
) -> Result<(), TestCaseError> {
    for event in decision.events {
        let revision = lived.history.len() as u64 + 1;
        lived.events.insert(kind_of(&event));
        let record = recorded(event, 1, revision, decision.occurred_at);
        let (actor, origin) = (who.actor.clone(), who.origin.clone());
        // Every other position is another stream's.
        let record = Recorded { actor, origin, recorded_at: who.now, position: 2 * revision, ..record };
        let before = lived.issue.take();
        let after = evolve(before.clone(), &record).expect("what was decided follows");
        prop_assert_eq!(after.revision, revision);
        if let Some(before) = before {
            let moved = column_of(&before.state) != column_of(&after.state);
            prop_assert_eq!(moved, record.event.changes_state(&before.state));
            let unchanged = Issue { revision, changed_at: after.changed_at, ..before };
            prop_assert_ne!(&unchanged, &after, "{:?} changed nothing", record.event);
        }
        lived.columns.insert(column_of(&after.state));
        lived.issue = Some(after);
        lived.history.push(record);
    }
    Ok(())
}

/// The command repeated at once. Only comments may repeat; and it is no matter of time, which is looked at last.
fn refused_by_name(world: &World, issue: Option<&Issue>, command: &Command, who: &Who) -> Result<(), TestCaseError> {
    if matches!(command, Command::CommentOnIssue { .. }) {
        return Ok(());
    }
    match world.decide(issue, command, who) {
        Ok(decision) => prop_assert!(false, "repeated, {command:?} is accepted: {decision:?}"),
        Err(
            rejection @ (Rejection::OccurredOutOfOrder { .. }
            | Rejection::OccurredInFuture { .. }
            | Rejection::AskedInThePast
            | Rejection::Incomplete { .. }),
        ) => prop_assert!(false, "repeated, {command:?} is refused only for {rejection:?}"),
        Err(_) => {}
    }
    Ok(())
}

pub(crate) fn config() -> ProptestConfig {
    // What once failed is tried first ever after.
    let seeds = FileFailurePersistence::Direct("tests/stories/failed-once.txt");
    ProptestConfig { failure_persistence: Some(Box::new(seeds)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_commands_by_anybody(life in life()) {
        let lived = live(&surroundings(), life)?;
        prop_assert_eq!(fold(&lived.history), lived.issue.clone());
        prop_assert_eq!(fold(&lived.history), lived.issue);
    }

    #[test]
    fn any_events_in_any_order(events in vec((arbitrary::event(), -100..100_i64), 0..60)) {
        let history: Vec<_> = (1..).zip(events).map(|(n, (event, at))| recorded(event, 1, n, hour(at))).collect();
        let mut issue: Option<Issue> = None;
        for record in &history {
            let before = issue.clone();
            issue = evolve(issue, record);
            match (before, &issue) {
                (None, None) => prop_assert!(kind_of(&record.event) != "IssueFiled"),
                (None, Some(_)) => prop_assert_eq!(kind_of(&record.event), "IssueFiled"),
                (Some(before), Some(after)) => {
                    prop_assert_eq!(after.revision, record.revision);
                    prop_assert!(after.changed_at >= before.changed_at);
                    prop_assert!(after.questions_asked >= before.questions_asked);
                    let moved = column_of(&before.state) != column_of(&after.state);
                    prop_assert_eq!(moved, record.event.changes_state(&before.state));
                }
                (Some(_), None) => prop_assert!(false, "an issue never vanishes"),
            }
        }
        prop_assert_eq!(fold(&history), issue);
    }
}

/// The lives above reach every state, make every event and meet every rule: else they would show little.
#[test]
fn arbitrary_lives_go_everywhere() {
    let mut runner = TestRunner::deterministic();
    let (mut columns, mut events, mut refusals) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..1_000 {
        let life = life().new_tree(&mut runner).expect("it is made of nothing").current();
        let lived = live(&surroundings(), life).expect("it holds for any life");
        columns.extend(lived.columns);
        events.extend(lived.events);
        refusals.extend(lived.refusals);
    }
    assert_eq!(columns, ["A", "C", "D", "Nt", "Nu", "R", "V"].into());
    assert_eq!(events, KINDS.iter().copied().collect());
    assert_eq!(refusals, RULES.iter().map(|rule| (*rule).to_owned()).collect());
}

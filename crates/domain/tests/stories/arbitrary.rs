//! Arbitrary commands and events out of a small world, so that they often meet.

use std::sync::Arc;

use domain::Fact::{self, Known, NotKnown};
use domain::clocks::{Cause, Clock};
use domain::ids::{ComponentId, PersonId, ReleaseId, SeverityId, TeamId};
use domain::issue::{
    Asked, Capacity, Closing, CodeFix, Command, Correction, DataFix, Delivered, Dismissal, EscalateSla, Fix,
    IssueEvent, IssueRef, Level, LinkKind, Moved, Nature, Report, Source, TriageIssue,
};
use domain::policy::Delivery;
use domain::shifts::{Ending, plan};
use domain::text::Text;
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;

use super::words::{
    self, by_advisory, by_customer, by_monitor, by_product_owner, change, data_fix, filed_from, full_report, hour,
    issue_ref, operation, s,
};

pub(crate) fn person() -> impl Strategy<Value = PersonId> {
    select(vec!["dan", "dora", "hal", "otto", "kim", "carl", "cora", "olga", "moon"]).prop_map(words::person)
}

pub(crate) fn team() -> impl Strategy<Value = TeamId> {
    select(vec!["core", "dev", "help", "maint", "ops", "moon"]).prop_map(words::team)
}

pub(crate) fn component() -> impl Strategy<Value = ComponentId> {
    select(vec!["checkout", "manual", "attic", "moon"]).prop_map(words::component)
}

fn severity() -> impl Strategy<Value = SeverityId> {
    select(vec!["sev1", "sev2", "sev3", "sev9"]).prop_map(words::severity)
}

fn release() -> impl Strategy<Value = ReleaseId> {
    select(vec!["r1", "r2", "r3", "r4", "r9"]).prop_map(words::release)
}

fn text() -> impl Strategy<Value = Text> {
    select(vec!["one", "two", "three"]).prop_map(words::text)
}

fn reason() -> impl Strategy<Value = Option<Text>> {
    weighted(0.8, text())
}

fn fact<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Fact<T>> {
    weighted(0.8, value).prop_map(|value| value.map_or(NotKnown, Known))
}

fn level() -> impl Strategy<Value = Level> {
    select(vec![Level::UserError, Level::System, Level::CodeOrData])
}

fn nature() -> impl Strategy<Value = Option<Nature>> {
    weighted(0.3, select(vec![Nature::Incident, Nature::Bug]))
}

fn source() -> impl Strategy<Value = Source> {
    let unknown = Source { kind: NotKnown, ..by_monitor() };
    select(vec![by_customer(), by_product_owner(), by_monitor(), by_advisory(), unknown])
}

fn report() -> impl Strategy<Value = Report> {
    let parts = (of(text()), of(text()), of(text()), of(text()));
    let some = parts.prop_map(|(steps, actual, expected, details)| Report { steps, actual, expected, details });
    prop_oneof![Just(full_report()), some]
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![Just(Asked::Opener), Just(Asked::Customer), Just(Asked::ProductOwner), person().prop_map(Asked::Person)]
}

fn questions() -> impl Strategy<Value = Vec<u32>> {
    vec(1..4_u32, 0..3)
}

fn tests() -> impl Strategy<Value = Vec<Arc<str>>> {
    vec(select(vec![s("t1"), s("t2"), s("t3")]), 0..3)
}

fn code() -> impl Strategy<Value = CodeFix> {
    let changes = vec(select(vec![change("c1"), change("c2")]), 0..2);
    let environment = weighted(0.8, Just(s("staging")));
    (changes, tests(), environment).prop_map(|(changes, tests, environment)| CodeFix { changes, tests, environment })
}

fn fix() -> impl Strategy<Value = Fix> {
    prop_oneof![
        code().prop_map(Fix::Code),
        Just(Fix::Data(data_fix())),
        (code(), Just(DataFix::default())).prop_map(|(code, data)| Fix::CodeAndData(code, data)),
        Just(operation()),
        Just(Fix::Operation { action: None }),
        Just(words::explanation()),
        Just(Fix::Explanation { explanation: None, topic: None }),
    ]
}

fn closing() -> impl Strategy<Value = Closing> {
    let released = (of(release()), of(person()));
    let applied = (of((0..200_i64).prop_map(hour)), of(person()));
    prop_oneof![
        released.prop_map(|(release, reverified_by)| Closing::Released { release, reverified_by }),
        applied.prop_map(|(at, by)| Closing::DataApplied { at, by }),
        Just(Closing::Confirmed),
    ]
}

fn other() -> impl Strategy<Value = IssueRef> {
    select(vec![issue_ref(1), issue_ref(2), issue_ref(3), issue_ref(9), IssueRef::External(s("bugzilla:1"))])
}

fn dismissal() -> impl Strategy<Value = Dismissal> {
    prop_oneof![
        other().prop_map(Dismissal::DuplicateOf),
        select(vec![Dismissal::CannotReproduce, Dismissal::WontFix, Dismissal::Withdrawn, Dismissal::NoAnswer]),
    ]
}

fn link_kind() -> impl Strategy<Value = LinkKind> {
    select(vec![LinkKind::RelatesTo, LinkKind::CausedBy, LinkKind::DuplicateOf])
}

fn triage() -> impl Strategy<Value = TriageIssue> {
    (fact(level()), nature(), fact(severity()), of(component()), of(team()), reason()).prop_map(
        |(level, nature, severity, component, team, reason)| TriageIssue {
            level,
            nature,
            severity,
            component,
            team,
            reason,
        },
    )
}

pub(crate) fn filing() -> impl Strategy<Value = Command> {
    (source(), report()).prop_map(|(source, report)| words::filing(source, report))
}

/// Any command at all.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    let about_triage = prop_oneof![
        filing(),
        report().prop_map(|report| Command::AmendReport { report }),
        triage().prop_map(Command::TriageIssue),
        (severity(), reason()).prop_map(|(severity, reason)| Command::ChangeSeverity { severity, reason }),
        (level(), nature(), of(team()), reason()).prop_map(|(level, nature, team, reason)| Command::ChangeLevel {
            level,
            nature,
            team,
            reason
        }),
        (component(), reason()).prop_map(|(component, reason)| Command::ChangeComponent { component, reason }),
        reason().prop_map(|reason| Command::ReturnToTriage { reason }),
        weighted(0.8, person()).prop_map(|assignee| Command::AssignIssue { assignee }),
        (team(), reason()).prop_map(|(team, reason)| Command::HandOverIssue { team, reason }),
        Just(Command::AcceptIssue),
    ];
    let about_fixes = prop_oneof![
        text().prop_map(|text| Command::RecordWorkaround { text }),
        reason().prop_map(|reason| Command::WithdrawWorkaround { reason }),
        person().prop_map(|to| Command::DelegateVerification { to }),
        fact(fix()).prop_map(|fix| Command::ResolveIssue { fix }),
        tests().prop_map(|tests| Command::AddRegressionTests { tests }),
        reason().prop_map(|reason| Command::RejectResolution { reason }),
        fact(person()).prop_map(|confirmed_by| Command::VerifyIssue { confirmed_by }),
        release().prop_map(|release| Command::MarkInProduction { release }),
        fact(closing()).prop_map(|closing| Command::CloseIssue { closing }),
        reason().prop_map(|reason| Command::WithdrawFromProduction { reason }),
    ];
    let about_the_rest = prop_oneof![
        (asked(), text()).prop_map(|(of, text)| Command::RequestInformation { of, text }),
        (questions(), reason()).prop_map(|(questions, text)| Command::ProvideInformation { questions, text }),
        questions().prop_map(|questions| Command::WithdrawRequest { questions }),
        reason().prop_map(|reason| Command::ReopenIssue { reason }),
        (fact(dismissal()), reason()).prop_map(|(dismissal, note)| Command::DismissIssue { dismissal, note }),
        release().prop_map(|release| Command::NameCause { release }),
        (link_kind(), other()).prop_map(|(kind, other)| Command::LinkIssues { kind, other }),
        text().prop_map(|text| Command::CommentOnIssue { text }),
        person().prop_map(|person| Command::WatchIssue { person }),
        (0..9_u32).prop_map(|points| Command::EstimateItem { points }),
    ];
    let about_shifts = prop_oneof![
        3 => Just(Command::PlanShifts),
        2 => (of((40..300_i64).prop_map(words::hour)), person()).prop_map(|(shift, to)| Command::HandOverShift { shift, to }),
        1 => Just(Command::EndShifts),
    ];
    prop_oneof![about_triage, about_fixes, about_the_rest, about_shifts, about_clocks()]
}

/// Clocks, with the deadlines that the first events of a life set.
fn about_clocks() -> BoxedStrategy<Command> {
    let place = || {
        (
            select(Clock::ALL.to_vec()),
            prop_oneof![9 => Just(1_u32), 1 => 2..4_u32],
            prop_oneof![4 => Just(1_u64), 3 => 2..4_u64, 1 => 4..7_u64],
        )
    };
    let rule = select(vec![Delivery::PatchNow, Delivery::NextPush, Delivery::Planned]);
    let delivered = prop_oneof![
        of(release()).prop_map(|release| Delivered::Kept { release }),
        // When releases were deployed, and when a patch of what was filed at hour 40 is due.
        (prop_oneof![Just(50), Just(64), 0..200_i64].prop_map(words::hour), of(release()))
            .prop_map(|(due, release)| Delivered::Broken { due, release }),
    ];
    prop_oneof![
        3 => place().prop_map(|(clock, cycle, set_by)| Command::RecordSlaAtRisk { clock, cycle, set_by }),
        8 => place().prop_map(|(clock, cycle, set_by)| Command::RecordSlaBreach { clock, cycle, set_by }),
        2 => (place(), reason()).prop_map(|((clock, cycle, _), reason)| Command::CorrectSlaBreach { clock, cycle, reason }),
        2 => (of(0..5_u32), reason()).prop_map(|(policy, reason)| Command::RebaseClocks { policy, reason }),
        4 => (place(), 1..3_u32).prop_map(|((clock, cycle, set_by), step)| {
            Command::RecordEscalation(EscalateSla { clock, cycle, set_by, step, people: Vec::new() })
        }),
        6 => (prop_oneof![4 => Just(1_u32), 1 => 2..3_u32], rule, delivered)
            .prop_map(|(cycle, rule, delivered)| Command::RecordDelivery { cycle, rule, delivered }),
    ]
    .boxed()
}

/// Any event at all.
pub(crate) fn event() -> impl Strategy<Value = IssueEvent> {
    let moving = prop_oneof![
        (source(), report()).prop_map(|(source, report)| filed_from(source, report)),
        (fact(level()), nature(), fact(severity()), of(component()), fact(team())).prop_map(
            |(level, nature, severity, component, team)| IssueEvent::IssueTriaged {
                level,
                nature,
                severity,
                component,
                team,
            }
        ),
        (fact(person()), any::<bool>())
            .prop_map(|(assignee, report_owed)| IssueEvent::IssueAccepted { assignee, report_owed }),
        reason().prop_map(|reason| IssueEvent::ReturnedToTriage { reason }),
        fact(fix()).prop_map(|fix| IssueEvent::IssueResolved { fix }),
        (reason(), any::<bool>())
            .prop_map(|(reason, unassigned)| IssueEvent::ResolutionRejected { reason, unassigned }),
        (fact(person()), any::<bool>()).prop_map(|(confirmed_by, self_verified)| IssueEvent::IssueVerified {
            confirmed_by,
            capacity: Known(Capacity::Opener),
            self_verified,
        }),
        fact(closing()).prop_map(|closing| IssueEvent::IssueClosed { closing, deployed_at: None }),
        reason().prop_map(|reason| IssueEvent::WithdrawnFromProduction { reason }),
        (reason(), any::<bool>()).prop_map(|(reason, unassigned)| IssueEvent::IssueReopened { reason, unassigned }),
    ];
    prop_oneof![moving, changing(), saying()]
}

fn changing() -> impl Strategy<Value = IssueEvent> {
    prop_oneof![
        (fact(dismissal()), reason()).prop_map(|(dismissal, note)| IssueEvent::IssueDismissed { dismissal, note }),
        (fact(severity()), severity(), reason()).prop_map(|(from, to, reason)| IssueEvent::SeverityChanged {
            from,
            to,
            reason
        }),
        (fact(level()), level(), nature(), of(team()), reason()).prop_map(|(from, to, nature, team, reason)| {
            IssueEvent::LevelChanged { from, to, nature, team, reason }
        }),
        (nature(), nature(), reason()).prop_map(|(from, to, reason)| IssueEvent::NatureChanged { from, to, reason }),
        of(person()).prop_map(|assignee| IssueEvent::IssueAssigned { assignee }),
        (fact(team()), team(), reason()).prop_map(|(from, to, reason)| IssueEvent::IssueHandedOver {
            from,
            to,
            reason
        }),
        (of(component()), component(), reason()).prop_map(|(from, to, reason)| IssueEvent::ComponentChanged {
            from,
            to,
            reason
        }),
        release().prop_map(|release| IssueEvent::MarkedInProduction { release }),
        tests().prop_map(|tests| IssueEvent::RegressionTestsAdded { tests }),
        report().prop_map(|report| IssueEvent::ReportAmended { report }),
    ]
}

fn saying() -> impl Strategy<Value = IssueEvent> {
    prop_oneof![
        (any::<u32>(), asked(), text()).prop_map(|(question, of, text)| IssueEvent::InformationRequested {
            question,
            of,
            text
        }),
        (questions(), reason()).prop_map(|(questions, text)| IssueEvent::InformationProvided { questions, text }),
        questions().prop_map(|questions| IssueEvent::RequestWithdrawn { questions }),
        text().prop_map(|text| IssueEvent::WorkaroundRecorded { text }),
        reason().prop_map(|reason| IssueEvent::WorkaroundWithdrawn { reason }),
        person().prop_map(|to| IssueEvent::VerificationDelegated { to, capacity: NotKnown }),
        release().prop_map(|release| IssueEvent::CauseNamed { release }),
        (link_kind(), other()).prop_map(|(kind, other)| IssueEvent::IssuesLinked { kind, other }),
        text().prop_map(|text| IssueEvent::IssueCommented { text }),
        person().prop_map(|person| IssueEvent::WatchStarted { person }),
        (0..90_i64).prop_map(|at| IssueEvent::ShiftsPlanned { plan: plan(None, words::hour(at), None) }),
        (0..90_i64, person(), person()).prop_map(|(at, from, to)| IssueEvent::ShiftHandedOver {
            shift: words::hour(at),
            from,
            to
        }),
        Just(IssueEvent::ShiftsEnded { because: Ending::Mitigated }),
        of_clocks(),
    ]
}

fn of_clocks() -> BoxedStrategy<IssueEvent> {
    let place = || (select(Clock::ALL.to_vec()), 1..3_u32, 1..6_u64, (0..90_i64).prop_map(words::hour));
    prop_oneof![
        place().prop_map(|(clock, cycle, set_by, deadline)| {
            IssueEvent::SlaAtRiskRecorded { clock, cycle, set_by, deadline, policy_version: 1 }
        }),
        place().prop_map(|(clock, cycle, set_by, deadline)| {
            let cause = Cause::Deadline;
            IssueEvent::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version: 1, cause }
        }),
        (place(), reason()).prop_map(|((clock, cycle, ..), reason)| {
            IssueEvent::SlaBreachCorrected { clock, cycle, by: Correction::LateStop, reason }
        }),
        (0..3_u32, text()).prop_map(|(version, reason)| {
            let of = |clock| Moved { clock, cycle: 1, from_version: 1, from_deadline: None, to_deadline: None };
            IssueEvent::ClocksRebased { version, clocks: Clock::ALL.map(of).to_vec(), reason }
        }),
        (1..3_u32).prop_map(|cycle| IssueEvent::DeliveryRuleKept { cycle, rule: Delivery::NextPush, release: None }),
    ]
    .boxed()
}

//! Events of issues.

use domain::clocks::{Cause, Clock};
use domain::issue::{Correction, IssueEvent as I, Moved};
use domain::policy::{Delivery, Moment, Recipient};
use domain::shifts::{Ending, Hours, Obstacle, Plan, Shift};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::vocabulary::{
    asked, capacity, closing, dismissal, fix, issue_ref, level, link_kind, nature, report, source,
};
use super::words::{fact, id, issue_id, maybe_text, names, text, time, title};

pub(super) fn events() -> BoxedStrategy<I> {
    prop_oneof![
        filing(),
        triage(),
        ownership(),
        resolution(),
        verification(),
        closings(),
        links(),
        shifts(),
        clocks(),
        deliveries()
    ]
    .boxed()
}

fn filing() -> BoxedStrategy<I> {
    let questions = || vec(any::<u32>(), 0..4);
    prop_oneof![
        (issue_id(), title(), source(), report(), of(id()), of(id())).prop_map(
            |(id, title, source, report, reported_severity, component)| I::IssueFiled {
                id,
                title,
                source,
                report,
                reported_severity,
                component
            }
        ),
        report().prop_map(|report| I::ReportAmended { report }),
        (any::<u32>(), asked(), text()).prop_map(|(question, of, text)| I::InformationRequested { question, of, text }),
        (questions(), maybe_text()).prop_map(|(questions, text)| I::InformationProvided { questions, text }),
        questions().prop_map(|questions| I::RequestWithdrawn { questions }),
    ]
    .boxed()
}

fn triage() -> BoxedStrategy<I> {
    prop_oneof![
        (fact(level()), of(nature()), fact(id()), of(id()), fact(id())).prop_map(
            |(level, nature, severity, component, team)| I::IssueTriaged { level, nature, severity, component, team }
        ),
        (fact(id()), id(), maybe_text()).prop_map(|(from, to, reason)| I::SeverityChanged { from, to, reason }),
        (fact(level()), level(), of(nature()), of(id()), maybe_text())
            .prop_map(|(from, to, nature, team, reason)| { I::LevelChanged { from, to, nature, team, reason } }),
        (of(nature()), of(nature()), maybe_text()).prop_map(|(from, to, reason)| I::NatureChanged { from, to, reason }),
        (of(id()), id(), maybe_text()).prop_map(|(from, to, reason)| I::ComponentChanged { from, to, reason }),
        maybe_text().prop_map(|reason| I::ReturnedToTriage { reason }),
    ]
    .boxed()
}

fn ownership() -> BoxedStrategy<I> {
    prop_oneof![
        of(id()).prop_map(|assignee| I::IssueAssigned { assignee }),
        (fact(id()), id(), maybe_text()).prop_map(|(from, to, reason)| I::IssueHandedOver { from, to, reason }),
        (fact(id()), any::<bool>()).prop_map(|(assignee, report_owed)| I::IssueAccepted { assignee, report_owed }),
    ]
    .boxed()
}

fn resolution() -> BoxedStrategy<I> {
    prop_oneof![
        text().prop_map(|text| I::WorkaroundRecorded { text }),
        maybe_text().prop_map(|reason| I::WorkaroundWithdrawn { reason }),
        fact(fix()).prop_map(|fix| I::IssueResolved { fix }),
        names().prop_map(|tests| I::RegressionTestsAdded { tests }),
        (maybe_text(), any::<bool>()).prop_map(|(reason, unassigned)| I::ResolutionRejected { reason, unassigned }),
    ]
    .boxed()
}

fn verification() -> BoxedStrategy<I> {
    prop_oneof![
        (id(), fact(capacity())).prop_map(|(to, capacity)| I::VerificationDelegated { to, capacity }),
        (fact(id()), fact(capacity()), any::<bool>()).prop_map(|(confirmed_by, capacity, self_verified)| {
            I::IssueVerified { confirmed_by, capacity, self_verified }
        }),
    ]
    .boxed()
}

fn closings() -> BoxedStrategy<I> {
    prop_oneof![
        id().prop_map(|release| I::MarkedInProduction { release }),
        (fact(closing()), of(time())).prop_map(|(closing, deployed_at)| I::IssueClosed { closing, deployed_at }),
        maybe_text().prop_map(|reason| I::WithdrawnFromProduction { reason }),
        (maybe_text(), any::<bool>()).prop_map(|(reason, unassigned)| I::IssueReopened { reason, unassigned }),
        (fact(dismissal()), maybe_text()).prop_map(|(dismissal, note)| I::IssueDismissed { dismissal, note }),
    ]
    .boxed()
}

fn links() -> BoxedStrategy<I> {
    prop_oneof![
        id().prop_map(|release| I::CauseNamed { release }),
        (link_kind(), issue_ref()).prop_map(|(kind, other)| I::IssuesLinked { kind, other }),
        text().prop_map(|text| I::IssueCommented { text }),
        id().prop_map(|person| I::WatchStarted { person }),
    ]
    .boxed()
}

fn shifts() -> BoxedStrategy<I> {
    let at = || (0..4_000_000_000_000_000_i64).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap());
    let hours = move || (at(), at()).prop_map(|(from, until)| Hours { from, until });
    let taken = (id(), hours()).prop_map(|(person, hours)| Shift { person, hours });
    let plan = (of(id()), hours(), vec(taken, 0..4), vec(hours(), 0..4), of(select(Obstacle::ALL.to_vec()))).prop_map(
        |(team, Hours { from, until }, shifts, uncovered, obstacle)| Plan {
            team,
            from,
            until,
            shifts,
            uncovered,
            obstacle,
        },
    );
    prop_oneof![
        plan.prop_map(|plan| I::ShiftsPlanned { plan }),
        (at(), id(), id()).prop_map(|(shift, from, to)| I::ShiftHandedOver { shift, from, to }),
        select(Ending::ALL.to_vec()).prop_map(|because| I::ShiftsEnded { because }),
    ]
    .boxed()
}

fn clocks() -> BoxedStrategy<I> {
    let clock = || select(Clock::ALL.to_vec());
    let cause = select(vec![Cause::Deadline, Cause::FirstTriage, Cause::SeverityChange, Cause::Rebase]);
    let by = select(vec![Correction::FirstTriage, Correction::LateStop]);
    let moved = (clock(), any::<u32>(), any::<u32>(), of(time()), of(time())).prop_map(
        |(clock, cycle, from_version, from_deadline, to_deadline)| Moved {
            clock,
            cycle,
            from_version,
            from_deadline,
            to_deadline,
        },
    );
    prop_oneof![
        (clock(), any::<u32>(), any::<u64>(), time(), any::<u32>()).prop_map(
            |(clock, cycle, set_by, deadline, policy_version)| I::SlaAtRiskRecorded {
                clock,
                cycle,
                set_by,
                deadline,
                policy_version
            }
        ),
        (clock(), any::<u32>(), any::<u64>(), time(), any::<u32>(), cause).prop_map(
            |(clock, cycle, set_by, deadline, policy_version, cause)| {
                I::SlaBreachRecorded { clock, cycle, set_by, deadline, policy_version, cause }
            }
        ),
        (clock(), any::<u32>(), by, maybe_text()).prop_map(|(clock, cycle, by, reason)| I::SlaBreachCorrected {
            clock,
            cycle,
            by,
            reason
        }),
        (any::<u32>(), vec(moved, 0..4), text()).prop_map(|(version, clocks, reason)| I::ClocksRebased {
            version,
            clocks,
            reason
        }),
    ]
    .boxed()
}

fn deliveries() -> BoxedStrategy<I> {
    let rule = || select(vec![Delivery::PatchNow, Delivery::NextPush, Delivery::Planned]);
    let when = select(vec![Moment::AtRisk, Moment::Breach]);
    let to = prop_oneof![
        select(vec![Recipient::Assignee, Recipient::OwnerTeam, Recipient::OnShift, Recipient::ProductOwners]),
        id().prop_map(Recipient::Team),
        id().prop_map(Recipient::Person),
    ];
    let place = (select(Clock::ALL.to_vec()), any::<u32>(), any::<u64>(), any::<u32>());
    prop_oneof![
        (place, when, to, vec(id(), 0..4)).prop_map(|((clock, cycle, set_by, step), when, to, people)| {
            I::SlaEscalated { clock, cycle, set_by, step, when, to, people }
        }),
        (any::<u32>(), rule(), of(id())).prop_map(|(cycle, rule, release)| I::DeliveryRuleKept {
            cycle,
            rule,
            release
        }),
        (any::<u32>(), rule(), time(), of(id())).prop_map(|(cycle, rule, due, release)| I::DeliveryRuleBroken {
            cycle,
            rule,
            due,
            release
        }),
    ]
    .boxed()
}

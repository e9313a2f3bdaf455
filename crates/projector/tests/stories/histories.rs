//! Any history at all: what the views answer is what the deciders fold.

use std::collections::BTreeMap;

use domain::Fact::{Known, NotKnown};
use domain::issue::{
    Asked, Capacity, Closing, CodeFix, CustomerChannel, DataFix, Dismissal, Fix, IssueEvent, IssueRef, Level, LinkKind,
    Nature, OwnerChannel, RaisedBy, Report, Source, SourceKind,
};
use domain::text::Title;
use domain::{Fact, Origin};
use proptest::prelude::*;
use proptest::sample::select;
use views::board::GetBoard;
use views::issue::{GetIssue, Standing};

use super::events::{at, issue_id, issue_stream, key, person, project, severity, text};
use super::given::Given;

fn fact<T: Clone + std::fmt::Debug + 'static>(of: T) -> impl Strategy<Value = Fact<T>> {
    select(vec![NotKnown, Known(of)])
}

fn maybe<T: Clone + std::fmt::Debug + 'static>(of: T) -> impl Strategy<Value = Option<T>> {
    select(vec![None, Some(of)])
}

fn reason() -> impl Strategy<Value = Option<domain::text::Text>> {
    maybe(text("because \"it\" is so:\n\té 𝄞"))
}

fn sources() -> Vec<Fact<SourceKind>> {
    let customer = |customer, channel| Known(SourceKind::Customer { customer, channel });
    vec![
        NotKnown,
        customer(None, CustomerChannel::Email),
        customer(Some("acme".parse().unwrap()), CustomerChannel::Phone),
        customer(None, CustomerChannel::Chat),
        customer(None, CustomerChannel::Portal),
        Known(SourceKind::ProductOwner { channel: OwnerChannel::Ticket }),
        Known(SourceKind::ProductOwner { channel: OwnerChannel::Verbal }),
        Known(SourceKind::Security {
            advisories: vec!["CVE-1".into(), "CVE-2".into()],
            package: "tls".into(),
            affected: "<2".into(),
        }),
        Known(SourceKind::System { monitor: "probe".into(), fingerprint: "f00".into() }),
    ]
}

fn report() -> impl Strategy<Value = Report> {
    (maybe(text("press")), maybe(text("crash")), maybe(text("no crash")), maybe(text("often")))
        .prop_map(|(steps, actual, expected, details)| Report { steps, actual, expected, details })
}

fn filing() -> impl Strategy<Value = IssueEvent> {
    let raised = vec![RaisedBy::Person(person("carl")), RaisedBy::System("probe".into()), RaisedBy::Nobody];
    (select(sources()), select(raised), maybe("bugzilla:1".into()), report(), maybe(severity("sev1"))).prop_map(
        |(kind, raised_by, reference, report, reported_severity)| IssueEvent::IssueFiled {
            id: issue_id("PAY", 1),
            title: Title::parse("Payments fail").unwrap(),
            source: Source { kind, raised_by, reference },
            report,
            reported_severity,
            component: None,
        },
    )
}

fn fixes() -> Vec<Fact<Fix>> {
    let code = CodeFix {
        changes: vec!["c1".parse().unwrap(), "c2".parse().unwrap()],
        tests: vec!["t1".into()],
        environment: Some("staging".into()),
    };
    let data = DataFix { correction: Some("sql-1".into()), tried_in: None };
    [
        Fix::Code(code.clone()),
        Fix::Data(data.clone()),
        Fix::CodeAndData(code, data),
        Fix::Operation { action: Some(text("restarted")) },
        Fix::Operation { action: None },
        Fix::Explanation { explanation: Some(text("read")), topic: Some("login".into()) },
    ]
    .map(Known)
    .into_iter()
    .chain([NotKnown])
    .collect()
}

fn others() -> Vec<IssueRef> {
    vec![IssueRef::Issue { id: issue_id("PAY", 2), key: key(2) }, IssueRef::External("bugzilla:7".into())]
}

/// What moves an issue, so often that histories get far.
fn moves() -> impl Strategy<Value = IssueEvent> {
    let dismissals = vec![
        Known(Dismissal::DuplicateOf(others().remove(0))),
        Known(Dismissal::DuplicateOf(others().remove(1))),
        Known(Dismissal::CannotReproduce),
        Known(Dismissal::NoAnswer),
        NotKnown,
    ];
    let capacities = vec![
        NotKnown,
        Known(Capacity::Opener),
        Known(Capacity::Customer("acme".parse().unwrap())),
        Known(Capacity::ProductOwner),
        Known(Capacity::Delegate { named_by: person("olga") }),
    ];
    let closings = vec![
        NotKnown,
        Known(Closing::Confirmed),
        Known(Closing::Released { release: Some("r1".parse().unwrap()), reverified_by: None }),
        Known(Closing::DataApplied { at: Some(at(7)), by: Some(person("dan")) }),
    ];
    prop_oneof![
        3 => (fact(Level::System), maybe(Nature::Incident), fact(severity("sev2")), fact("ops".parse().unwrap())).prop_map(
            |(level, nature, severity, team)| IssueEvent::IssueTriaged { level, nature, severity, component: None, team }
        ),
        3 => (fact(person("dan")), any::<bool>())
            .prop_map(|(assignee, report_owed)| IssueEvent::IssueAccepted { assignee, report_owed }),
        3 => select(fixes()).prop_map(|fix| IssueEvent::IssueResolved { fix }),
        3 => (fact(person("olga")), select(capacities), any::<bool>()).prop_map(
            |(confirmed_by, capacity, self_verified)| IssueEvent::IssueVerified { confirmed_by, capacity, self_verified }
        ),
        3 => select(closings).prop_map(|closing| IssueEvent::IssueClosed { closing }),
        1 => reason().prop_map(|reason| IssueEvent::ReturnedToTriage { reason }),
        1 => (reason(), any::<bool>())
            .prop_map(|(reason, unassigned)| IssueEvent::ResolutionRejected { reason, unassigned }),
        1 => (reason(), any::<bool>()).prop_map(|(reason, unassigned)| IssueEvent::IssueReopened { reason, unassigned }),
        1 => reason().prop_map(|reason| IssueEvent::WithdrawnFromProduction { reason }),
        1 => (select(dismissals), reason()).prop_map(|(dismissal, note)| IssueEvent::IssueDismissed { dismissal, note }),
    ]
}

fn facts() -> impl Strategy<Value = IssueEvent> {
    let asked = vec![Asked::Opener, Asked::Customer, Asked::ProductOwner, Asked::Person(person("carl"))];
    let kinds = vec![LinkKind::RelatesTo, LinkKind::CausedBy, LinkKind::Blocks, LinkKind::DuplicatedBy];
    prop_oneof![
        report().prop_map(|report| IssueEvent::ReportAmended { report }),
        (1..4_u32, select(asked)).prop_map(|(question, of)| {
            IssueEvent::InformationRequested { question, of, text: text("When was that?") }
        }),
        Just(IssueEvent::InformationProvided { questions: vec![1, 2], text: None }),
        reason().prop_map(|reason| IssueEvent::SeverityChanged { from: NotKnown, to: severity("sev3"), reason }),
        reason().prop_map(|reason| IssueEvent::LevelChanged {
            from: NotKnown,
            to: Level::UserError,
            nature: None,
            team: Some("help".parse().unwrap()),
            reason,
        }),
        reason().prop_map(|reason| IssueEvent::IssueHandedOver { from: NotKnown, to: "dev".parse().unwrap(), reason }),
        reason().prop_map(|reason| IssueEvent::ComponentChanged { from: None, to: "attic".parse().unwrap(), reason }),
        maybe(person("dora")).prop_map(|assignee| IssueEvent::IssueAssigned { assignee }),
        Just(IssueEvent::WorkaroundRecorded { text: text("pay by card") }),
        fact(Capacity::Opener).prop_map(|capacity| IssueEvent::VerificationDelegated { to: person("cora"), capacity }),
        Just(IssueEvent::RegressionTestsAdded { tests: vec!["t2".into()] }),
        Just(IssueEvent::MarkedInProduction { release: "r2".parse().unwrap() }),
        Just(IssueEvent::CauseNamed { release: "r0".parse().unwrap() }),
        (select(kinds), select(others())).prop_map(|(kind, other)| IssueEvent::IssuesLinked { kind, other }),
        Just(IssueEvent::IssueCommented { text: text("me too") }),
        Just(IssueEvent::WatchStarted { person: person("carl") }),
    ]
}

fn histories() -> impl Strategy<Value = Vec<(u64, IssueEvent, bool)>> {
    let event = prop_oneof![2 => moves(), 1 => facts()];
    let events = prop::collection::vec((1..=3_u64, event, any::<bool>()), 0..60);
    ([filing(), filing(), filing()], any::<bool>(), events).prop_map(|(filings, imported, events)| {
        let filings = filings.into_iter().zip(1..).map(|(filing, ordinal)| (ordinal, filing, imported));
        filings.chain(events).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn views_answer_what_deciders_fold(history in histories()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut given = Given::nothing();
            let origin =
                || Origin { system: "bugzilla".into(), reference: "1".into(), implied: true, imported_by: person("bot") };
            for (ordinal, event, imported) in history {
                given.append(&issue_stream("PAY", ordinal), event.into(), imported.then(origin)).await;
            }
            given.settled().await;
            let mut counts = BTreeMap::new();
            for ordinal in 1..=3 {
                let issue = given.decided(ordinal).await.expect("it was filed");
                *counts.entry(Standing::of(&issue.state)).or_insert(0) += 1;
                let found = given.ask_now(&GetIssue { key: key(ordinal), comments_after: None }).await;
                let found = found.expect("it was filed");
                assert_eq!(found.issue, issue);
                assert_eq!(found.comments.len() as u64, issue.comments);
            }
            let board = given.ask_now(&GetBoard { project: project("PAY"), cards_per_column: 9 }).await;
            for column in board.columns {
                assert_eq!(column.count, counts.get(&column.standing).copied().unwrap_or(0));
                assert_eq!(column.cards.len() as u64, column.count);
            }
        });
    }
}

//! Any history at all: what the views answer is what the deciders fold.

use std::collections::BTreeMap;

use domain::Fact::{Known, NotKnown};
use domain::issue::{
    Asked, Capacity, Closing, CodeFix, CustomerChannel, DataFix, Dismissal, Fix, Issue, IssueEvent, IssueRef, Level,
    LinkKind, Nature, OwnerChannel, RaisedBy, Report, Source, SourceKind, State,
};
use domain::text::Title;
use domain::{Fact, Origin};
use proptest::prelude::*;
use proptest::sample::select;
use views::board::{Filter, GetBoard};
use views::inbox::GetInbox;
use views::issue::{Dimension, GetIssue, Standing};
use views::people::CountAccepted;
use views::search::{Hit, Newest};

use super::events::{at, issue_id, issue_stream, key, person, project, severity, text};
use super::given::Given;
use super::search::search;

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

pub(super) fn filing() -> impl Strategy<Value = IssueEvent> {
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
pub(super) fn moves() -> impl Strategy<Value = IssueEvent> {
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
        3 => select(closings).prop_map(|closing| IssueEvent::IssueClosed { closing, deployed_at: None }),
        1 => reason().prop_map(|reason| IssueEvent::ReturnedToTriage { reason }),
        1 => (reason(), any::<bool>())
            .prop_map(|(reason, unassigned)| IssueEvent::ResolutionRejected { reason, unassigned }),
        1 => (reason(), any::<bool>()).prop_map(|(reason, unassigned)| IssueEvent::IssueReopened { reason, unassigned }),
        1 => reason().prop_map(|reason| IssueEvent::WithdrawnFromProduction { reason }),
        1 => (select(dismissals), reason()).prop_map(|(dismissal, note)| IssueEvent::IssueDismissed { dismissal, note }),
    ]
}

pub(super) fn facts() -> impl Strategy<Value = IssueEvent> {
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

fn is_found_as_it_stands(hit: &Hit, issue: &Issue) {
    let triage = issue.triage.as_ref();
    assert_eq!((&*hit.title, hit.standing), (issue.title.as_str(), Standing::of(&issue.state)));
    assert_eq!(hit.severity.as_deref(), triage.and_then(|it| it.severity.known()).map(domain::ids::SeverityId::as_str));
    assert_eq!(hit.level, triage.map(|it| it.level));
    assert_eq!(hit.nature, triage.and_then(|it| it.nature));
    assert_eq!(hit.team.as_deref(), triage.and_then(|it| it.team.known()).map(domain::ids::TeamId::as_str));
    assert_eq!(hit.component.as_deref(), issue.component.as_ref().map(domain::ids::ComponentId::as_str));
    assert_eq!(hit.assignee.as_deref(), issue.assignee.as_ref().map(domain::ids::PersonId::as_str));
    assert_eq!((hit.filed_at, hit.imported), (issue.filed_at, issue.origin.is_some()));
    assert_eq!(hit.source.is_some(), issue.source.kind.known().is_some());
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
            let hits = given.ask_now(&Newest { search: &search("payments"), oldest: 0, counted: true }).await;
            assert_eq!(hits.page.hits.len(), 3, "all have the word in their title");
            let mut counts = BTreeMap::new();
            let mut issues = Vec::new();
            for ordinal in 1..=3 {
                let issue = given.decided(ordinal).await.expect("it was filed");
                issues.push(issue.clone());
                *counts.entry(Standing::of(&issue.state)).or_insert(0) += 1;
                let found = given.ask_now(&GetIssue { key: key(ordinal), comments_after: None }).await;
                let found = found.expect("it was filed");
                assert_eq!(found.issue, issue);
                assert_eq!(found.comments.len() as u64, issue.comments);
                is_found_as_it_stands(hits.page.hits.iter().find(|hit| hit.key == issue.key).expect("a hit"), &issue);
                for (word, has) in [("card", issue.workaround.is_some()), ("press", issue.report.steps.is_some())] {
                    let with = given.ask_now(&Newest { search: &search(word), oldest: 0, counted: false }).await;
                    assert_eq!(with.page.hits.iter().any(|hit| hit.key == issue.key), has, "{word}");
                }
            }
            let board = given.ask_now(&GetBoard::of(project("PAY"), 9)).await;
            for column in board.columns {
                assert_eq!(column.count, counts.get(&column.standing).copied().unwrap_or(0));
                assert_eq!(column.cards.len() as u64, column.count);
            }
            recount_groups(&given, &issues).await;
            recount_work(&given, &issues).await;
        });
    }
}

/// What an issue has of a dimension.
type Has = fn(&Issue) -> Option<String>;

/// Counts by what issues have in common are what one gets by counting the issues.
async fn recount_groups(given: &Given, issues: &[Issue]) {
    let dimensions: [(Dimension, Has); 5] = [
        (Dimension::Severity, |issue| Some(issue.triage.as_ref()?.severity.known()?.to_string())),
        (Dimension::Team, |issue| Some(issue.triage.as_ref()?.team.known()?.to_string())),
        (Dimension::Assignee, |issue| Some(issue.assignee.as_ref()?.to_string())),
        (Dimension::Component, |issue| Some(issue.component.as_ref()?.to_string())),
        (Dimension::Nature, |issue| {
            Some(if issue.triage.as_ref()?.nature? == Nature::Bug { "bug" } else { "incident" }.to_owned())
        }),
    ];
    for (by, has) in dimensions {
        let mut counted: BTreeMap<(String, Standing), u64> = BTreeMap::new();
        for issue in issues {
            *counted.entry((has(issue).unwrap_or_default(), Standing::of(&issue.state))).or_default() += 1;
        }
        let board = GetBoard { group_by: Some(by), ..GetBoard::of(project("PAY"), 9) };
        let groups = given.ask_now(&board).await.groups.groups;
        let told = groups.iter().flat_map(|group| {
            let counts = Standing::ALL.into_iter().zip(&group.counts).filter(|(_, count)| count.issues > 0);
            counts.map(|(standing, count)| ((group.value.to_string(), standing), count.issues))
        });
        assert_eq!(told.collect::<BTreeMap<_, _>>(), counted, "{by:?}");
    }
    let waiting = Filter::default().only(Dimension::Waiting, ["yes".into()]);
    let board = given.ask_now(&GetBoard { filter: waiting, ..GetBoard::of(project("PAY"), 9) }).await;
    let waiting: u64 = board.columns.iter().map(|column| column.count).sum();
    assert_eq!(waiting, issues.iter().filter(|issue| !issue.questions.is_empty()).count() as u64);
}

/// So is what waits for triage, and what people have accepted.
async fn recount_work(given: &Given, issues: &[Issue]) {
    let sections = views::inbox::Section::ALL.map(|section| (section, None)).to_vec();
    let inbox = GetInbox { project: project("PAY"), worst_first: vec![severity("sev1")], sections, entries: 9 };
    let inbox: u64 = given.ask_now(&inbox).await.iter().map(|section| section.count).sum();
    let untriaged = |issue: &&Issue| Standing::of(&issue.state) == Standing::NewUntriaged;
    assert_eq!(inbox, issues.iter().filter(untriaged).count() as u64);
    for who in ["dan", "dora"].map(person) {
        let asked = CountAccepted { project: project("PAY"), people: vec![who.clone()] };
        let theirs = |issue: &&Issue| issue.state == State::Accepted && issue.assignee.as_ref() == Some(&who);
        assert_eq!(given.ask_now(&asked).await, [issues.iter().filter(theirs).count() as u64]);
    }
}

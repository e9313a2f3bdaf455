//! Filing, completing a report, asking and answering.

use domain::Fact::{Known, NotKnown};
use domain::issue::{Asked, Command, FileIssue, IssueEvent, RaisedBy, Report, Source, SourceKind};
use domain::{Missing, Rejection};

use super::story::given;
use super::words::{
    accepted, asked, because, by_advisory, by_customer, by_monitor, by_product_owner, component, customer, filed,
    filed_from, filing, from, full_report, s, severity, text, to_resolved, triaged,
};

fn changed(change: impl FnOnce(&mut FileIssue)) -> Command {
    let Command::FileIssue(mut filing) = filing(by_customer(), full_report()) else { unreachable!("it is a filing") };
    change(&mut filing);
    Command::FileIssue(filing)
}

#[test]
fn each_source_can_file() {
    for source in [by_customer(), by_product_owner(), by_monitor(), by_advisory()] {
        let file = filing(source.clone(), full_report());
        given([]).when(file).then([filed_from(source, full_report())]).then_state("Nu");
    }
}

#[test]
fn a_filing_may_be_incomplete_at_first() {
    given([]).when(filing(by_customer(), Report::default())).then_state("Nu");
}

#[test]
fn filed_twice() {
    given([filed()]).when(filing(by_customer(), full_report())).then_rejected(Rejection::AlreadyFiled);
}

#[test]
fn nothing_else_comes_first() {
    given([]).when(Command::AcceptIssue).then_rejected(Rejection::NoSuchIssue);
}

#[test]
fn unknown_ids_are_named() {
    given([])
        .when(changed(|filing| filing.component = Some(component("moon"))))
        .then_rejected(Rejection::UnknownComponent { component: component("moon") });
    given([]).when(changed(|filing| filing.reported_severity = Some(severity("sev9")))).then_rejected(
        Rejection::UnknownSeverity {
            severity: severity("sev9"),
            known: vec![severity("sev1"), severity("sev2"), severity("sev3")],
        },
    );
    let moon = from(
        SourceKind::Customer { customer: Some(customer("moon")), channel: domain::issue::CustomerChannel::Phone },
        RaisedBy::Nobody,
    );
    given([])
        .when(filing(moon, full_report()))
        .then_rejected(Rejection::UnknownCustomer { customer: customer("moon") });
}

#[test]
fn a_retired_severity_is_reported_no_more() {
    given([])
        .where_world(|world| world.project.scheme.severities[1].retired = true)
        .when(filing(by_customer(), full_report()))
        .then_rejected(Rejection::UnknownSeverity {
            severity: severity("sev2"),
            known: vec![severity("sev1"), severity("sev3")],
        });
}

#[test]
fn security_reports_and_systems_bring_their_own_data() {
    let nothing = from(SourceKind::Security { advisories: vec![], package: s(""), affected: s(" ") }, RaisedBy::Nobody);
    given([]).when(filing(nothing, full_report())).then_rejected(Rejection::Incomplete {
        missing: vec![Missing::AdvisoryMissing, Missing::PackageMissing, Missing::RangeMissing],
    });
    let nameless = from(SourceKind::System { monitor: s("probe"), fingerprint: s("") }, RaisedBy::System(s("probe")));
    given([])
        .when(filing(nameless, full_report()))
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::FingerprintMissing] });
}

#[test]
fn a_filing_says_where_it_comes_from() {
    let source = Source { kind: NotKnown, ..by_customer() };
    given([])
        .when(filing(source, full_report()))
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::SourceMissing] });
}

#[test]
fn an_amendment_leaves_the_other_parts_alone() {
    let report = Report { actual: because("it is emptied, sometimes"), ..Report::default() };
    let issue = given([filed()]).when(Command::AmendReport { report }).then_issue();
    assert_eq!(issue.report, Report { actual: because("it is emptied, sometimes"), ..full_report() });
}

#[test]
fn an_amendment_says_something_new() {
    for report in [full_report(), Report::default()] {
        given([filed()]).when(Command::AmendReport { report }).then_rejected(Rejection::NothingAmended);
    }
}

fn ask(of: Asked) -> Command {
    Command::RequestInformation { of, text: text("which card?") }
}

#[test]
fn questions_are_numbered() {
    let issue = given([filed(), asked(1)]).when(ask(Asked::Customer)).then_issue();
    assert_eq!(issue.questions.iter().map(|question| question.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_question_that_is_open_is_not_asked_again() {
    given([filed(), asked(1)]).when(ask(Asked::Opener)).then_rejected(Rejection::AlreadyAsked { question: 1 });
}

#[test]
fn an_answered_question_may_be_asked_again_under_a_new_number() {
    let answer = Command::ProvideInformation { questions: vec![1], text: because("the blue one") };
    let again = given([filed(), asked(1)]).when(answer).then_on().when(ask(Asked::Opener));
    again.then([asked(2)]);
}

#[test]
fn an_answer_without_numbers_answers_all() {
    given([filed(), asked(1), asked(2)])
        .when(Command::ProvideInformation { questions: vec![], text: because("the blue one") })
        .then([IssueEvent::InformationProvided { questions: vec![1, 2], text: because("the blue one") }]);
}

#[test]
fn an_answer_with_numbers_leaves_the_others_open() {
    let answer = Command::ProvideInformation { questions: vec![2, 2], text: because("the blue one") };
    let event = IssueEvent::InformationProvided { questions: vec![2], text: because("the blue one") };
    let issue = given([filed(), asked(1), asked(2)]).when(answer).then([event]).then_issue();
    assert_eq!(issue.questions.iter().map(|question| question.number).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_number_that_is_not_open_answers_nothing() {
    for questions in [vec![2], vec![1, 2]] {
        given([filed(), asked(1)])
            .when(Command::WithdrawRequest { questions })
            .then_rejected(Rejection::NothingWasAsked);
    }
}

#[test]
fn an_answer_says_something() {
    given([filed(), asked(1)])
        .when(Command::ProvideInformation { questions: vec![1], text: None })
        .then_rejected(Rejection::Incomplete { missing: vec![Missing::AnswerMissing] });
}

#[test]
fn leaving_new_and_accepted_closes_every_question() {
    let resolved = given([filed(), triaged(), accepted(), asked(1), asked(2)])
        .when(super::words::resolve(domain::issue::Fix::Code(super::words::code_fix())))
        .then_state("R");
    assert_eq!(resolved.questions, []);
    let dismissed =
        given([filed(), asked(1)]).when(super::words::dismiss(domain::issue::Dismissal::NoAnswer)).then_state("D");
    assert_eq!(dismissed.questions, []);
}

#[test]
fn the_first_event_tells_all_of_the_filing() {
    let issue = given([]).by("carl").when(filing(by_customer(), full_report())).then_issue();
    assert_eq!(issue.filed_by.as_str(), "carl");
    assert_eq!(issue.source.kind, Known(by_customer().kind.known().unwrap().clone()));
    assert_eq!(issue.key.to_string(), "PAY-1");
    assert_eq!((issue.revision, issue.comments, issue.triage), (1, 0, None));
}

#[test]
fn an_unknown_project_is_named() {
    let context = domain::Context {
        actor: &super::words::person("dan"),
        now: super::words::hour(1),
        occurred_at: None,
        late_reason: None,
        origin: None,
        project_id: &super::words::project_id(),
        project: None,
        team: None,
        release: None,
        other: None,
    };
    let refused = domain::issue::decide(None, filing(by_customer(), full_report()), &context);
    assert_eq!(refused, Err(Rejection::UnknownProject { project: super::words::project_id() }));
}

#[test]
fn a_full_stream_takes_only_changes_of_state() {
    let full = |events| given(to_resolved()).where_issue(move |issue| issue.revision = events);
    let comment = || Command::CommentOnIssue { text: text("me too") };
    full(9_999).when(comment()).then_state("R");
    full(10_000).when(comment()).then_rejected(Rejection::StreamFull { events: 10_000 });
    full(10_000).when(super::words::verify("carl")).then_state("V");
    full(10_000).when(Command::AcceptIssue).then_rejected(Rejection::AlreadyResolved);
}

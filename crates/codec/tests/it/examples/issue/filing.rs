//! Filing, questions and what is said beside.

use domain::Fact;
use domain::issue::{
    Asked, CustomerChannel, IssueEvent as I, IssueRef, LinkKind, OwnerChannel, RaisedBy, Report, Source, SourceKind,
};
use domain::text::Title;

use super::super::{Example, example, imported, issue_id, key, list, person, reason, text};

pub(super) fn examples() -> Vec<Example> {
    let mut examples = filings();
    examples.extend(questions());
    examples.extend(links());
    examples
}

fn filed(source: Source, report: Report) -> I {
    I::IssueFiled {
        id: issue_id(42),
        title: Title::parse("Card payments fail with \"declined\"").unwrap(),
        source,
        report,
        reported_severity: None,
        component: None,
    }
}

fn by(kind: SourceKind, raised_by: RaisedBy, reference: Option<&str>) -> Source {
    Source { kind: Fact::Known(kind), raised_by, reference: reference.map(Into::into) }
}

fn complete_report() -> Report {
    Report {
        steps: reason("1. Add to cart\n2. Pay"),
        actual: reason("„Declined“ — although the card is good"),
        expected: reason("The order is placed"),
        details: reason("Since\tthis morning"),
    }
}

fn filings() -> Vec<Example> {
    let mut full = filed(customer(CustomerChannel::Email), complete_report());
    if let I::IssueFiled { reported_severity, component, .. } = &mut full {
        *reported_severity = Some("sev1".parse().unwrap());
        *component = Some("checkout".parse().unwrap());
    }
    let steps_only = Report { steps: reason("Pay"), ..Report::default() };
    let unknown =
        Source { kind: Fact::NotKnown, raised_by: RaisedBy::Nobody, reference: Some("bugzilla:446261".into()) };
    let plain = |golden, source| example(golden, filed(source, Report::default()));
    vec![
        example("IssueFiled.v1", full),
        example("IssueFiled.v1.phone", filed(customer(CustomerChannel::Phone), steps_only)),
        plain("IssueFiled.v1.chat", customer(CustomerChannel::Chat)),
        plain("IssueFiled.v1.portal", customer(CustomerChannel::Portal)),
        plain("IssueFiled.v1.ticket", product_owner(OwnerChannel::Ticket)),
        plain("IssueFiled.v1.verbal", product_owner(OwnerChannel::Verbal)),
        plain("IssueFiled.v1.security", security()),
        plain("IssueFiled.v1.system", system()),
        imported("IssueFiled.v1.imported", filed(unknown, Report::default()), false),
        example("ReportAmended.v1", I::ReportAmended { report: complete_report() }),
    ]
}

fn customer(channel: CustomerChannel) -> Source {
    let customer = (channel == CustomerChannel::Email).then(|| "acme".parse().unwrap());
    by(SourceKind::Customer { customer, channel }, RaisedBy::Person(person("zoe")), Some("zendesk:9917"))
}

fn product_owner(channel: OwnerChannel) -> Source {
    by(SourceKind::ProductOwner { channel }, RaisedBy::Person(person("pia")), None)
}

fn security() -> Source {
    let kind = SourceKind::Security {
        advisories: list(&["CVE-2026-12345", "GHSA-xxxx"]),
        package: "openssl".into(),
        affected: ">=1.2, <1.4.7".into(),
    };
    by(kind, RaisedBy::Nobody, None)
}

fn system() -> Source {
    let kind = SourceKind::System { monitor: "prometheus".into(), fingerprint: "PaymentErrors{region=\"eu\"}".into() };
    by(kind, RaisedBy::System("prometheus".into()), None)
}

fn questions() -> Vec<Example> {
    let asked = |golden, of| {
        let text = text("Which card was it?");
        example(golden, I::InformationRequested { question: 1, of, text })
    };
    vec![
        asked("InformationRequested.v1", Asked::Opener),
        asked("InformationRequested.v1.customer", Asked::Customer),
        asked("InformationRequested.v1.product_owner", Asked::ProductOwner),
        asked("InformationRequested.v1.person", Asked::Person(person("zoe"))),
        example("InformationProvided.v1", I::InformationProvided { questions: vec![1, 2], text: reason("A blue one") }),
        imported("InformationProvided.v1.imported", I::InformationProvided { questions: vec![1], text: None }, false),
        example("RequestWithdrawn.v1", I::RequestWithdrawn { questions: vec![1] }),
    ]
}

fn links() -> Vec<Example> {
    let linked = |golden, kind| {
        let other = IssueRef::Issue { id: issue_id(7), key: key("PAY-7") };
        example(golden, I::IssuesLinked { kind, other })
    };
    let external = I::IssuesLinked { kind: LinkKind::RelatesTo, other: IssueRef::External("bugzilla:7".into()) };
    let release = "2026.10".parse().unwrap();
    vec![
        linked("IssuesLinked.v1", LinkKind::RelatesTo),
        linked("IssuesLinked.v1.caused_by", LinkKind::CausedBy),
        linked("IssuesLinked.v1.causes", LinkKind::Causes),
        linked("IssuesLinked.v1.blocked_by", LinkKind::BlockedBy),
        linked("IssuesLinked.v1.blocks", LinkKind::Blocks),
        linked("IssuesLinked.v1.duplicate_of", LinkKind::DuplicateOf),
        linked("IssuesLinked.v1.duplicated_by", LinkKind::DuplicatedBy),
        example("IssuesLinked.v1.external", external),
        example("CauseNamed.v1", I::CauseNamed { release }),
        example("IssueCommented.v1", I::IssueCommented { text: text("Looking.") }),
        example("WatchStarted.v1", I::WatchStarted { person: person("ben") }),
    ]
}

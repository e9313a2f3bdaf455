//! Each fact as the command that it is here. What the fact does not tell is not known.

use std::sync::Arc;

use api::imports::v1 as wire;
use api::imports::v1::import_fact_request::Fact as Told;
use api::issues::v1::DismissalReason;
use domain::ids::{ComponentId, IssueId, PersonId, SeverityId, TeamId};
use domain::issue::{Asked, Command, Dismissal, FileIssue, Fix, IssueRef, RaisedBy, Source, TriageIssue};
use domain::text::{Text, Title};
use domain::{Fact, Origin};
use uuid::Uuid;

use crate::fields::{Faults, short};
use crate::issues::parse;
use crate::limits::{LIST_ITEMS_MAX, NAME_CHARS_MAX, REFERENCE_CHARS_MAX};

/// What a question says whose words an import did not tell.
const NOT_KNOWN: &str = "not known";

/// A command, but for what can only be known of the issue as it stands.
pub(super) struct Draft {
    pub(super) command: Command,
    /// It answers or takes back the oldest open question to this person.
    pub(super) asked_of: Option<PersonId>,
}

/// The fact as a command. Every field is parsed before the first `?`, so that no fault hides another.
pub(super) fn draft(faults: &mut Faults, told: Option<Told>, origin: Option<&Origin>) -> Option<Draft> {
    let Some(told) = told else {
        faults.add("fact", "is required: what happened");
        return None;
    };
    faults.within(field(&told), |faults| parse(faults, told, origin))
}

fn parse(faults: &mut Faults, told: Told, origin: Option<&Origin>) -> Option<Draft> {
    let command = match told {
        Told::Filed(fact) => filed(faults, fact, origin)?,
        Told::Triaged(fact) => triaged(faults, &fact),
        Told::SeverityChanged(fact) => {
            let severity = faults.required("severity", &fact.severity, SeverityId::parse)?;
            Command::ChangeSeverity { severity, reason: None }
        }
        Told::Assigned(fact) => {
            Command::AssignIssue { assignee: faults.optional("assignee", &fact.assignee, PersonId::parse) }
        }
        Told::Accepted(wire::AcceptedFact {}) => Command::AcceptIssue,
        Told::ReturnedToTriage(fact) => Command::ReturnToTriage { reason: note(faults, &fact) },
        Told::InformationRequested(fact) => asked(faults, &fact)?,
        Told::InformationProvided(fact) => return Some(answered(faults, fact)),
        Told::RequestWithdrawn(fact) => return Some(withdrawn(faults, fact)),
        Told::Resolved(fact) => {
            let fix = fact.code.map(|code| Fix::Code(parse::code_fix(faults, &code)));
            Command::ResolveIssue { fix: fix.map_or(Fact::NotKnown, Fact::Known) }
        }
        Told::RegressionTestsAdded(fact) => {
            if fact.tests.is_empty() {
                faults.add("tests", "must have one element at least");
            }
            Command::AddRegressionTests { tests: faults.list("tests", &fact.tests, short(REFERENCE_CHARS_MAX)) }
        }
        Told::ResolutionRejected(fact) => Command::RejectResolution { reason: note(faults, &fact) },
        Told::Verified(fact) => {
            let confirmed_by = faults.optional("confirmed_by", &fact.confirmed_by, PersonId::parse);
            Command::VerifyIssue { confirmed_by: confirmed_by.map_or(Fact::NotKnown, Fact::Known) }
        }
        Told::Closed(_) => Command::CloseIssue { closing: Fact::NotKnown },
        Told::Reopened(fact) => Command::ReopenIssue { reason: note(faults, &fact) },
        Told::Dismissed(fact) => dismissed(faults, &fact, origin)?,
        Told::ComponentChanged(fact) => {
            let component = faults.required("component", &fact.component, ComponentId::parse)?;
            Command::ChangeComponent { component, reason: None }
        }
        Told::Linked(fact) => {
            let kind = faults.choice("kind", fact.kind, parse::link_kind);
            let other = faults.required("other", &fact.other, short(NAME_CHARS_MAX));
            Command::LinkIssues { kind: kind?, other: external(origin?, &other?) }
        }
        Told::Commented(fact) => Command::CommentOnIssue { text: faults.required("text", &fact.text, Text::parse)? },
    };
    Some(Draft { command, asked_of: None })
}

/// The fact's field in the request.
fn field(told: &Told) -> &'static str {
    match told {
        Told::Filed(_) => "filed",
        Told::Triaged(_) => "triaged",
        Told::SeverityChanged(_) => "severity_changed",
        Told::Assigned(_) => "assigned",
        Told::Accepted(_) => "accepted",
        Told::ReturnedToTriage(_) => "returned_to_triage",
        Told::InformationRequested(_) => "information_requested",
        Told::InformationProvided(_) => "information_provided",
        Told::RequestWithdrawn(_) => "request_withdrawn",
        Told::Resolved(_) => "resolved",
        Told::RegressionTestsAdded(_) => "regression_tests_added",
        Told::ResolutionRejected(_) => "resolution_rejected",
        Told::Verified(_) => "verified",
        Told::Closed(_) => "closed",
        Told::Reopened(_) => "reopened",
        Told::Dismissed(_) => "dismissed",
        Told::ComponentChanged(_) => "component_changed",
        Told::Linked(_) => "linked",
        Told::Commented(_) => "commented",
    }
}

fn filed(faults: &mut Faults, fact: wire::FiledFact, origin: Option<&Origin>) -> Option<Command> {
    let title = faults.required("title", &fact.title, Title::parse);
    let raised_by = faults.optional("raised_by", &fact.raised_by, PersonId::parse);
    let report = parse::report(faults, "report", fact.report);
    let reported_severity = faults.optional("reported_severity", &fact.reported_severity, SeverityId::parse);
    let component = faults.optional("component", &fact.component, ComponentId::parse);
    let reference = origin.map(reference);
    let source =
        Source { kind: Fact::NotKnown, raised_by: raised_by.map_or(RaisedBy::Nobody, RaisedBy::Person), reference };
    let id = IssueId(Uuid::nil());
    Some(Command::FileIssue(FileIssue { id, title: title?, source, report, reported_severity, component }))
}

fn triaged(faults: &mut Faults, fact: &wire::TriagedFact) -> Command {
    let level = faults.maybe_choice("level", fact.level, parse::level);
    let nature = faults.maybe_choice("nature", fact.nature, parse::nature);
    let severity = faults.optional("severity", &fact.severity, SeverityId::parse);
    Command::TriageIssue(TriageIssue {
        level: level.map_or(Fact::NotKnown, Fact::Known),
        nature,
        severity: severity.map_or(Fact::NotKnown, Fact::Known),
        component: faults.optional("component", &fact.component, ComponentId::parse),
        team: faults.optional("team", &fact.team, TeamId::parse),
        reason: None,
    })
}

fn asked(faults: &mut Faults, fact: &wire::AskedFact) -> Option<Command> {
    let of = faults.optional("of", &fact.of, PersonId::parse).map_or(Asked::Opener, Asked::Person);
    let words = if fact.text.trim().is_empty() { NOT_KNOWN } else { &fact.text };
    Some(Command::RequestInformation { of, text: faults.required("text", words, Text::parse)? })
}

fn answered(faults: &mut Faults, fact: wire::AnsweredFact) -> Draft {
    let text = faults.optional("text", &fact.text, Text::parse);
    let asked_of = one_of(faults, &fact.of, &fact.questions);
    Draft { command: Command::ProvideInformation { questions: fact.questions, text }, asked_of }
}

fn withdrawn(faults: &mut Faults, fact: wire::WithdrawnFact) -> Draft {
    let asked_of = one_of(faults, &fact.of, &fact.questions);
    Draft { command: Command::WithdrawRequest { questions: fact.questions }, asked_of }
}

/// Questions are named by their numbers, or by whom they are asked of.
fn one_of(faults: &mut Faults, of: &str, questions: &[u32]) -> Option<PersonId> {
    faults.at_most("questions", questions.len(), LIST_ITEMS_MAX);
    if !of.is_empty() && !questions.is_empty() {
        faults.add("of", "must be left out where questions are given");
    }
    faults.optional("of", of, PersonId::parse)
}

fn dismissed(faults: &mut Faults, fact: &wire::DismissedFact, origin: Option<&Origin>) -> Option<Command> {
    use DismissalReason as Why;
    let note = faults.optional("note", &fact.note, Text::parse);
    let why = faults.maybe_choice("dismissal", fact.dismissal, |why| (why != Why::NotKnown).then_some(why));
    if why != Some(Why::Duplicate) && !fact.duplicate_of.is_empty() {
        faults.add("duplicate_of", "must be left out unless `dismissal` is DISMISSAL_REASON_DUPLICATE");
    }
    let dismissal = match why {
        None => Fact::NotKnown,
        Some(Why::Duplicate) => {
            let other = faults.required("duplicate_of", &fact.duplicate_of, short(NAME_CHARS_MAX))?;
            Fact::Known(Dismissal::DuplicateOf(external(origin?, &other)))
        }
        Some(why) => Fact::Known(parse::plain_dismissal(why)?),
    };
    Some(Command::DismissIssue { dismissal, note })
}

fn note(faults: &mut Faults, fact: &wire::NoteFact) -> Option<Text> {
    faults.optional("text", &fact.text, Text::parse)
}

/// What the issue itself is called where it came from: `bugzilla:446261`.
fn reference(origin: &Origin) -> Arc<str> {
    format!("{}:{}", origin.system, origin.reference).into()
}

/// Another issue of the same system.
fn external(origin: &Origin, other: &str) -> IssueRef {
    IssueRef::External(format!("{}:{other}", origin.system).into())
}

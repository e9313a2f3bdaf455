//! An issue as the contract has it. What an import did not tell is shown as not known, never as none.

use api::issues::v1 as wire;
use domain::issue::{
    Asked, Closing, CustomerChannel, Dismissal, Fix, Issue, IssueRef, Level, LinkKind, Nature, OwnerChannel, Question,
    RaisedBy, Report, Resolved, Source, SourceKind, State, Verified,
};
use domain::{Fact, Origin};

use crate::fields::stamp;
use crate::limits::{LIST_SHOWN_MAX, QUESTION_CUT_CHARS, QUESTIONS_SHOWN_MAX, QUESTIONS_WHOLE_BYTES};

/// The issue as it stands.
pub(crate) fn issue(issue: &Issue) -> wire::Issue {
    let mut shown = wire::Issue {
        key: issue.key.to_string(),
        id: issue.id.to_string(),
        project: issue.key.project.to_string(),
        title: issue.title.to_string(),
        state: state(&issue.state).into(),
        triaged: matches!(issue.state, State::New { triaged: true }),
        state_since: Some(stamp(issue.state_since)),
        reported_severity: text(issue.reported_severity.as_ref()),
        component: text(issue.component.as_ref()),
        assignee: text(issue.assignee.as_ref()),
        source: Some(source(&issue.source)),
        report: Some(report(&issue.report)),
        report_complete: issue.report.is_complete(),
        report_owed: issue.report_owed,
        filed_at: Some(stamp(issue.filed_at)),
        filed_by: issue.filed_by.to_string(),
        changed_at: Some(stamp(issue.changed_at)),
        accepted_at: issue.accepted_at.map(stamp),
        questions: questions(&issue.questions),
        workaround: text(issue.workaround.as_ref().map(|workaround| &workaround.text)),
        workaround_at: issue.workaround.as_ref().map(|workaround| stamp(workaround.at)),
        causes: issue.causes.iter().take(LIST_SHOWN_MAX).map(ToString::to_string).collect(),
        links: issue.links.iter().take(LIST_SHOWN_MAX).map(|held| link(held.kind, &held.other)).collect(),
        watchers: issue.watchers.iter().take(LIST_SHOWN_MAX).map(ToString::to_string).collect(),
        comment_count: issue.comments,
        origin: issue.origin.as_ref().map(origin),
        revision: issue.revision,
        ..wire::Issue::default()
    };
    show_triage(issue, &mut shown);
    show_state(&issue.state, &mut shown);
    shown
}

fn show_triage(issue: &Issue, shown: &mut wire::Issue) {
    let Some(triage) = &issue.triage else { return };
    shown.level = level(triage.level).into();
    shown.nature = triage.nature.map_or(wire::Nature::Unspecified, nature).into();
    shown.severity = text(triage.severity.known());
    shown.team = text(triage.team.known());
}

fn show_state(state: &State, shown: &mut wire::Issue) {
    match state {
        State::New { .. } | State::Accepted => {}
        State::Resolved(resolved) => show_resolved(resolved, shown),
        State::Verified(verified) => show_verified(verified, shown),
        State::Closed(closed) => {
            show_verified(&closed.verified, shown);
            shown.closed_at = Some(stamp(closed.at));
            if let (true, Fact::Known(Closing::Released { release, .. })) = (shown.release.is_empty(), &closed.closing)
            {
                shown.release = text(release.as_ref());
            }
        }
        State::Dismissed(dismissed) => {
            shown.closed_at = Some(stamp(dismissed.at));
            shown.dismissal = dismissal(&dismissed.dismissal).into();
            if let Fact::Known(Dismissal::DuplicateOf(root)) = &dismissed.dismissal {
                shown.duplicate_of = other(root);
            }
        }
    }
}

fn show_resolved(resolved: &Resolved, shown: &mut wire::Issue) {
    shown.resolved_at = Some(stamp(resolved.at));
    shown.resolved_by = resolved.by.to_string();
    shown.fix_kind = fix_kind(&resolved.fix).into();
    shown.release = text(resolved.in_production.as_ref());
    if let Some(code) = resolved.fix.known().and_then(Fix::code) {
        shown.changes = code.changes.iter().map(ToString::to_string).collect();
        shown.tests = code.tests.iter().map(ToString::to_string).collect();
    }
    let left = LIST_SHOWN_MAX.saturating_sub(shown.tests.len());
    shown.tests.extend(resolved.tests_added.iter().take(left).map(ToString::to_string));
}

fn show_verified(verified: &Verified, shown: &mut wire::Issue) {
    show_resolved(&verified.resolved, shown);
    shown.verified_at = Some(stamp(verified.at));
    shown.confirmed_by = text(verified.confirmed_by.known());
    shown.self_verified = verified.self_verified;
}

/// The value as text; none is an empty one.
pub(crate) fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn state(state: &State) -> wire::IssueState {
    match state {
        State::New { .. } => wire::IssueState::New,
        State::Accepted => wire::IssueState::Accepted,
        State::Resolved(_) => wire::IssueState::Resolved,
        State::Verified(_) => wire::IssueState::Verified,
        State::Closed(_) => wire::IssueState::Closed,
        State::Dismissed(_) => wire::IssueState::Dismissed,
    }
}

pub(crate) fn level(level: Fact<Level>) -> wire::Level {
    match level {
        Fact::Known(Level::UserError) => wire::Level::UserError,
        Fact::Known(Level::System) => wire::Level::System,
        Fact::Known(Level::CodeOrData) => wire::Level::CodeOrData,
        Fact::NotKnown => wire::Level::NotKnown,
    }
}

pub(crate) fn nature(nature: Nature) -> wire::Nature {
    match nature {
        Nature::Incident => wire::Nature::Incident,
        Nature::Bug => wire::Nature::Bug,
    }
}

pub(crate) fn fix_kind(fix: &Fact<Fix>) -> wire::FixKind {
    match fix {
        Fact::Known(Fix::Code(_)) => wire::FixKind::Code,
        Fact::Known(Fix::Data(_)) => wire::FixKind::Data,
        Fact::Known(Fix::CodeAndData(..)) => wire::FixKind::CodeAndData,
        Fact::Known(Fix::Operation { .. }) => wire::FixKind::Operation,
        Fact::Known(Fix::Explanation { .. }) => wire::FixKind::Explanation,
        Fact::NotKnown => wire::FixKind::NotKnown,
    }
}

pub(crate) fn dismissal(dismissal: &Fact<Dismissal>) -> wire::DismissalReason {
    match dismissal {
        Fact::Known(Dismissal::DuplicateOf(_)) => wire::DismissalReason::Duplicate,
        Fact::Known(Dismissal::CannotReproduce) => wire::DismissalReason::CannotReproduce,
        Fact::Known(Dismissal::NotADefect) => wire::DismissalReason::NotADefect,
        Fact::Known(Dismissal::WontFix) => wire::DismissalReason::WontFix,
        Fact::Known(Dismissal::Withdrawn) => wire::DismissalReason::Withdrawn,
        Fact::Known(Dismissal::NoAnswer) => wire::DismissalReason::NoAnswer,
        Fact::NotKnown => wire::DismissalReason::NotKnown,
    }
}

pub(crate) fn source(source: &Source) -> wire::Source {
    let (raised_by, raised_by_system) = match &source.raised_by {
        RaisedBy::Person(person) => (person.to_string(), String::new()),
        RaisedBy::System(system) => (String::new(), system.to_string()),
        RaisedBy::Nobody => (String::new(), String::new()),
    };
    wire::Source {
        kind: source.kind.known().map(source_kind),
        raised_by,
        raised_by_system,
        reference: text(source.reference.as_ref()),
    }
}

fn source_kind(kind: &SourceKind) -> wire::source::Kind {
    use wire::source::Kind;
    match kind {
        SourceKind::Customer { customer, channel } => {
            let channel = match channel {
                CustomerChannel::Email => wire::CustomerChannel::Email,
                CustomerChannel::Phone => wire::CustomerChannel::Phone,
                CustomerChannel::Chat => wire::CustomerChannel::Chat,
                CustomerChannel::Portal => wire::CustomerChannel::Portal,
            };
            Kind::Customer(wire::CustomerSource { customer: text(customer.as_ref()), channel: channel.into() })
        }
        SourceKind::ProductOwner { channel } => {
            let channel = match channel {
                OwnerChannel::Ticket => wire::OwnerChannel::Ticket,
                OwnerChannel::Verbal => wire::OwnerChannel::Verbal,
            };
            Kind::ProductOwner(wire::ProductOwnerSource { channel: channel.into() })
        }
        SourceKind::Security { advisories, package, affected } => Kind::Security(wire::SecuritySource {
            advisories: advisories.iter().map(ToString::to_string).collect(),
            package: package.to_string(),
            affected: affected.to_string(),
        }),
        SourceKind::System { monitor, fingerprint } => {
            Kind::System(wire::SystemSource { monitor: monitor.to_string(), fingerprint: fingerprint.to_string() })
        }
    }
}

pub(crate) fn report(report: &Report) -> wire::Report {
    wire::Report {
        steps: text(report.steps.as_ref()),
        actual: text(report.actual.as_ref()),
        expected: text(report.expected.as_ref()),
        details: text(report.details.as_ref()),
    }
}

/// The oldest, whole as long as there is room: an answer must not grow with what is asked.
fn questions(open: &[Question]) -> Vec<wire::Question> {
    let mut bytes = 0;
    let shown = open.iter().take(QUESTIONS_SHOWN_MAX).map(|open| {
        let mut shown = question(open);
        bytes += shown.text.len();
        let end = shown.text.char_indices().nth(QUESTION_CUT_CHARS).map(|(end, _)| end);
        if let (true, Some(end)) = (bytes > QUESTIONS_WHOLE_BYTES, end) {
            shown.text.truncate(end);
            shown.text.push_str(" …");
        }
        shown
    });
    shown.collect()
}

fn question(question: &Question) -> wire::Question {
    let (of, person) = asked(&question.of);
    wire::Question {
        number: question.number,
        of: of.into(),
        person,
        text: question.text.to_string(),
        asked_by: question.by.to_string(),
        asked_at: Some(stamp(question.at)),
    }
}

pub(crate) fn link(kind: LinkKind, with: &IssueRef) -> wire::Link {
    let kind = match kind {
        LinkKind::RelatesTo => wire::LinkKind::RelatesTo,
        LinkKind::CausedBy => wire::LinkKind::CausedBy,
        LinkKind::Causes => wire::LinkKind::Causes,
        LinkKind::BlockedBy => wire::LinkKind::BlockedBy,
        LinkKind::Blocks => wire::LinkKind::Blocks,
        LinkKind::DuplicateOf => wire::LinkKind::DuplicateOf,
        LinkKind::DuplicatedBy => wire::LinkKind::DuplicatedBy,
    };
    wire::Link { kind: kind.into(), other: other(with) }
}

/// Of whom, and by which name.
pub(crate) fn asked(of: &Asked) -> (wire::Asked, String) {
    match of {
        Asked::Opener => (wire::Asked::Opener, String::new()),
        Asked::Customer => (wire::Asked::Customer, String::new()),
        Asked::ProductOwner => (wire::Asked::ProductOwner, String::new()),
        Asked::Person(person) => (wire::Asked::Person, person.to_string()),
    }
}

/// A key, or a reference of another system.
pub(crate) fn other(other: &IssueRef) -> String {
    match other {
        IssueRef::Issue { key, .. } => key.to_string(),
        IssueRef::External(reference) => reference.to_string(),
    }
}

/// Where an imported fact comes from.
pub(crate) fn origin(origin: &Origin) -> wire::Origin {
    wire::Origin {
        system: origin.system.to_string(),
        reference: origin.reference.to_string(),
        implied: origin.implied,
        imported_by: origin.imported_by.to_string(),
    }
}

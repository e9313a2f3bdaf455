//! Words for what stands in events.

use std::fmt::Display;

use domain::Fact;
use domain::issue::{Asked, Capacity, Closing, Dismissal, Fix, Level, LinkKind, Nature, RaisedBy, Report, Source};

use crate::issues::show;

pub(super) const NOT_KNOWN: &str = "not known";

pub(super) fn filed_by_whom(source: &Source) -> String {
    match &source.raised_by {
        RaisedBy::Person(person) => format!(", raised by {person}"),
        RaisedBy::System(system) => format!(", raised by {system}"),
        RaisedBy::Nobody => String::new(),
    }
}

pub(super) fn parts(report: &Report) -> String {
    let Report { steps, actual, expected, details } = report;
    let given = [("steps", steps), ("actual", actual), ("expected", expected), ("details", details)];
    list(given.iter().filter(|(_, part)| part.is_some()).map(|(name, _)| name))
}

pub(super) fn numbered(questions: &[u32]) -> String {
    let noun = if questions.len() == 1 { "question" } else { "questions" };
    format!("{noun} {}", list(questions))
}

pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

pub(super) fn list(all: impl IntoIterator<Item: Display>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

pub(super) fn known(fact: &Fact<impl Display>) -> String {
    fact.known().map_or_else(|| NOT_KNOWN.into(), ToString::to_string)
}

pub(super) fn some(value: Option<&impl Display>) -> String {
    value.map_or_else(|| "none".into(), ToString::to_string)
}

pub(super) fn level(fact: Fact<Level>) -> &'static str {
    fact.known().map_or(NOT_KNOWN, |level| level_name(*level))
}

pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::UserError => "1 (user error)",
        Level::System => "2 (system)",
        Level::CodeOrData => "3 (code or data)",
    }
}

pub(super) fn nature(nature: Option<Nature>) -> &'static str {
    match nature {
        Some(Nature::Incident) => "incident",
        Some(Nature::Bug) => "bug",
        None => "none",
    }
}

pub(super) fn whom(asked: &Asked) -> String {
    match asked {
        Asked::Opener => "the opener".into(),
        Asked::Customer => "the customer".into(),
        Asked::ProductOwner => "the product owners".into(),
        Asked::Person(person) => person.to_string(),
    }
}

pub(super) fn as_what(capacity: &Fact<Capacity>) -> String {
    match capacity {
        Fact::NotKnown => format!("in a capacity {NOT_KNOWN}"),
        Fact::Known(Capacity::Opener) => "as opener".into(),
        Fact::Known(Capacity::Customer(customer)) => format!("for customer {customer}"),
        Fact::Known(Capacity::ProductOwner) => "as product owner".into(),
        Fact::Known(Capacity::Delegate { named_by }) => format!("named by {named_by}"),
    }
}

pub(super) fn fix_in_words(fix: &Fact<Fix>) -> String {
    match fix {
        Fact::NotKnown => "a fix that is not known".into(),
        Fact::Known(Fix::Code(code)) => code_in_words(code),
        Fact::Known(Fix::Data(_)) => "a correction of data".into(),
        Fact::Known(Fix::CodeAndData(code, _)) => format!("{} and a correction of data", code_in_words(code)),
        Fact::Known(Fix::Operation { .. }) => "an operation".into(),
        Fact::Known(Fix::Explanation { .. }) => "an explanation".into(),
    }
}

fn code_in_words(code: &domain::issue::CodeFix) -> String {
    let (changes, tests) = (count(code.changes.len(), "change"), count(code.tests.len(), "regression test"));
    format!("{changes} of code with {tests}")
}

pub(super) fn closing_in_words(closing: &Fact<Closing>) -> String {
    match closing {
        Fact::NotKnown => "the evidence is not known".into(),
        Fact::Known(Closing::Confirmed) => "nothing had to be released".into(),
        Fact::Known(Closing::Released { release, reverified_by }) => {
            let (release, by) = (some(release.as_ref()), some(reverified_by.as_ref()));
            format!("in production with release {release}, verified there by {by}")
        }
        Fact::Known(Closing::DataApplied { at, by }) => {
            format!("applied in production at {} by {}", some(at.as_ref()), some(by.as_ref()))
        }
    }
}

pub(super) fn dismissal_in_words(dismissal: &Fact<Dismissal>) -> String {
    match dismissal {
        Fact::NotKnown => "the reason is not known".into(),
        Fact::Known(Dismissal::DuplicateOf(other)) => format!("a duplicate of {}", show::other(other)),
        Fact::Known(Dismissal::CannotReproduce) => "cannot be reproduced".into(),
        Fact::Known(Dismissal::NotADefect) => "not a defect".into(),
        Fact::Known(Dismissal::WontFix) => "will not be fixed".into(),
        Fact::Known(Dismissal::Withdrawn) => "withdrawn".into(),
        Fact::Known(Dismissal::NoAnswer) => "no answer came".into(),
    }
}

pub(super) fn link(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::RelatesTo => "relates to",
        LinkKind::CausedBy => "caused by",
        LinkKind::Causes => "causes",
        LinkKind::BlockedBy => "blocked by",
        LinkKind::Blocks => "blocks",
        LinkKind::DuplicateOf => "duplicate of",
        LinkKind::DuplicatedBy => "duplicated by",
    }
}

pub(super) fn unassigned_too(unassigned: bool) -> &'static str {
    if unassigned { "; nobody is assigned any more" } else { "" }
}

//! The words of an issue, from the contract into the domain.

use api::issues::v1 as wire;
use domain::Fact;
use domain::ids::{ChangeId, CustomerId, IssueKey, Malformed, PersonId, ReleaseId};
use domain::issue::{
    Asked, Closing, CodeFix, CustomerChannel, DataFix, Dismissal, Fix, IssueRef, Level, LinkKind, Nature, OwnerChannel,
    RaisedBy, Report, Source, SourceKind,
};
use domain::text::Text;

use crate::fields::{Faults, short};
use crate::limits::{NAME_CHARS_MAX, REFERENCE_CHARS_MAX};

/// A level that may be given.
pub(crate) fn level(level: wire::Level) -> Option<Level> {
    match level {
        wire::Level::UserError => Some(Level::UserError),
        wire::Level::System => Some(Level::System),
        wire::Level::CodeOrData => Some(Level::CodeOrData),
        wire::Level::Unspecified | wire::Level::NotKnown => None,
    }
}

pub(crate) fn nature(nature: wire::Nature) -> Option<Nature> {
    match nature {
        wire::Nature::Incident => Some(Nature::Incident),
        wire::Nature::Bug => Some(Nature::Bug),
        wire::Nature::Unspecified => None,
    }
}

pub(crate) fn link_kind(kind: wire::LinkKind) -> Option<LinkKind> {
    Some(match kind {
        wire::LinkKind::RelatesTo => LinkKind::RelatesTo,
        wire::LinkKind::CausedBy => LinkKind::CausedBy,
        wire::LinkKind::Causes => LinkKind::Causes,
        wire::LinkKind::BlockedBy => LinkKind::BlockedBy,
        wire::LinkKind::Blocks => LinkKind::Blocks,
        wire::LinkKind::DuplicateOf => LinkKind::DuplicateOf,
        wire::LinkKind::DuplicatedBy => LinkKind::DuplicatedBy,
        wire::LinkKind::Unspecified => return None,
    })
}

/// A report, some parts of which may be left out.
pub(crate) fn report(faults: &mut Faults, field: &str, report: Option<wire::Report>) -> Report {
    let Some(wire::Report { steps, actual, expected, details }) = report else { return Report::default() };
    faults.within(field, |faults| Report {
        steps: faults.optional("steps", &steps, Text::parse),
        actual: faults.optional("actual", &actual, Text::parse),
        expected: faults.optional("expected", &expected, Text::parse),
        details: faults.optional("details", &details, Text::parse),
    })
}

/// A source with its own data. What of it is missing is the domain's to refuse.
pub(crate) fn source(faults: &mut Faults, source: Option<wire::Source>) -> Option<Source> {
    let Some(wire::Source { raised_by, raised_by_system, reference, kind }) = source else {
        faults.add("source", "is required");
        return None;
    };
    faults.within("source", |faults| {
        let person = faults.optional("raised_by", &raised_by, PersonId::parse);
        let system = faults.optional("raised_by_system", &raised_by_system, short(NAME_CHARS_MAX));
        let reference = faults.optional("reference", &reference, short(REFERENCE_CHARS_MAX));
        let raised_by = match (person, system) {
            (Some(_), Some(_)) => {
                faults.add("raised_by_system", "must be left out where raised_by is given");
                None
            }
            (Some(person), None) => Some(RaisedBy::Person(person)),
            (None, Some(system)) => Some(RaisedBy::System(system)),
            (None, None) => Some(RaisedBy::Nobody),
        };
        if kind.is_none() {
            faults.add("kind", "is required: customer, product_owner, security or system");
        }
        let kind = kind.and_then(|kind| source_kind(faults, kind));
        Some(Source { kind: Fact::Known(kind?), raised_by: raised_by?, reference })
    })
}

fn source_kind(faults: &mut Faults, kind: wire::source::Kind) -> Option<SourceKind> {
    use wire::source::Kind;
    match kind {
        Kind::Customer(wire::CustomerSource { customer, channel }) => faults.within("customer", |faults| {
            let customer = faults.optional("customer", &customer, CustomerId::parse);
            let channel = faults.choice("channel", channel, customer_channel)?;
            Some(SourceKind::Customer { customer, channel })
        }),
        Kind::ProductOwner(wire::ProductOwnerSource { channel }) => faults.within("product_owner", |faults| {
            Some(SourceKind::ProductOwner { channel: faults.choice("channel", channel, owner_channel)? })
        }),
        Kind::Security(wire::SecuritySource { advisories, package, affected }) => faults.within("security", |faults| {
            Some(SourceKind::Security {
                advisories: faults.list("advisories", &advisories, short(NAME_CHARS_MAX)),
                package: faults.optional("package", &package, short(REFERENCE_CHARS_MAX)).unwrap_or_default(),
                affected: faults.optional("affected", &affected, short(REFERENCE_CHARS_MAX)).unwrap_or_default(),
            })
        }),
        Kind::System(wire::SystemSource { monitor, fingerprint }) => faults.within("system", |faults| {
            let monitor = faults.required("monitor", &monitor, short(NAME_CHARS_MAX));
            let fingerprint =
                faults.optional("fingerprint", &fingerprint, short(REFERENCE_CHARS_MAX)).unwrap_or_default();
            Some(SourceKind::System { monitor: monitor?, fingerprint })
        }),
    }
}

fn customer_channel(channel: wire::CustomerChannel) -> Option<CustomerChannel> {
    Some(match channel {
        wire::CustomerChannel::Email => CustomerChannel::Email,
        wire::CustomerChannel::Phone => CustomerChannel::Phone,
        wire::CustomerChannel::Chat => CustomerChannel::Chat,
        wire::CustomerChannel::Portal => CustomerChannel::Portal,
        wire::CustomerChannel::Unspecified => return None,
    })
}

fn owner_channel(channel: wire::OwnerChannel) -> Option<OwnerChannel> {
    match channel {
        wire::OwnerChannel::Ticket => Some(OwnerChannel::Ticket),
        wire::OwnerChannel::Verbal => Some(OwnerChannel::Verbal),
        wire::OwnerChannel::Unspecified => None,
    }
}

/// Of whom something is asked: a person has a name, others have none.
pub(crate) fn asked(faults: &mut Faults, of: i32, person: &str) -> Option<Asked> {
    let of = faults.choice("of", of, |of: wire::Asked| (of != wire::Asked::Unspecified).then_some(of))?;
    if of == wire::Asked::Person {
        return faults.required("person", person, PersonId::parse).map(Asked::Person);
    }
    if !person.is_empty() {
        faults.add("person", "must be left out unless `of` is ASKED_PERSON");
    }
    match of {
        wire::Asked::Opener => Some(Asked::Opener),
        wire::Asked::Customer => Some(Asked::Customer),
        wire::Asked::ProductOwner => Some(Asked::ProductOwner),
        wire::Asked::Person | wire::Asked::Unspecified => None,
    }
}

/// What a resolution names. Missing evidence is the domain's to refuse, by name.
pub(crate) fn code_fix(faults: &mut Faults, fix: &wire::CodeFix) -> CodeFix {
    faults.within("code", |faults| CodeFix {
        changes: faults.list("changes", &fix.changes, ChangeId::parse),
        tests: faults.list("tests", &fix.tests, short(REFERENCE_CHARS_MAX)),
        environment: faults.optional("environment", &fix.environment, short(NAME_CHARS_MAX)),
    })
}

fn data_fix(faults: &mut Faults, fix: &wire::DataFix) -> DataFix {
    faults.within("data", |faults| DataFix {
        correction: faults.optional("correction", &fix.correction, short(REFERENCE_CHARS_MAX)),
        tried_in: faults.optional("tried_in", &fix.tried_in, short(NAME_CHARS_MAX)),
    })
}

/// One fix: code and data may stand together, nothing else may. Parses all parts that are there.
pub(crate) fn fix(faults: &mut Faults, message: &wire::ResolveIssueRequest) -> Option<Fix> {
    let code = message.code.as_ref().map(|fix| code_fix(faults, fix));
    let data = message.data.as_ref().map(|fix| data_fix(faults, fix));
    let operation = message.operation.as_ref().map(|fix| {
        faults.within("operation", |faults| Fix::Operation {
            action: faults.optional("action", &fix.action, Text::parse),
        })
    });
    let explanation = message.explanation.as_ref().map(|fix| {
        faults.within("explanation", |faults| Fix::Explanation {
            explanation: faults.optional("explanation", &fix.explanation, Text::parse),
            topic: faults.optional("topic", &fix.topic, short(NAME_CHARS_MAX)),
        })
    });
    match (code, data, operation, explanation) {
        (Some(code), Some(data), None, None) => Some(Fix::CodeAndData(code, data)),
        (Some(code), None, None, None) => Some(Fix::Code(code)),
        (None, Some(data), None, None) => Some(Fix::Data(data)),
        (None, None, Some(operation), None) => Some(operation),
        (None, None, None, Some(explanation)) => Some(explanation),
        (None, None, None, None) => {
            faults.add("code", "is required, or data, or operation, or explanation");
            None
        }
        _ => {
            faults.add("code", "only code and data may stand together");
            None
        }
    }
}

/// The evidence of a closing; neither part: what is needed follows from fix and level.
pub(crate) fn closing(faults: &mut Faults, message: &wire::CloseIssueRequest) -> Option<Fact<Closing>> {
    let released = message.released.as_ref().map(|released| {
        faults.within("released", |faults| Closing::Released {
            release: faults.optional("release", &released.release, ReleaseId::parse),
            reverified_by: faults.optional("reverified_by", &released.reverified_by, PersonId::parse),
        })
    });
    let applied = message.data_applied.as_ref().map(|applied| {
        faults.within("data_applied", |faults| Closing::DataApplied {
            at: faults.time("applied_at", applied.applied_at.as_ref()),
            by: faults.optional("applied_by", &applied.applied_by, PersonId::parse),
        })
    });
    match (released, applied) {
        (Some(_), Some(_)) => {
            faults.add("data_applied", "must be left out where released is given");
            None
        }
        (released, applied) => Some(released.or(applied).map_or(Fact::NotKnown, Fact::Known)),
    }
}

/// Why it is dismissed; a duplicate names the other issue, by its key.
pub(crate) fn dismissal(faults: &mut Faults, message: &wire::DismissIssueRequest) -> Option<Dismissal> {
    use wire::DismissalReason as Why;
    let known = |why| (!matches!(why, Why::Unspecified | Why::NotKnown)).then_some(why);
    let why = faults.choice("dismissal", message.dismissal, known)?;
    if why != Why::Duplicate && !message.duplicate_of.is_empty() {
        faults.add("duplicate_of", "must be left out unless `dismissal` is DISMISSAL_REASON_DUPLICATE");
    }
    Some(match why {
        Why::Duplicate => {
            let other = faults.required("duplicate_of", &message.duplicate_of, IssueKey::parse)?;
            Dismissal::DuplicateOf(super::unsettled(other))
        }
        why => plain_dismissal(why)?,
    })
}

/// A reason that needs nothing beside it.
pub(crate) fn plain_dismissal(why: wire::DismissalReason) -> Option<Dismissal> {
    use wire::DismissalReason as Why;
    match why {
        Why::CannotReproduce => Some(Dismissal::CannotReproduce),
        Why::NotADefect => Some(Dismissal::NotADefect),
        Why::WontFix => Some(Dismissal::WontFix),
        Why::Withdrawn => Some(Dismissal::Withdrawn),
        Why::NoAnswer => Some(Dismissal::NoAnswer),
        Why::Duplicate | Why::Unspecified | Why::NotKnown => None,
    }
}

/// A key, or a reference of another system, which has a colon.
pub(crate) fn other(text: &str) -> Result<IssueRef, Malformed> {
    if text.contains(':') {
        return short(REFERENCE_CHARS_MAX)(text).map(IssueRef::External);
    }
    IssueKey::parse(text).map(super::unsettled).map_err(|_| Malformed::Form {
        expected: "must be a key such as PAY-42, or a reference of another system such as bugzilla:446261",
    })
}

//! What events are made of.

use domain::Origin;
use domain::issue::{
    Asked, Capacity, Closing, CodeFix, CustomerChannel, DataFix, Dismissal, Fix, IssueRef, Level, LinkKind, Nature,
    OwnerChannel, RaisedBy, Report, Source, SourceKind,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::words::{fact, id, issue_id, issue_key, maybe_text, name, names, time};

pub(super) fn origins() -> BoxedStrategy<Origin> {
    (name(), name(), any::<bool>(), id())
        .prop_map(|(system, reference, implied, imported_by)| Origin { system, reference, implied, imported_by })
        .boxed()
}

pub(super) fn level() -> BoxedStrategy<Level> {
    prop_oneof![Just(Level::UserError), Just(Level::System), Just(Level::CodeOrData)].boxed()
}

pub(super) fn nature() -> BoxedStrategy<Nature> {
    prop_oneof![Just(Nature::Incident), Just(Nature::Bug)].boxed()
}

pub(super) fn source() -> BoxedStrategy<Source> {
    let raised_by =
        prop_oneof![id().prop_map(RaisedBy::Person), name().prop_map(RaisedBy::System), Just(RaisedBy::Nobody)];
    (fact(source_kind()), raised_by, of(name()))
        .prop_map(|(kind, raised_by, reference)| Source { kind, raised_by, reference })
        .boxed()
}

fn source_kind() -> BoxedStrategy<SourceKind> {
    let customer_channel = prop_oneof![
        Just(CustomerChannel::Email),
        Just(CustomerChannel::Phone),
        Just(CustomerChannel::Chat),
        Just(CustomerChannel::Portal)
    ];
    let owner_channel = prop_oneof![Just(OwnerChannel::Ticket), Just(OwnerChannel::Verbal)];
    prop_oneof![
        (of(id()), customer_channel).prop_map(|(customer, channel)| SourceKind::Customer { customer, channel }),
        owner_channel.prop_map(|channel| SourceKind::ProductOwner { channel }),
        (names(), name(), name()).prop_map(|(advisories, package, affected)| SourceKind::Security {
            advisories,
            package,
            affected
        }),
        (name(), name()).prop_map(|(monitor, fingerprint)| SourceKind::System { monitor, fingerprint }),
    ]
    .boxed()
}

pub(super) fn report() -> BoxedStrategy<Report> {
    let parts = (maybe_text(), maybe_text(), maybe_text(), maybe_text());
    parts.prop_map(|(steps, actual, expected, details)| Report { steps, actual, expected, details }).boxed()
}

pub(super) fn asked() -> BoxedStrategy<Asked> {
    prop_oneof![Just(Asked::Opener), Just(Asked::Customer), Just(Asked::ProductOwner), id().prop_map(Asked::Person)]
        .boxed()
}

pub(super) fn fix() -> BoxedStrategy<Fix> {
    let code = || {
        (vec(id(), 0..3), names(), of(name())).prop_map(|(changes, tests, environment)| CodeFix {
            changes,
            tests,
            environment,
        })
    };
    let data = || (of(name()), of(name())).prop_map(|(correction, tried_in)| DataFix { correction, tried_in });
    prop_oneof![
        code().prop_map(Fix::Code),
        data().prop_map(Fix::Data),
        (code(), data()).prop_map(|(code, data)| Fix::CodeAndData(code, data)),
        maybe_text().prop_map(|action| Fix::Operation { action }),
        (maybe_text(), of(name())).prop_map(|(explanation, topic)| Fix::Explanation { explanation, topic }),
    ]
    .boxed()
}

pub(super) fn capacity() -> BoxedStrategy<Capacity> {
    prop_oneof![
        Just(Capacity::Opener),
        id().prop_map(Capacity::Customer),
        Just(Capacity::ProductOwner),
        id().prop_map(|named_by| Capacity::Delegate { named_by }),
    ]
    .boxed()
}

pub(super) fn closing() -> BoxedStrategy<Closing> {
    prop_oneof![
        (of(id()), of(id())).prop_map(|(release, reverified_by)| Closing::Released { release, reverified_by }),
        (of(time()), of(id())).prop_map(|(at, by)| Closing::DataApplied { at, by }),
        Just(Closing::Confirmed),
    ]
    .boxed()
}

pub(super) fn dismissal() -> BoxedStrategy<Dismissal> {
    prop_oneof![
        issue_ref().prop_map(Dismissal::DuplicateOf),
        Just(Dismissal::CannotReproduce),
        Just(Dismissal::NotADefect),
        Just(Dismissal::WontFix),
        Just(Dismissal::Withdrawn),
        Just(Dismissal::NoAnswer),
    ]
    .boxed()
}

pub(super) fn issue_ref() -> BoxedStrategy<IssueRef> {
    prop_oneof![
        (issue_id(), issue_key()).prop_map(|(id, key)| IssueRef::Issue { id, key }),
        name().prop_map(IssueRef::External),
    ]
    .boxed()
}

pub(super) fn link_kind() -> BoxedStrategy<LinkKind> {
    prop_oneof![
        Just(LinkKind::RelatesTo),
        Just(LinkKind::CausedBy),
        Just(LinkKind::Causes),
        Just(LinkKind::BlockedBy),
        Just(LinkKind::Blocks),
        Just(LinkKind::DuplicateOf),
        Just(LinkKind::DuplicatedBy),
    ]
    .boxed()
}

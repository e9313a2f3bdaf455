//! Boards as the contract has them.

use std::sync::Arc;

use api::boards::v1::{Card, Group, GroupCount, SourceKind, WaitingOn};
use api::issues::v1::{Asked, IssueState, Level, Nature};
use domain::ids::SeverityId;
use jiff::Timestamp;
use views::board::{self, Party};
use views::issue::{Dimension, Standing};

use crate::fields::stamp;
use crate::issues::show;

/// A card, its ages counted to `now`.
pub(crate) fn card(card: board::Card, now: Timestamp) -> Card {
    let waiting_on = card.waiting_on.iter().map(|party| waiting_on(party, card.opener.as_ref())).collect();
    Card {
        key: card.key.to_string(),
        title: card.title.to_string(),
        severity: text(card.severity),
        level: card.level.map_or(Level::Unspecified, show::level).into(),
        component: text(card.component),
        team: text(card.team),
        assignee: text(card.assignee),
        waiting: card.waiting,
        state_since: Some(stamp(card.state_since)),
        age_in_state: Some(age(card.state_since, now)),
        age: Some(age(card.filed_at, now)),
        imported: card.imported,
        nature: nature(card.nature.as_deref()).into(),
        source: source(card.source.as_deref()).into(),
        waiting_on,
        filed_at: Some(stamp(card.filed_at)),
        changed_at: Some(stamp(card.changed_at)),
    }
}

/// Groups; those by severity in this order, the worst first.
pub(crate) fn groups(mut groups: Vec<board::Group>, by: Option<Dimension>, worst_first: &[SeverityId]) -> Vec<Group> {
    if by == Some(Dimension::Severity) {
        let rank = |group: &board::Group| worst_first.iter().position(|severity| severity.as_str() == &*group.value);
        groups.sort_by_key(|group| rank(group).unwrap_or(worst_first.len()));
    }
    let show = |group: board::Group| Group {
        value: if by == Some(Dimension::Level) { level(&group.value) } else { &group.value }.to_owned(),
        counts: Standing::ALL.into_iter().zip(group.counts).map(group_count).collect(),
    };
    groups.into_iter().map(show).collect()
}

/// Of whom a question is asked, with the person's name where the issue tells it.
pub(crate) fn waiting_on(party: &Party, opener: Option<&Arc<str>>) -> WaitingOn {
    let (asked, person) = match party {
        Party::Opener => (Asked::Opener, opener),
        Party::Customer => (Asked::Customer, None),
        Party::ProductOwner => (Asked::ProductOwner, None),
        Party::Person(person) => (Asked::Person, Some(person)),
    };
    WaitingOn { asked: asked.into(), person: text(person.cloned()) }
}

/// Where an issue stands.
pub(crate) fn state(standing: Standing) -> IssueState {
    match standing {
        Standing::NewUntriaged | Standing::NewTriaged => IssueState::New,
        Standing::Accepted => IssueState::Accepted,
        Standing::Resolved => IssueState::Resolved,
        Standing::Verified => IssueState::Verified,
        Standing::Closed => IssueState::Closed,
        Standing::Dismissed => IssueState::Dismissed,
    }
}

/// The view's word for a source.
pub(crate) fn source(word: Option<&str>) -> SourceKind {
    match word {
        Some("customer") => SourceKind::Customer,
        Some("product_owner") => SourceKind::ProductOwner,
        Some("security") => SourceKind::Security,
        Some("system") => SourceKind::System,
        _ => SourceKind::NotKnown,
    }
}

/// An empty text where there is none.
pub(crate) fn text(text: Option<Arc<str>>) -> String {
    text.map(|text| text.to_string()).unwrap_or_default()
}

/// How long ago it was; of what a clock ahead of ours recorded, no time ago.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> prost_types::Duration {
    let age = now.duration_since(since).max(jiff::SignedDuration::ZERO);
    prost_types::Duration { seconds: age.as_secs(), nanos: age.subsec_nanos() }
}

fn nature(word: Option<&str>) -> Nature {
    match word {
        Some("incident") => Nature::Incident,
        Some("bug") => Nature::Bug,
        _ => Nature::Unspecified,
    }
}

/// A level by its number.
fn level(value: &str) -> &str {
    match value {
        "user_error" => "1",
        "system" => "2",
        "code_or_data" => "3",
        other => other,
    }
}

fn group_count((standing, count): (Standing, board::GroupCount)) -> GroupCount {
    GroupCount {
        state: state(standing).into(),
        triaged: standing == Standing::NewTriaged,
        count: count.issues,
        count_at_least: count.at_least,
    }
}

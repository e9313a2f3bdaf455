//! What was found, as the contract has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::issues::v1::{IssueState, Level, Nature};
use api::search::v1::{FoundIssue, LevelCount, SearchCounts, SimilarIssue, SourceKind, StateCount, ValueCount};
use domain::Fact;
use views::issue::Standing;
use views::search::{Counts, Hit, Offered, SOURCES};

use crate::fields::stamp;
use crate::issues::show;

pub(super) fn issue(hit: Hit) -> FoundIssue {
    FoundIssue {
        key: hit.key.to_string(),
        title: hit.title.to_string(),
        state: state(hit.standing).into(),
        triaged: hit.standing == Standing::NewTriaged,
        severity: text(hit.severity),
        level: level(hit.level).into(),
        nature: hit.nature.map_or(Nature::Unspecified, show::nature).into(),
        component: text(hit.component),
        team: text(hit.team),
        assignee: text(hit.assignee),
        source: source(hit.source.as_deref()).into(),
        filed_at: Some(stamp(hit.filed_at)),
        imported: hit.imported,
    }
}

pub(super) fn counts(counts: Counts) -> SearchCounts {
    let Counts { total, more, states, severities, levels, components, teams } = counts;
    let of_state = |(standing, count)| StateCount {
        state: state(standing).into(),
        triaged: standing == Standing::NewTriaged,
        count,
    };
    let of_level = |(found, count)| LevelCount { level: level(found).into(), count };
    SearchCounts {
        total,
        more,
        states: states.into_iter().map(of_state).collect(),
        severities: values(severities),
        levels: levels.into_iter().map(of_level).collect(),
        components: values(components),
        teams: values(teams),
    }
}

pub(super) fn similar(offered: Offered) -> SimilarIssue {
    SimilarIssue {
        issue: Some(issue(offered.hit)),
        likeness: offered.likeness,
        shared_words: offered.shared.iter().map(ToString::to_string).collect(),
    }
}

fn values(counts: BTreeMap<Option<Arc<str>>, u32>) -> Vec<ValueCount> {
    counts.into_iter().map(|(value, count)| ValueCount { value: text(value), count }).collect()
}

fn state(standing: Standing) -> IssueState {
    match standing {
        Standing::NewUntriaged | Standing::NewTriaged => IssueState::New,
        Standing::Accepted => IssueState::Accepted,
        Standing::Resolved => IssueState::Resolved,
        Standing::Verified => IssueState::Verified,
        Standing::Closed => IssueState::Closed,
        Standing::Dismissed => IssueState::Dismissed,
    }
}

fn level(level: Option<Fact<domain::issue::Level>>) -> Level {
    level.map_or(Level::Unspecified, show::level)
}

fn source(word: Option<&str>) -> SourceKind {
    let kinds = [SourceKind::Customer, SourceKind::ProductOwner, SourceKind::Security, SourceKind::System];
    let found = SOURCES.into_iter().zip(kinds).find(|(source, _)| Some(*source) == word);
    found.map_or(SourceKind::Unspecified, |(_, kind)| kind)
}

fn text(text: Option<Arc<str>>) -> String {
    text.map(|text| text.to_string()).unwrap_or_default()
}

//! A search as the views take it.

use api::issues::v1::{IssueState, Level, Report};
use api::search::v1::{SearchIssuesRequest, SourceKind, SuggestDuplicatesRequest};
use domain::Fact;
use domain::ids::{ComponentId, IssueKey, PersonId, ProjectId, SeverityId, TeamId};
use domain::text::{Text, Title};
use views::issue::Standing;
use views::row::Sought;
use views::search::{self, Filter, Wording};

use crate::fields::Faults;
use crate::issues::parse;
use crate::limits::LIST_ITEMS_MAX;

/// Like what.
pub(super) enum Like {
    /// An issue that is there.
    Issue(IssueKey),
    /// One that is about to be filed.
    Wording(ProjectId, Wording),
}

pub(super) fn sought(faults: &mut Faults, query: &str) -> Option<Sought> {
    if query.trim().is_empty() {
        faults.add("query", "is required");
        return None;
    }
    search::parse(query).map_err(|error| faults.add("query", error.to_string())).ok()
}

pub(super) fn filter(faults: &mut Faults, message: &SearchIssuesRequest) -> Filter {
    let standings = choices(faults, "states", &message.states, standings);
    Filter {
        standings: standings.into_iter().flatten().collect(),
        severities: faults.list("severities", &message.severities, SeverityId::parse),
        levels: choices(faults, "levels", &message.levels, level),
        natures: choices(faults, "natures", &message.natures, parse::nature),
        teams: faults.list("teams", &message.teams, TeamId::parse),
        components: faults.list("components", &message.components, ComponentId::parse),
        assignees: faults.list("assignees", &message.assignees, PersonId::parse),
        sources: choices(faults, "sources", &message.sources, source),
        filed_from: faults.time("filed_from", message.filed_from.as_ref()),
        filed_before: faults.time("filed_before", message.filed_before.as_ref()),
    }
}

pub(super) fn like(faults: &mut Faults, message: &SuggestDuplicatesRequest) -> Option<Like> {
    if !message.key.is_empty() {
        if !message.title.is_empty() || message.report.is_some() {
            faults.add("key", "stands alone: neither title nor report may be given with it");
        }
        return faults.required("key", &message.key, IssueKey::parse).map(Like::Issue);
    }
    let project = faults.required("project", &message.project, ProjectId::parse);
    let title = faults.required("title", &message.title, Title::parse);
    let Report { steps, actual, expected, details } = message.report.clone().unwrap_or_default();
    let mut texts = Vec::new();
    faults.within("report", |faults| {
        for (field, text) in [("steps", steps), ("actual", actual), ("expected", expected), ("details", details)] {
            texts.extend(faults.optional(field, &text, Text::parse));
        }
    });
    let wording = title.map(|title| Wording::of(title.as_str(), texts.iter().map(Text::as_str)));
    project.zip(wording).map(|(project, wording)| Like::Wording(project, wording))
}

fn choices<E: TryFrom<i32>, T>(
    faults: &mut Faults,
    field: &str,
    numbers: &[i32],
    known: impl Fn(E) -> Option<T>,
) -> Vec<T> {
    faults.at_most(field, numbers.len(), LIST_ITEMS_MAX);
    let choice = |(n, number): (usize, &i32)| faults.choice(&format!("{field}[{n}]"), *number, &known);
    numbers.iter().take(LIST_ITEMS_MAX).enumerate().filter_map(choice).collect()
}

fn standings(state: IssueState) -> Option<Vec<Standing>> {
    Some(match state {
        IssueState::New => vec![Standing::NewUntriaged, Standing::NewTriaged],
        IssueState::Accepted => vec![Standing::Accepted],
        IssueState::Resolved => vec![Standing::Resolved],
        IssueState::Verified => vec![Standing::Verified],
        IssueState::Closed => vec![Standing::Closed],
        IssueState::Dismissed => vec![Standing::Dismissed],
        IssueState::Unspecified => return None,
    })
}

fn level(level: Level) -> Option<Fact<domain::issue::Level>> {
    match level {
        Level::NotKnown => Some(Fact::NotKnown),
        level => parse::level(level).map(Fact::Known),
    }
}

fn source(source: SourceKind) -> Option<&'static str> {
    let [customer, product_owner, security, system] = search::SOURCES;
    match source {
        SourceKind::Customer => Some(customer),
        SourceKind::ProductOwner => Some(product_owner),
        SourceKind::Security => Some(security),
        SourceKind::System => Some(system),
        SourceKind::Unspecified => None,
    }
}

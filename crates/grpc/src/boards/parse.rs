//! Which issues a board shows, as the contract asks for them.

use std::sync::Arc;

use api::boards::v1::{BoardFilter, BoardGrouping, BoardOrder, SourceKind};
use api::issues::v1::{self as wire, IssueState};
use domain::ids::{ComponentId, Malformed, PersonId, ProjectId, SeverityId, TeamId};
use views::board::{Filter, Order};
use views::issue::{Dimension, Standing};

use crate::fields::Faults;
use crate::limits::LIST_ITEMS_MAX;
use crate::projects::Names;

/// What boards and their columns are asked for.
pub(crate) struct Asked {
    pub(crate) project: ProjectId,
    pub(crate) filter: Filter,
    /// True: the order needs the project's scheme.
    pub(crate) by_severity: bool,
    order: Order,
}

impl Asked {
    pub(crate) fn of(faults: &mut Faults, project: &str, wanted: Option<&BoardFilter>, order_by: i32) -> Option<Self> {
        let project = faults.required("project", project, ProjectId::parse);
        let filter = wanted.map(|wanted| faults.within("filter", |faults| filter(faults, wanted)));
        let by_severity = order_by == i32::from(BoardOrder::Severity);
        let order = faults.maybe_choice("order_by", order_by, order).unwrap_or_default();
        Some(Self { project: project?, filter: filter.unwrap_or_default(), by_severity, order })
    }

    /// The order, where the project's severities are these.
    pub(crate) fn order(&self, worst_first: &[SeverityId]) -> Order {
        if self.by_severity { Order::Severity(worst_first.to_vec()) } else { self.order.clone() }
    }
}

/// The filter that a message asks for.
pub(crate) fn filter(faults: &mut Faults, wanted: &BoardFilter) -> Filter {
    let severities = ids(faults, "severities", &wanted.severities, |id| SeverityId::parse(id).map(|id| id.shared()));
    let teams = ids(faults, "teams", &wanted.teams, |id| TeamId::parse(id).map(|id| id.shared()));
    let components = ids(faults, "components", &wanted.components, |id| ComponentId::parse(id).map(|id| id.shared()));
    let assignees = ids(faults, "assignees", &wanted.assignees, |id| PersonId::parse(id).map(|id| id.shared()));
    let levels = words(faults, "levels", &wanted.levels, |level: wire::Level| {
        Some(match level {
            wire::Level::Unspecified => "",
            wire::Level::UserError => "user_error",
            wire::Level::System => "system",
            wire::Level::CodeOrData => "code_or_data",
            wire::Level::NotKnown => "not_known",
        })
    });
    let natures = words(faults, "natures", &wanted.natures, |nature: wire::Nature| {
        Some(match nature {
            wire::Nature::Unspecified => "",
            wire::Nature::Incident => "incident",
            wire::Nature::Bug => "bug",
        })
    });
    let waiting_on = words(faults, "waiting_on", &wanted.waiting_on, |asked: wire::Asked| match asked {
        wire::Asked::Unspecified => None,
        wire::Asked::Opener => Some("opener"),
        wire::Asked::Customer => Some("customer"),
        wire::Asked::ProductOwner => Some("product_owner"),
        wire::Asked::Person => Some("person"),
    });
    let sources = words(faults, "sources", &wanted.sources, source);
    let waiting = wanted.waiting.map(|waiting| Arc::from(if waiting { "yes" } else { "no" }));
    Filter::default()
        .only(Dimension::Severity, severities)
        .only(Dimension::Team, teams)
        .only(Dimension::Component, components)
        .only(Dimension::Assignee, assignees)
        .only(Dimension::Level, levels)
        .only(Dimension::Nature, natures)
        .only(Dimension::WaitingOn, waiting_on)
        .only(Dimension::Source, sources)
        .only(Dimension::Waiting, waiting)
}

/// What it names of the project.
pub(crate) fn named(filter: &Filter) -> Names {
    fn of<T>(filter: &Filter, dimension: Dimension, parse: impl Fn(&str) -> Result<T, Malformed>) -> Vec<T> {
        // What stands for none is no id.
        filter.values(dimension).into_iter().flatten().filter_map(|value| parse(value).ok()).collect()
    }
    Names {
        teams: of(filter, Dimension::Team, TeamId::parse),
        components: of(filter, Dimension::Component, ComponentId::parse),
        severities: of(filter, Dimension::Severity, SeverityId::parse),
    }
}

/// Which column.
pub(crate) fn standing(state: IssueState, triaged: bool) -> Option<Standing> {
    match state {
        IssueState::Unspecified => None,
        IssueState::New if triaged => Some(Standing::NewTriaged),
        IssueState::New => Some(Standing::NewUntriaged),
        IssueState::Accepted => Some(Standing::Accepted),
        IssueState::Resolved => Some(Standing::Resolved),
        IssueState::Verified => Some(Standing::Verified),
        IssueState::Closed => Some(Standing::Closed),
        IssueState::Dismissed => Some(Standing::Dismissed),
    }
}

/// By what counts are told apart.
pub(crate) fn grouping(by: BoardGrouping) -> Option<Dimension> {
    match by {
        BoardGrouping::Unspecified => None,
        BoardGrouping::Severity => Some(Dimension::Severity),
        BoardGrouping::Team => Some(Dimension::Team),
        BoardGrouping::Level => Some(Dimension::Level),
        BoardGrouping::Assignee => Some(Dimension::Assignee),
        BoardGrouping::Component => Some(Dimension::Component),
    }
}

/// By severity, the project's scheme is needed besides.
fn order(order: BoardOrder) -> Option<Order> {
    match order {
        BoardOrder::Unspecified => None,
        BoardOrder::StateLongest | BoardOrder::Severity => Some(Order::StateLongest),
        BoardOrder::FiledOldest => Some(Order::FiledOldest),
        BoardOrder::FiledNewest => Some(Order::FiledNewest),
        BoardOrder::ChangedNewest => Some(Order::ChangedNewest),
    }
}

fn source(source: SourceKind) -> Option<&'static str> {
    match source {
        SourceKind::Unspecified => None,
        SourceKind::Customer => Some("customer"),
        SourceKind::ProductOwner => Some("product_owner"),
        SourceKind::Security => Some("security"),
        SourceKind::System => Some("system"),
        SourceKind::NotKnown => Some(""),
    }
}

/// Ids; an empty one stands for none.
fn ids(
    faults: &mut Faults,
    field: &str,
    ids: &[String],
    parse: impl Fn(&str) -> Result<Arc<str>, Malformed>,
) -> Vec<Arc<str>> {
    faults.list(field, ids, |id| if id.is_empty() { Ok(Arc::default()) } else { parse(id) })
}

/// An enum's values as the words of the view.
fn words<E: TryFrom<i32>>(
    faults: &mut Faults,
    field: &str,
    numbers: &[i32],
    word: impl Fn(E) -> Option<&'static str>,
) -> Vec<Arc<str>> {
    faults.at_most(field, numbers.len(), LIST_ITEMS_MAX);
    let mut found = Vec::new();
    for (n, number) in numbers.iter().take(LIST_ITEMS_MAX).enumerate() {
        let known = E::try_from(*number).ok().and_then(&word);
        if known.is_none() {
            faults.add(&format!("{field}[{n}]"), "is none of the values to choose from");
        }
        found.extend(known.map(Arc::from));
    }
    found
}

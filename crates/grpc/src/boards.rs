//! The boards service.

pub(crate) mod parse;
pub(crate) mod show;

use std::sync::Arc;

use api::boards::v1::boards_service_server::BoardsService;
use api::boards::v1::{
    Board, Column, GetBoardRequest, GetBoardResponse, ListColumnRequest, ListColumnResponse, SeverityCount,
};
use api::issues::v1::IssueState;
use commands::{Commands, Environment};
use domain::ids::{ProjectId, SeverityId};
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use views::board::{self, Filter, GetBoard, ListColumn, Order, Plan, Planned, needs_plan};
use views::issue::{Dimension, Standing};

use crate::fields::{Faults, stamp};
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::{CARDS_DEFAULT, CARDS_MAX};
use crate::page::Binding;
use crate::projects;

/// Serves `snaglog.boards.v1.BoardsService`.
pub(crate) struct Boards {
    pub(crate) commands: Arc<Commands>,
    pub(crate) views: Arc<Views>,
    pub(crate) environment: Arc<dyn Environment>,
}

#[tonic::async_trait]
impl BoardsService for Boards {
    async fn get_board(&self, mut request: Request<GetBoardRequest>) -> Result<Response<GetBoardResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        self.get(request.into_inner(), caller.deadline).await.map(Response::new)
    }

    async fn list_column(
        &self,
        mut request: Request<ListColumnRequest>,
    ) -> Result<Response<ListColumnResponse>, Status> {
        let caller = Caller::attached(&mut request)?;
        self.list(request.into_inner(), caller.deadline).await.map(Response::new)
    }
}

impl Boards {
    async fn get(&self, mut message: GetBoardRequest, deadline: Instant) -> Result<GetBoardResponse, Status> {
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let cards = std::mem::take(&mut message.cards_per_column);
        let cards_per_column = faults.page_size("cards_per_column", cards, CARDS_DEFAULT, CARDS_MAX);
        let groups_page_token = std::mem::take(&mut message.groups_page_token);
        let asked = parse::Asked::of(&mut faults, &message.project, message.filter.as_ref(), message.order_by);
        let group_by = faults.maybe_choice("group_by", message.group_by, parse::grouping);
        let asked = faults.finish(asked)?;
        message.project = asked.project.to_string();
        let binding = Binding::of(&message);
        let groups_after: Option<String> = binding.cursor(&groups_page_token)?;
        let by_severity = group_by == Some(Dimension::Severity);
        let scheme = if by_severity || asked.by_severity { self.scheme(&asked.project).await? } else { Vec::new() };
        let order = asked.order(&scheme);
        let planned = self.plan((&asked.project, &asked.filter, &order), group_by, (&at_least, deadline)).await?;
        let query = GetBoard {
            project: asked.project,
            filter: asked.filter,
            order,
            cards_per_column,
            group_by,
            groups_after: groups_after.map(Arc::from),
            planned,
        };
        let (found, consistency_token) = self.views.ask(&query, &query.project, &at_least, deadline).await?;
        if found.columns.iter().all(|column| column.count == 0) {
            projects::must_have(&self.commands, &query.project, parse::named(&query.filter)).await?;
        }
        let last = found.groups.groups.last().filter(|_| found.groups.more);
        let next_groups_page_token = last.map(|last| binding.token(&last.value)).transpose()?.unwrap_or_default();
        let as_of = self.environment.now();
        let column = |found| column(found, as_of, &message);
        let columns = found.columns.into_iter().map(column).collect::<Result<_, _>>()?;
        let groups = show::groups(found.groups.groups, group_by, &scheme);
        let board = Board {
            project: query.project.to_string(),
            as_of: Some(stamp(as_of)),
            columns,
            groups,
            next_groups_page_token,
        };
        Ok(GetBoardResponse { board: Some(board), consistency_token })
    }

    async fn list(&self, mut message: ListColumnRequest, deadline: Instant) -> Result<ListColumnResponse, Status> {
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let size = std::mem::take(&mut message.page_size);
        let cards = faults.page_size("page_size", size, CARDS_DEFAULT, CARDS_MAX);
        let page_token = std::mem::take(&mut message.page_token);
        let asked = parse::Asked::of(&mut faults, &message.project, message.filter.as_ref(), message.order_by);
        let standing = faults.choice("state", message.state, |state| parse::standing(state, message.triaged));
        let (asked, standing) = faults.finish(asked.zip(standing))?;
        message.project = asked.project.to_string();
        let binding = Binding::of(&column_of(&message, message.state, message.triaged));
        let after = binding.cursor(&page_token)?;
        let scheme = if asked.by_severity { self.scheme(&asked.project).await? } else { Vec::new() };
        let order = asked.order(&scheme);
        let planned = self.plan((&asked.project, &asked.filter, &order), None, (&at_least, deadline)).await?;
        let query = ListColumn { project: asked.project, standing, filter: asked.filter, order, after, cards, planned };
        let (found, consistency_token) = self.views.ask(&query, &query.project, &at_least, deadline).await?;
        if found.cards.is_empty() && page_token.is_empty() {
            projects::must_have(&self.commands, &query.project, parse::named(&query.filter)).await?;
        }
        let as_of = self.environment.now();
        Ok(ListColumnResponse {
            cards: found.cards.into_iter().map(|card| show::card(card, as_of)).collect(),
            as_of: Some(stamp(as_of)),
            next_page_token: found.next.map(|place| binding.token(&place)).transpose()?.unwrap_or_default(),
            consistency_token,
        })
    }

    /// The severities of the project's scheme, the worst first.
    async fn scheme(&self, project: &ProjectId) -> Result<Vec<SeverityId>, Status> {
        let found = projects::find(&self.commands, project).await?;
        Ok(found.state.scheme.severities.iter().map(|severity| severity.id.clone()).collect())
    }

    async fn plan(
        &self,
        (project, filter, order): (&ProjectId, &Filter, &Order),
        group_by: Option<Dimension>,
        (at_least, deadline): (&AtLeast, Instant),
    ) -> Result<Planned, Status> {
        if !needs_plan(filter, order, group_by) {
            return Ok(Planned::default());
        }
        let plan = Plan { project: project.clone(), filter: filter.clone() };
        Ok(self.views.ask(&plan, project, at_least, deadline).await?.0)
    }
}

/// What a column's page tokens are bound to, wherever the first page came from.
fn column_of(message: &ListColumnRequest, state: i32, triaged: bool) -> ListColumnRequest {
    ListColumnRequest {
        project: message.project.clone(),
        state,
        triaged: triaged && state == i32::from(IssueState::New),
        filter: message.filter.clone().filter(|filter| *filter != Default::default()),
        order_by: message.order_by,
        ..ListColumnRequest::default()
    }
}

fn column(column: board::Column, now: jiff::Timestamp, board: &GetBoardRequest) -> Result<Column, Status> {
    let state: i32 = show::state(column.standing).into();
    let triaged = column.standing == Standing::NewTriaged;
    let asked = ListColumnRequest {
        project: board.project.clone(),
        filter: board.filter.clone(),
        order_by: board.order_by,
        ..ListColumnRequest::default()
    };
    let binding = || Binding::of(&column_of(&asked, state, triaged));
    let severity = |(severity, count): (Option<Arc<str>>, u64)| SeverityCount { severity: show::text(severity), count };
    Ok(Column {
        state,
        triaged,
        count: column.count,
        severities: column.severities.into_iter().map(severity).collect(),
        cards: column.cards.into_iter().map(|found| show::card(found, now)).collect(),
        count_at_least: column.count_at_least,
        next_page_token: column.next.map(|place| binding().token(&place)).transpose()?.unwrap_or_default(),
    })
}

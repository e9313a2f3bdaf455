//! The boards service.

use std::sync::Arc;

use api::boards::v1::boards_service_server::BoardsService;
use api::boards::v1::{Board, Card, Column, GetBoardRequest, GetBoardResponse, SeverityCount};
use api::issues::v1::{IssueState, Level};
use commands::{Commands, Environment};
use domain::ids::ProjectId;
use jiff::Timestamp;
use tonic::{Request, Response, Status};
use views::board;
use views::issue::Standing;

use crate::fields::{Faults, stamp};
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::issues::show;
use crate::limits::{CARDS_DEFAULT, CARDS_MAX};
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
        let message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.as_ref())?;
        let project = faults.required("project", &message.project, ProjectId::parse);
        let cards_per_column = faults.page_size("cards_per_column", message.cards_per_column, CARDS_DEFAULT, CARDS_MAX);
        let project = faults.finish(project)?;
        let query = board::GetBoard { project, cards_per_column };
        let (found, consistency_token) = self.views.ask(&query, &query.project, &at_least, caller.deadline).await?;
        if found.columns.iter().all(|column| column.count == 0) {
            projects::must_exist(&self.commands, &query.project).await?;
        }
        let as_of = self.environment.now();
        let columns = found.columns.into_iter().map(|found| column(found, as_of)).collect();
        let board = Board { project: query.project.to_string(), as_of: Some(stamp(as_of)), columns };
        Ok(Response::new(GetBoardResponse { board: Some(board), consistency_token }))
    }
}

fn column(column: board::Column, now: Timestamp) -> Column {
    let severity = |(severity, count): (Option<Arc<str>>, u64)| SeverityCount { severity: text(severity), count };
    Column {
        state: state(column.standing).into(),
        triaged: column.standing == Standing::NewTriaged,
        count: column.count,
        severities: column.severities.into_iter().map(severity).collect(),
        cards: column.cards.into_iter().map(|found| card(found, now)).collect(),
    }
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

fn card(card: board::Card, now: Timestamp) -> Card {
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
    }
}

fn text(text: Option<Arc<str>>) -> String {
    text.map(|text| text.to_string()).unwrap_or_default()
}

/// How long ago it was; of what a clock ahead of ours recorded, no time ago.
fn age(since: Timestamp, now: Timestamp) -> prost_types::Duration {
    let age = now.duration_since(since).max(jiff::SignedDuration::ZERO);
    prost_types::Duration { seconds: age.as_secs(), nanos: age.subsec_nanos() }
}

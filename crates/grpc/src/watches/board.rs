//! Watching a board.

use std::sync::Arc;

use api::boards::v1::SeverityCount;
use api::issues::v1::IssueState;
use api::watches::v1::{ColumnCount, WatchBoardRequest, WatchBoardResponse, WatchedCard};
use commands::Environment;
use domain::ids::ProjectId;
use futures::stream::BoxStream;
use prost::Message as _;
use tonic::{Request, Response, Status};
use views::board::{Card, Counts, Filter};
use views::issue::{ISSUE, SCHEMA, Standing};
use views::row::{Condition, Key, Row, RowError, Select, Value};
use views::table::Direction;
use watch::Scope;

use super::stream::Tell;
use super::{Asked, Watches, token};
use crate::boards::{parse, show};
use crate::fields::{Faults, stamp};
use crate::freshness::AtLeast;
use crate::identity::Caller;
use crate::issues::queries::standings;
use crate::limits::{LIST_ITEMS_MAX, WATCH_PAGE_ROWS};
use crate::page::Binding;
use crate::projects;

/// Where nothing else is asked for, a board is watched for what is to be done.
const OPEN: [Standing; 5] =
    [Standing::NewUntriaged, Standing::NewTriaged, Standing::Accepted, Standing::Resolved, Standing::Verified];

impl Watches {
    pub(super) async fn board(
        &self,
        mut request: Request<WatchBoardRequest>,
    ) -> Result<Response<BoxStream<'static, Result<WatchBoardResponse, Status>>>, Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let at_least = AtLeast::parse(&mut faults, message.consistency.take().as_ref())?;
        let resume = std::mem::take(&mut message.resume_token);
        let project = faults.required("project", &message.project, ProjectId::parse);
        let filter = message.filter.as_ref();
        let filter = filter.map(|filter| faults.within("filter", |faults| parse::filter(faults, filter)));
        let filter = filter.unwrap_or_default();
        let standings = states(&mut faults, &message.states);
        let project = faults.finish(project)?;
        message.project = project.to_string();
        let binding = Binding::of(&message);
        let resume = token::place(&binding, &resume)?;
        let asked = Asked { view: SCHEMA.id(), project: &project, at_least, resume, deadline: caller.deadline };
        let start = self.begin(asked).await?;
        projects::must_have(&self.commands, &project, parse::named(&filter)).await?;
        let counts = Counts::of(&project, &filter);
        let scope = Scope {
            view: SCHEMA.id(),
            table: &ISSUE,
            partition: self.log.identity().partition_of(project.as_str()),
            project: project.shared(),
            among: Vec::new(),
            snapshot: standings.iter().flat_map(|standing| column(&project, *standing, &filter)).collect(),
            beside: counts.as_ref().map(Counts::select),
            filter: Arc::new(Shown { standings, filter }),
        };
        self.open(scope, start, binding, Cards { project, counts, environment: Arc::clone(&self.environment) })
    }
}

fn states(faults: &mut Faults, states: &[i32]) -> Vec<Standing> {
    faults.at_most("states", states.len(), LIST_ITEMS_MAX);
    let mut found = Vec::new();
    for (n, state) in states.iter().take(LIST_ITEMS_MAX).enumerate() {
        found.extend(faults.choice(&format!("states[{n}]"), *state, standings).into_iter().flatten());
    }
    if states.is_empty() {
        found.extend(OPEN);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The issues of a state: ranges of an index.
fn column(project: &ProjectId, standing: Standing, filter: &Filter) -> Vec<Select> {
    let range = |narrowed| {
        let select = Select::from(&ISSUE, WATCH_PAGE_ROWS)
            .filter(Condition::Equal("project", project.as_str().into()))
            .filter(Condition::Equal("state", standing.word().into()));
        let select = if let Some(narrowed) = narrowed { select.filter(narrowed) } else { select };
        select.order("state_since", Direction::Asc)
    };
    filter.ranges().into_iter().map(range).collect()
}

/// Which rows are on the board.
struct Shown {
    standings: Vec<Standing>,
    filter: Filter,
}

impl watch::Filter for Shown {
    fn wants(&self, row: &Row) -> Result<bool, RowError> {
        let card = Card::read(row)?;
        Ok(self.standings.contains(&card.standing) && self.filter.shows(&card))
    }
}

/// Rows as cards.
struct Cards {
    project: ProjectId,
    /// How what is told beside is read.
    counts: Option<Counts>,
    environment: Arc<dyn Environment>,
}

impl Tell for Cards {
    type Message = WatchBoardResponse;

    fn begin(&self, fresh: bool) -> WatchBoardResponse {
        WatchBoardResponse { snapshot: fresh, as_of: Some(stamp(self.environment.now())), ..Default::default() }
    }

    fn row(&self, message: &mut WatchBoardResponse, row: &Row) -> Result<usize, RowError> {
        let card = Card::read(row)?;
        let (state, triaged) = place(card.standing);
        let revision = row.get("revision")?;
        let shown = show::card(card, self.environment.now());
        let shown = WatchedCard { state, triaged, card: Some(shown), revision };
        let bytes = shown.encoded_len();
        message.cards.push(shown);
        Ok(bytes)
    }

    fn removed(&self, message: &mut WatchBoardResponse, key: &Key) -> Result<usize, RowError> {
        if let [_, Value::Integer(ordinal)] = key.values() {
            message.removed.push(format!("{}-{ordinal}", self.project));
        }
        Ok(message.removed.last().map_or(0, String::len))
    }

    fn beside(&self, message: &mut WatchBoardResponse, rows: &[Row]) -> Result<(), RowError> {
        let Some(counts) = &self.counts else { return Ok(()) };
        for found in counts.read(rows)? {
            let (state, triaged) = place(found.standing);
            let severity = |(severity, count)| SeverityCount { severity: show::text(severity), count };
            let severities = found.severities.into_iter().map(severity).collect();
            message.counts.push(ColumnCount { state, triaged, count: found.issues, severities });
        }
        Ok(())
    }

    fn place(&self, message: &mut WatchBoardResponse, resume_token: String, consistency_token: String) {
        message.resume_token = resume_token;
        message.consistency_token = consistency_token;
    }
}

/// A column, as the contract names it.
fn place(standing: Standing) -> (i32, bool) {
    let state = show::state(standing);
    (state.into(), state == IssueState::New && standing == Standing::NewTriaged)
}

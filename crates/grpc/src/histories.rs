//! The history service: what happened, recomputed from the log.

pub(crate) mod story;

use std::sync::Arc;

use api::errors::v1::Reason;
use api::history::v1::history_service_server::HistoryService;
use api::history::v1::{
    Event, GetIssueAsOfRequest, GetIssueAsOfResponse, ListEventsRequest, ListEventsResponse,
    get_issue_as_of_request as as_of_request, list_events_request as list_request,
};
use domain::StreamRef;
use domain::ids::IssueKey;
use domain::issue::IssueEvent;
use event_log::{EventLog, Leaf};
use history::{AsOf, Cut, Entry, History, HistoryError};
use prost::Message as _;
use tonic::{Request, Response, Status};

use crate::fields::{Faults, stamp};
use crate::issues::{show, subject};
use crate::limits::{PAGE_BYTES_MAX, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use crate::page::Binding;
use crate::status;
use crate::token::{Place, Token};

/// Serves `snaglog.history.v1.HistoryService`.
pub(crate) struct Histories {
    pub(crate) history: History,
    pub(crate) log: Arc<dyn EventLog>,
}

#[tonic::async_trait]
impl HistoryService for Histories {
    async fn list_events(&self, request: Request<ListEventsRequest>) -> Result<Response<ListEventsResponse>, Status> {
        let mut message = request.into_inner();
        let mut faults = Faults::default();
        let page_token = std::mem::take(&mut message.page_token);
        let size = std::mem::take(&mut message.page_size);
        let size = faults.page_size("page_size", size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let as_of = message.as_of.and_then(|as_of| match as_of {
            list_request::AsOf::AsOfTime(time) => faults.time("as_of_time", Some(&time)).map(AsOf::RecordedAt),
            list_request::AsOf::AsOfRevision(revision) => Some(AsOf::Revision(revision)),
        });
        let key = faults.required("key", &message.key, IssueKey::parse);
        let key = faults.finish(key)?;
        message.key = key.to_string();
        let binding = Binding::of(&message);
        let after: u64 = binding.cursor(&page_token)?.unwrap_or_default();

        let stream = self.stream(&key).await?;
        let page = self.history.page::<IssueEvent>(&stream, after, size as usize, as_of).await;
        let page = page.map_err(|error| history_error(&error, &key))?;
        let mut events = Vec::with_capacity(page.entries.len());
        let mut bytes = 0;
        for entry in &page.entries {
            let event = event(entry);
            bytes += event.encoded_len();
            if bytes > PAGE_BYTES_MAX && !events.is_empty() {
                break;
            }
            events.push(event);
        }
        let last = events.len().checked_sub(1).map(|last| &page.entries[last]);
        let more = !page.end || events.len() < page.entries.len();
        let next = last.filter(|_| more).map(|last| binding.token(&last.recorded.revision));
        let shown = last.map(|last| (last.partition, last.recorded.position, last.leaf));
        let consistency_token = token(&stream, shown);
        Ok(Response::new(ListEventsResponse {
            events,
            next_page_token: next.transpose()?.unwrap_or_default(),
            consistency_token,
        }))
    }

    async fn get_issue_as_of(
        &self,
        request: Request<GetIssueAsOfRequest>,
    ) -> Result<Response<GetIssueAsOfResponse>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let key = faults.required("key", &message.key, IssueKey::parse);
        let as_of = message.as_of.and_then(|as_of| match as_of {
            as_of_request::AsOf::AsOfTime(time) => faults.time("as_of_time", Some(&time)).map(AsOf::RecordedAt),
            as_of_request::AsOf::AsOfRevision(revision) => Some(AsOf::Revision(revision)),
        });
        let at = faults.time("at", message.at.as_ref());
        let key = faults.finish(key)?;
        let stream = self.stream(&key).await?;
        let then = self.history.issue_as_of(&stream, Cut { as_of, at }).await;
        let then = then.map_err(|error| history_error(&error, &key))?;
        let none_yet = || status::not_found(Reason::NoSuchIssue, &subject(&key), "there was no such issue then");
        let then = then.ok_or_else(none_yet)?;
        let consistency_token = token(&stream, Some((then.partition, then.position, then.leaf)));
        Ok(Response::new(GetIssueAsOfResponse { issue: Some(show::issue(&then.issue)), consistency_token }))
    }
}

impl Histories {
    /// The issue's stream, once all is readable that was acknowledged before.
    async fn stream(&self, key: &IssueKey) -> Result<StreamRef, Status> {
        let partition = self.log.identity().partition_of(key.project.as_str());
        self.log.barrier(partition).await.map_err(|error| status::log_error(&error))?;
        self.history.find_issue(key).await.map_err(|error| history_error(&error, key))
    }
}

fn history_error(error: &HistoryError, key: &IssueKey) -> Status {
    match error {
        HistoryError::NotFound { .. } => {
            status::not_found(Reason::NoSuchIssue, &subject(key), "there is no such issue")
        }
        HistoryError::Log { .. } | HistoryError::Decode(_) => history_problem(error),
    }
}

/// A history that should be there can't be read.
pub(crate) fn history_problem(error: &HistoryError) -> Status {
    match error {
        HistoryError::Log { what: _, source } => status::log_error(source),
        HistoryError::Decode(problem) => status::unreadable(&"history", problem, problem.is_upgrade_needed()),
        HistoryError::NotFound { .. } => status::internal(error),
    }
}

/// What shows this much of the stream; nothing, where nothing was known.
fn token(stream: &StreamRef, shown: Option<(u32, u64, Leaf)>) -> String {
    let places = shown.map(|(partition, position, leaf)| Place::new(partition, position, &leaf));
    Token { places: places.into_iter().collect(), stream: Some(stream.clone()) }.encode()
}

fn event(entry: &Entry<IssueEvent>) -> Event {
    let recorded = &entry.recorded;
    Event {
        revision: recorded.revision,
        id: entry.event_id.to_string(),
        r#type: entry.event_type.to_string(),
        summary: story::summary(&recorded.event),
        details: story::details(&recorded.event),
        actor: recorded.actor.to_string(),
        occurred_at: Some(stamp(recorded.occurred_at)),
        recorded_at: Some(stamp(recorded.recorded_at)),
        request_id: entry.request_id.to_string(),
        origin: recorded.origin.as_ref().map(show::origin),
        partition: entry.partition,
        position: recorded.position,
        leaf: entry.leaf.to_vec().into(),
    }
}

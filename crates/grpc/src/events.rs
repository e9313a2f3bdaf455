//! The events service: what happened, for other services, from any position on.
//!
//! A subscription has no queue: it reads the log by position, a page at a time, when its connection takes more. So a slow one holds a
//! page and slows nobody, and none ever falls behind what is kept: the log keeps everything.

mod cloud;
mod feed;
mod payload;
mod show;
mod token;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::errors::v1::Reason;
use api::events::v1::events_service_server::EventsService;
use api::events::v1::{EventFormat, Start, SubscribeEventsRequest, SubscribeEventsResponse};
use domain::ids::{Malformed, ProjectId};
use event_log::EventLog;
use futures::stream::{BoxStream, StreamExt as _};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

use crate::fields::Faults;
use crate::limits::SUBSCRIBERS_MAX;
use crate::status;
use crate::token::Place;
use feed::{Cursor, Feed, Wanted};

/// Serves `snaglog.events.v1.EventsService`.
pub(crate) struct Events {
    log: Arc<dyn EventLog>,
    /// Cancelled: the server ends.
    over: CancellationToken,
    bookmark_every: Duration,
    /// One permit for each subscription.
    room: Arc<Semaphore>,
}

/// A request, parsed.
struct Asked {
    places: Option<Vec<Place>>,
    start: Start,
    wanted: Wanted,
    format: EventFormat,
}

#[tonic::async_trait]
impl EventsService for Events {
    type SubscribeEventsStream = BoxStream<'static, Result<SubscribeEventsResponse, Status>>;

    async fn subscribe_events(
        &self,
        request: Request<SubscribeEventsRequest>,
    ) -> Result<Response<Self::SubscribeEventsStream>, Status> {
        let asked = parse(&request.into_inner())?;
        let permit = Arc::clone(&self.room).try_acquire_owned().map_err(|_| status::overloaded())?;
        let cursors = self.cursors(&asked).await?;
        let feed = Feed::new(Arc::clone(&self.log), cursors, asked.wanted, asked.format)
            .bookmarked_every(self.bookmark_every)
            .until(self.over.clone());
        let messages = futures::stream::unfold((Some(feed), permit), |(feed, permit)| async move {
            let mut feed = feed?;
            let message = feed.next().await;
            let goes_on = message.is_ok().then_some(feed);
            Some((message, (goes_on, permit)))
        });
        Ok(Response::new(messages.boxed()))
    }
}

impl Events {
    /// `over`: cancelled when the server ends.
    pub(crate) fn new(log: Arc<dyn EventLog>, over: CancellationToken, bookmark_every: Duration) -> Self {
        Self { log, over, bookmark_every, room: Arc::new(Semaphore::new(SUBSCRIBERS_MAX)) }
    }

    /// Where to begin in each partition that is wanted.
    async fn cursors(&self, asked: &Asked) -> Result<Vec<Cursor>, Status> {
        let identity = self.log.identity();
        let wanted: BTreeSet<u32> = if asked.wanted.projects.is_empty() {
            (0..identity.partitions).collect()
        } else {
            asked.wanted.projects.iter().map(|project| identity.partition_of(project.as_str())).collect()
        };
        let mut cursors = Vec::with_capacity(wanted.len());
        for partition in wanted {
            let place = match &asked.places {
                Some(places) => {
                    let found = places.iter().find(|place| place.partition == partition);
                    let place = *found.ok_or_else(invalid_token)?;
                    self.check(&place).await?;
                    place
                }
                None if asked.start == Start::Latest => self.end_of(partition).await?,
                None => Place { partition, position: 0, leaf: [0; 8] },
            };
            cursors.push(Cursor::new(place, self.log.head(partition)));
        }
        Ok(cursors)
    }

    /// The last record, once all is readable that was acknowledged before.
    async fn end_of(&self, partition: u32) -> Result<Place, Status> {
        let head = self.log.barrier(partition).await.map_err(|error| status::log_error(&error))?;
        Ok(self.place(partition, head).await?.unwrap_or(Place { partition, position: 0, leaf: [0; 8] }))
    }

    /// Is the place one of this log? A node that trails the one that gave the token reads up first.
    async fn check(&self, place: &Place) -> Result<(), Status> {
        if place.position == 0 {
            return Ok(());
        }
        let mut found = self.place(place.partition, place.position).await?;
        if found.is_none() {
            self.log.barrier(place.partition).await.map_err(|error| status::log_error(&error))?;
            found = self.place(place.partition, place.position).await?;
        }
        if found == Some(*place) { Ok(()) } else { Err(invalid_token()) }
    }

    async fn place(&self, partition: u32, position: u64) -> Result<Option<Place>, Status> {
        let Some(before) = position.checked_sub(1) else { return Ok(None) };
        let page = self.log.read_partition(partition, before, 1).await.map_err(|error| status::log_error(&error))?;
        let record = page.records.first().filter(|record| record.position == position);
        Ok(record.map(|record| Place::new(partition, position, &record.leaf)))
    }
}

fn parse(request: &SubscribeEventsRequest) -> Result<Asked, Status> {
    let mut faults = Faults::default();
    let places = match request.token.as_str() {
        "" => None,
        token => Some(token::decode(token).ok_or_else(invalid_token)?),
    };
    let start = faults.maybe_choice("start", request.start, Some).unwrap_or(Start::Beginning);
    let format = faults.maybe_choice("format", request.format, Some).unwrap_or(EventFormat::Event);
    let projects = faults.list("projects", &request.projects, ProjectId::parse);
    let types = faults.list("types", &request.types, known_type);
    let wanted = Wanted { projects: projects.into_iter().collect(), types: types.into_iter().collect() };
    faults.finish(Some(Asked { places, start, wanted, format }))
}

/// An event type by its name.
fn known_type(name: &str) -> Result<&'static str, Malformed> {
    let known = history::event_types().map(|(_, name, _)| name).find(|known| *known == name);
    known.ok_or(Malformed::Form { expected: "must be an event's type, such as IssueFiled" })
}

fn invalid_token() -> Status {
    let message = "the token is not of this log and these projects; begin again without one";
    status::error(Code::InvalidArgument, Reason::EventTokenInvalid, message)
}

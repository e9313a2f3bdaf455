//! One subscription: where it stands, and what it sends next.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::events::v1::subscribe_events_response::Message;
use api::events::v1::{Bookmark, EventFormat, SubscribeEventsResponse};
use domain::ids::ProjectId;
use event_log::{EventLog, Header};
use futures::FutureExt as _;
use futures::future::select_all;
use history::{FeedRecord, HistoryError, feed_page};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{cloud, show, token};
use crate::endless::shutting_down;
use crate::limits::FEED_PAGE_EVENTS;
use crate::status;
use crate::token::{Place, Token};

/// What a subscriber wants; an empty set: all.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) projects: BTreeSet<ProjectId>,
    pub(super) types: BTreeSet<&'static str>,
}

/// Where a subscription stands in a partition.
#[derive(Debug)]
pub(super) struct Cursor {
    place: Place,
    head: watch::Receiver<u64>,
}

/// A subscription.
pub(super) struct Feed {
    log: Arc<dyn EventLog>,
    cursors: Vec<Cursor>,
    wanted: Wanted,
    format: EventFormat,
    bookmark_every: Duration,
    over: CancellationToken,
    /// What was read and not yet sent.
    page: Page,
    /// The cursor that is read next, so that none waits for ever for another.
    turn: usize,
    /// When something was sent last.
    sent: Instant,
    /// Whether it was told that nothing follows, since something did.
    told_end: bool,
}

/// A page of one partition.
#[derive(Default)]
struct Page {
    cursor: usize,
    records: std::vec::IntoIter<FeedRecord>,
    /// Where the cursor stands once all of them are sent.
    last: Option<Place>,
}

impl Wanted {
    fn wants(&self, header: &Header) -> bool {
        let of_project = || self.projects.iter().any(|project| project.as_str() == &*header.stream.project);
        (self.projects.is_empty() || of_project())
            && (self.types.is_empty() || self.types.contains(&*header.event_type))
    }
}

impl Cursor {
    pub(super) fn new(place: Place, head: watch::Receiver<u64>) -> Self {
        Self { place, head }
    }

    fn is_behind(&mut self) -> bool {
        *self.head.borrow_and_update() > self.place.position
    }
}

impl Feed {
    pub(super) fn new(log: Arc<dyn EventLog>, cursors: Vec<Cursor>, wanted: Wanted, format: EventFormat) -> Self {
        Self {
            log,
            cursors,
            wanted,
            format,
            bookmark_every: Duration::MAX,
            over: CancellationToken::new(),
            page: Page::default(),
            turn: 0,
            sent: Instant::now(),
            told_end: false,
        }
    }

    /// A bookmark is sent where nothing else was for so long.
    pub(super) fn bookmarked_every(self, bookmark_every: Duration) -> Self {
        Self { bookmark_every, ..self }
    }

    /// It ends once this is cancelled.
    pub(super) fn until(self, over: CancellationToken) -> Self {
        Self { over, ..self }
    }

    /// What is sent next; an error ends the subscription.
    pub(super) async fn next(&mut self) -> Result<SubscribeEventsResponse, Status> {
        loop {
            if self.over.is_cancelled() {
                return Err(shutting_down());
            }
            if let Some(record) = self.page.records.next() {
                return self.tell(&record);
            }
            if let Some(place) = self.page.last.take() {
                self.cursors[self.page.cursor].place = place;
            }
            match self.behind() {
                Some(cursor) => self.read(cursor).await?,
                None if !self.told_end => {
                    self.told_end = true;
                    return Ok(self.bookmark(true));
                }
                None => {
                    if let Some(trouble) = self.log.trouble().borrow().as_ref() {
                        return Err(status::log_error(trouble));
                    }
                    if !self.wait().await {
                        return Ok(self.bookmark(true));
                    }
                    continue;
                }
            }
            if self.sent.elapsed() >= self.bookmark_every {
                return Ok(self.bookmark(false));
            }
        }
    }

    /// A partition of which there is more, each in its turn.
    fn behind(&mut self) -> Option<usize> {
        let count = self.cursors.len();
        let found = (0..count).map(|n| (self.turn + n) % count).find(|&cursor| self.cursors[cursor].is_behind())?;
        self.turn = found + 1;
        Some(found)
    }

    async fn read(&mut self, cursor: usize) -> Result<(), Status> {
        let Place { partition, position, .. } = self.cursors[cursor].place;
        let wants = |header: &Header| self.wanted.wants(header);
        let page = feed_page(&*self.log, partition, position, FEED_PAGE_EVENTS, wants).await;
        let page = page.map_err(|error| match error {
            HistoryError::Log { what: _, source } => status::log_error(&source),
            other => status::internal(&other),
        })?;
        let ahead = || status::internal(&"the log's head is ahead of what can be read");
        let (position, leaf) = page.last.ok_or_else(ahead)?;
        let last = Some(Place::new(partition, position, &leaf));
        self.page = Page { cursor, records: page.records.into_iter(), last };
        Ok(())
    }

    /// The record's message. One that a newer build wrote ends the subscription instead: a server of that build tells it.
    fn tell(&mut self, record: &FeedRecord) -> Result<SubscribeEventsResponse, Status> {
        let place = Place::new(record.partition, record.position, &record.leaf);
        let message = match &record.event {
            Ok(recorded) => {
                let event = show::event(record, recorded);
                match self.format {
                    EventFormat::Cloudevents => Message::CloudEvent(cloud::event(&event)),
                    EventFormat::Event | EventFormat::Unspecified => Message::Event(event),
                }
            }
            Err(newer) if newer.is_upgrade_needed() => return Err(status::unreadable(&"the feed", newer, true)),
            Err(damaged) => {
                tracing::error!(error = %damaged, "a subscriber is told of a record that can't be decoded");
                Message::Undecodable(show::undecodable(record))
            }
        };
        self.cursors[self.page.cursor].place = place;
        self.told_end = false;
        let consistency_token = Token { places: vec![place], stream: None }.encode();
        Ok(self.message(message, consistency_token))
    }

    fn bookmark(&mut self, at_end: bool) -> SubscribeEventsResponse {
        self.message(Message::Bookmark(Bookmark { at_end }), String::new())
    }

    fn message(&mut self, message: Message, consistency_token: String) -> SubscribeEventsResponse {
        self.sent = Instant::now();
        let token = token::encode(self.cursors.iter().map(|cursor| cursor.place));
        SubscribeEventsResponse { message: Some(message), token, consistency_token }
    }

    /// Until there is more, or the log is in trouble, or the server ends. False: it is time for a bookmark.
    async fn wait(&mut self) -> bool {
        let bookmark = self.sent + self.bookmark_every.min(LONG);
        let mut trouble = self.log.trouble();
        let heads = select_all(self.cursors.iter_mut().map(|cursor| cursor.head.changed().boxed()));
        tokio::select! {
            (Ok(()), ..) = heads => true,
            _ = trouble.changed() => true,
            () = self.over.cancelled() => true,
            () = sleep_until(bookmark) => false,
        }
    }
}

/// As long as anybody waits.
const LONG: Duration = Duration::from_secs(24 * 3600);

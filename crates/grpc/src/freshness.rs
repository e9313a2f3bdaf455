//! Queries to the views: as fresh as was asked for, with a token of what the answer shows.

mod reads;

use std::sync::Arc;
use std::time::Duration;

use api::consistency::v1::Consistency;
use api::consistency::v1::consistency::Requirement;
use api::errors::v1::Reason;
use domain::ids::ProjectId;
use event_log::EventLog;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status};
use view_store::{Answer, Checkpoint, PartitionId, ViewId, ViewStore};
use views::query::Query;
use views::row::Select;

use crate::fields::Faults;
use crate::limits::{CATCH_UP_EVENTS_MAX, CATCH_UP_WAIT_PART, LIST_ITEMS_MAX};
use crate::status;
use crate::token::{Place, Token};

pub(crate) use reads::Reads;

/// A view that was said to be further than it is, is asked again after at most so long.
const TAKEN_BACK_WAIT: Duration = Duration::from_millis(50);

/// The views, with the log that they show.
pub(crate) struct Views {
    store: Arc<dyn ViewStore>,
    log: Arc<dyn EventLog>,
    /// How far the log had come in each partition when this server began. A view behind that is being built.
    begun_at: Vec<u64>,
    /// A query waits so long at most for what it must show.
    wait_max: Duration,
}

/// How fresh an answer must be: nothing is to be waited for, or what these tokens stand for, and what was shown before.
#[derive(Debug, Default)]
pub(crate) struct AtLeast {
    tokens: Vec<Token>,
    /// Places of this log: they need no look.
    shown: Vec<Place>,
}

impl AtLeast {
    /// Reads what the caller asks for. A token that is none of ours is no fault of a field, but an error of its own.
    pub(crate) fn parse(faults: &mut Faults, asked: Option<&Consistency>) -> Result<Self, Status> {
        let Some(Requirement::AtLeastAsFresh(asked)) = asked.and_then(|asked| asked.requirement.as_ref()) else {
            return Ok(Self::default());
        };
        faults.within("consistency", |faults| {
            faults.within("at_least_as_fresh", |faults| faults.at_most("tokens", asked.tokens.len(), LIST_ITEMS_MAX));
        });
        let tokens =
            asked.tokens.iter().take(LIST_ITEMS_MAX).map(|token| Token::decode(token).ok_or_else(invalid_token));
        tokens.collect::<Result<_, _>>().map(Self::of)
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.tokens.iter().flat_map(|token| &token.places).chain(&self.shown)
    }

    fn of(tokens: Vec<Token>) -> Self {
        Self { tokens, shown: Vec::new() }
    }

    /// No older than this answer.
    fn shown(answer: &Answer) -> Self {
        let place = |(partition, at): (&PartitionId, &Checkpoint)| Place::new(*partition, at.position, &at.leaf);
        Self { tokens: Vec::new(), shown: answer.checkpoints.iter().map(place).collect() }
    }

    /// And what is shown at this checkpoint.
    pub(crate) fn and(&mut self, partition: PartitionId, checkpoint: &Checkpoint) {
        let place = Place::new(partition, checkpoint.position, &checkpoint.leaf);
        self.tokens.push(Token { places: vec![place], stream: None });
    }
}

impl Views {
    pub(crate) fn new(store: Arc<dyn ViewStore>, log: Arc<dyn EventLog>, wait_max: Duration) -> Self {
        let begun_at = (0..log.identity().partitions).map(|partition| *log.head(partition).borrow()).collect();
        Self { store, log, begun_at, wait_max }
    }

    /// Asks a question about a project. Gives what was found, and the token of what it shows. An answer of several such reads asks them
    /// through [`Reads`].
    pub(crate) async fn ask<Q: Query>(
        &self,
        query: &Q,
        project: &ProjectId,
        at_least: &AtLeast,
        deadline: Instant,
    ) -> Result<(Q::Found, String), Status> {
        let answer = self.answer(query.view(), || query.selects(), project, at_least, deadline).await?;
        self.read(query, project, answer)
    }

    fn read<Q: Query>(&self, query: &Q, project: &ProjectId, mut answer: Answer) -> Result<(Q::Found, String), Status> {
        let token = self.token(&answer, project);
        let rows = std::mem::take(&mut answer.rows);
        let found = query.read(rows).map_err(|error| status::internal(&error))?;
        Ok((found, token))
    }

    /// Waits until the view is as far as was asked for, and has what there was of the project when this server began.
    pub(crate) async fn reach(
        &self,
        view: ViewId,
        project: &ProjectId,
        at_least: &AtLeast,
        deadline: Instant,
    ) -> Result<(), Status> {
        self.answer(view, Vec::new, project, at_least, deadline).await.map(drop)
    }

    /// How far the view has come in the project's partition, watched.
    pub(crate) fn advanced(&self, view: ViewId, project: &ProjectId) -> watch::Receiver<u64> {
        self.store.advanced(view, self.log.identity().partition_of(project.as_str()))
    }

    /// What the answer shows of the project.
    fn token(&self, answer: &Answer, project: &ProjectId) -> String {
        let partition = self.log.identity().partition_of(project.as_str());
        let shown = answer.checkpoints.get(&partition);
        let places = shown.map(|checkpoint| Place::new(partition, checkpoint.position, &checkpoint.leaf));
        Token { places: places.into_iter().collect(), stream: None }.encode()
    }

    /// Asks the store until its answer shows what was asked for. How far a view was said to have come is where to wait, no more: what a store
    /// committed last may be gone with a crash. The answer's own checkpoints count.
    async fn answer(
        &self,
        view: ViewId,
        selects: impl Fn() -> Vec<Select>,
        project: &ProjectId,
        at_least: &AtLeast,
        deadline: Instant,
    ) -> Result<Answer, Status> {
        for place in at_least.tokens.iter().flat_map(|token| &token.places) {
            self.check(place).await?;
        }
        let until = deadline.min(Instant::now() + self.wait_max);
        for place in at_least.places() {
            if !self.reached(view, place.partition, place.position, until).await {
                return Err(not_fresh_enough());
            }
        }
        loop {
            let answer = self.built(view, &selects, project, deadline).await?;
            let Some(lacking) = at_least.places().find(|place| folded(&answer, place.partition) < place.position)
            else {
                self.refuse_parked(view, &answer, at_least).await?;
                return Ok(answer);
            };
            if !self.reached_at_last(view, lacking.partition, lacking.position, until).await {
                return Err(not_fresh_enough());
            }
        }
    }

    /// Asks the store. A view that lacks some of what there was when this server began would answer as if that had never been:
    /// it is given a moment to catch up, as after a crash, and refused while it is being built. Where it has come far enough,
    /// that costs a look at the answer's checkpoint.
    async fn built(
        &self,
        view: ViewId,
        selects: impl Fn() -> Vec<Select>,
        project: &ProjectId,
        deadline: Instant,
    ) -> Result<Answer, Status> {
        let partition = self.log.identity().partition_of(project.as_str());
        let begun_at = self.begun_at.get(partition as usize).copied().unwrap_or_default();
        let until = deadline.min(Instant::now() + self.wait_max / CATCH_UP_WAIT_PART);
        loop {
            let answer = self.store.query(view, selects()).await.map_err(|error| status::store_error(&error))?;
            let folded = folded(&answer, partition);
            if folded >= begun_at {
                return Ok(answer);
            }
            let far = begun_at - folded > CATCH_UP_EVENTS_MAX;
            if far || !self.reached_at_last(view, partition, begun_at, until).await {
                return Err(status::view_rebuilding(folded, begun_at));
            }
        }
    }

    /// Waits until the view is said to have come so far. `false`: the time is up.
    async fn reached(&self, view: ViewId, partition: PartitionId, position: u64, until: Instant) -> bool {
        let mut advanced = self.store.advanced(view, partition);
        matches!(timeout_at(until, advanced.wait_for(|now| *now >= position)).await, Ok(Ok(_)))
    }

    /// The same after an answer that lacks it. Where it was said already and isn't so, whatever is said next is waited for, a moment at most.
    async fn reached_at_last(&self, view: ViewId, partition: PartitionId, position: u64, until: Instant) -> bool {
        let mut advanced = self.store.advanced(view, partition);
        if *advanced.borrow_and_update() >= position {
            let _ = timeout_at(until.min(Instant::now() + TAKEN_BACK_WAIT), advanced.changed()).await;
        }
        drop(advanced);
        Instant::now() < until && self.reached(view, partition, position, until).await
    }

    /// Is the place one of this log?
    async fn check(&self, place: &Place) -> Result<(), Status> {
        let identity = self.log.identity();
        let Some(before) = place.position.checked_sub(1).filter(|_| place.partition < identity.partitions) else {
            return Err(invalid_token());
        };
        if *self.log.head(place.partition).borrow() < place.position {
            // Another node gave the token; what it stands for may not have arrived here.
            self.log.barrier(place.partition).await.map_err(|error| status::log_error(&error))?;
        }
        let page =
            self.log.read_partition(place.partition, before, 1).await.map_err(|error| status::log_error(&error))?;
        match page.records.first() {
            Some(record) if record.position == place.position && place.is_of(&record.leaf) => Ok(()),
            _ => Err(invalid_token()),
        }
    }

    /// A stream that was set aside before a token's place will not show what the token stands for.
    async fn refuse_parked(&self, view: ViewId, answer: &Answer, at_least: &AtLeast) -> Result<(), Status> {
        if answer.parked.is_empty() {
            return Ok(());
        }
        for token in &at_least.tokens {
            let Some(stream) = &token.stream else { continue };
            let name: Arc<str> = stream.to_string().into();
            let parked = self.store.parked_of(view, vec![name]).await.map_err(|error| status::store_error(&error))?;
            let before = |position| token.places.iter().any(|place| position <= place.position);
            if parked.iter().any(|parked| before(parked.position)) {
                let message =
                    "the view has set this issue aside: it could not apply an event of it; its history shows it";
                return Err(status::error(Code::FailedPrecondition, Reason::ViewParked, message));
            }
        }
        Ok(())
    }
}

/// How far the answer's view has folded the partition.
fn folded(answer: &Answer, partition: PartitionId) -> u64 {
    answer.checkpoints.get(&partition).map_or(0, |checkpoint| checkpoint.position)
}

fn invalid_token() -> Status {
    let message = "the consistency token is not of this log; leave it out";
    status::error(Code::InvalidArgument, Reason::ConsistencyTokenInvalid, message)
}

fn not_fresh_enough() -> Status {
    let message = "the view did not reach the tokens in time; the command is recorded all the same";
    status::error(Code::DeadlineExceeded, Reason::NotFreshEnough, message)
}

#[cfg(test)]
mod tests;

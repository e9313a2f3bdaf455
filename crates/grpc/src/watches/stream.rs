//! The steps of a watch as messages.

use std::sync::Arc;

use futures::stream::{BoxStream, StreamExt as _, try_unfold};
use prost::Message;
use tonic::Status;
use view_store::PartitionId;
use views::row::{Key, Row, RowError};
use watch::{Ended, Place, Step, Watch};

use super::token;
use crate::limits::WATCH_MESSAGE_BYTES;
use crate::page::Binding;
use crate::status;
use crate::token::{Place as At, Token};

/// How rows become messages.
pub(super) trait Tell: Send + Sync + 'static {
    /// What is sent.
    type Message: Message + Default + Send + 'static;

    /// A new message. `fresh`: what was told before is to be forgotten.
    fn begin(&self, fresh: bool) -> Self::Message;

    /// Adds a row; says about how many bytes that is.
    fn row(&self, message: &mut Self::Message, row: &Row) -> Result<usize, RowError>;

    /// Adds the key of a row that is not what is watched.
    fn removed(&self, message: &mut Self::Message, key: &Key) -> Result<usize, RowError>;

    /// Adds what was read beside the rows, to a message that is complete.
    fn beside(&self, _message: &mut Self::Message, _rows: &[Row]) -> Result<(), RowError> {
        Ok(())
    }

    /// The message is complete, and may be resumed from.
    fn place(&self, message: &mut Self::Message, resume_token: String, consistency_token: String);
}

/// What of a step is not sent yet.
#[derive(Default)]
struct Rest {
    rows: Vec<(Key, Option<Arc<Row>>)>,
    fresh: bool,
    place: Option<Place>,
    beside: Option<Arc<[Row]>>,
}

struct Teller<T> {
    watch: Watch,
    binding: Binding,
    tell: T,
    rest: Option<Rest>,
}

/// The watch as a stream. Messages are made when they can be sent: who reads slowly costs what the ring holds.
pub(super) fn stream<T: Tell>(
    watch: Watch,
    binding: Binding,
    tell: T,
) -> BoxStream<'static, Result<T::Message, Status>> {
    let teller = Teller { watch, binding, tell, rest: None };
    try_unfold(teller, |mut teller| async move {
        if teller.rest.is_none() {
            let step = teller.watch.next().await.map_err(|ended| teller.end(&ended))?;
            teller.rest = Some(Rest::of(step));
        }
        let message = teller.message().map_err(|error| status::internal(&error))??;
        Ok::<_, Status>(Some((message, teller)))
    })
    .boxed()
}

impl Rest {
    fn of(Step { fresh, changes, place, beside }: Step) -> Self {
        let mut rows: Vec<_> = changes.into_rows().collect();
        rows.reverse();
        Self { rows, fresh, place, beside }
    }
}

impl<T: Tell> Teller<T> {
    /// The next message of the rest.
    fn message(&mut self) -> Result<Result<T::Message, Status>, RowError> {
        let mut rest = self.rest.take().unwrap_or_default();
        let mut message = self.tell.begin(std::mem::take(&mut rest.fresh));
        let mut bytes = 0;
        while bytes < WATCH_MESSAGE_BYTES {
            let Some((key, row)) = rest.rows.pop() else { break };
            bytes += match row {
                Some(row) => self.tell.row(&mut message, &row)?,
                None => self.tell.removed(&mut message, &key)?,
            };
        }
        if !rest.rows.is_empty() {
            self.rest = Some(rest);
            return Ok(Ok(message));
        }
        if let Some(beside) = &rest.beside {
            self.tell.beside(&mut message, beside)?;
        }
        if let Some(place) = &rest.place {
            let resume = match token::of(&self.binding, place) {
                Ok(resume) => resume,
                Err(problem) => return Ok(Err(problem)),
            };
            self.tell.place(&mut message, resume, shown(self.watch.scope().partition, place));
        }
        Ok(Ok(message))
    }

    fn end(&self, ended: &Ended) -> Status {
        match ended {
            Ended::Behind { resume: Some(place) } => match token::of(&self.binding, place) {
                Ok(resume) => status::watch_behind(resume),
                Err(problem) => problem,
            },
            Ended::Behind { resume: None } => status::watch_anew("the reader fell behind before it had got a token"),
            Ended::Anew | Ended::TooFar => status::watch_anew(&ended.to_string()),
            Ended::Store(problem) => status::store_error(problem),
            Ended::Log(problem) => status::log_unreadable(problem),
        }
    }
}

/// What a message shows, for queries.
fn shown(partition: PartitionId, place: &Place) -> String {
    let Place { checkpoint, generation: _, parked: _ } = place;
    Token { places: vec![At::new(partition, checkpoint.position, &checkpoint.leaf)], stream: None }.encode()
}

//! Answers that would never end by themselves: health, reflection and watches stream for as long as their caller likes.
//!
//! When the server ends, such a stream tells what it still has to tell, and ends with an error that says why. Otherwise it would keep the
//! server waiting until connections are cut. It ends so, too, when the deadline passes that its caller gave.

use std::pin::Pin;
use std::task::{Context, Poll};

use api::errors::v1::Reason;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::limits::RETRY_UNAVAILABLE_MS;
use crate::{deadline, status};

/// A body that ends once the token is cancelled, or the deadline has passed, and nothing more is ready.
struct Endless {
    inner: Body,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    deadline: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

/// The response, with a body that can end.
pub(crate) fn until(response: Response<Body>, over: &CancellationToken, deadline: Option<Instant>) -> Response<Body> {
    let over = over.clone();
    response.map(|inner| {
        let deadline = deadline.map(|deadline| Box::pin(sleep_until(deadline)));
        Body::new(Endless { inner, over: Box::pin(over.cancelled_owned()), deadline, ended: false })
    })
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = http_body::Body::poll_frame(Pin::new(&mut self.inner), context) {
            return Poll::Ready(frame);
        }
        let passed = self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(context).is_ready());
        let over = self.over.as_mut().poll(context).is_ready();
        if !passed && !over {
            return Poll::Pending;
        }
        self.ended = true;
        let end = if over { shutting_down() } else { deadline::passed() };
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(end.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }
}

/// The server is about to end.
pub(crate) fn shutting_down() -> Status {
    let message = "the server is shutting down; try another, or again";
    status::retriable(Code::Unavailable, Reason::ShuttingDown, message, RETRY_UNAVAILABLE_MS)
}

//! Answers that would never end by themselves: health and reflection stream for as long as their caller likes.
//!
//! When the server ends, such a stream tells what it still has to tell, and ends with an error that says why. Otherwise it would keep the
//! server waiting until connections are cut.

use std::pin::Pin;
use std::task::{Context, Poll};

use api::errors::v1::Reason;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::Frame;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::limits::RETRY_UNAVAILABLE_MS;
use crate::status;

/// A body that ends once the token is cancelled and nothing more is ready.
struct Endless {
    inner: Body,
    over: Pin<Box<WaitForCancellationFutureOwned>>,
    ended: bool,
}

/// The response, with a body that can end.
pub(crate) fn until(response: Response<Body>, over: &CancellationToken) -> Response<Body> {
    let over = over.clone();
    response.map(|inner| Body::new(Endless { inner, over: Box::pin(over.cancelled_owned()), ended: false }))
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
        if self.over.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.ended = true;
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(shutting_down().add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
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

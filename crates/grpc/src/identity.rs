//! Who calls, from the call's metadata.
//!
//! The metadata is believed: what stands in front of the server authenticates, or the server listens on loopback only.

use std::sync::Arc;

use api::errors::v1::Reason;
use domain::ids::PersonId;
use http::HeaderMap;
use tokio::time::Instant;
use tonic::{Code, Request, Status};

use crate::status;

/// The metadata that names the actor.
pub const ACTOR_METADATA: &str = "snaglog-actor";

/// A call, beside its message.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Who calls.
    pub(crate) actor: PersonId,
    /// W3C trace context, passed on to the log.
    pub(crate) traceparent: Option<Arc<str>>,
    /// When the answer must be on its way.
    pub(crate) deadline: Instant,
}

impl Caller {
    /// Takes it from metadata. An ambiguous actor is none.
    pub(crate) fn of(headers: &HeaderMap, deadline: Instant) -> Result<Self, Status> {
        let mut named = headers.get_all(ACTOR_METADATA).iter();
        let (Some(name), None) = (named.next(), named.next()) else {
            return Err(unnamed("the metadata snaglog-actor must name who calls, once"));
        };
        let actor = name.to_str().ok().and_then(|name| PersonId::parse(name.trim()).ok());
        let actor = actor.ok_or_else(|| unnamed("the metadata snaglog-actor is no person's id"))?;
        let traceparent = headers.get(telemetry::trace::TRACEPARENT).and_then(|value| value.to_str().ok());
        // The log keeps it for ever: nothing that only claims to be one.
        let traceparent = traceparent.filter(|value| telemetry::trace::parse(value).is_some()).map(Arc::from);
        Ok(Self { actor, traceparent, deadline })
    }

    /// The one that the edge attached to the request.
    pub(crate) fn attached<T>(request: &mut Request<T>) -> Result<Self, Status> {
        request.extensions_mut().remove().ok_or_else(|| unnamed("the metadata snaglog-actor must name who calls, once"))
    }
}

fn unnamed(message: &'static str) -> Status {
    status::error(Code::Unauthenticated, Reason::ActorMissing, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_actor_is_named_once_and_is_a_persons_id() {
        let call = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(ACTOR_METADATA, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            Caller::of(&headers, Instant::now()).map(|caller| caller.actor.to_string()).map_err(|status| status.code())
        };
        assert_eq!(call(&["mia"]), Ok("mia".to_owned()));
        assert_eq!(call(&[" system:deadlines "]), Ok("system:deadlines".to_owned()));
        assert_eq!(call(&[]), Err(Code::Unauthenticated));
        assert_eq!(call(&["mia", "tom"]), Err(Code::Unauthenticated), "which one would it be?");
        assert_eq!(call(&["mia smith"]), Err(Code::Unauthenticated));
        assert_eq!(call(&["mía"]), Err(Code::Unauthenticated), "metadata is ASCII");
    }
}

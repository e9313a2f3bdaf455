//! What all commands have in common on their way in and out.

use std::marker::PhantomData;

use commands::{Done, Place as At, Request};
use domain::ids::PersonId;
use domain::text::Text;
use prost::Name;
use sha2::{Digest, Sha256};
use tonic::{Response, Status};

use crate::fields::Faults;
use crate::identity::Caller;
use crate::token::{Place, Token};

/// A command's message. [`mutations!`](crate::mutations) implements it.
pub(crate) trait Mutation: Name + 'static {
    /// Its answer.
    type Reply;
    /// What the answer holds.
    type Resource;

    /// Takes out what names the request and is no part of the command.
    fn envelope(&mut self) -> Envelope;

    /// Who must be the same for a repeated request to be one: who calls.
    fn claimant<'a>(&'a self, actor: &'a PersonId) -> &'a str {
        actor.as_str()
    }

    /// Makes the answer.
    fn reply(resource: Self::Resource, revision: u64, consistency_token: String) -> Self::Reply;
}

/// What stands around a command.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) request_id: String,
    pub(crate) expected_revision: Option<u64>,
    pub(crate) occurred_at: Option<prost_types::Timestamp>,
    pub(crate) late_reason: String,
}

impl Envelope {
    /// Takes the request id out of its message.
    pub(crate) fn of(request_id: &mut String) -> Self {
        Self { request_id: std::mem::take(request_id), ..Self::default() }
    }
}

/// Implements [`Mutation`]: `field: Resource; Message -> Reply [expected_revision] [occurred_at late_reason];`, the brackets empty where the message has none.
#[macro_export]
#[doc(hidden)]
macro_rules! mutations {
    ($resource:ident: $Resource:ty; $($Message:ident -> $Reply:ident [$($expected:ident)?] [$($late:ident)*];)*) => {$(
        impl $crate::call::Mutation for $Message {
            type Reply = $Reply;
            type Resource = $Resource;

            fn envelope(&mut self) -> $crate::call::Envelope {
                let envelope = $crate::call::Envelope::of(&mut self.request_id);
                $(let envelope = $crate::call::Envelope { $expected: self.$expected.take(), ..envelope };)?
                $(let envelope = $crate::call::Envelope { $late: Clone::clone(&self.$late), ..envelope };)*
                envelope
            }

            fn reply($resource: $Resource, revision: u64, consistency_token: String) -> $Reply {
                $Reply { $resource: Some($resource), revision, consistency_token }
            }
        }
    )*};
}

/// A command that came: its message's own fields are parsed with `faults` before it is closed.
pub(crate) struct Call<M> {
    pub(crate) faults: Faults,
    caller: Caller,
    envelope: Envelope,
    fingerprint: [u8; 32],
    message: PhantomData<fn(M)>,
}

impl<M: Mutation> Call<M> {
    /// Takes a request apart.
    pub(crate) fn open(mut request: tonic::Request<M>) -> Result<(M, Self), Status> {
        let caller = Caller::attached(&mut request)?;
        let mut message = request.into_inner();
        let envelope = message.envelope();
        let fingerprint = fingerprint(&message, &caller.actor);
        Ok((message, Self { faults: Faults::default(), caller, envelope, fingerprint, message: PhantomData }))
    }

    /// Who calls.
    pub(crate) fn actor(&self) -> PersonId {
        self.caller.actor.clone()
    }

    /// The request and what was parsed, or all the faults.
    pub(crate) fn close<T>(mut self, parsed: Option<T>) -> Result<(Request, T), Status> {
        let id = self.faults.request_id(&self.envelope.request_id);
        let occurred_at = self.faults.time("occurred_at", self.envelope.occurred_at.as_ref());
        let late_reason = self.faults.optional("late_reason", &self.envelope.late_reason, Text::parse);
        let (id, parsed) = self.faults.finish(id.zip(parsed))?;
        let request = Request {
            id,
            fingerprint: self.fingerprint,
            actor: self.caller.actor,
            expected_revision: self.envelope.expected_revision,
            occurred_at,
            late_reason,
            origin: None,
            traceparent: self.caller.traceparent,
        };
        Ok((request, parsed))
    }
}

/// SHA-256 over the command's name, the actor, and the command as decoded, before defaults: a retry has the same, whatever has happened since.
fn fingerprint<M: Mutation>(message: &M, actor: &PersonId) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [M::full_name().as_bytes(), message.claimant(actor).as_bytes(), &message.encode_to_vec()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The answer to an accepted command.
pub(crate) fn reply<M: Mutation, S>(done: &Done<S>, resource: M::Resource) -> Response<M::Reply> {
    Response::new(M::reply(resource, done.revision, token_at(&done.at)))
}

/// What shows all up to this place, and knows its stream.
pub(crate) fn token_at(at: &At) -> String {
    let places = vec![Place::new(at.partition, at.position, &at.leaf)];
    Token { places, stream: Some(at.stream.clone()) }.encode()
}

#[cfg(test)]
mod tests;

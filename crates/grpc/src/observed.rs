//! Calls as telemetry sees them: counted by method and code, and traced.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use telemetry::calls::{Call, Calls};
use telemetry::trace::TRACEPARENT;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// The methods that a server of this contract has: each its path, and whether its answer is a stream.
pub fn methods() -> Vec<(String, bool)> {
    let sets = [
        api::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let files = sets.into_iter().filter_map(|set| FileDescriptorSet::decode(set).ok()).flat_map(|set| set.file);
    let services = files.flat_map(|file| {
        let package = file.package().to_owned();
        file.service.into_iter().map(move |service| (package.clone(), service))
    });
    let methods = services.flat_map(|(package, service)| {
        let name = service.name().to_owned();
        service
            .method
            .into_iter()
            .map(move |method| (format!("/{package}.{name}/{}", method.name()), method.server_streaming()))
    });
    methods.collect()
}

/// A call begins. What it goes on to, the log among it, belongs to its own place in the trace.
pub(crate) fn begin(calls: &Arc<Calls>, request: &mut Request<Body>) -> Call {
    let traceparent = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let call = calls.begin(request.uri().path(), traceparent);
    if let Some(own) = call.traceparent().and_then(|own| HeaderValue::try_from(own).ok()) {
        request.headers_mut().insert(TRACEPARENT, own);
    }
    call
}

/// It is answered: it ends now, or with the stream that is its answer.
pub(crate) fn answered(call: Call, response: Response<Body>) -> Response<Body> {
    if response.headers().contains_key(Status::GRPC_STATUS) {
        end(call, response.headers());
    } else if call.streams() {
        return response.map(|inner| Body::new(Followed { inner, call: Some(call) }));
    } else {
        call.end(name(Code::Ok), None);
    }
    response
}

fn end(call: Call, headers: &HeaderMap) {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => {
            let details = status.get_error_details();
            call.end(name(status.code()), details.error_info().map(|info| info.reason.as_str()));
        }
        _ => call.end(name(Code::Ok), None),
    }
}

/// A stream of answers, whose end is its call's.
struct Followed {
    inner: Body,
    call: Option<Call>,
}

impl http_body::Body for Followed {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = http_body::Body::poll_frame(Pin::new(&mut self.inner), context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some((trailers, call)) = frame.trailers_ref().and_then(|found| Some((found, self.call.take()?)))
                {
                    end(call, trailers);
                }
            }
            Poll::Ready(Some(Err(status))) => {
                let (call, code) = (self.call.take(), status.code());
                if let Some(call) = call {
                    call.end(name(code), None);
                }
            }
            // It ends without a word, or goes on.
            Poll::Ready(None) => {
                if let Some(call) = self.call.take() {
                    call.end(name(Code::Ok), None);
                }
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

/// The code's name, as the protocol and the conventions have it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::methods;

    #[test]
    fn every_method_of_the_contract_is_known_with_its_shape() {
        let methods = methods();
        let streams = |path: &str| methods.iter().find(|(known, _)| known == path).map(|(_, streams)| *streams);
        assert_eq!(streams("/snaglog.issues.v1.IssuesService/FileIssue"), Some(false));
        assert_eq!(streams("/grpc.health.v1.Health/Watch"), Some(true));
        assert_eq!(streams("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"), Some(true));
        assert_eq!(streams("/snaglog.issues.v1.IssuesService/Guess"), None);
    }
}

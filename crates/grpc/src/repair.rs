//! Errors that tonic makes by itself get a reason, too, and the code that the contract promises.

use api::errors::v1::Reason;
use http::{HeaderValue, Response};
use tonic::body::Body;
use tonic::{Code, Status};

use crate::limits::MESSAGE_BYTES_MAX;
use crate::status;

const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// The response, with a reason if it is an error. Our own errors have one already.
pub(crate) fn repair(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    let ours = headers.contains_key(Status::GRPC_STATUS_DETAILS);
    let failed = headers.get(Status::GRPC_STATUS).is_some_and(|code| code != "0");
    if !failed || ours {
        return response;
    }
    let Some(status) = Status::from_header_map(headers) else { return response };
    let encodings = headers.get(ACCEPT_ENCODING).cloned();
    answer(&with_reason(&status), encodings)
}

/// The error as a response without messages.
pub(crate) fn answer(status: &Status, accept_encoding: Option<HeaderValue>) -> Response<Body> {
    let mut response = status.clone().into_http();
    if let Some(encodings) = accept_encoding {
        response.headers_mut().insert(ACCEPT_ENCODING, encodings);
    }
    response
}

fn with_reason(status: &Status) -> Status {
    let message = status.message();
    match status.code() {
        // The decoder's, of plain messages and of compressed ones.
        Code::OutOfRange | Code::ResourceExhausted => {
            let message = format!("the message is longer than {MESSAGE_BYTES_MAX} bytes");
            status::error(Code::InvalidArgument, Reason::MessageTooLarge, message)
        }
        Code::Internal => {
            tracing::debug!(message, "undecodable message");
            let problem =
                message.strip_prefix("failed to decode Protobuf message: ").unwrap_or("broken framing or compression");
            let message = format!("the bytes are not the message that the method takes: {problem}");
            status::error(Code::InvalidArgument, Reason::MalformedMessage, message)
        }
        Code::Unimplemented if message.starts_with("Content is compressed") => status::error(
            Code::Unimplemented,
            Reason::UnknownEncoding,
            "the message is compressed in a way that is not understood",
        ),
        Code::Unimplemented => {
            status::error(Code::Unimplemented, Reason::UnknownMethod, "there is no such service or method")
        }
        Code::NotFound => status::error(
            Code::NotFound,
            Reason::UnknownService,
            "there is no service of this name whose health could be told",
        ),
        Code::Cancelled => status::error(Code::Cancelled, Reason::Cancelled, "the caller went away"),
        Code::Unavailable => crate::endless::shutting_down(),
        Code::DeadlineExceeded => crate::deadline::passed(),
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::DataLoss
        | Code::Unauthenticated => status::internal(&status),
    }
}

//! The reasons on the wire.

use api::errors::v1::Reason;

/// The domain of every `google.rpc.ErrorInfo` of this server.
pub(crate) const DOMAIN: &str = "snaglog";

/// The reason's name on the wire: `NOT_TRIAGED`.
pub(crate) fn name(reason: Reason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("REASON_").unwrap_or(name)
}

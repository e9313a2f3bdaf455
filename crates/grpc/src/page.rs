//! Page tokens: where a page ended, bound to the query it was a page of. Opaque to callers.

use api::errors::v1::Reason;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Name;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tonic::{Code, Status};

use crate::limits::TOKEN_CHARS_MAX;
use crate::status;

const VERSION: u8 = 1;
const BINDING_BYTES: usize = 8;

/// What a query's page tokens are bound to: its method and arguments. Which page, how long and how fresh may change from page to page: the caller
/// clears those before.
pub(crate) struct Binding([u8; BINDING_BYTES]);

impl Binding {
    pub(crate) fn of<M: Name>(query: &M) -> Self {
        let mut hash = Sha256::new();
        hash.update(M::full_name());
        hash.update([0]);
        hash.update(query.encode_to_vec());
        let mut start = [0; BINDING_BYTES];
        start.copy_from_slice(&hash.finalize()[..BINDING_BYTES]);
        Self(start)
    }

    /// The token of the page after this cursor.
    pub(crate) fn token<C: Serialize>(&self, cursor: &C) -> Result<String, Status> {
        let cursor = serde_json::to_vec(cursor).map_err(|error| status::internal(&error))?;
        Ok(URL_SAFE_NO_PAD.encode([&[VERSION][..], &self.0, &cursor].concat()))
    }

    /// The cursor in a token; `None`: the first page is asked for.
    pub(crate) fn cursor<C: DeserializeOwned>(&self, token: &str) -> Result<Option<C>, Status> {
        if token.is_empty() {
            return Ok(None);
        }
        self.read(token).map(Some).ok_or_else(invalid)
    }

    /// What is in a token; `None`: it is not of this query.
    pub(crate) fn read<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        if token.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (version, bytes) = bytes.split_first()?;
        let (binding, cursor) = bytes.split_at_checked(BINDING_BYTES)?;
        (*version == VERSION && binding == self.0).then(|| serde_json::from_slice(cursor).ok()).flatten()
    }
}

/// The token is of another query, or none at all.
pub(crate) fn invalid() -> Status {
    status::error(
        Code::InvalidArgument,
        Reason::PageTokenInvalid,
        "the page token is not of this query; begin at its first page",
    )
}

#[cfg(test)]
mod tests {
    use api::issues::v1::{GetIssueRequest, ListIssuesRequest};
    use views::row::{Cursor, Value};

    use super::*;

    #[test]
    fn a_page_token_is_of_its_own_query_only() {
        let query = ListIssuesRequest { project: "PAY".into(), ..Default::default() };
        let cursor = Cursor(vec![Value::Timestamp(7), Value::Text("PAY".into()), Value::Null]);
        let token = Binding::of(&query).token(&cursor).unwrap();

        let read = |binding: Binding, token: &str| binding.cursor::<Cursor>(token).map_err(|status| status.code());
        assert_eq!(read(Binding::of(&query), &token), Ok(Some(cursor)));
        assert_eq!(read(Binding::of(&query), ""), Ok(None));

        let other = ListIssuesRequest { project: "OPS".into(), ..Default::default() };
        assert_eq!(read(Binding::of(&other), &token), Err(Code::InvalidArgument));
        assert_eq!(read(Binding::of(&GetIssueRequest::default()), &token), Err(Code::InvalidArgument));
        for broken in [&token[1..], &token[..token.len() - 2], "?", &"A".repeat(TOKEN_CHARS_MAX + 4)] {
            assert_eq!(read(Binding::of(&query), broken), Err(Code::InvalidArgument), "{broken}");
        }
    }
}

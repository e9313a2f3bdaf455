//! Resume tokens: a place of a view, bound to what was watched. Opaque to callers.

use api::errors::v1::Reason;
use serde::{Deserialize, Serialize};
use tonic::{Code, Status};
use view_store::Checkpoint;
use watch::Place;

use crate::page::Binding;
use crate::status;

/// A place, as it travels.
#[derive(Debug, Serialize, Deserialize)]
struct Travelling {
    #[serde(rename = "n")]
    position: u64,
    #[serde(rename = "l")]
    leaf: String,
    /// Tokens of before there were generations have 0, which no tables have: their watches begin anew.
    #[serde(rename = "g", default)]
    generation: u64,
    #[serde(rename = "p", default, skip_serializing_if = "is_zero")]
    parked: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The token that resumes from the place.
pub(super) fn of(binding: &Binding, place: &Place) -> Result<String, Status> {
    let Place { checkpoint, generation, parked } = *place;
    let (position, leaf) = (checkpoint.position, hex::encode(checkpoint.leaf));
    binding.token(&Travelling { position, leaf, generation, parked })
}

/// The place that a token resumes from; `None`: it is empty.
pub(super) fn place(binding: &Binding, token: &str) -> Result<Option<Place>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    let Travelling { position, leaf, generation, parked } = binding.read(token).ok_or_else(invalid)?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(leaf, &mut bytes).map_err(|_| invalid())?;
    Ok(Some(Place { checkpoint: Checkpoint { position, leaf: bytes }, generation, parked }))
}

/// The token is of another watch, or of another log, or none at all.
pub(crate) fn invalid() -> Status {
    let message = "the resume token is not of this watch and this log; begin without it";
    status::error(Code::InvalidArgument, Reason::ResumeTokenInvalid, message)
}

#[cfg(test)]
mod tests {
    use api::watches::v1::WatchIssueRequest;

    use super::*;

    fn of_key(key: &str) -> Binding {
        Binding::of(&WatchIssueRequest { key: key.into(), ..Default::default() })
    }

    #[test]
    fn a_resume_token_is_of_its_own_watch_only() {
        let at =
            |generation, parked| Place { checkpoint: Checkpoint { position: 42, leaf: [7; 32] }, generation, parked };
        for there in [at(1, 0), at(u64::MAX, u64::MAX)] {
            let token = of(&of_key("PAY-1"), &there).unwrap();
            assert_eq!(place(&of_key("PAY-1"), &token).unwrap(), Some(there));
            assert_eq!(place(&of_key("PAY-2"), &token).unwrap_err().code(), Code::InvalidArgument);
            assert_eq!(place(&of_key("PAY-1"), &token[1..]).unwrap_err().code(), Code::InvalidArgument);
        }
        assert_eq!(place(&of_key("PAY-1"), "").unwrap(), None);
    }
}

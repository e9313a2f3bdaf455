//! The clock, ids and randomness: the one place where they are real.

use commands::Environment;
use jiff::Timestamp;
use rand::Rng as _;
use uuid::Uuid;

/// This machine's clock and random numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine;

#[expect(clippy::disallowed_methods, reason = "a service reads the clock and makes ids")]
impl Environment for Machine {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn event_id(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn salt(&self) -> [u8; 32] {
        let mut salt = [0; 32];
        rand::rng().fill_bytes(&mut salt);
        salt
    }
}

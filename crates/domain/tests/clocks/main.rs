//! SLA clocks: worked examples, what other systems get wrong, and what holds of every history.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod agenda;
mod case;
mod cases;
mod explained;
mod late;
mod promised;
mod properties;
mod told;

//! Calendars: the worked examples, definitions that are refused, and any calendar in any zone against a slow model.
#![expect(clippy::unwrap_used, reason = "what surprises a test ends it")]

mod arbitrary;
mod definitions;
mod examples;
mod model;
mod properties;
mod versions;
mod words;
mod zones;

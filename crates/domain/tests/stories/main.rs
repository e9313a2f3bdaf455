//! The domain's rules, told as stories: given what happened, when somebody commands, then this follows or that rule refuses.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests: a story that can't be told fails")]

mod arbitrary;
mod story;
mod words;
mod world;

mod workflow;

mod after_import;
mod calendars;
mod classification;
mod clocks;
mod delivery;
mod dismissal;
mod filing;
mod imports;
mod on_shift;
mod ownership;
mod production;
mod projects;
mod properties;
mod properties_beside;
mod properties_clocks;
mod properties_reach;
mod relations;
mod releases;
mod resolution;
mod shifts;
mod times;
mod triage;
mod verification;

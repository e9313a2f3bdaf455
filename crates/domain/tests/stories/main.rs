//! The domain's rules, told as stories: given what happened, when somebody commands, then this follows or that rule refuses.

mod story;
mod words;

mod workflow;

mod filing;
mod imports;
mod ownership;
mod production;
mod projects;
mod properties;
mod relations;
mod resolution;
mod times;
mod triage;
mod verification;

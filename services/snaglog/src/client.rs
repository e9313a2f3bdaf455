//! The command-line client: settings, connection, output, and a file for each service.

pub(crate) mod board;
pub(crate) mod calendar;
pub(crate) mod events;
mod failure;
pub(crate) mod flow;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod inbox;
pub(crate) mod issue;
mod json;
mod output;
pub(crate) mod people;
pub(crate) mod policy;
pub(crate) mod project;
mod ran;
pub(crate) mod release;
pub(crate) mod search;
mod session;
pub(crate) mod settings;
pub(crate) mod shift;
pub(crate) mod sla;
mod target;
mod text;
mod times;
pub(crate) mod traced;
pub(crate) mod view;
pub(crate) mod watching;
mod yaml;

pub(crate) use failure::{Exit, Failure};
pub(crate) use output::Output;
pub(crate) use ran::Ran;
pub(crate) use session::Session;
pub(crate) use settings::Global;

//! The command-line client: settings, connection, output, and a file for each service.

pub(crate) mod board;
mod failure;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod issue;
mod json;
mod output;
pub(crate) mod project;
pub(crate) mod release;
mod session;
pub(crate) mod settings;
mod text;
mod times;

pub(crate) use failure::{Exit, Failure};
pub(crate) use output::Output;
pub(crate) use session::Session;
pub(crate) use settings::Global;

//! The project: its severity scheme, components, teams, product owners and customers.

mod calendars;
mod command;
mod decide;
mod events;
mod fold;
mod policies;
mod reactor;
mod scheme;
mod state;

pub use command::Command;
pub use decide::decide;
pub use events::ProjectEvent;
pub use fold::{evolve, fold};
pub use reactor::Reactor;
pub use scheme::{SEVERITIES_MAX, SEVERITY_DEFINITION_CHARS_MAX, SEVERITY_NAME_CHARS_MAX, Scheme, Severity};
pub use state::{Component, Customer, DefaultSeverity, Project, TeamModel, Tier};

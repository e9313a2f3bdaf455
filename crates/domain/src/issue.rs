//! The issue: something wrong in production, from filing to closing.

mod command;
mod decide;
mod events;
mod fold;
mod order;
mod sla;
mod state;
mod vocabulary;

pub use command::{Command, Delivered, EscalateSla, FileIssue, Needs, TriageIssue, needs};
pub use decide::{STREAM_EVENTS_MAX, decide};
pub use events::IssueEvent;
pub use fold::{evolve, fold};
pub use order::Phase;
pub(crate) use order::{Step, step};
pub use sla::{Correction, Moved};
pub use state::{Closed, Delegate, Dismissed, Issue, Link, Question, Resolved, State, Triage, Verified, Workaround};
pub use vocabulary::{
    Asked, Capacity, Closing, CodeFix, CustomerChannel, DataFix, Dismissal, Fix, IssueRef, Level, LinkKind, Nature,
    OwnerChannel, RaisedBy, Report, Source, SourceKind,
};

//! SLA clocks: accept, mitigate and resolve, as anybody can recompute them from the log.
//!
//! [`clocks`] is a pure function of what happened ([`Ledger`]), of what was promised ([`Terms`]) and of an instant. The live bar, the report, the reactor
//! that records deadlines, the decider that checks what it records, and the auditor all use it: there is no other arithmetic.
//!
//! A clock's cycles lie between its stops. Each is counted for itself, from its start: facts in the order of time, at one instant in the order of the
//! log, then at-risk, then breach.

mod alarm;
mod cycle;
mod evaluate;
mod ledger;
mod plan;
mod route;
mod story;
mod terms;
mod timeline;
mod walk;

pub use alarm::{Alarm, AlarmKind, EscalationDue};
pub use cycle::{Breach, Cause, Chosen, Clocks, Cycle, IssueVerdict, Pause, Plan, Standstill, State, Verdict};
pub use evaluate::{clocks, explain};
pub use ledger::{Ledger, Note, Noted};
pub use story::{Bystander, Line, SPANS_TOLD_MAX, Story, Told};
pub use terms::Terms;

pub use crate::policy::Clock;

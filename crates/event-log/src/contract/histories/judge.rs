//! Whether what clients were answered can be explained: a checker tries orders of the calls on a plain model.

use std::fmt;

use todc_utils::{Action, History, Specification, WGLChecker};

use crate::append::{Append, AppendError, Appended};
use crate::contract::given::founding;
use crate::contract::model::Model;
use crate::contract::{Outcome, promise};
use crate::record::{Recorded, StreamName};

/// A call, from when to when, and what it was answered.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) client: u64,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) operation: Operation,
}

#[derive(Debug, Clone)]
pub(super) enum Operation {
    Append {
        append: Box<Append>,
        answer: Box<Result<Appended, AppendError>>,
        /// The answer is that of a retry: whether it had been admitted before, nobody can say.
        settled: bool,
    },
    /// The partition up to a barrier.
    Read { records: Vec<Recorded> },
}

/// Ends the case as broken, with the calls, unless there is an order of them that explains what each was answered.
pub(super) fn judge(calls: &[Call]) -> Outcome {
    let judged = WGLChecker::<Log>::is_linearizable(history(calls));
    promise!(judged, "no order of these calls explains what they were answered:\n{}", Told(calls));
    Ok(())
}

/// The calls in the order in which they began and ended.
fn history(calls: &[Call]) -> History<Operation> {
    let mut actions: Vec<_> = calls
        .iter()
        .flat_map(|call| {
            let client = usize::try_from(call.client).unwrap_or_default();
            [
                (call.from, (client, Action::Call(call.operation.clone()))),
                (call.to, (client, Action::Response(call.operation.clone()))),
            ]
        })
        .collect();
    actions.sort_by_key(|(at, _)| *at);
    History::from_actions(actions.into_iter().map(|(_, action)| action).collect())
}

/// What a log is to the checker.
struct Log;

impl Specification for Log {
    type State = Model;
    type Operation = Operation;

    fn init() -> Model {
        Model::new(founding(false).identity.partitions)
    }

    fn apply(operation: &Operation, state: &Model) -> (bool, Model) {
        match operation {
            Operation::Append { append, answer, settled } => {
                let mut next = state.clone();
                let mut promised = next.append(append);
                if let (Ok(promised), Ok(seen), true) = (&mut promised, &**answer, settled) {
                    promised.replayed = seen.replayed;
                }
                (promised == **answer, next)
            }
            Operation::Read { records } => {
                let partition = state.records.first().map_or(0, |first| first.partition);
                (state.partition(partition).eq(records), state.clone())
            }
        }
    }
}

/// A history, a line for each call.
struct Told<'a>(&'a [Call]);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut calls: Vec<_> = self.0.iter().collect();
        calls.sort_by_key(|call| call.from);
        for Call { client, from, to, operation } in calls {
            write!(f, "{from:>4}–{to:<4} client {client}: ")?;
            match operation {
                Operation::Read { records } => {
                    let last = records.last().map(|recorded| (recorded.position, recorded.leaf[0]));
                    writeln!(f, "reads {} records, the last (position, leaf) is {last:?}", records.len())?;
                }
                Operation::Append { append, answer, settled } => {
                    write!(f, "appends {} to {}", append.events.len(), StreamName(&append.stream))?;
                    write!(f, " at {} as {:x}", append.expected, append.request_id.as_u128())?;
                    for guard in &append.unchanged {
                        write!(f, ", if {} is at {}", StreamName(&guard.stream), guard.revision)?;
                    }
                    let again = if *settled { ", asked again" } else { "" };
                    match &**answer {
                        Ok(appended) => writeln!(
                            f,
                            "{again}: position {}, revision {}, leaf {}{}",
                            appended.position,
                            appended.revision,
                            appended.leaf[0],
                            if appended.replayed { ", known" } else { "" }
                        )?,
                        Err(error) => writeln!(f, "{again}: {error}")?,
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;

//! What became of an import.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::plan::{Plan, Tally};
use super::send::Sent;
use crate::client::output::table;

/// What became of an import, or of a part of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Bugs read.
    pub(super) bugs: u64,
    /// Facts recorded by this run.
    pub(super) commands: u64,
    /// Facts that an earlier run had recorded.
    pub(super) already_there: u64,
    /// Changes that became facts, by field.
    pub(super) told: Tally,
    /// Changes left out, by reason.
    pub(super) skipped: Tally,
    /// What was changed to fit.
    pub(super) adjusted: Tally,
    /// Lines that were no bug, and facts refused.
    pub(super) failed: u64,
}

impl Report {
    /// Adds what a plan leaves out.
    pub(super) fn plan(&mut self, plan: &Plan) {
        self.bugs += 1;
        for (reason, times) in &plan.skipped {
            self.skip_times(reason, *times);
        }
        for (tally, of_plan) in [(&mut self.told, &plan.told), (&mut self.adjusted, &plan.adjusted)] {
            for (what, times) in of_plan {
                *tally.entry(what.clone()).or_default() += times;
            }
        }
    }

    /// Adds what became of a fact.
    pub(super) fn sent(&mut self, sent: Sent) {
        match sent {
            Sent::Recorded => self.commands += 1,
            Sent::AlreadyThere => self.already_there += 1,
            Sent::Differs => self.skip("changed since an earlier import"),
            Sent::Overtaken(reason) => self.skip(&reason),
            Sent::Refused(reason) => self.fail(&format!("refused: {reason}")),
        }
    }

    /// Counts something that was left out.
    pub(super) fn skip(&mut self, reason: &str) {
        self.skip_times(reason, 1);
    }

    /// Counts something that went wrong.
    pub(super) fn fail(&mut self, reason: &str) {
        self.failed += 1;
        self.skip(reason);
    }

    /// The same, several times.
    pub(super) fn skip_times(&mut self, reason: &str, times: u64) {
        // A file may hold any words; reasons past this number are one.
        const REASONS_MAX: usize = 1000;
        if times == 0 {
            return;
        }
        let full = self.skipped.len() >= REASONS_MAX && !self.skipped.contains_key(reason);
        let reason = if full { "other reasons" } else { reason };
        *self.skipped.entry(reason.to_owned()).or_default() += times;
    }

    /// Adds a part.
    pub(super) fn add(&mut self, part: Self) {
        self.commands += part.commands;
        self.already_there += part.already_there;
        self.failed += part.failed;
        for (reason, times) in part.skipped {
            self.skip_times(&reason, times);
        }
    }

    pub(super) fn to_json(&self) -> Json {
        json!({
            "bugs": self.bugs,
            "commands": self.commands,
            "already_there": self.already_there,
            "failed": self.failed,
            "told": self.told,
            "skipped": self.skipped,
            "adjusted": self.adjusted,
        })
    }

    pub(super) fn story(&self) -> String {
        let mut text = format!("{} bugs, {} facts recorded", self.bugs, self.commands);
        if self.already_there > 0 {
            _ = write!(text, ", {} were there already", self.already_there);
        }
        for (heading, tally) in [("LEFT OUT", &self.skipped), ("CHANGED TO FIT", &self.adjusted)] {
            if !tally.is_empty() {
                let rows = tally.iter().map(|(reason, times)| vec![reason.clone(), times.to_string()]);
                _ = write!(text, "\n\n{}", table(&[heading, "TIMES"], rows));
            }
        }
        text
    }
}

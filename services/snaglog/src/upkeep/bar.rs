//! Progress on standard error, if that is a terminal.

use indicatif::ProgressBar;
use transfer::{Progress, Step};

use crate::client::view::bar;

/// A bar that follows what is told to it.
pub(super) struct Bar {
    bar: ProgressBar,
    step: Option<Step>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { bar: bar(""), step: None }
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, progress: Progress) {
        if self.step != Some(progress.step) {
            self.step = Some(progress.step);
            self.bar.reset();
            self.bar.set_message(name(progress.step));
        }
        self.bar.set_length(progress.total.max(progress.done));
        self.bar.set_position(progress.done);
    }

    /// Clears it away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Records => "recomputing",
        Step::Lookups => "looking up",
        Step::Exporting => "exporting",
        Step::Importing => "importing",
        Step::Copying => "copying",
        Step::Comparing => "comparing",
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.done();
    }
}

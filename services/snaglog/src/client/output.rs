//! Data on standard output: a table or a story for people, JSON for scripts. Everything else goes to standard error.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value as Json;

use super::failure::Failure;
use super::json;
use super::times::{self, Style};

/// How to print.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    fields: Option<Vec<String>>,
    times: Style,
    kept: Option<Kept>,
}

/// Lines that were kept instead of printed.
pub(crate) type Kept = Arc<Mutex<Vec<String>>>;

impl Output {
    /// JSON where fields are given (an empty list: all of them), else for people.
    pub(crate) fn new(fields: Option<Vec<String>>, times: Style) -> Self {
        let named = |fields: Vec<String>| fields.into_iter().filter(|field| !field.is_empty()).collect();
        Self { fields: fields.map(named), times, kept: None }
    }

    /// Keeps lines from now on, with all their fields, instead of printing them: for those who show them in another way.
    pub(crate) fn keep(&mut self) -> Kept {
        self.fields = self.fields.take().map(|_| Vec::new());
        Arc::clone(self.kept.insert(Kept::default()))
    }

    /// True: for scripts.
    pub(crate) fn is_json(&self) -> bool {
        self.fields.is_some()
    }

    /// Refuses fields that a message of this kind, or what is said `beside` it, does not have: before anything is sent, so that a
    /// script's slip of the pen changes nothing.
    pub(crate) fn expect_fields_of<M: prost::Name>(&self, beside: &[&str]) -> Result<(), Failure> {
        let wrong = |path: &&String| !beside.contains(&path.as_str()) && !json::has_field::<M>(path);
        match self.fields.iter().flatten().find(wrong) {
            Some(wrong) => {
                Err(no_field(wrong, json::fields::<M>().iter().map(String::as_str).chain(beside.iter().copied())))
            }
            None => Ok(()),
        }
    }

    /// Refuses fields other than these.
    pub(crate) fn expect_fields(&self, known: &[&str]) -> Result<(), Failure> {
        let wrong = |path: &&String| !known.contains(&path.split('.').next().unwrap_or_default());
        match self.fields.iter().flatten().find(wrong) {
            Some(wrong) => Err(no_field(wrong, known.iter().copied())),
            None => Ok(()),
        }
    }

    /// Prints a message as JSON, or what `people` makes of it.
    pub(crate) fn show<M: prost::Message + prost::Name>(&self, message: &M, people: impl FnOnce(&M) -> String) {
        if self.is_json() {
            self.json(json::to_json(message));
        } else {
            self.text(people(message));
        }
    }

    /// Prints one JSON object on one line.
    pub(crate) fn json(&self, object: Json) {
        self.print(&json::select(object, self.fields.as_deref().unwrap_or_default()));
    }

    /// Prints a JSON object on one line, for those who are given nothing else.
    pub(crate) fn line(&self, object: &Json) {
        self.print(object);
    }

    /// True: nobody reads standard output any more. For what would go on for ever.
    pub(crate) fn has_no_reader() -> bool {
        NO_READER.load(Ordering::Relaxed)
    }

    /// Prints a text for people.
    pub(crate) fn text(&self, text: impl Display) {
        self.print(&text);
    }

    fn print(&self, line: &dyn Display) {
        match &self.kept {
            Some(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string()),
            None => print(line),
        }
    }

    /// Prints a table.
    pub(crate) fn table(&self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        self.text(table(head, rows));
    }

    /// A time to the minute, or exactly where that was asked for: what is due is not told as an age.
    pub(crate) fn exact(&self, time: Option<&prost_types::Timestamp>) -> String {
        times::show(time, if self.times == Style::Iso { Style::Iso } else { Style::Local })
    }

    /// True: times are told as from now, in their largest unit.
    pub(crate) fn is_relative(&self) -> bool {
        self.times == Style::Relative
    }

    /// A time in the style asked for.
    pub(crate) fn time(&self, time: Option<&prost_types::Timestamp>) -> String {
        times::show(time, self.times)
    }
}

/// Whether a line could not be printed for want of a reader.
static NO_READER: AtomicBool = AtomicBool::new(false);

/// A line on standard output. Where nobody reads any more, as behind `head`, there is nothing to do; where it can't be written (a full
/// disk), a script must not take it for done.
fn print(line: &dyn Display) {
    match writeln!(anstream::stdout(), "{line}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => NO_READER.store(true, Ordering::Relaxed),
        Err(error) => {
            _ = writeln!(anstream::stderr(), "error: standard output: {error}");
            std::process::exit(1);
        }
    }
}

fn no_field<'k>(wrong: &str, known: impl Iterator<Item = &'k str>) -> Failure {
    let known: Vec<&str> = known.collect();
    Failure::usage(format!("--json: there is no field {wrong}")).hint(format!("There are: {}", known.join(", ")))
}

/// A table without lines, as wide as the terminal.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(head.to_vec())
        .add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

//! Data on standard output: a table or a story for people, JSON for scripts. Everything else goes to standard error.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Row, Table, Width, presets};
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
        self.print(&shown(&text.to_string()));
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

/// A text as people see it. What would turn the order of its letters around, as no honest text does, is a sign.
fn shown(text: &str) -> String {
    text.replace(|letter| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'), "\u{fffd}")
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

/// So wide is a terminal that does not say how wide it is.
const WIDTH_UNKNOWN: u16 = 80;
/// A longer word may be broken: what others named may have any length.
const WORD_MAX: u16 = 20;
/// Between columns.
const GAP: u16 = 2;

/// A table without lines, as wide as the terminal; wider, where its words are.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    let rows = rows.into_iter().map(|row| row.iter().map(|cell| shown(cell)).collect::<Vec<_>>());
    table.load_style(presets::NOTHING).set_header(head.to_vec()).add_rows(rows);
    let width = table.width().map(|width| if width == 0 { WIDTH_UNKNOWN } else { width });
    laid_out(table, width)
}

/// A table on a terminal that wide; `None`: as wide as it is.
fn laid_out(mut table: Table, width: Option<u16>) -> String {
    table.set_content_arrangement(ContentArrangement::Dynamic);
    let columns = width.map(|width| (width, widths(&mut table, width)));
    for (nth, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        if let Some(width) = columns.as_ref().and_then(|(_, widths)| widths.get(nth)) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + GAP)));
        }
    }
    if let Some((width, _)) = columns {
        table.set_width(width);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// How wide each column is: at least as its longest word, and then all alike, as far as they need it and the terminal has it.
fn widths(table: &mut Table, width: u16) -> Vec<u16> {
    let most = table.column_max_content_widths();
    let mut widths = longest_words(table);
    let taken: u16 = widths.iter().map(|width| width + GAP).sum();
    for _ in 0..width.saturating_sub(taken) {
        let wanting = widths.iter_mut().zip(&most).filter(|(width, most)| **width < **most).map(|(width, _)| width);
        let Some(narrowest) = wanting.min() else { break };
        *narrowest += 1;
    }
    widths
}

/// How wide the longest word of each column is: as wide as the column with each word on a line of its own.
fn longest_words(table: &Table) -> Vec<u16> {
    let words = |cell: &Cell| cell.content().split_whitespace().collect::<Vec<_>>().join("\n");
    let mut broken = Table::new();
    broken.set_header(table.header().into_iter().flat_map(Row::cell_iter).map(words));
    broken.add_rows(table.row_iter().map(|row| row.cell_iter().map(words).collect::<Vec<_>>()));
    broken.column_max_content_widths().into_iter().map(|width| width.clamp(1, WORD_MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with words of several lengths on a terminal that wide.
    fn on(width: Option<u16>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(vec!["KEY", "STATE", "TITLE"]);
        table.add_row(vec!["PAY-1", "New, triaged", "Payment confirmation is sent twice"]);
        table.add_row(vec!["PAY-2", "Resolved", "Slow"]);
        laid_out(table, width)
    }

    #[test]
    fn a_table_is_as_wide_as_the_terminal_and_breaks_no_word() {
        let whole = "KEY    STATE         TITLE\n\
                     PAY-1  New, triaged  Payment confirmation is sent twice\n\
                     PAY-2  Resolved      Slow";
        assert_eq!(on(None), whole);
        assert_eq!(on(Some(80)), whole);
        let narrow = "KEY    STATE         TITLE\n\
                      PAY-1  New, triaged  Payment\n                     confirmation is\n                     sent twice\n\
                      PAY-2  Resolved      Slow";
        assert_eq!(on(Some(40)), narrow);
        let words = "KEY    STATE     TITLE\n\
                     PAY-1  New,      Payment\n       triaged   confirmation\n                 is sent\n                 twice\n\
                     PAY-2  Resolved  Slow";
        assert_eq!([on(Some(20)), on(Some(1))], [words, words], "narrower is none");
    }

    #[test]
    fn a_word_that_somebody_made_endless_is_broken() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(vec!["ID"]).add_row(vec!["x".repeat(30)]);
        assert_eq!(laid_out(table, Some(10)), format!("ID\n{}\n{}", "x".repeat(20), "x".repeat(10)));
    }
}

//! Data on standard output: a table or a story for people, JSON for scripts. Everything else goes to standard error.

use std::fmt::Display;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value as Json;

use super::json;
use super::times::{self, Style};

/// How to print.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    fields: Option<Vec<String>>,
    times: Style,
}

impl Output {
    /// JSON where fields are given (an empty list: all of them), else for people.
    pub(crate) fn new(fields: Option<Vec<String>>, times: Style) -> Self {
        let named = |fields: Vec<String>| fields.into_iter().filter(|field| !field.is_empty()).collect();
        Self {
            fields: fields.map(named),
            times,
        }
    }

    /// True: for scripts.
    pub(crate) fn is_json(&self) -> bool {
        self.fields.is_some()
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
        anstream::println!("{}", json::select(object, self.fields.as_deref().unwrap_or_default()));
    }

    /// Prints a text for people.
    pub(crate) fn text(&self, text: impl Display) {
        anstream::println!("{text}");
    }

    /// Prints a table.
    pub(crate) fn table(&self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        self.text(table(head, rows));
    }

    /// A time in the style asked for.
    pub(crate) fn time(&self, time: Option<&prost_types::Timestamp>) -> String {
        times::show(time, self.times)
    }
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
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

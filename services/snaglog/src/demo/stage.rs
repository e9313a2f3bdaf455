//! Does what command lines say, as whoever types them, and shows it.

use std::sync::PoisonError;

use anstyle::{AnsiColor, Style};
use api::history::v1::ListEventsRequest;
use api::history::v1::history_service_client::HistoryServiceClient;
use clap::{Parser, Subcommand};
use serde_json::{Value as Json, json};

use crate::client::{self, Failure, Global, Session};

/// A command line without its `snaglog`.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(subcommand)]
    Issue(client::issue::Command),
    Board(client::board::Show),
    History(client::history::Show),
    #[command(subcommand)]
    Project(client::project::Command),
    #[command(subcommand)]
    Release(client::release::Command),
}

/// Where the demonstration happens.
pub(super) struct Stage<'a> {
    global: &'a Global,
    server: &'a str,
    quiet: bool,
}

impl<'a> Stage<'a> {
    /// On this server. With --json nothing is told on the way.
    pub(super) fn new(global: &'a Global, server: &'a str) -> Self {
        Self { global, server, quiet: global.output().is_json() }
    }

    /// Tells something.
    pub(super) fn say(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            self.global.output().text(text);
        }
    }

    /// Does what the line says; answers what it would have printed.
    pub(super) async fn run(&self, actor: &str, line: &str) -> Result<Vec<String>, Failure> {
        let parsed = Line::try_parse_from(words(line)).map_err(|error| Failure::failed(format!("{line}: {error}")))?;
        let mut session = self.session(actor)?;
        let kept = session.output.keep();
        match parsed.command {
            Command::Issue(command) => command.run(&session).await?,
            Command::Board(show) => show.run(&session).await?,
            Command::History(show) => show.run(&session).await?,
            Command::Project(command) => command.run(&session).await?,
            Command::Release(command) => command.run(&session).await?,
        }
        let lines = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(lines)
    }

    /// Shows the line, does it, and shows the answer.
    pub(super) async fn show(&self, actor: &str, line: &str) -> Result<(), Failure> {
        let answer = self.run(actor, line).await?;
        self.say(format!("{}\n{}", prompt(actor, line), indented(&answer)));
        Ok(())
    }

    /// Shows a line that is refused, by which rule, and what would help.
    pub(super) async fn show_refused(&self, actor: &str, line: &str) -> Result<Json, Failure> {
        let Err(refusal) = self.run(actor, line).await else {
            return Err(Failure::failed(format!("{line}: was to be refused, and was not")));
        };
        if refusal.reason.is_empty() {
            return Err(refusal);
        }
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let told = format!("{red}{}{red:#}: {}", refusal.reason, refusal.message);
        let hint = refusal.hint.clone().unwrap_or_default();
        self.say(format!("{}\n{}", prompt(actor, line), indented(&[told, hint.clone()])));
        Ok(
            json!({ "command": format!("snaglog {line}"), "reason": refusal.reason, "message": refusal.message, "hint": hint }),
        )
    }

    /// What stands for all that has happened to this issue: an answer stands for what it shows, so all of it is asked for.
    pub(super) async fn token(&self, key: &str) -> Result<String, Failure> {
        let session = self.session("paula")?;
        let request = ListEventsRequest { key: key.to_owned(), page_size: 1000, ..ListEventsRequest::default() };
        let answer = HistoryServiceClient::new(session.wire()).list_events(request).await;
        answer.map(|answer| answer.into_inner().consistency_token).map_err(|status| session.failure(status))
    }

    fn session(&self, actor: &str) -> Result<Session, Failure> {
        self.global.session_with(self.server, actor)
    }
}

/// A heading.
pub(super) fn head(text: &str) -> String {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    format!("\n{style}== {text}{style:#}\n")
}

/// An answer below what was asked.
pub(super) fn indented(lines: &[String]) -> String {
    let lines = lines.iter().flat_map(|text| text.lines()).map(|line| format!("        {line}"));
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// A command as it is typed; long ones go on in the next line.
fn prompt(actor: &str, line: &str) -> String {
    const WIDTH: usize = 100;
    let (dim, bold) = (Style::new().dimmed(), Style::new().bold());
    let mut text = format!("{dim}{actor:>6} ${dim:#} {bold}");
    let mut column = 8;
    for (nth, part) in format!("snaglog {line}").split(" --").enumerate() {
        let part = if nth == 0 { part.to_owned() } else { format!("--{part}") };
        let length = part.chars().count() + 1;
        if nth > 0 && column + length > WIDTH {
            text.push_str(" \\\n          ");
            column = 10;
        } else if nth > 0 {
            text.push(' ');
        }
        text.push_str(&part);
        column += length;
    }
    format!("{text}{bold:#}")
}

/// The words of a line; what stands in double quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for (nth, part) in line.split('"').enumerate() {
        if nth % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        assert_eq!(
            words(r#"issue file PAY --title "Charged twice" --customer acme"#),
            ["issue", "file", "PAY", "--title", "Charged twice", "--customer", "acme"]
        );
    }

    #[test]
    fn long_commands_go_on_in_the_next_line() {
        let shown = anstream::adapter::strip_str(&prompt(
            "carla",
            &format!("issue file PAY --title {} --customer acme", "x".repeat(80)),
        ))
        .to_string();
        assert_eq!(
            shown,
            format!(
                " carla $ snaglog issue file PAY \\\n          --title {} \\\n          --customer acme",
                "x".repeat(80)
            )
        );
    }
}

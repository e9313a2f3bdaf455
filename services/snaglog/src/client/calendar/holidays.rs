//! `snaglog calendar holidays import FILE.ics`.

use std::path::PathBuf;

use api::calendars::v1::{Calendar, DatedDay, DefineCalendarRequest};
use clap::{Args, Subcommand};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::ics::{self, Holidays, Wanted};
use super::{Which, define};
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::session::Session;
use crate::client::{text, times};

/// Holidays of a calendar.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add the all-day events of an iCalendar file
    Import(Import),
}

/// Add the all-day events of an iCalendar file to a calendar, as dates on which nothing is worked.
///
/// The calendar gets its next version. A date that it has already keeps its hours and its name.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The project's key
    project: String,
    /// The calendar, such as `business`
    calendar: String,
    /// The file; `-` reads standard input
    file: PathBuf,
    /// Only from this date on [default: the first of this year]
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// Only up to this date; what recurs without end is told up to it [default: the end of the fifth year from now]
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Leave out events that are not all day, instead of refusing the file
    #[arg(long)]
    all_day_only: bool,
    /// Show what would be added, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Command {
    /// Does it.
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let Self::Import(import) = self;
        import.run(session).await
    }
}

impl Import {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Calendar>(&[])?;
        let wanted = self.wanted()?;
        let (name, written) = text::named(&self.file)?;
        let Holidays { dates, outside } = ics::read(&written, wanted).map_err(|faults| {
            let mut failure = Failure::usage(format!("{name}: nothing is imported"));
            failure.faults = faults;
            failure
        })?;
        let which = Which { project: self.project.clone(), calendar: self.calendar, version: None };
        let found = which.get(session).await?;
        let mut calendar = found.calendar.unwrap_or_default();
        let mut definition = calendar.definition.take().unwrap_or_default();
        let there = definition.dates.len();
        for (date, name) in dates {
            let date = date.to_string();
            if !definition.dates.iter().any(|known| known.date == date) {
                definition.dates.push(DatedDay { date, name, hours: Vec::new() });
            }
        }
        let added = definition.dates.split_off(there);
        let left = if outside > 0 {
            format!("; {outside} lie outside {} to {}", wanted.since, wanted.until)
        } else {
            String::new()
        };
        anstream::eprintln!(
            "{} new{left}",
            if added.len() == 1 { "1 date is".to_owned() } else { format!("{} dates are", added.len()) }
        );
        if self.dry_run || added.is_empty() {
            definition.dates = added;
            calendar.definition = Some(definition);
            session.output.show(&calendar, super::story::dates);
            return Ok(());
        }
        definition.dates.extend(added);
        let request = DefineCalendarRequest {
            request_id: session.request_id(),
            project: self.project,
            definition: Some(definition),
            // What was read is what is changed.
            expected_revision: Some(found.revision),
        };
        define(session, request, |status| explain(session.failure(status), "")).await
    }

    fn wanted(&self) -> Result<Wanted, Failure> {
        let today = times::now().to_zoned(TimeZone::UTC).date();
        let since = self.since.unwrap_or_else(|| today.first_of_year());
        let until = self.until.unwrap_or_else(|| date(today.year(), 12, 31).saturating_add(5.years()));
        if until < since {
            return Err(Failure::usage(format!("--until {until} lies before --since {since}")));
        }
        Ok(Wanted { since, until, all_day_only: self.all_day_only })
    }
}

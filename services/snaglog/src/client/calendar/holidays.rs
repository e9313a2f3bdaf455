//! `snaglog calendar holidays import FILE.ics`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use api::calendars::v1::{Calendar, CalendarDefinition, DatedDay, DefineCalendarRequest};
use clap::{Args, Subcommand};
use domain::calendar::{Hours, Zone};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::ics::{self, Closed, Holidays, Part, Wanted};
use super::{Which, define};
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::session::Session;
use crate::client::{text, times};

/// Holidays of a calendar.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add the events of an iCalendar file
    Import(Import),
}

/// Add the events of an iCalendar file to a calendar: on all-day events nothing is worked, an event of some hours closes just these.
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
        let (name, written) = text::named(&self.file)?;
        let which = Which { project: self.project.clone(), calendar: self.calendar.clone(), version: None };
        let found = which.get(session).await?;
        let mut calendar = found.calendar.unwrap_or_default();
        let mut definition = calendar.definition.take().unwrap_or_default();
        let wanted = self.wanted(&definition.zone)?;
        let nothing = |faults: Vec<String>| {
            let mut failure = Failure::usage(format!("{name}: nothing is imported"));
            failure.faults = faults.into();
            failure
        };
        let Holidays { dates, outside } = ics::read(&written, &wanted).map_err(nothing)?;
        let added = differing(&definition, dates).map_err(nothing)?;
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

    fn wanted(&self, zone: &str) -> Result<Wanted, Failure> {
        let today = times::now().to_zoned(TimeZone::UTC).date();
        let since = self.since.unwrap_or_else(|| today.first_of_year());
        let until = self.until.unwrap_or_else(|| date(today.year(), 12, 31).saturating_add(5.years()));
        if until < since {
            return Err(Failure::usage(format!("--until {until} lies before --since {since}")));
        }
        let unknown =
            || Failure::failed(format!("the calendar's zone {zone} is known to the server, and not to this build"));
        let zone = Zone::find(zone).ok_or_else(unknown)?.time_zone().clone();
        Ok(Wanted { since, until, zone, all_day_only: self.all_day_only })
    }
}

/// The dates that a calendar has not, and that are worked otherwise than their weekdays; or why that can't be told.
fn differing(of: &CalendarDefinition, closed: BTreeMap<Date, Closed>) -> Result<Vec<DatedDay>, Vec<String>> {
    let known: BTreeSet<&str> = of.dates.iter().map(|day| day.date.as_str()).collect();
    let (mut days, mut faults) = (Vec::new(), Vec::new());
    for (date, Closed { name, part }) in
        closed.into_iter().filter(|(date, _)| !known.contains(date.to_string().as_str()))
    {
        let (before, worked) = (hours(of, date.saturating_sub(1.day())), hours(of, date));
        // What opened on the evening before runs out on a holiday, too.
        if part != Part::Day && before.iter().chain(&worked).any(|hours| hours.over_midnight()) {
            faults.push(format!(
                "“{name}” has hours, and {} is worked over midnight around {date}: write that date's hours in the calendar's file",
                of.id
            ));
            continue;
        }
        let left = part.leaves(&worked);
        if part == Part::Day || left != worked {
            days.push(DatedDay { date: date.to_string(), name, hours: left.iter().map(Hours::to_string).collect() });
        }
    }
    if faults.is_empty() { Ok(days) } else { Err(faults) }
}

/// What is worked on a date.
fn hours(of: &CalendarDefinition, date: Date) -> Vec<Hours> {
    let weekday = i32::from(date.weekday().to_monday_one_offset());
    let dated = of.dates.iter().find(|day| day.date == date.to_string()).map(|day| &day.hours);
    let hours = dated.or_else(|| of.week.iter().find(|day| day.weekday == weekday).map(|day| &day.hours));
    // The server has told them: each is one.
    hours.into_iter().flatten().filter_map(|hours| hours.parse().ok()).collect()
}

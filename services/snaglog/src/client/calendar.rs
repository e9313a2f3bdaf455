//! `snaglog calendar …`: a project's calendars, and what they count.

mod file;
mod holidays;
mod ics;
mod preview;
mod story;

use std::path::PathBuf;

use api::calendars::v1::calendar_service_client::CalendarServiceClient;
use api::calendars::v1::{
    Calendar, CalendarSummary, ComputeDeadlineRequest, ComputeDeadlineResponse, DefineCalendarRequest,
    GetCalendarRequest, GetCalendarResponse, ListCalendarsRequest, MeasureWorkingTimeRequest,
    MeasureWorkingTimeResponse, PreviewCalendarRequest,
};
use api::policies::v1::Target;
use clap::{Args, Subcommand};
use tonic::Status;

use super::failure::Failure;
use super::issue::{Fresh, explain};
use super::session::Session;
use super::{target, text, times};

/// Calendars: when work is done, and what follows for deadlines.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Define a calendar, or its next version, from a file
    Define(Define),
    /// List a project's calendars
    List(List),
    /// Show a calendar with its days
    #[command(visible_alias = "get")]
    Show(Show),
    /// Holidays of a calendar
    #[command(subcommand, arg_required_else_help = true)]
    Holidays(holidays::Command),
    /// Compute when a target would be used up, and show how that is counted
    Compute(Compute),
    /// Measure the working time between two times
    Between(Between),
}

/// Which version of a calendar.
#[derive(Debug, Args)]
struct Which {
    /// The project's key
    project: String,
    /// The calendar, such as `business`
    calendar: String,
    /// Its version; 0 is the built-in one [default: the newest]
    #[arg(long, value_name = "N")]
    version: Option<u32>,
}

/// Define a calendar, or its next version, from a file.
///
/// Cycles that start from now on are counted by it; those that run keep the version they started with.
#[derive(Debug, Args)]
#[command(after_help = file::HELP)]
pub(crate) struct Define {
    /// The project's key
    project: String,
    /// The file; `-` reads standard input
    file: PathBuf,
    /// Only tell whether it would be defined, what it says otherwise, and which open clocks a rebase would then move
    #[arg(long)]
    dry_run: bool,
    /// Refuse (exit code 5) unless the project is at this revision
    #[arg(long, value_name = "N", conflicts_with = "dry_run")]
    expected_revision: Option<u64>,
    #[command(flatten)]
    fresh: Fresh,
}

/// List a project's calendars.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The project's key
    project: String,
}

/// Show a calendar with its days.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    /// As a file that `calendar define` reads
    #[arg(long)]
    yaml: bool,
}

/// Compute when a target would be used up, and show how that is counted. Nothing is recorded.
#[derive(Debug, Args)]
pub(crate) struct Compute {
    #[command(flatten)]
    which: Which,
    /// How much time there is: `4h`, `1h 30m`, `2 working days`
    #[arg(long, value_name = "TARGET", value_parser = target::parse)]
    target: Target,
    /// When the clock starts: RFC 3339, a date, `yesterday`, `2h ago`
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = times::parse)]
    from: prost_types::Timestamp,
    /// How much working time it stood still
    #[arg(long, value_name = "TIME", value_parser = target::duration)]
    paused: Option<prost_types::Duration>,
}

/// Measure the working time between two times. Nothing is recorded.
#[derive(Debug, Args)]
pub(crate) struct Between {
    #[command(flatten)]
    which: Which,
    /// From when on: RFC 3339, a date, `yesterday`, `2h ago`
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    from: prost_types::Timestamp,
    /// Up to when
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = times::parse)]
    to: prost_types::Timestamp,
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Define(define) => define.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::Show(show) => show.run(session).await,
            Self::Holidays(command) => command.run(session).await,
            Self::Compute(compute) => compute.run(session).await,
            Self::Between(between) => between.run(session).await,
        }
    }
}

impl Define {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        if !self.dry_run {
            session.output.expect_fields_of::<Calendar>(&[])?;
        }
        let (name, written) = text::named(&self.file)?;
        let (definition, places) = file::read(&name, &written).map_err(|faults| {
            let mut failure = Failure::usage(format!("{name} is no calendar"));
            failure.faults = faults.into();
            failure.hint("`snaglog calendar define --help` shows one.")
        })?;
        let cannot = format!("can't be a calendar of {}", self.project.to_uppercase());
        let refused = |status| places.refused(&cannot, session, status);
        if self.dry_run {
            let (project, consistency) = (self.project, self.fresh.consistency());
            let definition = Some(definition);
            let request = PreviewCalendarRequest { project, definition, without_clocks: false, consistency };
            return preview::preview(session, request, refused).await;
        }
        let request = DefineCalendarRequest {
            request_id: session.request_id(),
            project: self.project,
            definition: Some(definition),
            expected_revision: self.expected_revision,
        };
        define(session, request, refused).await
    }
}

/// Defines a calendar, and prints what it is now.
async fn define(
    session: &Session,
    request: DefineCalendarRequest,
    refused: impl FnOnce(Status) -> Failure,
) -> Result<(), Failure> {
    let answer = CalendarServiceClient::new(session.wire()).define_calendar(request).await;
    let answer = answer.map_err(refused)?.into_inner();
    session.output.show(&answer.calendar.unwrap_or_default(), story::defined);
    Ok(())
}

impl Which {
    /// That version, as it is now.
    async fn get(self, session: &Session) -> Result<GetCalendarResponse, Failure> {
        let Self { project, calendar, version } = self;
        let answer = CalendarServiceClient::new(session.wire())
            .get_calendar(GetCalendarRequest { project, calendar, version })
            .await;
        Ok(answer.map_err(|status| explain(session.failure(status), ""))?.into_inner())
    }
}

impl List {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<CalendarSummary>(&[])?;
        let mut client = CalendarServiceClient::new(session.wire());
        let mut request = ListCalendarsRequest { project: self.project, ..ListCalendarsRequest::default() };
        let mut rows = Vec::new();
        loop {
            let page = client.list_calendars(request.clone()).await;
            let page = page.map_err(|status| explain(session.failure(status), ""))?.into_inner();
            for calendar in &page.calendars {
                if session.output.is_json() {
                    session.output.json(super::json::to_json(calendar));
                } else {
                    rows.push(story::row(calendar, session));
                }
            }
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if !session.output.is_json() {
            session.output.table(&["CALENDAR", "VERSION", "ZONE", "WEEKDAYS", "DATES", "DEFINED"], rows);
        }
        Ok(())
    }
}

impl Show {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.yaml && session.output.is_json() {
            return Err(Failure::usage("--yaml and --json: one of them"));
        }
        session.output.expect_fields_of::<Calendar>(&[])?;
        let calendar = self.which.get(session).await?.calendar.unwrap_or_default();
        if self.yaml {
            let written = file::write(&calendar.definition.unwrap_or_default());
            session.output.text(written.map_err(|error| Failure::failed(format!("--yaml: {error}")))?.trim_end());
        } else {
            session.output.show(&calendar, |calendar| story::calendar(calendar, session));
        }
        Ok(())
    }
}

impl Compute {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ComputeDeadlineResponse>(&[])?;
        let Which { project, calendar, version } = self.which;
        let name = calendar.clone();
        let request = ComputeDeadlineRequest {
            project,
            calendar,
            version,
            from: Some(self.from),
            target: Some(self.target),
            paused: self.paused,
        };
        let answer = CalendarServiceClient::new(session.wire()).compute_deadline(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
        session.output.show(&answer, |deadline| story::deadline(&name, deadline));
        Ok(())
    }
}

impl Between {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<MeasureWorkingTimeResponse>(&[])?;
        let Which { project, calendar, version } = self.which;
        let (from, to) = (Some(self.from), Some(self.to));
        let request = MeasureWorkingTimeRequest { project, calendar, version, from, to };
        let answer = CalendarServiceClient::new(session.wire()).measure_working_time(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), ""))?.into_inner();
        let told = |answer: &MeasureWorkingTimeResponse| {
            answer.working_time.as_ref().map_or_else(|| String::from("nothing"), target::length)
        };
        session.output.show(&answer, told);
        Ok(())
    }
}

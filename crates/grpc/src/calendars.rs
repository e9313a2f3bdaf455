//! The calendar service: a project's calendars, and what they count. It reads the log, so it is always fresh.

mod parse;
mod preview;
pub(crate) mod show;

use std::sync::Arc;

use ::commands::{Commands, Environment, Found};
use api::calendars::v1::calendar_service_server::CalendarService;
use api::calendars::v1::{
    Calendar, ComputeDeadlineRequest, ComputeDeadlineResponse, DefineCalendarRequest, DefineCalendarResponse,
    GetCalendarRequest, GetCalendarResponse, ListCalendarsRequest, ListCalendarsResponse, MeasureWorkingTimeRequest,
    MeasureWorkingTimeResponse, PreviewCalendarRequest, PreviewCalendarResponse,
};
use api::errors::v1::Reason;
use domain::calendar;
use domain::ids::{CalendarId, ProjectId};
use domain::project::{self, Command};
use futures::stream::BoxStream;
use tonic::{Code, Request, Response, Status};

use crate::call::{Call, reply, token_at};
use crate::fields::Faults;
use crate::freshness::{AtLeast, Views};
use crate::identity::Caller;
use crate::limits::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use crate::page::Binding;
use crate::policies::show::duration;
use crate::policies::walk::Walk;
use crate::status::{self, Subject};
use crate::{mutations, projects};

/// Serves `snaglog.calendars.v1.CalendarService`.
pub(crate) struct Calendars {
    pub(crate) commands: Arc<Commands>,
    /// Which issues are open.
    pub(crate) views: Arc<Views>,
    pub(crate) environment: Arc<dyn Environment>,
}

mutations! {
    calendar: Calendar;
    DefineCalendarRequest -> DefineCalendarResponse [expected_revision] [];
}

#[tonic::async_trait]
impl CalendarService for Calendars {
    async fn define_calendar(
        &self,
        request: Request<DefineCalendarRequest>,
    ) -> Result<Response<DefineCalendarResponse>, Status> {
        let (message, mut call) = Call::open(request)?;
        let project = call.faults.required("project", &message.project, ProjectId::parse);
        let definition = parse::definition(&mut call.faults, message.definition.as_ref());
        let (request, (project, definition)) = call.close(project.zip(definition))?;
        let id = definition.id().clone();
        let done = self.commands.project(&project, Command::DefineCalendar { definition }, request).await;
        let done =
            done.map_err(|error| status::command_error(&error, &Subject(format!("calendars/{project}/{id}"))))?;
        let newest = find(&done.state, &id, None)?;
        Ok(reply::<DefineCalendarRequest, _>(&done, show::calendar(&newest, &done.state)))
    }

    type PreviewCalendarStream = BoxStream<'static, Result<PreviewCalendarResponse, Status>>;

    async fn preview_calendar(
        &self,
        mut request: Request<PreviewCalendarRequest>,
    ) -> Result<Response<Self::PreviewCalendarStream>, Status> {
        let caller = Caller::attached(&mut request)?;
        let (message, mut faults) = (request.into_inner(), Faults::default());
        let at_least = AtLeast::parse(&mut faults, message.consistency.as_ref())?;
        let project = faults.required("project", &message.project, ProjectId::parse);
        let definition = parse::definition(&mut faults, message.definition.as_ref());
        let (project, definition) = faults.finish(project.zip(definition))?;
        let walk =
            (!message.without_clocks).then(|| Walk::open(Arc::clone(&self.commands), &self.views, &project, at_least));
        let now = self.environment.now();
        let (id, found) = (definition.id().clone(), projects::find(&self.commands, &project).await?);
        let after = preview::foreseen(&found.state, definition, &caller.actor, now);
        let after =
            after.map_err(|rejection| status::refused(&rejection, &Subject(format!("calendars/{project}/{id}"))))?;
        let calendar = show::calendar(&find(&after, &id, None)?, &after);
        Ok(Response::new(preview::stream(&found.state, after, calendar, walk, now)))
    }

    async fn get_calendar(
        &self,
        request: Request<GetCalendarRequest>,
    ) -> Result<Response<GetCalendarResponse>, Status> {
        let GetCalendarRequest { project, calendar, version } = request.into_inner();
        let mut faults = Faults::default();
        let asked = asked(&mut faults, &project, &calendar, version);
        let (found, calendar) = self.find(faults.finish(asked)?).await?;
        Ok(Response::new(GetCalendarResponse {
            calendar: Some(show::calendar(&calendar, &found.state)),
            revision: found.state.revision,
            consistency_token: token_at(&found.at),
        }))
    }

    async fn list_calendars(
        &self,
        request: Request<ListCalendarsRequest>,
    ) -> Result<Response<ListCalendarsResponse>, Status> {
        let mut query = request.into_inner();
        let mut faults = Faults::default();
        let project = faults.required("project", &query.project, ProjectId::parse);
        let size = faults.page_size("page_size", query.page_size, PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX);
        let project = faults.finish(project)?;
        let page_token = std::mem::take(&mut query.page_token);
        query.page_size = 0;
        let binding = Binding::of(&query);
        let after: Option<String> = binding.cursor(&page_token)?;
        let found = projects::find(&self.commands, &project).await?;
        let calendars = &found.state.calendars;
        let mut ids = calendars.ids().skip_while(|id| after.as_deref().is_some_and(|after| id.as_str() <= after));
        let page: Vec<_> = ids.by_ref().take(size as usize).filter_map(|id| calendars.latest(&id)).collect();
        let next_page_token = match (page.last(), ids.next()) {
            (Some(last), Some(_)) => binding.token(&last.id().as_str())?,
            _ => String::new(),
        };
        Ok(Response::new(ListCalendarsResponse {
            calendars: page.iter().map(|calendar| show::summary(calendar, &found.state)).collect(),
            next_page_token,
            consistency_token: token_at(&found.at),
        }))
    }

    async fn compute_deadline(
        &self,
        request: Request<ComputeDeadlineRequest>,
    ) -> Result<Response<ComputeDeadlineResponse>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let asked = asked(&mut faults, &message.project, &message.calendar, message.version);
        let from = parse::time(&mut faults, "from", message.from.as_ref());
        let target = parse::target(&mut faults, "target", message.target.as_ref());
        let paused = parse::paused(&mut faults, "paused", message.paused.as_ref());
        let (asked, ((from, target), paused)) = faults.finish(asked.zip(from.zip(target).zip(paused)))?;
        let subject = Subject(format!("calendars/{}/{}", asked.project, asked.calendar));
        let (_, calendar) = self.find(asked).await?;
        let due = target.due(&calendar, from).and_then(|due| calendar.add(due, paused));
        let due = due.map_err(|why| no_deadline(why, &subject))?;
        let starts = calendar.next_open(from).unwrap_or(due);
        Ok(Response::new(show::deadline(&calendar, from, starts, due)))
    }

    async fn measure_working_time(
        &self,
        request: Request<MeasureWorkingTimeRequest>,
    ) -> Result<Response<MeasureWorkingTimeResponse>, Status> {
        let message = request.into_inner();
        let mut faults = Faults::default();
        let asked = asked(&mut faults, &message.project, &message.calendar, message.version);
        let from = parse::time(&mut faults, "from", message.from.as_ref());
        let to = parse::time(&mut faults, "to", message.to.as_ref());
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            faults.add("to", "lies before `from`");
        }
        let (asked, (from, to)) = faults.finish(asked.zip(from.zip(to)))?;
        let (_, calendar) = self.find(asked).await?;
        Ok(Response::new(MeasureWorkingTimeResponse {
            working_time: Some(duration(calendar.between(from, to))),
            version: calendar.version(),
        }))
    }
}

/// Which version of which calendar is asked for.
struct Asked {
    project: ProjectId,
    calendar: CalendarId,
    version: Option<u32>,
}

impl Calendars {
    async fn find(&self, asked: Asked) -> Result<(Found<project::Project>, calendar::Calendar), Status> {
        let found = projects::find(&self.commands, &asked.project).await?;
        let calendar = find(&found.state, &asked.calendar, asked.version)?;
        Ok((found, calendar))
    }
}

fn asked(faults: &mut Faults, project: &str, calendar: &str, version: Option<u32>) -> Option<Asked> {
    let project = faults.required("project", project, ProjectId::parse);
    let calendar = faults.required("calendar", calendar, CalendarId::parse);
    Some(Asked { project: project?, calendar: calendar?, version })
}

/// That version, or the newest, or that there is none.
fn find(project: &project::Project, id: &CalendarId, version: Option<u32>) -> Result<calendar::Calendar, Status> {
    let calendars = &project.calendars;
    let found = version.map_or_else(|| calendars.latest(id), |version| calendars.version(id, version));
    found.ok_or_else(|| {
        let what =
            version.map_or_else(|| "calendar".to_owned(), |version| format!("version {version} of this calendar"));
        let subject = Subject(format!("calendars/{}/{id}", project.id));
        status::not_found(Reason::UnknownCalendar, &subject, &format!("there is no such {what}"))
    })
}

fn no_deadline(why: calendar::Unreachable, subject: &Subject) -> Status {
    status::error(Code::FailedPrecondition, Reason::NoDeadline, format!("{}: {why}", subject.0))
}

//! `snaglog calendar define FILE --dry-run`: what it would do, and what the file says otherwise than the calendar does.

use api::calendars::v1::calendar_service_client::CalendarServiceClient;
use api::calendars::v1::preview_calendar_response::Step;
use api::calendars::v1::{
    Calendar, CalendarDefinition, GetCalendarRequest, PreviewCalendarRequest, PreviewCalendarResponse,
};
use tonic::{Code, Status};

use super::file::short;
use super::story;
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::json;
use crate::client::output::table;
use crate::client::policy::story as moves;
use crate::client::session::Session;

/// Tells what defining it would do. Nothing is recorded.
pub(super) async fn preview(
    session: &Session,
    request: PreviewCalendarRequest,
    refused: impl Fn(Status) -> Failure,
) -> Result<(), Failure> {
    session.output.expect_fields_of::<PreviewCalendarResponse>(&[])?;
    let project = request.project.clone();
    let answer = CalendarServiceClient::new(session.wire()).preview_calendar(request).await;
    let mut steps = answer.map_err(&refused)?.into_inner();
    let mut moved = Vec::new();
    while let Some(message) = steps.message().await.map_err(&refused)? {
        if session.output.is_json() {
            session.output.json(json::to_json(&message));
            continue;
        }
        match message.step {
            Some(Step::Calendar(then)) => {
                let now = present(session, &project, &then).await?;
                session.output.text(format!("{}\n\n{}", differences(&now, &then), story::would(&then)));
            }
            Some(Step::Move(one)) => moved.push(moves::moved(&one, &session.output)),
            Some(Step::Summary(summary)) if summary.issues > 0 => {
                if !moved.is_empty() {
                    session.output.table(&moves::MOVED, std::mem::take(&mut moved));
                }
                session.output.text(moves::summary(&summary));
            }
            Some(Step::Summary(_)) | None => {}
        }
    }
    Ok(())
}

/// Its newest version; an empty one where there is none.
async fn present(session: &Session, project: &str, then: &Calendar) -> Result<Calendar, Failure> {
    let calendar = then.definition.clone().unwrap_or_default().id;
    let request = GetCalendarRequest { project: project.to_owned(), calendar, version: None };
    match CalendarServiceClient::new(session.wire()).get_calendar(request).await {
        Ok(answer) => Ok(answer.into_inner().calendar.unwrap_or_default()),
        Err(status) if status.code() == Code::NotFound => Ok(Calendar::default()),
        Err(status) => Err(explain(session.failure(status), "")),
    }
}

/// What the file says otherwise, as a table; of a calendar that is new, what it is.
fn differences(now: &Calendar, then: &Calendar) -> String {
    let (before, after) = (said(now), said(then));
    let of = |said: &[(String, String)], place: &str| {
        let found = said.iter().find(|(known, _)| known == place);
        found.map_or_else(|| "-".to_owned(), |(_, text)| text.clone())
    };
    let added = after.iter().filter(|(place, _)| before.iter().all(|(known, _)| known != place));
    let mut places: Vec<&String> = before.iter().chain(added).map(|(place, _)| place).collect();
    // Weekdays stay in their order before the dates; dates are told by the calendar's own order.
    places.sort_by_key(|place| place.starts_with("dates.").then_some(place.as_str()));
    let rows = places.into_iter().map(|place| vec![place.clone(), of(&before, place), of(&after, place)]);
    let rows: Vec<_> = rows.filter(|row| row[1] != row[2]).collect();
    if rows.is_empty() {
        return "no difference".to_owned();
    }
    let version = if now.definition.is_some() { format!("VERSION {}", now.version) } else { "NOW".to_owned() };
    table(&["PLACE", &version, "FILE"], rows)
}

/// What a calendar says, place by place, as its file would.
fn said(calendar: &Calendar) -> Vec<(String, String)> {
    let Some(CalendarDefinition { zone, week, dates, .. }) = &calendar.definition else { return Vec::new() };
    let week = week.iter().map(|day| (format!("week.{}", short(day.weekday)), day.hours.join(" ")));
    let dates = dates.iter().map(|day| {
        let hours = if day.hours.is_empty() { "closed".to_owned() } else { day.hours.join(" ") };
        (format!("dates.{}", day.date), format!("{hours} {}", day.name).trim_end().to_owned())
    });
    std::iter::once(("zone".to_owned(), zone.clone())).chain(week).chain(dates).collect()
}

#[cfg(test)]
mod tests {
    use api::calendars::v1::{DatedDay, WorkingDay};

    use super::*;

    fn calendar(version: u32, zone: &str, week: &[(i32, &str)], dates: &[(&str, &str)]) -> Calendar {
        let day = |(weekday, hours): &(i32, &str)| WorkingDay { weekday: *weekday, hours: vec![(*hours).to_owned()] };
        let date = |(date, name): &(&str, &str)| DatedDay {
            date: (*date).to_owned(),
            name: (*name).to_owned(),
            hours: Vec::new(),
        };
        let definition = CalendarDefinition {
            id: "office".into(),
            zone: zone.into(),
            week: week.iter().map(day).collect(),
            dates: dates.iter().map(date).collect(),
        };
        Calendar { definition: Some(definition), version, ..Calendar::default() }
    }

    #[test]
    fn what_a_file_says_otherwise() {
        let now = calendar(
            1,
            "UTC",
            &[(1, "09:00-17:00"), (2, "09:00-17:00")],
            &[("2026-12-25", "Christmas"), ("2026-12-31", "Eve")],
        );
        let then = calendar(
            2,
            "Europe/London",
            &[(1, "09:00-17:00"), (3, "10:00-12:00")],
            &[("2026-12-25", "Christmas"), ("2026-01-01", "New Year")],
        );
        let told = differences(&now, &then);
        let told: Vec<_> = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "PLACE VERSION 1 FILE",
            "zone UTC Europe/London",
            "week.tue 09:00-17:00 -",
            "week.wed - 10:00-12:00",
            "dates.2026-01-01 - closed New Year",
            "dates.2026-12-31 closed Eve -",
        ];
        assert_eq!(told, expected);
        assert_eq!(differences(&now, &now), "no difference");
        assert!(differences(&Calendar::default(), &then).contains("NOW"));
    }
}

//! `snaglog history KEY`: an issue's events as a story, or the issue as it was.

use std::fmt::Write as _;

use api::history::v1::history_service_client::HistoryServiceClient;
use api::history::v1::{Event, GetIssueAsOfRequest, ListEventsRequest, get_issue_as_of_request, list_events_request};
use api::issues::v1::Issue;
use clap::Args;

use super::failure::Failure;
use super::issue::advise;
use super::json;
use super::output::Output;
use super::session::Session;
use super::times;

/// Tell an issue's history as a story, from the log itself.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The issue's key, `PAY-42` in either case
    pub(crate) key: String,
    /// Only what was known then: a time (RFC 3339, `yesterday`, `2h ago`) or a revision (`r5`)
    #[arg(long, value_name = "TIME|rN", value_parser = cut)]
    pub(crate) as_of: Option<Cut>,
    /// With --state: what was true then, by all that is known
    #[arg(long, value_name = "TIME", value_parser = times::parse, requires = "state")]
    pub(crate) at: Option<prost_types::Timestamp>,
    /// Show the issue as it was, instead of its events
    #[arg(long)]
    pub(crate) state: bool,
}

/// Up to where.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    Time(prost_types::Timestamp),
    Revision(u64),
}

fn cut(text: &str) -> Result<Cut, String> {
    match text.strip_prefix('r').map(str::parse) {
        Some(Ok(revision)) => Ok(Cut::Revision(revision)),
        _ => times::parse(text).map(Cut::Time),
    }
}

impl Show {
    /// Shows it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.state {
            session.output.expect_fields_of::<Issue>(&[])?;
            self.show_issue(session).await
        } else {
            session.output.expect_fields_of::<Event>(&[])?;
            self.tell(session).await
        }
    }

    async fn show_issue(&self, session: &Session) -> Result<(), Failure> {
        use get_issue_as_of_request::AsOf;
        let as_of = self.as_of.map(|cut| match cut {
            Cut::Time(time) => AsOf::AsOfTime(time),
            Cut::Revision(revision) => AsOf::AsOfRevision(revision),
        });
        let request = GetIssueAsOfRequest { key: self.key.clone(), at: self.at, as_of };
        let answer = match HistoryServiceClient::new(session.wire()).get_issue_as_of(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return Err(advise(session, session.failure(status), &self.key.to_uppercase()).await),
        };
        let issue = answer.issue.unwrap_or_default();
        session.output.show(&issue, |issue| super::issue::story(issue, &[], &session.output));
        self.tell_beyond(issue.revision);
        Ok(())
    }

    async fn tell(&self, session: &Session) -> Result<(), Failure> {
        use list_events_request::AsOf;
        let as_of = self.as_of.map(|cut| match cut {
            Cut::Time(time) => AsOf::AsOfTime(time),
            Cut::Revision(revision) => AsOf::AsOfRevision(revision),
        });
        let mut request =
            ListEventsRequest { key: self.key.clone(), page_size: 1000, page_token: String::new(), as_of };
        let mut client = HistoryServiceClient::new(session.wire());
        let mut last = 0;
        loop {
            let page = match client.list_events(request.clone()).await {
                Ok(answer) => answer.into_inner(),
                Err(status) => return Err(advise(session, session.failure(status), &self.key.to_uppercase()).await),
            };
            for event in &page.events {
                if session.output.is_json() {
                    session.output.json(json::to_json(event));
                } else {
                    session.output.text(paragraph(event, &session.output));
                }
            }
            last = page.events.last().map_or(last, |event| event.revision);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        if last == 0 {
            anstream::eprintln!("Nothing was known of it then.");
        }
        self.tell_beyond(last);
        Ok(())
    }

    /// Says so where the revision asked for is still to come: what is shown is the issue as it is.
    fn tell_beyond(&self, last: u64) {
        if let Some(Cut::Revision(asked)) = self.as_of
            && asked > last
        {
            anstream::eprintln!("There is no r{asked} yet: r{last} is the last.");
        }
    }
}

/// The details that are somebody's words; the summary has the others.
const SAID: [&str; 8] = ["text", "reason", "note", "action", "explanation", "steps", "actual", "expected"];

/// An event for people: when and who, what, and what was said.
pub(crate) fn paragraph(event: &Event, output: &Output) -> String {
    let (bold, dim) = (anstyle::Style::new().bold(), anstyle::Style::new().dimmed());
    let mut text = format!(
        "{bold}r{:<3}{bold:#} {:<10}  {:<8}  {}",
        event.revision,
        output.time(event.occurred_at.as_ref()),
        event.actor,
        event.summary
    );
    if let Some(origin) = &event.origin {
        let implied = if origin.implied { ", implied" } else { "" };
        _ = write!(
            text,
            " {dim}(imported from {}:{} by {}{implied}){dim:#}",
            origin.system, origin.reference, origin.imported_by
        );
    }
    for detail in event.details.iter().filter(|detail| SAID.contains(&detail.name.as_str())) {
        for line in detail.value.lines() {
            _ = write!(text, "\n       {dim}{line}{dim:#}");
        }
    }
    text
}

//! `snaglog events`: what happened, from any position on, as a stream.

mod cloud;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use api::events::v1::events_service_client::EventsServiceClient;
use api::events::v1::subscribe_events_response::Message;
use api::events::v1::{Event, EventFormat, Start, SubscribeEventsRequest, SubscribeEventsResponse};
use backon::{BackoffBuilder as _, ExponentialBuilder};
use clap::Args;
use serde_json::Value as Json;
use tokio::time::timeout;
use tonic::Status;

use super::failure::{Exit, Failure};
use super::json;
use super::output::Output;
use super::session::Session;

/// The server sends a bookmark every 10 s, unless told otherwise: after this the connection is given up.
const SILENCE: Duration = Duration::from_secs(60);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Tell what happened, event by event, from the log itself. Piped: the stream's messages in JSON, one a line, each with the token of what
/// follows it. docs/events.md says what can be relied on.
#[derive(Debug, Args)]
pub(crate) struct Tell {
    /// Only of this project; of several: KEY,KEY
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    pub(crate) project: Vec<String>,
    /// Only events of this type, such as `IssueFiled`; of several: TYPE,TYPE
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) types: Vec<String>,
    /// After this token, or `latest`: what happens from now on [default: from the first event]
    #[arg(long, value_name = "TOKEN|latest", default_value = "", hide_default_value = true)]
    pub(crate) from: String,
    /// Wait for whatever happens next, also while the server restarts
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// One CloudEvents 1.0 object a line, in their JSON format
    #[arg(long, conflicts_with = "json")]
    pub(crate) cloudevents: bool,
}

/// How a stream ended.
enum Ended {
    /// Nothing follows for now, or nobody reads any more.
    Done,
    Lost(Failure),
}

impl Tell {
    /// Tells it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<SubscribeEventsResponse>(&[])?;
        let latest = self.from.eq_ignore_ascii_case("latest");
        let mut request = SubscribeEventsRequest {
            token: if latest { String::new() } else { self.from.clone() },
            start: if latest { Start::Latest } else { Start::Beginning }.into(),
            projects: self.project.clone(),
            types: self.types.clone(),
            format: if self.cloudevents { EventFormat::Cloudevents } else { EventFormat::Event }.into(),
        };
        let backoff = ExponentialBuilder::default().with_min_delay(RETRY_FIRST).with_max_delay(RETRY_MAX);
        let backoff = backoff.with_jitter().without_max_times();
        let mut pauses = backoff.build();
        loop {
            let before = request.token.clone();
            match self.stream(session, &mut request).await {
                Ended::Done => return Ok(()),
                Ended::Lost(failure) if !self.follow || failure.exit != Exit::TryAgain => return Err(failure),
                Ended::Lost(failure) => {
                    if request.token != before {
                        pauses = backoff.build();
                    }
                    anstream::eprintln!("{}; trying again", failure.message);
                    tokio::time::sleep(pauses.next().unwrap_or(RETRY_MAX)).await;
                }
            }
        }
    }

    /// One stream, from the request's token on; the token of what was printed last is left there.
    async fn stream(&self, session: &Session, request: &mut SubscribeEventsRequest) -> Ended {
        let lost = |status: Status| Ended::Lost(session.failure(status));
        let mut messages = match EventsServiceClient::new(session.wire()).subscribe_events(request.clone()).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return lost(status),
        };
        loop {
            let message = match timeout(SILENCE, messages.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return lost(Status::unavailable("the server ended the stream")),
                Ok(Err(status)) => return lost(status),
                Err(_) => return lost(Status::unavailable("the server has fallen silent")),
            };
            let at_end = matches!(&message.message, Some(Message::Bookmark(bookmark)) if bookmark.at_end);
            self.print(session, &message);
            request.token = message.token;
            if (at_end && !self.follow) || Output::has_no_reader() {
                return Ended::Done;
            }
        }
    }

    fn print(&self, session: &Session, message: &SubscribeEventsResponse) {
        let output = &session.output;
        match &message.message {
            Some(Message::CloudEvent(event)) => output.line(&cloud::event(event, &message.token)),
            Some(Message::Bookmark(_)) if self.cloudevents => {}
            _ if output.is_json() => output.json(json::to_json(message)),
            _ if self.cloudevents || !std::io::stdout().is_terminal() => output.line(&json::to_json(message)),
            Some(Message::Bookmark(bookmark)) if bookmark.at_end && !self.follow => {
                anstream::eprintln!("What follows: --from {}", message.token);
            }
            None | Some(Message::Bookmark(_)) => {}
            Some(Message::Event(event)) => output.text(line(event, &output.time(event.occurred_at.as_ref()))),
            Some(Message::Undecodable(event)) => output.text(format!(
                "{:<10} {:<12} {:<8} {}: can't be decoded; an operator must look at partition {} position {}",
                "", event.project, "", event.r#type, event.partition, event.position
            )),
        }
    }
}

/// An event for people.
fn line(event: &Event, time: &str) -> String {
    let bold = anstyle::Style::new().bold();
    let Event { subject, actor, r#type, .. } = event;
    let mut text = format!("{time:<10} {bold}{subject:<12}{bold:#} {actor:<8} {type}");
    let said = event.payload.as_ref().map(|_| json::to_json(event));
    let data = said.as_ref().and_then(|event| event.as_object()).and_then(|event| event.get(&snake_case(r#type)));
    for (name, value) in data.and_then(Json::as_object).into_iter().flatten() {
        let value = match value {
            Json::String(text) => text.lines().next().unwrap_or_default().chars().take(60).collect(),
            Json::Number(number) => number.to_string(),
            Json::Bool(true) => String::from("yes"),
            _ => continue,
        };
        _ = write!(text, "  {name}: {value}");
    }
    text
}

/// `IssueFiled` as the contract's fields are named: `issue_filed`.
fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

//! `snaglog view …`: how the views are, and what operators do with them.

use api::admin::v1::admin_service_client::AdminServiceClient;
use api::admin::v1::{
    ListParkedRequest, ListViewsRequest, ListViewsResponse, ParkedStream, RebuildStep, RebuildViewRequest,
    RebuildViewResponse, RetryParkedRequest, SkipParkedRequest, View, ViewState,
};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tonic::Status;

use super::failure::{Exit, Failure};
use super::json;
use super::output::table;
use super::session::{Session, Wire};
use super::settings::Global;
use super::times;
use crate::upkeep::view::{Prepare, Verify};

/// Views: the read models that queries are answered from.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how far each view has come, and what it has set aside
    #[command(visible_alias = "status")]
    List,
    /// List the streams that a view has set aside, because an event of them could not be applied
    Parked(Parked),
    /// Fold a parked stream again; all of the view's, where none is named
    Retry(Retry),
    /// Leave a parked stream as it is: its rows stand still, and nobody is alarmed by it
    Skip(Skip),
    /// Build a view's tables anew from the log while the server answers from the old ones, then switch
    Rebuild(Rebuild),
    /// Build this build's views beside a running server of an older one, so that they are there when it takes over
    Prepare(Prepare),
    /// Fold the log anew and compare the result with a view, row by row
    Verify(Verify),
}

/// Which view's.
#[derive(Debug, Args)]
pub(crate) struct Parked {
    /// The view's name; of all views, where none is named
    view: Option<String>,
}

/// What to retry.
#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// The view's name
    view: String,
    /// The stream's name, as `snaglog view parked` shows it
    stream: Option<String>,
}

/// What to skip.
#[derive(Debug, Args)]
pub(crate) struct Skip {
    /// The view's name
    view: String,
    /// The stream's name, as `snaglog view parked` shows it
    stream: String,
}

/// What to rebuild.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// The view's name
    view: String,
}

type Client = AdminServiceClient<Wire>;

impl Command {
    /// Does what was asked.
    pub(crate) async fn run(self, global: &Global) -> Result<(), Failure> {
        let session = || global.session();
        let client = |session: &Session| AdminServiceClient::new(session.wire());
        match self {
            Self::Prepare(prepare) => prepare.run(global).await,
            Self::Verify(verify) => verify.run(global).await,
            Self::List => list(&session()?).await,
            Self::Parked(parked) => parked.run(&session()?).await,
            Self::Retry(retry) => retry.run(&session()?).await,
            Self::Skip(skip) => {
                let session = session()?;
                skip.run(&mut client(&session), &session).await
            }
            Self::Rebuild(rebuild) => {
                let session = session()?;
                rebuild.run(&mut client(&session), &session).await
            }
        }
    }
}

async fn list(session: &Session) -> Result<(), Failure> {
    session.output.expect_fields_of::<ListViewsResponse>(&[])?;
    let mut client = AdminServiceClient::new(session.wire());
    let answer = client.list_views(ListViewsRequest {}).await.map_err(|status| session.failure(status))?;
    session.output.show(&answer.into_inner(), views);
    Ok(())
}

fn views(answer: &ListViewsResponse) -> String {
    let mut text =
        table(&["VIEW", "VERSION", "STATE", "LAG", "BEHIND", "PARKED", "SKIPPED"], answer.views.iter().map(row));
    for other in &answer.others {
        let what = if other.in_use { "in use by another server, or prepared" } else { "used by nobody; dropped soon" };
        text = format!("{text}\n{} v{}: {what}", other.name, other.version);
    }
    text
}

fn row(view: &View) -> Vec<String> {
    let state = match view.state() {
        ViewState::Unspecified => "?",
        ViewState::Serving => "serving",
        ViewState::Building => "being built",
    };
    let behind = view.lag_time.as_ref().map_or(String::new(), |lag| times::age(lag.seconds));
    let (parked, skipped) = (view.parked.to_string(), view.skipped.to_string());
    vec![view.name.clone(), view.version.to_string(), state.to_owned(), view.lag.to_string(), behind, parked, skipped]
}

/// All names of views, or the one that was given.
async fn names(client: &mut Client, session: &Session, given: Option<String>) -> Result<Vec<String>, Failure> {
    if let Some(name) = given {
        return Ok(vec![name]);
    }
    let answer = client.list_views(ListViewsRequest {}).await.map_err(|status| session.failure(status))?;
    Ok(answer.into_inner().views.into_iter().map(|view| view.name).collect())
}

/// A refusal; of a view that is not there, with those that are.
async fn refused(client: &mut Client, session: &Session, view: &str, status: Status) -> Failure {
    let failure = session.failure(status);
    if failure.reason != "UnknownView" {
        return failure;
    }
    let there = names(client, session, None).await.unwrap_or_default();
    unknown(view, there.iter().map(String::as_str))
}

/// There is no view of that name.
pub(crate) fn unknown<'n>(view: &str, there: impl Iterator<Item = &'n str>) -> Failure {
    let mut failure = Failure::new(Exit::Refused, format!("there is no view {view}"));
    failure.reason = String::from("UnknownView");
    let mut there: Vec<&str> = there.collect();
    there.sort_unstable();
    if there.is_empty() { failure } else { failure.hint(format!("There are: {}", there.join(", "))) }
}

/// A page of a view's parked streams, and the token of the next.
async fn page(
    client: &mut Client,
    session: &Session,
    view: &str,
    page_token: String,
) -> Result<(Vec<ParkedStream>, String), Failure> {
    let request = ListParkedRequest { view: view.to_owned(), page_size: 100, page_token };
    match client.list_parked(request).await {
        Ok(page) => {
            let page = page.into_inner();
            Ok((page.parked, page.next_page_token))
        }
        Err(status) => Err(refused(client, session, view, status).await),
    }
}

impl Parked {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ParkedStream>(&["view"])?;
        let mut client = AdminServiceClient::new(session.wire());
        let mut rows = Vec::new();
        for view in names(&mut client, session, self.view).await? {
            let mut token = String::new();
            loop {
                let (parked, next) = page(&mut client, session, &view, token).await?;
                if session.output.is_json() {
                    for parked in &parked {
                        session.output.json(object(&view, parked));
                    }
                } else {
                    rows.extend(parked.into_iter().map(|parked| parked_row(&view, parked)));
                }
                token = next;
                if token.is_empty() {
                    break;
                }
            }
        }
        if session.output.is_json() {
            return Ok(());
        }
        if rows.is_empty() {
            anstream::eprintln!("Nothing is parked.");
        } else {
            session.output.table(&["VIEW", "STREAM", "POSITION", "", "REASON"], rows);
        }
        Ok(())
    }
}

fn object(view: &str, parked: &ParkedStream) -> serde_json::Value {
    let mut object = json::to_json(parked);
    object["view"] = json!(view);
    object
}

fn parked_row(view: &str, parked: ParkedStream) -> Vec<String> {
    let skipped = if parked.skipped { "skipped" } else { "" };
    let place = format!("{}:{}", parked.partition, parked.position);
    vec![view.to_owned(), parked.stream, place, skipped.to_owned(), parked.reason]
}

impl Retry {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields(&["view", "stream", "applied", "parked"])?;
        let mut client = AdminServiceClient::new(session.wire());
        let mut left = 0_usize;
        if let Some(stream) = self.stream {
            left += usize::from(!retry(&mut client, session, &self.view, stream).await?);
        } else {
            let mut token = String::new();
            loop {
                let (parked, next) = page(&mut client, session, &self.view, token).await?;
                for parked in parked {
                    left += usize::from(!retry(&mut client, session, &self.view, parked.stream).await?);
                }
                token = next;
                if token.is_empty() {
                    break;
                }
            }
        }
        if left == 0 {
            return Ok(());
        }
        let hint =
            "Such an event waits for a build that can apply it; `snaglog view skip` leaves it as it is until then.";
        Err(Failure::new(Exit::Refused, format!("{left} parked still")).hint(hint))
    }
}

/// `true`: it is not parked any more.
async fn retry(client: &mut Client, session: &Session, view: &str, stream: String) -> Result<bool, Failure> {
    let request = RetryParkedRequest { view: view.to_owned(), stream: stream.clone() };
    let done = match client.retry_parked(request).await {
        Ok(done) => done.into_inner(),
        Err(status) => return Err(refused(client, session, view, status).await),
    };
    if session.output.is_json() {
        let parked = done.parked.as_ref().map(json::to_json);
        session.output.json(json!({ "view": view, "stream": stream, "applied": done.applied, "parked": parked }));
    } else {
        match &done.parked {
            Some(parked) => session.output.text(format_args!("{stream} is parked still: {}", parked.reason)),
            None if done.applied == 0 => session.output.text(format_args!("{stream} is not parked")),
            None => session.output.text(format_args!("{stream} is up to date: {} events", done.applied)),
        }
    }
    Ok(done.parked.is_none())
}

impl Skip {
    async fn run(self, client: &mut Client, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<ParkedStream>(&["view"])?;
        let request = SkipParkedRequest { view: self.view.clone(), stream: self.stream.clone() };
        let done = match client.skip_parked(request).await {
            Ok(done) => done.into_inner(),
            Err(status) => return Err(refused(client, session, &self.view, status).await),
        };
        let Some(parked) = done.parked else {
            return Err(Failure::new(Exit::Refused, format!("{} is not parked in {}", self.stream, self.view)));
        };
        if session.output.is_json() {
            session.output.json(object(&self.view, &parked));
        } else {
            session.output.text(format_args!("{} stays as it is, and nobody is alarmed by it", parked.stream));
        }
        Ok(())
    }
}

impl Rebuild {
    async fn run(self, client: &mut Client, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<RebuildViewResponse>(&["view"])?;
        let request = RebuildViewRequest { view: self.view.clone() };
        let mut told = match client.rebuild_view(request).await {
            Ok(told) => told.into_inner(),
            Err(status) => return Err(refused(client, session, &self.view, status).await),
        };
        let bar = bar("rebuilding");
        let mut last = RebuildViewResponse::default();
        while let Some(progress) = told.message().await.map_err(|status| session.failure(status))? {
            bar.set_length(progress.of.max(progress.folded));
            bar.set_position(progress.folded);
            last = progress;
        }
        bar.finish_and_clear();
        if last.step() != RebuildStep::Done {
            return Err(Failure::new(
                Exit::TryAgain,
                "the server ended before the view was rebuilt; the view is as it was",
            ));
        }
        if session.output.is_json() {
            let mut object = json::to_json(&last);
            object["view"] = json!(self.view);
            session.output.json(object);
        } else {
            session.output.text(format_args!("{} is rebuilt: {} events", self.view, last.folded));
        }
        Ok(())
    }
}

/// Progress on standard error, if that is a terminal.
pub(crate) fn bar(doing: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} ({eta})");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_message(doing)
}

//! `--watch`: a stream that is taken up again whenever it ends, redrawn on a terminal, told in JSON where piped.

pub(crate) mod board;
pub(crate) mod due;
pub(crate) mod issue;

use std::io::IsTerminal as _;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::timeout;
use tonic::{Response, Status, Streaming};

use super::failure::{Exit, Failure};
use super::output::Output;
use super::session::Session;

/// The server sends a bookmark every 10 s, unless told otherwise: after this the connection is given up.
const SILENCE: Duration = Duration::from_secs(60);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// Clears a terminal and goes to its corner.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";

/// What a watch sends, and who shows it.
trait Watching {
    type Message;

    /// Asks for what follows the token; an empty one: for what is there.
    async fn open(&self, session: &Session, resume: String) -> Result<Response<Streaming<Self::Message>>, Status>;

    /// Shows a message. Gives the token to resume from, if it has one.
    async fn take(&mut self, session: &Session, message: Self::Message) -> Result<Option<String>, Failure>;

    /// What was shown is to be forgotten, token and all.
    fn forget(&mut self);
}

/// How a stream ended.
enum Ended {
    /// Nobody reads any more.
    Done,
    /// It goes on at once, from a token or anew.
    Again(String),
    Lost(Failure),
}

/// Watches until nobody reads any more. The first connection must succeed; later ones are tried until they do.
async fn follow<W: Watching>(mut watching: W, session: &Session) -> Result<(), Failure> {
    let backoff = ExponentialBuilder::default().with_min_delay(RETRY_FIRST).with_max_delay(RETRY_MAX);
    let backoff = backoff.with_jitter().without_max_times();
    let mut pauses = backoff.build();
    let (mut resume, mut connected) = (String::new(), false);
    loop {
        let before = resume.clone();
        match stream(&mut watching, session, &mut resume, &mut connected).await {
            Ended::Done => return Ok(()),
            Ended::Again(token) => {
                if token.is_empty() {
                    watching.forget();
                }
                resume = token;
            }
            Ended::Lost(failure) if !connected || failure.exit != Exit::TryAgain => return Err(failure),
            Ended::Lost(failure) => {
                if resume != before {
                    pauses = backoff.build();
                }
                anstream::eprintln!("{}; trying again", failure.message);
                tokio::time::sleep(pauses.next().unwrap_or(RETRY_MAX)).await;
            }
        }
    }
}

async fn stream<W: Watching>(watching: &mut W, session: &Session, resume: &mut String, connected: &mut bool) -> Ended {
    let lost = |status: Status| ended(session.failure(status));
    let mut messages = match watching.open(session, resume.clone()).await {
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
        *connected = true;
        match watching.take(session, message).await {
            Ok(token) => *resume = token.unwrap_or_else(|| std::mem::take(resume)),
            Err(failure) => return Ended::Lost(failure),
        }
        if Output::has_no_reader() {
            return Ended::Done;
        }
    }
}

fn ended(failure: Failure) -> Ended {
    match failure.reason.as_str() {
        "WatchBehind" => Ended::Again(failure.fact("resume_token").to_owned()),
        "WatchAnew" => Ended::Again(String::new()),
        _ => Ended::Lost(failure),
    }
}

/// True: somebody looks at it; else a script reads it.
fn is_drawn(session: &Session) -> bool {
    !session.output.is_json() && std::io::stdout().is_terminal()
}

/// Draws it in place of what was there.
fn redraw(session: &Session, text: &str) {
    session.output.text(format!("{CLEAR}{text}"));
}

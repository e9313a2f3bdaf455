//! `snaglog sla …`: what was promised, and how it is kept.

mod bar;
mod compliance;
mod explain;
mod lists;
mod sheet;

use api::policies::v1::Clock;
use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{GetSlaRequest, Sla};
use clap::{Args, Subcommand, ValueEnum};

use super::failure::Failure;
use super::issue::{Fresh, explain};
use super::session::Session;
use super::watching;

const DUE_HELP: &str = "\
Each issue stands there once, with the first moment at which something of it comes due: one of its clocks is at risk then, a share of its
target before the deadline, or breached. Which clock that is, and its deadline: snaglog sla show KEY. What is at risk already: snaglog sla
at-risk PROJECT.";

/// What can be asked of promises.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show an issue's clocks: what is used, what is left, when they are due, and why
    Show(Show),
    /// Tell each clock's story: what moved it, how its deadline was counted, and what did not move it and why not
    Explain(explain::Explain),
    /// Show how promises were kept: met ÷ (met + breached), and what it rests on
    Compliance(compliance::Compliance),
    /// List breaches with their causes, the latest first
    Breaches(lists::Breaches),
    /// List the clocks at risk, what is breached next first
    AtRisk(lists::AtRisk),
    /// Show who lets clocks stand still, how often, and just before deadlines
    Pauses(lists::Pauses),
    /// Show what comes due next, and watch it
    Due(Due),
}

impl Command {
    /// Does what was asked.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(session).await,
            Self::Explain(explain) => explain.run(session).await,
            Self::Compliance(compliance) => compliance.run(session).await,
            Self::Breaches(breaches) => breaches.run(session).await,
            Self::AtRisk(at_risk) => at_risk.run(session).await,
            Self::Pauses(pauses) => pauses.run(session).await,
            Self::Due(due) => watching::due::watch(due, session).await,
        }
    }
}

/// Show an issue's clocks as they stand.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The issue's key, `PAY-42`
    key: String,
    /// Earlier cycles, too: those before a resolution was sent back
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    back: explain::Back,
    #[command(flatten)]
    fresh: Fresh,
}

impl Show {
    async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields_of::<Sla>(&[])?;
        let request = GetSlaRequest {
            key: self.key.clone(),
            consistency: self.fresh.consistency(),
            look_back: self.back.look_back(),
        };
        let answer = SlaServiceClient::new(session.wire()).get_sla(request).await;
        let answer = answer.map_err(|status| explain(session.failure(status), &self.key))?.into_inner();
        session.output.show(&answer.sla.unwrap_or_default(), |sla| bar::story(&session.output, sla, self.all));
        Ok(())
    }
}

/// Show what comes due next in a project: clocks that will be at risk, or breached.
#[derive(Debug, Args)]
#[command(after_help = DUE_HELP)]
pub(crate) struct Due {
    /// The project's key
    pub(crate) project: String,
    /// At most so many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub(crate) limit: i32,
    /// Go on, and show it again whenever it changes; one JSON object a change where piped
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) fresh: Fresh,
}

/// A clock.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ClockName {
    Accept,
    Mitigate,
    Resolve,
}

impl ClockName {
    fn proto(self) -> Clock {
        match self {
            Self::Accept => Clock::Accept,
            Self::Mitigate => Clock::Mitigate,
            Self::Resolve => Clock::Resolve,
        }
    }
}

/// The clock's name.
fn clock(clock: Clock) -> &'static str {
    match clock {
        Clock::Unspecified => "?",
        Clock::Accept => "accept",
        Clock::Mitigate => "mitigate",
        Clock::Resolve => "resolve",
    }
}

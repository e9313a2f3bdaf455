//! The command line as a tree: what stands here is what `--help` shows.

mod examples;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::client::{self, Failure, Global, Ran};
use crate::{demo, serve, upkeep};

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 failed · 2 usage · 3 refused by a rule · 4 not allowed · 5 conflict · 6 try again later

First steps:
  snaglog demo                                     an issue's whole life, in a few seconds
  snaglog serve --data ./data                      a server of your own
  snaglog project create PAY --name Payments       then `snaglog project --help`
  snaglog issue file PAY --title \"…\" --customer acme --channel email";

/// The log book of a system in production: its issues from filing to closing, on an event log that can be trusted.
#[derive(Debug, Parser)]
#[command(name = "snaglog", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show an issue's whole life on a server in a temporary folder, then what to try next
    Demo(demo::Demo),
    /// Run the server
    Serve(serve::Serve),
    /// Verify, back up, move, export and import the event log
    Log(upkeep::Upkeep),
    /// File, triage, resolve, close, show and list issues
    #[command(subcommand, arg_required_else_help = true)]
    Issue(client::issue::Command),
    /// Show a project's board
    Board(client::board::Show),
    /// Show what waits for triage
    Inbox(client::inbox::Show),
    /// Show who has how much to do
    People(client::people::Show),
    /// Find a project's issues by their words
    Search(client::search::Search),
    /// Show issues that resemble one, or one that you are about to file
    Similar(client::search::Similar),
    /// Show how a project's issues flow: where they stood, how many came and went, how long things took
    Flow(client::flow::Show),
    /// Tell an issue's history as a story
    History(client::history::Show),
    /// Tell what happened, event by event, and what happens
    Events(client::events::Tell),
    /// Projects: severities, components, teams, product owners, customers
    #[command(subcommand, arg_required_else_help = true)]
    Project(client::project::Command),
    /// SLA policies: targets, calendars, escalations, and why they hold
    #[command(subcommand, arg_required_else_help = true)]
    Policy(client::policy::Command),
    /// Calendars: when work is done, and what follows for deadlines
    #[command(subcommand, arg_required_else_help = true)]
    Calendar(client::calendar::Command),
    /// SLA clocks: bars, compliance, breaches, what is at risk, who pauses, what comes due
    #[command(subcommand, arg_required_else_help = true)]
    Sla(client::sla::Command),
    /// Shifts around the clock, for what stays unmitigated
    #[command(subcommand, arg_required_else_help = true)]
    Shift(client::shift::Command),
    /// Releases and where they are deployed
    #[command(subcommand, arg_required_else_help = true)]
    Release(client::release::Command),
    /// Import histories of other systems
    #[command(subcommand, arg_required_else_help = true)]
    Import(client::import::Command),
    /// Views: list, rebuild, prepare and verify them; what they have set aside
    #[command(subcommand, arg_required_else_help = true)]
    View(client::view::Command),
    /// Ask whether a server is healthy (for containers without a shell)
    Health,
    /// Check the settings and the server's services, and say what is wrong
    Doctor,
    /// Show the settings in force and where each comes from
    Config,
    /// Print a shell's completions
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages
    Man {
        /// The folder to write them to; made where it is missing
        folder: std::path::PathBuf,
    },
}

impl Cli {
    /// The whole command line, with the examples in its help.
    pub(crate) fn built() -> clap::Command {
        examples::add(Self::command())
    }

    /// Does what was asked.
    pub(crate) async fn run(mut self, ran: Ran) -> Result<(), Failure> {
        self.global.set_color();
        let name = ran.name().to_owned();
        self.global.runs(ran);
        match self.command {
            // These set up for themselves what they tell.
            Command::Serve(_) | Command::Demo(_) | Command::Log(_) => self.run_here().await,
            _ => client::traced::run(&name, Box::pin(self.run_here())).await,
        }
    }

    async fn run_here(self) -> Result<(), Failure> {
        match self.command {
            Command::Demo(demo) => demo.run(&self.global).await,
            Command::Serve(serve) => serve.run().await.map_err(|error| Failure::failed(format!("{error:#}"))),
            Command::Log(upkeep) => upkeep.run(&self.global).await,
            Command::Issue(command) => command.run(&self.global.session()?).await,
            Command::Board(show) => show.run(&self.global.session()?).await,
            Command::Inbox(show) => show.run(&self.global.session()?).await,
            Command::People(show) => show.run(&self.global.session()?).await,
            Command::Search(search) => search.run(&self.global.session()?).await,
            Command::Similar(similar) => similar.run(&self.global.session()?).await,
            Command::Policy(command) => command.run(&self.global.session()?).await,
            Command::Calendar(command) => command.run(&self.global.session()?).await,
            Command::Flow(show) => show.run(&self.global.session()?).await,
            Command::History(show) => show.run(&self.global.session()?).await,
            Command::Events(tell) => tell.run(&self.global.session()?).await,
            Command::Project(command) => command.run(&self.global.session()?).await,
            Command::Shift(command) => command.run(&self.global.session()?).await,
            Command::Sla(command) => command.run(&self.global.session()?).await,
            Command::Release(command) => command.run(&self.global.session()?).await,
            Command::Import(command) => command.run(&self.global.session()?).await,
            Command::View(command) => command.run(&self.global).await,
            Command::Health => client::health::health(&self.global.session()?).await,
            Command::Doctor => client::health::doctor(&self.global).await,
            Command::Config => client::settings::show(&self.global),
            Command::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Self::built(), "snaglog", &mut script);
                self.global.output().text(String::from_utf8_lossy(&script).trim_end());
                Ok(())
            }
            Command::Man { folder } => std::fs::create_dir_all(&folder)
                .and_then(|()| clap_mangen::generate_to(Self::built(), &folder))
                .map_err(|error| Failure::failed(format!("manual pages for {}: {error}", folder.display()))),
        }
    }
}

#[cfg(test)]
pub(crate) use examples::words;

#[cfg(test)]
mod deploy_tests;
#[cfg(test)]
mod pages_tests;

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_has_no_contradictions() {
        super::Cli::command().debug_assert();
    }
}

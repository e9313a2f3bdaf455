//! `snaglog import bugzilla FILE --project KEY`: bugs become issues with their whole histories.
//!
//! Each line is read ([`record`]), planned as facts ([`mod@plan`], pure) and sent ([`send`]). The file is read twice: first every bug is filed, in the
//! order of the file, so that keys do not depend on timing and duplicates find each other; then histories, some bugs at a time, each in its order.
//! Request ids follow from the bug, so running it again adds nothing, and an import that was stopped goes on.
//!
//! # Recipes
//!
//! **To map a word** of Bugzilla (severity, resolution, status): `vocabulary.rs`. **To map a field**: `note` in `plan.rs`, and where it is told. **To
//! map a flag**: `plan/conversation.rs`. Each with its story in `plan/tests/`. A name in request ids (`plan/kind.rs`) never changes.

mod again;
mod lines;
mod plan;
mod record;
mod report;
mod send;
mod vocabulary;

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};

use api::projects::v1::projects_service_client::ProjectsServiceClient;
use api::projects::v1::{CreateProjectRequest, GetProjectRequest, SeverityPreset};
use clap::Args;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};

use self::lines::{Line, Lines};
use self::plan::{PlannedFact, plan};
use self::report::Report;
use self::send::{IN_FUTURE, Sender, Sent, UNKNOWN_PROJECT, explain_project};
use self::vocabulary::Severities;
use crate::client::failure::Failure;
use crate::client::issue::explain;
use crate::client::session::Session;

/// Histories of so many bugs are sent at the same time.
const BUGS_AT_ONCE: usize = 16;
/// So many unreadable lines are told of one by one.
const TOLD_MAX: u64 = 20;

const HELP: &str = "\
The file: one JSON object a line, as Bugzilla's REST interface gives a bug, with its `history`
(`when`, `who`, `changes`: `field`, `removed`, `added`). Only `id` and a time must be there. Persons
become ids as they are written: give them pseudonyms before, if need be.

What becomes of it:
  status          UNCONFIRMED: New; NEW: New, triaged; ASSIGNED: Accepted; RESOLVED, VERIFIED and
                  CLOSED with FIXED: Resolved, Verified, Closed; with another resolution: Dismissed,
                  with its reason; REOPENED: Accepted after a fix, New after a dismissal.
                  A step that Bugzilla skips is added, marked implied.
  severity        the project's severity of that name, else by rank: blocker, critical, S1 its
                  first; major, S2 its second; normal, S3 its third; minor, trivial,
                  enhancement, S4 its fourth; its last where it has fewer. N/A and -- are none.
  component       added to the project where it lacks it: `DOM: Core & HTML` is DOM:Core-HTML
  needinfo?(x)    a question to x, answered when the flag goes
  in-testsuite+   regression tests of the resolution
  duplicates      name the other issue where it is imported too, else bugzilla:NUMBER; of an
                  earlier dismissal as a duplicate, Bugzilla does not tell of which
Where a bug's own status, severity, component or assignee is not where its history leads, the issue
is brought there with the last change, marked implied, if its state takes it; counted either way.

Printed are `bugs`, those read; `commands`, the facts recorded by this run: 0 where all were there
already; `skipped`, what was left out, by reason; `adjusted`, what was changed to fit. With --json
also `told`, the changes that became facts, by field: each change of the file, and each flag of one,
is counted there or in `skipped`. A line that is no bug, or a fact that the server refuses, is
counted in `skipped` too and told on standard error; the rest is imported, and the exit code is 1.
A change dated in the future is refused, once, and what follows it waits: import again, later.
When it ends, lists and boards show what it recorded.

Stop it at any time: running it again adds what is missing, and nothing twice. A later export adds
what is new in it. What was recorded stays: a fact that the issue has moved past, by an earlier
import or by people, is counted in `skipped` and is no failure.";

/// Import bugs with their histories from Bugzilla, at their true times. Running it again adds nothing.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Import {
    /// JSON lines, a bug each; `-` reads standard input
    file: PathBuf,
    /// The project that takes them
    #[arg(long, value_name = "KEY")]
    project: String,
    /// Create the project where there is none, with three severities
    #[arg(long)]
    create_project: bool,
}

impl Import {
    /// Imports them.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        session.output.expect_fields(&[
            "bugs",
            "commands",
            "already_there",
            "failed",
            "told",
            "skipped",
            "adjusted",
        ])?;
        let file = open(&self.file)?;
        let project = self.project.to_uppercase();
        let severities = match severities(session, &project).await {
            Err(failure) if self.create_project && failure.reason == UNKNOWN_PROJECT => {
                create(session, &project).await?;
                severities(session, &project).await?
            }
            other => other?,
        };
        let run = Run { file, severities, sender: Sender::new(session, &project, BUGS_AT_ONCE), project };
        let mut report = Report::default();
        let filings = run.file_all(&mut report).await?;
        run.tell_all(&mut report, &filings).await?;
        run.sender.wait_for_views().await;
        if session.output.is_json() {
            session.output.json(report.to_json());
        } else {
            session.output.text(report.story());
        }
        match report.failed {
            0 => Ok(()),
            failed => {
                Err(Failure::failed(format!("not imported, as told above: {failed} of lines and facts. The rest is.")))
            }
        }
    }
}

/// What became of the filings.
#[derive(Default)]
struct Filings {
    refused: HashSet<u64>,
    /// By an earlier import.
    earlier: HashSet<u64>,
}

/// An import under way.
struct Run {
    file: File,
    severities: Severities,
    sender: Sender,
    project: String,
}

impl Run {
    /// The first pass: files every bug, one after the other.
    async fn file_all(&self, report: &mut Report) -> Result<Filings, Failure> {
        let size = self.file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let bar = progress(size, "{msg} {wide_bar} {bytes} of {total_bytes}", "filing");
        let mut seen = HashSet::new();
        let mut filings = Filings::default();
        let mut unreadable = 0;
        for line in self.lines()? {
            let line = line.map_err(|error| Failure::failed(format!("the file: {error}")))?;
            bar.set_position(line.end);
            let bug = match line.bug {
                Ok(bug) if seen.insert(bug.id) => bug,
                Ok(_) => {
                    report.skip("line: a bug given before");
                    continue;
                }
                Err(why) => {
                    unreadable += 1;
                    tell(&bar, unreadable, &format!("line {}: {why}", line.number));
                    report.fail(why.reason());
                    continue;
                }
            };
            let plan = plan(&bug, &self.severities, &self.project);
            report.plan(&plan);
            let mut facts = plan.facts.into_iter();
            if let Some(filing) = facts.next() {
                let sent = self.sender.send(bug.id, filing).await?;
                match &sent {
                    Sent::Recorded => {}
                    Sent::Refused(rule) => {
                        tell(&bar, 1, &format!("line {}: bug {} is not filed: {rule}", line.number, bug.id));
                        filings.refused.insert(bug.id);
                        report.skip_times("of a bug that is not filed", facts.count() as u64);
                    }
                    Sent::AlreadyThere | Sent::Differs | Sent::Overtaken(_) => _ = filings.earlier.insert(bug.id),
                }
                report.sent(sent);
            }
        }
        bar.finish_and_clear();
        Ok(filings)
    }

    /// The second pass: the histories, some bugs at a time.
    async fn tell_all(&self, report: &mut Report, filings: &Filings) -> Result<(), Failure> {
        let bar = progress(report.bugs, "{msg} {wide_bar} {pos} of {len} bugs", "histories");
        let mut seen = filings.refused.clone();
        let bugs = self.lines()?.filter_map(|line| match line {
            Ok(Line { bug: Ok(bug), .. }) => seen.insert(bug.id).then_some(Ok(bug)),
            Ok(_) => None,
            Err(error) => Some(Err(Failure::failed(format!("the file: {error}")))),
        });
        let told = stream::iter(bugs).map(|bug| async {
            let bug = bug?;
            let facts = plan(&bug, &self.severities, &self.project).facts;
            self.tell_one(bug.id, facts, filings.earlier.contains(&bug.id), &bar).await
        });
        let mut told = told.buffer_unordered(BUGS_AT_ONCE);
        while let Some(part) = told.try_next().await? {
            report.add(part);
            bar.inc(1);
        }
        drop(told);
        bar.finish_and_clear();
        Ok(())
    }

    /// A bug's history, after its filing.
    async fn tell_one(
        &self,
        bug: u64,
        facts: Vec<PlannedFact>,
        earlier: bool,
        bar: &ProgressBar,
    ) -> Result<Report, Failure> {
        let mut report = Report::default();
        let mut facts = facts.into_iter().skip(1);
        for fact in facts.by_ref() {
            let (what, at) = (plan::kind(&fact.fact), fact.occurred_at);
            let (implied, closing) = (fact.implied, fact.closing);
            let mut sent = self.sender.send(bug, fact).await?;
            if earlier {
                sent = again::judge(what, implied, closing, sent);
            }
            if let Sent::Refused(rule) = &sent {
                bar.suspend(|| anstream::eprintln!("bug {bug}: {what} at {at} is refused: {rule}"));
            }
            // What follows lies in the future, too.
            let stop = sent == Sent::Refused(IN_FUTURE.to_owned());
            report.sent(sent);
            if stop {
                break;
            }
        }
        report.skip_times("after a change in the future", facts.count() as u64);
        Ok(report)
    }

    fn lines(&self) -> Result<Lines<BufReader<&File>>, Failure> {
        let mut file = &self.file;
        file.rewind().map_err(|error| Failure::failed(format!("the file: {error}")))?;
        Ok(Lines::new(BufReader::with_capacity(64 * 1024, file)))
    }
}

/// The file; standard input is kept in a temporary one, since it is read twice.
fn open(path: &Path) -> Result<File, Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", path.display()));
    if path.as_os_str() != "-" {
        return File::open(path).map_err(failed);
    }
    let mut kept = tempfile::tempfile().map_err(failed)?;
    std::io::copy(&mut std::io::stdin(), &mut kept).map_err(failed)?;
    Ok(kept)
}

/// The project's severities in use, the worst first.
async fn severities(session: &Session, project: &str) -> Result<Severities, Failure> {
    let request = GetProjectRequest { project: project.to_owned() };
    let answer = ProjectsServiceClient::new(session.wire()).get_project(request).await;
    let answer = answer.map_err(|status| explain_project(session.failure(status), project))?.into_inner();
    let scheme = answer.project.and_then(|project| project.scheme).unwrap_or_default();
    Ok(Severities(scheme.severities.into_iter().filter(|one| !one.retired).map(|one| one.id).collect()))
}

async fn create(session: &Session, project: &str) -> Result<(), Failure> {
    let request = CreateProjectRequest {
        request_id: session.request_id(),
        project: project.to_owned(),
        name: project.to_owned(),
        preset: SeverityPreset::Three.into(),
        ..CreateProjectRequest::default()
    };
    let created = ProjectsServiceClient::new(session.wire()).create_project(request).await;
    created.map(|_| ()).map_err(|status| explain(session.failure(status), ""))
}

/// A bar on standard error, if that is a terminal.
fn progress(length: u64, template: &str, message: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style).with_message(message)
}

/// Tells of the first unreadable lines, on standard error.
fn tell(bar: &ProgressBar, nth: u64, what: &str) {
    if nth <= TOLD_MAX {
        bar.suspend(|| anstream::eprintln!("{what}"));
    } else if nth == TOLD_MAX + 1 {
        bar.suspend(|| anstream::eprintln!("… and more; all are counted"));
    }
}

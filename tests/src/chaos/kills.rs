//! `chaos log`: writers and readers on a log, killed at random moments, started again, and the log held against what they were told.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use event_log::EventLog;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::account::{Account, Found};
use super::open;
use super::plan::Plan;
use crate::ground::{Ground, Kind};

/// How long a node may take to go on once its server is back.
const BACK_TIMEOUT: Duration = Duration::from_secs(240);
/// How often its ledger is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What to kill, and how often.
#[derive(Debug, Clone, Args)]
pub struct Kills {
    /// Which log
    #[arg(long, value_enum, default_value_t = Kind::Sqlite)]
    pub log: Kind,
    /// What is killed
    #[arg(long, value_enum, default_value_t = Victim::Node)]
    pub kill: Victim,
    /// How often [default: 1000 on sqlite, else 100]
    #[arg(long)]
    pub cycles: Option<u64>,
    /// What is appended, and the moments of the kills, follow from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many write at a time
    #[arg(long, default_value_t = 8)]
    pub writers: u64,
    /// The longest time before a kill, in milliseconds: after the first answer (or the server was back), or, of a node and one time in five
    /// each, after the process was started, and after the log was opened [default: 120 on sqlite, 300 on postgres, 1000 on kafka]
    #[arg(long)]
    pub pause_ms_max: Option<u64>,
    /// Where to put the log, if it is a file, and what was told [default: a temporary folder]
    #[arg(long)]
    pub folder: Option<PathBuf>,
}

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Victim {
    /// The process that appends and reads.
    Node,
    /// The server that the log rests on, with all its processes; the node goes on.
    Server,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Kills.
    pub cycles: u64,
    /// Appends that were answered.
    pub answers: u64,
    /// Appends among them that were in the log already: a kill came between commit and answer.
    pub settled: u64,
    /// Appends in the log at the end.
    pub appends: u64,
    /// Kills before anything was answered.
    pub early: u64,
    /// How long it took.
    pub seconds: f64,
}

/// A run under way.
struct Run<'a> {
    kills: &'a Kills,
    program: &'a Path,
    ground: Arc<Ground>,
    folder: &'a Path,
    ledger: PathBuf,
    url: String,
    dice: fastrand::Rng,
    account: Account,
    found: Found,
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "node",
            Self::Server => "server",
        })
    }
}

impl Kills {
    /// Runs, shows how far it is, prints what it came to.
    pub async fn run_and_tell(&self, program: &Path, json: bool) -> Result<()> {
        let (log, kill, seed) = (self.log, self.kill, self.seed);
        if !json {
            println!("chaos log --log {log} --kill {kill} --seed {seed}");
        }
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(self.cycles()) };
        bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} kills, {msg}, {eta} left")?);
        let outcome = self.run(program, &bar).await.with_context(|| format!("with --seed {seed}"))?;
        let outcome = outcome.context("there is no such server on this machine")?;
        bar.finish_and_clear();
        let Outcome { cycles, answers, settled, appends, early, seconds } = outcome;
        if json {
            let line = json!({
                "chaos": "log", "log": log.to_string(), "killed": kill.to_string(), "seed": seed, "kills": cycles, "answers": answers, "settled_by_a_retry": settled,
                "appends": appends, "kills_before_an_answer": early, "seconds": seconds,
            });
            println!("{line}");
        } else {
            println!(
                "{cycles} kills of a {kill} on {log} in {seconds:.0} s: {answers} appends were answered, none is lost, none is there twice; \
                 {settled} of them had lost their answer to a kill and got it by a retry, {} at the end still had none; {early} kills came before any answer; every reader saw all, in order",
                appends - answers
            );
        }
        Ok(())
    }

    fn pause_ms_max(&self) -> u64 {
        let usual = match self.log {
            Kind::Sqlite => 120,
            Kind::Postgres => 300,
            Kind::Kafka => 1000,
        };
        self.pause_ms_max.unwrap_or(usual)
    }

    fn cycles(&self) -> u64 {
        self.cycles.unwrap_or(if self.log == Kind::Sqlite { 1000 } else { 100 })
    }

    /// Runs: `program` is the binary `chaos`. `None`, said, where the log's server isn't installed.
    pub async fn run(&self, program: &Path, bar: &ProgressBar) -> Result<Option<Outcome>> {
        ensure!(self.cycles() > 0, "at least one kill");
        ensure!(self.log != Kind::Sqlite || self.kill == Victim::Node, "a file has no server: --kill node");
        let temporary = tempfile::tempdir()?;
        let folder = self.folder.as_deref().unwrap_or(temporary.path());
        std::fs::create_dir_all(folder)?;
        let Some(ground) = Ground::start(self.log).await? else { return Ok(None) };
        let mut run = Run {
            kills: self,
            program,
            url: ground.url(folder).await?,
            ground: Arc::new(ground),
            folder,
            ledger: folder.join("ledger"),
            dice: fastrand::Rng::with_seed(self.seed),
            account: Account::default(),
            found: Found::default(),
        };
        let start = Instant::now();
        let early = match self.kill {
            Victim::Node => run.kill_nodes(bar).await?,
            Victim::Server => run.kill_servers(bar).await?,
        };
        // Once more from the start: what was found before may have changed since.
        run.found = Found::default();
        run.check().await.context("at the end")?;
        Ok(Some(Outcome {
            cycles: self.cycles(),
            answers: run.account.answers(),
            settled: run.account.settled(),
            appends: run.found.appends(),
            early,
            seconds: start.elapsed().as_secs_f64(),
        }))
    }
}

impl Run<'_> {
    /// Each kill ends a node; the next one goes on. Answers how many came before an answer.
    async fn kill_nodes(&mut self, bar: &ProgressBar) -> Result<u64> {
        let mut early = 0;
        for cycle in 1..=self.kills.cycles() {
            let (before, pause) = (self.account.answers(), self.pause());
            let mut node = self.start_node()?;
            let after = self.dice.u8(..5);
            self.comes_to(&mut node, after).await.with_context(|| format!("before kill {cycle}"))?;
            kill(node, pause).await.with_context(|| format!("kill {cycle}"))?;
            self.account.catch_up(&self.ledger).with_context(|| format!("after kill {cycle}"))?;
            early += u64::from(self.account.answers() == before);
            // Opening it here makes a file whole again: mostly it is left as the kill did, to the next one.
            if self.dice.u8(..8) == 0 {
                self.check().await.with_context(|| format!("after kill {cycle}"))?;
            }
            bar.set_message(format!("{} answers", self.account.answers()));
            bar.inc(1);
        }
        Ok(early)
    }

    /// Each kill ends the server; one node goes on all the time. Answers how many came before an answer.
    async fn kill_servers(&mut self, bar: &ProgressBar) -> Result<u64> {
        let mut node = self.start_node()?;
        let mut early = 0;
        self.goes_on(&mut node).await.context("before the first kill")?;
        for cycle in 1..=self.kills.cycles() {
            let (before, pause) = (self.account.answers(), self.pause());
            tokio::time::sleep(pause).await;
            self.on_ground(Ground::kill).await.with_context(|| format!("kill {cycle}"))?;
            self.account.catch_up(&self.ledger).with_context(|| format!("after kill {cycle}"))?;
            early += u64::from(self.account.answers() == before);
            self.on_ground(Ground::restart).await.with_context(|| format!("start after kill {cycle}"))?;
            self.goes_on(&mut node).await.with_context(|| format!("after kill {cycle}"))?;
            if self.dice.u8(..8) == 0 {
                self.check_beside_writers().await.with_context(|| format!("after kill {cycle}"))?;
            }
            bar.set_message(format!("{} answers", self.account.answers()));
            bar.inc(1);
        }
        node.kill().await.context("kill the node")?;
        self.account.catch_up(&self.ledger)?;
        Ok(early)
    }

    fn pause(&mut self) -> Duration {
        Duration::from_micros(self.dice.u64(..=self.kills.pause_ms_max() * 1000))
    }

    fn start_node(&self) -> Result<Child> {
        let Kills { seed, writers, .. } = self.kills;
        let mut command = Command::new(self.program);
        command.args(["writers", "--log", &self.url, "--seed", &seed.to_string(), "--writers", &writers.to_string()]);
        command.arg("--ledger").arg(&self.ledger).arg("--replica").arg(self.folder.join("replica.db"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        command.spawn().with_context(|| format!("start {}", self.program.display()))
    }

    async fn on_ground(&self, something: impl FnOnce(&Ground) -> Result<()> + Send + 'static) -> Result<()> {
        let ground = Arc::clone(&self.ground);
        tokio::task::spawn_blocking(move || something(&ground)).await?
    }

    /// Waits until a node is so far: 0, it was started; 1, it has opened the log; else it has an answer, however slow the machine.
    async fn comes_to(&mut self, node: &mut Child, far: u8) -> Result<()> {
        if far == 1 {
            let mut lines = BufReader::new(node.stdout.take().context("the node has a standard output")?).lines();
            tokio::select! {
                ended = node.wait() => bail!("the node ended by itself: {}", ended?),
                line = lines.next_line() => drop(line?),
            }
        } else if far > 1 {
            self.goes_on(node).await?;
        }
        Ok(())
    }

    /// Waits until a node has one more answer.
    async fn goes_on(&mut self, node: &mut Child) -> Result<()> {
        let before = self.account.answers();
        let one_more = async {
            while self.account.answers() == before {
                tokio::time::sleep(LOOK_EVERY).await;
                self.account.catch_up(&self.ledger)?;
            }
            Ok(())
        };
        tokio::select! {
            ended = node.wait() => bail!("the node ended by itself: {}", ended?),
            gone_on = tokio::time::timeout(BACK_TIMEOUT, one_more) => gone_on.context("the node does not go on")?,
        }
    }

    /// Holds the log, as a node of our own sees it, against the account.
    async fn check(&mut self) -> Result<()> {
        self.account.catch_up(&self.ledger)?;
        let log = self.open().await?;
        let checked = self.account.check(&*log, Plan { seed: self.kills.seed }, &mut self.found).await;
        log.close().await;
        checked
    }

    /// The same while a node goes on.
    async fn check_beside_writers(&mut self) -> Result<()> {
        self.account.catch_up(&self.ledger)?;
        let log = self.open().await?;
        let plan = Plan { seed: self.kills.seed };
        let checked = self.account.check_beside_writers(&*log, plan, &mut self.found).await;
        log.close().await;
        checked
    }

    async fn open(&self) -> Result<Arc<dyn EventLog>> {
        open::open(&self.url, &self.folder.join("own-replica.db")).await
    }
}

/// Kills the process after this time. One that ended by itself before is an error.
async fn kill(mut node: Child, pause: Duration) -> Result<()> {
    tokio::select! {
        ended = node.wait() => bail!("the node ended by itself: {}", ended?),
        () = tokio::time::sleep(pause) => {}
    }
    node.kill().await.context("kill the node")
}

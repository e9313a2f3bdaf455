//! `chaos log`: writers and readers on a log, killed at random moments, started again, and the log held against what they were told.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::account::{Account, Found};
use super::open;
use super::plan::Plan;

/// What to kill, and how often.
#[derive(Debug, Clone, Args)]
pub struct Kills {
    /// How often
    #[arg(long, default_value_t = 1000)]
    pub cycles: u64,
    /// What is appended, and the moments of the kills, follow from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many write at a time
    #[arg(long, default_value_t = 8)]
    pub writers: u64,
    /// The longest time before a kill, in milliseconds: after the log was opened, or, one time in five, after the process was started
    #[arg(long, default_value_t = 120)]
    pub pause_ms_max: u64,
    /// Where to put the log [default: a temporary folder]
    #[arg(long)]
    pub folder: Option<PathBuf>,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Kills.
    pub cycles: u64,
    /// Appends that were answered.
    pub answers: u64,
    /// Appends in the log at the end.
    pub appends: u64,
    /// Kills before anything was answered.
    pub early: u64,
    /// How long it took.
    pub seconds: f64,
}

impl Kills {
    /// Runs, shows how far it is, prints what it came to.
    pub async fn run_and_tell(&self, program: &Path, json: bool) -> Result<()> {
        println!(
            "{}",
            if json { json!({"chaos": "log", "seed": self.seed}).to_string() } else { format!("seed {}", self.seed) }
        );
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(self.cycles) };
        bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} kills, {msg}, {eta} left")?);
        let outcome = self.run(program, &bar).await.with_context(|| format!("with --seed {}", self.seed))?;
        bar.finish_and_clear();
        let Outcome { cycles, answers, appends, early, seconds } = outcome;
        if json {
            let line = json!({
                "chaos": "log", "log": "sqlite", "killed": "node", "seed": self.seed, "kills": cycles, "answers": answers,
                "appends": appends, "kills_before_an_answer": early, "seconds": seconds,
            });
            println!("{line}");
        } else {
            println!(
                "{cycles} kills of a node on sqlite in {seconds:.0} s: {answers} appends were answered, none is lost, none is there twice; \
                 {} more had no answer, and are there; {early} kills came before any answer; every reader saw all, in order",
                appends - answers
            );
        }
        Ok(())
    }

    /// Runs: `program` is the binary `chaos`.
    pub async fn run(&self, program: &Path, bar: &ProgressBar) -> Result<Outcome> {
        ensure!(self.cycles > 0, "at least one cycle");
        let temporary = tempfile::tempdir()?;
        let folder = self.folder.as_deref().unwrap_or(temporary.path());
        std::fs::create_dir_all(folder)?;
        let (url, ledger) = (format!("sqlite:{}", folder.join("log.db").display()), folder.join("ledger"));
        let (mut account, mut found) = (Account::default(), Found::default());
        let mut dice = fastrand::Rng::with_seed(self.seed);
        let (start, mut early) = (Instant::now(), 0);
        for cycle in 1..=self.cycles {
            let pause = Duration::from_micros(dice.u64(..=self.pause_ms_max * 1000));
            let before = account.answers();
            let node = self.start(program, &url, &ledger)?;
            let opened = dice.u8(..5) != 0;
            kill(node, opened, pause).await.with_context(|| format!("kill {cycle}"))?;
            account.catch_up(&ledger).with_context(|| format!("after kill {cycle}"))?;
            early += u64::from(account.answers() == before);
            // Opening it here makes it whole again: mostly it is left as the kill did, to the next one.
            if dice.u8(..8) == 0 || cycle == self.cycles {
                self.check(&url, &account, &mut found).await.with_context(|| format!("after kill {cycle}"))?;
            }
            bar.set_message(format!("{} answers", account.answers()));
            bar.inc(1);
        }
        let mut found = Found::default();
        self.check(&url, &account, &mut found).await.context("at the end")?;
        Ok(Outcome {
            cycles: self.cycles,
            answers: account.answers(),
            appends: found.appends(),
            early,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    fn start(&self, program: &Path, url: &str, ledger: &Path) -> Result<Child> {
        let mut command = Command::new(program);
        command.args([
            "writers",
            "--log",
            url,
            "--seed",
            &self.seed.to_string(),
            "--writers",
            &self.writers.to_string(),
        ]);
        command.arg("--ledger").arg(ledger).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        command.spawn().with_context(|| format!("start {}", program.display()))
    }

    async fn check(&self, url: &str, account: &Account, found: &mut Found) -> Result<()> {
        let log = open::open(url).await?;
        let checked = account.check(&*log, Plan { seed: self.seed }, found).await;
        log.close().await;
        checked
    }
}

/// Kills the process after this time, counted from when it has `opened` the log, or from now. One that ended by itself before is an error.
async fn kill(mut node: Child, opened: bool, pause: Duration) -> Result<()> {
    let mut lines = BufReader::new(node.stdout.take().context("the node has a standard output")?).lines();
    let moment = async {
        if opened {
            lines.next_line().await?;
        }
        tokio::time::sleep(pause).await;
        anyhow::Ok(())
    };
    tokio::select! {
        ended = node.wait() => bail!("the node ended by itself: {}", ended?),
        passed = moment => passed?,
    }
    node.kill().await.context("kill the node")
}

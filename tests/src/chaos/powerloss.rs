//! `chaos powerloss`: a log on a recorded disk, and what is left of it when the power goes.
//!
//! Writers append to a log under the [`recorder`]; its [`trace`] has every write, length, name and sync of the log's files, and every answer,
//! in one order. At many of its records the power is taken away: a [`disk`] says what may be left then, a log is opened on that, and held against
//! what had been answered and read before.

pub mod disk;
mod machine;
pub mod recorder;
pub mod trace;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::process::Command;

use self::disk::Image;
use self::machine::Machine;
pub use self::machine::unpacked;
use self::recorder::Recorder;
use self::trace::{Event, Record};
use super::account::{Account, Found};
use super::open;
use super::plan::{Plan, Turn};
use crate::ground::Kind;

/// What to record, and how often to take the power away.
#[derive(Debug, Clone, Args)]
pub struct PowerLoss {
    /// Which log: sqlite or postgres
    #[arg(long, value_enum, default_value_t = Kind::Sqlite)]
    pub log: Kind,
    /// How many images of the disk are checked
    #[arg(long, default_value_t = 2000)]
    pub images: u64,
    /// What is appended, when the power goes, and what is left then follow from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many write at a time
    #[arg(long, default_value_t = 4)]
    pub writers: u64,
    /// Appends of each writer, in each of several processes
    #[arg(long, default_value_t = 60)]
    pub appends: u64,
    /// Drop every sync, as `synchronous=OFF` does: then images must be found that have lost something
    #[arg(long)]
    pub drop_syncs: bool,
    /// Where to put log and trace [default: a temporary folder]; a trace that is there is taken instead of a new one
    #[arg(long)]
    pub folder: Option<PathBuf>,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Records in the trace.
    pub records: u64,
    /// Syncs among them.
    pub syncs: u64,
    /// Appends that were answered.
    pub answers: u64,
    /// Images that were checked.
    pub images: u64,
    /// What was wrong with those that were not as they must be.
    pub broken: Vec<String>,
}

impl PowerLoss {
    /// Runs, shows how far it is, prints what it came to.
    pub async fn run_and_tell(&self, program: &Path, json: bool) -> Result<()> {
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(self.images) };
        bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} images, {eta} left")?);
        let (seed, start) = (self.seed, Instant::now());
        let outcome = self.run(program, &bar).await.with_context(|| format!("with --seed {seed}"))?;
        bar.finish_and_clear();
        let outcome = outcome.context("there is no such server on this machine")?;
        let Outcome { records, syncs, answers, images, broken } = outcome;
        let seconds = start.elapsed().as_secs_f64();
        if json {
            let line = json!({
                "chaos": "powerloss", "log": self.log.to_string(), "seed": seed, "syncs_dropped": self.drop_syncs, "records": records, "syncs": syncs,
                "answers": answers, "images": images, "broken": broken.len(), "seconds": seconds,
            });
            println!("{line}");
        } else {
            println!(
                "{} with seed {seed}: {answers} answers, {records} records with {syncs} syncs; of {images} images {} were not as they must be; {seconds:.0} s",
                self.log,
                broken.len()
            );
        }
        broken.iter().take(5).for_each(|broken| eprintln!("{broken}"));
        ensure!(
            broken.is_empty() != self.drop_syncs,
            "{}",
            if self.drop_syncs { "nothing was lost without syncs" } else { "something was lost" }
        );
        Ok(())
    }

    /// Records and checks: `program` is the binary `chaos`. `None`, said, where the log's server isn't installed.
    pub async fn run(&self, program: &Path, bar: &ProgressBar) -> Result<Option<Outcome>> {
        let temporary = tempfile::tempdir()?;
        let folder = self.folder.as_deref().unwrap_or(temporary.path());
        let recorder = Recorder::new(folder)?;
        let machine: Option<Box<dyn Machine>> = match self.log {
            Kind::Sqlite => Some(Box::new(machine::File::default())),
            Kind::Postgres => machine::Server::new(folder)?.map(|server| Box::new(server) as _),
            Kind::Kafka => {
                bail!("Kafka acknowledges before it syncs: what a loss of power takes from a broker, the others have")
            }
        };
        let Some(mut machine) = machine else { return Ok(None) };
        if !recorder.has_trace() {
            machine.record(self, program, &recorder).await.context("record")?;
        }
        self.check_images(&mut *machine, &trace::read(&recorder.trace)?, bar).await.map(Some)
    }

    /// Writers that end by themselves, with everything answered: a kill could cut a record.
    fn writers(&self, program: &Path, url: &str, ledger: &Path) -> Command {
        let Self { seed, writers, appends, .. } = self;
        let mut command = Command::new(program);
        command.args(["writers", "--log", url, "--seed", &seed.to_string(), "--writers", &writers.to_string()]);
        command.args(["--appends", &appends.to_string()]).arg("--ledger").arg(ledger);
        command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn check_images(&self, machine: &mut dyn Machine, records: &[Record], bar: &ProgressBar) -> Result<Outcome> {
        let mut dice = fastrand::Rng::with_seed(self.seed);
        let mut moments = moments(records, self.images, &mut dice).into_iter().peekable();
        let (mut disk, mut account) = (machine.disk()?, Account::default());
        let mut outcome =
            Outcome { records: records.len() as u64, syncs: 0, answers: 0, images: 0, broken: Vec::new() };
        for (number, record) in records.iter().enumerate() {
            disk.apply(record).with_context(|| format!("record {number}"))?;
            match &record.event {
                Event::Answered(line) => account.note(line)?,
                Event::Synced(_) | Event::FolderSynced(_) => outcome.syncs += 1,
                _ => {}
            }
            while moments.next_if_eq(&number).is_some() {
                let luck = dice.u64(..);
                let image = disk.image(&mut fastrand::Rng::with_seed(luck));
                if let Err(broken) = self.check_image(machine, &image, &account).await {
                    outcome.broken.push(format!("record {number} of {}, luck {luck}: {broken:#}", records.len()));
                }
                outcome.images += 1;
                bar.inc(1);
            }
        }
        outcome.answers = account.answers();
        Ok(outcome)
    }

    /// A log opens on what is left, has all that was answered and read, and goes on.
    async fn check_image(&self, machine: &mut dyn Machine, image: &Image, account: &Account) -> Result<()> {
        let url = machine.start(image).await?;
        let log = open::open(&url, Path::new("")).await?;
        let plan = Plan { seed: self.seed };
        let checked = account.check(&*log, plan, &mut Found::default()).await;
        let next = Turn { writer: self.writers, number: 0 };
        let appended = log.append(plan.append(next)).await;
        log.close().await;
        checked?;
        appended.context("the next append").map(|_| ())
    }
}

/// When the power goes: after these records, in order. Half of them follow an answer, where most is promised and least is durable.
fn moments(records: &[Record], images: u64, dice: &mut fastrand::Rng) -> Vec<usize> {
    let is_answer = |number: &usize| matches!(records[*number].event, Event::Answered(_));
    let answers: Vec<usize> = (0..records.len()).filter(is_answer).collect();
    let mut moment = |n: u64| match dice.choice(&answers) {
        Some(answer) if n.is_multiple_of(2) => *answer,
        _ => dice.usize(..records.len()),
    };
    let mut moments: Vec<usize> = (0..images).map(&mut moment).collect();
    moments.sort_unstable();
    moments
}

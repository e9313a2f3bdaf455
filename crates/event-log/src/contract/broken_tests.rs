//! Logs that are broken on purpose, one for each case: the suite must catch each, by the case made for it.
//!
//! **To add one**: a type in the file of its subject that implements [`Flaw`] and says only what is wrong with it, and its
//! name in [`flaws`].

mod heads;
mod histories;
mod nodes;
mod payloads;
mod phases;
mod readers;
mod requests;
mod restarts;
mod versions;
mod writers;

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Factory, Idle, cases};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::{EventLog, Identity, KnownRequest, Page, PartitionId};
use crate::maintain::{FillError, Founding, Maintain, Phase, Versions};
use crate::memory::MemoryLog;
use crate::record::{Recorded, StreamId};

/// What is wrong with a node of a log in memory. What it doesn't say is right.
#[async_trait]
trait Flaw: Default + Send + Sync + 'static {
    /// The case made for it.
    const CAUGHT_BY: &'static str;

    /// A new log's first node.
    fn found(founding: Founding) -> Flawed<Self> {
        Flawed::over(MemoryLog::founded(founding))
    }

    /// This node's storage, opened again.
    async fn reopen(before: &Flawed<Self>, known: Versions) -> Flawed<Self> {
        Self::beside(before, known)
    }

    /// Another node.
    fn beside(first: &Flawed<Self>, known: Versions) -> Flawed<Self> {
        Flawed::over(first.log.another_node(known))
    }

    /// Somebody has left a transaction open.
    fn beside_the_idle(&self, _log: &MemoryLog) {}

    async fn append(&self, log: &MemoryLog, append: Append) -> Result<Appended, AppendError> {
        log.append(append).await
    }

    async fn find_request(
        &self,
        log: &MemoryLog,
        stream: &StreamId,
        id: Uuid,
    ) -> Result<Option<KnownRequest>, LogError> {
        log.find_request(stream, id).await
    }

    async fn find_ordinal(
        &self,
        log: &MemoryLog,
        project: &str,
        kind: &str,
        ordinal: u64,
    ) -> Result<Option<StreamId>, LogError> {
        log.find_ordinal(project, kind, ordinal).await
    }

    async fn read_partition(
        &self,
        log: &MemoryLog,
        id: PartitionId,
        after: u64,
        limit: usize,
    ) -> Result<Page, LogError> {
        log.read_partition(id, after, limit).await
    }

    fn head(&self, log: &MemoryLog, partition: PartitionId) -> watch::Receiver<u64> {
        log.head(partition)
    }

    async fn barrier(&self, log: &MemoryLog, partition: PartitionId) -> Result<u64, LogError> {
        log.barrier(partition).await
    }

    fn trouble(&self, log: &MemoryLog) -> watch::Receiver<Option<LogError>> {
        log.trouble()
    }

    fn phase(&self, log: &MemoryLog) -> Phase {
        log.phase()
    }

    async fn activate(&self, log: &MemoryLog, versions: Versions) -> Result<(), LogError> {
        log.activate(versions).await
    }

    async fn seal(&self, log: &MemoryLog) -> Result<(), LogError> {
        log.seal().await
    }

    async fn fill(&self, log: &MemoryLog, records: Vec<Recorded>) -> Result<(), FillError> {
        log.fill(records).await
    }

    async fn close(&self, log: &MemoryLog) {
        log.close().await;
    }
}

/// A node with a flaw.
struct Flawed<B> {
    log: MemoryLog,
    flaw: B,
}

impl<B: Flaw> Flawed<B> {
    fn over(log: MemoryLog) -> Self {
        Self { log, flaw: B::default() }
    }
}

/// Makes logs with a flaw.
struct Maker<B> {
    seed: u64,
    flaw: PhantomData<fn() -> B>,
}

impl<B> Default for Maker<B> {
    fn default() -> Self {
        Self { seed: 1, flaw: PhantomData }
    }
}

#[async_trait]
impl<B: Flaw> Factory for Maker<B> {
    type Log = Flawed<B>;

    async fn create(&self, founding: Founding) -> Result<Arc<Flawed<B>>, LogError> {
        Ok(Arc::new(B::found(founding)))
    }

    async fn reopen(&self, log: Arc<Flawed<B>>, known: Versions) -> Result<Arc<Flawed<B>>, LogError> {
        Ok(Arc::new(B::reopen(&log, known).await))
    }

    async fn another_node(&self, log: &Arc<Flawed<B>>, known: Versions) -> Result<Option<Arc<Flawed<B>>>, LogError> {
        Ok(Some(Arc::new(B::beside(log, known))))
    }

    async fn idle_transaction(&self, log: &Arc<Flawed<B>>) -> Result<Option<Idle>, LogError> {
        log.flaw.beside_the_idle(&log.log);
        Ok(Some(Box::new(())))
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

#[async_trait]
impl<B: Flaw> EventLog for Flawed<B> {
    fn identity(&self) -> Identity {
        self.log.identity()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.flaw.append(&self.log, append).await
    }

    async fn find_request(&self, stream: &StreamId, request_id: Uuid) -> Result<Option<KnownRequest>, LogError> {
        self.flaw.find_request(&self.log, stream, request_id).await
    }

    async fn find_ordinal(&self, project: &str, kind: &str, ordinal: u64) -> Result<Option<StreamId>, LogError> {
        self.flaw.find_ordinal(&self.log, project, kind, ordinal).await
    }

    async fn read_stream(&self, stream: &StreamId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.log.read_stream(stream, after, limit).await
    }

    async fn read_partition(&self, partition: PartitionId, after: u64, limit: usize) -> Result<Page, LogError> {
        self.flaw.read_partition(&self.log, partition, after, limit).await
    }

    fn head(&self, partition: PartitionId) -> watch::Receiver<u64> {
        self.flaw.head(&self.log, partition)
    }

    async fn barrier(&self, partition: PartitionId) -> Result<u64, LogError> {
        self.flaw.barrier(&self.log, partition).await
    }

    fn trouble(&self) -> watch::Receiver<Option<LogError>> {
        self.flaw.trouble(&self.log)
    }

    async fn close(&self) {
        self.flaw.close(&self.log).await;
    }
}

#[async_trait]
impl<B: Flaw> Maintain for Flawed<B> {
    fn versions(&self) -> Versions {
        self.log.versions()
    }

    fn phase(&self) -> Phase {
        self.flaw.phase(&self.log)
    }

    async fn activate(&self, versions: Versions) -> Result<(), LogError> {
        self.flaw.activate(&self.log, versions).await
    }

    async fn seal(&self) -> Result<(), LogError> {
        self.flaw.seal(&self.log).await
    }

    async fn fill(&self, records: Vec<Recorded>) -> Result<(), FillError> {
        self.flaw.fill(&self.log, records).await
    }

    async fn open(&self) -> Result<(), LogError> {
        self.log.open().await
    }
}

/// Nothing: it shows that the suite passes a good log through all this.
#[derive(Default)]
struct Sound;

#[async_trait]
impl Flaw for Sound {
    const CAUGHT_BY: &'static str = "none";
}

/// A flaw, the case made for it, and what became of trying it.
struct Trial {
    flaw: &'static str,
    case: &'static str,
    is_caught: BoxFuture<'static, bool>,
}

fn trial<B: Flaw>() -> Trial {
    let is_caught = Box::pin(async {
        let case = cases::<Maker<B>>().into_iter().find(|case| case.name == B::CAUGHT_BY);
        case.unwrap().try_on(&Maker::<B>::default()).await.is_err_and(|broken| !broken.untried)
    });
    Trial { flaw: std::any::type_name::<B>(), case: B::CAUGHT_BY, is_caught }
}

macro_rules! flaws {
    ($($subject:ident::$flaw:ident),+ $(,)?) => {
        vec![$(trial::<$subject::$flaw>()),+]
    };
}

fn flaws() -> Vec<Trial> {
    flaws![
        readers::ShowsInAnotherOrder,
        readers::LosesItsPlace,
        readers::HidesBehindTheIdle,
        readers::ShowsHalves,
        readers::EndsEarly,
        readers::FailsOnNothing,
        writers::IgnoresRevisions,
        writers::AcknowledgesNothing,
        writers::HasOrdinalsOfItsOwn,
        writers::FailsTheNext,
        writers::IgnoresGuards,
        writers::TrustsClocks,
        writers::MixesKinds,
        requests::Forgets,
        requests::LooksThenWrites,
        requests::ComparesRevisionsFirst,
        requests::IgnoresFingerprints,
        requests::RemembersRefusals,
        requests::KnowsIdsAlone,
        writers::StopsWithItsCaller,
        writers::IsHeldUpByItsCaller,
        heads::RunsAhead,
        heads::HasAStaleBarrier,
        heads::CriesDamage,
        payloads::RewritesJson,
        payloads::HasNoBounds,
        payloads::DropsTraces,
        restarts::LosesTheNewest,
        restarts::ForgetsRequests,
        restarts::DropsWhatItTook,
        restarts::RemembersWhatIsAnswered,
        restarts::TearsTheNewest,
        nodes::HasATruthOfItsOwn,
        nodes::AcknowledgesNothing,
        nodes::HasABarrierOfItsOwn,
        nodes::KnowsItsOwnRequests,
        nodes::KeepsHeadsAtHome,
        versions::ActivatesNothing,
        versions::ActivatesAnything,
        versions::BeginsAnyway,
        versions::GoesOn,
        versions::TellsWhoAsks,
        phases::FillsUnderOtherRequests,
        phases::EmptiesTheErased,
        phases::TakesAppendsAtOnce,
        phases::FillsWhatItCan,
        phases::FillsAtAnyTime,
        phases::ForgetsTheSeal,
        phases::TellsWhoAsks,
        phases::SealsLate,
        histories::RefusesFromMemory,
        histories::LeavesOut,
        histories::ComparesGuardsFirst,
    ]
}

#[tokio::test(start_paused = true)]
async fn each_flaw_is_caught_by_the_case_made_for_it() {
    let mut missed = Vec::new();
    for trial in flaws() {
        if !trial.is_caught.await {
            missed.push(format!("{} passes {}", trial.flaw, trial.case));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn each_case_has_a_flaw_made_for_it() {
    let cases: BTreeSet<_> = cases::<Maker<Sound>>().iter().map(|case| case.name).collect();
    let caught: BTreeSet<_> = flaws().iter().map(|trial| trial.case).collect();
    assert_eq!(cases, caught);
}

#[tokio::test]
async fn a_sound_log_passes() {
    let untried = super::run(Maker::<Sound>::default()).await;
    assert!(untried.is_empty(), "{untried:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sound_log_passes_on_several_threads() {
    let untried = super::run(Maker::<Sound>::default()).await;
    assert!(untried.is_empty(), "{untried:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sound_log_passes_whatever_is_left_to_chance() {
    for seed in 2..12 {
        let factory = Maker::<Sound> { seed, ..Maker::default() };
        for case in
            cases().iter().filter(|case| ["histories", "likeness"].iter().any(|name| case.name.starts_with(name)))
        {
            assert_eq!(case.try_on(&factory).await, Ok(()), "{}", case.name);
        }
    }
}

#[tokio::test]
async fn commits_shown_in_another_order_are_caught_by_the_first_case() {
    let factory = Maker::<readers::ShowsInAnotherOrder>::default();
    assert!(cases().first().unwrap().try_on(&factory).await.is_err());
}

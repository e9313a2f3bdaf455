//! What every story begins with, and how its views are asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec::stream_id;
use domain::clocks::Ledger;
use domain::issue::{Issue, IssueEvent, fold};
use domain::{Event, Origin, Recorded, StreamRef};
use event_log::{Append, Appended, EventLog, Identity, MemoryLog, NewEvent};
use projector::{Control, Projector, Views};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use view_store::ViewStore;
use view_store::memory::MemoryViews;
use views::query::Query;
use views::row::{Row, Select};

use super::doubled::{DoubledViews, OddLog};
use super::events::{ADA, at, issue_stream, project};

/// A log, views of it, and whoever writes.
pub(crate) struct Given {
    pub(crate) log: Arc<OddLog>,
    pub(crate) store: Arc<DoubledViews>,
    pub(crate) views: Views,
    /// So many events have been written: the hour of the next.
    written: i64,
    revisions: BTreeMap<StreamRef, u64>,
}

/// A projector that stops when it goes.
pub(crate) struct Running {
    pub(crate) projector: Projector,
    stop: CancellationToken,
}

impl Given {
    /// An empty log, and all views of it.
    pub(crate) fn nothing() -> Self {
        Self::with(views::ALL)
    }

    /// An empty log, and these views of it.
    pub(crate) fn with(views: Views) -> Self {
        let log = OddLog::over(Arc::new(MemoryLog::new(Identity::new(Uuid::from_u128(1), 4))));
        let store = DoubledViews::over(Arc::default());
        Self { log, store, views, written: 0, revisions: BTreeMap::new() }
    }

    /// The same views, over another log.
    pub(crate) fn another_log(self) -> Self {
        Self { store: self.store, ..Self::with(self.views) }
    }

    /// Events of the issue PAY-n, by ada, an hour after another.
    pub(crate) async fn issue(&mut self, ordinal: u64, events: impl IntoIterator<Item = IssueEvent>) -> &mut Self {
        self.issue_of("PAY", ordinal, events).await
    }

    pub(crate) async fn issue_of(
        &mut self,
        project: &str,
        ordinal: u64,
        events: impl IntoIterator<Item = IssueEvent>,
    ) -> &mut Self {
        for event in events {
            self.append(&issue_stream(project, ordinal), event.into(), None).await;
        }
        self
    }

    /// One event, as the codec stores it.
    pub(crate) async fn append(&mut self, stream: &StreamRef, event: Event, origin: Option<Origin>) -> Appended {
        let stored = codec::encode(&event, origin.as_ref());
        let occurred_at = at(self.written).as_microsecond();
        let event = NewEvent {
            event_id: Uuid::from_u128(9),
            event_type: stored.event_type,
            schema_version: stored.schema_version,
            occurred_at,
            facts: stored.facts,
            salt: if stored.texts.is_empty() { Vec::new() } else { vec![7; 32] },
            texts: stored.texts,
        };
        self.append_stored(stream, event).await
    }

    /// One event, whatever it holds.
    pub(crate) async fn append_stored(&mut self, stream: &StreamRef, event: NewEvent) -> Appended {
        self.written += 1;
        let revision = self.revisions.entry(stream.clone()).or_default();
        let append = Append {
            stream: stream_id(stream),
            expected: *revision,
            unchanged: Vec::new(),
            recorded_at: event.occurred_at,
            events: vec![event],
            actor: ADA.into(),
            request_id: Uuid::from_u128(u128::from(self.written.unsigned_abs())),
            fingerprint: [0; 32],
            correlation_id: None,
            causation_id: None,
            traceparent: None,
        };
        *revision += 1;
        self.log.append(append).await.expect("the log takes it")
    }

    /// All that was written, partition by partition.
    pub(crate) async fn written(&self) -> Vec<Recorded> {
        let mut written = Vec::new();
        for partition in 0..self.log.identity().partitions {
            let page = self.log.log.read_partition(partition, 0, usize::MAX).await.expect("it is in memory");
            written.extend(page.records.iter().map(|recorded| codec::decode(recorded).expect("the codec wrote it")));
        }
        written
    }

    /// The issue PAY-n, as its decider folds it, without its clocks.
    pub(crate) async fn decided(&self, ordinal: u64) -> Option<Issue> {
        let of = |recorded: &Recorded| recorded.stream.project == project("PAY") && recorded.ordinal == ordinal;
        let written = self.written().await.into_iter().filter(of);
        let events = written.filter_map(|recorded| match recorded.event.clone() {
            Event::Issue(event) => Some(recorded.map(|_| event)),
            _ => None,
        });
        // Its clocks are another view's.
        fold(&events.collect::<Vec<_>>()).map(|issue| Issue { ledger: Ledger::default(), ..issue })
    }

    /// A projector that runs.
    pub(crate) async fn start(&self) -> Running {
        self.start_on(self.store.clone()).await
    }

    /// A projector that has its own way to the store.
    pub(crate) async fn start_on(&self, store: Arc<dyn ViewStore>) -> Running {
        let stop = CancellationToken::new();
        let projector = Projector::start(self.log.clone(), store, self.views, stop.clone()).await;
        Running { projector: projector.expect("log and store serve"), stop }
    }

    /// Folds all there is. Gives for each view how many streams it has set aside.
    pub(crate) async fn folded(&self) -> BTreeMap<&'static str, u64> {
        let running = self.start().await;
        assert!(running.projector.caught_up().await, "it runs until told otherwise");
        let mut parked = BTreeMap::new();
        for progress in running.projector.progress() {
            *parked.entry(progress.view.name).or_default() += progress.parked;
        }
        running.stop().await;
        parked
    }

    /// Folds all there is, and compares the views with one fold of the whole log.
    pub(crate) async fn settled(&self) -> &Self {
        self.folded().await;
        let whole = self.whole().await;
        assert_eq!(rows(&*self.store.views, self.views).await, rows(&*whole, self.views).await);
        self
    }

    /// One fold of the whole log, nothing doubled, nothing lost.
    async fn whole(&self) -> Arc<MemoryViews> {
        let (store, stop) = (Arc::<MemoryViews>::default(), CancellationToken::new());
        let projector = Projector::start(self.log.log.clone(), store.clone(), self.views, stop.clone()).await;
        let projector = projector.expect("log and store serve");
        assert!(projector.caught_up().await, "it runs until told otherwise");
        Running { projector, stop }.stop().await;
        store
    }

    /// What the views answer, once all there is is folded.
    pub(crate) async fn ask<Q: Query>(&self, query: &Q) -> Q::Found {
        self.settled().await;
        self.ask_now(query).await
    }

    /// What the views answer now.
    pub(crate) async fn ask_now<Q: Query>(&self, query: &Q) -> Q::Found {
        let answer = self.store.query(query.view(), query.selects()).await.expect("the view is prepared");
        query.read(answer.rows).expect("rows of this build")
    }
}

impl Running {
    pub(crate) fn control(&self) -> Control {
        self.projector.control()
    }

    /// How many streams of the view are parked that nobody has seen, and how many are left as they are, once it is caught up.
    pub(crate) async fn counted(&self, view: &str) -> (u64, u64) {
        assert!(self.projector.caught_up().await, "it runs until told otherwise");
        while self.projector.progress().iter().any(|progress| !progress.led) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        // Lanes are taken up in the next round.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        let of_view = self.projector.progress().into_iter().filter(|progress| progress.view.name == view);
        of_view.fold((0, 0), |sum, it| (sum.0 + it.parked, sum.1 + it.skipped))
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.projector.stopped().await;
    }
}

/// All rows of these views.
pub(crate) async fn rows(store: &dyn ViewStore, views: Views) -> Vec<Row> {
    let mut rows = Vec::new();
    for view in views {
        let schema = view.schema();
        let selects = schema.tables.iter().map(|table| Select::from(table, u32::MAX).with_words()).collect();
        let answer = store.query(schema.id(), selects).await.expect("the view is prepared");
        rows.extend(answer.rows.into_iter().flatten());
    }
    rows
}

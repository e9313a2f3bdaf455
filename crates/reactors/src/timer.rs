//! Wakes when something is due, and has it looked after.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use backon::RetryableWithContext as _;
use domain::ids::IssueKey;
use event_log::Identity;
use jiff::Timestamp;
use projector::Terms;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use view_store::StoreError;

use crate::doer::{Doer, Settled, chain, patience};
use crate::due::{Due, DueIssue};
use crate::hints::Hints;
use crate::off::Off;
use crate::{DRAIN_MS, FIRST_PAGE, INSTANT, ISSUES_A_ROUND_MAX, ISSUES_AT_ONCE_MAX, PACE_MS, PAGE, TimeSource};

/// Looks after what is due, in the partitions that are led here.
pub(crate) struct Timer {
    due: Arc<dyn Due>,
    doer: Arc<Doer>,
    hints: Arc<Hints>,
    identity: Identity,
    led: watch::Receiver<Arc<Terms>>,
    stop: CancellationToken,
    under_way: JoinSet<(DueIssue, Settled)>,
    /// What is due, or was when it was last looked for, and what is known of it.
    known: HashMap<DueIssue, Known>,
    /// What is due, and stays so.
    off: Off,
}

/// What is known of something that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// It is being looked after. The issue's revision when it was before, if it was.
    UnderWay(Option<u64>),
    /// It is, by someone who may not know what was switched meanwhile: then it is to be looked after again.
    Anew,
    /// It was: a view that comes so far should know.
    Settled(Settled),
    /// It was, twice, and the view that knows all of it says the same again. Somebody was told.
    Stuck,
}

impl Known {
    fn is_under_way(&self) -> bool {
        matches!(self, Self::UnderWay(_) | Self::Anew)
    }
}

/// When to look again.
enum Next {
    /// At that moment, if nothing moves before.
    At(Timestamp),
    /// When something moves.
    Moved,
    /// As soon as some of what is under way is done.
    Settled,
}

impl Timer {
    pub(crate) fn new(
        (due, doer, hints): (Arc<dyn Due>, Arc<Doer>, Arc<Hints>),
        identity: Identity,
        led: watch::Receiver<Arc<Terms>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            due,
            doer,
            hints,
            identity,
            led,
            stop,
            under_way: JoinSet::new(),
            known: HashMap::new(),
            off: Off::default(),
        }
    }

    /// Until told to stop; then what is under way is waited for, for a while. What it leaves, the next start does: under the same ids.
    pub(crate) async fn run(self) {
        let mut timer = self;
        loop {
            let (after, next) = timer.patient_round().await;
            timer = after;
            if timer.stop.is_cancelled() {
                break;
            }
            timer.wait(next).await;
        }
        let all = async { while timer.under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_millis(DRAIN_MS), all).await.is_err() {
            tracing::info!("what is due and was not recorded in time is left to the next start");
        }
    }

    /// A round, tried until it succeeds.
    async fn patient_round(self) -> (Self, Next) {
        let again = |mut timer: Self| async {
            let next = timer.round().await;
            (timer, next)
        };
        let notify = |error: &StoreError, wait: Duration| {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(error = %chain(error), wait_ms, "what is due can't be looked up");
        };
        let (stop, stopped) = (self.stop.clone(), self.stop.clone());
        let sleep = move |wait| {
            let stop = stop.clone();
            async move {
                let _slept = stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            }
        };
        let again = again.retry(patience()).sleep(sleep).context(self).when(move |_| !stopped.is_cancelled());
        let (timer, next) = again.notify(notify).await;
        // Only who is told to stop gives up.
        (timer, next.unwrap_or(Next::Moved))
    }

    /// Begins to look after all that is due by now, the earliest first. What is switched off is passed over, not read.
    async fn round(&mut self) -> Result<Next, StoreError> {
        self.take_up_switched();
        let now = self.doer.time.now();
        self.look_at_touched(now).await?;
        for due in self.off.take_due(now) {
            self.begin(due).await;
        }
        let (mut seen, mut passing) = (HashSet::new(), true);
        let (mut after, mut limit, mut begun) = (self.off.upto().map(|due| self.due.after(due)), FIRST_PAGE, 0);
        let next = 'pages: loop {
            let from_the_first = after.is_none();
            let page = self.due.page(after, limit).await?;
            if self.off.are_new(page.generation) && !from_the_first {
                (after, limit, passing) = (None, FIRST_PAGE, true);
                continue;
            }
            for due in page.issues {
                if due.at >= now {
                    break 'pages Next::At(due.at.saturating_add(INSTANT).unwrap_or(Timestamp::MAX));
                }
                let partition = self.identity.partition_of(due.issue.project.as_str());
                let led = self.led.borrow().contains_key(&(self.due.view(), partition));
                let off = !led || self.off.has(&due);
                passing &= off || self.known.get(&due) == Some(&Known::Stuck);
                if passing {
                    self.off.pass(&due);
                }
                if off {
                    continue;
                }
                seen.insert(due.clone());
                let folded = page.folded.get(&partition).copied().unwrap_or_default();
                if !self.is_to_be_looked_after(&due, folded) {
                    continue;
                }
                self.begin(due).await;
                begun += 1;
                if begun == ISSUES_A_ROUND_MAX || self.stop.is_cancelled() {
                    return Ok(Next::Settled);
                }
            }
            (after, limit) = (page.next, PAGE);
            if after.is_none() {
                break Next::Moved;
            }
        };
        self.known.retain(|due, known| known.is_under_way() || seen.contains(due));
        Ok(self.or_before(next))
    }

    /// Where some of what is due is passed over, who something happened to may be due before that.
    async fn look_at_touched(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let Some(touched) = self.hints.take_touched() else {
            self.off.look_at_all();
            return Ok(());
        };
        for issue in &touched {
            let _revision = self.off.forget(issue);
        }
        let Some(upto) = self.off.upto().cloned() else { return Ok(()) };
        let touched: Vec<IssueKey> = touched.into_iter().collect();
        for some in touched.chunks(PAGE as usize) {
            let page = match self.due.of(some).await {
                Ok(page) => page,
                Err(error) => {
                    // Nobody tells of them again.
                    self.off.look_at_all();
                    return Err(error);
                }
            };
            for due in page.issues.into_iter().filter(|due| due.at < now && *due <= upto) {
                let partition = self.identity.partition_of(due.issue.project.as_str());
                let folded = page.folded.get(&partition).copied().unwrap_or_default();
                let led = self.led.borrow().contains_key(&(self.due.view(), partition));
                if led && self.is_to_be_looked_after(&due, folded) {
                    self.begin(due).await;
                }
            }
        }
        Ok(())
    }

    /// Or when there is something to do for an issue of which something else is switched off: the view tells only of the first.
    fn or_before(&self, next: Next) -> Next {
        match (next, self.off.wakes()) {
            (Next::At(at), Some(again)) => Next::At(at.min(again)),
            (Next::Moved, Some(again)) => Next::At(again),
            (next, _) => next,
        }
    }

    /// Is there something to do before that for what is switched off in part?
    fn wakes_before(&self, next: &Next) -> bool {
        match (next, self.off.wakes()) {
            (Next::At(at), Some(again)) => again < *at,
            (Next::Moved, again) => again.is_some(),
            (Next::At(_), None) | (Next::Settled, _) => false,
        }
    }

    /// What was switched off may be on again.
    fn take_up_switched(&mut self) {
        let switched: BTreeSet<_> = self.hints.take_switched();
        let is_switched = |due: &DueIssue| switched.contains(&due.issue.project);
        self.known.retain(|due, known| known.is_under_way() || !is_switched(due));
        for (_, known) in self.known.iter_mut().filter(|(due, _)| is_switched(due)) {
            *known = Known::Anew;
        }
        self.off.switched(&switched);
    }

    fn is_to_be_looked_after(&self, due: &DueIssue, folded: u64) -> bool {
        match self.known.get(due) {
            None => true,
            Some(Known::UnderWay(_) | Known::Anew | Known::Stuck) => false,
            Some(Known::Settled(settled)) => settled.at.is_some_and(|(_, position)| position <= folded),
        }
    }

    async fn begin(&mut self, due: DueIssue) {
        let stop = self.stop.clone();
        while self.under_way.len() >= ISSUES_AT_ONCE_MAX {
            if stop.run_until_cancelled(self.settle_one()).await.is_none() {
                return;
            }
        }
        let before = match self.known.get(&due) {
            Some(Known::Settled(settled)) => Some(settled.revision),
            _ => self.off.forget(&due.issue),
        };
        self.known.insert(due.clone(), Known::UnderWay(before));
        let doer = Arc::clone(&self.doer);
        self.under_way.spawn(async move {
            let settled = doer.look_after(&due.issue).await;
            (due, settled)
        });
        self.tell();
    }

    /// Waits for one that is under way; `false`: none is.
    async fn settle_one(&mut self) -> bool {
        let Some(settled) = self.under_way.join_next().await else { return false };
        match settled {
            Ok((due, settled)) => self.settle(due, settled),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
        self.tell();
        true
    }

    fn settle(&mut self, due: DueIssue, settled: Settled) {
        let before = self.known.get(&due);
        if before == Some(&Known::Anew) {
            self.known.remove(&due);
            self.hints.moved.notify_one();
            return;
        }
        if settled.switched_off {
            self.known.remove(&due);
            self.off.add(due, settled);
            return;
        }
        let stuck = matches!(before, Some(Known::UnderWay(Some(revision))) if *revision == settled.revision);
        if stuck {
            tracing::warn!(issue = %due.issue, at = %due.at, "the view says that something is due, the log that nothing is");
        }
        self.known.insert(due, if stuck { Known::Stuck } else { Known::Settled(settled) });
    }

    async fn wait(&mut self, next: Next) {
        // Views that move quickly are looked at now and then, not at each move.
        tokio::time::sleep(Duration::from_millis(PACE_MS)).await;
        let (hints, time, stop) = (Arc::clone(&self.hints), Arc::clone(&self.doer.time), self.stop.clone());
        let mut led = self.led.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = hints.moved.notified() => return,
                Ok(()) = led.changed() => {
                    self.led = led;
                    self.off.look_at_all();
                    return;
                }
                () = reaches(&*time, &next) => return,
                true = self.settle_one() => {
                    let enough = matches!(next, Next::Settled) && self.under_way.len() < ISSUES_AT_ONCE_MAX / 2;
                    // Of what is switched off in part it is known only now when to wake.
                    if enough || self.under_way.is_empty() && self.wakes_before(&next) {
                        return;
                    }
                }
            }
        }
    }

    fn tell(&self) {
        if let Some(observer) = self.doer.observer.get() {
            observer.under_way(self.under_way.len());
        }
    }
}

async fn reaches(time: &dyn TimeSource, next: &Next) {
    match next {
        Next::At(at) => time.reaches(*at).await,
        Next::Moved | Next::Settled => std::future::pending().await,
    }
}

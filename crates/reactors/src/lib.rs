//! What the system does by itself: it turns what happened, or that time passed, into commands.
//!
//! - **Clocks** ([`Due`], `timer.rs`): the views say which issue is due next; a reactor sleeps until then or until the views move, and looks at what
//!   is due. What is to be recorded is computed of the issue's own log ([`Duties`]), never of a view, and decided by the domain once more.
//! - **Deliveries** (`production.rs`): a production deployment marks the issues whose fix it carries; a rollback takes the mark off.
//! - **Absences** (`absences.rs`): who goes away or leaves a team is replaced in the plans of shifts that stand.
//!
//! Everything goes through `commands`, as anybody's command does, under the name `system:` and the reactor's, with a request id that follows from
//! what it records ([`Act::name`]). So it does not matter how often, where, or in how many processes at once it is asked: it is recorded once. What
//! the id says is the same after a restart, so nothing is kept here, and downtime is caught up with, each fact at the time at which it happened.
//!
//! A partition is looked after by the node that advances the view there; when that changes hands, so does this. In the moment in which two believe
//! that it is theirs, both ask, and one of them is answered as before.
//!
//! Overload and outages are waited out, ever longer up to [`RETRY_MS_MAX`]. A refusal means that somebody was faster, or that the clock stopped in the
//! same instant: it is counted and no more. What a project has switched off is left alone until it is switched on.
//!
//! What never happens here: the wall clock (a [`TimeSource`] gives the time), polling, a rule about issues, a read of a view in order to decide.
//!
//! # Recipes
//!
//! **To add something that is due at a time**: what is to be done then, as a pure function of issue and project beside `duties.rs`; the instant in
//! the view's `next_due`, or nobody wakes; its name in [`domain::project::Reactor`] if it can be switched off by itself.
//!
//! **To add something that follows from an event**: what is to be heard in `hints.rs`, and the task that takes it up, like `production.rs`: it must
//! find what it missed while nothing ran from a view's index, when it begins.

mod absences;
mod act;
mod asked;
mod doer;
mod due;
mod duties;
mod hints;
mod observe;
mod off;
mod production;
mod sla;
mod time;
mod timer;

use std::fmt;
use std::sync::{Arc, OnceLock};

use commands::Commands;
use event_log::Identity;
use jiff::SignedDuration;
use projector::{Listener, Terms};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use view_store::ViewStore;

use absences::Absences;
use asked::Asked;
use doer::Doer;
use hints::Hints;
use production::Production;
use timer::Timer;

pub use act::{Act, request_id};
pub use doer::Duties;
pub use due::{Due, DueIssue, Page};
pub use duties::{Agenda, duties};
pub use observe::{Observer, Outcome};
pub use sla::sla_due;
pub use time::TimeSource;

/// So many issues are looked after at once. They share a log's appender, which writes together what comes together.
pub const ISSUES_AT_ONCE_MAX: usize = 256;
/// After so many a round begins anew, with the earliest.
pub const ISSUES_A_ROUND_MAX: usize = 20_000;
/// What is due next is looked up so many at a time, first …
pub const FIRST_PAGE: u32 = 4;
/// … and then, where all of those are due.
pub const PAGE: u32 = 250;
/// So many issues are marked, or their mark taken off, at once.
pub const DELIVERIES_AT_ONCE_MAX: usize = 32;
/// A round begins so long after another at the earliest.
pub const PACE_MS: u64 = 10;
/// Milliseconds between two looks at what was delivered: what happens in between is looked at once.
pub const DELIVERY_PACE_MS: u64 = 50;
/// So much that may be delivered is noted; of more only that it is more.
pub const HINTS_MAX: usize = 10_000;
/// As fine as the log keeps time.
const INSTANT: SignedDuration = SignedDuration::from_micros(1);
/// Whoever can't serve is asked again for the first time after so long …
const RETRY_MS_MIN: u64 = 20;
/// … and after at most so long.
pub const RETRY_MS_MAX: u64 = 5_000;
/// Who is told to stop waits so long for what is under way.
pub const DRAIN_MS: u64 = 2_000;

/// What reactors work with.
pub struct Deps {
    /// By which they act.
    pub commands: Arc<Commands>,
    /// Which log that is on.
    pub identity: Identity,
    /// Where time comes from: the one that decides commands, too.
    pub time: Arc<dyn TimeSource>,
    /// What is due.
    pub due: Arc<dyn Due>,
    /// What is to be done about it.
    pub duties: Duties,
    /// Which issues wait for a release, and which are in production with one: the view `production`. And which plans of shifts stand: `shifts`.
    pub views: Arc<dyn ViewStore>,
    /// What is advanced here.
    pub led: watch::Receiver<Arc<Terms>>,
}

/// Running reactors. Dropping them does not stop them: the token that they were started with does.
pub struct Reactors {
    tasks: JoinSet<()>,
    hints: Arc<Hints>,
    doer: Arc<Doer>,
}

impl Reactors {
    /// Starts them. They must hear what is folded here ([`Reactors::listener`]), or they wake at deadlines only.
    pub fn start(deps: Deps, stop: CancellationToken) -> Self {
        let Deps { commands, identity, time, due, duties, views, led } = deps;
        let hints = Arc::<Hints>::default();
        let doer = Arc::new(Doer { commands, time, duties, observer: OnceLock::new() });
        let mut tasks = JoinSet::new();
        let asked = || Asked { store: Arc::clone(&views), identity, led: led.clone() };
        let production = Production { asked: asked(), doer: Arc::clone(&doer), hints: Arc::clone(&hints) };
        tasks.spawn(production.run(stop.clone()));
        let absences = Absences { asked: asked(), doer: Arc::clone(&doer), hints: Arc::clone(&hints) };
        tasks.spawn(absences.run(stop.clone()));
        tasks.spawn(Timer::new((due, Arc::clone(&doer), Arc::clone(&hints)), identity, led, stop).run());
        Self { tasks, hints, doer }
    }

    /// Who is to be told what is folded here.
    pub fn listener(&self) -> Arc<dyn Listener> {
        Arc::clone(&self.hints) as Arc<dyn Listener>
    }

    /// Tells this observer from now on, unless another one is told already.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        let _another_is_told = self.doer.observer.set(observer);
    }

    /// Waits until they have stopped.
    pub async fn stopped(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended
                && error.is_panic()
            {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

impl fmt::Debug for Reactors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactors").field("tasks", &self.tasks.len()).finish_non_exhaustive()
    }
}

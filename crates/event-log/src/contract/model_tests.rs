//! The log in memory does what the plain model says, whatever is done to it.

use futures::FutureExt;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use uuid::Uuid;

use super::Model;
use crate::append::{Append, AppendError, Appended};
use crate::contract::given::{founding, issue, stream};
use crate::contract::steps::{Caller, Step, step};
use crate::log::EventLog;
use crate::memory::MemoryLog;
use crate::record::StreamId;

/// The model with the caller who takes the steps, and what came of the last one.
#[derive(Debug, Clone)]
struct Told {
    model: Model,
    caller: Caller,
    last: Option<(Append, Result<Appended, AppendError>)>,
}

fn streams() -> [StreamId; 5] {
    [issue("1"), issue("2"), stream("PAY", "project", "PAY"), stream("WEB", "issue", "1"), stream("WEB", "issue", "2")]
}

impl ReferenceStateMachine for Told {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let partitions = founding(false).identity.partitions;
        Just(Self { model: Model::new(partitions), caller: Caller::new(0, streams()), last: None }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        step().boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.last = state.caller.proposes(step).map(|append| {
            let answer = state.model.append(&append);
            state.caller.hears(&append, &answer);
            (append, answer)
        });
        state
    }
}

/// The log that is compared with it.
struct Memory;

impl StateMachineTest for Memory {
    type SystemUnderTest = MemoryLog;
    type Reference = Told;

    fn init_test(_: &Told) -> MemoryLog {
        MemoryLog::founded(founding(false))
    }

    fn apply(log: MemoryLog, told: &Told, _: Step) -> MemoryLog {
        if let Some((append, answer)) = &told.last {
            assert_eq!(now(log.append(append.clone())), *answer, "{append:?}");
        }
        log
    }

    fn check_invariants(log: &MemoryLog, told: &Told) {
        let model = &told.model;
        for partition in 0..model.partitions {
            let page = now(log.read_partition(partition, 0, usize::MAX)).unwrap();
            assert!(page.records.iter().eq(model.partition(partition)), "partition {partition}: {page:?}");
            let head = model.partition(partition).count() as u64;
            assert_eq!((now(log.barrier(partition)), *log.head(partition).borrow()), (Ok(head), head));
        }
        for stream in streams() {
            let page = now(log.read_stream(&stream, 1, 3)).unwrap();
            let rest = || model.stream(&stream).skip(1);
            assert!(page.records.iter().eq(rest().take(3)), "{stream:?}: {page:?}");
            assert_eq!(page.end, rest().count() <= 3, "{stream:?}");
            for ordinal in 1..4 {
                let nth = model.streams(&stream.project, &stream.kind).nth(ordinal - 1);
                let found = now(log.find_ordinal(&stream.project, &stream.kind, ordinal as u64)).unwrap();
                assert_eq!(found.as_ref(), nth, "ordinal {ordinal} beside {stream:?}");
            }
        }
        if let Some((append, _)) = &told.last {
            let known = now(log.find_request(&append.stream, append.request_id)).unwrap();
            let fingerprint = known.as_ref().map_or(append.fingerprint, |known| known.fingerprint);
            let answered = model.answered(&Append { fingerprint, ..append.clone() });
            assert_eq!(known.map(|known| Ok(known.appended)), answered);
            assert_eq!(now(log.find_request(&append.stream, Uuid::nil())), Ok(None));
        }
    }
}

/// What a log in memory answers, which waits for nothing.
fn now<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().unwrap()
}

prop_state_machine! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn the_log_in_memory_does_what_the_model_says(sequential 1..60 => Memory);
}

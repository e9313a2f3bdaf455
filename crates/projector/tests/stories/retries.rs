//! Parked streams, taken up again or left as they are.

use projector::{Unparked, Views};
use view_store::{Parked, ViewStore};
use views::AnyView;
use views::issue::Issues;

use super::events::{commented, filed, issue_stream, triaged};
use super::given::Given;
use super::tally::{TALLY, TALLY_MENDED};

static BOTH: Views = &[&Issues, &TALLY];
static BOTH_MENDED: Views = &[&Issues, &TALLY_MENDED];

fn stream(ordinal: u64) -> String {
    issue_stream("PAY", ordinal).to_string()
}

async fn parked(given: &Given) -> Vec<(u64, bool)> {
    let parked = given.store.parked(TALLY.schema().id(), None, 10).await.unwrap();
    parked.into_iter().map(|parked| (parked.position, parked.skipped)).collect()
}

/// One issue that the tally refuses at its third event, and others around it.
async fn refused() -> Given {
    let mut given = Given::with(BOTH);
    given.issue(1, [filed("One"), commented("fine"), commented("refuse me"), commented("and then")]).await;
    given.issue(2, [filed("Two"), commented("fine")]).await;
    given.issue(1, [triaged("sev1")]).await;
    given.folded().await;
    assert_eq!(parked(&given).await, [(3, false)]);
    given
}

#[tokio::test(start_paused = true)]
async fn once_it_can_be_applied_a_retry_gives_what_folding_it_in_place_would_have() {
    let mut given = refused().await;
    given.views = BOTH_MENDED;
    let running = given.start().await;
    assert_eq!(running.counted("tally").await, (1, 0));
    let done = running.control().retry("tally", &stream(1)).await;
    assert_eq!(done, Ok(Unparked::Applied { events: 3 }));
    assert_eq!(running.counted("tally").await, (0, 0));
    assert_eq!(parked(&given).await, []);
    assert_eq!(running.control().retry("tally", &stream(1)).await, Ok(Unparked::NotParked), "a second time");
    given.issue(1, [commented("later")]).await;
    assert!(running.projector.caught_up().await);
    running.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_applied_still_stays_parked() {
    let given = refused().await;
    let running = given.start().await;
    let done = running.control().retry("tally", &stream(1)).await.unwrap();
    let Unparked::Parked(Parked { position: 3, skipped: false, reason, .. }) = done else { panic!("{done:?}") };
    assert_eq!(&*reason, "it was told to");
    assert_eq!(parked(&given).await, [(3, false)]);
    running.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_parked_from_its_first_event_is_folded_from_there() {
    let mut given = Given::with(BOTH);
    given.issue(1, [commented("refuse me"), commented("one"), commented("two")]).await;
    given.folded().await;
    given.views = BOTH_MENDED;
    let running = given.start().await;
    assert_eq!(running.control().retry("tally", &stream(1)).await, Ok(Unparked::Applied { events: 3 }));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn left_as_it_is_it_stands_still_and_alarms_nobody() {
    let mut given = refused().await;
    let running = given.start().await;
    let done = running.control().skip("tally", &stream(1)).await.unwrap();
    assert!(matches!(done, Unparked::Parked(Parked { skipped: true, .. })), "{done:?}");
    assert_eq!(running.counted("tally").await, (0, 1));
    given.issue(1, [commented("later")]).await;
    assert!(running.projector.caught_up().await);
    assert_eq!(parked(&given).await, [(3, true)]);
    running.stop().await;
    given.settled().await;

    given.views = BOTH_MENDED;
    let running = given.start().await;
    assert_eq!(running.counted("tally").await, (0, 1), "after a restart");
    assert_eq!(running.control().retry("tally", &stream(1)).await, Ok(Unparked::Applied { events: 4 }));
    running.stop().await;
    given.settled().await;
}

#[tokio::test(start_paused = true)]
async fn whichever_node_is_asked_takes_the_view_over_and_goes_on() {
    let mut given = refused().await;
    given.views = BOTH_MENDED;
    let (one, other) = (given.start().await, given.start().await);
    assert!(one.projector.caught_up().await && other.projector.caught_up().await);
    for asked in [&other, &one] {
        assert!(matches!(
            asked.control().retry("tally", &stream(1)).await,
            Ok(Unparked::Applied { .. } | Unparked::NotParked)
        ));
    }
    given.issue(1, [commented("later")]).await;
    assert!(one.projector.caught_up().await && other.projector.caught_up().await);
    one.stop().await;
    other.stop().await;
    given.settled().await;
}

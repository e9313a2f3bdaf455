//! Phases: a log that takes another's place is filled, opened, and the other is sealed; at no time do both take appends.

use std::sync::Arc;

use futures::future::try_join_all;
use uuid::Uuid;

use super::given::{Reader, append, event, founding, issue, log, read_everything, second, stream};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::append::{Append, AppendError, Appended, LogError};
use crate::log::EventLog;
use crate::maintain::{FillError, Maintain, Phase, Versions};
use crate::record::{Header, Recorded};

/// A log with some history: streams of five records in two projects, made by appends of three events, one and one.
async fn lived_in<F: Factory>(factory: &F) -> Result<Arc<F::Log>, Broken> {
    let log = log(factory).await?;
    for n in 0..12 {
        for project in ["PAY", "WEB"] {
            let stream = stream(project, ["issue", "story"][n % 2], n);
            let several = Append { events: vec![event("1"), event("2"), event("3")], ..append(&stream, 0, 1) };
            log.append(several).await?;
            log.append(append(&stream, 3, 2)).await?;
            log.append(append(&stream, 4, 3)).await?;
        }
    }
    Ok(log)
}

/// All records of a log, as a copy takes them: by partition, in pages that end where an append does.
async fn pages_of<L: EventLog>(log: &L) -> Result<Vec<Vec<Recorded>>, Broken> {
    let mut pages = Vec::new();
    for partition in 0..log.identity().partitions {
        let mut page = Vec::new();
        for recorded in Reader::new(partition, 0).read_all(log).await? {
            if recorded.record.header.revision % 5 == 1 && page.len() > 9 {
                pages.push(std::mem::take(&mut page));
            }
            page.push(recorded);
        }
        pages.push(page);
    }
    Ok(pages)
}

/// Positions, leaves, ordinals and request ids are kept, beside the head's watch; opened, it goes on from there.
pub(super) async fn a_filled_log_is_the_same<F: Factory>(factory: &F) -> Outcome {
    let from = lived_in(factory).await?;
    let to = factory.create(founding(true)).await?;
    for page in pages_of(&*from).await? {
        to.fill(page).await?;
    }
    let records = read_everything(&*from).await?;
    promise!(read_everything(&*to).await? == records, "the records of the copy are others");
    for partition in 0..from.identity().partitions {
        let head = *from.head(partition).borrow();
        promise!(to.head(partition).wait_for(|filled| *filled == head).await.is_ok(), "the head's watch ended");
    }
    to.open().await?;
    to.open().await?;
    promise_eq!((to.phase(), to.trouble().borrow().clone()), (Phase::Open, None), "the phase and trouble once opened");
    let to = factory.reopen(to, Versions::KNOWN).await?;
    promise_eq!(to.phase(), Phase::Open, "the phase after a restart");
    promise!(read_everything(&*to).await? == records, "the records of the copy are others after a restart");
    for n in 0..12 {
        let stream = issue(n);
        if n % 2 == 0 {
            let known = from.find_request(&stream, append(&stream, 0, 1).request_id).await?;
            promise!(known.is_some(), "a request is not known where it was made");
            let copied = to.find_request(&stream, append(&stream, 0, 1).request_id).await?;
            promise_eq!(copied, known, "a request, looked up in the copy");
            let repeated = to.append(append(&stream, 3, 2)).await?;
            promise!(repeated.replayed && repeated.revision == 4, "a request repeated at the copy: {repeated:?}");
        }
    }
    let (next, there) = (append(&issue("next"), 0, 1), from.append(append(&issue("next"), 0, 1)).await?);
    promise_eq!(to.append(next).await?, there, "the first append to the copy, as to the log it is a copy of");
    Ok(())
}

/// Texts that were erased stay so, and every proof stands.
pub(super) async fn what_was_erased_stays_so<F: Factory>(factory: &F) -> Outcome {
    let from = log(factory).await?;
    let texts = crate::NewEvent { texts: br#"{"title":"ada@example.org"}"#.to_vec(), salt: vec![9; 32], ..event("{}") };
    from.append(Append { events: vec![texts.clone(), event("{}"), texts], ..append(&issue("1"), 0, 1) }).await?;
    let mut records = read_everything(&*from).await?;
    records[0].record.body.texts = None;
    let to = factory.create(founding(true)).await?;
    to.fill(records.clone()).await?;
    to.open().await?;
    promise!(read_everything(&*to).await? == records, "erased texts came back as something else");
    let to = factory.reopen(to, Versions::KNOWN).await?;
    promise!(read_everything(&*to).await? == records, "erased texts came back as something else after a restart");
    Ok(())
}

/// Until it is opened it takes no appends, says so, and answers readers; after a restart and on every node.
pub(super) async fn a_filling_log_takes_no_appends<F: Factory>(factory: &F) -> Outcome {
    let from = lived_in(factory).await?;
    let mut to = factory.create(founding(true)).await?;
    let pages = pages_of(&*from).await?;
    let half = pages.len() / 2;
    for (n, page) in pages.clone().into_iter().enumerate() {
        let refused = to.append(append(&issue("early"), 0, 1)).await;
        promise!(
            matches!(refused, Err(AppendError::Failed(LogError::Unavailable { .. }))),
            "an append to a log that is being filled: {refused:?}"
        );
        let trouble = to.trouble().borrow().clone();
        promise!(matches!(trouble, Some(LogError::Unavailable { .. })), "its trouble: {trouble:?}");
        promise_eq!(to.phase(), Phase::Filling, "its phase");
        to.fill(page).await?;
        if n == 0 || n == half {
            to = factory.reopen(to, Versions::KNOWN).await?;
        }
    }
    if let Some(other) = factory.another_node(&to, Versions::KNOWN).await? {
        promise_eq!(other.phase(), Phase::Filling, "its phase at another node");
        let refused = other.append(append(&issue("early"), 0, 1)).await;
        promise!(
            matches!(refused, Err(AppendError::Failed(LogError::Unavailable { .. }))),
            "an append at another node of a log that is being filled: {refused:?}"
        );
        to.open().await?;
        let mut trouble = other.trouble();
        promise!(trouble.wait_for(Option::is_none).await.is_ok(), "another node's trouble ended without an end");
        promise_eq!(other.phase(), Phase::Open, "another node's phase once opened");
        other.append(append(&issue("late"), 0, 1)).await?;
    }
    let filled = read_everything(&*to).await?.len();
    promise!(filled >= pages.iter().map(Vec::len).sum(), "{filled} records after restarts between pages");
    Ok(())
}

/// A gap, another's leaf, another body, a record twice, half an append's rest, another partition: all of it is refused, whole.
pub(super) async fn what_does_not_follow_is_not_filled<F: Factory>(factory: &F) -> Outcome {
    let from = lived_in(factory).await?;
    let partition = from.identity().partition_of("PAY");
    let records = Reader::new(partition, 0).read_all(&*from).await?;
    let to = factory.create(founding(true)).await?;
    to.fill(records[..10].to_vec()).await?;
    for (what, page) in unfit(&records) {
        let refused = to.fill(page).await;
        promise!(matches!(refused, Err(FillError::Invalid { .. })), "{what} was filled in: {refused:?}");
        promise_eq!(to.barrier(partition).await?, 10, "the head after {what} was refused");
    }
    to.fill(Vec::new()).await?;
    to.fill(records[10..12].to_vec()).await?;
    let rest = to.fill(records[12..20].to_vec()).await;
    promise!(matches!(rest, Err(FillError::Invalid { .. })), "the rest of an append cut in two: {rest:?}");
    Ok(())
}

/// Pages that must not follow the first ten of these records.
fn unfit(records: &[Recorded]) -> Vec<(&'static str, Vec<Recorded>)> {
    let spoilt = |n: usize, spoil: fn(&mut Recorded)| {
        let mut records = records[10..20].to_vec();
        spoil(&mut records[n]);
        records
    };
    let renamed = |n: usize, change: fn(&mut Header)| {
        let mut records = records[10..20].to_vec();
        change(&mut records[n].record.header);
        // Its leaf is right: only the rule can tell.
        records[n].leaf = records[n].record.leaf();
        records
    };
    vec![
        ("what is there already", records[..10].to_vec()),
        ("a gap before", records[15..20].to_vec()),
        ("a gap within", [&records[10..15], &records[20..25]].concat()),
        ("another order", [&records[15..20], &records[10..15]].concat()),
        ("another leaf", spoilt(6, |recorded| recorded.leaf[0] ^= 1)),
        ("another body", spoilt(6, |recorded| recorded.record.body.facts.push(b' '))),
        ("another position", spoilt(9, |recorded| recorded.position += 1)),
        ("another partition", spoilt(9, |recorded| recorded.partition ^= 1)),
        ("another ordinal", renamed(5, |header| header.ordinal += 1)),
        ("another revision", renamed(9, |header| header.revision += 1)),
        ("an earlier time", renamed(9, |header| header.metadata.recorded_at -= 1)),
        ("another actor within an append", renamed(6, |header| header.metadata.actor = "eve".into())),
        ("a request id twice", renamed(9, |header| header.metadata.request_id = Uuid::from_u128(1))),
    ]
}

/// A log that takes appends, or has taken its last, is not filled.
pub(super) async fn only_a_filling_log_is_filled<F: Factory>(factory: &F) -> Outcome {
    let from = lived_in(factory).await?;
    let mut pages = pages_of(&*from).await?;
    let page = pages.swap_remove(0);
    let to = log(factory).await?;
    promise_eq!(to.fill(page.clone()).await, Err(FillError::NotFilling { phase: Phase::Open }), "filling an open log");
    to.open().await?;
    to.seal().await?;
    promise_eq!(to.fill(page).await, Err(FillError::NotFilling { phase: Phase::Sealed }), "filling a sealed log");
    promise_eq!(to.open().await, Err(LogError::Moved), "opening a sealed log");
    promise_eq!(read_everything(&*to).await?.len(), 0, "records of a log that was not filled");
    Ok(())
}

/// Sealed is for good: on every node, which says so by itself, and after every restart. Readers are answered as before.
pub(super) async fn sealed_answers_moved_for_good<F: Factory>(factory: &F) -> Outcome {
    let mut log = lived_in(factory).await?;
    let other = factory.another_node(&log, Versions::KNOWN).await?;
    let before = read_everything(&*log).await?;
    for _ in 0..2 {
        log.seal().await?;
        moved(&*log, &before).await?;
    }
    if let Some(other) = &other {
        let refused = other.append(append(&issue("late"), 0, 1)).await;
        promise_eq!(refused, Err(AppendError::Failed(LogError::Moved)), "an append at another node of a sealed log");
        let mut trouble = other.trouble();
        promise!(trouble.wait_for(Option::is_some).await.is_ok(), "another node's trouble ended without one");
        moved(&**other, &before).await?;
    }
    for _ in 0..2 {
        log = factory.reopen(log, Versions::KNOWN).await?;
        moved(&*log, &before).await?;
    }
    Ok(())
}

/// A node that nobody asks for anything says by itself that the log was sealed. Untried where there is only one.
pub(super) async fn an_idle_node_hears_of_the_seal<F: Factory>(factory: &F) -> Outcome {
    let log = log(factory).await?;
    let other = second(factory, &log, Versions::KNOWN).await?;
    log.seal().await?;
    let mut trouble = other.trouble();
    promise!(trouble.wait_for(Option::is_some).await.is_ok(), "another node's trouble ended without one");
    moved(&*other, &[]).await
}

async fn moved<L: Maintain>(log: &L, before: &[Recorded]) -> Outcome {
    promise_eq!(log.phase(), Phase::Sealed, "the phase of a sealed log");
    promise_eq!(*log.trouble().borrow(), Some(LogError::Moved), "the trouble of a sealed log");
    for append in [append(&issue("late"), 0, 1), append(&issue(0), 4, 9), append(&issue(0), 3, 2)] {
        let refused = log.append(append).await;
        promise_eq!(refused, Err(AppendError::Failed(LogError::Moved)), "an append to a sealed log");
    }
    promise!(read_everything(log).await? == before, "a sealed log shows other records than before");
    Ok(())
}

/// Writers are at work when the log is sealed: what each was answered before is in it, the rest was answered that the log has
/// moved, and once the seal is answered nothing more comes in.
pub(super) async fn what_was_acknowledged_before_a_seal_is_in_it<F: Factory>(factory: &F) -> Outcome {
    const WRITERS: usize = 16;
    let log = log(factory).await?;
    let other = factory.another_node(&log, Versions::KNOWN).await?.unwrap_or_else(|| Arc::clone(&log));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = if writer % 2 == 0 { Arc::clone(&log) } else { Arc::clone(&other) };
            tokio::spawn(until_moved(log, writer))
        })
        .collect();
    let mut head = log.head(log.identity().partition_of("PAY"));
    promise!(head.wait_for(|head| *head >= 3 * WRITERS as u64).await.is_ok(), "the head's watch ended");
    log.seal().await?;
    let sealed = read_everything(&*log).await?;
    let mut acknowledged = Vec::new();
    for writer in try_join_all(writers).await? {
        acknowledged.extend(writer?);
    }
    let after = read_everything(&*log).await?;
    promise!(after == sealed, "{} records once all was answered, {} after the seal", after.len(), sealed.len());
    let leaves: std::collections::HashSet<_> = sealed.iter().map(|recorded| recorded.leaf).collect();
    let lost = acknowledged.iter().filter(|appended| !leaves.contains(&appended.leaf)).count();
    promise_eq!(lost, 0, "acknowledged appends that are not in the sealed log");
    Ok(())
}

/// Appends until the log has moved; returns what was acknowledged.
async fn until_moved<L: EventLog>(log: Arc<L>, writer: usize) -> Result<Vec<Appended>, Broken> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        match log.append(append(&issue(writer), n, u128::from(n))).await {
            Ok(appended) => acknowledged.push(appended),
            Err(AppendError::Failed(LogError::Moved)) => break,
            Err(error) => return Err(error.into()),
        }
        // A log that answers at once leaves the others a turn.
        tokio::task::yield_now().await;
    }
    Ok(acknowledged)
}

//! Leases: one holder at a time, and nothing committed by who was one.

use std::sync::Arc;
use std::time::Duration;

use views::row::Change;
use views::table::ViewId;

use super::given::{BOARD, BOARD_2, NOTES, at, card, commit, count, dump, moved, seen, store};
use super::{Broken, Factory, Outcome, promise, promise_eq};
use crate::commit::{CommitError, ViewCommit};
use crate::lease::{Claim, Holder, Lease, Term};
use crate::store::{PartitionId, ViewStore};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);
/// How often one asks who waits for a lease to run out.
const PAUSE: Duration = Duration::from_millis(20);

/// What one has, another does not get; all else is free.
pub(super) async fn one_holds_at_a_time<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let (one, other) = (store.join().await?, store.join().await?);
    promise!(one != other, "two holders have one number");
    let (board, newer) = (BOARD.id(), BOARD_2.id());
    let granted = claim(&*store, one, &[(board, 0), (board, 1)], LONG).await?;
    promise_eq!(shares(&granted), [(board, 0), (board, 1)], "what was free");
    let wanted = [(board, 0), (board, 1), (board, 2), (newer, 0)];
    let granted = claim(&*store, other, &wanted, LONG).await?;
    promise_eq!(shares(&granted), [(board, 2), (newer, 0)], "beside what another has");
    let granted = claim(&*store, one, &wanted, LONG).await?;
    promise_eq!(shares(&granted), [(board, 0), (board, 1)], "the first again");
    Ok(())
}

/// Each can be told of all the others have, and of nothing that was let go, ran out, or is another view's.
pub(super) async fn it_is_known_who_has_what<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let (one, other) = (store.join().await?, store.join().await?);
    let (board, notes) = (BOARD.id(), NOTES.id());
    claim(&*store, one, &[(board, 0), (board, 1), (notes, 0)], LONG).await?;
    claim(&*store, other, &[(board, 2)], LONG).await?;
    claim(&*store, other, &[(board, 3)], Duration::ZERO).await?;
    let known = async |views: &[ViewId]| {
        let mut held = store.held(views).await?;
        held.sort_unstable();
        Ok::<_, Broken>(held.iter().map(|share| (share.partition, share.view, share.holder)).collect::<Vec<_>>())
    };
    promise_eq!(known(&[board]).await?, [(0, board, one), (1, board, one), (2, board, other)], "of one view");
    promise_eq!(known(&[board, notes]).await?.len(), 4, "of both");
    store.release(one).await?;
    promise_eq!(known(&[board, notes]).await?, [(2, board, other)], "after one let go");
    Ok(())
}

/// A holder that stood still for too long is followed by another, and can commit nothing when it goes on.
pub(super) async fn what_ran_out_is_taken_over<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let (one, other) = (store.join().await?, store.join().await?);
    let first = only(&claim(&*store, one, &[(BOARD.id(), 0)], SHORT).await?)?;
    store.commit(0, vec![under(first, 0, 1, Vec::new())]).await?;
    let second = until_granted(&store, other, (BOARD.id(), 0)).await?;
    promise!(first != second, "two holders had one term");
    let before = dump(&*store, &BOARD).await?;
    let late = vec![under(first, 1, 2, vec![Change::Upsert(card(1, "new")?)])];
    refused(&store.commit(0, late).await, "of one who stood still")?;
    promise_eq!(dump(&*store, &BOARD).await?, before, "after the commit of one who stood still");
    promise_eq!(claim(&*store, one, &[(BOARD.id(), 0)], LONG).await?, [], "the first again");
    store.commit(0, vec![under(second, 1, 2, Vec::new())]).await?;
    Ok(())
}

/// Who asks again in time keeps what it has, under the same term.
pub(super) async fn renewed_it_stays<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let (one, other) = (store.join().await?, store.join().await?);
    let (kept, let_go) = ((BOARD.id(), 0), (BOARD.id(), 1));
    let term = only(&claim(&*store, one, &[kept], SHORT).await?)?;
    let again = claim(&*store, one, &[kept], LONG).await?;
    promise_eq!(only(&again)?, term, "the term after it was renewed");
    // By the store's clock, what was claimed after it for as long has run out.
    claim(&*store, one, &[let_go], SHORT).await?;
    until_granted(&store, other, let_go).await?;
    promise_eq!(claim(&*store, other, &[kept], LONG).await?, [], "what was renewed");
    store.commit(0, vec![under(term, 0, 1, Vec::new())]).await?;
    Ok(())
}

/// Who lets go is followed at once, and holds nothing.
pub(super) async fn released_they_are_free<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let (one, other) = (store.join().await?, store.join().await?);
    let both = [(BOARD.id(), 0), (NOTES.id(), 3)];
    let term = claim(&*store, one, &both, LONG).await?[0].term;
    store.release(one).await?;
    refused(&store.commit(0, vec![under(term, 0, 1, Vec::new())]).await, "of one who let go")?;
    promise_eq!(shares(&claim(&*store, other, &both, LONG).await?), both, "what was let go");
    store.release(one).await?;
    promise_eq!(shares(&claim(&*store, one, &both, LONG).await?), [], "after letting go of nothing");
    Ok(())
}

/// What is taken from a holder, and comes back to it, is another hold: what was folded before is not committed.
pub(super) async fn taken_and_had_again_is_another_hold<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let (one, other) = (store.join().await?, store.join().await?);
    let share = (BOARD.id(), 0);
    let first = only(&claim(&*store, one, &[share], LONG).await?)?;
    let anyway = Claim { holder: other, of: vec![share], lasting: LONG, anyway: true };
    let taken = only(&store.lease(anyway).await?)?;
    refused(&store.commit(0, vec![under(first, 0, 1, Vec::new())]).await, "of one from whom it was taken")?;
    promise_eq!(claim(&*store, one, &[share], LONG).await?, [], "what was taken");
    store.commit(0, vec![under(taken, 0, 1, Vec::new())]).await?;
    store.release(other).await?;
    let third = only(&claim(&*store, one, &[share], LONG).await?)?;
    promise!(first != third, "a term was given twice");
    refused(&store.commit(0, vec![under(first, 1, 2, Vec::new())]).await, "under the term before")?;
    store.commit(0, vec![under(third, 1, 2, Vec::new())]).await?;
    Ok(())
}

/// If one view of a commit is no longer held, none moves; a lease does not replace the checkpoint.
pub(super) async fn without_its_lease_a_commit_changes_nothing<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let (one, other) = (store.join().await?, store.join().await?);
    let (board, notes) = ((BOARD.id(), 0), (NOTES.id(), 0));
    let board_term = only(&claim(&*store, one, &[board], LONG).await?)?;
    let notes_term = only(&claim(&*store, other, &[notes], LONG).await?)?;
    let both = |notes_term: Term| -> Result<_, Broken> {
        let of_notes = commit(NOTES.id(), 0, 1, vec![Change::Upsert(seen(1, "new")?)]);
        let of_board = under(board_term, 0, 1, vec![count("new", 1, 1)]);
        Ok(vec![of_board, ViewCommit { term: Some(notes_term), ..of_notes }])
    };
    let before = (dump(&*store, &BOARD).await?, dump(&*store, &NOTES).await?);
    refused(&store.commit(0, both(notes_term + 1000)?).await, "half of which is held")?;
    promise_eq!((dump(&*store, &BOARD).await?, dump(&*store, &NOTES).await?), before, "after half a commit");
    refused(&store.commit(1, vec![under(board_term, 0, 1, Vec::new())]).await, "of another partition")?;
    store.commit(0, both(notes_term)?).await?;
    let again = store.commit(0, both(notes_term)?).await;
    promise_eq!(moved(&again), Some((BOARD.id(), 0, Some(at(1)))), "delivered twice");
    Ok(())
}

/// Whoever held a view that is made anew holds it no longer.
pub(super) async fn a_reset_ends_them<F: Factory>(factory: &F) -> Outcome {
    let store = store(factory).await?;
    let one = store.join().await?;
    let share = (BOARD.id(), 0);
    let term = only(&claim(&*store, one, &[share, (NOTES.id(), 0)], LONG).await?[..1])?;
    store.reset(&BOARD).await?;
    refused(&store.commit(0, vec![under(term, 0, 1, Vec::new())]).await, "after a reset")?;
    let again = only(&claim(&*store, one, &[share], LONG).await?)?;
    promise!(again != term, "a reset left the lease as it was");
    Ok(())
}

/// A commit of the board under the term.
pub(super) fn under(term: Term, from: u64, to: u64, changes: Vec<Change>) -> ViewCommit {
    ViewCommit { term: Some(term), ..commit(BOARD.id(), from, to, changes) }
}

pub(super) async fn claim(
    store: &dyn ViewStore,
    holder: Holder,
    of: &[(ViewId, PartitionId)],
    lasting: Duration,
) -> Result<Vec<Lease>, Broken> {
    Ok(store.lease(Claim { holder, of: of.to_vec(), lasting, anyway: false }).await?)
}

/// The commit was refused for want of its lease.
pub(super) fn refused(result: &Result<(), CommitError>, whose: &str) -> Outcome {
    promise!(matches!(result, Err(CommitError::NotHeld { .. })), "a commit {whose} was answered {result:?}");
    Ok(())
}

fn shares(leases: &[Lease]) -> Vec<(ViewId, PartitionId)> {
    leases.iter().map(|lease| (lease.view, lease.partition)).collect()
}

/// The term of the one lease that there is.
pub(super) fn only(leases: &[Lease]) -> Result<Term, Broken> {
    match leases {
        [lease] => Ok(lease.term),
        other => Err(Broken::new(format!("one claim was answered {other:?}"))),
    }
}

/// Asks until it is granted.
async fn until_granted<S: ViewStore>(
    store: &Arc<S>,
    holder: Holder,
    share: (ViewId, PartitionId),
) -> Result<Term, Broken> {
    loop {
        if let [lease] = claim(&**store, holder, &[share], LONG).await?.as_slice() {
            return Ok(lease.term);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

//! A history that keeps its promises, and for each promise one that breaks it.

use super::*;

/// PAY-1 is filed at 1 and changes at 3; PAY-2 is filed at 2 and closed at 4; PAY-3 is filed at 5.
fn truth() -> Truth {
    let one = |position, key: &str, revision, is_wanted: bool| {
        let column = Some(if is_wanted { "open" } else { "closed" }.to_owned()).filter(|_| revision != 2 || !is_wanted);
        Happened { position, key: key.into(), revision, is_wanted, column }
    };
    Truth::of([
        one(1, "PAY-1", 1, true),
        one(2, "PAY-2", 1, true),
        one(3, "PAY-1", 2, true),
        one(4, "PAY-2", 2, false),
        one(5, "PAY-3", 1, true),
    ])
}

const END: Promises = Promises { every_event: false, counts: false, end: 5 };
const FEED: Promises = Promises { every_event: true, ..END };
const COUNTED: Promises = Promises { counts: true, ..END };

fn told(things: &[(&str, u64)], place: u64) -> Noted {
    // Revision 0: it is not wanted. Place 0: more belongs to it.
    let things = things.iter().map(|(key, revision)| ((*key).to_owned(), Some(*revision).filter(|it| *it > 0)));
    let place = Some(place).filter(|place| *place > 0);
    Noted::Told(Told { things: things.collect(), place, ..Told::default() })
}

fn fresh(things: &[(&str, u64)], place: u64) -> Noted {
    let Noted::Told(told) = told(things, place) else { unreachable!("it was told") };
    Noted::Told(Told { is_fresh: true, ..told })
}

fn opened(resumed: u64) -> Noted {
    Noted::Opened { resumed: Some(resumed).filter(|place| *place > 0) }
}

fn lost() -> Noted {
    Noted::Ended { anew: false }
}

/// A stream that keeps its promises, over a lost connection.
fn good() -> Vec<Noted> {
    vec![
        opened(0),
        fresh(&[("PAY-1", 1)], 0),
        told(&[("PAY-2", 1)], 2),
        told(&[("PAY-1", 2)], 0),
        lost(),
        opened(2),
        told(&[("PAY-1", 2)], 3),
        told(&[("PAY-2", 0)], 4),
        told(&[("PAY-3", 1)], 5),
        told(&[], 5),
    ]
}

#[track_caller]
fn breaks(promise: Promise, change: impl FnOnce(&mut Vec<Noted>)) {
    let mut notes = good();
    change(&mut notes);
    let found: Vec<_> = judge(&notes, &truth(), END).into_iter().map(|fault| fault.promise).collect();
    assert_eq!(found.first(), Some(&promise), "{found:?}");
}

#[test]
fn a_stream_that_keeps_its_promises_is_found_so() {
    assert_eq!(judge(&good(), &truth(), END), []);
}

#[test]
fn a_change_that_was_left_out_is_found() {
    breaks(Promise::Reliable, |notes| notes[6] = told(&[], 3));
    breaks(Promise::Reliable, |notes| notes[8] = told(&[], 5));
}

#[test]
fn a_removal_that_was_left_out_is_found() {
    breaks(Promise::Atomic, |notes| notes[7] = told(&[], 4));
}

#[test]
fn what_is_told_twice_is_found() {
    breaks(Promise::Unique, |notes| notes[9] = told(&[("PAY-3", 1)], 5));
}

#[test]
fn a_torn_batch_is_found() {
    breaks(Promise::Reliable, |notes| notes[1] = fresh(&[("PAY-1", 1)], 2));
    breaks(Promise::Atomic, |notes| notes[2] = told(&[("PAY-2", 1), ("PAY-1", 2)], 2));
}

#[test]
fn a_place_that_goes_back_is_found() {
    breaks(Promise::Ordered, |notes| notes.push(told(&[], 4)));
}

#[test]
fn a_thing_that_goes_back_is_found() {
    breaks(Promise::Ordered, |notes| notes.insert(7, told(&[("PAY-1", 1)], 0)));
}

#[test]
fn a_stream_that_begins_anew_unasked_is_found() {
    breaks(Promise::Resumable, |notes| notes[6] = fresh(&[("PAY-1", 2), ("PAY-2", 1)], 3));
}

#[test]
fn a_client_that_goes_on_from_elsewhere_is_found() {
    breaks(Promise::Resumable, |notes| notes[5] = opened(1));
}

#[test]
fn one_who_is_never_told_how_far_all_is_is_found() {
    breaks(Promise::Bookmarked, |notes| notes.truncate(8));
}

#[test]
fn a_watch_may_begin_anew_where_it_was_told_to() {
    let mut notes = good();
    notes.truncate(5);
    notes.extend([Noted::Ended { anew: true }, opened(0), fresh(&[("PAY-1", 2), ("PAY-3", 1)], 5)]);
    assert_eq!(judge(&notes, &truth(), END), []);
}

#[test]
fn a_feed_tells_every_event_in_order() {
    let all = [("PAY-1", 1), ("PAY-2", 1), ("PAY-1", 2), ("PAY-2", 2), ("PAY-3", 1)];
    let one = |place: u64| told(&all[usize::try_from(place).unwrap_or_default() - 1..][..1], place);
    let mut notes = vec![opened(0), one(1), one(2), one(3), lost(), opened(3), one(4), one(5)];
    assert_eq!(judge(&notes, &truth(), FEED), []);
    let found = |notes: &[Noted]| judge(notes, &truth(), FEED).first().map(|fault| fault.promise);
    notes.remove(6);
    assert_eq!(found(&notes), Some(Promise::Reliable), "one is left out");
    notes.insert(6, told(&[all[4], all[3]], 5));
    notes.pop();
    assert_eq!(found(&notes), Some(Promise::Ordered), "two change places");
}

#[test]
fn counts_are_those_of_their_place_and_come_with_every_change() {
    let counts = |open, closed| {
        let counts = [("open", open), ("closed", closed)].into_iter().filter(|(_, count)| *count > 0);
        Some(counts.map(|(column, count)| (column.to_owned(), count)).collect())
    };
    let mut notes = good();
    for (at, counted) in [(2, counts(2, 0)), (6, counts(2, 0)), (7, counts(1, 1)), (8, counts(2, 1))] {
        let Noted::Told(told) = &mut notes[at] else { unreachable!("it was told") };
        told.counts = counted;
    }
    assert_eq!(judge(&notes, &truth(), COUNTED), [], "where nothing changed, none are needed");
    for (at, wrong, promise) in [(7, counts(2, 0), Promise::Atomic), (8, None, Promise::Reliable)] {
        let mut notes = notes.clone();
        let Noted::Told(told) = &mut notes[at] else { unreachable!("it was told") };
        told.counts = wrong;
        let found: Vec<_> =
            judge(&notes, &truth(), COUNTED).into_iter().map(|fault| (fault.note, fault.promise)).collect();
        assert_eq!(found, [(at, promise)]);
    }
}

#[test]
fn a_token_tells_its_position() {
    let token = [&[1, 1, 3, 0xc0, 0x84, 0x3d][..], &[7; 8], &[0]].concat();
    assert_eq!(position(&URL_SAFE_NO_PAD.encode(token)).ok(), Some(1_000_000));
    assert!(position("?").is_err());
}

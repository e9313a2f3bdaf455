//! The disk of the tests is itself tested: what must be durable is, and what need not be is not always.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Disk, File, Names};
use crate::chaos::powerloss::trace::{Event, Record};

fn file(inode: u64, path: &str) -> File {
    File { inode, path: path.into() }
}

fn disk(names: Names, events: Vec<Event>) -> Disk {
    let mut disk = Disk::new(names, [(file(1, "old"), b"old".to_vec())]);
    for event in events {
        disk.apply(&Record { thread: 1, event }).unwrap();
    }
    disk
}

fn write(inode: u64, path: &str, offset: u64, data: &[u8]) -> Event {
    Event::Written(file(inode, path), offset, data.into())
}

fn synced(inode: u64, path: &str) -> [Event; 2] {
    [Event::SyncBegun(file(inode, path)), Event::Synced(file(inode, path))]
}

/// What a file may hold, over many images; `None`: it isn't there.
fn found(disk: &Disk, path: &str) -> BTreeSet<Found> {
    (0..300).map(|seed| disk.image(&mut fastrand::Rng::with_seed(seed)).remove(&PathBuf::from(path))).collect()
}

/// It is there, and has this content.
type Found = Option<Vec<u8>>;

const ABSENT: Found = None;

fn some(content: &[u8]) -> Found {
    content.to_vec().into()
}

#[test]
fn what_was_synced_is_there_and_what_was_not_may_be() {
    let [begun, done] = synced(1, "old");
    let disk = disk(Names::ByFolder, vec![write(1, "old", 0, b"new"), begun, done, write(1, "old", 3, b"er")]);
    assert_eq!(found(&disk, "old"), [some(b"new"), some(b"newer")].into());
}

#[test]
fn a_sync_covers_only_what_was_written_before_it_began() {
    let [begun, done] = synced(1, "old");
    let disk = disk(Names::ByFolder, vec![begun, write(1, "old", 0, b"new"), done]);
    assert_eq!(found(&disk, "old"), [some(b"new"), some(b"old")].into());
}

#[test]
fn later_writes_are_kept_one_without_the_other() {
    let disk = disk(
        Names::ByFolder,
        vec![write(1, "old", 0, b"N"), write(1, "old", 4, b"!"), Event::Truncated(file(1, "old"), 4)],
    );
    let expected = [&b"old"[..], b"Nld", b"old\0!", b"Nld\0!", b"old\0", b"Nld\0"];
    assert_eq!(found(&disk, "old"), expected.map(some).into());
}

#[test]
fn a_write_is_torn_at_sectors_of_the_file() {
    let disk = disk(Names::ByFolder, vec![write(1, "old", 510, b"abcd")]);
    let with = |end: &[u8]| some(&[b"old", &[0; 507][..], end].concat());
    assert_eq!(found(&disk, "old"), [some(b"old"), with(b"ab"), with(b"abcd"), with(b"\0\0cd")].into());
}

#[test]
fn a_name_is_kept_by_its_folder() {
    let made = |more: Vec<Event>| [vec![Event::Created(file(2, "new")), write(2, "new", 0, b"x")], more].concat();
    let by_folder = vec![Event::SyncBegun(file(9, "")), Event::FolderSynced(PathBuf::new())];
    assert_eq!(found(&disk(Names::ByFolder, made(synced(2, "new").into())), "new"), [ABSENT, some(b"x")].into());
    assert_eq!(found(&disk(Names::ByFile, made(synced(2, "new").into())), "new"), [some(b"x")].into());
    assert_eq!(found(&disk(Names::ByFolder, made(by_folder)), "new"), [some(b""), some(b"x")].into());
}

#[test]
fn a_file_renamed_over_another_is_the_one_or_the_other() {
    let mut events = vec![Event::Created(file(2, "new")), write(2, "new", 0, b"x")];
    events.extend(synced(2, "new"));
    events.push(Event::Renamed("new".into(), "old".into()));
    assert_eq!(found(&disk(Names::ByFile, events), "old"), [some(b"old"), some(b"x")].into());
}

#[test]
fn a_removed_file_may_be_there_again_and_its_number_is_free() {
    let mut events = vec![Event::Removed("old".into()), Event::Created(file(1, "next")), write(1, "next", 0, b"x")];
    events.extend(synced(1, "next"));
    let disk = disk(Names::ByFile, events);
    assert_eq!(found(&disk, "old"), [ABSENT, some(b"old")].into());
    assert_eq!(found(&disk, "next"), [some(b"x")].into());
}

#[test]
fn what_a_failed_sync_left_is_not_made_durable_by_the_next() {
    let [begun, done] = synced(1, "old");
    let failed = Event::SyncFailed(file(1, "old"));
    let disk = disk(
        Names::ByFolder,
        vec![write(1, "old", 0, b"N"), begun.clone(), failed, write(1, "old", 1, b"E"), begun, done],
    );
    assert_eq!(found(&disk, "old"), [some(b"oEd"), some(b"NEd")].into());
}

#[test]
fn what_the_recorder_did_not_understand_ends_the_run() {
    let mut disk = disk(Names::ByFolder, Vec::new());
    let event = Event::Unknown("old".into(), "a shared mapping".into());
    assert!(disk.apply(&Record { thread: 1, event }).is_err());
}

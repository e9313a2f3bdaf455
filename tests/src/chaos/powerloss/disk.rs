//! What a disk may hold after the power went: the files as far as they were synced, and some of what was not.
//!
//! A file's content is what its last sync covered, then a subset of its later writes and lengths, in their order, each write whole or torn
//! at 512 bytes. A name (created, renamed, removed) is kept by a sync of its folder, and else by luck. What a failed sync would have covered
//! is left to luck for good, until it is written anew: a kernel forgets such pages, and the next sync succeeds.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use super::trace::{Event, File, Inode, Record};

/// What a disk writes at once, or not at all.
const SECTOR_BYTES: usize = 512;

/// Which syncs keep a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Only its folder's: all that POSIX promises.
    ByFolder,
    /// A new file's own sync too, as ext4, XFS and Btrfs do, and PostgreSQL takes for granted.
    ByFile,
}

/// A disk, and what is on its way to it.
#[derive(Debug)]
pub struct Disk {
    names: Names,
    files: Vec<Content>,
    by_inode: HashMap<Inode, Number>,
    /// As programs see them.
    seen: BTreeMap<PathBuf, Number>,
    /// As they are durable.
    kept: BTreeMap<PathBuf, Number>,
    renamings: Vec<Pending<Naming>>,
    sync_begun: HashMap<u32, usize>,
    time: usize,
}

/// A file's number in [`Disk::files`].
type Number = usize;

/// What is found after the power is back: each file's content, by its path.
pub type Image = BTreeMap<PathBuf, Vec<u8>>;

#[derive(Debug, Default)]
struct Content {
    durable: Vec<u8>,
    changes: Vec<Pending<Change>>,
}

/// Done at this time, and not yet part of what is durable.
#[derive(Debug)]
struct Pending<T> {
    at: usize,
    what: T,
    /// A sync has covered it, after one before it had failed.
    certain: bool,
    /// A sync that would have covered it failed.
    doubtful: bool,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Arc<[u8]>),
    Length(usize),
    Extend(usize),
}

#[derive(Debug, Clone)]
enum Naming {
    Create(PathBuf, Number),
    Rename(PathBuf, PathBuf, Number),
    Remove(PathBuf),
}

impl Disk {
    /// A disk on which these files are durable: path, inode, content.
    pub fn new(names: Names, durable: impl IntoIterator<Item = (File, Vec<u8>)>) -> Self {
        let mut disk = Self {
            names,
            files: Vec::new(),
            by_inode: HashMap::new(),
            seen: BTreeMap::new(),
            kept: BTreeMap::new(),
            renamings: Vec::new(),
            sync_begun: HashMap::new(),
            time: 0,
        };
        for (File { inode, path }, content) in durable {
            let number = disk.add(inode);
            disk.files[number].durable = content;
            disk.seen.insert(path.clone(), number);
            disk.kept.insert(path, number);
        }
        disk
    }

    /// Goes on by one record.
    pub fn apply(&mut self, record: &Record) -> Result<()> {
        self.time += 1;
        match &record.event {
            Event::Written(file, offset, data) => {
                let change = Change::Write(usize::try_from(*offset)?, Arc::clone(data));
                self.change(file, change);
            }
            Event::Truncated(file, length) => self.change(file, Change::Length(usize::try_from(*length)?)),
            Event::Extended(file, length) => self.change(file, Change::Extend(usize::try_from(*length)?)),
            Event::Created(file) => drop(self.number_of(file)),
            Event::Renamed(from, to) => self.rename(from, to)?,
            Event::Linked(from, to) => {
                let number = *self.seen.get(from).with_context(|| format!("{} was never made", from.display()))?;
                self.name(Naming::Create(to.clone(), number));
            }
            Event::Removed(path) => self.name(Naming::Remove(path.clone())),
            Event::SyncBegun(_) => drop(self.sync_begun.insert(record.thread, self.time)),
            Event::Synced(file) => {
                let begun = self.begun(record.thread)?;
                let number = self.number_of(file);
                self.files[number].sync(begun);
                if self.names == Names::ByFile {
                    self.keep_names(begun, |naming| matches!(naming, Naming::Create(_, of) if *of == number));
                }
            }
            Event::FolderSynced(folder) => {
                let begun = self.begun(record.thread)?;
                self.keep_names(begun, |naming| naming.path().parent() == Some(folder));
            }
            Event::SyncFailed(file) => {
                let number = self.number_of(file);
                for change in &mut self.files[number].changes {
                    change.doubtful |= !change.certain;
                }
            }
            Event::Failed(_) | Event::Answered(_) => {}
            Event::Unknown(path, what) => bail!("the recorder did not understand {what} ({})", path.display()),
        }
        Ok(())
    }

    /// What the disk may hold if the power goes now. In some images luck keeps nearly everything that was not synced, in others nothing.
    pub fn image(&self, luck: &mut fastrand::Rng) -> Image {
        let kept = [0.0, 0.25, 0.5, 0.75, 1.0][luck.usize(..5)];
        let mut names = self.kept.clone();
        for Pending { what, .. } in &self.renamings {
            if luck.f64() < kept {
                what.apply(&mut names);
            }
        }
        let contents = names.into_iter().map(|(path, number)| (path, self.files[number].after(kept, luck)));
        contents.collect()
    }

    fn begun(&self, thread: u32) -> Result<usize> {
        self.sync_begun.get(&thread).copied().context("a sync ended that never began")
    }

    fn change(&mut self, file: &File, what: Change) {
        let number = self.number_of(file);
        self.files[number].changes.push(Pending { at: self.time, what, certain: false, doubtful: false });
    }

    /// The file; a new one, if its inode is not known by this name.
    fn number_of(&mut self, file: &File) -> Number {
        let known = self.by_inode.get(&file.inode).copied();
        let removed = file.path.to_string_lossy().ends_with(" (deleted)");
        match known {
            Some(number) if removed || self.seen.get(&file.path) == Some(&number) => number,
            // Another name for it, or a number that was used before.
            Some(number) if self.seen.values().any(|seen| *seen == number) => number,
            _ => {
                let number = self.add(file.inode);
                if !removed {
                    self.name(Naming::Create(file.path.clone(), number));
                }
                number
            }
        }
    }

    fn add(&mut self, inode: Inode) -> Number {
        self.files.push(Content::default());
        self.by_inode.insert(inode, self.files.len() - 1);
        self.files.len() - 1
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        if let Some(number) = self.seen.get(from).copied() {
            self.name(Naming::Rename(from.to_owned(), to.to_owned(), number));
            return Ok(());
        }
        // A folder: all below it.
        let after = self.seen.range(from.to_owned()..).take_while(|(path, _)| path.starts_with(from));
        let below: Vec<_> = after.map(|(path, number)| (path.clone(), *number)).collect();
        for (path, number) in below {
            let to = to.join(path.strip_prefix(from)?);
            self.name(Naming::Rename(path, to, number));
        }
        Ok(())
    }

    fn name(&mut self, what: Naming) {
        what.apply(&mut self.seen);
        self.renamings.push(Pending { at: self.time, what, certain: false, doubtful: false });
    }

    fn keep_names(&mut self, begun: usize, covered: impl Fn(&Naming) -> bool) {
        let kept = &mut self.kept;
        self.renamings.retain(|naming| {
            let now = naming.at < begun && covered(&naming.what);
            if now {
                naming.what.apply(kept);
            }
            !now
        });
    }
}

impl Content {
    /// What was done before `begun` is durable, but for what a failed sync has left to luck.
    fn sync(&mut self, begun: usize) {
        for change in self.changes.iter_mut().filter(|change| change.at < begun && !change.doubtful) {
            change.certain = true;
        }
        let certain = self.changes.iter().take_while(|change| change.certain).count();
        for change in self.changes.drain(..certain) {
            change.what.apply(&mut self.durable);
        }
    }

    fn after(&self, kept: f64, luck: &mut fastrand::Rng) -> Vec<u8> {
        let mut content = self.durable.clone();
        for change in &self.changes {
            if change.certain {
                change.what.apply(&mut content);
            } else if luck.f64() < kept {
                match &change.what {
                    Change::Write(offset, data) if luck.u8(..4) == 0 => tear(&mut content, *offset, data, luck),
                    what => what.apply(&mut content),
                }
            }
        }
        content
    }
}

/// Some sectors of a write.
fn tear(content: &mut Vec<u8>, offset: usize, data: &[u8], luck: &mut fastrand::Rng) {
    let mut at = 0;
    while at < data.len() {
        let end = ((offset + at) / SECTOR_BYTES + 1) * SECTOR_BYTES - offset;
        let sector = at..end.min(data.len());
        if luck.bool() {
            put(content, offset + at, &data[sector.clone()]);
        }
        at = sector.end;
    }
}

fn put(content: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(data);
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => put(content, *offset, data),
            Self::Length(length) => content.resize(*length, 0),
            Self::Extend(length) => content.resize(content.len().max(*length), 0),
        }
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Number>) {
        match self {
            Self::Create(path, number) => drop(names.insert(path.clone(), *number)),
            Self::Rename(from, to, number) => {
                names.remove(from);
                names.insert(to.clone(), *number);
            }
            Self::Remove(path) => drop(names.remove(path)),
        }
    }

    /// The name whose folder keeps it.
    fn path(&self) -> &Path {
        match self {
            Self::Create(path, _) | Self::Rename(_, path, _) | Self::Remove(path) => path,
        }
    }
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;

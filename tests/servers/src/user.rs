//! Who servers run as: some refuse to run as root, and then it is somebody who owns nothing else.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Accounts that every distribution has, or PostgreSQL's own.
const CANDIDATES: &[&str] = &["nobody", "daemon", "postgres"];

/// An account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    id: u32,
    group: u32,
}

impl User {
    /// Somebody unprivileged where this process is root; else nobody but ourselves.
    pub(crate) fn unprivileged() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        for name in CANDIDATES {
            if let (Some(id), Some(group)) = (id_of("-u", name), id_of("-g", name))
                && id != 0
            {
                return Ok(Some(Self { id, group }));
            }
        }
        bail!("there is no account to run servers as: none of {}", CANDIDATES.join(", "))
    }

    /// Lets the command run as this account.
    pub(crate) fn runs(self, command: &mut Command) {
        command.uid(self.id).gid(self.group);
    }

    /// Gives the folder to this account.
    pub(crate) fn owns(self, folder: &Path) -> Result<()> {
        chown(folder, Some(self.id), Some(self.group))
            .with_context(|| format!("give {} to another account", folder.display()))
    }
}

/// Whether everybody may go through the folder and all above it.
pub(crate) fn everybody_traverses(folder: &Path) -> bool {
    folder.ancestors().all(|folder| folder.metadata().is_ok_and(|metadata| metadata.mode() & 0o001 != 0))
}

/// A folder for temporary ones that any account can be given: the usual, unless it is closed to others.
pub(crate) fn temporary() -> PathBuf {
    let usual = std::env::temp_dir();
    if everybody_traverses(&usual) { usual } else { PathBuf::from("/tmp") }
}

fn id_of(option: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([option, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

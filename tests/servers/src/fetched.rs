//! Where `cargo xtask servers` has put what it fetched.

use std::path::{Path, PathBuf};

/// The folder with the jars that `pom.xml` names, and with what they need.
///
/// `SNAGLOG_SERVERS` names `target/servers`; else it is looked for beside the running program. `None`: nothing was fetched.
pub fn jars() -> Option<PathBuf> {
    folder().map(|servers| servers.join("jars")).filter(|jars| jars.is_dir())
}

/// The one jar whose name begins so.
pub(crate) fn jar(prefix: &str) -> Option<PathBuf> {
    in_folder(&jars()?, prefix, "jar")
}

/// The one file with that ending in a folder of what was fetched.
pub(crate) fn file(below: &str, extension: &str) -> Option<PathBuf> {
    in_folder(&folder()?.join(below), "", extension)
}

fn in_folder(folder: &Path, prefix: &str, extension: &str) -> Option<PathBuf> {
    let wanted = |path: &PathBuf| {
        path.file_name().unwrap_or_default().to_string_lossy().starts_with(prefix)
            && path.extension().is_some_and(|found| found == extension)
    };
    std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find(wanted)
}

fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SNAGLOG_SERVERS") {
        return Some(PathBuf::from(named));
    }
    let own = std::env::current_exe().ok()?;
    own.ancestors().map(|folder| folder.join("servers")).find(|servers| servers.join("jars").is_dir())
}

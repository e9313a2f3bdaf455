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
    in_folder(&jars()?, |name| name.starts_with(prefix) && name.ends_with(".jar"))
}

/// The one file with that ending in a folder of what was fetched.
pub(crate) fn file(below: &str, extension: &str) -> Option<PathBuf> {
    in_folder(&folder()?.join(below), |name| name.ends_with(&format!(".{extension}")))
}

fn in_folder(folder: &Path, wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    entries.map(|entry| entry.path()).find(|path| wanted(&path.file_name().unwrap_or_default().to_string_lossy()))
}

fn folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SNAGLOG_SERVERS") {
        return Some(PathBuf::from(named));
    }
    let own = std::env::current_exe().ok()?;
    own.ancestors().map(|folder| folder.join("servers")).find(|servers| servers.join("jars").is_dir())
}

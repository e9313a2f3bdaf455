//! Reads the workspace: its text files, and its packages as cargo tells them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{
    SourceFile,
    imports::{Import, Package},
};

/// Folders that hold nothing written by hand.
const SKIPPED_FOLDERS: &[&str] = &[".git", "target", "node_modules", "data"];

/// What is read: text that people write. (Lock files, licences and sample data are not.)
const EXTENSIONS: &[&str] = &["rs", "toml", "md", "proto", "yaml", "yml", "sh", "py", "sql", "snap"];

/// What the rules are applied to.
#[derive(Debug)]
pub struct Workspace {
    /// Every text file.
    pub files: Vec<SourceFile>,
    /// Every member.
    pub packages: Vec<Package>,
}

/// The workspace that this was compiled in, read once a process.
///
/// # Panics
///
/// If it can't be read: no rule can be checked then.
pub fn workspace() -> &'static Workspace {
    static WORKSPACE: OnceLock<Workspace> = OnceLock::new();
    WORKSPACE.get_or_init(|| match load() {
        Ok(workspace) => workspace,
        Err(error) => panic!("tidy can't read the workspace: {error:#}"),
    })
}

fn load() -> Result<Workspace> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the package has no parent folder")?;
    let files = files_below(root)?;
    ensure!(files.iter().any(|file| file.path == "tests/src/tidy.rs"), "{} lacks this very file", root.display());
    let metadata = cargo_metadata(root)?;
    let packages = packages(root, &metadata)?;
    Ok(Workspace { files, packages })
}

fn files_below(root: &Path) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
            let path = entry.with_context(|| format!("list {}", folder.display()))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if is_text(&path) {
                let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
                files.push(SourceFile { path: relative(root, &path)?, text });
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn is_text(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    EXTENSIONS.contains(&extension.as_ref()) || path.ends_with(".ci/run")
}

fn relative(root: &Path, path: &Path) -> Result<String> {
    let path = path.strip_prefix(root).with_context(|| format!("{} is not in the workspace", path.display()))?;
    Ok(path.to_string_lossy().replace('\\', "/"))
}

fn cargo_metadata(root: &Path) -> Result<Value> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(root);
    let output = command.output().context("run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("read cargo metadata")
}

fn packages(root: &Path, metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    packages.iter().map(|package| package_of(root, package)).collect()
}

fn package_of(root: &Path, package: &Value) -> Result<Package> {
    let text = |value: &Value| value.as_str().map(str::to_owned).context("cargo metadata without a name or path");
    let manifest = PathBuf::from(text(&package["manifest_path"])?);
    let mut imports = Vec::new();
    for dependency in package["dependencies"].as_array().context("a package without dependencies")? {
        if dependency["kind"] != "dev" {
            imports.push(Import { name: text(&dependency["name"])?, is_ours: dependency["path"].is_string() });
        }
    }
    let manifest_text = fs::read_to_string(&manifest).with_context(|| format!("read {}", manifest.display()))?;
    let manifest = SourceFile { path: relative(root, &manifest)?, text: manifest_text };
    Ok(Package { name: text(&package["name"])?, manifest, imports })
}

//! The servers that tests start: fetched by Maven, once, into `target/servers`.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    cargo::{answers, passes, program, root, target},
    run::Outcome,
};

/// What is fetched, each at one version. Others are fetched as soon as this file says so.
const PROJECT: &str = "tests/servers/pom.xml";
/// The oldest Java that Kafka runs on.
const JAVA_MIN: u32 = 17;
/// What Maven puts into the folder. All of it goes before other versions come.
const FOLDERS: [&str; 3] = ["jars", "postgres", "markers"];

/// Fetches them where that wasn't done yet.
pub(crate) fn fetch() -> Result<Outcome> {
    Ok(match fetched()? {
        Ok(_) => Outcome::Clean { note: String::new() },
        Err(what) => Outcome::Missing { what },
    })
}

/// The folder with the servers, or what is missing and how to get it.
pub(crate) fn fetched() -> Result<Result<PathBuf, String>> {
    let (servers, project) = (target().join("servers"), root().join(PROJECT));
    let wanted = fs::read_to_string(&project).with_context(|| format!("read {PROJECT}"))?;
    let mark = servers.join("fetched.xml");
    fs::create_dir_all(&servers).context("create the folder for servers")?;
    // Two test runs at once fetch them once.
    let lock = File::create(servers.join("fetch.lock")).context("create the lock of the servers")?;
    lock.lock().context("lock the servers")?;
    match java() {
        Some(version) if version >= JAVA_MIN => {}
        found => {
            let found = found.map_or_else(|| "missing".to_owned(), |version| format!("version {version}"));
            return Ok(Err(format!(
                "Java is {found}, and Kafka needs {JAVA_MIN}: apt-get install openjdk-17-jre-headless maven"
            )));
        }
    }
    if fs::read_to_string(&mark).is_ok_and(|fetched| fetched == wanted) {
        return Ok(Ok(servers));
    }
    if !answers("mvn") {
        return Ok(Err("Maven is missing (it fetches Kafka): apt-get install maven".to_owned()));
    }
    for folder in FOLDERS.map(|folder| servers.join(folder)).iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    let mut mvn = program("mvn");
    mvn.args(["-q", "-B", "-f", PROJECT]).arg(format!("-Dservers={}", servers.display()));
    mvn.args(["dependency:copy-dependencies@jars", "dependency:unpack-dependencies@postgres"]);
    if !passes(&mut mvn)? {
        let again = format!("mvn -B -f {PROJECT} dependency:copy-dependencies@jars");
        return Ok(Err(format!("Maven could not fetch the servers (is there a network?): {again}")));
    }
    fs::write(&mark, wanted).context("mark the servers as complete")?;
    Ok(Ok(servers))
}

/// The version of the Java there: "openjdk 17.0.15 2025-04-15".
fn java() -> Option<u32> {
    let output = Command::new("java").arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

fn major(version: &str) -> Option<u32> {
    version.split_whitespace().nth(1)?.split(['.', '-', '+']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn javas_version_is_read_from_what_it_says() {
        assert_eq!(major("openjdk 17.0.15 2025-04-15\nOpenJDK Runtime Environment\n"), Some(17));
        assert_eq!(major("java 25 2025-09-16 LTS"), Some(25));
        assert_eq!(major("openjdk 22-ea 2024-03-19"), Some(22));
        assert_eq!(major(""), None);
    }
}

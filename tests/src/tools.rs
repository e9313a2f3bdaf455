//! Programs of others that scenarios run: `cargo xtask test` installs them below `target/tools` and names them in the environment.

use std::io::Write as _;
use std::path::PathBuf;

use crate::server::binary;

/// A program of others.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// What it is.
    pub name: &'static str,
    /// The environment variable that names it.
    pub variable: &'static str,
    /// Where it is installed, below the target folder.
    pub below_target: &'static str,
}

/// buf, whose `curl` is a gRPC client.
pub const BUF: Tool = Tool { name: "buf", variable: "SNAGLOG_BUF", below_target: "tools/node_modules/.bin/buf" };

/// A Python that has grpcio.
pub const PYTHON: Tool =
    Tool { name: "Python with grpcio", variable: "SNAGLOG_PYTHON", below_target: "tools/python/bin/python" };

impl Tool {
    /// Where it is; `None`, said, where it isn't: the test is then skipped. With `CI=true` nothing is.
    pub fn find(self) -> Option<PathBuf> {
        let named = std::env::var_os(self.variable).map(PathBuf::from);
        let own = std::env::current_exe().unwrap_or_default();
        let installed = || own.ancestors().map(|folder| folder.join(self.below_target)).find(|path| path.exists());
        let found = named.or_else(installed);
        if found.is_none() {
            let missing = format!("{} is missing: `cargo xtask test --only clients` installs it", self.name);
            skip_unless_ci(&missing);
        }
        found
    }
}

/// Whether the binary under test is built with Kafka; where it isn't, that is said, and the test is to be skipped.
///
/// # Panics
///
/// Where it isn't, with `CI=true`; where it can't be run.
#[expect(clippy::expect_used, reason = "a scenario without its binary ends there")]
pub async fn knows_kafka() -> bool {
    let asked = tokio::process::Command::new(binary()).args(["log", "info", "--log", "kafka://BROKER"]).output().await;
    let asked = asked.expect("the binary under test can be run");
    assert_eq!((asked.status.code(), &*asked.stdout), (Some(2), &b""[..]), "it names no topic: {asked:?}");
    let knows = !String::from_utf8_lossy(&asked.stderr).contains("it lacks the feature kafka");
    if !knows {
        skip_unless_ci("snaglog is built without Kafka: cargo build --features snaglog/kafka");
    }
    knows
}

/// Says that the test is skipped and why, in a line that `cargo xtask test` counts. (Not `println!`, whose output a passing test keeps to
/// itself.) The caller returns.
pub fn skip(why: &str) {
    let _nobody_reads = writeln!(std::io::stdout().lock(), "\nskipped: {why}");
}

/// The same.
///
/// # Panics
///
/// With `CI=true`, where nothing that a tool is missing for is skipped.
pub fn skip_unless_ci(missing: &str) {
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{missing}");
    skip(missing);
}

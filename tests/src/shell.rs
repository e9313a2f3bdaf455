//! `snaglog` as somebody at a shell, or a script, calls it.
#![expect(clippy::expect_used, reason = "a scenario ends where its command can't be run")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::client::Client;
use crate::life;
use crate::server::{Server, binary};

/// How long a command may take: past it, it hangs.
const COMMAND_MAX: Duration = Duration::from_secs(180);

/// The project that a shell's server has.
pub const PROJECT: &str = "PAY";

/// A server of one's own, and an environment in which nothing is set but its address and who acts.
#[derive(Debug)]
pub struct Shell {
    server: Server,
    folder: tempfile::TempDir,
    /// Who acts, unless a command says otherwise.
    pub actor: &'static str,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; -1: killed by a signal.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Shell {
    /// A server with the project [`PROJECT`]: a team that owns its one component, a customer.
    pub async fn start() -> anyhow::Result<Self> {
        Self::empty().await?.with_project().await
    }

    /// The same, but it does by itself what the system does by itself.
    pub async fn reacting() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("make a folder")?;
        let server = Server::start_reacting(&folder.path().join("data"), &[]).await?;
        Self { server, folder, actor: life::DEVELOPER }.with_project().await
    }

    async fn with_project(self) -> anyhow::Result<Self> {
        life::project(&self.client().await?, PROJECT).await?;
        Ok(self)
    }

    /// A server with nothing in it.
    pub async fn empty() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("make a folder")?;
        let server = Server::start(&folder.path().join("data")).await?;
        Ok(Self { server, folder, actor: life::DEVELOPER })
    }

    /// A gRPC client of the same server.
    pub async fn client(&self) -> anyhow::Result<Client> {
        Client::connect(&self.server.url).await
    }

    /// Where the server listens.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// A folder of one's own; `config` in it is the settings' folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Stops the server; the folder stays.
    pub async fn stop_server(self) -> anyhow::Result<(String, tempfile::TempDir)> {
        let url = self.server.url.clone();
        self.server.stop().await?;
        Ok((url, self.folder))
    }

    /// Runs a command line, its words separated by blanks.
    pub async fn run(&self, line: &str) -> Said {
        self.words(line.split_whitespace()).await
    }

    /// Runs a command of these words.
    pub async fn words(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Said {
        said(self.command(words)).await
    }

    /// Runs a command that finds this on its standard input.
    pub async fn fed(&self, input: &str, words: &[&str]) -> Said {
        let mut command = self.command(words);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("snaglog starts");
        let mut stdin = child.stdin.take().expect("it has a standard input");
        stdin.write_all(input.as_bytes()).await.expect("it reads its standard input");
        drop(stdin);
        told(timeout(COMMAND_MAX, child.wait_with_output()).await.expect("it ends").expect("it can be waited for"))
    }

    /// Runs a command line that must succeed, and reads the one JSON object it prints.
    pub async fn json(&self, line: &str) -> Value {
        let said = self.run(line).await;
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{line}: {said:?}");
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{line}: {error}: {said:?}"))
    }

    /// A command to be run otherwise than [`Self::run`] does.
    pub fn command(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = clean(self.folder());
        command.env("SNAGLOG_SERVER", self.url()).env("SNAGLOG_ACTOR", self.actor).args(words);
        command
    }
}

/// `snaglog` in an environment where nothing is set, its output piped, its standard input empty.
pub fn clean(home: &Path) -> Command {
    let mut command = Command::new(binary());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config")).env("USER", "user");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs it to its end.
pub async fn said(mut command: Command) -> Said {
    let child = command.spawn().expect("snaglog starts");
    let output = timeout(COMMAND_MAX, child.wait_with_output()).await;
    told(output.expect("a command ends by itself").expect("it can be waited for"))
}

fn told(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

impl Said {
    /// Its exit code, its data and its messages, as a snapshot shows them: ages left out.
    pub fn shown(&self) -> String {
        let part = |text: &str| text.lines().map(without_ages).collect::<Vec<_>>().join("\n");
        let parts = [part(&self.out), part(&self.err), format!("exit code {}", self.code)];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// A line with every age as `~`, and columns two blanks apart whatever their width was.
fn without_ages(line: &str) -> String {
    let columns: Vec<&str> = line.trim_end().split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    let indent = line.len() - line.trim_start().len();
    let shown: Vec<String> = columns.into_iter().map(without_age).collect();
    " ".repeat(indent) + &shown.join("  ")
}

fn without_age(column: &str) -> String {
    let column = column.replace("just now", "0 s ago");
    let mut words: Vec<&str> = Vec::new();
    for word in column.split(' ') {
        let after_number = words.last().is_some_and(|last| last.parse::<u64>().is_ok());
        if after_number && ["s", "min", "h", "d", "s,", "min,"].contains(&word) {
            words.pop();
            words.push(if word.ends_with(',') { "~," } else { "~" });
        } else if !(words.last() == Some(&"~") && word == "ago") {
            words.push(word);
        }
    }
    words.join(" ")
}

/// A JSON value with what differs from run to run named instead: times, ages, ids, tokens.
pub fn redacted(mut value: Value) -> Value {
    redact(&mut value, "");
    value
}

fn redact(value: &mut Value, name: &str) {
    match value {
        Value::Object(fields) => {
            // A detail says its own name.
            let named = fields.get("name").and_then(Value::as_str).map(str::to_owned);
            for (name, value) in fields {
                let name = if name == "value" { named.as_deref().unwrap_or(name) } else { name };
                redact(value, name);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redact(value, name)),
        Value::Null => {}
        _ if name.ends_with("_at") || ["as_of", "since", "state_since"].contains(&name) => *value = "[time]".into(),
        _ if name.starts_with("age") => *value = "[age]".into(),
        _ if ["id", "leaf", "request_id", "consistency_token"].contains(&name) && is_made_up(value) => {
            *value = format!("[{name}]").into();
        }
        _ if value.as_str().is_some_and(|text| uuid::Uuid::parse_str(text).is_ok()) => *value = "[id]".into(),
        _ => {}
    }
}

/// True: an id that a machine made, not one like `core` or `sev2`.
fn is_made_up(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() >= 24)
}

#[cfg(test)]
mod tests {
    use super::{redacted, without_ages};

    #[test]
    fn ages_are_left_out_of_what_is_shown() {
        assert_eq!(without_ages("   PAY-1  sev2   3    40 s  12 min  dev"), "   PAY-1  sev2  3  ~  ~  dev");
        assert_eq!(without_ages("  state        Closed, just now"), "  state  Closed, ~");
        assert_eq!(without_ages("  filed        28 s ago by dev"), "  filed  ~ by dev");
        assert_eq!(without_ages("r1   2 min ago  Filed: 3 times"), "r1  ~  Filed: 3 times");
    }

    #[test]
    fn only_what_differs_from_run_to_run_is_redacted() {
        let value =
            serde_json::json!({ "id": "core", "filed_at": "2026-01-01T00:00:00Z", "resolved_at": null, "age": 3 });
        let expected = serde_json::json!({ "id": "core", "filed_at": "[time]", "resolved_at": null, "age": "[age]" });
        assert_eq!(redacted(value), expected);
    }
}

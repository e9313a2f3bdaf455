//! `buf curl`, and what it makes of an error.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use prost::Message as _;
use serde_json::Value;
use tests::server::Server;
use tests::tools;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tonic_types::pb;

/// How long a call may take.
const CALL_MAX: Duration = Duration::from_secs(180);

/// `buf curl` at a server of its own.
pub(crate) struct Curl {
    buf: PathBuf,
    pub(crate) server: Server,
    _folder: tempfile::TempDir,
}

/// An error as a client gets it.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The canonical code: `failed_precondition`.
    pub(crate) code: String,
    pub(crate) message: String,
    /// Of `ErrorInfo`.
    pub(crate) reason: String,
    pub(crate) domain: String,
    pub(crate) facts: BTreeMap<String, String>,
    /// Of `BadRequest`: field and description.
    pub(crate) fields: Vec<(String, String)>,
    /// Of `PreconditionFailure`: kind and subject.
    pub(crate) violations: Vec<(String, String)>,
}

impl Curl {
    /// A server, and buf; `None` where that isn't there.
    pub(crate) async fn start() -> Option<Self> {
        let buf = tools::BUF.find()?;
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path()).await.unwrap();
        Some(Self { buf, server, _folder: folder })
    }

    /// Calls `Service/Method` as this person, over gRPC, with the contract that the server tells by reflection.
    pub(crate) async fn call(&self, actor: &str, method: &str, request: &Value) -> Result<Value, Fault> {
        self.call_with(&["--protocol", "grpc", "--http2-prior-knowledge"], actor, method, request).await
    }

    /// Calls it with these flags. An empty actor: none is sent.
    pub(crate) async fn call_with(
        &self,
        flags: &[&str],
        actor: &str,
        method: &str,
        request: &Value,
    ) -> Result<Value, Fault> {
        let mut command = Command::new(&self.buf);
        command.arg("curl").args(flags).args(["-d", "@-"]);
        if !actor.is_empty() {
            command.args(["-H", &format!("snaglog-actor: {actor}")]);
        }
        let area = method.split_once("Service/").expect("a method is Service/Method").0.to_lowercase();
        command.arg(format!("{}/snaglog.{area}.v1.{method}", self.server.url));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("buf starts");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(request.to_string().as_bytes()).await.unwrap();
        drop(stdin);
        let output = tokio::time::timeout(CALL_MAX, child.wait_with_output()).await.expect("a call ends").unwrap();
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).expect("an answer is JSON"))
        } else {
            Err(fault(&String::from_utf8(output.stderr).unwrap()))
        }
    }
}

/// Reads what `buf curl` prints of an error.
fn fault(printed: &str) -> Fault {
    let error: Value = serde_json::from_str(printed).unwrap_or_else(|_| panic!("not an error of a server: {printed}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut fault = Fault {
        code: text(&error["code"]),
        message: text(&error["message"]),
        reason: String::new(),
        domain: String::new(),
        facts: BTreeMap::new(),
        fields: Vec::new(),
        violations: Vec::new(),
    };
    for detail in error["details"].as_array().into_iter().flatten() {
        let bytes = STANDARD_NO_PAD.decode(detail["value"].as_str().unwrap()).unwrap();
        match detail["type"].as_str().unwrap() {
            "google.rpc.ErrorInfo" => {
                let info = pb::ErrorInfo::decode(bytes.as_slice()).unwrap();
                (fault.reason, fault.domain) = (info.reason, info.domain);
                fault.facts = info.metadata.into_iter().collect();
            }
            "google.rpc.BadRequest" => {
                let bad = pb::BadRequest::decode(bytes.as_slice()).unwrap();
                fault.fields = bad.field_violations.into_iter().map(|one| (one.field, one.description)).collect();
            }
            "google.rpc.PreconditionFailure" => {
                let failure = pb::PreconditionFailure::decode(bytes.as_slice()).unwrap();
                fault.violations = failure.violations.into_iter().map(|one| (one.r#type, one.subject)).collect();
            }
            _ => {}
        }
    }
    fault
}

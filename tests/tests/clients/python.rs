//! grpcio in Python, with code that it generates from `proto/`: what it checks is in `life.py`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tests::server::Server;
use tests::tools;
use tokio::process::Command;

/// How long a script may take.
const SCRIPT_MAX: Duration = Duration::from_secs(600);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs it in the workspace's root; it must end well.
async fn run(command: &mut Command) -> String {
    command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().expect("Python starts");
    let output = tokio::time::timeout(SCRIPT_MAX, child.wait_with_output()).await.expect("a script ends").unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{out}\n{}", String::from_utf8_lossy(&output.stderr));
    out
}

/// The contract as Python code, made as the README says.
async fn stubs(python: &Path, folder: &Path) {
    let script = "python=$1 && out=$2 && $python -m grpc_tools.protoc -I proto --python_out=\"$out\" \
                  --grpc_python_out=\"$out\" $(find proto -name '*.proto')";
    run(Command::new("sh").args(["-c", script, "sh"]).arg(python).arg(folder)).await;
}

#[tokio::test]
async fn grpcio_walks_an_issue_through_its_life_and_understands_every_error() {
    let Some(python) = tools::PYTHON.find() else { return };
    let (data, code) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(data.path()).await.unwrap();
    stubs(&python, code.path()).await;
    let address = server.url.trim_start_matches("http://");

    let script = root().join("tests/tests/clients/life.py");
    let out = run(Command::new(&python).arg(script).arg(address).env("PYTHONPATH", code.path())).await;

    let checks: Vec<&str> = out.lines().filter(|line| line.starts_with("ok: ")).collect();
    assert!(checks.len() >= 12, "each check says that it was made: {out}");
}

#[tokio::test]
async fn the_readmes_python_runs_as_it_stands_there() {
    let Some(python) = tools::PYTHON.find() else { return };
    let page = std::fs::read_to_string(root().join("README.md")).unwrap();
    let block = page.split("```python\n").nth(1).expect("the README calls it from Python");
    let block = block.split("```").next().unwrap();
    let (data, code) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(data.path()).await.unwrap();
    let client = tests::client::Client::connect(&server.url).await.unwrap();
    tests::life::project(&client, "PAY").await.unwrap();
    stubs(&python, code.path()).await;

    let script = block.replace("127.0.0.1:7464", server.url.trim_start_matches("http://"));
    let out = run(Command::new(&python).args(["-c", &script]).env("PYTHONPATH", code.path())).await;

    assert!(out.starts_with("PAY-1 "), "it prints the key and a token: {out}");
}

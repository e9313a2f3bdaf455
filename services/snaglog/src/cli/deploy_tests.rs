//! What `deploy/` tells containers to run is what this command line takes: no container engine is needed to know that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use serde_json::Value as Json;

use super::Cli;
use crate::storage::LogUrl;

const COMPOSE: [&str; 3] = ["one-machine.yaml", "postgres.yaml", "kafka.yaml"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What follows an instruction of the Containerfile, wherever it stands.
fn of(name: &str) -> Vec<String> {
    let text = read("deploy/Containerfile").replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.map(|rest| rest.trim().to_owned()).collect()
}

/// The words of a command in exec form: it has no shell around it.
fn words(command: &str) -> Vec<String> {
    let from = command.find('[').unwrap_or_else(|| panic!("not in exec form: {command}"));
    serde_json::from_str(&command[from..]).unwrap()
}

/// A compose file with its anchors merged.
fn compose(file: &str) -> Json {
    serde_saphyr::from_str(&read(&format!("deploy/compose/{file}"))).unwrap()
}

/// The services of a compose file that run this program.
fn ours(file: &str) -> BTreeMap<String, Json> {
    let Json::Object(services) = compose(file)["services"].take() else { panic!("{file} has no services") };
    services.into_iter().filter(|(_, service)| service["image"] == "snaglog").collect()
}

/// The environment variables that the command line reads, of every subcommand.
fn known_variables() -> BTreeSet<String> {
    fn collect(command: &clap::Command, known: &mut BTreeSet<String>) {
        known.extend(command.get_arguments().filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned)));
        for sub in command.get_subcommands() {
            collect(sub, known);
        }
    }
    let mut known = BTreeSet::new();
    collect(&Cli::command(), &mut known);
    known
}

#[track_caller]
fn parses(words: &[String]) {
    if let Err(error) = Cli::try_parse_from(words) {
        panic!("{words:?}: {error}");
    }
}

#[test]
fn what_the_image_runs_is_a_command() {
    let entrypoint = words(&of("ENTRYPOINT")[0]);
    parses(&[entrypoint.clone(), words(&of("CMD")[0])].concat());
    let health = words(&of("HEALTHCHECK")[0]);
    assert_eq!(health[0], entrypoint[0]);
    parses(&health);
}

#[test]
fn the_image_is_built_of_what_is_here() {
    for sources in of("COPY").iter().filter(|copied| !copied.starts_with("--from")) {
        let (sources, _to) = sources.rsplit_once(' ').unwrap();
        for source in sources.split(' ') {
            assert!(root().join(source).exists(), "there is no {source} to copy");
        }
    }
    let build = of("RUN").into_iter().find(|run| run.starts_with("cargo build")).unwrap();
    let after = |flag: &str| build.split_once(flag).and_then(|(_, rest)| rest.split_whitespace().next()).unwrap();
    assert_eq!(after("--package"), env!("CARGO_PKG_NAME"));
    let manifest = read("services/snaglog/Cargo.toml");
    assert!(manifest.contains(&format!("\n{} = [", after("--features"))), "there is no such feature");
    let profile = after("--profile");
    assert!(read("Cargo.toml").contains(&format!("\n[profile.{profile}]\n")), "there is no such profile");
    let copied = of("COPY").into_iter().find(|copied| copied.starts_with("--from=build")).unwrap();
    assert!(copied.contains(&format!("/target/{profile}/{} ", env!("CARGO_PKG_NAME"))), "{copied}");
    assert!(
        of("COPY").iter().any(|copied| copied == ".cargo .cargo"),
        "SQLite would be built in another way than it was measured"
    );
}

#[test]
fn the_image_runs_as_nobody_and_keeps_its_data_in_a_volume() {
    let user = of("USER").pop().unwrap();
    assert!(!user.starts_with('0') && user != "root", "{user}");
    let (set, port) = (of("ENV").join(" "), of("EXPOSE").pop().unwrap());
    assert!(set.contains(&format!("SNAGLOG_DATA={} ", of("VOLUME")[0])));
    assert!(set.contains(&format!("SNAGLOG_LISTEN=0.0.0.0:{port} ")));
    assert!(of("HEALTHCHECK")[0].contains(&format!(":{port}")), "health is asked where it listens");
}

#[test]
fn what_is_set_is_read() {
    let (known, image) = (known_variables(), of("ENV").join(" "));
    let of_image = image.split_whitespace().filter_map(|set| set.split_once('=')).map(|(name, _)| name.to_owned());
    let mut set: Vec<String> = of_image.collect();
    for file in COMPOSE {
        for service in ours(file).values() {
            set.extend(service["environment"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
    }
    for name in set {
        assert!(known.contains(&name), "{name} is set, and nothing reads it");
    }
}

#[test]
fn what_compose_runs_is_a_command_on_a_log_of_its_size() {
    let data = of("VOLUME").pop().unwrap();
    for (file, kind) in COMPOSE.into_iter().zip(["", "postgres://", "kafka://"]) {
        let services = ours(file);
        assert!(!services.is_empty(), "{file} runs nothing of ours");
        for (name, service) in services {
            let command = service["command"].as_array().unwrap_or_else(|| panic!("{file}: {name} has no command"));
            let command = command.iter().map(|word| word.as_str().unwrap().to_owned());
            parses(&std::iter::once("snaglog".to_owned()).chain(command).collect::<Vec<_>>());
            let log = service["environment"]["SNAGLOG_LOG"].as_str().unwrap_or_default().to_owned();
            assert!(log.starts_with(kind), "{file}: {name} has its log at {log}");
            if !log.is_empty() {
                LogUrl::from(log).kind().unwrap();
            }
            let mut volumes = service["volumes"].as_array().unwrap().iter();
            let kept = volumes.any(|volume| volume.as_str().unwrap().ends_with(&format!(":{data}")));
            assert!(kept, "{file}: {name} keeps its data");
        }
    }
}

#[test]
fn volumes_and_dependencies_that_compose_names_are_there() {
    for file in COMPOSE {
        let whole = compose(file);
        let (services, volumes) = (whole["services"].as_object().unwrap(), whole["volumes"].as_object().unwrap());
        for (name, service) in services {
            for volume in service["volumes"].as_array().into_iter().flatten() {
                let volume = volume.as_str().unwrap().split(':').next().unwrap();
                assert!(volumes.contains_key(volume), "{file}: {name} names the volume {volume}");
            }
            let waits_for: Vec<&str> = match &service["depends_on"] {
                Json::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
                Json::Object(names) => names.keys().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            for other in waits_for {
                assert!(services.contains_key(other), "{file}: {name} waits for {other}");
            }
            if let Some(recipe) = service["build"]["dockerfile"].as_str() {
                let context = root().join("deploy/compose").join(service["build"]["context"].as_str().unwrap());
                assert!(context.join(recipe).exists(), "{file}: {name} is built by {recipe}");
            }
        }
    }
}

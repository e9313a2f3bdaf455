//! Settings: flag over environment over profile file over default, and `snaglog config` says which.

use std::path::Path;

use serde_json::{Value, json};
use tests::shell::{clean, said};

/// A folder whose settings file says this.
fn with_settings(text: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("config/snaglog");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("settings.toml"), text).unwrap();
    home
}

const SETTINGS: &str = "\
[default]
server = \"http://in.file:1\"
actor = \"filed\"

[work]
actor = \"worker\"
";

async fn config(home: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Value {
    let mut command = clean(home);
    command.args(["config", "--json"]).args(flags).envs(variables.iter().copied());
    let said = said(command).await;
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{flags:?}");
    serde_json::from_str(&said.out).unwrap()
}

#[tokio::test]
async fn without_any_the_defaults_are_in_force() {
    let home = tempfile::tempdir().unwrap();
    let config = config(home.path(), &[], &[]).await;
    assert_eq!(config["server"], json!({ "value": "http://127.0.0.1:7464", "from": "default" }));
    assert_eq!(config["actor"], json!({ "value": "user", "from": "default (the user's name)" }));
    assert_eq!(config["profile"], json!({ "value": "default", "from": "default" }));
}

#[tokio::test]
async fn a_flag_goes_before_the_environment_before_the_file() {
    let home = with_settings(SETTINGS);
    let path = home.path().join("config/snaglog/settings.toml");
    let from_file = |profile: &str| format!("profile {profile} of {}", path.display());

    let of_file = config(home.path(), &[], &[]).await;
    assert_eq!(of_file["server"], json!({ "value": "http://in.file:1", "from": from_file("default") }));
    assert_eq!(of_file["settings_file"], path.display().to_string());

    let variables = [("SNAGLOG_SERVER", "http://in.env:2"), ("SNAGLOG_ACTOR", "")];
    let of_environment = config(home.path(), &variables, &[]).await;
    assert_eq!(of_environment["server"], json!({ "value": "http://in.env:2", "from": "environment (SNAGLOG_SERVER)" }));
    assert_eq!(of_environment["actor"]["value"], "filed", "an empty variable is as good as none");

    let of_flag = config(home.path(), &variables, &["--server", "http://in.flag:3", "--actor", "flag"]).await;
    assert_eq!(of_flag["server"], json!({ "value": "http://in.flag:3", "from": "flag (--server)" }));
    assert_eq!(of_flag["actor"], json!({ "value": "flag", "from": "flag (--actor)" }));
}

#[tokio::test]
async fn a_profile_is_chosen_by_flag_or_environment() {
    let home = with_settings(SETTINGS);
    let worker = json!({ "value": "worker", "from": format!("profile work of {}", home.path().join("config/snaglog/settings.toml").display()) });
    assert_eq!(config(home.path(), &[], &["--profile", "work"]).await["actor"], worker);
    assert_eq!(config(home.path(), &[("SNAGLOG_PROFILE", "work")], &[]).await["actor"], worker);
}

#[tokio::test]
async fn a_profile_that_is_not_there_and_a_setting_that_is_none_are_named() {
    for (text, flags, words) in [
        (SETTINGS, ["--profile", "play"], ["no profile play", "--profile"]),
        ("[default]\nsrever = \"x\"\n", ["--color", "never"], ["srever", "settings.toml"]),
    ] {
        let home = with_settings(text);
        let mut command = clean(home.path());
        command.arg("config").args(flags);

        let said = said(command).await;

        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
        assert!(words.iter().all(|word| said.err.contains(word)), "{words:?}: {}", said.err);
    }
}

//! Settings of the client: flag over environment over profile file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ColorChoice};
use etcetera::BaseStrategy as _;
use figment::Figment;
use figment::providers::{Format as _, Toml};
use serde::Deserialize;

use super::failure::Failure;
use super::output::Output;
use super::ran::Ran;
use super::session::Session;
use super::times::Style;
use crate::storage::LogUrl;

const SERVER: &str = "http://127.0.0.1:7464";

/// What every subcommand takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    // Their environment variables are read below, not by clap: it would show what they set as if it had been typed.
    /// The server, `http://HOST:PORT` [env: SNAGLOG_SERVER] [default: http://127.0.0.1:7464]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// Who acts: a person's id [env: SNAGLOG_ACTOR] [default: the user's name]
    #[arg(long, global = true, value_name = "PERSON")]
    actor: Option<String>,
    /// The profile of the settings file to use [env: SNAGLOG_PROFILE] [default: default]
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Print JSON, one object or one a line; only these fields where some are named: --json=key,state
    #[arg(long, global = true, value_name = "FIELDS", num_args = 0..=1, require_equals = true, default_missing_value = "", value_delimiter = ',')]
    json: Option<Vec<String>>,
    /// Names the request (a UUID), so that a repeated call changes nothing [default: a new one]
    #[arg(long, global = true, value_name = "UUID")]
    request_id: Option<uuid::Uuid>,
    /// How long a call may take, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Never ask: exit, naming the flag to give
    #[arg(long, global = true)]
    no_input: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Show times exactly, in this machine's zone
    #[arg(long, global = true)]
    exact: bool,
    /// Show times exactly, RFC 3339 in UTC
    #[arg(long, visible_alias = "utc", global = true, conflicts_with = "exact")]
    iso: bool,
    #[arg(skip)]
    ran: Arc<Ran>,
}

/// One profile of the settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    server: Option<String>,
    actor: Option<String>,
}

/// A setting with where it comes from.
struct Setting {
    name: &'static str,
    value: String,
    from: String,
}

impl Global {
    /// Colour on, off, or as the terminal and `NO_COLOR`, `CLICOLOR_FORCE` say.
    pub(crate) fn set_color(&self) {
        let choice = match self.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }

    /// Says which command runs, for its sessions.
    pub(crate) fn runs(&mut self, ran: Ran) {
        self.ran = Arc::new(ran);
    }

    /// A session with the server, by the settings in force. Connects with the first call.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        let [server, actor, _] = self.in_force()?;
        let (id, may_ask) = (self.request_id, !self.no_input);
        let session = Session::new(&server.value, &actor.value, self.timeout, id, self.output(), may_ask)?;
        Ok(session.of(Arc::clone(&self.ran)))
    }

    /// A session with another server than the settings say.
    pub(crate) fn session_with(&self, server: &str, actor: &str) -> Result<Session, Failure> {
        Session::new(server, actor, self.timeout, None, self.output(), false)
    }

    /// How to print.
    pub(crate) fn output(&self) -> Output {
        let style = match (self.exact, self.iso) {
            (true, _) => Style::Local,
            (_, true) => Style::Iso,
            _ => Style::Relative,
        };
        Output::new(self.json.clone(), style)
    }

    fn in_force(&self) -> Result<[Setting; 3], Failure> {
        let name = setting("profile", self.profile.as_ref(), None, "default", "default");
        let profile = read_profile(&name)?;
        let file = |value: Option<String>| {
            let from = format!("profile {} of {}", name.value, settings_file().display());
            value.filter(|value| !value.is_empty()).map(|value| (value, from))
        };
        let user = ["USER", "LOGNAME"].into_iter().find_map(environment);
        let (user, origin) = match &user {
            Some(user) => (user.as_str(), "default (the user's name)"),
            None => ("somebody", "default"),
        };
        let server = setting("server", self.server.as_ref(), file(profile.server), SERVER, "default");
        let actor = setting("actor", self.actor.as_ref(), file(profile.actor), user, origin);
        Ok([server, actor, name])
    }
}

/// What is in force: flag over environment over profile file over default.
fn setting(
    name: &'static str,
    flag: Option<&String>,
    file: Option<(String, String)>,
    default: &str,
    origin: &str,
) -> Setting {
    let variable = format!("SNAGLOG_{}", name.to_uppercase());
    let (value, from) = match (flag, environment(&variable), file) {
        (Some(value), _, _) => (value.clone(), format!("flag (--{name})")),
        (None, Some(value), _) => (value, format!("environment ({variable})")),
        (None, None, Some(found)) => found,
        (None, None, None) => (default.to_owned(), origin.to_owned()),
    };
    Setting { name, value, from }
}

/// A variable of the environment; an empty one is as good as none.
fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The profile of that name; an empty one where nobody asked for it and there is none.
fn read_profile(name: &Setting) -> Result<Profile, Failure> {
    let file = settings_file();
    let found = Figment::from(Toml::file(&file)).extract_inner::<Profile>(&name.value);
    match found {
        Ok(profile) => Ok(profile),
        Err(error) if error.missing() && name.from == "default" => Ok(Profile::default()),
        Err(error) if error.missing() => {
            Err(Failure::usage(format!("{} has no profile {}, named by {}", file.display(), name.value, name.from)))
        }
        Err(error) => Err(Failure::usage(format!("{}: {error}", file.display()))),
    }
}

/// The log that `serve` and `log` open unless a flag names another, without its passwords.
fn log() -> Setting {
    let (value, from) = match (environment("SNAGLOG_LOG"), environment("SNAGLOG_DATA")) {
        (Some(url), _) => (LogUrl::from(url), "environment (SNAGLOG_LOG)"),
        (None, Some(data)) => (LogUrl::of_file(&Path::new(&data).join("log.db")), "environment (SNAGLOG_DATA)"),
        (None, None) => (LogUrl::of_file(Path::new("data/log.db")), "default"),
    };
    Setting { name: "log", value: value.to_string(), from: from.to_owned() }
}

/// `snaglog config`: the settings in force.
pub(crate) fn show(global: &Global) -> Result<(), Failure> {
    let output = global.output();
    output.expect_fields(&["server", "actor", "profile", "log", "settings_file"])?;
    let settings: Vec<Setting> = global.in_force()?.into_iter().chain([log()]).collect();
    let file = settings_file().display().to_string();
    if output.is_json() {
        let mut object: serde_json::Map<_, _> = settings
            .iter()
            .map(|one| (one.name.to_owned(), serde_json::json!({ "value": one.value, "from": one.from })))
            .collect();
        object.insert(String::from("settings_file"), file.into());
        output.json(serde_json::Value::Object(object));
    } else {
        let rows = settings.iter().map(|one| vec![one.name.to_owned(), one.value.clone(), one.from.clone()]);
        output.table(&["SETTING", "VALUE", "FROM"], rows);
        let there = if settings_file().exists() { "" } else { " (there is none)" };
        output.text(format_args!("\nSettings file: {file}{there}"));
    }
    Ok(())
}

fn settings_file() -> PathBuf {
    let folder = etcetera::choose_base_strategy().map(|base| base.config_dir()).unwrap_or_default();
    folder.join("snaglog").join("settings.toml")
}

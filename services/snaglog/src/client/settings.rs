//! Settings of the client: flag over environment over profile file.

use std::path::PathBuf;

use clap::{Args, ColorChoice};
use etcetera::BaseStrategy as _;
use figment::Figment;
use figment::providers::{Format as _, Toml};
use serde::Deserialize;

use super::failure::Failure;
use super::output::Output;
use super::session::Session;
use super::times::Style;

const SERVER: &str = "http://127.0.0.1:7464";

/// What every subcommand takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The server, `http://HOST:PORT` [default: http://127.0.0.1:7464]
    #[arg(long, global = true, env = "SNAGLOG_SERVER", value_name = "URL")]
    server: Option<String>,
    /// Who acts: a person's id [default: the user's name]
    #[arg(long, global = true, env = "SNAGLOG_ACTOR", value_name = "PERSON")]
    actor: Option<String>,
    /// The profile of the settings file to use
    #[arg(long, global = true, env = "SNAGLOG_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    /// Print JSON, one object or one a line; only these fields where some are named: --json=key,state
    #[arg(long, global = true, value_name = "FIELDS", num_args = 0..=1, require_equals = true, default_missing_value = "", value_delimiter = ',')]
    json: Option<Vec<String>>,
    /// Names the request (a UUID), so that a repeated call changes nothing [default: a new one]
    #[arg(long, global = true, value_name = "UUID")]
    request_id: Option<uuid::Uuid>,
    /// How long a call may take, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10)]
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

    /// A session with the server, by the settings in force. Connects with the first call.
    pub(crate) fn session(&self) -> Result<Session, Failure> {
        let [server, actor] = self.in_force()?;
        Session::new(
            &server.value,
            &actor.value,
            self.timeout,
            self.request_id,
            self.output(),
            !self.no_input,
        )
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

    fn in_force(&self) -> Result<[Setting; 2], Failure> {
        let profile = self.profile()?;
        let name = self.profile_name();
        let setting =
            |name_of, flag: &Option<String>, variable: &str, file: Option<String>, default: (String, &str)| {
                let (value, from) = match (flag, file) {
                    (Some(value), _) if std::env::var(variable).as_ref() == Ok(value) => {
                        (value.clone(), format!("environment ({variable})"))
                    }
                    (Some(value), _) => (value.clone(), format!("flag (--{name_of})")),
                    (None, Some(value)) => (value, format!("profile {name} of {}", settings_file().display())),
                    (None, None) => (default.0, default.1.to_owned()),
                };
                Setting {
                    name: name_of,
                    value,
                    from,
                }
            };
        let user = std::env::var("USER")
            .or_else(|_| std::env::var("LOGNAME"))
            .unwrap_or_else(|_| String::from("somebody"));
        Ok([
            setting(
                "server",
                &self.server,
                "SNAGLOG_SERVER",
                profile.server,
                (SERVER.to_owned(), "default"),
            ),
            setting(
                "actor",
                &self.actor,
                "SNAGLOG_ACTOR",
                profile.actor,
                (user, "default (the user's name)"),
            ),
        ])
    }

    fn profile_name(&self) -> &str {
        self.profile.as_deref().unwrap_or("default")
    }

    fn profile(&self) -> Result<Profile, Failure> {
        let (file, name) = (settings_file(), self.profile_name());
        let found = Figment::from(Toml::file(&file)).extract_inner::<Profile>(name);
        match found {
            Ok(profile) => Ok(profile),
            Err(error) if error.missing() && self.profile.is_none() => Ok(Profile::default()),
            Err(error) if error.missing() => Err(Failure::usage(format!("{} has no profile {name}", file.display()))),
            Err(error) => Err(Failure::usage(format!("{}: {error}", file.display()))),
        }
    }
}

/// `snaglog config`: the settings in force.
pub(crate) fn show(global: &Global) -> Result<(), Failure> {
    let settings = global.in_force()?;
    let output = global.output();
    if output.is_json() {
        let object = settings.iter().map(|one| {
            (
                one.name.to_owned(),
                serde_json::json!({ "value": one.value, "from": one.from }),
            )
        });
        output.json(serde_json::Value::Object(object.collect()));
    } else {
        output.table(
            &["SETTING", "VALUE", "FROM"],
            settings
                .iter()
                .map(|one| vec![one.name.to_owned(), one.value.clone(), one.from.clone()]),
        );
        anstream::println!("settings file: {}", settings_file().display());
    }
    Ok(())
}

fn settings_file() -> PathBuf {
    let folder = etcetera::choose_base_strategy()
        .map(|base| base.config_dir())
        .unwrap_or_default();
    folder.join("snaglog").join("settings.toml")
}

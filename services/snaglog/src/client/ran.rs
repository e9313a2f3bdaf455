//! The command that runs: its name and its flags, so that a refusal names what somebody can type.

use clap::{ArgMatches, Command};

/// The command that runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ran {
    name: String,
    flags: Vec<String>,
}

impl Ran {
    /// The one that was asked for, of the whole command line.
    pub(crate) fn of(root: &Command, matches: &ArgMatches) -> Self {
        let (mut command, mut ran) = (root, Self::named(root.get_name().to_owned(), root));
        for (word, _) in std::iter::successors(matches.subcommand(), |(_, matches)| matches.subcommand()) {
            let Some(below) = command.find_subcommand(word) else { break };
            (command, ran) = (below, Self::named(format!("{} {word}", ran.name), below));
        }
        ran
    }

    /// A command by its whole name.
    pub(crate) fn named(name: String, command: &Command) -> Self {
        let flags = command.get_arguments().filter_map(|argument| argument.get_long()).map(str::to_owned).collect();
        Self { name, flags }
    }

    /// Its name, without what was given to it: `snaglog issue file`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// True: it is that one, `issue verify`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.strip_prefix("snaglog ") == Some(name)
    }

    /// True: it has that flag, `--team`.
    pub(crate) fn has(&self, flag: &str) -> bool {
        flag.strip_prefix("--").is_some_and(|flag| self.flags.iter().any(|one| one == flag))
    }

    /// What somebody types for a field of a request: its flag, `--reported-severity`; the field, where it has none.
    pub(crate) fn flag_of(&self, field: &str) -> String {
        let part = field.rsplit('.').next().unwrap_or(field);
        let flag = format!("--{}", part.replace('_', "-"));
        match part {
            _ if self.has(&flag) => flag,
            "text" if self.has("--body") => "--body".to_owned(),
            _ => field.to_owned(),
        }
    }
}

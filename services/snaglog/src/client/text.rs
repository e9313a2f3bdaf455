//! Texts: from a flag, a file, standard input, or an editor.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::session::Session;

/// A text that a command needs.
#[derive(Debug, Args)]
pub(crate) struct Body {
    /// The text; `-` reads standard input
    #[arg(long, value_name = "TEXT", conflicts_with = "body_file")]
    body: Option<String>,
    /// A file that holds the text
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
}

impl Body {
    /// The text given; asked for in an editor where nothing was, on a terminal.
    pub(crate) fn read(self, session: &Session, about: &str) -> Result<String, Failure> {
        match (self.body, self.body_file) {
            (Some(dash), _) if dash == "-" => standard_input(),
            (Some(text), _) => Ok(text),
            (None, Some(file)) => from_file(&file),
            (None, None) if session.may_ask() => {
                ask(&format!("\n<!-- {about} -->\n")).map(|text| without_comments(&text))
            }
            (None, None) => Err(Failure::usage(format!("a text is needed: {about}"))
                .hint("Give --body TEXT, --body-file FILE or --body - (standard input).")),
        }
    }
}

/// All of standard input.
pub(crate) fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Failure::failed(format!("standard input: {error}")))?;
    Ok(text)
}

/// All of a file.
pub(crate) fn from_file(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::failed(format!("{}: {error}", file.display())))
}

/// A file, or standard input for `-`: what people call it, and what it holds.
pub(crate) fn named(file: &Path) -> Result<(String, String), Failure> {
    match file.to_str() {
        Some("-") => Ok(("standard input".to_owned(), standard_input()?)),
        _ => Ok((file.display().to_string(), from_file(file)?)),
    }
}

/// What somebody makes of a template in `$VISUAL` or `$EDITOR`.
pub(crate) fn ask(template: &str) -> Result<String, Failure> {
    edit::edit(template).map_err(|error| Failure::failed(format!("the editor ($VISUAL, $EDITOR): {error}")))
}

/// A text without its `<!-- … -->` lines, trimmed.
pub(crate) fn without_comments(text: &str) -> String {
    let kept: Vec<&str> =
        text.lines().filter(|line| !(line.starts_with("<!--") && line.trim_end().ends_with("-->"))).collect();
    kept.join("\n").trim().to_owned()
}

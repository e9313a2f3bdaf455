//! The URL of a log. It may hold a password, which is never shown.

use std::fmt;
use std::path::Path;

/// The URL of a log, as it was given.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct LogUrl(String);

/// What kind of log a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'u> {
    /// A file.
    Sqlite(&'u Path),
    /// A database; the whole URL, with its password.
    Postgres(&'u str),
    /// A topic; the whole URL, with its password.
    Kafka(&'u str),
}

/// Parts of a parameter's name by which its value is a secret.
///
/// Those of `event-log-kafka`'s `url.rs` are among them.
const SECRETS: [&str; 7] = ["password", "passwd", "secret", "token", "jaas", ".key.pem", "oauthbearer.config"];

impl LogUrl {
    /// The log in this file.
    pub(crate) fn of_file(path: &Path) -> Self {
        Self(format!("sqlite:{}", path.display()))
    }

    /// What it names; else what to give.
    pub(crate) fn kind(&self) -> Result<Kind<'_>, String> {
        const GIVE: &str = "give sqlite:PATH, postgres://HOST/DATABASE or kafka://BROKER,BROKER/TOPIC";
        match self.0.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Kind::Sqlite(Path::new(path))),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(Kind::Postgres(&self.0)),
            Some(("kafka", rest)) if rest.starts_with("//") => Ok(Kind::Kafka(&self.0)),
            Some(("sqlite" | "postgres" | "postgresql" | "kafka", _)) | None => Err(GIVE.to_owned()),
            Some((scheme, _)) => Err(format!("no log is known by {scheme}:; {GIVE}")),
        }
    }
}

impl From<String> for LogUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

/// Without its passwords. A URL that is not well formed hides more than it must, never less.
impl fmt::Display for LogUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else { return f.write_str(&self.0) };
        // A password may hold any sign, even where it should not: all up to the last @ is taken for who logs in.
        let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        write!(f, "{scheme}://")?;
        match login.map(|login| login.split_once(':')) {
            None => {}
            Some(Some((user, _))) => write!(f, "{user}:***@")?,
            Some(None) => write!(f, "{}@", login.unwrap_or_default())?,
        }
        let Some((place, parameters)) = place.split_once('?') else { return f.write_str(place) };
        write!(f, "{place}?")?;
        for (nth, parameter) in parameters.split('&').enumerate() {
            let and = if nth == 0 { "" } else { "&" };
            match parameter.split_once('=') {
                Some((name, _)) if SECRETS.iter().any(|secret| name.to_lowercase().contains(secret)) => {
                    write!(f, "{and}{name}=***")?;
                }
                _ => write!(f, "{and}{parameter}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for LogUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Kind, LogUrl};

    #[track_caller]
    fn shown(url: &str, expected: &str) {
        let url = LogUrl::from(url.to_owned());
        assert_eq!((url.to_string(), format!("{url:?}")), (expected.to_owned(), expected.to_owned()));
    }

    #[test]
    fn what_holds_no_password_is_shown_as_it_is() {
        for url in [
            "sqlite:data/log.db",
            "postgres://localhost:5432/snaglog?sslmode=require",
            "postgres://snaglog@localhost/snaglog",
            "kafka://a:9092,b:9092/snaglog?single-broker",
            "nonsense",
        ] {
            shown(url, url);
        }
    }

    #[test]
    fn passwords_are_never_shown() {
        shown("postgres://me:hunter2@db/snaglog", "postgres://me:***@db/snaglog");
        shown("postgres://me:p@ss/w?rd@db:5432/x", "postgres://me:***@db:5432/x");
        shown("kafka://me:hunter2@a:1,b:2/t?tls", "kafka://me:***@a:1,b:2/t?tls");
        shown(
            "postgres://db/x?user=me&password=hunter2&sslmode=require",
            "postgres://db/x?user=me&password=***&sslmode=require",
        );
        shown(
            "kafka://a/t?SASL.Password=hunter2&ssl.key.password=x",
            "kafka://a/t?SASL.Password=***&ssl.key.password=***",
        );
        shown(
            "kafka://a/t?ssl.key.pem=-----BEGIN&sasl.oauthbearer.config=x&ssl.ca.pem=shown",
            "kafka://a/t?ssl.key.pem=***&sasl.oauthbearer.config=***&ssl.ca.pem=shown",
        );
    }

    #[test]
    fn a_url_names_a_kind_of_log_or_says_what_to_give() {
        let kind = |url: &str| {
            let url = LogUrl::from(url.to_owned());
            url.kind().map(|kind| format!("{kind:?}")).map_err(|error| error.split(';').next().unwrap().to_owned())
        };
        assert_eq!(kind("sqlite:a b.db"), Ok(format!("{:?}", Kind::Sqlite(Path::new("a b.db")))));
        assert_eq!(kind("postgresql://db/x"), Ok("Postgres(\"postgresql://db/x\")".to_owned()));
        assert_eq!(kind("kafka://a,b/x"), Ok("Kafka(\"kafka://a,b/x\")".to_owned()));
        assert_eq!(kind("mysql://x"), Err("no log is known by mysql:".to_owned()));
        for url in ["sqlite:", "sqlite", "postgres:x", "kafka:a/x", ""] {
            assert!(kind(url).unwrap_err().starts_with("give sqlite:PATH"), "{url}");
        }
    }
}

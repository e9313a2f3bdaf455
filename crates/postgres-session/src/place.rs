//! Where something is kept: a database, and a schema in it.

use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// PostgreSQL's own parameters: those that sqlx reads. Of any other it would log a warning, with its value.
const PASSED_ON: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// Most bytes of a name in PostgreSQL.
const NAME_BYTES_MAX: usize = 63;

/// A database, and a schema in it.
#[derive(Debug, Clone)]
pub struct Place {
    /// How to connect to the database.
    pub connect: PgConnectOptions,
    /// The schema's name, which needs no quotes.
    pub schema: String,
    /// As operators may read it: without the password.
    pub shown: String,
}

/// A URL names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct UrlError {
    /// What is wrong with it, without its password.
    pub reason: String,
}

impl Place {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME&…`; the other parameters are PostgreSQL's own. A URL that names
    /// no schema means `schema`.
    pub fn parse(text: &str, schema: &str) -> Result<Self, UrlError> {
        let wrong = |reason: String| UrlError { reason };
        let mut url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        if !["postgres", "postgresql"].contains(&url.scheme()) {
            return Err(wrong(format!("it begins with {}:, not with postgres:", url.scheme())));
        }
        let mut schema = schema.to_owned();
        let mut others = Vec::new();
        for (name, value) in url.query_pairs().into_owned() {
            if name == "schema" {
                schema = value;
            } else if PASSED_ON.contains(&&*name) || name.starts_with("options[") {
                others.push((name, value));
            } else {
                // Its value may be a password, under a name that was misspelt.
                return Err(wrong(format!("there is no parameter {name}: give schema, or {}", PASSED_ON.join(", "))));
            }
        }
        check_schema(&schema).map_err(wrong)?;
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        // What is wrong with it may quote it, so the password goes from that too.
        let connect = PgConnectOptions::from_str(url.as_str()).map_err(|error| wrong(error.to_string()))?;
        let connect = connect.application_name("snaglog").disable_statement_logging();
        let shown = format!(
            "{}://{}{}{}?schema={schema}",
            url.scheme(),
            url.host_str().unwrap_or_default(),
            url.port().map_or_else(String::new, |port| format!(":{port}")),
            url.path(),
        );
        Ok(Self { connect, schema, shown })
    }

    /// The channel on which the schema's nodes tell each other what is new.
    pub fn channel(&self) -> String {
        format!("snaglog.{}", self.schema)
    }
}

/// Names that need no quotes: what is a schema here is one in psql too.
fn check_schema(schema: &str) -> Result<(), String> {
    let begins = schema.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let plain = schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if begins && plain && schema.len() <= NAME_BYTES_MAX && !schema.starts_with("pg_") {
        return Ok(());
    }
    Err(format!(
        "schema={schema}: a schema's name has 1 to {NAME_BYTES_MAX} of a-z, 0-9 and _, and begins with neither a digit nor pg_"
    ))
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_url_names_a_database_and_a_schema() {
        let place =
            Place::parse("postgres://ada:secret@db.example:5433/logs?schema=pay_2&sslmode=disable", "snaglog").unwrap();
        assert_eq!((place.schema.as_str(), place.connect.get_port()), ("pay_2", 5433));
        assert_eq!((place.connect.get_host(), place.connect.get_database()), ("db.example", Some("logs")));
        assert_eq!(place.shown, "postgres://db.example:5433/logs?schema=pay_2");
        assert_eq!(Place::parse("postgresql://localhost/logs", "snaglog").unwrap().schema, "snaglog");
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told_without_its_password() {
        for (url, expected) in [
            ("mysql://ada:secret@localhost/logs", "begins with mysql:"),
            ("postgres://ada:secret@local host/logs", "invalid"),
            ("postgres://localhost/logs?schema=Pay", "schema=Pay"),
            ("postgres://localhost/logs?schema=pg_x", "schema=pg_x"),
            ("postgres://localhost/logs?schema=a;drop", "schema=a;drop"),
            ("postgres://localhost/logs?schema=", "1 to 63"),
            ("postgres://localhost/logs?pasword=secret", "there is no parameter pasword: give schema, or sslmode, "),
        ] {
            let error = Place::parse(url, "snaglog").unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{url}: {error}");
        }
    }
}

//! Where views are whose log is in the same database.

use postgres_session::Place;
use url::Url;

use crate::error::OpenError;

/// A log's schema, where its URL names none.
const LOG_SCHEMA: &str = "snaglog";

/// The same database, and a schema named after the log's.
pub(crate) fn beside(log: &str) -> Result<String, OpenError> {
    let schema = format!("{}_views", Place::parse(log, LOG_SCHEMA)?.schema);
    let mut url = Url::parse(log).map_err(|error| OpenError::Url { reason: error.to_string() })?;
    let others: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "schema").collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("schema", &schema);
    // A schema's name has its limits.
    Place::parse(url.as_str(), LOG_SCHEMA)?;
    Ok(url.into())
}

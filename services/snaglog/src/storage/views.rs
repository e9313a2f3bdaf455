//! Opens the views: beside the log, unless `--views` says where.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use view_store::ViewStore;
use view_store_postgres::PostgresViews;
use view_store_sqlite::SqliteViews;

use super::Place;
use super::url::{Kind, LogUrl};

/// Opens the views. They can be made from the log at any time: a file that can't be read is deleted, and they are built anew.
pub(crate) async fn open_views(place: &Place) -> anyhow::Result<Arc<dyn ViewStore>> {
    open(&place.views_url()?, open_sqlite).await
}

/// Opens the views as they are, also where a server has them open. A file that isn't there is made; one that can't be read, or is of
/// another format, is an error and stays: a server may use it.
pub(crate) async fn open_views_beside(place: &Place) -> anyhow::Result<Arc<dyn ViewStore>> {
    let as_it_is = |path: &Path| -> anyhow::Result<Arc<dyn ViewStore>> {
        Ok(Arc::new(SqliteViews::open(path).context("the views do not open")?))
    };
    open(&place.views_url()?, as_it_is).await
}

async fn open(
    url: &LogUrl,
    sqlite: impl FnOnce(&Path) -> anyhow::Result<Arc<dyn ViewStore>>,
) -> anyhow::Result<Arc<dyn ViewStore>> {
    match url.kind().map_err(|give| wrong(url, &give))? {
        Kind::Sqlite(path) => sqlite(path),
        Kind::Postgres(address) => open_postgres(url, address).await,
        Kind::Kafka(_) => Err(wrong(url, "a topic keeps no views: give sqlite:PATH or postgres://HOST/DATABASE")),
    }
}

impl Place {
    /// Is the log in PostgreSQL, or are the views? Those that are kept where nobody said are there if the log is.
    pub(crate) fn is_in_postgres(&self) -> bool {
        let urls = [Some(self.url()), self.views.clone()];
        urls.iter().flatten().any(|url| matches!(url.kind(), Ok(Kind::Postgres(_))))
    }

    /// The views' URL: in a log's database beside it, so that all its nodes share them; else in a file of this node's own.
    pub(crate) fn views_url(&self) -> anyhow::Result<LogUrl> {
        if let Some(url) = &self.views {
            return Ok(url.clone());
        }
        let log = self.url();
        match log.kind() {
            Ok(Kind::Postgres(address)) => {
                let beside = PostgresViews::beside(address).with_context(|| format!("--log {log}"))?;
                Ok(LogUrl::from(beside))
            }
            _ => Ok(LogUrl::of_file(&self.data.join("views.db"))),
        }
    }
}

fn wrong(url: &LogUrl, give: &str) -> anyhow::Error {
    anyhow::anyhow!("--views {url}: {give}")
}

fn open_sqlite(path: &Path) -> anyhow::Result<Arc<dyn ViewStore>> {
    use view_store_sqlite::OpenError;
    let views = match SqliteViews::open(path) {
        Err(error @ (OpenError::Damaged { .. } | OpenError::OtherFormat { .. })) => {
            tracing::warn!(%error, "the views are built anew from the log");
            SqliteViews::delete(path).with_context(|| format!("{} can't be deleted", path.display()))?;
            SqliteViews::open(path).context("the views do not open")
        }
        opened => opened.context("the views do not open"),
    };
    Ok(Arc::new(views?))
}

async fn open_postgres(url: &LogUrl, address: &str) -> anyhow::Result<Arc<dyn ViewStore>> {
    use view_store_postgres::{OpenError, Options};
    match PostgresViews::open(address, &Options::default()).await {
        Ok(views) => Ok(Arc::new(views)),
        Err(OpenError::Url { reason }) => Err(wrong(url, &reason)),
        Err(error) => Err(error).context("the views do not open"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{LogUrl, Place};

    fn place(log: Option<&str>, views: Option<&str>) -> Place {
        let url = |url: Option<&str>| url.map(|url| LogUrl::from(url.to_owned()));
        Place { data: PathBuf::from("data"), log: url(log), views: url(views) }
    }

    #[track_caller]
    fn kept(log: Option<&str>, views: Option<&str>, expected: &str) {
        assert_eq!(place(log, views).views_url().unwrap().to_string(), expected);
    }

    #[test]
    fn views_are_shared_where_the_log_is_a_database_that_can_hold_them() {
        kept(None, None, "sqlite:data/views.db");
        kept(Some("kafka://broker/topic"), None, "sqlite:data/views.db");
        kept(Some("postgres://me:hunter2@db/log"), None, "postgres://me:***@db/log?schema=snaglog_views");
        kept(
            Some("postgres://db/log?sslmode=require&schema=pay"),
            None,
            "postgres://db/log?sslmode=require&schema=pay_views",
        );
        kept(Some("postgres://db/log"), Some("sqlite:/tmp/v.db"), "sqlite:/tmp/v.db");
    }

    #[test]
    fn a_database_that_keeps_log_or_views_is_known() {
        let database = "postgres://db/log";
        for (log, views, expected) in [
            (None, None, false),
            (Some("kafka://broker/topic"), None, false),
            (Some(database), None, true),
            (Some(database), Some("sqlite:/tmp/v.db"), true),
            (Some("kafka://broker/topic"), Some(database), true),
        ] {
            assert_eq!(place(log, views).is_in_postgres(), expected, "{log:?} {views:?}");
        }
    }
}

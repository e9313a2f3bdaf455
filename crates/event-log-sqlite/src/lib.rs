//! event-log-sqlite

//! What a node's calls need, whoever makes them.

use std::sync::Arc;

use postgres_session::Connections;

use crate::reader::Readers;
use crate::state::Shared;

/// A node's parts, shared by its calls and its tasks.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) shared: Arc<Shared>,
    pub(crate) readers: Readers,
    /// Connections that write.
    pub(crate) writers: Connections,
    /// Where nodes tell each other what is new.
    pub(crate) channel: Arc<str>,
}

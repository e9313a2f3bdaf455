//! What a store has in hand, for metrics.

/// What a store has in hand at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits that wait to be written; `None`: nothing waits in line.
    pub queue: Option<usize>,
    /// Its pools of connections.
    pub pools: Vec<PoolStats>,
    /// Bytes of the write-ahead log beside its file; `None`: it has none.
    pub wal_bytes: Option<u64>,
}

/// Connections that are lent for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStats {
    /// What they are for: "query" or "load".
    pub name: &'static str,
    /// So many are lent now.
    pub used: usize,
    /// So many there may be.
    pub max: usize,
}

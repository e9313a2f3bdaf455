//! Where partitions end, and whether that is still the history in which this node was.

use std::sync::Arc;

use event_log::admission::PartitionHead;
use event_log::{Leaf, PartitionId};
use postgres_session::{Fault, Question};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use crate::lookup::{hash, small, unsigned};
use crate::state::Shared;

/// For each partition its last event, and whether what is known to be in it (a position and its leaf) is there.
const HEADS: &str = "SELECT n.partition, coalesce(l.position, 0), l.recorded_at, l.leaf, n.position, \
     n.position = 0 OR EXISTS (SELECT FROM events e \
     WHERE e.partition = n.partition AND e.position = n.position AND e.leaf = n.leaf) \
     FROM unnest($1, $2, $3) AS n(partition, position, leaf) \
     LEFT JOIN LATERAL (SELECT e.position, e.recorded_at, e.leaf FROM events e WHERE e.partition = n.partition \
     ORDER BY e.position DESC LIMIT 1) l ON true";

/// A position and what is there.
///
/// A position alone doesn't tell one history from another: a server that was promoted without our last records may have others
/// at the same positions by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct End {
    /// 0 in an empty partition.
    pub(crate) position: u64,
    /// Zeros at position 0.
    pub(crate) leaf: Leaf,
}

impl End {
    /// As SQL has it: nothing at position 0.
    pub(crate) fn leaf_there(&self) -> Option<&[u8]> {
        (self.position > 0).then_some(&self.leaf[..])
    }
}

/// Where partitions end.
#[derive(Debug, Clone)]
pub(crate) struct Heads {
    /// Partitions, and what is known to be in each.
    known: Vec<(PartitionId, End)>,
}

impl Heads {
    /// Compared with what this node knows now.
    pub(crate) fn since(shared: &Shared, partitions: impl IntoIterator<Item = PartitionId>) -> Self {
        Self { known: partitions.into_iter().map(|partition| (partition, shared.end(partition))).collect() }
    }

    /// For a node that knows nothing yet.
    pub(crate) fn of_all(partitions: u32) -> Self {
        Self { known: (0..partitions).map(|partition| (partition, End::default())).collect() }
    }
}

impl Question for Heads {
    type Answer = Vec<(PartitionId, End)>;

    async fn ask(self, connection: &mut PgConnection) -> Result<Self::Answer, Fault> {
        let heads = ask(connection, &self.known).await?;
        Ok(heads.into_iter().map(|(partition, _, end)| (partition, end)).collect())
    }
}

/// The last position of one partition, at the primary.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) shared: Arc<Shared>,
    pub(crate) partition: PartitionId,
}

impl Question for Head {
    type Answer = End;

    async fn ask(self, connection: &mut PgConnection) -> Result<End, Fault> {
        Ok(head(connection, &self.shared, self.partition).await?.1)
    }
}

/// Where the partition ends; damage, if what this node knows of it is not there.
pub(crate) async fn head(
    connection: &mut PgConnection,
    shared: &Shared,
    partition: PartitionId,
) -> Result<(PartitionHead, End), Fault> {
    let heads = ask(connection, &[(partition, shared.end(partition))]).await?;
    let (_, head, end) =
        heads.into_iter().next().ok_or_else(|| Fault::Damage(format!("no head of partition {partition}")))?;
    Ok((head, end))
}

async fn ask(
    connection: &mut PgConnection,
    known: &[(PartitionId, End)],
) -> Result<Vec<(PartitionId, PartitionHead, End)>, Fault> {
    let partitions: Vec<i32> = known.iter().map(|(partition, _)| partition.cast_signed()).collect();
    let positions: Vec<i64> = known.iter().map(|(_, end)| end.position.cast_signed()).collect();
    let leaves: Vec<&[u8]> = known.iter().map(|(_, end)| &end.leaf[..]).collect();
    let rows = sqlx::query(HEADS).bind(partitions).bind(positions).bind(leaves).fetch_all(connection).await?;
    rows.iter().map(found).collect()
}

fn found(row: &PgRow) -> Result<(PartitionId, PartitionHead, End), Fault> {
    let (partition, position): (PartitionId, u64) = (small(row, 0)?, unsigned(row, 1)?);
    if !row.try_get::<bool, _>(5)? {
        let known = unsigned(row, 4)?;
        return Err(Fault::Damage(if position < known {
            format!("partition {partition} ends at {position}, and {known} was there")
        } else {
            format!("partition {partition} position {known} is another one than was there")
        }));
    }
    if position == 0 {
        return Ok((partition, PartitionHead::default(), End::default()));
    }
    let head = PartitionHead { position, recorded_at: row.try_get(2)? };
    Ok((partition, head, End { position, leaf: hash(row, 3)? }))
}

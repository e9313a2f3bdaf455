//! Which partition a project belongs to.

use sha2::{Digest, Sha256};

use crate::log::PartitionId;

/// The partition of `project` in a log of `partitions`: the first 8 bytes of SHA-256 over the project's id in UTF-8, read
/// as a big-endian number, modulo `partitions`.
///
/// The same on every machine and in every version, for ever: what is stored depends on it. A log of 0 partitions is
/// taken for a log of 1.
pub fn partition_of(project: &str, partitions: u32) -> PartitionId {
    let digest = Sha256::digest(project.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    let partition = u64::from_be_bytes(first) % u64::from(partitions.max(1));
    PartitionId::try_from(partition).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::partition_of;

    #[track_caller]
    fn check(project: &str, expected: [u32; 3]) {
        assert_eq!([1, 8, 1000].map(|partitions| partition_of(project, partitions)), expected, "{project}");
    }

    #[test]
    fn a_projects_partition_never_changes() {
        // Made by: int(sha256(project).hexdigest()[:16], 16) % partitions
        check("PAY", [0, 0, 368]);
        check("WEB", [0, 6, 454]);
        check("Größe", [0, 6, 262]);
        check("", [0, 4, 652]);
    }

    #[test]
    fn projects_spread_over_all_partitions() {
        let mut seen = [0; 8];
        for n in 0..800 {
            seen[partition_of(&format!("P{n}"), 8) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 60), "{seen:?}");
    }
}

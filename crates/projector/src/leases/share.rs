//! How partitions are shared between nodes.

use std::collections::{BTreeMap, BTreeSet};

use event_log::PartitionId;
use view_store::{Holder, Share};

/// The partitions that this holder should take: from whoever leads most, as long as that one leads two more. So all come to the same
/// number, or to one less, and then nobody takes anything.
pub(super) fn wanted(own: Holder, held: &[Share]) -> Vec<PartitionId> {
    let mut led: BTreeMap<Holder, BTreeSet<PartitionId>> = BTreeMap::from([(own, BTreeSet::new())]);
    for (partition, leader) in leaders(held) {
        led.entry(leader).or_default().insert(partition);
    }
    let mut mine = led.remove(&own).map_or(0, |partitions| partitions.len());
    let mut taken = Vec::new();
    while let Some(most) = led.values_mut().max_by_key(|partitions| partitions.len()).filter(|it| it.len() >= mine + 2)
    {
        taken.extend(most.pop_last());
        mine += 1;
    }
    taken
}

/// Who has most of each partition's views. One that an operator's order has taken alone counts for little.
fn leaders(held: &[Share]) -> BTreeMap<PartitionId, Holder> {
    let mut views: BTreeMap<PartitionId, BTreeMap<Holder, usize>> = BTreeMap::new();
    for share in held {
        *views.entry(share.partition).or_default().entry(share.holder).or_default() += 1;
    }
    let most = |of: BTreeMap<Holder, usize>| of.into_iter().max_by_key(|(_, views)| *views).map(|(holder, _)| holder);
    views.into_iter().filter_map(|(partition, of)| Some((partition, most(of)?))).collect()
}

#[cfg(test)]
mod tests {
    use views::table::ViewId;

    use super::*;

    const VIEWS: [ViewId; 2] = [ViewId { name: "one", version: 1 }, ViewId { name: "two", version: 1 }];

    /// Holders by partition, each with both views of it.
    fn held(holders: &[u64]) -> Vec<Share> {
        let share = |(partition, holder): (PartitionId, &u64)| {
            VIEWS.map(|view| Share { partition, view, holder: Holder(*holder) })
        };
        (0..).zip(holders).flat_map(share).collect()
    }

    #[track_caller]
    fn takes(own: u64, holders: &[u64], expected: &[PartitionId]) {
        assert_eq!(wanted(Holder(own), &held(holders)), expected);
    }

    #[test]
    fn who_has_less_takes_from_who_has_most() {
        takes(2, &[1; 8], &[7, 6, 5, 4]);
        takes(3, &[1, 1, 1, 1, 2, 2, 2, 2], &[7, 3]);
        takes(3, &[1, 1, 1, 2, 2, 2, 3, 3], &[]);
        takes(1, &[1; 8], &[]);
        takes(1, &[], &[]);
        takes(9, &[1, 2, 3], &[]);
    }

    #[test]
    fn in_the_end_all_have_the_same_or_one_less() {
        for nodes in 1..=10 {
            let mut holders = vec![1; 8];
            for _ in 0..nodes {
                for own in 1..=nodes {
                    for partition in wanted(Holder(own), &held(&holders)) {
                        holders[partition as usize] = own;
                    }
                }
            }
            let count = |own| holders.iter().filter(|holder| **holder == own).count();
            let counts: Vec<_> = (1..=nodes).map(count).collect();
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most - least <= 1, "{nodes} nodes have {counts:?}");
            assert!((1..=nodes).all(|own| wanted(Holder(own), &held(&holders)).is_empty()), "it comes to rest");
        }
    }

    #[test]
    fn a_view_that_was_taken_alone_moves_no_partition() {
        let mut shares = held(&[1, 1, 2, 2]);
        let third = ViewId { name: "three", version: 1 };
        shares.extend((0..4).map(|partition| Share { partition, view: third, holder: Holder(2) }));
        assert!(wanted(Holder(1), &shares).is_empty());
    }
}

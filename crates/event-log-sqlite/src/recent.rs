//! A cache of what was used lately, bounded.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use foldhash::fast::RandomState;

/// Keeps the `entries_max` entries used last, and at most as many again.
///
/// Two generations: what is used moves to the young one; when that is full it becomes the old one, and the old one goes.
/// That costs one hash look-up where a linked list would have to be mended too.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    entries_max: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), entries_max: entries_max.max(1) }
    }

    /// The entry, if it was used lately.
    pub(crate) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.put(key, value);
        }
        self.young.get_mut(key)
    }

    /// Adds the entry, or replaces it.
    pub(crate) fn put(&mut self, key: K, value: V) {
        if self.young.len() >= self.entries_max && !self.young.contains_key(&key) {
            std::mem::swap(&mut self.old, &mut self.young);
            self.young.clear();
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let mut recent = Recent::new(10);
        recent.put(0, "kept");
        recent.put(1, "unused");
        for n in 2..100 {
            recent.put(n, "new");
            assert_eq!(recent.get_mut(&0), Some(&mut "kept"), "after {n}");
            assert!(recent.young.len() <= 10 && recent.old.len() <= 10, "after {n}");
        }
        assert_eq!(recent.get_mut(&1), None);
        assert_eq!(recent.get_mut(&99), Some(&mut "new"));
    }

    #[test]
    fn a_replaced_entry_is_the_new_one_in_either_generation() {
        let mut recent = Recent::new(2);
        recent.put("a", 1);
        recent.put("b", 1);
        recent.put("c", 1);
        // "a" is in the old generation now.
        recent.put("a", 2);
        assert_eq!(recent.get_mut("a"), Some(&mut 2));
        recent.put("d", 1);
        assert_eq!(recent.get_mut("a"), Some(&mut 2), "the older value must not come back");
    }
}

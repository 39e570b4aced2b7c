//! Which ids have come before, as 64-bit hashes: never misses one, sometimes suspects a new one.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Hashes of ids, in a table of which at most three quarters are taken; 0 is a free slot.
#[derive(Debug, Default)]
pub struct Seen {
    slots: Vec<u64>,
    taken: usize,
}

impl Seen {
    /// Ids at most: 16 MiB.
    pub const IDS_MAX: usize = (1 << 21) / 4 * 3;
    /// Slots of the first table.
    const SLOTS_MIN: usize = 1 << 10;

    /// Takes an id; false where it may have come before, or there is no room.
    pub fn insert(&mut self, id: &str) -> bool {
        if self.taken == Self::IDS_MAX {
            return false;
        }
        if self.taken >= self.slots.len() / 4 * 3 {
            let wider = vec![0; (self.slots.len() * 2).max(Self::SLOTS_MIN)];
            for hash in std::mem::replace(&mut self.slots, wider) {
                if hash != 0 {
                    self.put(hash);
                }
            }
        }
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let is_new = self.put(hasher.finish().max(1));
        self.taken += usize::from(is_new);
        is_new
    }

    /// Puts a hash into the first free slot from its own on; false where it is there already.
    fn put(&mut self, hash: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            if *slot == hash {
                return false;
            }
            if *slot == 0 {
                *slot = hash;
                return true;
            }
            at = (at + 1) & mask;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_new_once_across_every_growth() {
        let mut seen = Seen::default();
        for round in [true, false] {
            for id in 0..10_000 {
                assert_eq!(seen.insert(&id.to_string()), round, "{id}");
            }
        }
    }

    #[test]
    fn three_quarters_of_sixteen_mebibytes_are_taken_and_no_more() {
        let mut seen = Seen::default();
        let is_new = (0..=1_572_864).map(|id: u32| seen.insert(&id.to_string()));
        assert_eq!(is_new.filter(|is_new| *is_new).count(), 1_572_864);
        assert_eq!(seen.slots.len() * size_of::<u64>(), 16 << 20);
    }
}

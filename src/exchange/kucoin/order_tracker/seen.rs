//! Which trades are booked already. A trade id is unique for a symbol and rises.

use std::collections::BTreeSet;

/// Trade ids remembered per instrument; those below the smallest of them count as seen. The venue
/// hands out at most a page of 100 at once, far less than this late.
pub const TRADES_REMEMBERED: usize = 4_096;

/// The trades of one instrument that are booked.
#[derive(Clone, Debug, Default)]
pub struct SeenTrades {
    floor: u64,
    ids: BTreeSet<u64>,
}

impl SeenTrades {
    /// True for a trade that was noted.
    pub fn contains(&self, trade_id: u64) -> bool {
        trade_id < self.floor || self.ids.contains(&trade_id)
    }

    /// Notes a trade; false where it was noted before.
    pub fn insert(&mut self, trade_id: u64) -> bool {
        if self.contains(trade_id) {
            return false;
        }
        self.ids.insert(trade_id);
        if self.ids.len() > TRADES_REMEMBERED
            && let Some(oldest) = self.ids.pop_first()
        {
            self.floor = oldest + 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_is_new_once_however_long_ago() {
        let mut seen = SeenTrades::default();
        let many = TRADES_REMEMBERED as u64 * 2;
        assert!((10..many).all(|id| seen.insert(id)));
        assert!((0..many).all(|id| id < 10 || !seen.insert(id)));
        assert!(!seen.insert(3), "what is older than memory counts as seen");
        assert!(seen.insert(many));
        assert_eq!(seen.ids.len(), TRADES_REMEMBERED);
    }
}

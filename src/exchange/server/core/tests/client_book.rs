//! A book as a client keeps it: queried once, then led on by increments.

use super::*;

/// A client's book: a queried one, and the increments since.
pub(super) struct ClientBook {
    pub sequence: i64,
    pub sides: [BTreeMap<Decimal, Decimal>; 2],
}

impl ClientBook {
    pub(super) fn query(bench: &mut Bench, symbol: &str) -> Self {
        let book = bench.get(&format!("/api/v3/market/orderbook/level2?symbol={symbol}"));
        let side = |name: &str| {
            let levels = book[name].as_array().unwrap().iter();
            levels.map(|level| (number(&level[0]), number(&level[1]))).collect()
        };
        let sequence = book["sequence"].as_str().unwrap().parse().unwrap();
        Self { sequence, sides: [side("bids"), side("asks")] }
    }

    /// Applies a push, which must follow.
    pub(super) fn apply(&mut self, data: &Value) {
        let [start, end] =
            ["sequenceStart", "sequenceEnd"].map(|name| data[name].as_i64().unwrap());
        assert_eq!(start, self.sequence + 1, "contiguous");
        let mut sequences = Vec::new();
        for (side, name) in self.sides.iter_mut().zip(["bids", "asks"]) {
            for change in data["changes"][name].as_array().unwrap() {
                let (price, size) = (number(&change[0]), number(&change[1]));
                sequences.push(change[2].as_str().unwrap().parse::<i64>().unwrap());
                match size.is_zero() {
                    true => side.remove(&price),
                    false => side.insert(price, size),
                };
            }
        }
        sequences.sort_unstable();
        assert_eq!(sequences, (start..=end).collect::<Vec<_>>());
        self.sequence = end;
    }
}

fn number(value: &Value) -> Decimal {
    d(value.as_str().unwrap())
}

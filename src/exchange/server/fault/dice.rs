//! Chance that repeats: every decision is a function of (seed, rule, how often the rule was asked).

/// Draws of one rule. The n-th draw of equal (seed, rule) is the same in every run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dice {
    key: u64,
}

/// One decision's numbers, independent of each other by their purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draw {
    key: u64,
}

/// Parts of a whole in which chances are counted.
pub const PARTS: u32 = 1_000_000;

impl Dice {
    /// The dice of the `rule`-th rule of a plan.
    pub fn new(seed: u64, rule: usize) -> Self {
        let rule = u64::try_from(rule).unwrap_or(u64::MAX);
        Self { key: mix(mix(seed) ^ rule) }
    }

    /// The draw of the `count`-th time the rule is asked.
    pub fn draw(self, count: u64) -> Draw {
        Draw { key: mix(self.key ^ count) }
    }
}

impl Draw {
    /// True with a chance of `parts` in [`PARTS`].
    pub fn hits(self, parts: u32) -> bool {
        mix(self.key ^ 1) % u64::from(PARTS) < u64::from(parts)
    }

    /// A number from `min` to `max`, both included; `min` where `max` is below it.
    pub fn between(self, min: u64, max: u64) -> u64 {
        let span = max.saturating_sub(min);
        let value = mix(self.key ^ 2);
        span.checked_add(1).map_or(value, |span| min + value % span)
    }
}

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014): spreads every input bit.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_another_rule_another() {
        let hits = |seed, rule| -> Vec<bool> {
            (0..200).map(|count| Dice::new(seed, rule).draw(count).hits(PARTS / 4)).collect()
        };
        assert_eq!(hits(7, 0), hits(7, 0));
        assert_ne!(hits(7, 0), hits(7, 1));
        assert_ne!(hits(7, 0), hits(8, 0));
    }

    #[test]
    fn chances_are_what_they_say() {
        let hits = (0..100_000).filter(|count| Dice::new(1, 2).draw(*count).hits(50_000)).count();
        assert!((4_700..5_300).contains(&hits), "{hits} of 100000 at 5 %");
        assert!((0..1_000).all(|count| Dice::new(3, 0).draw(count).hits(PARTS)));
        assert!(!(0..1_000).any(|count| Dice::new(3, 0).draw(count).hits(0)));
    }

    #[test]
    fn lengths_stay_within_their_bounds_and_reach_them() {
        let lengths: Vec<u64> =
            (0..1_000).map(|count| Dice::new(9, 0).draw(count).between(5, 8)).collect();
        assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&5), Some(&8)));
        assert_eq!(Dice::new(9, 0).draw(1).between(5, 5), 5);
        assert_eq!(Dice::new(9, 0).draw(1).between(5, 1), 5);
        Dice::new(9, 0).draw(1).between(0, u64::MAX);
    }
}

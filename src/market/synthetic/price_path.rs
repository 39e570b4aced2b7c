//! The price of one instrument as a pure function of (seed, instrument, time).
//!
//! The logarithm of price over centre is a sum of octaves of noise from a second to a month,
//! whose amplitudes grow with the square root of the period like a random walk's up to some hours
//! and more slowly above, so that the price stays in a band. Slow noise swells and stills the
//! fast octaves (regimes); a part is common to all instruments; rare jumps decay within hours.
//!
//! **Band**: the parts' amplitudes sum to less than [`LIMIT_PPB`], so that a price lies within
//! about 0.6 and 1.7 times its centre for ever (tested), far from zero and overflow.

use super::noise::{Octave, hash};

/// Parts in a billion: the unit of relative moves here.
const UNIT_PPB: i64 = 1_000_000_000;
/// No path ever leaves -45 % to +45 % in the logarithm.
const LIMIT_PPB: i64 = 450_000_000;
/// The finest octave: 2^20 us, about a second.
const FIRST_OCTAVE: u32 = 20;
/// From this octave on (2^33 us, about 2.4 hours) a regime no longer scales the noise.
const FIRST_SLOW: u32 = 33;
/// Amplitudes by octave in millionths, for 2^20 us (a second) to 2^41 us (25 days).
const AMPLITUDES_PPM: [i64; 22] = [
    60, 85, 120, 170, 240, 340, 480, 680, 960, 1_360, 1_920, 2_700, 3_800, // below 2.4 h
    5_400, 7_000, 8_000, 9_000, 10_000, 11_000, 13_000, 16_000, 20_000,
];
/// Scale of an instrument's own noise, in percent of the table above.
const OWN_PERCENT: i64 = 140;
/// Scale of the noise that all instruments share.
const COMMON_PERCENT: i64 = 60;
/// Regimes change over 2^34 us, about 4.8 hours.
const REGIME_OCTAVE: u32 = 34;
/// A regime scales fast noise by 1000 +- this many thousandths.
const REGIME_SWING: i64 = 600;
/// At most one jump starts in each 2^34 us (4.8 hours) ...
const JUMP_CELL_LOG2: u32 = 34;
/// ... and is gone 2^33 us (2.4 hours) later.
const JUMP_DECAY_LOG2: u32 = 33;
/// A cell in this many has a jump.
const JUMP_RARITY: u64 = 3;
/// Jumps are of 1 % ...
const JUMP_LEAST_PPB: u64 = 10_000_000;
/// ... to 4 %.
const JUMP_SPAN_PPB: u64 = 30_000_000;

/// A cursor over one instrument's path, or over the common part of all. It caches, but the value
/// at an instant does not depend on what was asked before.
#[derive(Clone, Debug)]
pub(super) struct PricePath {
    fast: Vec<Octave>,
    slow: Vec<Octave>,
    regime: Octave,
    jump_key: Option<u64>,
}

impl PricePath {
    /// The part that all instruments of a seed share.
    pub(super) fn common(seed: u64) -> Self {
        Self::new(hash(seed, -1), COMMON_PERCENT, None)
    }

    /// The part of the `index`-th instrument alone; `vigour` is in percent.
    pub(super) fn own(seed: u64, index: i64, vigour: i64) -> Self {
        let key = hash(seed, index);
        Self::new(key, OWN_PERCENT * vigour / 100, Some(hash(key, -2)))
    }

    fn new(key: u64, percent: i64, jump_key: Option<u64>) -> Self {
        let octave = |(log2, ppm): (u32, &i64)| Octave::new(key, log2, ppm * 10 * percent);
        let mut fast: Vec<_> = (FIRST_OCTAVE..).zip(&AMPLITUDES_PPM).map(octave).collect();
        let slow = fast.split_off((FIRST_SLOW - FIRST_OCTAVE) as usize);
        let regime = Octave::new(hash(key, -3), REGIME_OCTAVE, REGIME_SWING);
        Self { fast, slow, regime, jump_key }
    }

    /// The relative move at `us`, in parts in a billion of the logarithm.
    pub(super) fn at(&mut self, us: i64) -> i64 {
        let fast: i64 = self.fast.iter_mut().map(|octave| octave.at(us)).sum();
        let slow: i64 = self.slow.iter_mut().map(|octave| octave.at(us)).sum();
        fast * (1_000 + self.regime.at(us)) / 1_000 + slow + self.jump(us)
    }

    /// What the last jumps have left at `us`.
    fn jump(&self, us: i64) -> i64 {
        let Some(key) = self.jump_key else { return 0 };
        let cell = us >> JUMP_CELL_LOG2;
        [cell - 1, cell].into_iter().map(|cell| jump_of(key, cell, us)).sum()
    }
}

/// What the jump of `cell`, if it has one, has left at `us`.
fn jump_of(key: u64, cell: i64, us: i64) -> i64 {
    let bits = hash(key, cell);
    if !bits.is_multiple_of(JUMP_RARITY) {
        return 0;
    }
    let offset = (bits >> (64 - JUMP_CELL_LOG2)).cast_signed();
    let age = us - (cell << JUMP_CELL_LOG2) - offset;
    if !(0..1 << JUMP_DECAY_LOG2).contains(&age) {
        return 0;
    }
    let bits = hash(key ^ 1, cell);
    let size = (JUMP_LEAST_PPB + (bits >> 1) % JUMP_SPAN_PPB).cast_signed();
    // Quadratic decay in 16-bit fixed point: 1 at the jump, 0 at its end, smooth there.
    let left = ((1 << JUMP_DECAY_LOG2) - age) >> (JUMP_DECAY_LOG2 - 16);
    let rest = (size * ((left * left) >> 16)) >> 16;
    if bits & 1 == 0 { rest } else { -rest }
}

/// The price in ticks where `move_ppb` is the logarithm of price over `centre`: exp to its second
/// order, which is within 2 % of exp over the band and strictly rising.
pub(super) fn price_ticks(centre: i64, move_ppb: i64) -> i64 {
    let x = move_ppb.clamp(-LIMIT_PPB, LIMIT_PPB);
    let factor = UNIT_PPB + x + x * x / (2 * UNIT_PPB);
    centre * factor / UNIT_PPB
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_amplitudes_leave_no_need_for_the_clamp() {
        let sum = |percent: i64| {
            let (fast, slow) = AMPLITUDES_PPM.split_at((FIRST_SLOW - FIRST_OCTAVE) as usize);
            (fast.iter().sum::<i64>() * (1_000 + REGIME_SWING) / 1_000 + slow.iter().sum::<i64>())
                * 10
                * percent
        };
        // Two jumps cannot overlap in full: the decay is shorter than a cell, but both may be fresh.
        let jumps = 2 * (JUMP_LEAST_PPB + JUMP_SPAN_PPB).cast_signed();
        let vigour_max = 140;
        let most = sum(COMMON_PERCENT) + sum(OWN_PERCENT * vigour_max / 100) + jumps;
        assert!(most <= LIMIT_PPB, "{most}");
    }

    proptest! {
        #[test]
        fn random_access_equals_walking(seed in any::<u64>(), start in 0i64..1 << 52, steps in 1usize..50) {
            let mut walking = PricePath::own(seed, 3, 100);
            for step in 0..steps {
                let us = start + step as i64 * 1_000_000;
                prop_assert_eq!(walking.at(us), PricePath::own(seed, 3, 100).at(us));
            }
        }

        #[test]
        fn prices_keep_their_band(seed in any::<u64>(), us in 0i64..1 << 55) {
            let x = PricePath::common(seed).at(us) + PricePath::own(seed, 9, 140).at(us);
            let price = price_ticks(1_000_000, x);
            prop_assert!((600_000..1_700_000).contains(&price), "{}", price);
        }
    }
}

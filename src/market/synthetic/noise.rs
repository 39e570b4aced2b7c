//! Seeded integer value noise with random access: the same (key, time) gives the same value,
//! whatever was asked before. No floats, so that every machine draws the same market.

/// A hash of 64 bits: the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Random bits for the `index`-th thing under `key`.
pub(super) const fn hash(key: u64, index: i64) -> u64 {
    mix(key ^ mix(index.cast_unsigned()))
}

/// One layer of noise: random values at multiples of its period, smooth in between.
#[derive(Clone, Debug)]
pub(super) struct Octave {
    key: u64,
    period_log2: u32,
    amplitude: i64,
    /// The cell that `left` and `right` belong to: a cache, never state.
    cell: i64,
    left: i64,
    right: i64,
}

impl Octave {
    /// A layer of period `2^period_log2` microseconds (at least 2^16) and values within
    /// `-amplitude..=amplitude`; the amplitude is below 2^39.
    pub(super) fn new(key: u64, period_log2: u32, amplitude: i64) -> Self {
        let key = hash(key, i64::from(period_log2));
        Self { key, period_log2, amplitude, cell: i64::MIN, left: 0, right: 0 }
    }

    /// The value at `us` microseconds.
    pub(super) fn at(&mut self, us: i64) -> i64 {
        let cell = us >> self.period_log2;
        if cell != self.cell {
            self.left = if cell == self.cell + 1 { self.right } else { self.lattice(cell) };
            self.right = self.lattice(cell + 1);
            self.cell = cell;
        }
        let within = us - (cell << self.period_log2);
        let x = within >> (self.period_log2 - 16);
        // 3x^2 - 2x^3 on 0..1, in 16-bit fixed point.
        let smooth = (((x * x) >> 16) * ((3 << 16) - 2 * x)) >> 16;
        self.left + (((self.right - self.left) * smooth) >> 16)
    }

    /// The random value at the beginning of a cell.
    fn lattice(&self, cell: i64) -> i64 {
        let bits = (hash(self.key, cell) >> 40).cast_signed() - (1 << 23);
        (bits * self.amplitude) >> 23
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_value_depends_on_the_time_alone(key in any::<u64>(), times in prop::collection::vec(0i64..1 << 55, 2..20)) {
            let mut octave = Octave::new(key, 24, 1_000_000);
            for time in times {
                let value = octave.at(time);
                prop_assert_eq!(value, Octave::new(key, 24, 1_000_000).at(time));
                prop_assert!((-1_000_000..=1_000_000).contains(&value));
            }
        }

        #[test]
        fn neighbours_are_close(key in any::<u64>(), time in 0i64..1 << 55) {
            // The steepest slope of the smooth step is 1.5 amplitudes * 2 a period; 2^-16 of a
            // period is one step of the fixed point.
            let mut octave = Octave::new(key, 24, 1 << 20);
            let step = (octave.at(time + (1 << 8)) - octave.at(time)).abs();
            prop_assert!(step <= 100, "{step}");
        }
    }
}

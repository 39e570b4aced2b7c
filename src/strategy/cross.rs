//! The moving-average cross: the fast average of closes passing the slow one.

use super::moving_average::MovingSum;
use crate::domain::instrument::Ticks;

/// What the averages say at a close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// The fast average rose above the slow one at this close.
    CrossUp,
    /// The fast average fell below the slow one at this close.
    CrossDown,
}

/// Two averages of one instrument's closes.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Cross {
    fast: MovingSum,
    slow: MovingSum,
    above: Option<bool>,
}

impl Cross {
    /// Averages over `fast` and `slow` closes.
    pub fn new(fast: usize, slow: usize) -> Self {
        Self { fast: MovingSum::new(fast), slow: MovingSum::new(slow), above: None }
    }

    /// The short window.
    pub fn fast(&self) -> &MovingSum {
        &self.fast
    }

    /// The long window.
    pub fn slow(&self) -> &MovingSum {
        &self.slow
    }

    /// Takes a close in. Equal averages keep the last side: touching is not crossing.
    pub fn push(&mut self, close: Ticks) -> Option<Signal> {
        self.fast.push(close.get());
        self.slow.push(close.get());
        let (fast, slow) = (self.fast.sum()?, self.slow.sum()?);
        // fast / fast_length <=> slow / slow_length, without a division.
        let order = (fast * self.slow.length() as i128).cmp(&(slow * self.fast.length() as i128));
        let above = match order {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => return None,
        };
        let before = self.above.replace(above);
        match (before, above) {
            (Some(false), true) => Some(Signal::CrossUp),
            (Some(true), false) => Some(Signal::CrossDown),
            (None | Some(_), _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_the_close_at_which_the_side_changes() {
        let mut cross = Cross::new(2, 4);
        let closes = [10, 10, 10, 10, 9, 8, 9, 12, 13, 13, 5];
        let signals: Vec<_> =
            closes.map(|close| cross.push(Ticks::new(close))).into_iter().collect();
        let expected = [
            None,
            None,
            None,
            None, // equal: no side yet
            None, // the first side is no cross
            None,
            None,
            Some(Signal::CrossUp), // (9+12)/2 > (9+8+9+12)/4
            None,
            None,
            Some(Signal::CrossDown), // (13+5)/2 < (12+13+13+5)/4
        ];
        assert_eq!(signals, expected);
    }
}

//! The simple moving average of whole numbers, kept as its sum: exact, and constant work a value.

/// The sum of the last `length` values.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct MovingSum {
    values: Box<[i64]>,
    next: usize,
    filled: usize,
    sum: i128,
}

impl MovingSum {
    /// An empty window of `length` values; a length of 0 is taken as 1.
    pub fn new(length: usize) -> Self {
        Self { values: vec![0; length.max(1)].into_boxed_slice(), next: 0, filled: 0, sum: 0 }
    }

    /// Takes a value in, drops the one that leaves the window.
    pub fn push(&mut self, value: i64) {
        if let Some(slot) = self.values.get_mut(self.next) {
            self.sum += i128::from(value) - i128::from(*slot);
            *slot = value;
        }
        self.next = (self.next + 1) % self.values.len();
        self.filled = (self.filled + 1).min(self.values.len());
    }

    /// The sum, once the window is full.
    pub fn sum(&self) -> Option<i128> {
        (self.filled == self.values.len()).then_some(self.sum)
    }

    /// The value taken in last; 0 before the first.
    pub fn last(&self) -> i64 {
        let before = self.next.checked_sub(1).unwrap_or(self.values.len() - 1);
        self.values.get(before).copied().unwrap_or(0)
    }

    /// The window's length.
    pub fn length(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_sum_of_the_last_values(values in prop::collection::vec(any::<i64>(), 1..60), length in 1usize..12) {
            let mut sum = MovingSum::new(length);
            for (index, value) in values.iter().enumerate() {
                sum.push(*value);
                let window = values[..=index].iter().rev().take(length).map(|v| i128::from(*v)).sum::<i128>();
                prop_assert_eq!(sum.sum(), (index + 1 >= length).then_some(window));
            }
        }
    }
}

//! A window that starts with its first use and holds so much: the venue's way to count requests.

use std::time::Duration;

/// What was used since the window began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Window {
    began: Duration,
    used: u32,
}

impl Window {
    /// Takes `weight` where no more than `capacity` is used within `length`; takes nothing otherwise.
    pub fn take(&mut self, weight: u32, capacity: u32, length: Duration, now: Duration) -> bool {
        if self.used == 0 || now >= self.began.saturating_add(length) {
            *self = Self { began: now, used: 0 };
        }
        match self.used.checked_add(weight).filter(|used| *used <= capacity) {
            Some(used) => {
                self.used = used;
                true
            }
            None => false,
        }
    }

    /// What is used.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// How long until the window begins anew, rounded up to a millisecond.
    pub fn reset_in(&self, length: Duration, now: Duration) -> Duration {
        let rest = self.began.saturating_add(length).saturating_sub(now);
        Duration::from_millis(u64::try_from(rest.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
    }

    /// When it began.
    pub fn began(&self) -> Duration {
        self.began
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_the_first_use_and_again_after_its_length() {
        let (mut window, length) = (Window::default(), Duration::from_secs(30));
        let at = Duration::from_millis;
        assert!(window.take(3, 5, length, at(1_000)));
        assert!(!window.take(3, 5, length, at(2_000)), "refused");
        assert!(window.take(2, 5, length, at(30_999)), "a refusal takes nothing");
        assert_eq!(window.reset_in(length, at(30_999)), at(1));
        assert!(!window.take(1, 5, length, at(30_999)));
        assert!(window.take(5, 5, length, at(31_000)));
        assert_eq!((window.used(), window.reset_in(length, at(31_000))), (5, length));
    }

    #[test]
    fn what_is_heavier_than_the_capacity_never_fits() {
        let mut window = Window::default();
        assert!(!window.take(6, 5, Duration::from_secs(1), Duration::ZERO));
        assert!(!window.take(u32::MAX, 5, Duration::from_secs(1), Duration::ZERO));
        assert!(window.take(5, 5, Duration::from_secs(1), Duration::ZERO));
    }
}

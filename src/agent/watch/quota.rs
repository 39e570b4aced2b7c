//! The venue's rate limit: what is left of each quota, by the venue's own word.

use super::lasting::Finding;
use crate::domain::decimal::{Decimal, Round};
use crate::exchange::kucoin::rest::Headroom;

/// Judges the least that was left of each pool since the last look.
pub(super) fn judge(least: &[Headroom], min: Decimal) -> Option<Finding> {
    let low = least.iter().find(|pool| {
        let whole = |weight: u64| Decimal::from_int(i64::try_from(weight).unwrap_or(i64::MAX));
        min.is_positive() && whole(pool.remaining) < min.mul(whole(pool.limit), Round::Down)
    })?;
    let Headroom { pool, limit, remaining } = low;
    Some(Finding::paused(format!("{remaining} of {limit} left of the {} quota", pool.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::kucoin::protocol::endpoint::Pool;

    #[test]
    fn less_than_a_tenth_of_any_pool_pauses() {
        let min: Decimal = "0.1".parse().unwrap();
        let room = |pool, remaining| Headroom { pool, limit: 2_000, remaining };
        assert_eq!(judge(&[], min), None);
        assert_eq!(judge(&[room(Pool::Spot, 200), room(Pool::Public, 2_000)], min), None);
        let found = judge(&[room(Pool::Spot, 2_000), room(Pool::Public, 199)], min).unwrap();
        assert_eq!(found, Finding::paused("199 of 2000 left of the public quota".to_owned()));
        assert_eq!(judge(&[room(Pool::Spot, 0)], Decimal::ZERO), None, "off");
    }
}

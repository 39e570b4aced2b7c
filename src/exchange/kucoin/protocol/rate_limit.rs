//! What an answer says about the quota of its pool.

/// Header: the pool's quota in a window.
pub const LIMIT_HEADER: &str = "gw-ratelimit-limit";
/// Header: what is left of it.
pub const REMAINING_HEADER: &str = "gw-ratelimit-remaining";
/// Header: milliseconds until the window begins anew.
pub const RESET_HEADER: &str = "gw-ratelimit-reset";

/// The quota of the pool an answer was counted in. An answer without it was not counted: the venue is
/// overloaded, not the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    /// Weight that a window holds.
    pub limit: i64,
    /// Weight left in this window.
    pub remaining: i64,
    /// Milliseconds until the next window.
    pub reset_ms: i64,
}

impl RateLimit {
    /// The three headers' values, where all of them are there and are numbers of at least zero.
    pub fn parse(limit: &str, remaining: &str, reset: &str) -> Option<Self> {
        let number = |text: &str| text.trim().parse::<i64>().ok().filter(|&number| number >= 0);
        Some(Self {
            limit: number(limit)?,
            remaining: number(remaining)?,
            reset_ms: number(reset)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_all_three_or_none() {
        let sample = RateLimit { limit: 2000, remaining: 1997, reset_ms: 29990 };
        assert_eq!(RateLimit::parse("2000", "1997", "29990"), Some(sample));
        for reset in ["", "-1", "x", "1e3", "99999999999999999999"] {
            assert_eq!(RateLimit::parse("2000", "1997", reset), None, "{reset:?}");
        }
    }
}

//! The request quotas: a pool's weight in a window, counted by account or, for public calls, by address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::window::Window;
use crate::exchange::kucoin::protocol::endpoint::Pool;
use crate::exchange::kucoin::protocol::rate_limit::RateLimit;

/// Addresses counted at once; beyond, the one whose window began first is forgotten.
const ADDRESSES_MAX: usize = 1_024;

/// Weight that each pool allows in a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quotas {
    /// Orders, fills, fees, full books.
    pub spot: u32,
    /// Accounts and keys.
    pub management: u32,
    /// Market data without a signature, by address.
    pub public: u32,
    /// Length of the window, in milliseconds.
    pub window_ms: u32,
}

impl Default for Quotas {
    /// VIP 0, from the venue's table of rate limits.
    fn default() -> Self {
        Self { spot: 4_000, management: 2_000, public: 2_000, window_ms: 30_000 }
    }
}

impl Quotas {
    fn of(&self, pool: Pool) -> u32 {
        match pool {
            Pool::Spot => self.spot,
            Pool::Management => self.management,
            Pool::Public => self.public,
        }
    }
}

/// What is left after a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charge {
    /// False where the pool had too little left; nothing was taken then.
    pub fits: bool,
    /// What the answer's headers say.
    pub state: RateLimit,
}

/// The pools of the account and of every address seen.
#[derive(Debug)]
pub struct Pools {
    quotas: Quotas,
    spot: Window,
    management: Window,
    addresses: BTreeMap<IpAddr, Window>,
}

impl Pools {
    /// Pools of which nothing is used.
    pub fn new(quotas: Quotas) -> Self {
        Self {
            quotas,
            spot: Window::default(),
            management: Window::default(),
            addresses: BTreeMap::new(),
        }
    }

    /// Takes `weight` for a request from `address` at `now`, a time that never steps.
    pub fn charge(&mut self, pool: Pool, address: IpAddr, weight: u32, now: Duration) -> Charge {
        let limit = self.quotas.of(pool);
        let length = Duration::from_millis(self.quotas.window_ms.into());
        let window = match pool {
            Pool::Spot => &mut self.spot,
            Pool::Management => &mut self.management,
            Pool::Public => self.address(address),
        };
        let fits = window.take(weight, limit, length, now);
        let reset = window.reset_in(length, now);
        let state = RateLimit {
            limit: limit.into(),
            remaining: limit.saturating_sub(window.used()).into(),
            reset_ms: i64::try_from(reset.as_millis()).unwrap_or(i64::MAX),
        };
        Charge { fits, state }
    }

    fn address(&mut self, address: IpAddr) -> &mut Window {
        if self.addresses.len() >= ADDRESSES_MAX && !self.addresses.contains_key(&address) {
            let oldest = self.addresses.iter().min_by_key(|(_, window)| window.began());
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.addresses.remove(&oldest);
            }
        }
        self.addresses.entry(address).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn address(last: u16) -> IpAddr {
        IpAddr::from([127, 1, (last >> 8) as u8, last as u8])
    }

    #[test]
    fn pools_are_separate_and_public_ones_belong_to_an_address() {
        let quotas = Quotas { spot: 5, management: 20, public: 3, window_ms: 30_000 };
        let (mut pools, now) = (Pools::new(quotas), Duration::from_secs(100));
        assert!(pools.charge(Pool::Spot, HOME, 5, now).fits);
        let refused = pools.charge(Pool::Spot, HOME, 1, now + Duration::from_secs(1));
        let used_up = RateLimit { limit: 5, remaining: 0, reset_ms: 29_000 };
        assert_eq!(refused, Charge { fits: false, state: used_up });
        assert!(pools.charge(Pool::Management, HOME, 20, now).fits);
        assert!(pools.charge(Pool::Public, HOME, 3, now).fits);
        assert!(!pools.charge(Pool::Public, HOME, 3, now).fits);
        assert!(pools.charge(Pool::Public, address(1), 3, now).fits);
        assert!(pools.charge(Pool::Spot, HOME, 1, now + Duration::from_secs(30)).fits);
    }

    #[test]
    fn addresses_are_bounded() {
        let mut pools = Pools::new(Quotas::default());
        for last in 0..2 * ADDRESSES_MAX as u16 {
            pools.charge(Pool::Public, address(last), 1, Duration::from_secs(last.into()));
        }
        assert_eq!(pools.addresses.len(), ADDRESSES_MAX);
        assert!(!pools.addresses.contains_key(&address(0)), "the oldest went");
    }
}

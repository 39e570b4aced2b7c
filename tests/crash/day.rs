//! A scripted day of trading at a real exchange, some hours of market in a second or two: entries that
//! wait, fill in parts, grow stale and are canceled; exits by profit, stop, signal and age.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::point::Point;
use super::recording::{self, Call};
use super::shim;
use crate::exchange::process::Exchange;
use crate::live::trader::Trader;
use crate::live::venue_view::VenueView;
use crate::support::home::{Ended, Home};

/// What is traded.
pub const SYMBOLS: [&str; 5] = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "AVAX-USDT", "ARB-USDT"];
/// Days until one has fills: nearly each has.
const DAYS_MAX: u64 = 10;
/// How much faster than the wall the market runs.
const SPEED: u32 = 200;

/// Enough money for orders that one trade of the market does not fill.
const ACCOUNT: &str = "key = \"0123456789abcdef01234567\"\nsecret = \"a-secret-of-the-test\"\n\
    passphrase = \"a-passphrase\"\n[balances]\nUSDT = \"200000\"\n";
/// Crossings every few seconds; stops, profits and ages that a minute reaches; answers that are given up
/// soon, so that a restart does not wait long for an order that never arrived.
const MORE: &str = "request_timeout = \"1s\"\norder_window = \"300ms\"\n\
    [agent]\nstate_json_interval = \"200ms\"\nprogress_interval = \"1s\"\n\
    [guards]\nedge_min = \"0%\"\n[risk]\nnotional_max = 30000\n\
    [strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"10s\"\nentry_price = \"bid\"\n\
    entry_ttl = \"15s\"\nreentry_cooldown = \"0s\"\nhold_max = \"1m\"\nstop_loss = \"0.1%\"\n\
    take_profit = \"0.1%\"\ntrailing_activation = \"0%\"\n";

/// An exchange and an agent's home beside it.
pub struct Day {
    pub exchange: Exchange,
    pub trader: Trader,
}

impl Day {
    /// A fresh account on a market of its own.
    pub fn new(seed: u64) -> Self {
        let home = Home::new();
        let account = home.write("account.toml", ACCOUNT);
        fs::set_permissions(account, fs::Permissions::from_mode(0o600)).unwrap();
        let words = format!("--credentials account.toml --seed {seed} --speed {SPEED}");
        let exchange = Exchange::start_in(home, &words);
        // Every other day leaves only by profit, stop and age.
        let more = format!("{MORE}exit_on_cross = {}\n", seed.is_multiple_of(2));
        let trader = Trader::new(&exchange, &SYMBOLS, &more);
        Self { exchange, trader }
    }

    /// Trades for so long, or until the point; tells what was done, call by call.
    pub fn trade(&self, runtime: &str, point: Option<&Point>) -> (Ended, Vec<Call>) {
        let log = self.log();
        fs::remove_file(&log).ok();
        let variables = shim::variables(&self.trader.home, point, &log);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let words =
            format!("agent --config ibis.toml --speed {SPEED} --max-runtime {runtime} --json");
        let ended = self.trader.home.start(&words, &variables).wait();
        (ended, recording::read(&log))
    }

    /// The last life: starts, reconciles, trades a little more and drains.
    pub fn recover(&self) -> (Ended, Vec<Call>) {
        self.trade("600ms", None)
    }

    /// What the exchange says.
    pub fn venue(&self) -> VenueView {
        VenueView::ask(&self.exchange, &SYMBOLS)
    }

    fn log(&self) -> PathBuf {
        self.trader.home.path("calls")
    }
}

/// The first day from this seed on that ended well and had some fills; and what was done in it.
pub fn busy_day(seed: u64, runtime: &str) -> (Day, Vec<Call>) {
    for seed in seed..seed + DAYS_MAX {
        let day = Day::new(seed);
        let (ended, calls) = day.trade(runtime, None);
        if ended.ok()["fills"].as_u64() > Some(3) {
            return (day, calls);
        }
    }
    panic!("hardly a fill in {DAYS_MAX} days")
}

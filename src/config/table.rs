//! The table of configuration keys: the one place a key, its default and its bounds are written.
//!
//! Origins: "Python IBIS" is the trading agent this one replaces, with its constant's name; "KuCoin"
//! its public fee schedule at the base level. What has no such origin says why the number was chosen.

mod alerts;
mod conditions;
mod drift;
mod guards;
mod http;
mod storage;
mod validate;

use super::key::{Key, Kind};

/// Every key, grouped by section, in the order of the sample file.
pub const KEYS: &[Key] = &joined();

/// The tables that make up [`KEYS`].
const PARTS: [&[Key]; 8] = [
    TRADING,
    guards::KEYS,
    conditions::KEYS,
    storage::KEYS,
    http::KEYS,
    alerts::KEYS,
    validate::KEYS,
    drift::KEYS,
];
/// How many keys there are.
const COUNT: usize = {
    let (mut part, mut count) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

/// The parts one after the other.
const fn joined() -> [Key; COUNT] {
    let mut all = [TRADING[0]; COUNT];
    let (mut part, mut index, mut at) = (0, 0, 0);
    while at < COUNT {
        if index == PARTS[part].len() {
            (part, index) = (part + 1, 0);
        } else {
            all[at] = PARTS[part][index];
            (index, at) = (index + 1, at + 1);
        }
    }
    all
}

/// What trading and its supervision are steered by.
const TRADING: &[Key] = &[
    Key::new("agent.instance", Kind::Name, "ibis")
        .origin("the project's name")
        .doc("Name of this agent; part of every client order id, so never the same on two agents of one account."),
    Key::new("agent.mode", Kind::Word(&["paper", "live"]), "paper")
        .origin("paper unless someone says live")
        .doc("Where orders go: a simulated venue, or KuCoin; live also needs agent.armed."),
    Key::new("agent.armed", Kind::Flag, "false")
        .origin("real money moves only when someone says so twice")
        .doc("Live mode sends orders only with this; a start without it is refused."),
    Key::new("agent.profile", Kind::Word(&["dev", "canary", "prod"]), "dev")
        .origin("money is risked only by whoever says how much")
        .doc("How much may be risked: dev never trades live, canary is locked to two symbols and small sizes whatever else is written, prod is taken at its word."),
    Key::new("agent.log_level", Kind::Word(&["error", "warn", "info", "debug", "trace"]), "info")
        .origin("state changes a person wants in the story")
        .doc("Least severe level that is logged.")
        .reloadable(),
    Key::new("agent.state_json_interval", Kind::Duration, "1s")
        .range("100ms", "1m")
        .origin("fresh enough for a person watching")
        .doc("Shortest time between two writes of state.json.")
        .reloadable(),
    Key::new("agent.progress_interval", Kind::Duration, "5s")
        .range("1s", "1m")
        .origin("well below half of WatchdogSec=60")
        .doc("How often progress is recorded in the ledger and told to systemd.")
        .reloadable(),
    Key::new("agent.stop_timeout", Kind::Duration, "10s")
        .range("1s", "50s")
        .origin("below TimeoutStopSec=60")
        .doc("Time to drain after SIGTERM before the agent stops regardless.")
        .reloadable(),
    Key::new("market.source", Kind::Word(&["synthetic", "kucoin"]), "synthetic")
        .origin("needs neither account nor network")
        .doc("Where paper mode's market data comes from; kucoin needs no keys. Live mode always uses the venue's; ibis agent --replay reads files instead."),
    Key::new("market.book", Kind::Word(&["level1", "depth5", "level2"]), "level1")
        .origin("the fastest feed of what the strategy looks at: every 10 ms")
        .doc("What is subscribed of KuCoin's books: the best bid and offer, five levels, or every change."),
    Key::new("market.seed", Kind::Integer, "1")
        .range("0", "9223372036854775807")
        .origin("any number; the same seed gives the same market")
        .doc("Seed of the synthetic market."),
    Key::new("market.symbols", Kind::Symbols, "")
        .origin("all that the source offers")
        .doc("Instruments to trade; an empty list means all."),
    Key::new("market.stale_after", Kind::Duration, "30s")
        .range("1s", "1h")
        .origin("half of the 60s after which the agent counts as degraded")
        .doc("A symbol without news for this long gets no entries.")
        .reloadable(),
    Key::new("strategy.fast_candles", Kind::Integer, "5")
        .range("1", "500")
        .unit("closed candles")
        .origin("the common 5/20 cross")
        .doc("Length of the fast moving average; shorter than the slow one."),
    Key::new("strategy.slow_candles", Kind::Integer, "20")
        .range("2", "1000")
        .unit("closed candles")
        .origin("the common 5/20 cross")
        .doc("Length of the slow moving average."),
    Key::new("strategy.candle_interval", Kind::Duration, "1m")
        .range("1s", "1d")
        .origin("the shortest candle KuCoin offers")
        .doc("Length of the candles the averages are taken over; divides a day."),
    Key::new("strategy.stop_loss", Kind::Ratio, "3.5%")
        .range("0.1%", "50%")
        .origin("Python IBIS: STOP_LOSS_PCT")
        .doc("Exit when the price is this far below the entry."),
    Key::new("strategy.take_profit", Kind::Ratio, "2%")
        .range("0.1%", "1000%")
        .origin("Python IBIS: TAKE_PROFIT_PCT")
        .doc("Exit when the price is this far above the entry."),
    Key::new("strategy.trailing_activation", Kind::Ratio, "1%")
        .range("0%", "100%")
        .origin("Python IBIS: trailing stop active at +1 %")
        .doc("Gain above the entry from which the stop trails the highest price; 0% turns trailing off."),
    Key::new("strategy.trailing_distance", Kind::Ratio, "2%")
        .range("0.1%", "50%")
        .origin("Python IBIS: trailing distance of 2 % of the high")
        .doc("How far below the highest price the trailing stop stays; it never moves down."),
    Key::new("strategy.exit_on_cross", Kind::Flag, "true")
        .origin("the moving-average cross, both ways")
        .doc("Exit when the fast average falls below the slow one."),
    Key::new("strategy.hold_max", Kind::Duration, "30m")
        .range("1m", "30d")
        .origin("Python IBIS: positions older than 30 min were pruned")
        .doc("Exit a position older than this, whatever its price."),
    Key::new("strategy.entry_price", Kind::Word(&["ask", "bid"]), "ask")
        .origin("ask fills at once and pays the taker fee; bid waits as maker")
        .doc("Side of the book an entry's limit price is taken from."),
    Key::new("strategy.entry_ttl", Kind::Duration, "60s")
        .range("1s", "1d")
        .origin("Python IBIS: a buy is stale at 60 s")
        .doc("An entry order still open after this is canceled; what filled of it is kept."),
    Key::new("strategy.entry_soft_ttl", Kind::Duration, "45s")
        .range("1s", "1d")
        .origin("Python IBIS: under pressure a buy is stale at 45 s")
        .doc("An entry order older than this is canceled for another that lacks its cash, exposure or place."),
    Key::new("strategy.exit_slippage_max", Kind::Ratio, "5%")
        .range("0.1%", "50%")
        .origin("wide enough to fill through a jump, bounded unlike a market order")
        .doc("How far below the bid an exit's limit price may be."),
    Key::new("strategy.reentry_cooldown", Kind::Duration, "75s")
        .range("0s", "1d")
        .origin("Python IBIS: re-entry after 75 s")
        .doc("No new entry in an instrument for this long after its last exit or canceled entry."),
    Key::new("risk.notional_min", Kind::Amount, "11")
        .range("0.01", "1000000")
        .unit("quote units")
        .origin("Python IBIS: MIN_TRADE_VALUE")
        .doc("Smallest notional of an entry."),
    Key::new("risk.notional_max", Kind::Amount, "100")
        .range("0.01", "1000000000")
        .unit("quote units")
        .origin("Python IBIS: MAX_CAPITAL_PER_TRADE")
        .doc("Largest notional of an entry; at least risk.notional_min."),
    Key::new("risk.risk_per_trade", Kind::Ratio, "1.5%")
        .range("0.01%", "10%")
        .unit("of equity")
        .origin("Python IBIS: BASE_RISK")
        .doc("What a position may lose at its stop; together with the stop's distance it sizes the entry."),
    Key::new("risk.exposure_max_instrument", Kind::Ratio, "15%")
        .range("0.1%", "100%")
        .unit("of equity")
        .origin("Python IBIS: 15 % a position")
        .doc("Largest exposure in one instrument, open entries included."),
    Key::new("risk.exposure_max_total", Kind::Ratio, "60%")
        .range("0.1%", "100%")
        .unit("of equity")
        .origin("Python IBIS: total exposure of 60 %")
        .doc("Largest exposure in all instruments, open entries included; at least risk.exposure_max_instrument."),
    Key::new("risk.open_positions_max", Kind::Integer, "25")
        .range("1", "1000")
        .unit("positions")
        .origin("Python IBIS: MAX_TOTAL_POSITIONS")
        .doc("No entry while this many instruments have a position or an open entry."),
    Key::new("risk.cash_reserve", Kind::Ratio, "0.5%")
        .range("0%", "100%")
        .unit("of equity")
        .origin("Python IBIS: sized from 99.5 % of its cash")
        .doc("Quote balance that entries leave untouched, for fees."),
    Key::new("control.exit_policy", Kind::Word(&["hold", "reduce", "flatten"]), "hold")
        .origin("a stop that sells nothing on its own")
        .doc("What a hard stop does about positions: hold leaves them to their stops and targets, reduce lets every exit go, flatten sells them at once."),
    Key::new("control.kill_cooldown", Kind::Duration, "60m")
        .range("0s", "30d")
        .origin("seed 002: an hour")
        .doc("The kill switch cannot be released for this long after it was set."),
    Key::new("control.pause_cancel_after", Kind::Duration, "60s")
        .range("0s", "1d")
        .origin("seed 004: entries are canceled a minute into a pause")
        .doc("An entry order still open this long after entries were paused is canceled."),
    Key::new("reconcile.interval", Kind::Duration, "60s")
        .range("1s", "1h")
        .origin("Python IBIS: every 10 cycles of about 5 s")
        .doc("Ledger and venue are compared as a whole this often while the agent runs, and every 5 s while something differs."),
    Key::new("reconcile.unexplained", Kind::Word(&["hold", "adopt"]), "hold")
        .origin("fail closed")
        .doc("A balance that differs although neither a fill nor the venue's own ledger says why: hold entries for a person, or take the venue's word for it, at an unknown basis. What the venue explains (deposits, withdrawals, rebates, corrections) is always taken over."),
    Key::new("reconcile.foreign_orders", Kind::Word(&["hold", "ignore"]), "hold")
        .origin("fail closed")
        .doc("An order that somebody else has at work in a traded instrument: hold entries there, or trade beside it. It is never canceled."),
    Key::new("exchange.base_url", Kind::Url, "https://api.kucoin.com")
        .origin("KuCoin's documentation")
        .doc("The venue's REST address; every other address is learnt from it. http only on loopback."),
    Key::new("exchange.credentials_file", Kind::Path, "/etc/ibis/kucoin.toml")
        .origin("beside ibis.toml")
        .doc("API key, secret and passphrase as TOML, mode 0600. Under systemd a credential of the file's name wins."),
    Key::new("exchange.request_timeout", Kind::Duration, "5s")
        .range("100ms", "1m")
        .origin("KuCoin's window for a signature")
        .doc("Deadline of one request; an order without an answer by then is unresolved."),
    Key::new("exchange.order_window", Kind::Duration, "5s")
        .range("100ms", "1m")
        .origin("KuCoin's window for a signature")
        .doc("An order that reaches the venue later than this after it was sent dies there."),
    Key::new("exchange.dead_man_timeout", Kind::Duration, "60s")
        .range("5s", "1d")
        .origin("WatchdogSec=60; KuCoin takes 5 s to 1 day")
        .doc("The venue cancels all open orders when the agent has not proved its work for this long."),
    Key::new("exchange.allow_withdrawal_key", Kind::Flag, "false")
        .origin("a key that cannot withdraw cannot be robbed")
        .doc("Live mode refuses a key that may withdraw, unless this is true."),
    Key::new("paper.deposit", Kind::Deposits, "USDT 10000")
        .origin("a round number far above the smallest notional")
        .doc("What the paper account holds when it is created; later changes do not touch it."),
    Key::new("paper.order_latency", Kind::Duration, "50ms")
        .range("0s", "1m")
        .origin("one way to a venue on another continent")
        .doc("Time from sending an order or a cancel to its arrival at the venue."),
    Key::new("paper.report_latency", Kind::Duration, "50ms")
        .range("0s", "1m")
        .origin("one way back")
        .doc("Time from a venue event to its arrival here."),
    Key::new("paper.latency_jitter", Kind::Duration, "20ms")
        .range("0s", "1m")
        .origin("so that arrivals do not keep step")
        .doc("Up to this much is added to each latency, drawn from the seed."),
    Key::new("paper.fee_class_a", Kind::Ratio, "0.1%")
        .range("0%", "5%")
        .unit("of notional")
        .origin("KuCoin: class A at level 0, maker and taker")
        .doc("Fee rate of symbols in fee class A."),
    Key::new("paper.fee_class_b", Kind::Ratio, "0.2%")
        .range("0%", "5%")
        .unit("of notional")
        .origin("KuCoin: class B at level 0, maker and taker")
        .doc("Fee rate of symbols in fee class B."),
    Key::new("paper.fee_class_c", Kind::Ratio, "0.3%")
        .range("0%", "5%")
        .unit("of notional")
        .origin("KuCoin: class C at level 0, maker and taker")
        .doc("Fee rate of symbols in fee class C."),
    Key::new("health.progress_age_warn", Kind::Duration, "2m")
        .range("1s", "1d")
        .origin("24 missed progress intervals")
        .doc("Age of the agent's last progress at which it counts as degraded.")
        .reloadable(),
    Key::new("health.progress_age_critical", Kind::Duration, "5m")
        .range("1s", "1d")
        .origin("past WatchdogSec=60 and a few restarts")
        .doc("Age of the agent's last progress at which it counts as dead.")
        .reloadable(),
    Key::new("health.data_age_warn", Kind::Duration, "60s")
        .range("1s", "1d")
        .origin("twice market.stale_after")
        .doc("Age of the newest market data at which the agent counts as degraded.")
        .reloadable(),
    Key::new("health.data_age_critical", Kind::Duration, "4m")
        .range("1s", "1d")
        .origin("a feed that four one-minute candles passed by")
        .doc("Age of the newest market data at which the agent counts as blind.")
        .reloadable(),
    Key::new("health.state_json_age_warn", Kind::Duration, "1m")
        .range("1s", "1d")
        .origin("the longest agent.state_json_interval")
        .doc("Age of state.json, while the agent runs, at which it counts as late.")
        .reloadable(),
    Key::new("health.state_json_age_critical", Kind::Duration, "5m")
        .range("1s", "1d")
        .origin("the period of the health check")
        .doc("Age of state.json, while the agent runs, at which its readers are misled.")
        .reloadable(),
    Key::new("health.disk_free_warn", Kind::Bytes, "1GiB")
        .range("1MiB", "1000GiB")
        .origin("weeks of ledger growth")
        .doc("Free space below which the disk counts as filling up.")
        .reloadable(),
    Key::new("health.disk_free_critical", Kind::Bytes, "256MiB")
        .range("1MiB", "1000GiB")
        .origin("room for one vacuum of a year's ledger")
        .doc("Free space below which the ledger is at risk.")
        .reloadable(),
    Key::new("health.clock_skew_warn", Kind::Duration, "1s")
        .range("1ms", "1h")
        .origin("far above what a synchronised clock drifts")
        .doc("Difference between this clock and the market's at which times become doubtful.")
        .reloadable(),
    Key::new("health.clock_skew_critical", Kind::Duration, "5s")
        .range("1ms", "1h")
        .origin("KuCoin refuses requests that are 5 s off")
        .doc("Difference between this clock and the market's at which requests are refused.")
        .reloadable(),
    Key::new("health.unclean_starts_warn", Kind::Integer, "3")
        .range("1", "1000")
        .unit("starts in the last hour")
        .origin("the second is chance, the third a pattern")
        .doc("Unclean starts at which the agent counts as degraded.")
        .reloadable(),
    Key::new("health.unclean_starts_critical", Kind::Integer, "10")
        .range("1", "1000")
        .unit("starts in the last hour")
        .origin("more than 10 latch hard_stop")
        .doc("Unclean starts at which the agent counts as crash-looping.")
        .reloadable(),
    Key::new("health.healthcheck_age_max", Kind::Duration, "15m")
        .range("1m", "30d")
        .origin("three periods of its timer")
        .doc("Age of the last healthcheck run at which its timer counts as dead.")
        .reloadable(),
    Key::new("health.exec_integrity_age_max", Kind::Duration, "45m")
        .range("1m", "30d")
        .origin("three periods of its timer")
        .doc("Age of the last exec-integrity run at which its timer counts as dead.")
        .reloadable(),
    Key::new("health.hourly_kpi_age_max", Kind::Duration, "3h")
        .range("1m", "30d")
        .origin("three periods of its timer")
        .doc("Age of the last hourly-kpi run at which its timer counts as dead.")
        .reloadable(),
    Key::new("health.log_retention_age_max", Kind::Duration, "3d")
        .range("1m", "90d")
        .origin("three periods of its timer")
        .doc("Age of the last log-retention run at which its timer counts as dead.")
        .reloadable(),
    Key::new("health.backup_age_max", Kind::Duration, "50h")
        .range("1m", "90d")
        .origin("two periods of its timer, and its random delay")
        .doc("Age of the last verified backup that is too old.")
        .reloadable(),
    Key::new("health.restore_drill_age_max", Kind::Duration, "15d")
        .range("1m", "365d")
        .origin("two periods of its timer, and a day")
        .doc("Age of the last restore drill that is too old.")
        .reloadable(),
    Key::new("health.dust", Kind::Amount, "1")
        .range("0", "1000")
        .unit("quote units")
        .origin("Python IBIS: dust of 1 USDT in its state")
        .doc("A difference in holdings worth less than this is noted, not counted.")
        .reloadable(),
    Key::new("health.inflight_grace", Kind::Duration, "5s")
        .range("0s", "5m")
        .origin("50 times the default latency both ways")
        .doc("Orders younger than this may still differ between ledger and venue.")
        .reloadable(),
];

/// The key of that name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The sections, in the order of the table.
pub fn sections() -> Vec<&'static str> {
    let mut sections: Vec<&'static str> = KEYS.iter().map(Key::section).collect();
    sections.dedup();
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::{Raw, Value};

    #[test]
    fn every_default_and_bound_is_of_its_kind_and_in_range() {
        for key in KEYS {
            let value = key.default_value();
            assert_eq!(key.check_range(&value), Ok(()), "{}", key.name);
            if let Some((min, max)) = key.range {
                let bound = |text: &str| {
                    Value::parse(key.kind, &Raw::Untyped(text.to_owned())).expect(key.name)
                };
                assert!(bound(min) < bound(max), "{}", key.name);
            }
        }
    }

    #[test]
    fn every_key_is_said_once_with_its_origin() {
        let mut names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
        for key in KEYS {
            assert!(!key.origin.is_empty() && key.doc.ends_with('.'), "{}", key.name);
            assert_eq!(key.name.split('.').count(), 2, "{}", key.name);
            let numeric = match key.kind {
                Kind::Duration | Kind::Ratio | Kind::Amount | Kind::Integer | Kind::Bytes => true,
                Kind::Flag
                | Kind::Word(_)
                | Kind::Name
                | Kind::Url
                | Kind::Path
                | Kind::OptionalPath
                | Kind::Address
                | Kind::Hosts
                | Kind::Text
                | Kind::Symbols
                | Kind::Deposits => false,
            };
            assert_eq!(numeric, key.range.is_some(), "{}", key.name);
        }
        let mut grouped = sections();
        grouped.sort_unstable();
        grouped.dedup();
        assert_eq!(grouped.len(), sections().len(), "a section is in two places");
    }
}

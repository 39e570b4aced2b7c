//! `[guards]` and `[protections]`: when trading slows down or stops by itself.
//!
//! Origins: seeds 001, 002 and 004 are systems whose breakers these were, freqtrade the bot whose
//! protections these are, by its names.

use super::{Key, Kind};

/// A ratio whose zero turns its guard off.
const fn ratio(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Ratio, default).range("0%", "100%")
}

/// A count whose zero turns its guard off.
const fn count(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Integer, default).range("0", "1000")
}

/// How long something lasts.
const fn time(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Duration, default).range("0s", "30d")
}

/// A protection's switch.
const fn switch(name: &'static str) -> Key {
    Key::new(name, Kind::Flag, "false")
        .origin("freqtrade: a protection is off until it is configured")
}

/// Their keys.
pub(super) const KEYS: &[Key] = &[
    ratio("guards.daily_loss_degraded", "1.5%")
        .unit("of the equity at 00:00 UTC")
        .origin("seed 004: half of the stop")
        .doc("Lost in the UTC day, open positions included, from which the agent is degraded; 0% turns it off."),
    ratio("guards.daily_loss_stop", "3%")
        .unit("of the equity at 00:00 UTC")
        .origin("seed 004: 3 % a day")
        .doc("Lost in the UTC day from which it is a hard stop; 0% turns it off."),
    Key::new("guards.daily_loss_auto_resume", Kind::Flag, "false")
        .origin("a stop that ends by itself is looked into by nobody")
        .doc("The hard stop for the day's loss ends with the day."),
    ratio("guards.drawdown_degraded", "2.5%")
        .unit("of the highest equity")
        .origin("seed 004: half of the stop")
        .doc("Lost since the peak from which the agent is degraded; 0% turns it off."),
    ratio("guards.drawdown_stop", "5%")
        .unit("of the highest equity")
        .origin("seed 004: 5 %")
        .doc("Lost since the peak from which it is a hard stop; 0% turns it off."),
    ratio("guards.drawdown_kill", "30%")
        .unit("of the highest equity")
        .origin("seed 002: an equity drop of 30 % stops everything")
        .doc("Lost since the peak from which the kill switch is set; 0% turns it off."),
    Key::new("guards.turnover_degraded", Kind::Amount, "15")
        .range("0", "10000")
        .unit("times the equity at 00:00 UTC")
        .origin("twice what the default strategy turns over in a day; seed 004, a market maker, had 3")
        .doc("Bought and sold in the UTC day from which the agent is degraded; 0 turns it off."),
    Key::new("guards.turnover_stop", Kind::Amount, "30")
        .range("0", "10000")
        .unit("times the equity at 00:00 UTC")
        .origin("seed 004: twice the first grade")
        .doc("Bought and sold in the UTC day from which it is a hard stop; 0 turns it off."),
    count("guards.order_errors_max", "5")
        .unit("orders")
        .origin("seed 004: 5 in a row")
        .doc("Orders that the venue refuses in a row before entries pause; 0 turns it off."),
    time("guards.order_errors_pause", "5m")
        .origin("seed 004: 300 s")
        .doc("That pause."),
    count("guards.cancels_per_minute_max", "50")
        .unit("cancels")
        .origin("seed 004: 50 a minute")
        .doc("Cancels in a minute above which entries pause; 0 turns it off."),
    time("guards.cancel_storm_pause", "2m")
        .origin("seed 004: 120 s")
        .doc("That pause."),
    count("guards.cancel_storms_max", "3")
        .unit("storms in an hour")
        .origin("seed 004: 3 breaches")
        .doc("Such minutes in an hour at which it is a hard stop; 0 turns it off."),
    count("guards.cancel_failures_max", "8")
        .unit("cancels")
        .origin("seed 004: 8 in a row")
        .doc("Cancels that the venue refuses in a row at which it is a hard stop; 0 turns it off."),
    ratio("guards.slippage_max", "0.5%")
        .unit("of the price decided at")
        .origin("five times the fee of a side")
        .doc("A fill worse than its decision by more than this slipped."),
    count("guards.slippage_fills_max", "3")
        .unit("fills")
        .origin("seed 004: 3 fails")
        .doc("Fills of a symbol that slip in a row before its entries pause; 0 turns it off."),
    time("guards.slippage_pause", "60s").origin("seed 004: 60 s").doc("That pause."),
    ratio("guards.edge_min", "0.02%")
        .unit("of the price")
        .origin("seed 004: 2 bps")
        .doc("What an entry's target has to leave after both fees and the spread; 0% turns it off."),
    ratio("guards.edge_resume", "0.03%")
        .unit("of the price")
        .origin("seed 004: 3 bps")
        .doc("The same, once a symbol's entry did not have it."),
    time("guards.edge_pause", "60s")
        .origin("seed 004: 60 s")
        .doc("Entries of the symbol wait this long then."),
    time("guards.degraded_max", "15m")
        .origin("seeds 003 and 004: 15 minutes")
        .doc("Degraded for this long is no passing trouble: entries pause; 0s turns it off."),
    time("guards.dwell", "60s")
        .origin("seed 004: 60 s")
        .doc("A guard's hold stays this much longer than its cause."),
    time("guards.mismatch_max", "6m")
        .origin("seed 004: 6 cycles in a row")
        .doc("Ledger and venue differ unexplained for this long: a hard stop; 0s turns it off."),
    switch("protections.cooldown_period")
        .doc("CooldownPeriod: a symbol's entries pause after each of its exits."),
    time("protections.cooldown_period_stop_duration", "5m")
        .origin("freqtrade: an example of its documentation")
        .doc("That pause."),
    switch("protections.stoploss_guard")
        .doc("StoplossGuard: entries pause when too many stops come in a while."),
    time("protections.stoploss_guard_lookback_period", "60m")
        .origin("freqtrade: its default")
        .doc("That while."),
    count("protections.stoploss_guard_trade_limit", "10")
        .unit("stops")
        .origin("freqtrade: its default")
        .doc("So many stops."),
    time("protections.stoploss_guard_stop_duration", "60m")
        .origin("freqtrade: its default")
        .doc("That pause."),
    ratio("protections.stoploss_guard_required_profit", "0%")
        .unit("of the cost")
        .origin("freqtrade: its default")
        .doc("Stops that earned this much do not count."),
    Key::new("protections.stoploss_guard_only_per_pair", Kind::Flag, "false")
        .origin("freqtrade: its default")
        .doc("Each symbol's stops pause that symbol only."),
    switch("protections.max_drawdown")
        .doc("MaxDrawdown: entries pause when the equity, open positions included, fell too far in a while."),
    time("protections.max_drawdown_lookback_period", "60m")
        .origin("freqtrade: its default")
        .doc("That while."),
    count("protections.max_drawdown_trade_limit", "1")
        .unit("trades")
        .origin("freqtrade: its default")
        .doc("Trades closed in it, at least."),
    time("protections.max_drawdown_stop_duration", "60m")
        .origin("freqtrade: its default")
        .doc("That pause."),
    ratio("protections.max_drawdown_max_allowed_drawdown", "5%")
        .unit("of the highest equity of the while")
        .origin("guards.drawdown_stop; freqtrade allows nothing by default")
        .doc("Lost without a pause."),
    switch("protections.low_profit_pairs")
        .doc("LowProfitPairs: a symbol's entries pause when its trades earned too little in a while."),
    time("protections.low_profit_pairs_lookback_period", "60m")
        .origin("freqtrade: its default")
        .doc("That while."),
    count("protections.low_profit_pairs_trade_limit", "1")
        .unit("trades")
        .origin("freqtrade: its default")
        .doc("Trades closed in it, at least."),
    time("protections.low_profit_pairs_stop_duration", "60m")
        .origin("freqtrade: its default")
        .doc("That pause."),
    ratio("protections.low_profit_pairs_required_profit", "0%")
        .unit("of the cost, summed")
        .origin("freqtrade: its default")
        .doc("Earned without a pause."),
];

//! `ibis` as a script uses it: options, JSON, exit codes, what is left on disk.

mod backup;
mod bad_configuration;
mod bad_files;
mod bad_ledger;
mod contract;
mod crash;
mod disk;
mod events;
mod life;
mod manual;
mod recorded;
mod recorder;
mod replay;
mod trade_history;

use crate::support::home::Home;

/// The whole of a script's first step: a quick deterministic run.
pub const RUN: &str = "agent --speed max --seed 7 --max-runtime 1h";

/// Three candles of an invented pair.
const CANDLES: &str = "ts_ms,open,high,low,close,volume\n\
    1600000000000,1.0,2.0,1.0,1.5,10\n\
    1600000060000,1.5,1.6,1.2,1.3,10\n\
    1600000120000,1.3,1.4,1.2,1.4,10\n";

/// Newest first, a size missing, a sell without a buy.
pub const HISTORY: &str = r#"{"trades": [
    {"order_id": "4", "symbol": "OBI", "side": "sell", "price": 2.0, "size": 5.0, "funds": 10.0,
     "fee": 0.02, "fee_currency": "USDT", "timestamp": 1771493000000, "executed_at": "1771493000000"},
    {"order_id": "3", "symbol": "XPIN", "side": "sell", "price": 1.25, "size": 8.0, "funds": 10.0,
     "fee": 0.01, "fee_currency": "USDT", "timestamp": 1771492000000, "executed_at": "1771492000000"},
    {"order_id": "1", "symbol": "XPIN", "side": "buy", "price": 1.0, "size": 0.0, "funds": 8.0,
     "fee": 0.01, "fee_currency": "USDT", "timestamp": 1771490000000, "executed_at": "1771490000000"}
], "matched_trades": []}"#;

/// A directory in which an agent has run.
fn run_before() -> Home {
    let home = Home::new();
    home.json(RUN);
    home
}

/// Ledger, account and `state.json` are what they are before and after; so is the verdict.
#[track_caller]
fn unchanged_by(home: &Home, act: impl FnOnce()) {
    let before = home.files("data");
    act();
    let after = home.files("data");
    for file in &before {
        assert!(after.contains(file), "{} changed or is gone", file.0.display());
    }
}

#[track_caller]
fn db_check_ok(home: &Home) {
    let check = home.json("db check");
    assert_eq!(check["ok"], true, "{check}");
}

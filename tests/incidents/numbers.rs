//! Numbers: grids, notation, fees, units.

use std::collections::BTreeMap;

use ibis::domain::decimal::{Decimal, Round};
use ibis::domain::execution::{ReportKind, VenueReason};
use ibis::domain::identifier::ClientOrderId;
use ibis::domain::instrument::{FeeClass, Instrument, Liquidity, Lots, Ticks};
use ibis::domain::order::{NewOrder, OrderLabel, OrderType, Purpose, TimeInForce};
use ibis::domain::side::Side;
use ibis::exchange::kucoin::protocol::candle::CandleRow;
use ibis::exchange::kucoin::venue::place_order;
use serde_json::Value;

use super::rig::{BTC, Rig, btc, d};
use crate::cli::RUN;
use crate::simulation::world::instruments;
use crate::support::home::Home;
use crate::support::shared_data;

/// The trades of the recorded history, where it is.
fn trades() -> Option<Vec<Value>> {
    let path = shared_data()?.join("ibis/trade_history.json");
    let history: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    Some(history["trades"].as_array().unwrap().clone())
}

/// A number of the history, exactly.
fn number(trade: &Value, key: &str) -> Decimal {
    Decimal::parse_foreign(&trade[key].to_string()).unwrap().0
}

/// A sell was refused 21 times in 50 minutes, `400100 Order size increment invalid.`, while it lost.
#[test]
fn i_01_lot_tick_notional_rejection_loop() {
    let instrument = btc();
    assert!(instrument.quantity(d("0.123456789")).is_err() && instrument.price(d("0.05")).is_err());
    let mut rig = Rig::new().holding("0.123456789").start();
    let mut attempts = 0;
    for _ in 0..3_000 {
        rig.quote(590_000);
        for order in rig.sent() {
            attempts += 1;
            assert_eq!(order.purpose(), Purpose::StopLoss);
            let size = instrument.quantity_of(order.quantity());
            assert_eq!(size, d("0.12345"), "on the grid, and all that is on it");
            assert!(instrument.quantity(size).is_ok());
            let text = "Order size increment invalid.".into();
            let refused = ReportKind::Rejected(VenueReason { code: 400_100, text });
            rig.report(order.client_order_id(), refused);
        }
    }
    assert!((5..=10).contains(&attempts), "tried ever more rarely: {attempts}");
}

/// `str(float)` wrote prices as `5.51e-08`, and sums drifted.
#[test]
fn i_02_scientific_notation_and_float_drift() {
    assert!(Decimal::parse("5.51e-08").is_err(), "not what money is written as");
    let find = |it: &Instrument| it.symbol().as_str() == "MOG-USDT";
    let mog = instruments().into_iter().find(find).unwrap();
    let label = OrderLabel {
        instrument: BTC,
        client_order_id: ClientOrderId::new("ibis-1-1").unwrap(),
        side: Side::Buy,
        purpose: Purpose::Entry,
    };
    let price = mog.price(d("0.0000000551")).unwrap();
    let order_type = OrderType::Limit { price, time_in_force: TimeInForce::Gtc, post_only: false };
    let order = NewOrder::new(&mog, label, order_type, Lots::new(9_000_000), price).unwrap();
    let mut body = String::new();
    place_order(&order, &mog).write(&mut body);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["price"], &body["size"]), (&"0.0000000551".into(), &"900000000".into()));
    let sum: Decimal = std::iter::repeat_n(d("0.1"), 10).sum();
    assert_eq!(sum, Decimal::ONE);
    let Some(trades) = trades() else { return };
    for trade in &trades {
        for key in ["price", "size", "funds", "fee"] {
            let value = number(trade, key);
            assert_eq!(Decimal::parse(&value.to_string()), Ok(value), "{trade}");
        }
    }
}

/// A validation that refused sizes above 10^6 stopped all of the profit's arithmetic.
#[test]
fn i_13_one_odd_row_stops_everything() {
    let row = |id: u32, price: &str, size: &str| {
        format!(
            r#"{{"order_id": "{id}", "symbol": "VOLT", "side": "buy", "price": {price}, "size": {size},
             "funds": 5.0, "fee": 0.01, "fee_currency": "USDT", "timestamp": 1771490000000,
             "executed_at": "1771490000000"}}"#
        )
    };
    let rows = [
        row(1, "0.00000025", "20000000.5"),
        row(2, "-1.0", "5.0"),
        row(3, "\"much\"", "5.0"),
        row(4, "1.0", "5.0"),
    ];
    let home = Home::new();
    home.write("odd.json", format!("{{\"trades\": [{}], \"matched_trades\": []}}", rows.join(",")));
    let ended = home.ibis("trades import odd.json --json");
    assert_eq!(ended.code, Some(1), "degraded, and said so: {ended:?}");
    let imported = ended.parsed();
    assert_eq!((&imported["imported"], &imported["rejected"]), (&2.into(), &2.into()));
    assert_eq!(imported["findings"].as_array().unwrap().len(), 2, "named: {imported}");
    let Some(data) = shared_data() else { return };
    let file = data.join("ibis/trade_history.json");
    let imported = home.json(&format!("trades import {}", file.display()));
    assert_eq!((&imported["imported"], &imported["rejected"]), (&1280.into(), &0.into()));
}

/// 0.05 % was assumed where 0.1, 0.2 and 0.3 % were paid.
#[test]
fn i_14_fee_model_is_wrong() {
    let home = Home::new();
    home.json(RUN);
    let rates: BTreeMap<String, Instrument> =
        instruments().into_iter().map(|it| (it.symbol().to_string(), it)).collect();
    let ledger = home.ledger();
    let mut query = ledger.prepare("SELECT symbol, notional, fee FROM fills").unwrap();
    let rows = query.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?])).unwrap();
    let fills: Vec<[String; 3]> = rows.map(Result::unwrap).collect();
    let mut classes = std::collections::BTreeSet::new();
    for [symbol, notional, fee] in &fills {
        let instrument = &rates[symbol];
        assert_eq!(instrument.fee(d(notional), Liquidity::Taker), d(fee), "{symbol}");
        classes.insert(instrument.spec().fee_class.rate());
    }
    assert!(classes.len() > 1, "one class proves little: {classes:?}");
    // What was really paid: one class for a symbol, exactly.
    let Some(trades) = trades() else { return };
    let mut paid: BTreeMap<String, Decimal> = BTreeMap::new();
    for trade in trades.iter().filter(|trade| trade["fee_currency"] == "USDT") {
        let (funds, fee) = (number(trade, "funds"), number(trade, "fee"));
        let fits = |class: &FeeClass| {
            let off = funds.mul(class.rate(), Round::Up) - fee;
            off.abs() <= d("0.000001")
        };
        let class = [FeeClass::A, FeeClass::B, FeeClass::C].into_iter().find(fits);
        let rate = class.unwrap_or_else(|| panic!("no class: {trade}")).rate();
        let symbol = trade["symbol"].as_str().unwrap().to_owned();
        assert_eq!(*paid.entry(symbol).or_insert(rate), rate, "{trade}");
    }
    assert!(paid.values().any(|rate| *rate == d("0.003")));
}

/// Percent and ratio, base and quote volume, the columns of a candle.
#[test]
fn i_15_units_and_columns_mixed_up() {
    for (text, told) in [
        ("stop_loss = 0.035", "write \"3.5%\""),
        ("stop_loss = \"0.035\"", "%"),
        ("hold_max = 30", "write \"30s\""),
    ] {
        let home = Home::new();
        home.write("units.toml", format!("[strategy]\n{text}\n"));
        let ended = home.ibis("agent --speed max --max-runtime 1h --config units.toml");
        let line = ended.refused(78);
        assert!(line.contains(told), "{text}: {line}");
    }
    // Not open, high, low, close as everywhere else.
    let row = r#"["1566789720","10411.5","10401.9","10411.6","10396.3","29.11","302889.3"]"#;
    let candle: CandleRow = serde_json::from_str(row).unwrap();
    let (open, close) = (candle.open, candle.close);
    assert_eq!((open, close), (d("10411.5"), d("10401.9")));
    assert_eq!((candle.high, candle.low), (d("10411.6"), d("10396.3")));
    assert_eq!((candle.volume, candle.turnover), (d("29.11"), d("302889.3")));
    assert_eq!(btc().notional(Ticks::new(600_000), Lots::new(100)), d("60"), "quote, not base");
}

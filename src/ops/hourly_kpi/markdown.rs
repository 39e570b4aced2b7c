//! The record of an hour for people.

use std::fmt::Write as _;

use super::kpi::{Kpi, Performance};
use crate::ops::exact_number::Number;

/// The whole page. `-` where the data gives no figure.
pub fn render(kpi: &Kpi) -> String {
    let mut page = format!("# {} to {}\n\n", kpi.hour, kpi.ts);
    let flow = [
        ("orders", kpi.hour_orders.to_string(), kpi.day_orders.to_string()),
        ("bought", kpi.hour_buy_funds.0.to_fixed(2), kpi.day_buy_funds.0.to_fixed(2)),
        ("sold", kpi.hour_sell_funds.0.to_fixed(2), kpi.day_sell_funds.0.to_fixed(2)),
        ("fees", kpi.hour_fees.0.to_fixed(4), kpi.day_fees.0.to_fixed(4)),
        (
            "fees, % of notional",
            kpi.hour_fee_pct_notional.0.to_fixed(4),
            kpi.day_fee_pct_notional.0.to_fixed(4),
        ),
    ];
    let (hour, day) = (performance(&kpi.performance), performance(&kpi.day));
    let earned = hour.into_iter().zip(day).map(|((name, hour), (_, day))| (name, hour, day));
    page.push_str("| | hour | 24 hours |\n|---|---:|---:|\n");
    for (name, hour, day) in flow.into_iter().chain(earned) {
        line(&mut page, &[name, &hour, &day]);
    }
    page.push_str("\n| at the end of the hour | |\n|---|---:|\n");
    let count = |value: Option<u64>| value.map_or_else(dash, |value| value.to_string());
    for (name, value) in [
        ("equity", shown(kpi.equity, 2)),
        ("exposure", shown(kpi.exposure, 2)),
        ("exposure, % of equity", shown(kpi.exposure_pct, 2)),
        ("unrealized", shown(kpi.unrealized_pnl, 4)),
        ("positions", count(kpi.slots.positions)),
        ("open buy orders", count(kpi.slots.open_buy_orders)),
        ("open sell orders", count(kpi.slots.open_sell_orders)),
        ("zombies", count(kpi.zombie_count)),
        ("canceled in 24 hours", kpi.orders_cancelled_today.to_string()),
        ("samples", format!("{} of {}", kpi.samples, kpi.samples_expected)),
        ("samples without a price", kpi.samples_incomplete.to_string()),
    ] {
        line(&mut page, &[name, &value]);
    }
    symbols(&mut page, kpi);
    for (reason, refused) in kpi.refusals_today.iter().flatten() {
        write(&mut page, &format!("\nrefused today, {reason}: {refused}\n"));
    }
    page
}

fn performance(of: &Performance) -> [(&'static str, String); 11] {
    [
        ("realized, net", of.realized_pnl.0.to_fixed(4)),
        ("realized, before fees", of.realized_gross.0.to_fixed(4)),
        ("sells matched", of.matched_sells.to_string()),
        ("win rate", shown(of.win_rate, 4)),
        ("profit factor", shown(of.profit_factor, 4)),
        ("expectancy", shown(of.expectancy, 4)),
        ("deepest drawdown", shown(of.max_drawdown, 4)),
        ("deepest drawdown, %", shown(of.max_drawdown_pct, 4)),
        ("turnover", shown(of.turnover, 4)),
        ("slippage of buys, bp", shown(of.slippage_buy_bps, 2)),
        ("slippage of sells, bp", shown(of.slippage_sell_bps, 2)),
    ]
}

fn symbols(page: &mut String, kpi: &Kpi) {
    if kpi.per_symbol.is_empty() {
        return;
    }
    page.push_str("\n| symbol | fills | bought | sold | fees | realized |\n");
    page.push_str("|---|---:|---:|---:|---:|---:|\n");
    for symbol in &kpi.per_symbol {
        line(
            page,
            &[
                symbol.symbol.as_str(),
                &symbol.fills.to_string(),
                &symbol.buy_funds.0.to_fixed(2),
                &symbol.sell_funds.0.to_fixed(2),
                &symbol.fees.0.to_fixed(4),
                &symbol.realized_pnl.0.to_fixed(4),
            ],
        );
    }
}

fn line(page: &mut String, cells: &[&str]) {
    write(page, &format!("| {} |\n", cells.join(" | ")));
}

fn write(page: &mut String, text: &str) {
    page.write_str(text).expect("writing to a String cannot fail");
}

fn shown(value: Option<Number>, places: u32) -> String {
    value.map_or_else(dash, |value| value.0.to_fixed(places))
}

fn dash() -> String {
    "-".to_owned()
}

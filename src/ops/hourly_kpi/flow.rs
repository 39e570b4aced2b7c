//! What was traded in a window: counts and exact sums, a pure function of the fills in it.
//!
//! Flows add up: a day is the sum of its 24 hours. An order is counted once in each hour in which it
//! filled, a sell's profit where it was booked.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::domain::decimal::{Decimal, Round};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::store::imported_trade::ImportedTrade;
use crate::store::kpi::FillRow;

/// Counts and sums of a window. Amounts in quote units, exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Flow {
    /// Fills.
    pub fills: u64,
    /// Buy orders that filled.
    pub buys: u64,
    /// Sell orders that filled.
    pub sells: u64,
    /// Paid, without fees.
    pub buy_funds: Decimal,
    /// Received, without fees.
    pub sell_funds: Decimal,
    /// Fees of both.
    pub fees: Decimal,
    /// Sum over buy orders from decision to first fill, microseconds.
    pub latency_us: i64,
    /// Buy orders in that sum.
    pub latency_samples: u64,
    /// Orders that ended canceled.
    pub canceled: u64,
    /// Of these, buys without any fill.
    pub stale_buys: u64,
    /// Sell orders of known basis.
    pub matched_sells: u64,
    /// Of these, with a net above zero.
    pub wins: u64,
    /// Sum of the nets above zero.
    pub won: Decimal,
    /// Sum of the nets below zero: negative or zero.
    pub lost: Decimal,
    /// Realized before fees.
    pub gross: Decimal,
    /// Realized fees of both sides.
    pub realized_fees: Decimal,
    /// What buys cost above the price their decisions saw; negative is better than seen.
    pub buy_slippage: Decimal,
    /// What those buys would have cost.
    pub buy_reference: Decimal,
    /// What sells brought below the price their decisions saw.
    pub sell_slippage: Decimal,
    /// What those sells would have brought.
    pub sell_reference: Decimal,
}

/// An order's part in a window.
#[derive(Default)]
struct OrderFlow {
    net: Option<Decimal>,
}

impl Flow {
    /// The flow of the fills from `start` on, before `end`. Others are left out, future ones too.
    pub fn over(fills: &[FillRow], start: Timestamp, end: Timestamp) -> Self {
        let mut flow = Self::default();
        let mut orders: BTreeMap<&str, OrderFlow> = BTreeMap::new();
        for fill in fills.iter().filter(|fill| (start..end).contains(&fill.at)) {
            let is_first = !orders.contains_key(fill.order.as_str());
            let order = orders.entry(&fill.order).or_default();
            if let Some(realized) = &fill.realized {
                *order.net.get_or_insert_default() += realized.net;
                flow.gross += realized.gross;
                flow.realized_fees += realized.fees;
            }
            flow.add_fill(fill, is_first);
        }
        for net in orders.values().filter_map(|order| order.net) {
            flow.matched_sells += 1;
            flow.wins += u64::from(net.is_positive());
            if net.is_positive() { flow.won += net } else { flow.lost += net }
        }
        flow
    }

    fn add_fill(&mut self, fill: &FillRow, is_first: bool) {
        self.fills += 1;
        self.fees += fill.fee;
        match fill.side {
            Side::Buy => {
                self.buys += u64::from(is_first);
                self.buy_funds += fill.funds;
            }
            Side::Sell => {
                self.sells += u64::from(is_first);
                self.sell_funds += fill.funds;
            }
        }
        let Some(decision) = fill.decision else { return };
        let reference = decision.reference_price.mul(fill.quantity, Round::Down);
        match fill.side {
            Side::Buy => {
                self.buy_slippage += fill.funds - reference;
                self.buy_reference += reference;
                if is_first {
                    self.latency_us += fill.at.us_since(decision.at);
                    self.latency_samples += 1;
                }
            }
            Side::Sell => {
                self.sell_slippage += reference - fill.funds;
                self.sell_reference += reference;
            }
        }
    }

    /// Realized after fees.
    pub fn net(&self) -> Decimal {
        self.gross - self.realized_fees
    }

    /// Bought and sold.
    pub fn notional(&self) -> Decimal {
        self.buy_funds + self.sell_funds
    }

    /// Orders that filled.
    pub fn orders(&self) -> u64 {
        self.buys + self.sells
    }
}

impl AddAssign for Flow {
    fn add_assign(&mut self, other: Self) {
        self.fills += other.fills;
        self.buys += other.buys;
        self.sells += other.sells;
        self.buy_funds += other.buy_funds;
        self.sell_funds += other.sell_funds;
        self.fees += other.fees;
        self.latency_us += other.latency_us;
        self.latency_samples += other.latency_samples;
        self.canceled += other.canceled;
        self.stale_buys += other.stale_buys;
        self.matched_sells += other.matched_sells;
        self.wins += other.wins;
        self.won += other.won;
        self.lost += other.lost;
        self.gross += other.gross;
        self.realized_fees += other.realized_fees;
        self.buy_slippage += other.buy_slippage;
        self.buy_reference += other.buy_reference;
        self.sell_slippage += other.sell_slippage;
        self.sell_reference += other.sell_reference;
    }
}

/// The flow of each symbol, in alphabetical order.
pub fn by_symbol(fills: &[FillRow], start: Timestamp, end: Timestamp) -> BTreeMap<Symbol, Flow> {
    let mut groups: BTreeMap<Symbol, Vec<FillRow>> = BTreeMap::new();
    for fill in fills {
        groups.entry(fill.symbol).or_default().push(fill.clone());
    }
    groups.into_iter().map(|(symbol, fills)| (symbol, Flow::over(&fills, start, end))).collect()
}

/// An imported trade as a fill: an order of its own, without decision or booked profit.
pub fn of_imported(trade: &ImportedTrade) -> FillRow {
    FillRow {
        order: trade.id.to_string(),
        symbol: trade.symbol,
        side: trade.side,
        quantity: trade.quantity,
        funds: trade.funds,
        fee: trade.quote_fee(),
        at: trade.at,
        decision: None,
        realized: None,
    }
}

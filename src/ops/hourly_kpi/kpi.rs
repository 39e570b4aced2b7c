//! The record of one hour: the 30 fields of the Python IBIS by their names, and what it never had.
//!
//! A pure function of [`Gathered`]. Money is rounded to 6 places, ratios to 4, latencies to 3, half
//! away from zero; a figure that the data does not give is `null`, never 0. `day_` is the 24 hours
//! that end with the hour. The fixed yardsticks of the original ([`SLOTS`], [`BILL`],
//! [`PENDING_BUY_LIMIT`]) are kept so that its users can compare.

use std::collections::BTreeMap;

use serde::Serialize;

use super::flow::Flow;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::symbol::Symbol;
use crate::domain::time::{DAY_US, HOUR_US, Timestamp};
use crate::ops::exact_number::{Number, rounded};
use crate::store::kpi::{OpenPosition, SampleRow};

/// Positions the original counted as full.
pub const SLOTS: i64 = 15;
/// Quote units of one of its orders.
pub const BILL: i64 = 11;
/// Pending buys at which its queue was full.
pub const PENDING_BUY_LIMIT: i64 = 8;
/// Samples the agent takes in an hour.
const SAMPLES_PER_HOUR: u64 = 60;
/// A position held longer than this without moving is a zombie.
const ZOMBIE_AGE_US: i64 = HOUR_US / 2;
/// It did not move: profit or loss of at most 0.2 %, as a ratio.
const ZOMBIE_MOVE: Decimal = Decimal::from_raw(2_000_000_000_000_000);

/// Everything a record is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gathered {
    /// Start of the hour.
    pub hour: Timestamp,
    /// What was traded in the hour.
    pub hour_flow: Flow,
    /// What was traded in the 24 hours that end with it.
    pub day_flow: Flow,
    /// What was traded in the hour, by symbol.
    pub by_symbol: BTreeMap<Symbol, Flow>,
    /// The samples of those 24 hours.
    pub samples: Vec<SampleRow>,
    /// What is known only at the time of the report.
    pub moment: Moment,
}

/// What the ledger holds only for now: kept from the first report of an hour, null where that came
/// more than an hour late.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, serde::Deserialize)]
pub struct Moment {
    /// Positions held for more than 30 minutes that moved at most 0.2 %.
    pub zombie_count: Option<u64>,
    /// Entries not sent on the hour's UTC day so far, by reason.
    pub refusals_today: Option<BTreeMap<String, u64>>,
}

impl Moment {
    /// The positions and refusals of now, for the hour that ended at `end`.
    pub fn of(positions: &[OpenPosition], refusals: BTreeMap<String, u64>, end: Timestamp) -> Self {
        let is_zombie = |position: &&OpenPosition| {
            let change = (position.value - position.cost).abs();
            end.us_since(position.opened_at) > ZOMBIE_AGE_US
                && change <= position.cost.mul(ZOMBIE_MOVE, Round::Down)
        };
        let zombies = positions.iter().filter(is_zombie).count();
        Self { zombie_count: Some(zombies as u64), refusals_today: Some(refusals) }
    }
}

/// The record, as written. Field names are the format.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields of the Python IBIS, documented in README")]
pub struct Kpi {
    pub ts: String,
    pub hour: String,
    pub hour_orders: u64,
    pub hour_buys: u64,
    pub hour_sells: u64,
    pub hour_buy_funds: Number,
    pub hour_sell_funds: Number,
    pub hour_fees: Number,
    pub hour_fee_pct_notional: Number,
    pub day_orders: u64,
    pub day_buy_funds: Number,
    pub day_sell_funds: Number,
    pub day_fees: Number,
    pub day_fee_pct_notional: Number,
    pub velocity_per_slot_per_day: Number,
    pub single_bill_cycles_per_day: Number,
    pub avg_buy_fill_latency_seconds_today: Option<Number>,
    pub buy_fill_samples_today: u64,
    pub orders_cancelled_today: u64,
    pub stale_buy_cancels_today: u64,
    pub pending_buy_limit: i64,
    #[serde(flatten)]
    pub slots: Slots,
    pub zombie_count: Option<u64>,
    pub zombie_rate: Option<Number>,
    #[serde(flatten)]
    pub performance: Performance,
    pub unrealized_pnl: Option<Number>,
    pub equity: Option<Number>,
    pub exposure: Option<Number>,
    pub exposure_pct: Option<Number>,
    pub day: Performance,
    pub per_symbol: Vec<SymbolKpi>,
    pub refusals_today: Option<BTreeMap<String, u64>>,
    pub samples: u64,
    pub samples_expected: u64,
    pub samples_incomplete: u64,
    /// The hour's exact sums: what the next hours' day figures are added up from.
    pub exact: Flow,
    /// What cannot be derived again.
    pub moment: Moment,
}

/// Positions and open orders at the hour's last sample; all null without one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "as Kpi")]
pub struct Slots {
    pub positions: Option<u64>,
    pub open_buy_orders: Option<u64>,
    pub open_sell_orders: Option<u64>,
    pub occupied_slots: Option<u64>,
    pub slot_fill_rate: Option<Number>,
    pub queue_pressure_ratio: Option<Number>,
    pub deployable_usdt: Option<Number>,
    pub capital_utilization_pct: Option<Number>,
}

/// How well a window went. Slippage in basis points of what the decisions saw, above zero is worse.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "as Kpi")]
pub struct Performance {
    pub realized_pnl: Number,
    pub realized_gross: Number,
    pub realized_fees: Number,
    pub matched_sells: u64,
    pub wins: u64,
    pub win_rate: Option<Number>,
    pub profit_factor: Option<Number>,
    pub expectancy: Option<Number>,
    pub max_drawdown: Option<Number>,
    pub max_drawdown_pct: Option<Number>,
    pub turnover: Option<Number>,
    pub slippage_buy_bps: Option<Number>,
    pub slippage_sell_bps: Option<Number>,
}

/// One symbol's hour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "as Kpi")]
pub struct SymbolKpi {
    pub symbol: Symbol,
    pub fills: u64,
    pub buy_funds: Number,
    pub sell_funds: Number,
    pub fees: Number,
    pub realized_pnl: Number,
    pub matched_sells: u64,
    pub wins: u64,
}

impl Kpi {
    /// The record of an hour.
    pub fn of(gathered: &Gathered) -> Self {
        let Gathered { hour, hour_flow, day_flow, .. } = gathered;
        let end = Timestamp::from_us(hour.us() + HOUR_US);
        let from = gathered.samples.partition_point(|sample| sample.at < *hour);
        let hour_samples = gathered.samples.get(from..).unwrap_or_default();
        let last = hour_samples.last();
        let zombie_count = gathered.moment.zombie_count;
        let positions = last.map_or(0, |sample| sample.positions);
        let zombie_rate = zombie_count
            .filter(|_| last.is_some())
            .map(|zombies| ratio(count(zombies), count(positions), 4).unwrap_or_default());
        let sold = day_flow.sell_funds;
        Self {
            ts: end.to_string(),
            hour: hour.to_string(),
            hour_orders: hour_flow.orders(),
            hour_buys: hour_flow.buys,
            hour_sells: hour_flow.sells,
            hour_buy_funds: money(hour_flow.buy_funds),
            hour_sell_funds: money(hour_flow.sell_funds),
            hour_fees: money(hour_flow.fees),
            hour_fee_pct_notional: fee_percent(hour_flow),
            day_orders: day_flow.orders(),
            day_buy_funds: money(day_flow.buy_funds),
            day_sell_funds: money(sold),
            day_fees: money(day_flow.fees),
            day_fee_pct_notional: fee_percent(day_flow),
            velocity_per_slot_per_day: rounded(
                sold.div(Decimal::from_int(SLOTS * BILL), Round::Down),
                4,
            ),
            single_bill_cycles_per_day: rounded(sold.div(Decimal::from_int(BILL), Round::Down), 4),
            avg_buy_fill_latency_seconds_today: latency_seconds(day_flow),
            buy_fill_samples_today: day_flow.latency_samples,
            orders_cancelled_today: day_flow.canceled,
            stale_buy_cancels_today: day_flow.stale_buys,
            pending_buy_limit: PENDING_BUY_LIMIT,
            slots: last.map(Slots::of).unwrap_or_default(),
            zombie_count,
            zombie_rate,
            performance: Performance::of(hour_flow, hour_samples),
            unrealized_pnl: last.map(|sample| money(sample.unrealized)),
            equity: last.map(|sample| money(sample.equity)),
            exposure: last.map(|sample| money(sample.exposure)),
            exposure_pct: last.and_then(|sample| percent(sample.exposure, sample.equity, 4)),
            day: Performance::of(day_flow, &gathered.samples),
            per_symbol: gathered.by_symbol.iter().map(SymbolKpi::of).collect(),
            refusals_today: gathered.moment.refusals_today.clone(),
            samples: hour_samples.len() as u64,
            samples_expected: SAMPLES_PER_HOUR,
            samples_incomplete: hour_samples.iter().filter(|it| !it.is_complete).count() as u64,
            exact: *hour_flow,
            moment: gathered.moment.clone(),
        }
    }

    /// Start of the 24 hours that end with `hour`.
    pub fn day_start(hour: Timestamp) -> Timestamp {
        Timestamp::from_us(hour.us() + HOUR_US - DAY_US)
    }
}

impl Slots {
    fn of(sample: &SampleRow) -> Self {
        let occupied = sample.positions + sample.open_buy_orders;
        let bound = sample.equity - sample.cash_available;
        Self {
            positions: Some(sample.positions),
            open_buy_orders: Some(sample.open_buy_orders),
            open_sell_orders: Some(sample.open_sell_orders),
            occupied_slots: Some(occupied),
            slot_fill_rate: ratio(count(occupied), Decimal::from_int(SLOTS), 4),
            queue_pressure_ratio: ratio(
                count(sample.open_buy_orders),
                Decimal::from_int(PENDING_BUY_LIMIT),
                4,
            ),
            deployable_usdt: Some(money(sample.cash_available)),
            capital_utilization_pct: percent(bound, sample.equity, 4),
        }
    }
}

impl Performance {
    fn of(flow: &Flow, samples: &[SampleRow]) -> Self {
        let sells = count(flow.matched_sells);
        let drawdown = Drawdown::of(samples);
        let equity = samples.last().map_or(Decimal::ZERO, |sample| sample.equity);
        let bps = |cost: Decimal, reference: Decimal| ratio(cost.times(10_000), reference, 4);
        Self {
            realized_pnl: money(flow.net()),
            realized_gross: money(flow.gross),
            realized_fees: money(flow.realized_fees),
            matched_sells: flow.matched_sells,
            wins: flow.wins,
            win_rate: ratio(count(flow.wins), sells, 4),
            profit_factor: ratio(flow.won, -flow.lost, 4),
            expectancy: ratio(flow.net(), sells, 6),
            max_drawdown: drawdown.map(|drawdown| money(drawdown.amount)),
            max_drawdown_pct: drawdown.and_then(|it| percent(it.amount, it.peak, 4)),
            turnover: ratio(flow.notional(), equity, 4),
            slippage_buy_bps: bps(flow.buy_slippage, flow.buy_reference),
            slippage_sell_bps: bps(flow.sell_slippage, flow.sell_reference),
        }
    }
}

impl SymbolKpi {
    fn of((symbol, flow): (&Symbol, &Flow)) -> Self {
        Self {
            symbol: *symbol,
            fills: flow.fills,
            buy_funds: money(flow.buy_funds),
            sell_funds: money(flow.sell_funds),
            fees: money(flow.fees),
            realized_pnl: money(flow.net()),
            matched_sells: flow.matched_sells,
            wins: flow.wins,
        }
    }
}

/// The deepest fall of equity from a peak before it, by share of the peak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drawdown {
    /// What it fell from, quote units.
    pub peak: Decimal,
    /// By how much, quote units.
    pub amount: Decimal,
}

impl Drawdown {
    /// `None` without samples. Incomplete samples show falls that did not happen: left out.
    pub fn of<'a>(samples: impl IntoIterator<Item = &'a SampleRow>) -> Option<Self> {
        let mut complete = samples.into_iter().filter(|sample| sample.is_complete);
        let mut peak = complete.next()?.equity;
        let mut deepest = Self { peak, amount: Decimal::ZERO };
        for sample in complete {
            peak = peak.max(sample.equity);
            let amount = peak - sample.equity;
            let fall = Self { peak, amount };
            if fall.share() > deepest.share() {
                deepest = fall;
            }
        }
        Some(deepest)
    }

    /// The fall as a fraction of the peak.
    pub fn share(self) -> Decimal {
        if self.peak.is_positive() {
            self.amount.div(self.peak, Round::Down)
        } else {
            Decimal::ZERO
        }
    }
}

fn count(count: u64) -> Decimal {
    Decimal::from_int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn money(amount: Decimal) -> Number {
    rounded(amount, 6)
}

/// `None` where there is nothing to divide by.
fn ratio(part: Decimal, whole: Decimal, places: u32) -> Option<Number> {
    whole.is_positive().then(|| rounded(part.div(whole, Round::Down), places))
}

fn percent(part: Decimal, whole: Decimal, places: u32) -> Option<Number> {
    ratio(part.times(100), whole, places)
}

/// Fees in percent of what was traded, 6 places; 0 where nothing was.
fn fee_percent(flow: &Flow) -> Number {
    percent(flow.fees, flow.notional(), 6).unwrap_or_default()
}

fn latency_seconds(flow: &Flow) -> Option<Number> {
    let sum = Decimal::from_parts(flow.latency_us.into(), 6)?;
    ratio(sum, count(flow.latency_samples), 3)
}

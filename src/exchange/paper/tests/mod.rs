//! The rules of the paper venue, one test each, and its laws over random markets.

mod laws;
mod refusals;
mod resting;
mod restoring;
mod taking;
mod term_laws;
mod terms;

use std::collections::BTreeMap;

use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::{Execution, ExecutionReport, ReportKind};
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId};
use crate::domain::instrument::{FeeClass, Instrument, InstrumentSpec, Lots, Ticks};
use crate::domain::market_data::{DepthChange, MarketData, MarketEvent, Quote, Trade};
use crate::domain::order::TimeInForce;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

use super::{
    Amount, OrderRequest, PaperSettings, PaperVenue, RequestedType, SelfTrade, Terms, VenueOrder,
    Visibility,
};

pub(super) fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub(super) fn asset(text: &str) -> Asset {
    Asset::new(text).unwrap()
}

pub(super) fn id(text: &str) -> ClientOrderId {
    ClientOrderId::new(text).unwrap()
}

/// Tick 1, lot 1, so that prices and sizes in tests are ticks and lots; 0.1 % maker, 0.2 % taker.
pub(super) fn instrument(symbol: &str) -> Instrument {
    Instrument::new(InstrumentSpec {
        symbol: Symbol::new(symbol).unwrap(),
        tick: d("1"),
        lot: d("1"),
        quantity_min: d("2"),
        quantity_max: d("1000000"),
        notional_min: d("11"),
        fee_class: FeeClass::A,
        maker_fee: d("0.001"),
        taker_fee: d("0.002"),
    })
    .unwrap()
}

/// A venue with two instruments and no latency, and shorthands that check it after every step.
pub(super) struct Bench {
    pub venue: PaperVenue,
    now: i64,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(PaperSettings::immediate())
    }

    pub fn with(settings: PaperSettings) -> Self {
        let instruments = vec![instrument("AAA-USDT"), instrument("BBB-USDT")];
        let deposits = [(asset("USDT"), d("100000")), (asset("AAA"), d("1000"))];
        Self { venue: PaperVenue::new(instruments, settings, &deposits), now: 0 }
    }

    pub fn market(&mut self, data: MarketData) -> Option<Quote> {
        self.now += 1;
        let at = Timestamp::from_us(self.now);
        let top = self.venue.on_market(&MarketEvent { at, instrument: InstrumentId(0), data });
        assert_eq!(self.venue.check(), Vec::<String>::new());
        top
    }

    pub fn quote(&mut self, bid: (i64, i64), ask: (i64, i64)) {
        self.market(MarketData::Quote(Quote {
            bid: Ticks::new(bid.0),
            bid_size: Lots::new(bid.1),
            ask: Ticks::new(ask.0),
            ask_size: Lots::new(ask.1),
        }));
    }

    pub fn depth(&mut self, side: Side, price: i64, size: i64) -> Option<Quote> {
        let (price, size) = (Ticks::new(price), Lots::new(size));
        self.market(MarketData::Depth(DepthChange { side, price, size }))
    }

    pub fn print(&mut self, price: i64, size: i64, aggressor: Side) {
        let (price, size, aggressor) = (Ticks::new(price), Lots::new(size), Some(aggressor));
        self.market(MarketData::Trade(Trade { price, size, aggressor }));
    }

    pub fn request(&mut self, request: OrderRequest) -> Vec<ExecutionReport> {
        self.venue.submit_request(request, Timestamp::from_us(self.now));
        self.turn()
    }

    pub fn limit(&mut self, name: &str, side: Side, price: i64, size: i64) -> Vec<String> {
        self.limit_as(name, side, (price, size), TimeInForce::Gtc, false)
    }

    pub fn limit_as(
        &mut self,
        name: &str,
        side: Side,
        (price, size): (i64, i64),
        time_in_force: TimeInForce,
        post_only: bool,
    ) -> Vec<String> {
        let price = Decimal::from_int(price);
        let order_type = RequestedType::Limit { price, time_in_force, post_only };
        let reports = self.request(order(name, side, order_type, size));
        words(&reports)
    }

    pub fn market_order(&mut self, name: &str, side: Side, size: i64) -> Vec<String> {
        let reports = self.request(order(name, side, RequestedType::Market, size));
        words(&reports)
    }

    pub fn cancel(&mut self, name: &str) -> Vec<String> {
        self.venue.cancel(id(name), Timestamp::from_us(self.now));
        let reports = self.turn();
        words(&reports)
    }

    pub fn turn(&mut self) -> Vec<ExecutionReport> {
        let now = Timestamp::from_us(self.now);
        self.venue.advance(now);
        assert_eq!(self.venue.check(), Vec::<String>::new());
        let mut reports = Vec::new();
        self.venue.take_reports(now, &mut reports);
        reports
    }

    /// The reports since the last call, in words.
    pub fn reports(&mut self) -> Vec<String> {
        words(&self.turn())
    }

    pub fn order(&self, name: &str) -> VenueOrder {
        *self.venue.order(&id(name)).unwrap()
    }

    pub fn balance(&self, name: &str) -> Balance {
        self.venue.balances().get(&asset(name)).copied().unwrap_or_default()
    }

    pub fn executions(&self) -> Vec<Execution> {
        self.venue.executions_since(0).unwrap().copied().collect()
    }
}

pub(super) fn order(name: &str, side: Side, order_type: RequestedType, size: i64) -> OrderRequest {
    let (instrument, client_order_id) = (InstrumentId(0), id(name));
    let amount = Amount::Size(Decimal::from_int(size));
    let terms = Terms::default();
    OrderRequest { instrument, client_order_id, side, order_type, amount, terms }
}

/// `a accepted`, `a 5@100 maker`, `a canceled`, `a rejected 200004` ...
pub(super) fn words(reports: &[ExecutionReport]) -> Vec<String> {
    let word = |report: &ExecutionReport| match &report.kind {
        ReportKind::Accepted { .. } => "accepted".to_owned(),
        ReportKind::Rejected(reason) => format!("rejected {}", reason.code),
        ReportKind::Fill(fill) => {
            let (quantity, price) = (fill.quantity.get(), fill.price.get());
            format!("{quantity}@{price} {}", fill.liquidity.as_str())
        }
        ReportKind::Canceled(None) => "canceled".to_owned(),
        ReportKind::Canceled(Some(reason)) => format!("canceled {}", reason.code),
        ReportKind::Expired => "expired".to_owned(),
        ReportKind::CancelRejected(reason) => format!("cancel rejected {}", reason.code),
        ReportKind::AnswerLost => "answer lost".to_owned(),
    };
    reports.iter().map(|report| format!("{} {}", report.client_order_id, word(report))).collect()
}

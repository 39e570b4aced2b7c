//! The venue's words, from the wire's types to the tracker's, and what each does.

use crate::domain::execution::VenueReason;
use crate::domain::hold::HoldCode;
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId, VenueOrderId};
use crate::domain::instrument::{InstrumentSpec, Liquidity};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::instrument::{Rates, from_symbol};
use crate::exchange::kucoin::order_tracker::{
    CancelAnswer, End, Moment, OrderAnswer, OrderNews, PlaceAnswer, Push, TradeReport,
};
use crate::exchange::kucoin::protocol::cancel::CanceledEverything;
use crate::exchange::kucoin::protocol::dead_man::DeadMan;
use crate::exchange::kucoin::protocol::fill::Fill;
use crate::exchange::kucoin::protocol::order::{self, Order};
use crate::exchange::kucoin::protocol::order_push::{Change, OrderPush};
use crate::exchange::kucoin::protocol::place::Placed;
use crate::exchange::kucoin::protocol::status::{ServiceState, ServiceStatus};
use crate::exchange::kucoin::protocol::symbol::SymbolRow;
use crate::exchange::kucoin::rest::{ClockSkew, Failure};

use super::KucoinVenue;
use super::survey::Survey;
use super::watch::SurveyAsked;

/// An answer that waits for the session's turn.
pub(super) enum Answer {
    Placed(ClientOrderId, InstrumentId, Result<Placed<'static>, Failure>),
    Canceled(ClientOrderId, InstrumentId, Result<(), Failure>),
    CanceledAll(Result<CanceledEverything<'static>, Failure>),
    CanceledStops(Result<usize, Failure>),
    Order(ClientOrderId, Result<Order<'static>, Failure>),
    Fills(ClientOrderId, Result<Vec<Fill<'static>>, Failure>),
    Account(SurveyAsked, Result<Survey, Failure>),
    DeadMan(Result<DeadMan, Failure>),
    Service(Result<ServiceStatus<'static>, Failure>),
    Symbol(InstrumentId, Result<SymbolRow<'static>, Failure>),
    Key(Result<(), Failure>),
    Clock(Result<ClockSkew, Failure>),
}

impl KucoinVenue {
    pub(super) fn on_answer(&mut self, answer: Answer, now: Moment) {
        match answer {
            Answer::Placed(id, instrument, outcome) => {
                self.note(Some(instrument), &outcome);
                self.tracker.on_placed(&id, placed(outcome), now);
            }
            Answer::Canceled(id, instrument, outcome) => {
                self.note(Some(instrument), &outcome);
                self.tracker.on_cancel(&id, canceled(&outcome), now);
            }
            Answer::CanceledAll(outcome) => {
                self.note(None, &outcome);
                match outcome {
                    // What is left shows in the account, and is asked back again.
                    Ok(canceled) => {
                        for failed in &canceled.failed_symbols {
                            log::error!("not canceled: {failed}");
                        }
                    }
                    Err(failure) => log::error!("not all canceled: {failure}"),
                }
            }
            Answer::CanceledStops(outcome) => {
                self.note(None, &outcome);
                if let Err(failure) = outcome {
                    log::error!("stop orders not canceled: {failure}");
                }
            }
            Answer::Order(id, outcome) => {
                self.note(None, &outcome);
                self.tracker.on_order(&id, order(&outcome), now);
            }
            Answer::Fills(id, outcome) => {
                self.note(None, &outcome);
                let fills = outcome.ok().and_then(|fills| reports(&fills));
                self.tracker.on_fills(&id, fills.as_deref(), now);
            }
            Answer::Account(asked, outcome) => self.on_survey(asked, outcome, now),
            Answer::DeadMan(outcome) => {
                self.note(None, &outcome);
                let fires_at = outcome.ok().map(|set| from_seconds(set.trigger_time));
                self.dead_man.answered(fires_at, now.elapsed);
            }
            Answer::Service(outcome) => {
                self.note(None, &outcome);
                if let Ok(service) = outcome {
                    self.watch.maintenance = closed(&service);
                }
            }
            Answer::Symbol(id, outcome) => self.on_symbol(id, &outcome),
            Answer::Key(outcome) => {
                self.note(None, &outcome);
                if outcome.is_ok() {
                    self.conditions.clear(None, HoldCode::VenueUnauthorized);
                }
            }
            Answer::Clock(outcome) => self.note(None, &outcome),
        }
    }

    /// An instrument's row: tradable, and as it was?
    fn on_symbol(&mut self, id: InstrumentId, outcome: &Result<SymbolRow<'static>, Failure>) {
        self.note(None, outcome);
        let (Some(symbol), Some(known)) = (self.symbol_of(id), self.instruments.get(id.index()))
        else {
            return;
        };
        match outcome {
            Ok(row) if !row.enable_trading => {
                self.halt(id, HoldCode::InstrumentHalted, format!("{symbol} does not trade"));
            }
            Ok(row) => {
                self.conditions.clear(Some(symbol), HoldCode::InstrumentHalted);
                if let Some(change) = difference(known.spec(), row) {
                    self.halt(id, HoldCode::InstrumentChanged, change);
                }
            }
            Err(Failure::NotFound(_) | Failure::Rejected(_) | Failure::Halted(_)) => {
                self.halt(id, HoldCode::InstrumentHalted, format!("{symbol} is listed no more"));
            }
            Err(_) => {}
        }
    }
}

/// What an outcome of a placing says of the order.
pub fn placed(outcome: Result<Placed<'static>, Failure>) -> PlaceAnswer {
    match outcome {
        Ok(placed) => VenueOrderId::new(placed.order_id.as_str())
            .map_or(PlaceAnswer::Unresolved, PlaceAnswer::Accepted),
        // It is there, from an attempt whose answer was lost.
        Err(Failure::Duplicate(_) | Failure::Unresolved(_) | Failure::Malformed(_)) => {
            PlaceAnswer::Unresolved
        }
        Err(failure) => PlaceAnswer::Refused(refusal(&failure)),
    }
}

/// The venue's words, or ours where it said nothing.
fn refusal(failure: &Failure) -> VenueReason {
    let said = failure.venue();
    VenueReason {
        code: said.and_then(|said| said.code).map_or(0, |code| code.number()),
        text: said.map_or_else(|| failure.to_string(), |said| said.message.clone()).into(),
    }
}

/// What an outcome of a cancel says.
pub fn canceled(outcome: &Result<(), Failure>) -> CancelAnswer {
    match outcome {
        Ok(()) => CancelAnswer::Taken,
        Err(Failure::NotFound(_) | Failure::Rejected(_)) => CancelAnswer::Refused,
        Err(_) => CancelAnswer::Failed,
    }
}

/// What an outcome of a question about an order says.
pub fn order(outcome: &Result<Order<'static>, Failure>) -> OrderAnswer {
    match outcome {
        Ok(order) => news_of(order).map_or(OrderAnswer::Failed, OrderAnswer::Known),
        Err(Failure::NotFound(_)) => OrderAnswer::NotFound,
        Err(_) => OrderAnswer::Failed,
    }
}

/// What an order object says; `None` where its id is none.
pub fn news_of(order: &Order<'_>) -> Option<OrderNews> {
    let end = match (order.active, order.cancel_exist) {
        (true, _) => None,
        (false, true) => Some(End::Canceled),
        (false, false) => Some(End::Filled),
    };
    let venue_order_id = VenueOrderId::new(order.id.as_str()).ok()?;
    Some(OrderNews { venue_order_id, filled: order.deal_size, end })
}

/// What a push says; `None` where its ids are none, or where it says nothing that counts.
pub fn push_of(push: &OrderPush<'_>, instrument: InstrumentId) -> Option<Push> {
    let venue_order_id = VenueOrderId::new(push.order_id.as_str()).ok()?;
    let ours = push.client_oid.as_ref().and_then(|id| ClientOrderId::new(id.as_str()).ok());
    let client_order_id = match ours {
        Some(id) => id,
        None => ClientOrderId::new(venue_order_id.as_str()).ok()?,
    };
    let end = match push.change {
        Change::Filled => Some(End::Filled),
        Change::Canceled => Some(End::Canceled),
        Change::Received | Change::Open | Change::Match | Change::Update | Change::Unknown => None,
    };
    let filled = push.filled_size.unwrap_or_default();
    let news = OrderNews { venue_order_id, filled, end };
    Some(Push { client_order_id, instrument, news })
}

/// A page of fills; `None` where one of them cannot be what it says.
pub fn reports(fills: &[Fill<'_>]) -> Option<Vec<TradeReport>> {
    fills.iter().map(report).collect()
}

fn report(fill: &Fill<'_>) -> Option<TradeReport> {
    Some(TradeReport {
        trade_id: u64::try_from(fill.trade_id).ok()?,
        venue_order_id: VenueOrderId::new(fill.order_id.as_str()).ok()?,
        side: fill.side,
        price: fill.price,
        size: fill.size,
        funds: fill.funds,
        fee: fill.fee,
        fee_asset: Asset::new(fill.fee_currency.as_str()).ok()?,
        liquidity: match fill.liquidity {
            order::Liquidity::Maker => Liquidity::Maker,
            order::Liquidity::Taker | order::Liquidity::Unknown => Liquidity::Taker,
        },
        at: Timestamp::from_ms(fill.created_at),
    })
}

/// What the venue changed of an instrument's grid and minimums.
fn difference(known: &InstrumentSpec, row: &SymbolRow<'_>) -> Option<String> {
    let now = match from_symbol(row, Rates::Class) {
        Ok(now) => now,
        Err(unusable) => return Some(unusable.to_string()),
    };
    let pairs = [
        ("price increment", known.tick, now.tick),
        ("size increment", known.lot, now.lot),
        ("smallest size", known.quantity_min, now.quantity_min),
        ("smallest notional", known.notional_min, now.notional_min),
    ];
    let (what, before, after) = pairs.into_iter().find(|(_, before, after)| before != after)?;
    let symbol = known.symbol;
    Some(format!("{symbol}: {what} was {before}, is {after}; restart to take it over"))
}

/// Why the venue says that it does not serve; `None` where it does.
fn closed(service: &ServiceStatus<'_>) -> Option<String> {
    let words = service.msg.as_ref().map_or("", |msg| msg.as_str());
    let open = service.status == ServiceState::Open;
    (!open).then(|| format!("{} {words}", service.status.as_str()).trim_end().to_owned())
}

fn from_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_us(seconds.saturating_mul(1_000_000))
}

//! A start at the venue: `exchange::kucoin::venue::start` step by step, over a network that answers when
//! it does.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use ibis::domain::decimal::Decimal;
use ibis::domain::execution::ReportKind;
use ibis::domain::identifier::InstrumentId;
use ibis::domain::instrument::Instrument;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::exchange::kucoin::order_tracker::{Moment, OrderTracker, ResumedOrder};
use ibis::exchange::kucoin::protocol::account::{AccountRow, LedgerEntry};
use ibis::exchange::kucoin::protocol::order::Order;
use ibis::exchange::kucoin::rest::{Failure, FillsSince};
use ibis::exchange::kucoin::venue::{
    AccountOrder, AccountSource, AccountView, OpenIntent, StartFrom, SurveyPlan, account_order,
    take_survey,
};

use super::ask::{Answer, Ask, LEDGER_PAGE};
use super::bug::Bug;
use super::shell::GIVE_UP_AFTER;

/// The private stream may take this long, in microseconds.
const PRIVATE_UP_WITHIN_US: i64 = 10_000_000;
/// The pause before an order that is not found is asked for again, in microseconds.
const ASK_AGAIN_AFTER_US: i64 = 250_000;
/// How far the lists of fills reach back behind the newest known.
pub const FILLS_OVERLAP: Duration = Duration::from_secs(20);
/// The venue's lists reach back so far.
pub const HISTORY: Duration = Duration::from_secs(7 * 86_400);

/// What a start waits for.
#[derive(Debug)]
pub enum Wanted {
    Answer(Ask),
    Pause(i64),
    /// The private stream, for so many microseconds.
    Stream(i64),
}

/// What it waited for.
#[derive(Debug)]
pub enum Told {
    Answer(Answer),
    Passed,
    Stream(bool),
}

/// Where a start asks, and where it is answered.
#[derive(Debug, Default)]
pub struct Port {
    pub wanted: RefCell<Option<Wanted>>,
    pub told: RefCell<Option<Told>>,
}

impl Port {
    async fn want(&self, wanted: Wanted) -> Told {
        *self.wanted.borrow_mut() = Some(wanted);
        poll_fn(|_| match self.told.borrow_mut().take() {
            Some(told) => Poll::Ready(told),
            None => Poll::Pending,
        })
        .await
    }

    pub async fn ask(&self, ask: Ask) -> Answer {
        match self.want(Wanted::Answer(ask)).await {
            Told::Answer(answer) => answer,
            other => panic!("{other:?} instead of an answer"),
        }
    }
}

/// What a start found.
pub struct Started {
    pub tracker: OrderTracker,
    pub view: AccountView,
    pub swept_until: Vec<Timestamp>,
    pub private_up: bool,
}

/// The agent at the venue's door.
pub struct Start {
    pub port: Rc<Port>,
    pub clock: Rc<Cell<Moment>>,
    pub instruments: Rc<[Instrument]>,
    pub from: StartFrom,
    /// Instruments that are listed no more.
    pub halted: Vec<Symbol>,
    pub bug: Bug,
}

impl Start {
    /// Settles what an earlier run left, and says how the account stands.
    pub async fn run(self) -> Result<Started, Failure> {
        let began = self.clock.get().elapsed;
        let instruments = self.instruments.to_vec();
        let give_up = if self.bug == Bug::GivesUpAtOnce { Duration::ZERO } else { GIVE_UP_AFTER };
        let mut tracker = OrderTracker::new(instruments, self.from.venue_sequence, give_up);
        for (instrument, trade_id) in &self.from.trades {
            tracker.note_seen(*instrument, *trade_id);
        }
        let up = self.port.want(Wanted::Stream(PRIVATE_UP_WITHIN_US)).await;
        let private_up = matches!(up, Told::Stream(true));
        if private_up {
            tracker.see_again(self.clock.get());
        }
        let view = self.view(&mut tracker, began).await?;
        Ok(Started { tracker, view, swept_until: self.from.since.clone(), private_up })
    }

    async fn view(
        &self,
        tracker: &mut OrderTracker,
        began: Duration,
    ) -> Result<AccountView, Failure> {
        let asked_at = self.clock.get().at;
        let mut view = AccountView { asked_at, ..AccountView::default() };
        let mut names = self.from.orders.clone();
        let mut settled = Vec::new();
        for intent in &self.from.intents {
            let Some((order, filled)) = self.settle(intent, began).await? else { continue };
            names.insert(order.venue_order_id, order.client_order_id);
            self.resume(tracker, intent, (&order, filled));
            settled.push(order);
        }
        let survey = take_survey(&Source(Rc::clone(&self.port)), &self.plan()).await?;
        for (id, list) in (0u16..).map(InstrumentId).zip(&survey.fills) {
            tracker.on_sweep(id, list, self.clock.get());
        }
        view.open = survey.open;
        view.balances = survey.balances;
        view.movements = survey.movements;
        view.history_from = self.clock.get().at - HISTORY;
        for order in settled {
            let id = order.client_order_id;
            view.open.retain(|open| open.client_order_id != id);
            match tracker.knows(&id) {
                true => view.open.push(AccountOrder { end: None, ..order }),
                false => view.ended.push(order),
            }
        }
        while let Some(report) = tracker.next_report() {
            if let ReportKind::Fill(mut execution) = report.kind {
                let name = names.get(&execution.venue_order_id);
                execution.client_order_id = name.copied().unwrap_or(execution.client_order_id);
                view.executions.push(execution);
            }
        }
        view.venue_sequence = tracker.venue_sequence();
        if self.bug == Bug::ForgetsAtStart {
            view.executions.clear();
        }
        Ok(view)
    }

    async fn settle(
        &self,
        intent: &OpenIntent,
        began: Duration,
    ) -> Result<Option<(AccountOrder, Decimal)>, Failure> {
        loop {
            let ask = Ask::Order(intent.client_order_id, intent.instrument);
            let Answer::Order(outcome) = self.port.ask(ask).await else {
                panic!("no answer about an order")
            };
            let late = self.clock.get().elapsed >= began + GIVE_UP_AFTER;
            match outcome {
                Ok(order) => return Ok(account_order(&order).map(|it| (it, order.deal_size))),
                Err(Failure::NotFound(_)) if late => return Ok(None),
                Err(Failure::NotFound(_)) => {
                    self.port.want(Wanted::Pause(ASK_AGAIN_AFTER_US)).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn resume(
        &self,
        tracker: &mut OrderTracker,
        intent: &OpenIntent,
        (order, filled): (&AccountOrder, Decimal),
    ) {
        let resumed = ResumedOrder {
            instrument: intent.instrument,
            time_in_force: intent.time_in_force,
            size: intent.size,
            booked: intent.booked,
            filled,
            end: order.end,
            venue_order_id: order.venue_order_id,
        };
        tracker.resume(intent.client_order_id, resumed, self.clock.get());
    }

    fn plan(&self) -> SurveyPlan {
        let symbols = self.instruments.iter().map(Instrument::symbol);
        let since = self.from.since.iter().map(|since| *since - FILLS_OVERLAP);
        SurveyPlan {
            fills: symbols.zip(since).collect(),
            halted: self.halted.clone(),
            ledger_since: Some(self.clock.get().at - HISTORY),
        }
    }
}

/// The account behind a port.
pub struct Source(pub Rc<Port>);

impl AccountSource for Source {
    async fn ledger_since(&self, since: Timestamp) -> Result<Vec<LedgerEntry<'static>>, Failure> {
        let mut entries: Vec<LedgerEntry<'static>> = Vec::new();
        loop {
            let before = entries.last().map(|entry| entry.id.to_string());
            let Answer::Ledger(page) = self.0.ask(Ask::Ledger(since, before)).await else {
                panic!("no ledger")
            };
            let page = page?;
            let length = page.len();
            entries.extend(page);
            if length < LEDGER_PAGE {
                return Ok(entries);
            }
        }
    }

    async fn fills_since(&self, symbol: &str, since: Timestamp) -> Result<FillsSince, Failure> {
        let symbol = Symbol::new(symbol).unwrap();
        let Answer::Fills(fills) = self.0.ask(Ask::Listed(symbol, since)).await else {
            panic!("no fills")
        };
        // Worlds are shorter than what one query spans.
        Ok(FillsSince { from: since, through: since, is_whole: true, fills: fills? })
    }

    async fn all_open_orders(&self) -> Result<Vec<Order<'static>>, Failure> {
        let Answer::OpenSymbols(symbols) = self.0.ask(Ask::OpenSymbols).await else {
            panic!("no symbols")
        };
        let mut open = Vec::new();
        for symbol in symbols? {
            let Answer::OpenOrders(orders) = self.0.ask(Ask::OpenOrders(symbol)).await else {
                panic!("no orders")
            };
            open.extend(orders?);
        }
        Ok(open)
    }

    async fn accounts(&self) -> Result<Vec<AccountRow<'static>>, Failure> {
        match self.0.ask(Ask::Accounts).await {
            Answer::Accounts(rows) => rows,
            other => panic!("{other:?} instead of accounts"),
        }
    }
}

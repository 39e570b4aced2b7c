//! KuCoin as the session's venue: orders and cancels out, reports and conditions in.
//!
//! Requests run as tasks of the session's own thread; their answers, like the private stream's
//! messages, wait in a queue until the session's next turn takes them in ([`KucoinVenue::poll`]). What
//! they mean is [`order_tracker`](super::order_tracker)'s business; what makes the venue untradable
//! becomes a [`Condition`].

mod account_view;
mod answer;
mod dead_man;
mod order_request;
mod start;
mod survey;
mod watch;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock;
use crate::domain::execution::ExecutionReport;
use crate::domain::hold::HoldCode;
use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::domain::instrument::Instrument;
use crate::domain::market_data::{MarketEvent, Quote};
use crate::domain::order::NewOrder;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::risk::approval::Approved;

use super::condition::{Condition, Conditions};
use super::order_tracker::{Moment, OrderTracker, Request};
use super::rest::{Priority, Rest};
use super::ws::private::{PrivateChannel, PrivateCount, PrivateEvent};

pub use account_view::{AccountMovement, AccountOrder, AccountView, OpenIntent, StartFrom};
pub use answer::{canceled, news_of, order, placed, push_of, reports};
pub use dead_man::{DeadManState, SYMBOLS_MAX as DEAD_MAN_SYMBOLS_MAX};
pub use order_request::place_order;
pub use start::balances;
pub use survey::{
    AccountSource, Survey, SurveyPlan, account_movements, account_order, take as take_survey,
};

use answer::Answer;
use dead_man::DeadMan;
use watch::Watch;

/// How the venue is traded at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KucoinSettings {
    /// An order that reaches the venue later than this after it was sent dies there.
    pub order_window: Duration,
    /// Deadline of one request.
    pub request_timeout: Duration,
    /// The venue cancels our orders when it hears nothing for this long.
    pub dead_man_timeout: Duration,
    /// The account is looked at as a whole this often.
    pub reconcile_interval: Duration,
}

impl KucoinSettings {
    /// How long after its sending an order may still turn up: its window, a request's deadline, and
    /// a second for clocks that differ by no more than a warning.
    fn give_up_after(&self) -> Duration {
        self.order_window + self.request_timeout + Duration::from_secs(1)
    }
}

/// Answers that wait for the session's turn. Each request gives one, and each order has at most three
/// on their way: bounded by the open orders.
type Inbox = Rc<RefCell<VecDeque<Answer>>>;

/// The venue of live mode.
pub struct KucoinVenue {
    tracker: OrderTracker,
    rest: Rest,
    private: PrivateChannel,
    settings: KucoinSettings,
    instruments: Vec<Instrument>,
    by_symbol: BTreeMap<Symbol, InstrumentId>,
    inbox: Inbox,
    /// Told of each answer.
    wake: Rc<Notify>,
    conditions: Conditions,
    watch: Watch,
    dead_man: DeadMan,
    /// Fills before this are in the ledger, or swept: by instrument.
    swept_until: Vec<Timestamp>,
    /// Listed no more since before the start.
    delisted: Vec<Symbol>,
    /// The account as it was seen last, until the session takes it.
    account: Option<AccountView>,
    /// Orders at work that nobody here sent, by the name they go by: they can be canceled.
    strays: BTreeMap<ClientOrderId, AccountOrder>,
    /// When this process came to the venue: no order of an earlier one was sent later.
    started: Duration,
}

impl std::fmt::Debug for KucoinVenue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KucoinVenue").field("tracker", &self.tracker).finish_non_exhaustive()
    }
}

impl KucoinVenue {
    /// Takes in what came since the last turn, and makes what is due a request.
    pub fn poll(&mut self, at: Timestamp) {
        let now = moment(at);
        while let Some(event) = self.private.next() {
            self.on_private(event, now);
        }
        loop {
            // Taken one by one: an answer's consequences must not borrow the queue.
            let Some(answer) = self.inbox.borrow_mut().pop_front() else { break };
            self.on_answer(answer, now);
        }
        for (instrument, what) in self.tracker.take_misfits() {
            self.halt(instrument, HoldCode::InstrumentChanged, what);
        }
        self.look(now);
        self.tracker.tick(now);
        for request in self.tracker.take_requests() {
            self.request(request);
        }
    }

    /// Waits until something came that [`KucoinVenue::poll`] takes in. May be dropped and called again.
    pub async fn filled(&self) {
        tokio::select! {
            () = self.private.filled() => {}
            () = self.answered() => {}
        }
    }

    async fn answered(&self) {
        while self.inbox.borrow().is_empty() {
            self.wake.notified().await;
        }
    }

    /// Takes a market event in; the engine hears of it as it is.
    pub fn on_market(&mut self, _event: &MarketEvent) -> Option<Quote> {
        None
    }

    /// The next report for the engine.
    pub fn next_report(&mut self) -> Option<ExecutionReport> {
        self.tracker.next_report()
    }

    /// True where a report waits.
    pub fn has_reports(&self) -> bool {
        self.tracker.has_reports()
    }

    /// The account as it was seen since the last call. What it lists is reported before.
    pub fn take_account(&mut self) -> Option<AccountView> {
        self.account.take()
    }

    /// Something about the account is in doubt, or no more: it is looked at again soon, together with what
    /// the venue says moved it.
    pub fn doubt_account(&mut self, doubted: bool) {
        self.watch.doubt(doubted, clock::monotonic());
    }

    /// Reasons not to trade that appeared or went away since the last call.
    pub fn take_conditions(&mut self) -> Vec<Condition> {
        self.conditions.take_changes()
    }

    /// The agent proves its work, or does not: with `alive` the dead-man's switch is renewed.
    pub fn prove(&mut self, alive: bool) {
        let due = if alive { self.dead_man.prove(clock::monotonic()) } else { None };
        let Some(timeout_s) = due else { return };
        // More than the switch can name: none named is all.
        let named = self.instruments.len() <= DEAD_MAN_SYMBOLS_MAX;
        let symbols = self.instruments.iter().filter(|_| named).map(Instrument::symbol);
        let symbols: Vec<Symbol> = symbols.filter(|it| !self.delisted.contains(it)).collect();
        let rest = self.rest.clone();
        self.spawn(async move {
            let symbols: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
            Answer::DeadMan(rest.dead_man_set(timeout_s, &symbols).await)
        });
    }

    /// What is known of the dead-man's switch.
    pub fn dead_man(&self) -> DeadManState {
        self.dead_man.state()
    }

    /// Whether private messages come, and what their channel met so far.
    pub fn private(&self) -> (bool, PrivateCount) {
        (self.watch.private_up, self.private.count())
    }

    /// True where the task that keeps the private channel up is gone.
    pub fn has_ended(&self) -> bool {
        self.private.has_ended()
    }

    fn on_private(&mut self, event: PrivateEvent, now: Moment) {
        match event {
            PrivateEvent::Up => {
                log::info!("private messages come");
                self.watch.private_up = true;
                self.tracker.see_again(now);
                self.watch.unlisted_since = Some(now.elapsed);
                self.watch.survey_due = now.elapsed;
            }
            PrivateEvent::Down { reason } => {
                log::warn!("no private messages: {reason}; orders are asked for instead");
                self.watch.private_up = false;
                self.tracker.go_blind(now);
            }
            PrivateEvent::Order(push) => {
                let instrument = Symbol::new(&push.symbol).ok().and_then(|it| self.id_of(it));
                // An order of an instrument that is not ours to trade.
                let Some(instrument) = instrument else { return };
                if let Some(push) = push_of(&push, instrument) {
                    self.tracker.on_push(&push, now);
                }
            }
            // The account is compared as a whole: a balance alone says nothing of its cause.
            PrivateEvent::Balance(_) => {}
        }
    }

    fn id_of(&self, symbol: Symbol) -> Option<InstrumentId> {
        self.by_symbol.get(&symbol).copied()
    }

    fn symbol_of(&self, id: InstrumentId) -> Option<Symbol> {
        self.instruments.get(id.index()).map(Instrument::symbol)
    }

    /// Runs a request; its answer waits for the next turn.
    fn spawn(&self, request: impl Future<Output = Answer> + 'static) {
        let (inbox, wake) = (Rc::clone(&self.inbox), Rc::clone(&self.wake));
        drop(tokio::task::spawn_local(async move {
            let answer = request.await;
            inbox.borrow_mut().push_back(answer);
            wake.notify_one();
        }));
    }

    fn request(&mut self, request: Request) {
        let rest = self.rest.clone();
        let (Request::Cancel(_, instrument)
        | Request::AskOrder(_, instrument)
        | Request::FetchFills(_, instrument, _)) = request;
        let Some(symbol) = self.symbol_of(instrument) else { return };
        match request {
            Request::Cancel(id, _) => self.spawn(async move {
                let answer = rest.cancel_by_client_id(symbol.as_str(), id.as_str()).await;
                Answer::Canceled(id, instrument, answer.map(drop))
            }),
            Request::AskOrder(id, _) => self.spawn(async move {
                Answer::Order(id, rest.order_by_client_id(symbol.as_str(), id.as_str()).await)
            }),
            Request::FetchFills(id, _, order_id) => self.spawn(async move {
                Answer::Fills(id, rest.fills_of_order(symbol.as_str(), order_id.as_str()).await)
            }),
        }
    }
}

impl crate::exchange::Venue for KucoinVenue {
    fn submit(&mut self, order: &Approved<NewOrder>, now: Timestamp) {
        let order = *order.get();
        let Some(instrument) = self.instruments.get(order.instrument().index()) else { return };
        let request = place_order(&order, instrument);
        let priority =
            if order.purpose().is_exit() { Priority::Protective } else { Priority::Entry };
        self.tracker.submit(&order, moment(now));
        let (rest, id) = (self.rest.clone(), order.client_order_id());
        let instrument = order.instrument();
        let window = (clock::monotonic(), self.settings.order_window);
        self.spawn(async move {
            Answer::Placed(id, instrument, rest.place_within(request, window, priority).await)
        });
    }

    fn cancel_all(&mut self, _now: Timestamp) {
        let rest = self.rest.clone();
        self.spawn(async move { Answer::CanceledAll(rest.cancel_everything().await) });
        let rest = self.rest.clone();
        self.spawn(async move { Answer::CanceledStops(rest.cancel_stop_orders().await) });
    }

    fn cancel(&mut self, client_order_id: ClientOrderId, now: Timestamp) {
        if let Some(stray) = self.strays.get(&client_order_id)
            && let Some(instrument) = self.id_of(stray.symbol)
        {
            let venue_order_id = stray.venue_order_id;
            self.tracker.follow(client_order_id, instrument, venue_order_id, moment(now));
        }
        self.tracker.cancel(&client_order_id, moment(now));
        for request in self.tracker.take_requests() {
            self.request(request);
        }
    }
}

/// Now, by both clocks.
fn moment(at: Timestamp) -> Moment {
    Moment { at, elapsed: clock::monotonic() }
}

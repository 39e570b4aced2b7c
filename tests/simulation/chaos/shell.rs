//! The running agent: the engine and the order tracker, wired as `agent::session` and
//! `exchange::kucoin::venue` wire them. What is sent waits here until its intent is durable.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use ibis::agent::restore;
use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{ExecutionReport, ReportKind};
use ibis::domain::hold::{Hold, HoldCode};
use ibis::domain::identifier::{ClientOrderId, InstrumentId};
use ibis::domain::instrument::Instrument;
use ibis::domain::market_data::MarketEvent;
use ibis::domain::order::NewOrder;
use ibis::domain::order_status::OrderStatus;
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::Engine;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::exchange::kucoin::condition::{Condition, Conditions};
use ibis::exchange::kucoin::order_tracker::{Moment, OrderTracker, PlaceAnswer, Request};
use ibis::exchange::kucoin::protocol::frame::ServerFrame;
use ibis::exchange::kucoin::protocol::order_push::OrderPush;
use ibis::exchange::kucoin::rest::Failure;
use ibis::exchange::kucoin::venue::{
    AccountOrder, AccountView, Survey, SurveyPlan, canceled, order, place_order, placed, push_of,
    reports,
};
use ibis::risk::approval::Approved;
use ibis::store::writer::Entry;

use super::ask::{self, Answer, Ask};
use super::bug::Bug;
use super::fault::Coverage;
use super::start::{FILLS_OVERLAP, HISTORY, Started};
use super::watch::Watch;

/// An order that reaches the venue later than this after it was sent dies there.
pub const ORDER_WINDOW: Duration = Duration::from_secs(5);
/// Deadline of one request.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// How long after its sending an order may still turn up: as `KucoinSettings` has it.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(9);

/// Something that came.
#[derive(Debug)]
pub enum Heard {
    Up,
    Down,
    Push(Rc<str>),
    Answer(Ask, Answer),
    /// The account as it was seen, asked for then.
    Survey(Moment, Result<Survey, Failure>),
    Market(MarketEvent),
    /// An operator's word.
    Operator(Box<ibis::domain::operator::Command>),
}

/// What waits for its intent to be durable.
pub enum Command {
    Submit(Approved<NewOrder>),
    Cancel(ClientOrderId),
}

/// A running agent.
pub struct Agent {
    pub engine: Engine,
    pub(super) tracker: OrderTracker,
    pub(super) instruments: Rc<[Instrument]>,
    pub(super) conditions: Conditions,
    pub(super) watch: Watch,
    pub(super) swept_until: Vec<Timestamp>,
    account: Option<AccountView>,
    strays: BTreeMap<ClientOrderId, AccountOrder>,
    /// A look at the account that is wanted.
    pub survey: Option<SurveyPlan>,
    pub(super) now: Timestamp,
    pub(super) actions: Vec<Action>,
    /// For the ledger.
    pub entries: Vec<Entry>,
    pub outgoing: Vec<Command>,
    /// For the network.
    pub asks: Vec<Ask>,
    /// Where each order stands, and what of it is not filled.
    pub orders: BTreeMap<ClientOrderId, (OrderStatus, Decimal)>,
    pub coverage: Coverage,
    /// Orders that ended since this was looked at.
    pub ended: Vec<ClientOrderId>,
    /// Laws that were broken.
    pub wrong: Vec<String>,
    pub(super) bug: Bug,
    pub(super) doubled: u64,
    /// What the engine was told and did, for a look at one world.
    pub told: Vec<String>,
    pub verbose: bool,
}

impl Agent {
    pub fn new(engine: Engine, started: Started, bug: Bug, now: Moment) -> Self {
        let Started { tracker, swept_until, private_up, view } = started;
        let unknown = view.open.iter().filter(|it| !tracker.knows(&it.client_order_id));
        let strays = unknown.map(|order| (order.client_order_id, *order)).collect();
        let instruments: Rc<[Instrument]> =
            engine.desks().iter().map(|desk| desk.instrument.clone()).collect();
        Self {
            engine,
            tracker,
            instruments,
            conditions: Conditions::default(),
            watch: Watch::new(now.elapsed, private_up),
            swept_until,
            account: None,
            strays,
            survey: None,
            now: now.at,
            actions: Vec::new(),
            entries: Vec::new(),
            outgoing: Vec::new(),
            asks: Vec::new(),
            orders: BTreeMap::new(),
            coverage: Coverage::default(),
            ended: Vec::new(),
            wrong: Vec::new(),
            bug,
            doubled: 0,
            told: Vec::new(),
            verbose: false,
        }
    }

    /// Takes in what came, does what is due.
    pub fn turn(&mut self, heard: Vec<Heard>, clock: Moment) {
        self.now = self.now.max(clock.at);
        let now = Moment { at: self.now, elapsed: clock.elapsed };
        let mut market = Vec::new();
        for heard in heard {
            match heard {
                Heard::Market(event) => market.push(event),
                other => self.hear(other, now),
            }
        }
        for (instrument, what) in self.tracker.take_misfits() {
            self.halt(instrument, HoldCode::InstrumentChanged, what);
        }
        self.watch.doubt(self.engine.doubts_account(), now.elapsed);
        self.look(now);
        self.tracker.tick(now);
        self.take_requests();
        self.take_conditions();
        self.take_reports();
        if let Some(view) = self.account.take() {
            self.step(&Event::Account(Box::new(restore::live_snapshot(view))));
            self.take_reports();
        }
        for event in market {
            self.step(&Event::Market(event));
            self.take_reports();
        }
        while self.engine.next_deadline().is_some_and(|at| at <= self.now) {
            let before = self.engine.next_deadline();
            self.step(&Event::Timer);
            if self.engine.next_deadline() == before {
                break;
            }
        }
    }

    /// When it has something to do by itself: by the monotonic clock, and by the engine's.
    pub fn next_due(&self) -> (Option<Duration>, Option<Timestamp>) {
        let due = [self.tracker.next_due(), Some(self.watch.next_due())];
        (due.into_iter().flatten().min(), self.engine.next_deadline())
    }

    pub fn tell(&mut self, event: &Event) {
        self.step(event);
    }

    /// True while an order is not over, or its end is not told.
    pub fn is_busy(&self) -> bool {
        self.engine.open_orders().next().is_some()
            || self.tracker.has_reports()
            || !self.outgoing.is_empty()
            || !self.entries.is_empty()
    }

    fn hear(&mut self, heard: Heard, now: Moment) {
        match heard {
            Heard::Up => {
                self.watch.private_up = true;
                self.tracker.see_again(now);
                self.watch.unlisted_since = Some(now.elapsed);
                self.watch.survey_due = now.elapsed;
            }
            Heard::Down => {
                self.watch.private_up = false;
                self.tracker.go_blind(now);
            }
            Heard::Push(text) => {
                let frame = ServerFrame::parse(&text).unwrap();
                let push: OrderPush<'_> = frame.data().unwrap();
                let symbol = Symbol::new(&push.symbol).unwrap();
                if let Some(id) = self.id_of(symbol)
                    && let Some(push) = push_of(&push, id)
                {
                    self.tracker.on_push(&push, now);
                }
            }
            Heard::Answer(ask, answer) => {
                self.take_reports();
                let failed = ask::failure(&answer).is_some() && !matches!(ask, Ask::Place(..));
                let asked = matches!(ask, Ask::Order(..));
                self.on_answer(ask, answer, now);
                if failed && !asked && self.tracker.has_reports() {
                    self.wrong.push("a failed fetch changed something".to_owned());
                }
            }
            Heard::Survey(asked, outcome) => self.on_survey(asked, outcome, now),
            Heard::Operator(command) => self.step(&Event::Operator(command)),
            Heard::Market(_) => {}
        }
    }

    fn on_answer(&mut self, ask: Ask, answer: Answer, now: Moment) {
        self.note(&ask, ask::failure(&answer));
        match (ask, answer) {
            (Ask::Place(id, _, request), Answer::Placed(outcome)) => {
                let answer = placed(outcome);
                let lost = answer == PlaceAnswer::Unresolved;
                if lost && self.bug == Bug::SendsAgain {
                    let again = ClientOrderId::new(&format!("{id}0000")).unwrap();
                    let client_oid = Some(again.to_string().into());
                    let order = Box::new(ibis::exchange::kucoin::protocol::place::PlaceOrder {
                        client_oid,
                        ..*request
                    });
                    self.asks.push(Ask::Place(again, InstrumentId(0), order));
                }
                let answer = match answer {
                    PlaceAnswer::Unresolved if self.bug == Bug::TimeoutIsRefusal => {
                        let text = "no answer".into();
                        PlaceAnswer::Refused(ibis::domain::execution::VenueReason { code: 0, text })
                    }
                    answer => answer,
                };
                self.tracker.on_placed(&id, answer, now);
            }
            (Ask::Cancel(id, _), Answer::Canceled(_)) if self.bug == Bug::CancelIsEnd => {
                let kind = ReportKind::Canceled(None);
                self.deliver(ExecutionReport { client_order_id: id, at: now.at, kind });
            }
            (Ask::Cancel(id, _), Answer::Canceled(outcome)) => {
                self.tracker.on_cancel(&id, canceled(&outcome), now);
            }
            (Ask::Order(id, _), Answer::Order(outcome)) => {
                self.tracker.on_order(&id, order(&outcome), now);
            }
            (Ask::Fills(id, ..), Answer::Fills(outcome)) => {
                let fills = outcome.ok().and_then(|fills| reports(&fills));
                self.tracker.on_fills(&id, fills.as_deref(), now);
            }
            (ask, answer) => self.on_look(&ask, answer, now),
        }
    }

    /// A look at the account is over.
    fn on_survey(&mut self, asked: Moment, outcome: Result<Survey, Failure>, now: Moment) {
        let Ok(survey) = outcome else { return self.watch.surveyed(asked.elapsed, false, now) };
        self.watch.surveyed(asked.elapsed, true, now);
        for (id, list) in (0u16..).map(InstrumentId).zip(&survey.fills) {
            self.tracker.on_sweep(id, list, now);
            if let Some(newest) = list.iter().map(|fill| fill.at).max() {
                let until = &mut self.swept_until[id.index()];
                *until = newest.max(*until);
            }
        }
        let unknown = survey.open.iter().filter(|it| !self.tracker.knows(&it.client_order_id));
        self.strays = unknown.map(|order| (order.client_order_id, *order)).collect();
        self.account = Some(AccountView {
            asked_at: asked.at,
            open: survey.open,
            balances: survey.balances,
            movements: survey.movements,
            history_from: now.at - HISTORY,
            venue_sequence: self.tracker.venue_sequence(),
            ..AccountView::default()
        });
    }

    /// What a look at the account is to see.
    pub(super) fn survey_plan(&self, explain: bool, now: Moment) -> SurveyPlan {
        let since = self.swept_until.iter().map(|since| *since - FILLS_OVERLAP);
        SurveyPlan {
            fills: self.instruments.iter().map(Instrument::symbol).zip(since).collect(),
            halted: self.conditions.scopes(HoldCode::InstrumentHalted),
            ledger_since: explain.then(|| now.at - HISTORY),
        }
    }

    fn take_conditions(&mut self) {
        for condition in self.conditions.take_changes() {
            let Condition { scope, code, level, reason } = condition;
            let set_at = self.now;
            self.step(&match reason {
                Some(reason) => {
                    Event::SetHold(Hold { scope, code, level, reason, set_at, until: None })
                }
                None => Event::ClearHold { scope, code },
            });
        }
    }

    fn take_requests(&mut self) {
        for request in self.tracker.take_requests() {
            self.asks.push(match request {
                Request::Cancel(id, of) => Ask::Cancel(id, of),
                Request::AskOrder(id, of) => Ask::Order(id, of),
                Request::FetchFills(id, of, order) => Ask::Fills(id, of, order),
            });
        }
    }

    /// Sends what waited for the disk. `stamp` is the venue's time by this clock.
    pub fn send(&mut self, clock: Moment, stamp: Timestamp) {
        let now = Moment { at: self.now, elapsed: clock.elapsed };
        for command in std::mem::take(&mut self.outgoing) {
            match command {
                Command::Submit(order) => {
                    let order = *order.get();
                    let instrument = &self.instruments[order.instrument().index()];
                    let mut request = place_order(&order, instrument);
                    self.tracker.submit(&order, now);
                    request.allow_max_time_window =
                        Some(i64::try_from(ORDER_WINDOW.as_millis()).unwrap());
                    request.client_timestamp = Some(stamp.ms());
                    let (id, of) = (order.client_order_id(), order.instrument());
                    self.asks.push(Ask::Place(id, of, Box::new(request)));
                }
                Command::Cancel(id) => {
                    if let Some(stray) = self.strays.get(&id)
                        && let Some(of) = self.id_of(stray.symbol)
                    {
                        self.tracker.follow(id, of, stray.venue_order_id, now);
                    }
                    self.tracker.cancel(&id, now);
                    self.take_requests();
                }
            }
        }
    }

    pub(super) fn id_of(&self, symbol: Symbol) -> Option<InstrumentId> {
        let index = self.instruments.iter().position(|known| known.symbol() == symbol)?;
        Some(InstrumentId(u16::try_from(index).unwrap()))
    }
}

//! What all connections share: the core, its clocks, the gateway's books, the faults.
//!
//! One thread, no locks. Nothing here waits: a request is answered, and what it caused is in the
//! outboxes of those who listen, before anything else happens.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::answer::{Answer, Call};
use super::authentication::Authentication;
use super::clock::ExchangeClock;
use super::core::{Core, Push};
use super::counters::Counters;
use super::credentials_file::CredentialsFile;
use super::fault::{ConditionWatch, Injector, Plan, Transfer};
use super::operator;
use super::push_line::PushLine;
use super::rate_limit::Pools;
use super::settings::ServerSettings;
use super::token::Tokens;
use super::topic::{Topic, TopicError};
use super::websocket::{Hub, MemberId};
use super::window::Window;
use crate::clock;
use crate::domain::time::Timestamp;
use crate::market::MarketError;

/// How much market time is made up at once where the market is behind its clock.
const STEP: Duration = Duration::from_secs(1);
/// How long the market may be made up in one go, so that requests are not kept waiting.
const CATCH_UP_MAX: Duration = Duration::from_millis(5);

/// The exchange, as its connections see it.
#[derive(Debug)]
pub struct Exchange {
    /// What all of it was started with.
    pub settings: ServerSettings,
    /// Where it listens.
    pub address: SocketAddr,
    /// Shared by every TCP stream there is.
    pub open: Arc<()>,
    /// Both clocks.
    pub clock: ExchangeClock,
    /// The account's key.
    pub authentication: Authentication,
    /// The request quotas.
    pub pools: RefCell<Pools>,
    /// Websocket tokens.
    pub tokens: Tokens,
    /// Who listens to what.
    pub hub: RefCell<Hub>,
    /// New websocket connections within a minute.
    pub connects: RefCell<Window>,
    /// The fault plan at work.
    pub injector: RefCell<Injector>,
    /// What of it holds now.
    pub conditions: RefCell<ConditionWatch>,
    /// What happened so far.
    pub counters: Counters,
    /// Told where the market's task must look again, or the exchange must end.
    pub wake: Notify,
    core: RefCell<Core>,
    line: RefCell<PushLine>,
    pushes: RefCell<Vec<Push>>,
    /// Where the market stands.
    reached: Cell<Timestamp>,
    /// When the market's task looks again.
    planned: Cell<Timestamp>,
    failure: RefCell<Option<MarketError>>,
}

/// What an exchange is opened with.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// The simulated exchange.
    pub core: Core,
    /// Both clocks.
    pub clock: ExchangeClock,
    /// The account's file.
    pub file: &'a CredentialsFile,
    /// Websocket tokens.
    pub tokens: Tokens,
    /// Faults and bounds.
    pub plan: &'a Plan,
}

impl Exchange {
    /// An exchange that has just been opened.
    pub fn new(opening: Opening<'_>) -> Self {
        let settings = opening.plan.settings;
        Self {
            settings,
            address: opening.address,
            open: Arc::default(),
            clock: opening.clock,
            authentication: Authentication::new(opening.file),
            pools: RefCell::new(Pools::new(settings.quotas)),
            tokens: opening.tokens,
            hub: RefCell::default(),
            connects: RefCell::default(),
            injector: RefCell::new(Injector::new(opening.plan)),
            conditions: RefCell::default(),
            counters: Counters::default(),
            wake: Notify::new(),
            reached: Cell::new(opening.core.now()),
            core: RefCell::new(opening.core),
            line: RefCell::default(),
            pushes: RefCell::default(),
            planned: Cell::new(Timestamp::default()),
            failure: RefCell::new(None),
        }
    }

    /// TCP streams there are.
    pub fn connections(&self) -> usize {
        Arc::strong_count(&self.open).saturating_sub(1)
    }

    /// Why the market cannot go on, once.
    pub fn take_failure(&self) -> Option<MarketError> {
        self.failure.borrow_mut().take()
    }

    /// The transport's now, in milliseconds, as this exchange would have it.
    pub fn transport_ms(&self) -> i64 {
        self.clock.transport_ms(self.conditions.borrow().current().skew_ms)
    }

    /// Brings the market towards its clock's now; true where it is there, or cannot go on.
    pub fn catch_up(&self) -> bool {
        let began = clock::monotonic();
        let now = self.clock.market();
        let mut core = self.core.borrow_mut();
        loop {
            if self.failure.borrow().is_some() {
                return true;
            }
            let next = now.min(self.reached.get() + STEP);
            self.apply_conditions(&mut core, next);
            if let Err(error) = core.advance(next) {
                *self.failure.borrow_mut() = Some(error);
                self.wake.notify_one();
            }
            self.reached.set(next.max(self.reached.get()));
            if next >= now {
                return true;
            }
            if clock::monotonic().saturating_sub(began) > CATCH_UP_MAX {
                return false;
            }
        }
    }

    /// Puts the plan's conditions of this moment in force.
    fn apply_conditions(&self, core: &mut Core, market: Timestamp) {
        let mut conditions = self.conditions.borrow_mut();
        let (run, market) = (self.clock.run(), self.clock.market_run(market));
        if let Some(before) = conditions.advance(&mut self.injector.borrow_mut(), run, market) {
            operator::change(core, &before, conditions.current(), &self.authentication);
        }
    }

    /// Fills an open order, by the venue's id or the client's, as if the market had come to it.
    pub fn fill_now(&self, name: &str) {
        self.catch_up();
        // Where it is not open there is nothing to fill, and its cancel says so.
        self.core.borrow_mut().fill_now(name);
        self.distribute();
    }

    /// Moves balances without a trade. What is not there cannot go.
    pub fn transfer(&self, transfers: &[Transfer]) {
        if transfers.is_empty() {
            return;
        }
        self.catch_up();
        for Transfer { asset, amount, noted } in transfers {
            self.core.borrow_mut().transfer(*asset, *amount, *noted);
        }
        self.distribute();
    }

    /// Lets the core answer a call, at the market's now.
    pub fn answer(&self, call: &Call<'_>) -> Answer {
        self.catch_up();
        let (answer, due) = {
            let mut core = self.core.borrow_mut();
            (core.answer(call), core.next_due())
        };
        self.distribute();
        if due.is_some_and(|due| due < self.planned.get()) {
            self.wake.notify_one();
        }
        answer
    }

    /// What the core does by the wall's clock.
    pub fn tick(&self) {
        self.core.borrow_mut().transport_tick(self.transport_ms());
    }

    /// How long nothing happens by itself; says so to [`Exchange::answer`].
    pub fn rest(&self) -> Duration {
        let due = self.core.borrow_mut().next_due().unwrap_or(Timestamp::from_us(i64::MAX));
        self.planned.set(due);
        let run = self.clock.run();
        let (next_run, next_market) = self.conditions.borrow().next_change();
        let release = self.line.borrow().next_due().unwrap_or(Duration::MAX);
        let market = self.clock.wait_for(due).min(self.clock.wait_for_run(next_market));
        next_run.min(release).saturating_sub(run).min(market)
    }

    /// The topics in a text.
    pub fn find_topics(&self, text: &str) -> Result<Vec<Topic>, TopicError> {
        self.core.borrow().check_topic(text)
    }

    /// From here on a connection hears a topic.
    pub fn listen(&self, member: MemberId, topic: &Topic) {
        self.core.borrow_mut().watch(topic);
        self.hub.borrow_mut().listen(member, &topic.to_string());
    }

    /// No more of it.
    pub fn ignore(&self, member: MemberId, topic: &Topic) {
        self.core.borrow_mut().unwatch(topic);
        self.hub.borrow_mut().ignore(member, &topic.to_string());
    }

    /// Gives the core's pushes to those who listen.
    pub fn distribute(&self) {
        let mut pushes = self.pushes.borrow_mut();
        self.core.borrow_mut().take_pushes(&mut pushes);
        if pushes.is_empty() {
            return;
        }
        let (now, hub) = (self.clock.run(), self.hub.borrow());
        let (mut line, mut injector) = (self.line.borrow_mut(), self.injector.borrow_mut());
        let mut deliver = |topic: &str, frame: Utf8Bytes| self.deliver(&hub, topic, &frame);
        for push in pushes.drain(..) {
            let faults = injector.on_push(&push.topic, now);
            line.offer((&push.topic, Utf8Bytes::from(&*push.text)), faults, now, &mut deliver);
        }
    }

    /// Gives pushes that were held back to those who listen.
    pub fn release_pushes(&self) {
        let (now, hub) = (self.clock.run(), self.hub.borrow());
        let mut deliver = |topic: &str, frame: Utf8Bytes| self.deliver(&hub, topic, &frame);
        self.line.borrow_mut().release(now, &mut deliver);
    }

    fn deliver(&self, hub: &Hub, topic: &str, frame: &Utf8Bytes) {
        self.counters.pushes.add_many(hub.deliver(topic, frame) as u64);
    }
}

//! The functional core: events and an instant in, actions out. No I/O, no clock, nothing unordered.
//!
//! Live, paper, replay and simulation run this very engine; they differ in who feeds it and who
//! performs what it asks for. Same events, same actions, byte for byte.
//!
//! - `market`: market data moves prices, candles and exits,
//! - `entry`, `exit`: opinions become intents, through [`crate::risk::permit`],
//! - `report`: the venue's reports move orders, positions and balances,
//! - [`control`]: holds, and what an operator says about them,
//! - `flatten`: what is held is sold whatever its plan says,
//! - [`guards`]: when trading slows down or stops by itself,
//! - [`reconcile`]: at a start, what the venue holds is compared with what the ledger knows,
//! - [`invariant`]: what must be true after every step,
//! - [`audit`]: what must be true of the whole ledger and the whole account.

pub mod account;
pub mod action;
pub mod audit;
pub mod control;
mod decision;
pub mod desk;
mod entry;
pub mod event;
mod exit;
mod flatten;
pub mod guards;
pub mod invariant;
mod market;
pub mod reconcile;
mod report;
pub mod view;
pub mod working_order;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::balance::Balance;
use crate::domain::hold::Level;
use crate::domain::identifier::{Asset, ClientOrderId, InstrumentId};
use crate::domain::instrument::Instrument;
use crate::domain::market_data::Candle;
use crate::domain::record::{Fact, Projection, Record, SurpriseRecord};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::risk::guard::settings::GuardSettings;
use crate::risk::hold_book::HoldBook;
use crate::risk::limit::Limits;
use crate::strategy::StrategySettings;

use action::Action;
use control::ControlSettings;
use desk::Desk;
use event::Event;
use guards::Guards;
use reconcile::Policy;
use reconcile::account::AccountWatch;
use working_order::WorkingOrder;

/// Ended orders remembered for fills that arrive late.
const ENDED_ORDERS_MAX: usize = 64;
/// The distance of two samples.
const SAMPLE_US: i64 = 60_000_000;

/// What an engine is made of.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct EngineSettings {
    /// Opinions.
    pub strategy: StrategySettings,
    /// Limits.
    pub limits: Limits,
    /// What is done about differences with the venue.
    pub reconcile: Policy,
    /// How it behaves while it is held.
    #[serde(default)]
    pub control: ControlSettings,
    /// When trading slows down or stops by itself.
    #[serde(default)]
    pub guards: GuardSettings,
    /// First part of every client order id.
    pub instance: String,
    /// Second part: the second of this start since 1970. Unlike a count it is not given twice, should
    /// the ledger be lost or an old one restored.
    pub stamp: u64,
}

/// The whole state of the trading core.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Engine {
    settings: EngineSettings,
    desks: Vec<Desk>,
    balances: BTreeMap<Asset, Balance>,
    holds: HoldBook,
    open: BTreeMap<ClientOrderId, InstrumentId>,
    ended: VecDeque<WorkingOrder>,
    next_order: u64,
    cursor: u64,
    ahead: BTreeSet<u64>,
    watch: AccountWatch,
    /// When each balance last moved here.
    moved: BTreeMap<Asset, Timestamp>,
    /// Positions whose plan was not judged at a price since the start.
    unjudged: BTreeSet<InstrumentId>,
    /// When the venue showed that nothing was at work after the kill switch was set.
    #[serde(default)]
    kill_verified: Option<Timestamp>,
    #[serde(default)]
    guards: Guards,
    now: Timestamp,
    sample_due: Timestamp,
    /// Inputs taken in: the number of the last one, and the cause of what follows from it.
    inputs: u64,
}

impl Engine {
    /// An engine that holds nothing, for `instruments` by their index.
    pub fn new(settings: EngineSettings, instruments: &[Instrument]) -> Self {
        let desks = instruments
            .iter()
            .map(|instrument| Desk::new(instrument.clone(), &settings.strategy))
            .collect();
        Self {
            settings,
            desks,
            balances: BTreeMap::new(),
            holds: HoldBook::default(),
            open: BTreeMap::new(),
            ended: VecDeque::new(),
            next_order: 0,
            cursor: 0,
            ahead: BTreeSet::new(),
            watch: AccountWatch::default(),
            moved: BTreeMap::new(),
            unjudged: BTreeSet::new(),
            kill_verified: None,
            guards: Guards::default(),
            now: Timestamp::default(),
            sample_due: Timestamp::from_us(i64::MIN),
            inputs: 0,
        }
    }

    /// The one entry: takes an event in at `now`, appends what is to be done to `actions`.
    pub fn step(&mut self, event: &Event, now: Timestamp, actions: &mut Vec<Action>) {
        self.begin(now);
        match event {
            Event::Market(market) => self.on_market(market, actions),
            Event::Report(report) => self.on_report(report, actions),
            Event::Account(snapshot) => self.on_account(snapshot, actions),
            Event::Timer => self.on_timer(actions),
            Event::SetHold(hold) => self.set_hold(hold.clone(), actions),
            Event::ClearHold { scope, code } => self.clear_hold(*scope, *code, actions),
            Event::Operator(command) => self.on_operator(command, actions),
            Event::Drain => self.drain(actions),
        }
        self.watch_guards(actions);
        if self.now >= self.sample_due {
            self.sample(actions);
        }
    }

    /// When [`Event::Timer`] is wanted next, if at all.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let ttl = self.open.values().filter_map(|id| self.entry_deadline(*id)).min();
        [ttl, self.holds.next_end()].into_iter().flatten().min()
    }

    /// Candles from before the start, oldest first: they move the averages and signal nothing.
    pub fn warm_up(&mut self, instrument: InstrumentId, candles: &[Candle]) {
        self.inputs += 1;
        if let Some(desk) = self.desks.get_mut(instrument.index()) {
            for candle in candles {
                desk.cross.push(candle.close);
            }
        }
    }

    /// Enters only these instruments, all if none are named. Returns one it does not know.
    pub fn trade_only(&mut self, symbols: &[Symbol]) -> Result<(), Symbol> {
        let known =
            |symbol: &Symbol| self.desks.iter().any(|desk| desk.instrument.symbol() == *symbol);
        if let Some(unknown) = symbols.iter().find(|symbol| !known(symbol)) {
            return Err(*unknown);
        }
        for desk in &mut self.desks {
            desk.traded = symbols.is_empty() || symbols.contains(&desk.instrument.symbol());
        }
        Ok(())
    }

    /// Orders that are not over.
    pub fn open_orders(&self) -> impl Iterator<Item = &WorkingOrder> {
        self.desks.iter().filter_map(|desk| desk.order.as_ref())
    }

    /// One desk an instrument, by index.
    pub fn desks(&self) -> &[Desk] {
        &self.desks
    }

    /// By asset.
    pub fn balances(&self) -> &BTreeMap<Asset, Balance> {
        &self.balances
    }

    /// Reasons not to trade.
    pub fn holds(&self) -> &HoldBook {
        &self.holds
    }

    /// The agent's state.
    pub fn level(&self) -> Level {
        self.holds.level()
    }

    /// How many inputs were taken in: events, and what came with the start.
    pub fn inputs(&self) -> u64 {
        self.inputs
    }

    /// All fills up to this venue sequence are in.
    pub fn venue_cursor(&self) -> u64 {
        self.cursor
    }

    /// An input comes at `now`.
    fn begin(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        self.inputs += 1;
    }

    fn on_timer(&mut self, actions: &mut Vec<Action>) {
        for (scope, code) in self.holds.over(self.now) {
            self.clear_hold(scope, code, actions);
        }
        for index in 0..self.desks.len() {
            self.cancel_stale_entry(index, actions);
        }
    }

    /// Takes the minute's figures, once the minute has begun.
    fn sample(&mut self, actions: &mut Vec<Action>) {
        let minute = self.now.floor_to_us(SAMPLE_US);
        let first = self.sample_due.us() == i64::MIN;
        self.sample_due = Timestamp::from_us(minute.us().saturating_add(SAMPLE_US));
        if !first {
            let sample = self.sample_at(minute);
            actions.push(Action::Project(Projection::Sample(sample)));
        }
    }

    fn record(&self, record: Record, actions: &mut Vec<Action>) {
        actions.push(Action::Record(Fact { at: self.now, input: Some(self.inputs), record }));
    }

    fn surprise(&self, code: &str, subject: &str, detail: String, actions: &mut Vec<Action>) {
        let (code, subject) = (code.to_owned(), subject.to_owned());
        self.record(Record::Surprise(SurpriseRecord { code, subject, detail }), actions);
    }

    fn id_of(&self, symbol: Symbol) -> Option<InstrumentId> {
        let at = self.desks.iter().position(|desk| desk.instrument.symbol() == symbol)?;
        u16::try_from(at).ok().map(InstrumentId)
    }

    fn next_client_order_id(&mut self) -> Option<ClientOrderId> {
        self.next_order += 1;
        let EngineSettings { instance, stamp, .. } = &self.settings;
        ClientOrderId::new(&format!("{instance}-{stamp}-{}", self.next_order)).ok()
    }
}

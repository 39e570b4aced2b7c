//! One agent at work: market, engine, venue and ledger, turned event by event in order of time.
//!
//! Deterministic but for its caller's clock: which event comes next depends on their instants
//! alone, never on how long the disk took. An order arrives at the venue only after its intent is
//! durable; a report reaches the engine only after the venue's account has it durable. What happens
//! when the disk refuses is in `storage`.

mod account;
mod network;
mod operator;
mod storage;
mod vitals;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::agent::document;
use crate::agent::error::AgentError;
use crate::agent::narrate;
use crate::agent::source::{Next, Source};
use crate::agent::summary::{Summary, Tally};
use crate::agent::venue_link::{Command, VenueLink};
use crate::clock;
use crate::domain::execution::ExecutionReport;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Instrument;
use crate::domain::market_data::{MarketData, MarketEvent};
use crate::domain::operator::CommandId;
use crate::domain::record::{Fact, Record};
use crate::domain::time::Timestamp;
use crate::durable::group_commit::{GroupCommit, Ticket};
use crate::durable::instance_lock::InstanceLock;
use crate::engine::Engine;
use crate::engine::action::Action;
use crate::engine::event::Event;
use crate::exchange::kucoin::rest::Rest;
use crate::recorder::recorded_engine::RecordedEngine;
use crate::store::chain;
use crate::store::emergency::Emergency;
use crate::store::operator::Spool;
use crate::store::run::{Progress, RunEnd, RunUpdate};
use crate::store::run_cause::RunCause;
use crate::store::state_json::HealthDocument;
use crate::store::writer::{Batch, Entry};

/// Entries collected before they are handed to the writer in the middle of a turn.
const BATCH_ENTRIES_MAX: usize = 512;

/// No deadline.
const FOREVER: Timestamp = Timestamp::from_us(i64::MAX);

/// What a session is made of, all of it open and reconciled.
pub(in crate::agent) struct Parts {
    pub(in crate::agent) engine: RecordedEngine,
    pub(in crate::agent) venue: VenueLink,
    pub(in crate::agent) source: Source,
    pub(in crate::agent) instruments: Vec<Instrument>,
    /// The paper venue's account is compared this often.
    pub(in crate::agent) reconcile_interval: Duration,
    pub(in crate::agent) ledger: GroupCommit<Batch>,
    pub(in crate::agent) state_dir: PathBuf,
    pub(in crate::agent) mode: &'static str,
    pub(in crate::agent) run: u32,
    pub(in crate::agent) lock: InstanceLock,
    /// Market data up to here was seen by an earlier run.
    pub(in crate::agent) seen_until: Option<Timestamp>,
    /// For exits while the ledger cannot be written; none where such a run just ends.
    pub(in crate::agent) emergency: Option<Emergency>,
    /// What operators want.
    pub(in crate::agent) spool: Spool,
    /// The venue's client, where market or orders are the venue's.
    pub(in crate::agent) rest: Option<Rest>,
}

/// A running agent.
pub(in crate::agent) struct Session {
    parts: Parts,
    next_market: Option<MarketEvent>,
    market_over: bool,
    now: Timestamp,
    started_at: Timestamp,
    batch: Batch,
    actions: Vec<Action>,
    /// Commands whose intents are not known to be durable; on their way already to the paper venue.
    outgoing: Vec<Command>,
    /// The end of the backlog that is being written after trouble.
    recovering: Option<Ticket>,
    reports: Vec<ExecutionReport>,
    tally: Tally,
    began: Duration,
    /// When the paper venue's account is compared next, once it moved: nobody else moves it.
    account_due: Option<Timestamp>,
    /// Operators' commands that were obeyed, until the ledger has them.
    obeyed: Vec<(CommandId, Ticket)>,
    /// How the agent is, for `state.json`.
    health: Option<HealthDocument>,
}

/// How a turn ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::agent) enum Turn {
    /// Everything due is done; the next thing is due then.
    Idle(Timestamp),
    /// More is due.
    More,
    /// Nothing will ever be due again: the market is over and no order is at work.
    Ended,
}

/// Who is next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turnee {
    Venue,
    Market,
    Timer,
    Account,
}

impl Session {
    /// A session at an instant, with the market's first event if it was taken already, and with
    /// what the start wants done.
    pub(in crate::agent) fn new(
        parts: Parts,
        (now, first): (Timestamp, Option<MarketEvent>),
        actions: Vec<Action>,
    ) -> Self {
        let mut session = Self {
            next_market: first.filter(|event| parts.seen_until.is_none_or(|seen| event.at > seen)),
            parts,
            market_over: false,
            now,
            started_at: now,
            batch: Batch::default(),
            actions,
            outgoing: Vec::new(),
            recovering: None,
            reports: Vec::new(),
            tally: Tally::default(),
            began: clock::monotonic(),
            account_due: None,
            obeyed: Vec::new(),
            health: None,
        };
        if session.parts.emergency.is_some() {
            session.parts.venue.be_patient();
        }
        session.perform();
        session.doubt_account();
        session
    }

    /// The averages need their candles before the first signal: from the source's history, if any.
    pub(in crate::agent) fn warm_up(&mut self, interval: Duration, candles: usize) {
        let interval_us = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX);
        let count = u16::try_from(self.parts.instruments.len()).unwrap_or(u16::MAX);
        for id in (0..count).map(InstrumentId) {
            let history = self.parts.source.history(id, interval_us, candles, self.now);
            self.parts.engine.warm_up(id, &history, self.now);
        }
    }

    /// Does everything due by `until`, at most `budget` events.
    pub(in crate::agent) fn advance(
        &mut self,
        until: Timestamp,
        budget: usize,
    ) -> Result<Turn, AgentError> {
        for _ in 0..budget {
            self.peek_market()?;
            let market = self.next_market.as_ref().map(|event| (event.at, Turnee::Market));
            let Some((at, turnee)) = self.next_after(market) else {
                let over = self.parts.source.received_at().is_none();
                return Ok(if over { Turn::Ended } else { Turn::Idle(FOREVER) });
            };
            if at > until {
                return Ok(Turn::Idle(at));
            }
            self.now = self.now.max(at);
            match turnee {
                Turnee::Venue => self.turn_venue()?,
                Turnee::Timer => self.step(&Event::Timer),
                Turnee::Market => self.turn_market(),
                Turnee::Account => self.turn_account(),
            }
        }
        Ok(Turn::More)
    }

    /// Does what the venue has due by `until`, without a market.
    pub(in crate::agent) fn advance_venue(&mut self, until: Timestamp) -> Result<(), AgentError> {
        while let Some((at, Turnee::Venue)) = self.next_after(None).filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.turn_venue()?;
        }
        Ok(())
    }

    /// Stops entries and cancels open ones.
    pub(in crate::agent) fn drain(&mut self, now: Timestamp) -> Result<(), AgentError> {
        // Under Max everything is due: the market's clock stays where it is.
        if now.us() != i64::MAX {
            self.now = self.now.max(now);
        }
        self.step(&Event::Drain);
        Ok(())
    }

    /// Tells the engine something from outside.
    pub(in crate::agent) fn tell(&mut self, event: &Event) {
        self.step(event);
    }

    /// Tells the ledger about this run, and asks for a new `state.json` where `document` is set.
    pub(in crate::agent) fn note(&mut self, update: Option<RunUpdate>, document: bool) -> Ticket {
        self.batch.run = update;
        if document {
            self.batch.state = Some(Box::new(document::document(
                &self.parts.engine,
                self.parts.mode,
                self.parts.run,
                (self.parts.venue.dead_man(), self.health.clone()),
                (clock::wall_now(), self.now),
            )));
        }
        self.hand_over()
    }

    /// Where the agent is, as proof of work.
    pub(in crate::agent) fn progress(&self) -> Progress {
        let data_at = self.parts.engine.data_at().unwrap_or(self.now);
        Progress { wall_at: clock::wall_now(), engine_at: self.now, data_at }
    }

    /// Writes the end down, closes both files and sums up.
    pub(in crate::agent) fn finish(
        mut self,
        cause: RunCause,
        words: &str,
    ) -> Result<Summary, AgentError> {
        self.flush()?;
        let run = self.parts.run;
        let stopped = Record::Run { run, phase: "stopped" };
        self.batch.entries.push(Entry::Fact(Fact { at: self.now, input: None, record: stopped }));
        let ended = Some(RunEnd { at: clock::wall_now(), cause, words: words.to_owned() });
        let progress = Some(self.progress());
        self.note(Some(RunUpdate { run, ready_at: None, progress, ended }), true);
        self.parts.engine.finish();
        self.tally.feeds = self.parts.source.counts();
        let Parts { engine, venue, ledger, state_dir, lock, mut spool, .. } = self.parts;
        ledger.close()?;
        for (id, _) in &self.obeyed {
            spool.done(id);
        }
        venue.close()?;
        drop(lock);
        let connection = crate::store::open_reader(&state_dir)?;
        let head = chain::head(&connection)?;
        let took = clock::monotonic() - self.began;
        Ok(Summary::new(&engine, self.tally, head, (words.to_owned(), self.now, took)))
    }

    /// The core.
    pub(in crate::agent) fn engine(&self) -> &Engine {
        &self.parts.engine
    }

    /// Takes in how the agent is, for the next `state.json`.
    pub(in crate::agent) fn be(&mut self, health: HealthDocument) {
        self.health = Some(health);
    }

    /// Where its files are.
    pub(in crate::agent) fn state_dir(&self) -> &Path {
        &self.parts.state_dir
    }

    /// What was counted so far.
    pub(in crate::agent) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The market's clock.
    pub(in crate::agent) fn now(&self) -> Timestamp {
        self.now
    }

    /// When it began, by the market's clock.
    pub(in crate::agent) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Which start of the agent this is.
    pub(in crate::agent) fn run(&self) -> u32 {
        self.parts.run
    }

    /// True for files: their data is as old as it is.
    pub(in crate::agent) fn is_replay(&self) -> bool {
        self.parts.source.is_replay()
    }

    /// True while the engine has orders that are not over.
    pub(in crate::agent) fn has_open_orders(&self) -> bool {
        self.parts.engine.open_orders().next().is_some()
    }

    /// The earliest of venue, market, timer and account; at one instant in this order.
    fn next_after(&self, market: Option<(Timestamp, Turnee)>) -> Option<(Timestamp, Turnee)> {
        let venue = self.parts.venue.next_due(self.now).map(|at| (at, Turnee::Venue));
        // A deadline alone keeps nothing alive once the market is over.
        let alive = market.is_some() || venue.is_some() || self.received_at().is_some();
        let timer = self.parts.engine.next_deadline().filter(|_| alive);
        let timer = timer.map(|at| (at, Turnee::Timer));
        let account = market.and(self.account_due).map(|at| (at, Turnee::Account));
        [venue, market, timer, account].into_iter().flatten().min()
    }

    fn peek_market(&mut self) -> Result<(), AgentError> {
        while self.next_market.is_none() && !self.market_over {
            match self.parts.source.next()? {
                Next::Over => self.market_over = true,
                Next::Nothing => break,
                Next::Event(event)
                    if self.parts.seen_until.is_some_and(|seen| event.at <= seen) =>
                {
                    self.tally.skipped += 1;
                }
                Next::Event(event) => self.next_market = Some(event),
            }
        }
        Ok(())
    }

    fn turn_market(&mut self) {
        let Some(event) = self.next_market.take() else { return };
        self.tally.market_events += 1;
        let moved = self.parts.venue.on_market(&event);
        match (moved, &event.data) {
            // Depth speaks to the engine through the best bid and offer it leaves.
            (Some(quote), _) => {
                self.step(&Event::Market(MarketEvent { data: MarketData::Quote(quote), ..event }));
            }
            (None, MarketData::Depth(_) | MarketData::DepthReset) => {}
            (None, MarketData::Quote(_) | MarketData::Trade(_) | MarketData::Candle(_)) => {
                self.step(&Event::Market(event));
            }
        }
    }

    fn turn_venue(&mut self) -> Result<(), AgentError> {
        if self.parts.venue.is_arrival_due(self.now) {
            self.flush()?;
            while !self.outgoing.is_empty() {
                self.secure()?;
            }
        }
        let mut reports = std::mem::take(&mut self.reports);
        self.parts.venue.collect(self.now, &mut reports)?;
        if !reports.is_empty() && matches!(self.parts.venue, VenueLink::Paper(_)) {
            self.account_due.get_or_insert(self.now + self.parts.reconcile_interval);
        }
        for report in reports.drain(..) {
            self.step(&Event::Report(report));
        }
        self.reports = reports;
        Ok(())
    }

    fn step(&mut self, event: &Event) {
        self.parts.engine.step(event, self.now, &mut self.actions);
        if !self.actions.is_empty() {
            self.perform();
        }
    }

    fn perform(&mut self) {
        let mut actions = std::mem::take(&mut self.actions);
        for action in actions.drain(..) {
            match action {
                Action::Record(fact) => {
                    self.tally.count(&fact);
                    narrate::narrate(&fact);
                    self.batch.entries.push(Entry::Fact(fact));
                }
                Action::Project(projection) => {
                    self.tally.count_projection(&projection);
                    self.batch.entries.push(Entry::Projection(projection))
                }
                Action::Submit(order) => self.command(Command::Submit(order)),
                Action::Cancel(id) => self.command(Command::Cancel(id)),
                Action::CancelAll => self.command(Command::CancelAll),
            }
        }
        self.actions = actions;
        if self.batch.entries.len() >= BATCH_ENTRIES_MAX {
            self.hand_over();
        }
    }
}

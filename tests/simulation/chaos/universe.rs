//! A world: agent, venue, network and disk on one virtual clock, turned by the earliest of what is due.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use ibis::domain::decimal::Decimal;
use ibis::domain::instrument::Instrument;
use ibis::domain::market_data::MarketEvent;
use ibis::domain::time::Timestamp;
use ibis::engine::EngineSettings;
use ibis::engine::reconcile::Policy;
use ibis::exchange::kucoin::order_tracker::Moment;
use ibis::market::Synthetic;
use ibis::risk::limit::Limits;
use ibis::store::writer::Entry;
use ibis::strategy::StrategySettings;

use super::bug::Bug;
use super::dice::Dice;
use super::disk::Disk;
use super::fault::{Coverage, Fault};
use super::process::{Life, Process};
use super::rest::Sending;
use super::shell::Heard;
use super::site::Site;
use super::weather::{CrashPoint, Trouble, Weather, troubles};

pub const SECOND: i64 = 1_000_000;
/// Instruments of a world, of the synthetic ten: two with deep books, one in which orders fill in parts.
pub const INSTRUMENTS: [usize; 3] = [0, 1, 6];
/// Lines kept of what happened.
const LOG_LINES: usize = 60;
/// From the market to the agent, in microseconds.
const FEED_LATENCY: i64 = 15_000;

/// What is on its way, or comes at an instant.
#[derive(Clone, Debug)]
pub enum Happening {
    AtVenue {
        generation: u64,
        sending: Box<Sending>,
    },
    AtAgent {
        generation: u64,
        call: u64,
        attempt: u32,
        answer: Rc<(u16, String)>,
    },
    Push {
        generation: u64,
        text: Rc<str>,
    },
    StreamUp {
        generation: u64,
    },
    StreamDown {
        generation: u64,
    },
    NeverLeft {
        generation: u64,
        call: u64,
        attempt: u32,
    },
    Timeout {
        generation: u64,
        call: u64,
        attempt: u32,
    },
    Retry {
        generation: u64,
        call: u64,
    },
    /// A start's pause is over, or its patience with the stream.
    Passed {
        generation: u64,
        step: u32,
    },
    Trouble(Trouble),
    Resume(Trouble),
    Restart,
}

/// How a world is run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub bug: Bug,
    /// How long things go wrong, in microseconds.
    pub chaos_us: i64,
    /// The ledger is also a file, and compared with it.
    pub on_disk: bool,
    /// Without faults at all.
    pub calm: bool,
    /// Every message and report is told.
    pub verbose: bool,
}

/// A world.
pub struct Universe {
    pub plan: Plan,
    pub start: i64,
    pub now: i64,
    pub dice: Dice,
    pub weather: Weather,
    pub site: Site,
    pub disk: Disk,
    pub process: Option<Process>,
    pub coverage: Coverage,
    pub wrong: Vec<String>,
    pub log: VecDeque<String>,
    pub schedule: Vec<(i64, Trouble)>,
    pub instruments: Rc<[Instrument]>,
    pub(super) queue: BTreeMap<(i64, u64), Happening>,
    sequence: u64,
    feed: Synthetic,
    upcoming: MarketEvent,
    pub(super) feed_silent_until: i64,
    pub(super) clogged_to_venue: i64,
    pub(super) clogged_to_agent: i64,
    pub(super) outage_until: i64,
    pub(super) stream: Option<u64>,
    pub(super) stream_down_until: i64,
    /// The agent's wall clock less the true time.
    pub(super) clock_off: i64,
    pub(super) armed: Option<CrashPoint>,
    pub(super) generation: u64,
    pub(super) stamp: u64,
    pub(super) unclean: bool,
    pub(super) mirror: Option<super::mirror::Mirror>,
    pub steps: u64,
    pub(super) checked: usize,
    /// Placings that were refused.
    pub(super) refused: BTreeSet<(u64, u64)>,
    /// Somebody else sold or withdrew what the agent may count on.
    pub(super) taken_away: bool,
}

fn ratio(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Settings under which every kind of exit happens within minutes.
pub fn engine_settings(seed: u64, stamp: u64) -> EngineSettings {
    EngineSettings {
        strategy: StrategySettings {
            fast_candles: 1,
            slow_candles: 3,
            candle_interval_us: 2 * SECOND,
            stop_loss: ratio("0.0012"),
            take_profit: ratio("0.0012"),
            trailing_activation: ratio("0.0006"),
            trailing_distance: ratio("0.0003"),
            exit_on_cross: !seed.is_multiple_of(3),
            hold_max_us: 25 * SECOND,
            entry_takes: seed.is_multiple_of(2),
            entry_ttl_us: 6 * SECOND,
            entry_soft_ttl_us: 3 * SECOND,
            exit_slippage_max: ratio("0.01"),
            reentry_cooldown_us: SECOND,
        },
        limits: Limits {
            notional_min: ratio("11"),
            notional_max: ratio("2000"),
            risk_per_trade: ratio("0.015"),
            exposure_max_instrument: ratio("0.15"),
            exposure_max_total: ratio("0.6"),
            open_positions_max: 8,
            cash_reserve: ratio("0.02"),
        },
        control: Default::default(),
        guards: Default::default(),
        reconcile: Policy {
            dust: ratio("0.05"),
            adopt_unexplained: true,
            ignore_foreign_orders: seed.is_multiple_of(5),
        },
        instance: "sim".to_owned(),
        stamp,
    }
}

impl Universe {
    pub fn new(plan: Plan) -> Self {
        let mut dice = Dice::new(plan.seed);
        // A lively hour.
        let start = Timestamp::from_ms(1_767_276_000_000);
        let market = Synthetic::some(plan.seed, start, &INSTRUMENTS);
        let instruments: Rc<[Instrument]> = market.instruments().into();
        let mut feed = market.clone();
        let upcoming = feed.next();
        let (mut weather, mut schedule) = (Weather::default(), Vec::new());
        if !plan.calm {
            weather = Weather::draw(&mut dice);
            schedule = troubles(&mut dice, plan.chaos_us, INSTRUMENTS.len());
        }
        let mut universe = Self {
            plan,
            start: start.us(),
            now: start.us(),
            dice,
            weather,
            site: Site::new(market, start, Decimal::from_int(10_000)),
            disk: Disk::default(),
            process: None,
            coverage: Coverage::default(),
            wrong: Vec::new(),
            log: VecDeque::new(),
            schedule,
            instruments,
            queue: BTreeMap::new(),
            sequence: 0,
            feed,
            upcoming,
            feed_silent_until: 0,
            clogged_to_venue: 0,
            clogged_to_agent: 0,
            outage_until: 0,
            stream: None,
            stream_down_until: 0,
            clock_off: 0,
            armed: None,
            generation: 0,
            stamp: 0,
            unclean: false,
            mirror: plan.on_disk.then(|| super::mirror::Mirror::new(plan.seed)),
            steps: 0,
            checked: 0,
            refused: BTreeSet::new(),
            taken_away: false,
        };
        for (after, trouble) in universe.schedule.clone() {
            universe.after(after, Happening::Trouble(trouble));
        }
        universe.after(1_000, Happening::Restart);
        universe
    }

    pub fn after(&mut self, us: i64, happening: Happening) {
        self.at(self.now + us, happening);
    }

    pub fn at(&mut self, at: i64, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), happening);
    }

    /// True time.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_us(self.now)
    }

    /// Now by the agent's clocks.
    pub fn moment(&self) -> Moment {
        let elapsed = Duration::from_micros(u64::try_from(self.now - self.start).unwrap());
        Moment { at: Timestamp::from_us(self.now + self.clock_off), elapsed }
    }

    pub fn note(&mut self, line: String) {
        if self.log.len() == LOG_LINES && !self.plan.verbose {
            self.log.pop_front();
        }
        let us = self.now - self.start;
        self.log.push_back(format!("{:>5}.{:06} {line}", us / SECOND, us % SECOND));
    }

    /// Notes what only a look at one world is interested in.
    pub fn detail(&mut self, line: impl FnOnce() -> String) {
        if self.plan.verbose {
            self.note(line());
        }
    }

    pub fn hit(&mut self, fault: Fault) {
        self.detail(|| format!("fault {fault:?}"));
        self.coverage.hit(fault);
    }

    /// Turns the world until an instant, or until `done`.
    pub fn run_until(&mut self, end: i64, done: impl Fn(&Self) -> bool) {
        while self.wrong.is_empty() && !done(self) {
            let at = self.next_due();
            if at > end {
                self.now = end;
                self.advance_venue();
                return;
            }
            self.now = self.now.max(at);
            self.steps += 1;
            self.advance_venue();
            self.turn_once();
        }
    }

    fn next_due(&self) -> i64 {
        let queue = self.queue.first_key_value().map(|((at, _), _)| *at);
        let feed = Some(self.upcoming.at.us() + FEED_LATENCY);
        let due = [queue, feed, self.disk.next_due(), self.agent_due()];
        due.into_iter().flatten().min().unwrap()
    }

    /// When the agent has something to do by itself.
    fn agent_due(&self) -> Option<i64> {
        let process = self.process.as_ref().filter(|process| process.blocked.is_none())?;
        let Life::Running(agent) = &process.life else { return None };
        let (elapsed, deadline) = agent.next_due();
        let elapsed = elapsed.map(|it| self.start + i64::try_from(it.as_micros()).unwrap());
        let deadline = deadline.map(|at| at.us() - self.clock_off);
        let due = [elapsed, deadline, process.draining].into_iter().flatten().min()?;
        Some(due.max(process.turned_at + 1_000))
    }

    fn turn_once(&mut self) {
        if self.disk.next_due().is_some_and(|at| at <= self.now) {
            return self.commit();
        }
        if let Some(entry) = self.queue.first_entry()
            && entry.key().0 <= self.now
        {
            let happening = entry.remove();
            return self.happen(happening);
        }
        if self.upcoming.at.us() + FEED_LATENCY <= self.now {
            return self.feed();
        }
        self.turn_agent();
    }

    fn feed(&mut self) {
        let mut event = std::mem::replace(&mut self.upcoming, self.feed.next());
        event.at = Timestamp::from_us(self.now + self.clock_off);
        let silent = self.now < self.feed_silent_until;
        let Some(process) = &mut self.process else { return };
        let old = process.seen_until.is_some_and(|seen| event.at <= seen);
        if silent || old || process.draining.is_some() {
            return;
        }
        if let Life::Running(_) = process.life {
            process.inbox.push(Heard::Market(event));
            self.turn_agent();
        }
    }

    /// Brings the venue to now; its pushes go out.
    pub(super) fn advance_venue(&mut self) {
        let now = self.time();
        self.site.core.advance(now).unwrap();
        if self.site.core.transport_tick(now.ms()) {
            self.hit(Fault::DeadManFired);
        }
        for text in self.site.pushes() {
            self.push(text);
        }
    }

    /// The disk ended a commit: what waited for it is sent.
    fn commit(&mut self) {
        match self.disk.advance(self.now, &mut self.dice) {
            Ok(entries) => self.committed(entries),
            Err(error) => self.wrong.push(format!("the ledger refuses: {error}")),
        }
        let disk = &self.disk;
        let Some(process) = &mut self.process else { return };
        if !process.blocked.is_some_and(|ticket| disk.is_durable(ticket)) {
            return;
        }
        process.blocked = None;
        if self.strike_submit(CrashPoint::Durable) {
            return;
        }
        self.send_outgoing();
        self.turn_agent();
    }

    pub(super) fn committed(&mut self, entries: Vec<Entry>) {
        if let Some(mirror) = &mut self.mirror {
            mirror.commit(self.now, entries);
        }
    }

    /// One line about where it stands: equal for equal worlds.
    pub fn digest(&self) -> String {
        let ledger = &self.disk.ledger;
        format!(
            "{:016x} steps {} facts {} fills {} orders {} now {} {:?}",
            self.dice.clone().next(),
            self.steps,
            ledger.facts,
            ledger.fills(),
            self.site.placed.len(),
            self.now,
            ledger.state().balances,
        )
    }
}

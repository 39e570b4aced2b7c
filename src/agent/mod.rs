//! The shell that runs the engine: opens, reconciles, feeds, performs, stops. It decides nothing.
//!
//! [`run`] reads top to bottom: `start` opens the ledger and the venue's account and reconciles
//! them, then READY; the loop turns `session::Session` at its [`pace`], with the `heartbeat`
//! telling systemd and the ledger that work is done; a signal drains and stops.

mod acks;
mod alerting;
mod document;
mod engine_settings;
mod error;
mod every;
mod ground;
mod guardian;
mod health;
mod heartbeat;
mod interface;
mod narrate;
mod online;
pub mod pace;
mod preflight;
mod pulse;
mod restarts;
pub mod restore;
mod session;
mod showing;
mod signal;
mod source;
mod start;
mod summary;
mod venue_link;
mod vitals;
mod watch;
mod window;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch::Sender;

use crate::clock;
use crate::config::in_force::InForce;
use crate::config::{Directories, Settings, Sources};
use crate::domain::time::Timestamp;
use crate::engine::event::Event;
use crate::http::Service;
use crate::http::board::{Board, Phase};
use crate::store::run_cause::RunCause;
use crate::systemd::message_id;
use crate::systemd::notify::Notifier;

pub use error::AgentError;
pub use summary::Summary;

use alerting::Alerting;
use heartbeat::Heartbeat;
use pace::{Pace, PaceClock};
use session::{Session, Turn};
use signal::{Signal, Signals};

/// Events of one turn under [`Pace::Max`]: signals are looked at between turns.
const TURN_EVENTS_MAX: usize = 20_000;
/// The loop turns at least this often: bounds the age of a signal and of a heartbeat.
const TURN_EVERY: Duration = Duration::from_millis(200);
/// The loop turns at most this often in real time: market events that close are taken together.
const TURN_REST: Duration = Duration::from_millis(2);

/// What the user asked for.
#[derive(Debug)]
pub struct Options {
    /// Where the configuration comes from; read again on SIGHUP.
    pub sources: Sources,
    /// State and runtime directories.
    pub directories: Directories,
    /// Files to replay; none for the configured market.
    pub replay: Vec<PathBuf>,
    /// How fast.
    pub pace: Pace,
    /// Stop after this long: by the wall, or under [`Pace::Max`] by the market's clock.
    pub max_runtime: Option<Duration>,
    /// A person watches: keep a status line.
    pub terminal: bool,
    /// What ends it besides its market, its time and signals.
    pub until: Until,
}

/// What ends a run besides its market, its time and signals.
#[derive(Clone, Debug, Default)]
pub enum Until {
    /// Nothing.
    #[default]
    Told,
    /// The kill switch is verified, and what was to be sold is sold.
    Killed,
    /// This process sets the flag.
    Flagged(Arc<AtomicBool>),
}

/// Runs the agent until its market ends, its time is over, or a signal stops it.
pub fn run(options: &Options) -> Result<Summary, AgentError> {
    let settings = load(&options.sources)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The network's tasks share this thread with the engine: a message is a turn away, not a thread.
    let local = tokio::task::LocalSet::new();
    // Before anything opens, and after everything closed: who asks whether it lives gets an answer.
    let board = Arc::new(Board::new());
    let service = showing::serve(options, &settings, &board)?;
    let service = service.map(|service| Rc::new(RefCell::new(service)));
    let ended = local.block_on(&runtime, supervise(options, settings, (&board, service.clone())));
    board.reach(Phase::Stopped);
    ended
}

fn load(sources: &Sources) -> Result<Settings, AgentError> {
    Ok(crate::config::load(sources)?.settings)
}

async fn supervise(
    options: &Options,
    settings: Settings,
    (board, service): (&Arc<Board>, Option<Rc<RefCell<Service>>>),
) -> Result<Summary, AgentError> {
    let mut notifier = Notifier::new();
    // Before anything opens: a signal during the start must not kill without a trace.
    let mut signals = Signals::new()?;
    notifier.status("opening the ledger");
    let started = start::start(options, &settings, (&mut notifier, board));
    let (mut session, pace) = tokio::select! {
        biased;
        signal = signals.stop() => return Err(AgentError::Stopped(signal.as_str())),
        started = started => started?,
        never = board.breathe() => match never {},
    };
    let mut heartbeat = Heartbeat::new(&settings, options.terminal, notifier, Arc::clone(board));
    if !pace.is_max() {
        heartbeat.look_out(&settings, &session, service.clone());
    }
    heartbeat.ready(&mut session, &pace)?;
    let candles = usize::try_from(settings.strategy.slow_candles).unwrap_or(0);
    session.warm_up(settings.strategy.candle_interval, candles + 1);
    let in_force = Sender::new(InForce::started(settings));
    let alerting = alerting::start(options, in_force.subscribe());
    heartbeat.tell_of(alerting.as_ref().map(Alerting::sent).unwrap_or_default());
    if let Some(service) = service {
        service.borrow().announce();
    }
    let mut life = Life { options, in_force, pace, began: clock::monotonic() };
    let ended = life.trade(&mut session, &mut signals, &mut heartbeat).await;
    let (cause, words) = match &ended {
        Ok(cause) => (cause.of_run(), cause.as_str().to_owned()),
        Err(error) => (RunCause::Error, error.to_string()),
    };
    heartbeat.stopping(&words);
    if let Err(error @ AgentError::Write(_)) = ended {
        return Err(error);
    }
    // Whatever else went wrong, the ledger is well: it is told how the run ended.
    life.drain(&mut session, &mut signals, &mut heartbeat).await?;
    let summary = session.finish(cause, &words)?;
    ended.map(|_| summary)
}

/// Why trading ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cause {
    MarketEnded,
    MaxRuntime,
    Killed,
    Flagged,
    Signal(Signal),
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Self::MarketEnded => "the market ended",
            Self::MaxRuntime => "the maximum runtime is over",
            Self::Killed => "the kill switch is verified",
            Self::Flagged => "its process had enough",
            Self::Signal(signal) => signal.as_str(),
        }
    }

    /// The ledger's word for it.
    fn of_run(self) -> RunCause {
        match self {
            Self::MarketEnded | Self::MaxRuntime | Self::Killed | Self::Flagged => {
                RunCause::Finished
            }
            Self::Signal(_) => RunCause::Operator,
        }
    }
}

/// What a running agent is steered by.
struct Life<'a> {
    options: &'a Options,
    in_force: Sender<InForce>,
    pace: PaceClock,
    began: Duration,
}

impl Life<'_> {
    async fn trade(
        &mut self,
        session: &mut Session,
        signals: &mut Signals,
        heartbeat: &mut Heartbeat,
    ) -> Result<Cause, AgentError> {
        let market_end = self.market_end(session);
        loop {
            let began = clock::monotonic();
            let until = self.pace.now().min(market_end);
            session.receive(until)?;
            session.hear()?;
            let turn = session.advance(until, TURN_EVENTS_MAX)?;
            session.flush()?;
            heartbeat.beat(session, &self.pace)?;
            heartbeat.turned(clock::monotonic().saturating_sub(began));
            let rest = match turn {
                Turn::Ended => return Ok(Cause::MarketEnded),
                Turn::More => Duration::ZERO,
                Turn::Idle(next) if next > market_end => return Ok(Cause::MaxRuntime),
                Turn::Idle(next) => self.pace.wait_for(next).clamp(TURN_REST, TURN_EVERY),
            };
            if let Some(cause) = self.over(session) {
                return Ok(cause);
            }
            match signals.within(rest, session.filled()).await {
                None => {}
                Some(Signal::Hangup) => self.reload(session, heartbeat),
                Some(Signal::Kill) => session.kill()?,
                Some(signal) => return Ok(Cause::Signal(signal)),
            }
        }
    }

    /// Cancels entries, waits for the venue's answers, at most the configured time.
    async fn drain(
        &mut self,
        session: &mut Session,
        signals: &mut Signals,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), AgentError> {
        session.drain(self.pace.now())?;
        let deadline = clock::monotonic() + self.in_force.borrow().settings.agent.stop_timeout;
        while session.has_open_orders() && clock::monotonic() < deadline {
            let began = clock::monotonic();
            let until = self.pace.now();
            // With the market over, the venue's clock is all that is left to turn.
            session.receive(until)?;
            session.hear()?;
            session.advance_venue(until)?;
            session.flush()?;
            heartbeat.beat(session, &self.pace)?;
            heartbeat.turned(began);
            let rest = if self.pace.is_max() { Duration::ZERO } else { TURN_REST };
            match signals.within(rest, session.answered()).await {
                None | Some(Signal::Hangup) => {}
                Some(Signal::Kill) => session.kill()?,
                Some(Signal::Terminate | Signal::Interrupt) => {
                    log::warn!("second signal: stopping at once, open orders stay at the venue");
                    break;
                }
            }
        }
        Ok(())
    }

    /// Under [`Pace::Max`] the runtime is the market's: the instant after which nothing happens.
    fn market_end(&self, session: &Session) -> Timestamp {
        match self.options.max_runtime {
            Some(runtime) if self.pace.is_max() => session.now() + runtime,
            Some(_) | None => Timestamp::from_us(i64::MAX),
        }
    }

    fn over(&self, session: &Session) -> Option<Cause> {
        let ended = match &self.options.until {
            Until::Told => None,
            Until::Killed => session.is_kill_done().then_some(Cause::Killed),
            Until::Flagged(flag) => flag.load(Ordering::Relaxed).then_some(Cause::Flagged),
        };
        let runtime = self.options.max_runtime.filter(|_| !self.pace.is_max());
        let late = runtime.is_some_and(|runtime| clock::monotonic() - self.began >= runtime);
        ended.or(late.then_some(Cause::MaxRuntime))
    }

    /// SIGHUP: takes over what can change while running, says what needs a restart.
    fn reload(&mut self, session: &mut Session, heartbeat: &mut Heartbeat) {
        heartbeat.reloading();
        let told = match load(&self.options.sources) {
            Err(error) => {
                log::error!("configuration not reloaded, the old one stays: {error}");
                format!("not reloaded, the old one stays: {error}")
            }
            Ok(new) => self.take_over(&new, session, heartbeat),
        };
        self.in_force.send_modify(|now| {
            now.reloads += 1;
            now.told = told;
        });
        heartbeat.reloaded();
    }

    /// Applies what can be applied to an agent that runs; says what was, and what needs a restart.
    fn take_over(
        &mut self,
        new: &Settings,
        session: &mut Session,
        heartbeat: &mut Heartbeat,
    ) -> String {
        let old = self.in_force.borrow().settings.clone();
        let changed = old.changed(new);
        let (taken, waiting) = (changed.reloadable.join(" "), changed.restart.join(" "));
        let mut told =
            format!("reloaded: {}", if taken.is_empty() { "nothing changed" } else { &taken });
        if !waiting.is_empty() {
            log::warn!(keys = waiting.as_str(); "changed, but need a restart: {waiting}");
            told += &format!("; changed, but need a restart: {waiting}");
        }
        if let Some(hold) = guardian::hold(&changed.restart, session.now()) {
            session.tell(&Event::SetHold(hold));
        }
        log::info!(MESSAGE_ID = message_id::CONFIG_RELOADED, keys = taken.as_str();
            "configuration reloaded: {}", if taken.is_empty() { "nothing changed" } else { &taken });
        let settings = old.reloaded(new);
        log::set_max_level(settings.agent.log_level);
        heartbeat.reconfigure(&settings);
        self.in_force.send_modify(|now| now.settings = settings);
        told
    }
}

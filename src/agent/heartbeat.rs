//! Proof of work, told to systemd, to the ledger, to `state.json` and to whoever watches.
//!
//! One predicate feeds them all: the loop turned (it calls [`Heartbeat::beat`]), the data is fresh,
//! and the ledger took the last proof. A watchdog ping is withheld while it does not hold. A disk that
//! refuses is no hung process: while entries are held for it pings go on, for exits do.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::error::AgentError;
use super::every::Every;
use super::interface::Interface;
use super::narrate;
use super::pace::PaceClock;
use super::pulse::Pulse;
use super::session::Session;
use super::showing::{self, Beside};
use super::vitals::Vitals;
use super::watch::Watch;
use crate::alerts::channels::{ChannelName, SentCount};
use crate::clock;
use crate::config::Settings;
use crate::config::settings::HealthSettings;
use crate::domain::decimal::Decimal;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::durable::group_commit::{PATIENCE, Ticket};
use crate::engine::event::Event;
use crate::engine::invariant;
use crate::histogram::Histogram;
use crate::http::Service;
use crate::http::board::{Board, Phase};
use crate::http::view::DataView;
use crate::store::run::RunUpdate;
use crate::systemd::notify::{self, Notifier};
use crate::systemd::{live_line, message_id};

/// STATUS= and the terminal's line change at most this often.
const STATUS_EVERY: Duration = Duration::from_millis(500);
/// Plain status lines, where nobody watches a terminal and no service manager shows STATUS=.
const PLAIN_STATUS_EVERY: Duration = Duration::from_secs(10);
/// The invariants are checked this often.
const INVARIANTS_EVERY: Duration = Duration::from_secs(60);
/// A service manager that does not read may delay the stop by this much.
const NOTIFY_FLUSH: Duration = Duration::from_millis(100);
/// The errors of the last while are judged this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The ledger may take this long to make a proof durable before pings stop.
const LEDGER_LAG_MAX: Duration = Duration::from_secs(10);

/// The beats of a running agent.
pub(super) struct Heartbeat {
    notifier: Notifier,
    terminal: bool,
    watchdog: Option<Every>,
    progress: Every,
    state_json: Every,
    status: Every,
    plain: Every,
    invariants: Every,
    stale_after: Duration,
    proof: Option<(Ticket, Duration)>,
    withheld: bool,
    stopping: bool,
    board: Arc<Board>,
    exposure_max: Decimal,
    health: Arc<HealthSettings>,
    /// What the loop's turns took.
    turns: Histogram,
    /// What came of the attempts of each channel of alerts.
    sent: Vec<(ChannelName, Arc<SentCount>)>,
    /// What is looked at in real time; `None` at the market's own pace, which has none.
    lookout: Option<Lookout>,
    /// Broken invariants, and pings that were withheld.
    errors: u64,
}

/// What is looked at in real time.
struct Lookout {
    due: Every,
    pulse: Pulse,
    watch: Watch,
    vitals: Vitals,
    interface: Option<Interface>,
}

impl Heartbeat {
    pub(super) fn new(
        settings: &Settings,
        terminal: bool,
        notifier: Notifier,
        board: Arc<Board>,
    ) -> Self {
        Self {
            notifier,
            terminal,
            // Half the timeout, as sd_watchdog_enabled(3) recommends.
            watchdog: notify::watchdog_interval().map(|timeout| Every::new(timeout / 2)),
            progress: Every::new(settings.agent.progress_interval),
            state_json: Every::new(settings.agent.state_json_interval),
            status: Every::new(STATUS_EVERY),
            plain: Every::new(PLAIN_STATUS_EVERY),
            invariants: Every::new(INVARIANTS_EVERY),
            stale_after: settings.market.stale_after,
            proof: None,
            withheld: false,
            stopping: false,
            board,
            exposure_max: settings.risk.exposure_max_total,
            health: Arc::clone(&settings.health),
            turns: Histogram::default(),
            sent: Vec::new(),
            lookout: None,
            errors: 0,
        }
    }

    /// Begins to look at the process, the calls and the machine, now that the session is there.
    pub(super) fn look_out(
        &mut self,
        settings: &Settings,
        session: &Session,
        service: Option<Rc<RefCell<Service>>>,
    ) {
        let now = clock::monotonic();
        self.lookout = Some(Lookout {
            due: Every::new(LOOK_EVERY),
            pulse: Pulse::new(&settings.conditions, now),
            watch: Watch::new(settings, session),
            vitals: Vitals::new(settings.drift.sample_interval, session, now),
            interface: service.map(Interface::new),
        });
    }

    /// Shows from now on what came of the alerts that were sent.
    pub(super) fn tell_of(&mut self, sent: Vec<(ChannelName, Arc<SentCount>)>) {
        self.sent = sent;
    }

    pub(super) fn reconfigure(&mut self, settings: &Settings) {
        self.progress.interval = settings.agent.progress_interval;
        self.state_json.interval = settings.agent.state_json_interval;
        self.stale_after = settings.market.stale_after;
        self.health = Arc::clone(&settings.health);
        if let Some(lookout) = &mut self.lookout {
            lookout.watch.reconfigure(settings);
            lookout.vitals.reconfigure(settings.drift.sample_interval);
        }
    }

    /// READY=1, once what the start did is durable.
    pub(super) fn ready(
        &mut self,
        session: &mut Session,
        pace: &PaceClock,
    ) -> Result<(), AgentError> {
        let run = session.run();
        let ready_at = Some(clock::wall_now());
        let progress = Some(session.progress());
        session.note(Some(RunUpdate { run, ready_at, progress, ended: None }), true);
        session.settle()?;
        let status = narrate::status(session.engine(), session.tally(), session.now());
        self.publish(session, pace, clock::monotonic());
        self.board.reach(Phase::Ready);
        self.notifier.ready(&status);
        let instruments = session.engine().desks().len();
        log::info!(MESSAGE_ID = message_id::READY, run = run;
            "ready: run {run}, {instruments} instruments; {status}");
        Ok(())
    }

    /// Called once a turn.
    pub(super) fn beat(
        &mut self,
        session: &mut Session,
        pace: &PaceClock,
    ) -> Result<(), AgentError> {
        let now = clock::monotonic();
        if self.progress.is_due(now) {
            session.keep_lock()?;
            self.prove(session, pace, now);
        }
        if self.state_json.is_due(now) {
            session.note(None, true);
        }
        self.watch_ledger(session, now)?;
        self.watch_out(session, pace, now)?;
        let fresh = self.watch_data(session, pace);
        let alive = self.ping(session, fresh, now);
        if let Some(venue) = session.kucoin() {
            // The venue's dead-man's switch hangs on the same proof as the watchdog.
            venue.prove(alive && !self.stopping);
        }
        if !self.stopping && self.status.is_due(now) {
            self.show(session, now);
        }
        self.board.turned();
        if self.board.is_due(now) {
            self.publish(session, pace, now);
        }
        if self.invariants.is_due(now) {
            for violation in invariant::check(session.engine()) {
                self.errors += 1;
                log::error!(invariant = violation.invariant; "invariant broken: {violation}");
            }
        }
        Ok(())
    }

    /// A turn of the loop is over, and took so long.
    pub(super) fn turned(&mut self, took: Duration) {
        self.turns.observe(took);
        if let Some(lookout) = &mut self.lookout {
            lookout.vitals.turned(took);
        }
    }

    pub(super) fn reloading(&mut self) {
        self.notifier.reloading();
    }

    pub(super) fn reloaded(&mut self) {
        self.notifier.ready("configuration reloaded");
    }

    pub(super) fn stopping(&mut self, cause: &str) {
        // From here on STATUS= says why it stops.
        self.stopping = true;
        self.board.reach(Phase::Draining);
        live_line::end();
        log::info!(MESSAGE_ID = message_id::STOPPED, cause = cause; "stopping: {cause}");
        self.notifier.stopping(&format!("stopping: {cause}"));
        self.notifier.flush(NOTIFY_FLUSH);
    }

    /// Writes a proof of work into the ledger, where the data allows it.
    fn prove(&mut self, session: &mut Session, pace: &PaceClock, now: Duration) {
        if !is_fresh(session, pace, self.stale_after) {
            return;
        }
        let (run, progress) = (session.run(), Some(session.progress()));
        let ticket =
            session.note(Some(RunUpdate { run, ready_at: None, progress, ended: None }), false);
        self.proof.get_or_insert((ticket, now));
    }

    fn watch_ledger(&mut self, session: &mut Session, now: Duration) -> Result<(), AgentError> {
        if let Some((ticket, since)) = self.proof {
            if session.is_durable(ticket)? {
                self.proof = None;
            } else if now.saturating_sub(since) > PATIENCE {
                session.give_up_waiting();
            }
        }
        session.watch_storage()
    }

    /// Looks at the process, the calls and the machine.
    fn watch_out(
        &mut self,
        session: &mut Session,
        pace: &PaceClock,
        now: Duration,
    ) -> Result<(), AgentError> {
        let Some(lookout) = &mut self.lookout else { return Ok(()) };
        lookout.pulse.turned();
        lookout.watch.look(session, now);
        if lookout.due.is_due(now) {
            let found = lookout.interface.as_mut().and_then(|interface| interface.look(now));
            lookout.watch.tasks(session, found, now);
            let age = data_age(session, pace);
            let errors = lookout.pulse.beat(session, (self.errors, age), now);
            if let Some(row) = lookout.vitals.look(session, (age, errors), now) {
                session.keep_vitals(row);
            }
        }
        session.ended_task().map_or(Ok(()), |task| Err(AgentError::Task(task)))
    }

    /// Holds entries while the market says nothing, and lets go when it speaks again.
    fn watch_data(&mut self, session: &mut Session, pace: &PaceClock) -> bool {
        let fresh = is_fresh(session, pace, self.stale_after);
        let code = HoldCode::StaleData;
        let held = session.engine().holds().is_set(None, code);
        if fresh && held {
            session.tell(&Event::ClearHold { scope: None, code });
        } else if !fresh && !held {
            let reason = format!("no market data for {} s", self.stale_after.as_secs());
            let (level, set_at) = (Level::SoftPause, session.now());
            session.tell(&Event::SetHold(Hold {
                scope: None,
                code,
                level,
                reason,
                set_at,
                until: None,
            }));
        }
        fresh
    }

    fn ping(&mut self, session: &Session, fresh: bool, now: Duration) -> bool {
        let lag = self.ledger_lag(now);
        let alive = fresh && (lag <= LEDGER_LAG_MAX || session.is_storage_held());
        if !alive && !self.withheld {
            self.errors += 1;
            log::warn!(MESSAGE_ID = message_id::WATCHDOG_WITHHELD, fresh = fresh, ledger_lag_s = lag.as_secs();
                "watchdog withheld: data fresh {fresh}, ledger {} s behind", lag.as_secs());
        }
        self.withheld = !alive;
        if alive && self.watchdog.as_mut().is_some_and(|watchdog| watchdog.is_due(now)) {
            self.notifier.watchdog();
        }
        alive
    }

    fn publish(&self, session: &Session, pace: &PaceClock, now: Duration) {
        let age = data_age(session, pace);
        let stale_after = age.map(|_| self.stale_after);
        let data = DataView { age: age.unwrap_or_default(), stale_after };
        let beside = Beside {
            data,
            lag: self.ledger_lag(now),
            exposure_max: self.exposure_max,
            limits: &self.health,
            turns: self.turns,
            sent: &self.sent,
        };
        self.board.publish(showing::view(session, pace, beside), now);
    }

    fn ledger_lag(&self, now: Duration) -> Duration {
        self.proof.map_or(Duration::ZERO, |(_, since)| now.saturating_sub(since))
    }

    fn show(&mut self, session: &Session, now: Duration) {
        let mut status = narrate::status(session.engine(), session.tally(), session.now());
        if let Some(Lookout { pulse, .. }) = &self.lookout {
            status.push_str(&format!(", {}", pulse.health().as_str()));
        }
        self.notifier.status(&status);
        if self.terminal {
            live_line::set(&status);
        } else if self.plain.is_due(now) {
            log::info!("{status}");
        }
    }
}

fn is_fresh(session: &Session, pace: &PaceClock, stale_after: Duration) -> bool {
    data_age(session, pace).is_none_or(|age| age <= stale_after)
}

/// How old the newest market data is. Files are as old as they are, and a clock of its own waits for its
/// market: neither is judged.
fn data_age(session: &Session, pace: &PaceClock) -> Option<Duration> {
    if let Some(received_at) = session.received_at() {
        return Some(clock::monotonic().saturating_sub(received_at));
    }
    if session.is_replay() || !pace.is_wall() {
        return None;
    }
    // Nothing yet: fresh for as long as a first event may take.
    let since = session.engine().data_at().unwrap_or(session.started_at());
    let age_us = pace.now().us_since(since).max(0);
    Some(Duration::from_micros(u64::try_from(age_us).unwrap_or(0)))
}

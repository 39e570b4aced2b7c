//! The start, top to bottom: lock, market, ledger, account, reconciliation. Nothing is sent before
//! the end of it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::engine_settings::{engine_settings, lookback_from};
use super::error::AgentError;
use super::ground::{self, Wanted};
use super::online::Held;
use super::pace::{Pace, PaceClock};
use super::session::{Parts, Session};
use super::{Options, preflight, restore};
use crate::clock;
use crate::config::settings::{Mode, Record};
use crate::config::{Directories, Settings};
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::record::{self, Fact};
use crate::domain::time::Timestamp;
use crate::durable::group_commit::GroupCommit;
use crate::durable::instance_lock::{InstanceLock, LockError};
use crate::engine::action::Action;
use crate::engine::event::Event;
use crate::engine::{Engine, invariant};
use crate::http::board::{Board, Phase};
use crate::market::Replay;
use crate::recorder::header::Fresh;
use crate::recorder::recorded_engine::RecordedEngine;
use crate::recorder::recording::{self, Origin, Recorder};
use crate::store::emergency::{self, Emergency, TakeInError};
use crate::store::operator::Spool;
use crate::store::run::{self, BeginError, CRASH_STREAK_MAX, NewRun, Run};
use crate::store::run_cause::RunCause;
use crate::store::writer::LedgerSink;
use crate::store::{
    LEDGER, chain, day_row, install, instrument_row, ledger_path, load, state_json,
};
use crate::systemd::message_id;
use crate::systemd::notify::Notifier;

/// Longest pause after crashes in a row, in seconds; it doubles from 30 s (seed 001).
const CRASH_HOLD_S_MAX: u64 = 3_600;

/// Opens and reconciles everything.
pub(super) async fn start(
    options: &Options,
    settings: &Settings,
    (notifier, board): (&mut Notifier, &Board),
) -> Result<(Session, PaceClock), AgentError> {
    let state_dir = &options.directories.state;
    let replay = open_replay(options, settings)?;
    let lock = take_lock(state_dir)?;
    finish_restore(state_dir)?;
    let mut connection = LEDGER.open_writer(&ledger_path(state_dir))?;
    let hash = settings.hash();
    let fees = ground::fee_source(settings);
    let market = ground::name(settings, replay.is_some());
    let new = new_run(options, settings, (market, &hash, &fees));
    let run = foresee(settings, state_dir, &connection, &new)?;
    take_emergency_in(options, &mut connection)?;
    let seen_until = last_instant(&connection, &run)?;
    let ledger = load::load(&connection)?;
    let symbols = restore::held(&ledger);
    let held = Held { known: instrument_row::find(&connection, &symbols)?, symbols };
    let wanted = Wanted { options, settings, replay, seen_until, held };
    let ground = ground::prepare(wanted, notifier).await?;
    let (now, instruments) = (ground.now, &ground.instruments);

    notifier.status("reconciling with the venue");
    board.reach(Phase::Reconciling);
    let stamp = run.stamp(now);
    let fresh = Fresh {
        settings: engine_settings(settings, stamp, is_live_time(options)),
        instruments: instruments.clone(),
        traded: settings.market.symbols.clone(),
    };
    let recorder = recorder(options, settings, &new, &fresh, (&connection, run.number, now))?;
    let mut engine = RecordedEngine::new(engine(&fresh)?, recorder);
    let mut known = restore::known(instruments, ledger, seen_until)?;
    known.day = day_row::newest(&connection)?;
    known.trades = day_row::closed_trades(&connection, lookback_from(&fresh.settings, now))?;
    let (venue, snapshot) = ground.link(settings, state_dir, &connection, &known).await?;

    let mut actions = Vec::new();
    let started = record::Record::Run { run: run.number, phase: "started" };
    actions.push(Action::Record(Fact { at: now, input: None, record: started }));
    engine.restore(known, now, &mut actions);
    engine.reconcile(&snapshot, now, &mut actions);
    hold_after_crashes(&mut engine, &run, now, &mut actions);
    ground.warm_up(&mut engine, settings).await;

    // Only here, where nothing can refuse any more, does this start become a run.
    run::begin(&mut connection, &new, stamp).map_err(|error| not_ours(state_dir, error))?;
    instrument_row::keep(&mut connection, instruments)?;
    log::info!(MESSAGE_ID = message_id::STARTED; "ibis {} starting", env!("CARGO_PKG_VERSION"));
    for violation in invariant::check(&engine) {
        log::error!("invariant broken at the start: {violation}");
    }
    keep_torn_state(state_dir);
    let sink = LedgerSink::new(state_dir.clone(), chain::head(&connection)?.seq);
    let ledger = GroupCommit::start("ledger", connection, sink)?;
    let parts = Parts {
        engine,
        venue,
        instruments: ground.instruments,
        reconcile_interval: settings.reconcile.interval,
        source: ground.source,
        ledger,
        state_dir: state_dir.clone(),
        mode: mode(settings),
        run: run.number,
        lock,
        seen_until,
        emergency: emergency(options),
        spool: Spool::new(state_dir, options.directories.runtime.as_deref()),
        rest: ground.rest,
    };
    let session = Session::new(parts, (now, ground.first), actions);
    let clock = ground.clock.unwrap_or_else(|| PaceClock::new(options.pace, now));
    Ok((session, clock))
}

/// What this start will be, if it may be one.
fn foresee(
    settings: &Settings,
    state_dir: &Path,
    connection: &rusqlite::Connection,
    new: &NewRun<'_>,
) -> Result<Run, AgentError> {
    let run = run::foresee(connection, new).map_err(|error| not_ours(state_dir, error))?;
    preflight::check(settings, state_dir)?;
    Ok(run)
}

/// A restore that was cut short has to be whole before anything is opened.
fn finish_restore(state_dir: &Path) -> Result<(), AgentError> {
    let finished = install::finish(state_dir).map_err(|error| {
        AgentError::Busy(format!("{}: a restore cannot be finished: {error}", state_dir.display()))
    })?;
    if let Some(aside) = finished {
        log::warn!("a restore was cut short; finished, the old files are in {}", aside.display());
    }
    Ok(())
}

/// What an earlier run wrote beside the ledger, while that could not be written.
fn take_emergency_in(
    options: &Options,
    connection: &mut rusqlite::Connection,
) -> Result<(), AgentError> {
    let Directories { state, runtime, .. } = &options.directories;
    let events =
        emergency::take_in(connection, state, runtime.as_deref()).map_err(|error| match error {
            TakeInError::Sqlite(error) => {
                AgentError::Ledger(LEDGER.error(&ledger_path(state), &error))
            }
            TakeInError::Io(path, error) => AgentError::Busy(format!(
                "{}: {error}; check the disk and its permissions",
                path.display()
            )),
        })?;
    if events > 0 {
        log::warn!("{events} events taken into the ledger from the emergency journal");
    }
    Ok(())
}

/// The journal for when the ledger cannot be written. At its own pace nothing waits for the market, and
/// nothing is protected by going on: a run that cannot write ends.
fn emergency(options: &Options) -> Option<Emergency> {
    let Directories { state, runtime, .. } = &options.directories;
    (options.pace != Pace::Max).then(|| Emergency::open(state, runtime.as_deref()))
}

fn open_replay(options: &Options, settings: &Settings) -> Result<Option<Replay>, AgentError> {
    let live = settings.agent.mode == Mode::Live;
    if live && options.pace == Pace::Max {
        let what = "--speed max: the venue's clock cannot be hurried; name a number, or none";
        return Err(AgentError::Usage(what.to_owned()));
    }
    if options.replay.is_empty() {
        return Ok(None);
    }
    if live {
        let what = "--replay: live mode trades the venue's own market; write mode = \"paper\"";
        return Err(AgentError::Usage(what.to_owned()));
    }
    for path in &options.replay {
        if let Err(error) = fs::metadata(path) {
            let path = path.display();
            return Err(AgentError::Usage(format!(
                "--replay {path}: {error}; name a file that exists"
            )));
        }
    }
    Ok(Some(Replay::open(&options.replay)?))
}

fn take_lock(state_dir: &Path) -> Result<InstanceLock, AgentError> {
    fs::create_dir_all(state_dir).map_err(|error| {
        AgentError::Busy(format!("{}: cannot be created: {error}", state_dir.display()))
    })?;
    let path = state_dir.join("agent.lock");
    InstanceLock::take(&path).map_err(|error| {
        let path = path.display();
        AgentError::Busy(match error {
            LockError::Held => {
                format!("{path}: another agent works in this directory; stop it, or name another --state-dir")
            }
            LockError::Io(error) => format!("{path}: cannot be locked: {error}; check the disk and its permissions"),
        })
    })
}

pub(super) fn mode(settings: &Settings) -> &'static str {
    match settings.agent.mode {
        Mode::Paper => "paper",
        Mode::Live => "live",
    }
}

fn new_run<'a>(
    options: &Options,
    settings: &'a Settings,
    (market, hash, fee_source): (&'a str, &'a str, &'a str),
) -> NewRun<'a> {
    NewRun {
        mode: mode(settings),
        instance: &settings.agent.instance,
        clock: if options.pace == Pace::Wall { "wall" } else { "virtual" },
        market,
        config_hash: hash,
        fee_source,
        started_at: clock::wall_now(),
    }
}

fn not_ours(state_dir: &Path, error: BeginError) -> AgentError {
    let path = ledger_path(state_dir);
    match error {
        BeginError::Sqlite(error) => AgentError::Ledger(LEDGER.error(&path, &error)),
        BeginError::Other { what, ledger, configured } => AgentError::OtherLedger(format!(
            "{}: this ledger's {what} is {ledger}, the configuration says {configured}; \
             name another --state-dir",
            path.display()
        )),
    }
}

/// A torn `state.json` is about to be replaced: it is evidence, and not ours to destroy.
fn keep_torn_state(state_dir: &Path) {
    match state_json::keep_torn(state_dir) {
        Ok(None) => {}
        Ok(Some((why, kept))) => {
            log::warn!("state.json was {why}; kept as {}, rebuilt from the ledger", kept.display());
        }
        Err(error) => log::error!("state.json was torn, and cannot be kept aside: {error}"),
    }
}

/// The latest instant the ledger knows, by the engine's clock.
fn last_instant(
    connection: &rusqlite::Connection,
    run: &Run,
) -> Result<Option<Timestamp>, AgentError> {
    let query = "SELECT at_us FROM events ORDER BY seq DESC LIMIT 1";
    let event = match connection.query_row(query, [], |row| row.get(0)) {
        Ok(at_us) => Some(Timestamp::from_us(at_us)),
        Err(rusqlite::Error::QueryReturnedNoRows) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(event.max(run.last_engine_at))
}

fn engine(fresh: &Fresh) -> Result<Engine, AgentError> {
    fresh.engine().map_err(|symbol| {
        let known = fresh.instruments.iter().map(|known| known.symbol().to_string());
        AgentError::Mismatch(format!(
            "market.symbols: this market has no {symbol}; it has {}",
            known.collect::<Vec<_>>().join(", ")
        ))
    })
}

/// The black box, where it is wanted.
fn recorder(
    options: &Options,
    settings: &Settings,
    new: &NewRun<'_>,
    fresh: &Fresh,
    (ledger, run, at): (&rusqlite::Connection, u32, Timestamp),
) -> Result<Option<Recorder>, AgentError> {
    let can_be_run_again = options.pace == Pace::Max || !options.replay.is_empty();
    let wanted = &settings.recorder;
    match wanted.record {
        Record::Never => return Ok(None),
        Record::Auto if can_be_run_again => return Ok(None),
        Record::Auto | Record::Always => {}
    }
    let how = recording::Settings {
        state_dir: options.directories.state.clone(),
        segment_bytes: wanted.segment_bytes_max,
        segment_age: wanted.segment_age_max,
        disk_free_min: wanted.disk_free_min,
        limits: recording::Limits { age_max: wanted.age_max, bytes_max: wanted.bytes_max },
    };
    let origin = Origin { run, began: new.started_at, seq: chain::head(ledger)?.seq, at };
    Ok(Some(Recorder::new(how, origin, fresh)))
}

/// True where the market's clock is the wall's: only then can news be late.
fn is_live_time(options: &Options) -> bool {
    options.replay.is_empty() && options.pace == Pace::Wall
}

/// A crash loop is about money, not load: systemd restarts quickly, trading waits.
fn hold_after_crashes(
    engine: &mut RecordedEngine,
    run: &Run,
    now: Timestamp,
    actions: &mut Vec<Action>,
) {
    let streak = run.unclean_streak;
    if streak == 0 {
        let code = HoldCode::CrashLoop;
        return engine.step(&Event::ClearHold { scope: None, code }, now, actions);
    }
    let cause = run.unclean_cause.unwrap_or(RunCause::Crash);
    let pause_s = 30u64.saturating_mul(1 << (streak - 1).min(20)).min(CRASH_HOLD_S_MAX);
    let latched = streak > CRASH_STREAK_MAX;
    let hold = Hold {
        scope: None,
        code: HoldCode::CrashLoop,
        level: if latched { Level::HardStop } else { Level::SoftPause },
        reason: format!("{streak} unclean ends in a row, the last one: {cause}"),
        set_at: now,
        until: (!latched).then(|| now + Duration::from_secs(pause_s)),
    };
    engine.step(&Event::SetHold(hold), now, actions);
}

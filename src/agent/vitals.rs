//! What this process costs and what goes wrong in it, measured for `ibis drift`: a row an interval.
//!
//! Of this process alone, never of the machine: a neighbour that eats memory is none of its business. The
//! row goes to the ledger's writer like any other; the engine neither sees nor makes it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::every::Every;
use super::session::Session;
use crate::clock;
use crate::domain::durations::Durations;
use crate::domain::hold::Level;
use crate::http::Process;
use crate::store::ledger_path;
use crate::store::vitals::VitalsRow;
use crate::systemd::journal;

/// Counts that only grow; none where nothing counts them.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    cpu_us: Option<u64>,
    market_events: u64,
    calls: Option<u64>,
    call_errors: Option<u64>,
    rate_limited: Option<u64>,
    reconnects: Option<u64>,
    orders: u64,
    order_failures: u64,
    order_rejects: u64,
    errors: u64,
    logged_errors: u64,
    logged_warnings: u64,
    ledger_events: u64,
    transitions: u64,
}

impl Totals {
    fn of(session: &Session, process: Option<&Process>, errors: u64) -> Self {
        let tally = session.tally();
        let calls = session.rest().map(|rest| rest.count());
        let (logged_errors, logged_warnings) = journal::counted();
        Self {
            cpu_us: process.map(|process| us(process.cpu)),
            market_events: tally.market_events,
            calls: calls.map(|count| count.calls),
            call_errors: calls.map(|count| count.errors),
            rate_limited: calls.map(|count| count.rate_limited),
            reconnects: session.feed_downs(),
            orders: tally.orders,
            order_failures: tally.unresolved,
            order_rejects: tally.rejected,
            errors,
            logged_errors,
            logged_warnings,
            ledger_events: tally.facts,
            transitions: tally.counters.transitions.values().sum(),
        }
    }
}

/// What is measured of the interval that runs.
pub(super) struct Vitals {
    due: Every,
    began: Duration,
    before: Totals,
    turns: Durations,
    ages: Durations,
    running: Duration,
    looked_at: Duration,
}

impl Vitals {
    /// The first interval begins now.
    pub(super) fn new(interval: Duration, session: &Session, now: Duration) -> Self {
        Self {
            due: Every::from(now, interval),
            began: now,
            before: Totals::of(session, Process::look().as_ref(), session.tally().errors()),
            turns: Durations::default(),
            ages: Durations::default(),
            running: Duration::ZERO,
            looked_at: now,
        }
    }

    /// From the next interval on they are this long.
    pub(super) fn reconfigure(&mut self, interval: Duration) {
        self.due.interval = interval;
    }

    /// The loop turned, and that took so long.
    pub(super) fn turned(&mut self, took: Duration) {
        self.turns.add(took);
    }

    /// Looks about once a second: how old the newest data is, where that is judged, and the state. Returns a
    /// row where an interval is over; `errors` are all so far that count against the agent's health.
    pub(super) fn look(
        &mut self,
        session: &mut Session,
        (age, errors): (Option<Duration>, u64),
        now: Duration,
    ) -> Option<VitalsRow> {
        if let Some(age) = age {
            self.ages.add(age);
        }
        if session.engine().level() == Level::Running {
            self.running += now.saturating_sub(self.looked_at);
        }
        self.looked_at = now;
        self.due.is_due(now).then(|| self.row(session, errors, now))
    }

    /// The interval's row; the next one begins.
    fn row(&mut self, session: &mut Session, errors: u64, now: Duration) -> VitalsRow {
        let process = Process::look();
        let totals = Totals::of(session, process.as_ref(), errors);
        let before = std::mem::replace(&mut self.before, totals);
        let grown = |count: fn(&Totals) -> u64| Some(count(&totals).saturating_sub(count(&before)));
        let maybe = |count: fn(&Totals) -> Option<u64>| {
            Some(count(&totals)?.saturating_sub(count(&before)?))
        };
        let (lag, acks) = (session.take_lag(), session.take_acks());
        let row = VitalsRow {
            at: clock::wall_now(),
            run: session.run(),
            interval_us: us(now.saturating_sub(self.began)),
            rss_bytes: process.map(|process| process.resident),
            cpu_us: maybe(|totals| totals.cpu_us),
            threads: process.map(|process| process.threads),
            descriptors: process.map(|process| process.fds),
            ledger_bytes: ledger_bytes(session.state_dir()),
            turns: Some(self.turns.count()),
            turn_p50_us: self.turns.percentile_us(50),
            turn_p95_us: self.turns.percentile_us(95),
            turn_p99_us: self.turns.percentile_us(99),
            market_events: grown(|totals| totals.market_events),
            market_age_p95_us: self.ages.percentile_us(95),
            lag_p95_us: lag.as_ref().and_then(|lag| lag.percentile_us(95)),
            lag_p99_us: lag.as_ref().and_then(|lag| lag.percentile_us(99)),
            calls: maybe(|totals| totals.calls),
            call_errors: maybe(|totals| totals.call_errors),
            rate_limited: maybe(|totals| totals.rate_limited),
            reconnects: maybe(|totals| totals.reconnects),
            orders: grown(|totals| totals.orders),
            order_failures: grown(|totals| totals.order_failures),
            order_rejects: grown(|totals| totals.order_rejects),
            ack_p99_us: acks.percentile_us(99),
            errors: grown(|totals| totals.errors),
            logged_errors: grown(|totals| totals.logged_errors),
            logged_warnings: grown(|totals| totals.logged_warnings),
            ledger_events: grown(|totals| totals.ledger_events),
            transitions: grown(|totals| totals.transitions),
            running_us: Some(us(self.running)),
        };
        self.turns.clear();
        self.ages.clear();
        (self.began, self.running) = (now, Duration::ZERO);
        row
    }
}

/// Size of the ledger and its log; none where the ledger cannot be seen.
fn ledger_bytes(state_dir: &Path) -> Option<u64> {
    let ledger = ledger_path(state_dir);
    let log = fs::metadata(ledger.with_extension("db-wal")).map_or(0, |log| log.len());
    Some(fs::metadata(ledger).ok()?.len() + log)
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

//! What the agent shows of itself over HTTP: a view of the session, and the service that shows it.

mod network;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Options;
use super::error::AgentError;
use super::pace::{Pace, PaceClock};
use super::session::Session;
use crate::alerts::channels::{ChannelName, SentCount};
use crate::config::Settings;
use crate::config::settings::HealthSettings;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::hold::Level;
use crate::engine::Engine;
use crate::engine::desk::Desk;
use crate::engine::guards::Measured;
use crate::engine::reconcile::DifferenceKind;
use crate::histogram::Histogram;
use crate::http::board::Board;
use crate::http::operator::Spooled;
use crate::http::view::{
    DataView, GuardsView, InstrumentView, LedgerView, MeasuredView, MoneyView, OrderView, View,
};
use crate::http::{Facts, Service, StartError};
use crate::risk::guard::settings::Grades;

/// Starts the service, where one is wanted: what runs as fast as it can is over before anyone looks.
pub(super) fn serve(
    options: &Options,
    settings: &Settings,
    board: &Arc<Board>,
) -> Result<Option<Service>, AgentError> {
    if options.pace == Pace::Max {
        return Ok(None);
    }
    let directories = &options.directories;
    let facts = Facts {
        mode: super::start::mode(settings),
        profile: settings.agent.profile.as_str(),
        config_hash: settings.hash(),
        state_dir: directories.state.clone(),
        health: Arc::clone(&settings.health),
        mismatch_kinds: DifferenceKind::ALL.iter().map(|kind| kind.as_str()).collect(),
    };
    let places = (directories.runtime.as_deref(), directories.credentials.as_deref());
    let operator = Arc::new(Spooled::new(&directories.state, places.0));
    Service::start(&settings.http, places, facts, Arc::clone(board), operator).map_err(|error| {
        match error {
            StartError::Token(error) => AgentError::Credentials(error.to_string()),
            StartError::Io(error) => error.into(),
        }
    })
}

/// What a view is made of besides the session.
pub(super) struct Beside<'a> {
    pub(super) data: DataView,
    /// How long the last proof of work waits to be durable.
    pub(super) lag: Duration,
    pub(super) exposure_max: Decimal,
    pub(super) limits: &'a Arc<HealthSettings>,
    pub(super) turns: Histogram,
    pub(super) sent: &'a [(ChannelName, Arc<SentCount>)],
}

/// A view of the session now.
pub(super) fn view(session: &Session, pace: &PaceClock, beside: Beside<'_>) -> View {
    let engine = session.engine();
    let mut holds: Vec<_> = engine.holds().iter().cloned().collect();
    holds.sort_by(|a, b| b.level.cmp(&a.level).then(a.set_at.cmp(&b.set_at)));
    let mut mismatches = BTreeMap::new();
    for difference in engine.differences() {
        *mismatches.entry(difference.kind.as_str()).or_default() += 1;
    }
    let counters = session.tally().counters.clone();
    View {
        run: session.run(),
        at: session.now(),
        clock: (pace.is_wall() && !session.is_replay()).then(|| pace.now()),
        state_since: counters.state_since.unwrap_or(session.started_at()),
        state: engine.level(),
        holds,
        kill_verified: engine.kill_verified_at().is_some(),
        reconciled_at: engine.agreed_at(),
        mismatches,
        data: beside.data,
        ledger: LedgerView { lag: beside.lag, held: session.is_storage_held() },
        money: money(engine, beside.exposure_max),
        guards: guards(engine),
        instruments: engine.desks().iter().map(instrument).collect(),
        open_orders: engine
            .open_orders()
            .map(|order| OrderView {
                client_order_id: order.client_order_id.to_string(),
                side: order.side,
            })
            .collect(),
        limits: Arc::clone(beside.limits),
        counters,
        turns: beside.turns,
        notifications: beside
            .sent
            .iter()
            .map(|(channel, sent)| (channel.as_str(), sent.results()))
            .collect(),
        network: network::view(session),
    }
}

fn money(engine: &Engine, exposure_max: Decimal) -> MoneyView {
    let worth = engine.account_asset().map(|asset| engine.worth(asset)).unwrap_or_default();
    MoneyView {
        equity: worth.equity(),
        cash: worth.cash,
        exposure: worth.exposure,
        unrealized: worth.unrealized,
        exposure_max: worth.equity().mul(exposure_max, Round::Down),
    }
}

fn guards(engine: &Engine) -> GuardsView {
    let of = |Measured { open, daily_loss, drawdown, turnover }| MeasuredView {
        open,
        daily_loss,
        drawdown,
        turnover,
    };
    let settings = engine.guard_settings();
    let limits = [
        ("daily_loss", settings.daily_loss),
        ("drawdown", settings.drawdown),
        ("turnover", settings.turnover),
    ];
    let levels =
        limits.into_iter().flat_map(|(name, Grades { degraded, hard_stop, kill_switch })| {
            [
                (name, Level::Degraded, degraded),
                (name, Level::HardStop, hard_stop),
                (name, Level::KillSwitch, kill_switch),
            ]
        });
    let limits = levels.filter_map(|(name, level, limit)| Some((name, level, limit?))).collect();
    GuardsView { measured: engine.measured().map(of), limits }
}

fn instrument(desk: &Desk) -> InstrumentView {
    InstrumentView {
        symbol: desk.instrument.symbol(),
        market_at: (desk.market_at.us() != i64::MIN).then_some(desk.market_at),
        quantity: desk.position.quantity(),
    }
}

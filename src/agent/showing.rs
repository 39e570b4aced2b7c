//! What the agent shows of itself over HTTP: a view of the session, and the service that shows it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Options;
use super::error::AgentError;
use super::pace::Pace;
use super::session::Session;
use crate::config::Settings;
use crate::domain::decimal::{Decimal, Round};
use crate::engine::Engine;
use crate::engine::desk::Desk;
use crate::engine::reconcile::DifferenceKind;
use crate::http::board::Board;
use crate::http::operator::Spooled;
use crate::http::view::{DataView, InstrumentView, LedgerView, MoneyView, OrderView, View};
use crate::http::{Facts, Service, StartError};

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

/// A view of the session now.
pub(super) fn view(
    session: &Session,
    data: DataView,
    lag: Duration,
    exposure_max: Decimal,
) -> View {
    let engine = session.engine();
    let mut holds: Vec<_> = engine.holds().iter().cloned().collect();
    holds.sort_by(|a, b| b.level.cmp(&a.level).then(a.set_at.cmp(&b.set_at)));
    let mut mismatches = BTreeMap::new();
    for difference in engine.differences() {
        *mismatches.entry(difference.kind.as_str()).or_default() += 1;
    }
    View {
        run: session.run(),
        at: session.now(),
        state: engine.level(),
        holds,
        kill_verified: engine.kill_verified_at().is_some(),
        reconciled_at: engine.agreed_at(),
        mismatches,
        data,
        ledger: LedgerView { lag, held: session.is_storage_held() },
        money: money(engine, exposure_max),
        instruments: engine.desks().iter().map(instrument).collect(),
        open_orders: engine
            .open_orders()
            .map(|order| OrderView {
                client_order_id: order.client_order_id.to_string(),
                side: order.side,
            })
            .collect(),
        counters: session.tally().counters.clone(),
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

fn instrument(desk: &Desk) -> InstrumentView {
    InstrumentView {
        symbol: desk.instrument.symbol(),
        market_at: (desk.market_at.us() != i64::MIN).then_some(desk.market_at),
        quantity: desk.position.quantity(),
    }
}

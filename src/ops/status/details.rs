//! The ledger's figures for `status`. Costs what is open, whatever the history's length.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use crate::domain::decimal::{Decimal, Round};
use crate::domain::hold::{Hold, Level};
use crate::domain::position::{Basis, Position};
use crate::domain::record::PositionRow;
use crate::domain::symbol::Symbol;
use crate::domain::time::{DAY_US, Timestamp};
use crate::ops::agent_evidence::Run;
use crate::ops::job_run::{self, JobRun};
use crate::store::load::{self, LedgerState, optional};
use crate::store::run::meta;
use crate::store::state_json::{DeadManDocument, HealthDocument};
use crate::store::{self, state_json, trade_history};

/// Fills of today that are added up; beyond it `hourly-kpi` has the figure.
const REALIZED_FILLS_MAX: usize = 5_000;

/// What the ledger says.
#[derive(Clone, PartialEq, Debug)]
pub struct Details {
    /// `paper` or `live`.
    pub mode: String,
    /// What the agent may do: the strictest hold on everything.
    pub state: Level,
    /// Active holds.
    pub holds: Vec<Hold>,
    /// The last health check.
    pub healthcheck: Option<JobRun>,
    /// What is held.
    pub positions: Vec<HeldPosition>,
    /// Positions in `state.json`; none where it is unusable.
    pub state_positions: Option<usize>,
    /// Orders that are not over.
    pub open_orders: usize,
    /// Fills ever.
    pub fills: i64,
    /// Records in `trade_history.json` at its last export.
    pub trade_history_records: u64,
    /// Cash plus positions at the bid, in quote units.
    pub equity: Option<Decimal>,
    /// Quote asset, all of it.
    pub cash: Option<Decimal>,
    /// The venue's dead-man's switch, as the agent last wrote it; none in paper mode.
    pub dead_man: Option<DeadManDocument>,
    /// How the agent is by its own errors, as it last wrote it; none where it wrote nothing of it.
    pub agent_health: Option<HealthDocument>,
    /// Net profit of today's sells in quote units; none where there are too many to add up here.
    pub realized_today: Option<Decimal>,
}

/// A position with its worth. Prices and amounts in quote units.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HeldPosition {
    /// Which instrument.
    pub symbol: Symbol,
    /// In base units.
    pub quantity: Decimal,
    /// What a unit cost, without fees; none where unknown.
    pub average_price: Option<Decimal>,
    /// The last best bid.
    pub mark_price: Option<Decimal>,
    /// Worth at the bid less cost, of the lots of known basis.
    pub unrealized: Option<Decimal>,
    /// Whether what was paid is known for all of it.
    pub basis: Basis,
    /// Since when.
    pub opened_at: Option<Timestamp>,
}

impl Details {
    /// Reads them, in one snapshot.
    pub fn gather(state_dir: &Path, run: Option<&Run>) -> anyhow::Result<Self> {
        let document = state_json::read(state_dir).ok();
        let ledger = store::open_reader(state_dir)?;
        let ledger = ledger.unchecked_transaction()?;
        let state = load::load(&ledger)?;
        let engine_at = run.and_then(|run| run.engine_at.or(run.progress_at));
        let held = |document: &state_json::StateDocument| {
            document.positions.values().filter(|held| held.quantity.is_positive()).count()
        };
        let sample = sample(&ledger)?;
        let (equity, cash) = match &document {
            Some(document) => (Some(document.equity), Some(document.cash)),
            None => sample.unzip(),
        };
        let exported = trade_history::last_export(&ledger)?;
        let fills = "SELECT coalesce(max(fill), 0) FROM fills";
        Ok(Self {
            mode: meta(&ledger, "mode")?.unwrap_or_else(|| "unknown".to_owned()),
            state: strictest(&state),
            healthcheck: job_run::last(&ledger, "healthcheck")?,
            positions: state.positions.iter().filter_map(HeldPosition::of).collect(),
            state_positions: document.as_ref().map(held),
            open_orders: state.open_orders.len(),
            holds: state.holds,
            fills: ledger.query_row(fills, [], |row| row.get(0))?,
            trade_history_records: exported.map_or(0, |export| export.records),
            equity,
            cash,
            agent_health: document.as_ref().and_then(|document| document.health.clone()),
            dead_man: document.and_then(|document| document.dead_man),
            realized_today: realized(&ledger, engine_at)?,
        })
    }
}

fn strictest(state: &LedgerState) -> Level {
    let global = state.holds.iter().filter(|hold| hold.scope.is_none());
    global.map(|hold| hold.level).max().unwrap_or(Level::Running)
}

impl HeldPosition {
    fn of(row: &PositionRow) -> Option<Self> {
        let position = Position::new(row.lots.iter().copied());
        let unknown = row.lots.iter().any(|lot| lot.basis == Basis::Unknown);
        let worth = |mark| position.known_quantity().mul(mark, Round::Down) - position.cost();
        (!position.is_flat()).then(|| Self {
            symbol: row.symbol,
            quantity: position.quantity(),
            average_price: position.average_price(),
            mark_price: row.mark_price,
            unrealized: row.mark_price.map(worth),
            basis: if unknown { Basis::Unknown } else { Basis::Known },
            opened_at: position.opened_at(),
        })
    }
}

/// Equity and cash of the newest minute.
fn sample(ledger: &Connection) -> rusqlite::Result<Option<(Decimal, Decimal)>> {
    let query = "SELECT equity, cash FROM samples ORDER BY at_us DESC LIMIT 1";
    let row = |row: &rusqlite::Row<'_>| Ok((load::text(row, 0)?, load::text(row, 1)?));
    ledger.query_row(query, [], row).optional()
}

/// Net of the sells of the engine's day.
fn realized(ledger: &Connection, now: Option<Timestamp>) -> rusqlite::Result<Option<Decimal>> {
    let Some(now) = now else { return Ok(None) };
    let mut statement =
        ledger.prepare("SELECT net FROM fills WHERE at_us >= ?1 AND at_us < ?2 LIMIT ?3")?;
    let day = now.day().us();
    let mut rows = statement.query([day, day + DAY_US, REALIZED_FILLS_MAX as i64 + 1])?;
    let (mut sum, mut count) = (Decimal::ZERO, 0);
    while let Some(row) = rows.next()? {
        sum += optional(row, 0)?.unwrap_or_default();
        count += 1;
    }
    Ok((count <= REALIZED_FILLS_MAX).then_some(sum))
}

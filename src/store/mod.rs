//! The ledger: SQLite in the state directory, one writer.
//!
//! `ibis.db` is the truth about what was intended and what is known. The agent writes it through
//! [`writer`]; everything else opens it read-only ([`open_reader`]), or, for a few rows in a short
//! transaction, read-write ([`open_existing`]). Paper and live never share a file: it records its
//! mode and refuses the other.

pub mod books;
pub mod chain;
pub mod column;
pub mod day_row;
pub mod drift;
pub mod emergency;
mod emergency_line;
pub mod event;
pub mod imported_trade;
pub mod install;
pub mod instrument_row;
pub mod kill;
pub mod kpi;
pub mod load;
pub mod notification;
pub mod operator;
pub mod order_story;
pub mod own_trade;
pub mod retention;
mod row;
pub mod run;
pub mod run_cause;
mod seen;
pub mod state_json;
pub mod trade_history;
pub mod validation;
pub mod vitals;
pub mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::durable::sqlite::{Format, OpenError};

/// The ledger's file format: `IBIS` as application id, every migration ever released.
pub const LEDGER: Format = Format {
    name: "ledger",
    application_id: 0x4942_4953,
    migrations: &[
        include_str!("../../migrations/0001_ledger.sql"),
        include_str!("../../migrations/0002_exactly_once.sql"),
        include_str!("../../migrations/0003_event_input.sql"),
        include_str!("../../migrations/0004_supervision.sql"),
        include_str!("../../migrations/0005_alerts.sql"),
        include_str!("../../migrations/0006_run_causes.sql"),
        include_str!("../../migrations/0007_validation.sql"),
        include_str!("../../migrations/0008_drift.sql"),
    ],
};

/// Where the ledger is in a state directory.
pub fn ledger_path(state_dir: &Path) -> PathBuf {
    state_dir.join("ibis.db")
}

/// Opens the ledger for reading.
pub fn open_reader(state_dir: &Path) -> Result<Connection, OpenError> {
    LEDGER.open_reader(&ledger_path(state_dir))
}

/// Opens the ledger for a few rows in a short transaction, beside the agent.
pub fn open_existing(state_dir: &Path) -> Result<Connection, OpenError> {
    LEDGER.open_existing(&ledger_path(state_dir))
}

//! `ibis trades`: another system's history in, the whole history out, what was earned.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::{Global, print_json, print_lines, state_dir};
use crate::clock;
use crate::domain::decimal::Decimal;
use crate::ops::trades::export::{self, Exported};
use crate::ops::trades::import::{self, ImportError, Imported};
use crate::ops::trades::summary::{self, Summary, Totals, Wanted};
use crate::store;

/// What cost less, in quote units, is a remainder of rounding and listed in JSON only: 0.01.
const REMAINDER_COST_MAX: Decimal = Decimal::from_raw(10_000_000_000_000_000);

/// Import, export and sum up trades
#[derive(Debug, Args)]
pub struct Trades {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take over a trade_history.json of the Python IBIS; a second time changes nothing
    ///
    /// Exit codes: 0 ok, 1 rows in conflict with known ones or rejected, 64 usage, 65 corrupt or
    /// foreign data, 75 busy or try again.
    Import {
        /// The file
        file: PathBuf,
    },
    /// Write the whole history, imported and own, in the shape of the Python IBIS
    ///
    /// Exit codes: 0 ok, 3 there is no ledger, 64 usage, 65 corrupt or foreign data, 75 busy or try
    /// again.
    Export {
        /// The file [default: trade_history.json in the state directory]
        file: Option<PathBuf>,
    },
    /// Print what was earned: matched sells, wins, profit and loss, fees, what is still held
    ///
    /// Exit codes: 0 ok, 3 there is no ledger, 64 usage, 65 corrupt or foreign data, 75 busy or try
    /// again.
    Summary {
        /// Only this symbol, with or without its quote: SUP-USDT, SUP
        #[arg(long)]
        symbol: Option<String>,
        /// Also one line a symbol
        #[arg(long)]
        by_symbol: bool,
    },
}

/// Runs it.
pub fn run(global: &Global, arguments: &Trades) -> anyhow::Result<Exit> {
    match &arguments.command {
        Command::Import { file } => run_import(global, file),
        Command::Export { file } => run_export(global, file.as_deref()),
        Command::Summary { symbol, by_symbol } => {
            run_summary(global, &Wanted { symbol: symbol.as_deref(), by_symbol: *by_symbol })
        }
    }
}

fn run_import(global: &Global, file: &Path) -> anyhow::Result<Exit> {
    let directory = state_dir(global);
    // Before the ledger is created: a mistyped file name must leave nothing behind.
    if let Err(error) = std::fs::metadata(file) {
        return Err(Failure::new(Exit::Usage, format!("{}: {error}", file.display())).into());
    }
    std::fs::create_dir_all(&directory).map_err(|error| {
        Failure::new(Exit::TryAgain, format!("{}: {error}", directory.display()))
    })?;
    let mut connection = store::LEDGER.open_writer(&store::ledger_path(&directory))?;
    let imported = import::import(&mut connection, file).map_err(|error| match error {
        ImportError::Open(..) => anyhow::Error::from(Failure::new(Exit::Usage, error.to_string())),
        ImportError::Malformed(..) => Failure::new(Exit::Data, error.to_string()).into(),
        ImportError::Ledger(error) => {
            store::LEDGER.error(&store::ledger_path(&directory), &error).into()
        }
    })?;
    if global.json {
        print_json(&imported)?;
    } else {
        print_lines(&render_import(&imported))?;
    }
    let is_whole = imported.conflicts == 0 && imported.rejected == 0;
    Ok(if is_whole { Exit::Ok } else { Exit::Degraded })
}

fn render_import(imported: &Imported) -> String {
    let mut text = format!(
        "{} rows: {} imported, {} duplicates, {} conflicts, {} rejected\n\
         {} repaired (size from funds and price), {} prices rounded to 18 places, \
         {} sells without a buy\n",
        imported.rows,
        imported.imported,
        imported.duplicates,
        imported.conflicts,
        imported.rejected,
        imported.repaired,
        imported.prices_rounded,
        imported.orphaned
    );
    for finding in &imported.findings {
        text += &format!("{finding}\n");
    }
    text
}

fn run_export(global: &Global, file: Option<&Path>) -> anyhow::Result<Exit> {
    let directory = state_dir(global);
    let connection = store::open_existing(&directory)?;
    let now = clock::wall_now();
    let path = file.map_or_else(|| directory.join(export::FILE_NAME), Path::to_owned);
    let exported = export::export(&connection, &path, now)
        .map_err(|error| Failure::new(Exit::TryAgain, format!("{}: {error}", path.display())))?;
    if file.is_none() {
        export::record(&connection, &exported, now).context("ledger")?;
    }
    if global.json {
        print_json(&exported)?;
    } else {
        let Exported { records, matched, bytes, .. } = exported;
        let path = path.display();
        print_lines(&format!(
            "{path}: {records} orders, {matched} matched sells, {bytes} bytes\n"
        ))?;
    }
    Ok(Exit::Ok)
}

fn run_summary(global: &Global, wanted: &Wanted<'_>) -> anyhow::Result<Exit> {
    let connection = store::open_reader(&state_dir(global))?;
    let summary = summary::summarize(&connection, wanted).context("ledger")?;
    if global.json {
        print_json(&summary)?;
    } else {
        print_lines(&render_summary(&summary))?;
    }
    Ok(Exit::Ok)
}

fn render_summary(summary: &Summary) -> String {
    let mut text = format!(
        "{:<14} {:>8} {:>8} {:>8} {:>14} {:>14} {:>14} {:>8}\n",
        "", "sells", "wins", "win %", "gross", "fees", "net", "no buy"
    );
    text += &line("imported", &summary.imported);
    text += &line("own", &summary.own);
    for symbol in summary.symbols.iter().flatten() {
        text += &line(symbol.symbol.as_str(), &symbol.totals);
    }
    text += &line("total", &summary.totals);
    text += &format!("amounts in {}\n", summary.quote_assets.join(", "));
    let (held, remainders): (Vec<_>, Vec<_>) =
        summary.open_inventory.iter().partition(|held| held.cost.0 >= REMAINDER_COST_MAX);
    for held in held {
        let cost = held.cost.0.to_fixed(2);
        text += &format!("still held: {} {} for {cost}\n", held.quantity.0, held.symbol);
    }
    if !remainders.is_empty() {
        text += &format!("still held: {} remainders of less than 0.01 each\n", remainders.len());
    }
    text
}

fn line(name: &str, totals: &Totals) -> String {
    format!(
        "{name:<14} {:>8} {:>8} {:>8} {:>14} {:>14} {:>14} {:>8}\n",
        totals.matched_sells,
        totals.wins,
        totals.win_rate.0.times(100).to_fixed(2),
        totals.gross_pnl.0.to_fixed(2),
        totals.fees.0.to_fixed(2),
        totals.net_pnl.0.to_fixed(2),
        totals.orphaned_sells
    )
}

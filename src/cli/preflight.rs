//! `ibis preflight`

use std::path::Path;

use clap::Args;

use super::exit::{Exit, Failure, exit_of};
use super::{Global, print_json, print_lines, settings, state_dir, venue};
use crate::clock;
use crate::config::settings::Mode;
use crate::config::{Directories, Settings};
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::preflight::{self as at_venue, Wanted, quotes};
use crate::ops::exec_integrity::snapshot::LedgerSnapshot;
use crate::ops::exec_integrity::{live_account, paper_account};
use crate::ops::preflight::{
    Class, Depth, Evidence, Finding, Preflight, alerts, is_venue_asked, judge, parity,
};

/// Fit to trade? Looks at everything a start depends on, and changes nothing
///
/// Configuration, profile, ledger, disk, clock, latches, units; where the venue is part of what is traded
/// its state, every symbol and its prices, the key, its permissions, fees and balances, and whether ledger
/// and account agree. Sends a test order, which is none. Exit codes: 0 ok, 1 works but look, 2 trading is
/// stopped or at risk, 3 insufficient evidence, 64 usage, 65 the ledger is damaged or foreign, 69 the
/// venue, 75 busy, 77 credentials, 78 configuration.
#[derive(Debug, Default, Args)]
pub struct PreflightArguments {
    /// Look at the venue without an account, as paper mode on live market data does
    #[arg(long)]
    public: bool,
    /// Verify the whole ledger, as ibis db check does
    #[arg(long)]
    full: bool,
}

/// Runs it.
pub fn run(global: &Global, arguments: &PreflightArguments) -> anyhow::Result<Exit> {
    look(global, &state_dir(global), arguments)
}

/// Runs it on this state directory.
pub(super) fn look(
    global: &Global,
    state_dir: &Path,
    arguments: &PreflightArguments,
) -> anyhow::Result<Exit> {
    let settings = settings(global)?;
    let live = settings.agent.mode == Mode::Live;
    if arguments.public && settings.market.symbols.is_empty() {
        let text = "market.symbols is empty; name those to trade: symbols = [\"BTC-USDT\"]";
        return Err(Failure::new(Exit::Config, text).into());
    }
    let depth = if arguments.full { Depth::Full } else { Depth::Look };
    let evidence = Evidence::gather(state_dir, depth, clock::wall_now());
    let mut found = Preflight { findings: judge(&evidence, &settings) };
    found.findings.push(alerts(&settings, Directories::of_process(None).credentials));
    let mut fit = true;
    if arguments.public || is_venue_asked(&settings) {
        let needs_account = live && !arguments.public;
        let wanted = wanted(&settings, needs_account, evidence.held());
        let checks = ask(&settings, &wanted);
        fit = checks.iter().all(|check| check.class.is_none());
        found.findings.extend(checks);
    }
    if !live || !arguments.public {
        found.findings.extend(compare(state_dir, &settings, fit));
    }
    if global.json {
        let mode = if live { "live" } else { "paper" };
        print_json(&found.to_json(mode, settings.agent.profile.as_str()))?;
    } else {
        print_lines(&found.to_text())?;
    }
    Ok(found.class().map_or_else(|| found.overall().into(), Exit::from))
}

/// The pairs to trade, and those that the ledger holds something of.
fn wanted(settings: &Settings, needs_account: bool, held: &[Symbol]) -> Wanted {
    let mut symbols = settings.market.symbols.clone();
    symbols.extend(held.iter().filter(|held| !settings.market.symbols.contains(held)));
    Wanted {
        symbols,
        held: held.to_vec(),
        needs_account,
        allow_withdrawal: settings.exchange.allow_withdrawal_key,
        entry_min: settings.risk.notional_min,
    }
}

/// Asks the venue.
fn ask(settings: &Settings, wanted: &Wanted) -> Vec<Finding> {
    let asked = venue::visit(settings, wanted.needs_account, async |rest| {
        let facts = at_venue::gather(&rest, wanted).await;
        let mut checks = at_venue::judge(wanted, &facts).checks;
        if facts.venue.is_some() {
            let quotes = quotes::ask(&rest, &wanted.symbols).await;
            checks.push(quotes::judge(&quotes, settings.market.stale_after));
        }
        checks
    });
    match asked {
        Ok(checks) => checks.into_iter().map(Finding::from).collect(),
        Err(error) => vec![unasked(&error)],
    }
}

/// Why the venue could not even be asked.
fn unasked(error: &anyhow::Error) -> Finding {
    let why = format!("{error:#}");
    match exit_of(error) {
        Exit::Credentials => {
            let advice = "make a key at KuCoin with General and Spot only, mode 0600";
            Finding::fail("credentials", why, advice, Class::Credentials)
        }
        Exit::Ok
        | Exit::Degraded
        | Exit::Critical
        | Exit::Insufficient
        | Exit::Usage
        | Exit::Data
        | Exit::Unavailable
        | Exit::TryAgain
        | Exit::Config => {
            Finding::fail("exchange", why, "look at [exchange] of the configuration", Class::Config)
        }
    }
}

/// Compares the ledger with the account of its mode.
fn compare(state_dir: &Path, settings: &Settings, fit: bool) -> [Finding; 2] {
    let ask = |ledger: &LedgerSnapshot| match settings.agent.mode {
        Mode::Paper => paper_account::ask(state_dir, ledger),
        Mode::Live if !fit => Err("the venue or its account did not pass".to_owned()),
        Mode::Live => venue::visit(settings, true, async |rest| {
            let newest = ledger.changed_at.values().copied().max();
            let newest = newest.unwrap_or_else(clock::wall_now);
            live_account::ask(&rest, ledger, &settings.market.symbols, newest).await
        })
        .map_err(|error| format!("{error:#}"))
        .and_then(|asked| asked.map_err(|failure| failure.to_string())),
    };
    parity(state_dir, settings, &ask, clock::wall_now)
}

//! `ibis preflight`

use clap::Args;

use super::exit::{Exit, Failure};
use super::{Global, print_json, print_lines, settings, venue};
use crate::config::settings::Mode;
use crate::exchange::kucoin::preflight::{self, Preflight, Verdict, Wanted};

/// Look at the venue as a live agent would before it trades
///
/// Checks the clock, the venue's state, every configured symbol, and with live mode's credentials the
/// key, its permissions, the account's mode, fees and balances. Sends a test order, which is none.
/// Exit codes: 0 ok, 1 works but look, 64 usage, 69 the venue, 77 credentials, 78 configuration.
#[derive(Debug, Args)]
pub struct PreflightArguments {
    /// Look without an account, as paper mode on live market data does
    #[arg(long)]
    public: bool,
}

/// Runs it.
pub fn run(global: &Global, arguments: &PreflightArguments) -> anyhow::Result<Exit> {
    let settings = settings(global)?;
    let needs_account = !arguments.public;
    if settings.market.symbols.is_empty() {
        let text = "market.symbols is empty; name those to trade: symbols = [\"BTC-USDT\"]";
        return Err(Failure::new(Exit::Config, text).into());
    }
    let wanted = Wanted {
        held: Vec::new(),
        symbols: settings.market.symbols.clone(),
        needs_account,
        allow_withdrawal: settings.exchange.allow_withdrawal_key,
    };
    let found = venue::visit(&settings, needs_account, async |rest| {
        preflight::judge(&wanted, &preflight::gather(&rest, &wanted).await)
    })?;
    if global.json {
        print_json(&json(&found, settings.agent.mode))?;
    } else {
        print_lines(&text(&found))?;
    }
    Ok(exit(&found))
}

fn exit(found: &Preflight) -> Exit {
    use preflight::FailureClass::{Config, Credentials, Venue};
    match (found.failure_class(), found.verdict()) {
        (Some(Venue), _) => Exit::Unavailable,
        (Some(Config), _) => Exit::Config,
        (Some(Credentials), _) => Exit::Credentials,
        (None, Verdict::Ok) => Exit::Ok,
        (None, Verdict::Warn | Verdict::Fail) => Exit::Degraded,
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    }
}

fn text(found: &Preflight) -> String {
    let lines = found.checks.iter().map(|check| format!("{:5} {check}\n", word(check.verdict)));
    lines.chain([format!("overall: {}\n", word(found.verdict()))]).collect()
}

fn json(found: &Preflight, mode: Mode) -> serde_json::Value {
    let check = |check: &preflight::PreflightCheck| {
        serde_json::json!({
            "name": check.name,
            "verdict": word(check.verdict).to_lowercase(),
            "value": check.value,
            "advice": check.advice,
        })
    };
    serde_json::json!({
        "mode": if mode == Mode::Live { "live" } else { "paper" },
        "checks": found.checks.iter().map(check).collect::<Vec<_>>(),
        "overall": word(found.verdict()).to_lowercase(),
    })
}

//! `ibis force-exit`

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::{Global, operator};
use crate::clock;
use crate::domain::operator::Wish;
use crate::domain::symbol::Symbol;
use crate::ops::command::{ANSWER_WAIT, Answer};
use crate::ops::force_exit;

/// Sell what is held of an instrument, now, whatever its stop and target say
///
/// Nothing is entered there until it is sold; then the strategy may again. `ibis resume --symbol` takes it
/// back, a kill switch voids it. Goes through the spool: an agent that hangs or is dead obeys once it can.
/// Exit codes: 0 ok: sold, 1 still being sold, or refused, or it waits for the agent, 64 usage, 75 the command
/// cannot be given.
#[derive(Debug, Args)]
pub struct ForceExit {
    /// The instrument: BTC-USDT
    #[arg(value_name = "SYMBOL", required_unless_present = "all", conflicts_with = "all")]
    symbol: Option<Symbol>,
    /// Everything that is held
    #[arg(long)]
    all: bool,
    /// Why, in one line
    #[arg(long, value_name = "TEXT", value_parser = operator::reason)]
    reason: String,
}

/// Sells.
pub fn run(global: &Global, arguments: &ForceExit) -> anyhow::Result<Exit> {
    let scope = arguments.symbol;
    let said = operator::say(global, Wish::ForceExit { scope }, &arguments.reason)?;
    if !matches!(said.answer, Answer::Done(_)) {
        return said.show(global);
    }
    let selling = force_exit::wait(&said.line, scope, clock::monotonic() + ANSWER_WAIT);
    let text = format!("{}\n{}", said.told(), force_exit::told(&selling));
    // Where the ledger cannot say it, nobody knows: that is not sold.
    let names: Option<Vec<&str>> =
        selling.as_ref().ok().map(|selling| selling.iter().map(Symbol::as_str).collect());
    said.show_more(global, &text, &json!({ "selling": names }))?;
    Ok(if names.is_some_and(|names| names.is_empty()) { Exit::Ok } else { Exit::Degraded })
}

//! `ibis pause`, `ibis resume`

use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::{Global, agent, operator};
use crate::domain::hold::Level;
use crate::domain::operator::Wish;
use crate::domain::symbol::Symbol;

/// Enter nothing any more, until resumed; exits go on
///
/// Goes through the spool: an agent that hangs or is dead obeys once it can. Exit codes: 0 ok, 1 refused,
/// or it waits for the agent, 64 usage, 75 the command cannot be given.
#[derive(Debug, Args)]
pub struct Pause {
    /// Only this instrument: BTC-USDT
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<Symbol>,
    /// End by itself after this long (30s, 30m, 24h)
    #[arg(long = "for", value_name = "DURATION", value_parser = agent::duration)]
    lasting: Option<Duration>,
    /// Why, in one line
    #[arg(long, value_name = "TEXT", value_parser = operator::reason)]
    reason: String,
}

/// Take a pause back, or say that the causes of a hard stop were looked into
///
/// Takes back what an operator said, a forced exit too; what a cause holds ends with it. Exit codes: 0 ok, 1 refused, or it
/// waits for the agent, 64 usage, 75 the command cannot be given.
#[derive(Debug, Args)]
pub struct Resume {
    /// Only this instrument: BTC-USDT
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<Symbol>,
    /// Leave this state, too: hard_stop
    #[arg(long, value_name = "STATE")]
    from: Option<Level>,
    /// Why, in one line
    #[arg(long, value_name = "TEXT", value_parser = operator::reason)]
    reason: String,
}

/// Pauses.
pub fn pause(global: &Global, arguments: &Pause) -> anyhow::Result<Exit> {
    let us = |lasting: Duration| i64::try_from(lasting.as_micros()).unwrap_or(i64::MAX);
    let wish = Wish::Pause { scope: arguments.symbol, for_us: arguments.lasting.map(us) };
    operator::run(global, wish, &arguments.reason)
}

/// Resumes.
pub fn resume(global: &Global, arguments: &Resume) -> anyhow::Result<Exit> {
    let wish = Wish::Resume { scope: arguments.symbol, from: arguments.from };
    operator::run(global, wish, &arguments.reason)
}

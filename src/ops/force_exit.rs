//! A forced exit, for who asked for one: whether what was held is sold.

use std::time::Duration;

use crate::clock;
use crate::domain::hold::HoldCode;
use crate::domain::symbol::Symbol;
use crate::ops::command::{Line, pause};
use crate::store::{self, load};

/// The ledger is looked at this often while a sale is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until everything of `scope` is sold, or until `deadline` of the monotonic clock. Returns what is
/// still being sold; the error is that the ledger cannot be read.
pub fn wait(line: &Line, scope: Option<Symbol>, deadline: Duration) -> anyhow::Result<Vec<Symbol>> {
    loop {
        let selling = selling(line, scope)?;
        if selling.is_empty() || clock::monotonic() >= deadline {
            return Ok(selling);
        }
        pause(LOOK_EVERY);
    }
}

fn selling(line: &Line, scope: Option<Symbol>) -> anyhow::Result<Vec<Symbol>> {
    let holds = load::holds(&store::open_reader(&line.state_dir)?)?;
    let flattened = holds.iter().filter(|hold| hold.code == HoldCode::Flatten);
    let symbols = flattened.filter_map(|hold| hold.scope);
    Ok(symbols.filter(|symbol| scope.is_none_or(|wanted| wanted == *symbol)).collect())
}

/// For people.
pub fn told(selling: &anyhow::Result<Vec<Symbol>>) -> String {
    match selling.as_deref() {
        Ok([]) => "sold".to_owned(),
        Ok(selling) => {
            let names: Vec<&str> = selling.iter().map(Symbol::as_str).collect();
            format!("still being sold: {}; it goes on at every new price", names.join(" "))
        }
        Err(error) => format!("the ledger cannot be read: {error:#}; ibis status"),
    }
}

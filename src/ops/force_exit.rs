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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LEDGER;

    #[test]
    fn a_ledger_that_cannot_be_read_is_not_sold() {
        let home = std::env::temp_dir().join(format!("ibis-force-exit-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&home));
        std::fs::create_dir_all(&home).unwrap();
        let line = Line { state_dir: home.clone(), runtime_dir: None };
        let waited = |scope: Option<&str>| {
            let scope = scope.map(|symbol| Symbol::new(symbol).unwrap());
            let selling = wait(&line, scope, Duration::ZERO);
            (selling.as_ref().ok().map(Vec::len), told(&selling))
        };
        let (selling, told) = waited(None);
        assert!(selling.is_none() && told.starts_with("the ledger cannot be read: "), "{told}");
        assert!(told.ends_with("; ibis status"), "{told}");
        let ledger = LEDGER.open_writer(&store::ledger_path(&home)).unwrap();
        assert_eq!(waited(None), (Some(0), "sold".to_owned()));
        let hold = "INSERT INTO holds (scope, code, level, reason, set_at_us, cleared_at_us)
                    VALUES (?1, ?2, 'soft_pause', 'asked for', 1, ?3)";
        for (symbol, code, cleared) in [
            ("BTC-USDT", "flatten", None),
            ("ETH-USDT", "edge", None),
            ("SOL-USDT", "flatten", Some(2)),
        ] {
            ledger.execute(hold, (symbol, code, cleared)).unwrap();
        }
        let still = "still being sold: BTC-USDT; it goes on at every new price".to_owned();
        assert_eq!(waited(None), (Some(1), still.clone()));
        assert_eq!(waited(Some("BTC-USDT")), (Some(1), still));
        assert_eq!(waited(Some("ETH-USDT")), (Some(0), "sold".to_owned()));
        assert_eq!(waited(Some("SOL-USDT")), (Some(0), "sold".to_owned()));
        std::fs::remove_dir_all(&home).unwrap();
    }
}

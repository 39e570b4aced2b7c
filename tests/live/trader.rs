//! A live agent's directory beside an exchange's, and what its ledger says.

use std::collections::BTreeMap;

use ibis::domain::decimal::Decimal;
use rusqlite::Connection;

use crate::exchange::process::Exchange;
use crate::support::home::{Ended, Home, Running};

/// For a venue that is made to fail all day, faster than real time: calls that fail hold nothing, so that
/// there is trading to fail at. What they hold otherwise is `tests/supervision`'s.
pub const UNDETERRED: &str = "[conditions]\napi_errors_max = 0\napi_error_ratio_degraded = \"0%\"\n\
    api_error_ratio_pause = \"0%\"\nrate_limit_min = \"0%\"\n";

/// A live agent's home, armed for one exchange.
pub struct Trader {
    pub home: Home,
}

impl Trader {
    /// An agent that trades `symbols` at the exchange; `more` is further configuration.
    pub fn new(exchange: &Exchange, symbols: &[&str], more: &str) -> Self {
        let home = Home::new();
        let list: Vec<String> = symbols.iter().map(|symbol| format!("{symbol:?}")).collect();
        let base_url = exchange.ready["base_url"].as_str().unwrap();
        let credentials = exchange.ready["credentials_file"].as_str().unwrap();
        home.write(
            "ibis.toml",
            format!(
                "mode = \"live\"\narmed = true\nprofile = \"prod\"\nstop_timeout = \"30s\"\n\
                 [market]\nsymbols = [{}]\n\
                 [exchange]\nbase_url = {base_url:?}\ncredentials_file = {credentials:?}\n{more}",
                list.join(", ")
            ),
        );
        Self { home }
    }

    /// Starts it with these further words.
    pub fn start(&self, words: &str) -> Running {
        self.home.start(&format!("agent --config ibis.toml {words}"), &[])
    }

    /// Runs it to its end.
    pub fn run(&self, words: &str) -> Ended {
        self.home.ibis(&format!("agent --config ibis.toml {words}"))
    }

    /// Runs another command with its configuration.
    pub fn ibis(&self, words: &str) -> Ended {
        self.home.ibis(&format!("{words} --config ibis.toml"))
    }

    /// Its ledger.
    pub fn ledger(&self) -> Connection {
        self.home.ledger()
    }

    /// The ledger's balances, by asset: total and hold.
    pub fn balances(&self) -> BTreeMap<String, (Decimal, Decimal)> {
        let ledger = self.ledger();
        let mut query = ledger.prepare("SELECT asset, total, hold FROM balances").unwrap();
        let text = |row: &rusqlite::Row<'_>, at| -> Decimal {
            row.get::<_, String>(at).unwrap().parse().unwrap()
        };
        let rows = query.query_map([], |row| Ok((row.get(0)?, (text(row, 1), text(row, 2)))));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The ledger's fills: symbol and trade id to size, fee and client order id.
    pub fn fills(&self) -> BTreeMap<(String, String), (Decimal, Decimal, String)> {
        let ledger = self.ledger();
        let mut query = ledger
            .prepare("SELECT symbol, execution_id, quantity, fee, client_order_id FROM fills")
            .unwrap();
        let text = |row: &rusqlite::Row<'_>, at| -> String { row.get(at).unwrap() };
        let rows = query.query_map([], |row| {
            let (size, fee) = (text(row, 2).parse().unwrap(), text(row, 3).parse().unwrap());
            Ok(((text(row, 0), text(row, 1)), (size, fee, text(row, 4))))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// A count.
    pub fn count(&self, query: &str) -> i64 {
        self.ledger().query_row(query, [], |row| row.get(0)).unwrap()
    }
}

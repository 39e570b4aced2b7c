//! Alerts from outside: channels that fail and come back, commands, a dead agent, secrets, a chat.

mod agent;
mod channels;
mod chat;
mod chat_trouble;
mod command_line;
mod dead_man;
mod failure;
mod outage;
mod secrets;

use std::path::Path;
use std::sync::Arc;

use ibis::config::{Settings, Sources};
use ibis::domain::hold::{Hold, HoldCode, Level};
use ibis::domain::record::{Fact, Record};
use ibis::domain::time::Timestamp;
use ibis::durable::group_commit::Sink as _;
use ibis::store::writer::{Batch, Entry, LedgerSink};
use ibis::store::{LEDGER, chain, ledger_path};

use rusqlite::TransactionBehavior;

use crate::support::home::Home;

/// A Telegram token that must never be seen.
pub const TOKEN: &str = "123456:canary-token";

/// Settings of a configuration file of the home.
pub fn settings(home: &Home, text: &str) -> Settings {
    let file = home.write("alerts.toml", text);
    ibis::config::load(&Sources { files: vec![file], ..Sources::default() }).unwrap().settings
}

/// The secrets of alerts, private; the line of the configuration that names them.
pub fn secrets(home: &Home, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let file = home.write("secrets.toml", text);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    format!("credentials_file = \"{}\"\n", file.display())
}

/// Makes a ledger where there is none.
pub fn make_ledger(state_dir: &Path) {
    std::fs::create_dir_all(state_dir).unwrap();
    drop(LEDGER.open_writer(&ledger_path(state_dir)).unwrap());
}

/// Appends facts to the ledger as an agent does.
pub fn happen(state_dir: &Path, records: Vec<Record>) {
    let mut ledger = LEDGER.open_writer(&ledger_path(state_dir)).unwrap();
    let fact = |record| Entry::Fact(Fact { at: Timestamp::from_us(1), input: None, record });
    let entries = records.into_iter().map(fact).collect();
    let transaction = ledger.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let head = chain::head(&transaction).unwrap().seq;
    let mut sink = LedgerSink::new(state_dir.to_owned(), head);
    sink.write(&transaction, &[Arc::new(Batch { entries, ..Batch::default() })]).unwrap();
    transaction.commit().unwrap();
}

/// A hold on everything.
pub fn hold(code: HoldCode, level: Level) -> Record {
    let (reason, set_at) = ("because".to_owned(), Timestamp::default());
    Record::HoldSet(Hold { scope: None, code, level, reason, set_at, until: None })
}

/// Its end.
pub fn cleared(code: HoldCode) -> Record {
    Record::HoldCleared { scope: None, code }
}

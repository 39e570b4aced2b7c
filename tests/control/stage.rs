//! An agent on paper whose entries wait at the bid, and what can be seen of it from outside.

use serde_json::Value;

use crate::support::home::{Ended, Home, Running};

/// A market that runs ten minutes each second.
pub const SPEED: &str = "--speed 600";
/// Signals come often, entries wait at the bid for as long as it takes.
const WAITING: &str = "stop_timeout = \"30s\"\n[http]\nenabled = false\n\
    [strategy]\nentry_price = \"bid\"\nentry_ttl = \"1d\"\nentry_soft_ttl = \"1d\"\n\
    candle_interval = \"15s\"\n";

/// The state of the agent as the ledger has it.
const LEVEL: &str = "SELECT coalesce(max(CASE level WHEN 'kill_switch' THEN 4 WHEN 'hard_stop' THEN 3
    WHEN 'soft_pause' THEN 2 ELSE 1 END), 0) FROM holds WHERE scope = 'global' AND cleared_at_us IS NULL";

/// Its directory.
pub struct Stage {
    pub home: Home,
}

impl Stage {
    /// A new one; `more` is further configuration.
    pub fn new(more: &str) -> Self {
        let home = Home::new();
        home.write("ibis.toml", format!("{WAITING}{more}"));
        Self { home }
    }

    /// Starts an agent; returns once it is ready.
    pub fn start(&self) -> Running {
        let mut agent = self.home.start(&format!("agent --config ibis.toml {SPEED}"), &[]);
        agent.line("ready: run");
        agent
    }

    /// Runs another command with its configuration.
    pub fn ibis(&self, words: &str) -> Ended {
        self.home.ibis(&format!("{words} --config ibis.toml"))
    }

    /// The same, with JSON whatever the exit code.
    #[track_caller]
    pub fn said(&self, words: &str) -> (Option<i32>, Value) {
        let ended = self.ibis(&format!("{words} --json"));
        (ended.code, ended.parsed())
    }

    pub fn count(&self, query: &str) -> i64 {
        self.home.ledger().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// Waits until a query of the ledger counts at least as many.
    #[track_caller]
    pub fn until(&self, query: &str, least: i64) {
        self.home.until(query, least);
    }

    /// Waits until an order is at work.
    #[track_caller]
    pub fn until_open(&self) {
        self.until("SELECT count(*) FROM intents WHERE ended_at_us IS NULL", 1);
    }

    /// Orders ever sent.
    pub fn sent(&self) -> i64 {
        self.count("SELECT count(*) FROM intents")
    }

    /// Orders at work, in the ledger and at the paper venue.
    pub fn at_work(&self) -> (i64, usize) {
        let account = ibis::exchange::paper::AccountReader::open(&self.home.path("data")).unwrap();
        let ledger = self.count("SELECT count(*) FROM intents WHERE ended_at_us IS NULL");
        (ledger, account.open_orders().unwrap().len())
    }

    /// 0 runs, 2 is paused, 3 is stopped hard, 4 is killed.
    pub fn level(&self) -> i64 {
        self.count(LEVEL)
    }

    /// For so many minutes of the market nothing is sent.
    #[track_caller]
    pub fn assert_quiet(&self, minutes: i64) {
        let (before, newest) = (self.sent(), "SELECT coalesce(max(at_us), 0) FROM samples");
        self.until(newest, self.count(newest) + minutes * 60_000_000);
        assert_eq!(self.sent(), before, "sent while killed");
    }
}

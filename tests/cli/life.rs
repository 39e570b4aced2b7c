//! The agent's life as a service manager sees it, with nothing but a socket in its place.

use std::collections::VecDeque;
use std::os::unix::net::UnixDatagram;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::{RUN, db_check_ok};
use crate::support::home::{Home, Running};

/// As long as one may wait for a message.
const MESSAGE_WAIT: Duration = Duration::from_secs(120);

/// An agent, its directory, and the socket it tells its state to.
struct Service {
    agent: Running,
    home: Home,
    messages: Receiver<String>,
    ahead: VecDeque<String>,
    seen: Vec<String>,
}

impl Service {
    fn start(words: &str, configuration: &str) -> Self {
        let home = Home::new();
        home.write("ibis.toml", configuration);
        // A socket's path is short; the agent runs in the directory.
        let path = home.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let (sender, messages) = channel();
        // Read at all times, as a service manager does: the socket's queue is short.
        std::thread::spawn(move || {
            let mut message = [0; 4096];
            while let Ok(length) = socket.recv(&mut message) {
                let text = String::from_utf8_lossy(&message[..length]).into_owned();
                if sender.send(text).is_err() {
                    return;
                }
            }
        });
        let path = path.to_str().unwrap().to_owned();
        let variables = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "200000")];
        let agent = home.start(&format!("{words} --config ibis.toml"), &variables);
        Self { agent, home, messages, ahead: VecDeque::new(), seen: Vec::new() }
    }

    /// Waits for an assignment that begins so; returns the rest of it.
    #[track_caller]
    fn told(&mut self, start: &str) -> String {
        loop {
            while let Some(assignment) = self.ahead.pop_front() {
                self.seen.push(assignment.clone());
                if let Some(rest) = assignment.strip_prefix(start) {
                    return rest.to_owned();
                }
            }
            let Ok(message) = self.messages.recv_timeout(MESSAGE_WAIT) else {
                panic!("no {start} after {:?}", self.seen);
            };
            self.ahead.extend(message.lines().map(str::to_owned));
        }
    }

    /// Whether an assignment came so far.
    fn was_told(&self, assignment: &str) -> bool {
        self.seen.iter().any(|seen| seen == assignment)
    }
}

#[test]
fn ready_comes_once_everything_is_open_and_reconciled() {
    let mut service = Service::start("agent --speed 60", "");
    assert!(!service.told("STATUS=").is_empty());
    assert!(!service.was_told("READY=1"));
    service.told("READY=1");
    let status = service.told("STATUS=");
    assert!(status.contains("equity") && status.contains(' '), "a sentence: {status}");
    assert!(service.home.path("data/state.json").exists());
    let query = "SELECT count(*) FROM runs WHERE ready_at_us IS NOT NULL";
    let ready: i64 = service.home.ledger().query_row(query, [], |row| row.get(0)).unwrap();
    assert_eq!(ready, 1, "readiness is on disk before it is told");
    let holds = "SELECT count(*) FROM holds WHERE code = 'startup' AND cleared_at_us IS NULL";
    let held: i64 = service.home.ledger().query_row(holds, [], |row| row.get(0)).unwrap();
    assert_eq!(held, 0, "reconciled");
    for _ in 0..3 {
        service.told("WATCHDOG=1");
    }
    service.agent.signal("TERM");
    service.told("STOPPING=1");
    assert_eq!(service.agent.wait().code, Some(0));
}

#[test]
fn a_reload_takes_what_it_can_and_names_the_rest() {
    let mut service = Service::start("agent --speed 600", "[market]\nstale_after = \"30s\"\n");
    service.told("READY=1");
    let change = "[market]\nstale_after = \"31s\"\nseed = 9\n[agent]\nlog_level = \"debug\"\n";
    service.home.write("ibis.toml", change);
    service.agent.signal("HUP");
    service.told("RELOADING=1");
    assert!(service.told("MONOTONIC_USEC=").parse::<u64>().unwrap() > 0);
    service.told("READY=1");
    assert!(service.agent.line("need a restart").contains("market.seed"));
    let taken = service.agent.line("configuration reloaded:");
    assert!(taken.contains("market.stale_after") && taken.contains("agent.log_level"), "{taken}");
    // The new level is in force: an order's acceptance is told at debug only.
    service.agent.line(" DEBUG ");

    service.home.write("ibis.toml", "[market]\nstale_atfer = \"31s\"\n");
    service.agent.signal("HUP");
    service.told("RELOADING=1");
    service.told("READY=1");
    let line = service.agent.line("not reloaded");
    assert!(line.contains("did you mean market.stale_after?"), "{line}");

    service.agent.signal("TERM");
    service.told("STOPPING=1");
    assert_eq!(service.agent.wait().code, Some(0));
}

#[test]
fn a_disk_that_refuses_is_no_hung_process() {
    let busy = "[strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\n";
    let mut service = Service::start("agent --speed 20", busy);
    service.agent.line("filled:");
    let other = service.home.ledger();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    service.agent.line("no entries, exits go on");
    let before = service.seen.len();
    // At ten a second these span more than the ledger may ever be behind.
    for _ in 0..150 {
        service.told("WATCHDOG=1");
    }
    let status = service.seen[before..].iter().rfind(|seen| seen.starts_with("STATUS="));
    assert!(status.is_some_and(|status| status.contains("soft_pause")), "{status:?}");
    drop(other);
    service.agent.line("is written again");
    service.agent.signal("TERM");
    let ended = service.agent.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("watchdog withheld"), "{ended:?}");
}

#[test]
fn the_first_signal_drains_and_sums_up() {
    for (name, cause) in [("TERM", "SIGTERM"), ("INT", "SIGINT")] {
        let mut service = Service::start("agent --speed 600 --json", "");
        service.told("READY=1");
        service.agent.line("filled:");
        service.agent.signal(name);
        service.told("STOPPING=1");
        let summary = service.agent.wait().ok();
        assert_eq!(summary["cause"], cause);
        assert_eq!(summary["open_orders"], 0, "{summary}");
        assert_eq!(summary["chain_head"], service.home.json("db check")["chain_head"]);
        assert_eq!(service.home.json("exec-integrity")["overall"], "OK");
    }
}

#[test]
fn the_second_signal_ends_at_once() {
    // Answers take so long that the drain would use up its time.
    let slow = "[agent]\nstop_timeout = \"50s\"\n\
        [paper]\norder_latency = \"1m\"\nreport_latency = \"1m\"\n\
        [strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\n";
    let mut service = Service::start("agent --json", slow);
    service.told("READY=1");
    service.agent.line("(entry)");
    service.agent.signal("TERM");
    service.told("STOPPING=1");
    service.agent.signal("TERM");
    service.agent.line("second signal");
    let summary = service.agent.wait().ok();
    assert!(summary["open_orders"].as_u64().unwrap() > 0, "{summary}");
    db_check_ok(&service.home);
}

#[test]
fn without_a_service_manager_there_is_nothing_to_tell() {
    let home = Home::new();
    let ended = home.ibis(RUN);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("chain head"), "{ended:?}");
}

//! Routes that only look: every one answers in every phase, under load, and says nothing secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::thread;

use super::{GENEROUS, READS, Served, TOKEN, launch};
use crate::support::home::Home;
use crate::support::http::{Door, Reply};
use crate::support::promtool::promtool;
use crate::support::{output, text};

/// Clients at once: three times as many as there are places.
const CLIENTS: usize = 200;
/// Orders and answers take so long that a drain uses up its time.
const SLOW: &str = "[agent]\nstop_timeout = \"50s\"\n\
    [paper]\norder_latency = \"1m\"\nreport_latency = \"1m\"\n\
    [strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\n";

/// Asks everything from many clients at once; each answer is whole and of a status that is expected.
fn besiege(doors: &[&Door], unready: bool) {
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let door = doors[client % doors.len()];
            scope.spawn(move || {
                for turn in 0..READS.len() {
                    let path = READS[(client + turn) % READS.len()];
                    let reply = door.get(path);
                    assert_well(path, &reply, unready);
                }
            });
        }
    });
}

#[track_caller]
fn assert_well(path: &str, reply: &Reply, unready: bool) {
    let expected = if path == "/readyz" && unready { 503 } else { 200 };
    assert_eq!(reply.status, expected, "{path}: {reply:?}");
    assert_eq!(reply.headers["cache-control"], "no-store", "{path}");
    assert!(!reply.headers.keys().any(|name| name.starts_with("access-control")), "{reply:?}");
    if path == "/metrics" {
        assert!(reply.headers["content-type"].starts_with("text/plain; version=0.0.4"));
        assert!(reply.body.contains("ibis_build_info{version="), "{reply:?}");
    } else {
        assert_eq!(reply.headers["content-type"], "application/json", "{path}");
        assert!(reply.json().is_object(), "{path}");
    }
}

/// Acceptance test 11.
#[test]
fn every_route_answers_while_the_agent_trades_and_while_it_drains() {
    let mut served = Served::start("", GENEROUS, SLOW);
    let both = [&served.tcp, &served.socket];
    besiege(&both, false);
    served.agent.line("(entry)");
    served.agent.signal("TERM");
    served.agent.line("stopping: SIGTERM");
    besiege(&[&served.tcp, &served.socket], true);
    let reply = served.tcp.get("/readyz");
    assert_eq!(reply.json()["phase"], "draining", "{reply:?}");
    let trading = served.tcp.get("/trading/status").json();
    assert_eq!(trading["active"], false, "{trading}");
    served.agent.signal("TERM");
    assert_eq!(served.agent.wait().code, Some(0));
    assert!(served.tcp.connect().is_err() && served.socket.connect().is_err());
}

/// Acceptance test 11.
#[test]
fn every_route_answers_while_the_agent_starts() {
    let home = Home::new();
    // Under a service manager a start waits for a venue that cannot be reached.
    let manager = UnixDatagram::bind(home.path("notify")).unwrap();
    let account = home.write(
        "account.toml",
        "key = \"0123456789abcdef01234567\"\nsecret = \"5ecre7-c4n4ry-0f-the-te5t\"\n\
         passphrase = \"p4ssphr4se-c4n4ry\"\n",
    );
    fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
    let live = format!(
        "[agent]\nmode = \"live\"\narmed = true\nprofile = \"prod\"\n[market]\nsymbols = [\"BTC-USDT\"]\n\
         [exchange]\nbase_url = \"http://127.0.0.1:1\"\ncredentials_file = {account:?}\n"
    );
    let socket = Door::Socket(home.path("run/control.sock"));
    let notify = home.path("notify");
    let variables = [("NOTIFY_SOCKET", notify.to_str().unwrap())];
    let (agent, home) = launch(home, "", GENEROUS, &live, &variables);
    // It says that it waits: the interface was there before.
    let mut message = [0; 4096];
    loop {
        let length = manager.recv(&mut message).unwrap();
        if String::from_utf8_lossy(&message[..length]).contains("EXTEND_TIMEOUT_USEC") {
            break;
        }
    }
    thread::spawn(move || while manager.recv(&mut message).is_ok() {});
    besiege(&[&socket], true);
    let health = socket.get("/health").json();
    assert_eq!((&health["phase"], &health["state"]), (&"starting".into(), &"soft_pause".into()));
    let mut said = String::new();
    for path in READS {
        said.push_str(&socket.get(path).body);
    }
    for secret in [TOKEN, "0123456789abcdef01234567", "5ecre7-c4n4ry", "p4ssphr4se-c4n4ry"] {
        assert!(!said.contains(secret), "{secret} is told");
    }
    agent.signal("TERM");
    let ended = agent.wait();
    assert_ne!(ended.code, None, "{ended:?}");
    assert!(!ended.stderr.contains(TOKEN));
    drop(home);
}

#[test]
fn answers_agree_with_the_command_and_with_each_other() {
    let mut served = Served::start("--speed 600", GENEROUS, "");
    served.agent.line("filled:");
    let over_http = served.tcp.get("/status").json();
    let by_command = served.home.ibis("status --json").parsed();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&over_http), keys(&by_command));
    assert_eq!(over_http["overall"], by_command["overall"]);
    let health = served.tcp.get("/health").json();
    assert_eq!(health["status"], "ok", "{health}");
    for key in ["cpu", "memory", "uptime"] {
        assert!(health["health"][key].is_number(), "{health}");
    }
    assert_eq!(health["services"]["trading"], true);
    let trading = served.socket.get("/trading/status").json();
    assert_eq!((&trading["active"], &trading["mode"]), (&true.into(), &"paper".into()));
    assert!(trading["profit"].is_number() && trading["riskLevel"].is_string(), "{trading}");
    let head = served.tcp.send(&format!(
        "HEAD /livez HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        served.tcp.host()
    ));
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head:?}");
}

#[test]
fn promtool_finds_nothing_in_the_metrics_of_a_trading_agent() {
    let mut served = Served::start("--speed 600", GENEROUS, "");
    served.agent.line("filled:");
    // What is shown follows what is logged.
    let of = |line: &str| line.starts_with("ibis_fills_total{") && !line.ends_with(" 0");
    let traded = |reply: &Reply| reply.body.lines().any(of);
    let metrics = (0..1_000).map(|_| served.tcp.get("/metrics")).find(traded).unwrap();
    for family in ["ibis_equity_quote ", "ibis_db_size_bytes ", "ibis_process_open_fds "] {
        assert!(metrics.body.contains(family), "{family} is not in\n{}", metrics.body);
    }
    let Some(mut promtool) = promtool(&["check", "metrics"]) else { return };
    let path = served.home.write("metrics", &metrics.body);
    let checked = output(promtool.stdin(fs::File::open(path).unwrap()));
    assert_eq!((checked.status.code(), text(&checked).as_str()), (Some(0), ""));
}

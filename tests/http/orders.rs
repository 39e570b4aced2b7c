//! Orders: pause, resume, the kill switch in both shapes, by either way; durable, verified, refused.

use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};

use super::{GENEROUS, Served, TOKEN};
use crate::support::http::{Door, Reply};

/// Orders and answers take a while, so that there is something at work to be asked back.
const BUSY: &str = "[paper]\norder_latency = \"1s\"\nreport_latency = \"100ms\"\n\
    [strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\nentry_price = \"bid\"\n";

fn with_token(door: &Door, path: &str, body: &Value) -> Reply {
    let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n");
    door.ask("POST", path, &headers, &body.to_string())
}

/// Asks until what is shown is so.
#[track_caller]
fn until(door: &Door, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let found = (0..6_000).map(|_| door.get(path).json()).find(|value| is_so(value));
    found.unwrap_or_else(|| panic!("{path} never came true: {}", door.get(path).body))
}

#[test]
fn a_pause_is_recorded_with_who_gave_it_and_ends_by_a_resume() {
    let served = Served::start("", GENEROUS, "");
    let body = json!({"reason": "a look at the books", "for": "30m"}).to_string();
    let paused = served.socket.post("/pause", &body);
    assert_eq!((paused.status, &paused.json()["success"]), (200, &true.into()), "{paused:?}");
    let holds = served.tcp.get("/holds").json();
    let hold = &holds["holds"][0];
    assert_eq!((&holds["state"], &hold["code"]), (&"soft_pause".into(), &"operator".into()));
    assert!(hold["until"].is_string(), "{hold}");
    let uid = std::fs::metadata(served.home.path("etc")).unwrap().uid();
    let reason = hold["reason"].as_str().unwrap();
    let own = format!("uid {uid} ");
    assert!(reason.starts_with(&own) && reason.contains(&format!("pid {}", std::process::id())));
    assert!(reason.ends_with(": a look at the books"), "{reason}");
    assert_eq!(served.tcp.get("/readyz").status, 503);
    let again = with_token(&served.tcp, "/v1/resume", &json!({"reason": "seen"}));
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(served.tcp.get("/readyz").status, 200);
    let none = with_token(&served.tcp, "/resume", &json!({"reason": "seen"}));
    assert_eq!((none.status, &none.json()["message"]), (409, &"nothing is paused there".into()));
    let query = "SELECT by, outcome FROM operator_commands ORDER BY at_us, id";
    let ledger = served.home.ledger();
    let mut rows = ledger.prepare(query).unwrap();
    let rows: Vec<(String, String)> = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(rows[0].0.starts_with(&own), "{rows:?}");
    assert_eq!(rows[1], ("token from 127.0.0.1".to_owned(), "done".to_owned()));
    assert_eq!(rows[2].1, "refused");
}

/// Acceptance test 3: 200 for both shapes, 403 for a wrong token, 409 for a release that comes too soon.
#[test]
fn both_kill_shapes_stop_everything_and_release_waits() {
    for (path, activate, release) in [
        (
            "/kill-switch",
            json!({"activate": true, "reason": "a test"}),
            json!({"activate": false, "reason": "over"}),
        ),
        (
            "/v1/kill-switch",
            json!({"action": "activate", "reason": "a test"}),
            json!({"action": "release", "reason": "over"}),
        ),
    ] {
        let mut served = Served::start("", GENEROUS, BUSY);
        served.agent.line("(entry)");
        let early = with_token(&served.tcp, path, &release);
        assert_eq!((early.status, early.headers.get("retry-after")), (409, None), "{early:?}");
        let killed = with_token(&served.tcp, path, &activate);
        let said = killed.json();
        assert!([200, 202].contains(&killed.status), "{killed:?}");
        assert!(said["canceled"].is_array() && said["latched_at"].is_string(), "{said}");
        assert_eq!(
            (&said["killSwitch"]["active"], &said["state"]),
            (&true.into(), &"kill_switch".into())
        );
        until(&served.socket, "/trading/status", |value| value["openOrders"] == 0);
        until(&served.socket, "/holds", |value| value["kill_verified"] == true);
        // Said again it is so still.
        let again = with_token(&served.tcp, path, &activate).json();
        assert_eq!(again["open_orders_after"], 0, "{again}");
        let metrics = served.tcp.get("/metrics").body;
        assert!(metrics.contains("ibis_kill_switch_active 1\n"), "{metrics}");
        assert!(
            metrics.contains("ibis_kill_switch_activations_total{path=\"http\"} "),
            "{metrics}"
        );
        assert_eq!(served.tcp.get("/health").status, 503, "latched is critical");
        assert_eq!(served.tcp.get("/livez").status, 200);
        let soon = with_token(&served.tcp, path, &release);
        assert_eq!((soon.status, &soon.json()["error"]), (409, &"conflict".into()), "{soon:?}");
        let wait: u64 = soon.headers["retry-after"].parse().unwrap();
        assert!((3_000..=3_600).contains(&wait), "{soon:?}");
        served.agent.signal("TERM");
        assert_eq!(served.agent.wait().code, Some(0));
        let status = served.home.ibis("status --json").parsed();
        assert_eq!(status["state"], "kill_switch", "{status}");
    }
}

#[test]
fn stopping_is_not_used_up_by_orders_or_by_strangers() {
    let served = Served::start("", "requests_per_minute = 60000\nwrites_per_minute = 1\n", "");
    let kill = json!({"activate": true});
    for _ in 0..3 {
        // Strangers and mistakes, until both are told to wait.
        served.tcp.post("/kill-switch", &kill.to_string());
        with_token(&served.tcp, "/pause", &json!({}));
    }
    assert_eq!(served.tcp.post("/kill-switch", &kill.to_string()).status, 429);
    assert_eq!(with_token(&served.tcp, "/pause", &json!({"reason": "x"})).status, 429);
    let killed = with_token(&served.tcp, "/kill-switch", &kill);
    assert!([200, 202].contains(&killed.status), "{killed:?}");
    until(&served.tcp, "/holds", |value| value["state"] == "kill_switch");
}

#[test]
fn a_hung_agent_is_told_later_and_the_order_is_not_lost() {
    let served = Served::start("", GENEROUS, "");
    // Another writer keeps the ledger: what came of an order cannot be written, the order stands.
    let other = served.home.ledger();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let killed = with_token(&served.tcp, "/kill-switch", &json!({"activate": true, "reason": "x"}));
    assert!([200, 202].contains(&killed.status), "{killed:?}");
    until(&served.tcp, "/holds", |value| value["state"] == "kill_switch");
    assert_eq!(served.tcp.get("/livez").status, 200, "only the ledger's answers wait");
    let status = served.tcp.get("/status");
    assert!([200, 503].contains(&status.status), "{status:?}");
    served.agent.signal("KILL");
    drop(other);
    served.agent.wait();
    let home = served.home;
    let (mut agent, home) = super::launch(home, "", GENEROUS, "", &[]);
    let (tcp, _) = super::doors(&agent.line("control interface: http"));
    until(&tcp, "/holds", |value| value["state"] == "kill_switch");
    drop((agent, home));
}

//! What the interface refuses, by the way it comes.

use super::{GENEROUS, Served, TOKEN};
use crate::support::http::Reply;

const JSON: &str = "Content-Type: application/json\r\n";
const BODY: &str = r#"{"reason":"a test"}"#;

#[track_caller]
fn refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.json()["error"], error, "{reply:?}");
    assert!(!reply.body.contains(TOKEN));
}

#[test]
fn orders_over_tcp_need_the_token_and_nothing_is_had_by_a_trick() {
    let served = Served::start("", GENEROUS, "");
    for path in ["/kill-switch", "/v1/kill-switch", "/pause", "/v1/pause", "/resume", "/v1/resume"]
    {
        let ask = |headers: &str| served.tcp.ask("POST", path, headers, BODY);
        let missing = ask(JSON);
        refused(&missing, 401, "token_missing");
        assert_eq!(missing.headers["www-authenticate"], "Bearer");
        let wrong = format!("{JSON}Authorization: Bearer {}\r\n", TOKEN.to_uppercase());
        refused(&ask(&wrong), 403, "token_wrong");
        let right = format!("Authorization: Bearer {TOKEN}\r\n");
        refused(&ask(&right), 415, "content_type");
        let form = format!("{right}Content-Type: text/plain\r\n");
        refused(&ask(&form), 415, "content_type");
        let page = format!("{right}{JSON}Origin: https://evil.example.com\r\n");
        refused(&ask(&page), 403, "origin_foreign");
        let get = served.tcp.ask("GET", path, &right, "");
        refused(&get, 405, "method");
        assert_eq!(get.headers["allow"], "POST");
        let options = served.tcp.ask("OPTIONS", path, "", "");
        refused(&options, 405, "method");
        let unknown = r#"{"reason":"a test","activate":true,"unknown":1}"#;
        let malformed = served.tcp.ask("POST", path, &format!("{right}{JSON}"), unknown);
        refused(&malformed, 400, "body_malformed");
    }
    refused(&served.socket.ask("POST", "/pause", "", BODY), 415, "content_type");
}

#[test]
fn a_rebound_name_reaches_nothing() {
    let served = Served::start("", GENEROUS, "");
    for host in ["evil.example.com", "127.0.0.1", "127.0.0.1:1", "localhost"] {
        let asked = format!("GET /status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        refused(&Reply::parse(&served.tcp.send(&asked)), 403, "host_foreign");
    }
    let old = served.tcp.send("GET /status HTTP/1.0\r\n\r\n");
    assert!(old.split(' ').nth(1) == Some("505"), "{old:?}");
    let without = served.tcp.send("GET /status HTTP/1.1\r\nConnection: close\r\n\r\n");
    refused(&Reply::parse(&without), 400, "host_missing");
}

#[test]
fn reading_can_be_made_secret() {
    let served = Served::start("", &format!("{GENEROUS}token_required_for_reads = true\n"), "");
    for path in super::READS {
        refused(&served.tcp.get(path), 401, "token_missing");
        let token = format!("Authorization: Bearer {TOKEN}\r\n");
        let reply = served.tcp.ask("GET", path, &token, "");
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        assert_eq!(served.socket.get(path).status, 200, "{path}");
    }
}

#[test]
fn who_asks_too_often_waits_and_is_told_how_long() {
    let served = Served::start("", "requests_per_minute = 3\nwrites_per_minute = 2\n", "");
    for _ in 0..3 {
        assert_eq!(served.tcp.get("/health").status, 200);
    }
    let late = served.tcp.get("/status");
    refused(&late, 429, "rate_limit");
    let wait: u64 = late.headers["retry-after"].parse().unwrap();
    assert!((1..=20).contains(&wait), "{late:?}");
    assert_eq!(late.json()["retryAfter"], wait);
    // Neither probes nor another peer nor attempts without a secret share that limit.
    assert_eq!(served.tcp.get("/livez").status, 200);
    assert_eq!(served.socket.get("/status").status, 200);
    for status in [401, 401, 429] {
        assert_eq!(served.tcp.post("/pause", BODY).status, status);
    }
    let right = format!("{JSON}Authorization: Bearer {TOKEN}\r\n");
    let order = served.tcp.ask("POST", "/pause", &right, "{}");
    refused(&order, 400, "body_malformed");
}

//! Clients that take their time, or never come to an end.

use std::io::Write;

use super::http::End;
use super::process::Exchange;

const HASTY: &str = "[http]\nhead_timeout_ms = 200\nbody_timeout_ms = 200\nidle_timeout_ms = 600\n";

#[test]
fn a_head_that_never_ends_is_cut() {
    let exchange = Exchange::with_plan(HASTY);
    let mut http = exchange.http();
    http.stream.write_all(b"GET /api/v1/timestamp HTTP/1.1\r\nHost: x\r\nX-").unwrap();
    assert_ne!(http.drain().1, End::Silent);
    assert_eq!(exchange.end("TERM")["slow_requests"], 1);
}

#[test]
fn a_body_that_never_ends_is_refused() {
    let exchange = Exchange::with_plan(HASTY);
    let mut http = exchange.http();
    let head = "POST /api/v1/hf/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{";
    http.stream.write_all(head.as_bytes()).unwrap();
    let (answer, end) = http.drain();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_ne!(end, End::Silent);
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let exchange = Exchange::with_plan(HASTY);
    let mut idle = exchange.http();
    idle.get("/api/v1/timestamp").data();
    let mut busy = exchange.http();
    // The idle one ends while the busy one goes on.
    idle.stream.set_nonblocking(true).unwrap();
    let mut byte = [0];
    while idle.stream.peek(&mut byte).is_err() {
        busy.get("/api/v1/status").json();
    }
    assert_eq!(idle.stream.peek(&mut byte).unwrap(), 0, "closed");
    busy.get("/api/v1/status").json();
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    let long = ("X-Long".to_owned(), "x".repeat(100_000));
    http.send(("GET", "/api/v1/timestamp"), &[long], "");
    let (answer, _) = http.drain();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    exchange.http().get("/api/v1/timestamp").data();
}

#[test]
fn nonsense_harms_nobody() {
    let exchange = Exchange::start("");
    for nonsense in [&b"\x16\x03\x01\x02\x00\x01"[..], b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"\0\0\0\0"]
    {
        let mut http = exchange.http();
        http.stream.write_all(nonsense).unwrap();
        http.stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_ne!(http.drain().1, End::Silent);
    }
    exchange.http().get("/api/v1/timestamp").data();
}

#[test]
fn connections_are_bounded() {
    let exchange = Exchange::with_plan("[http]\nconnections_max = 3\n");
    let mut first: Vec<_> = (0..3).map(|_| exchange.http()).collect();
    for http in &mut first {
        http.get("/api/v1/timestamp").data();
    }
    let mut fourth = exchange.http();
    assert_ne!(fourth.drain().1, End::Silent);
    drop(first.pop());
    // The place is free once the exchange has seen the end.
    loop {
        let mut http = exchange.http();
        http.ask("GET", "/api/v1/timestamp", "");
        if http.drain_briefly().0.starts_with("HTTP/1.1 200") {
            break;
        }
    }
    assert!(exchange.end("TERM")["connections_refused"].as_u64().unwrap() >= 1);
}

//! Clients that are slow, large, or never leave.

use std::io::{Read as _, Write as _};
use std::thread;

use super::{GENEROUS, Served, TOKEN};
use crate::support::http::{Door, Line, Reply};

/// More than there are places over TCP.
const IDLE: usize = 80;

fn rest(mut line: Box<dyn Line>) -> String {
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).ok();
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_slow_head_a_slow_body_and_a_large_body_end() {
    let served = Served::start("", GENEROUS, "");
    let door = &served.tcp;
    let head = format!(
        "POST /pause HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {TOKEN}\r\n",
        door.host()
    );
    let begun = |text: &str| {
        let mut line = door.connect().unwrap();
        line.write_all(text.as_bytes()).unwrap();
        line
    };
    thread::scope(|scope| {
        let slow_head = scope.spawn(|| rest(begun("GET /livez HTTP/1.1\r\nHost: x")));
        let silent = scope.spawn(|| rest(begun("")));
        let slow_body = scope.spawn(|| rest(begun(&format!("{head}Content-Length: 9\r\n\r\n{{"))));
        assert_eq!(slow_head.join().unwrap(), "", "no answer to half a head");
        assert_eq!(silent.join().unwrap(), "");
        let slow_body = Reply::parse(&slow_body.join().unwrap());
        assert_eq!((slow_body.status, &slow_body.json()["error"]), (408, &"body_too_slow".into()));
    });
    let declared = format!("{head}Content-Length: 16385\r\n\r\n");
    assert_eq!(Reply::parse(&door.send(&declared)).status, 413);
    let chunk = format!("4001\r\n{}\r\n0\r\n\r\n", "x".repeat(0x4001));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}");
    assert_eq!(Reply::parse(&door.send(&chunked)).status, 413);
    let long =
        format!("GET /livez HTTP/1.1\r\nHost: {}\r\nX: {}\r\n", door.host(), "x".repeat(20_000));
    let answer = door.send(&long);
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer:?}");
    assert_eq!(door.get("/livez").status, 200);
}

#[test]
fn idle_clients_take_no_place_from_the_socket_and_none_for_ever() {
    let served = Served::start("", GENEROUS, "");
    let idle: Vec<Box<dyn Line>> = (0..IDLE).map(|_| served.tcp.connect().unwrap()).collect();
    assert_eq!(served.socket.get("/health").status, 200);
    // Over TCP one waits until those before were too slow.
    let patient = |door: &Door| door.get("/health").status;
    assert_eq!(patient(&served.tcp), 200);
    drop(idle);
}

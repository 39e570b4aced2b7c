//! A small HTTP client that sees everything: status, headers, bytes, the end of the connection.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use ibis::clock;
use ibis::exchange::kucoin::protocol::sign::Signer;
use serde_json::Value;

/// As long as an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// As long as is waited for what must not come.
const SILENCE: Duration = Duration::from_millis(150);

/// A keep-alive connection.
pub struct Http {
    pub stream: TcpStream,
    signer: Signer,
    address: String,
    /// Added to the clock's time where a request is signed, in milliseconds.
    pub skew_ms: i64,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// With a close.
    Closed,
    /// With a reset.
    Reset,
    /// Not: nothing comes.
    Silent,
}

impl Response {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The data of a success.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!((self.status, &json["code"]), (200, &Value::from("200000")), "{self:?}");
        json["data"].take()
    }

    /// Status and code of a refusal.
    #[track_caller]
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap().to_owned())
    }

    /// A header as a number.
    #[track_caller]
    pub fn number(&self, name: &str) -> i64 {
        self.headers.get(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            panic!("no number in {name}: {self:?}");
        })
    }
}

impl Http {
    pub fn connect(address: &str, signer: Signer) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(ANSWER_WAIT)).unwrap();
        Self { stream, signer, address: address.to_owned(), skew_ms: 0 }
    }

    /// The headers of a signed request.
    pub fn signed(&self, method: &str, target: &str, body: &str) -> Vec<(String, String)> {
        let at = clock::wall_now().ms() + self.skew_ms;
        let headers = self.signer.headers(at, method, target, body.as_bytes());
        headers.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Sends a request with these headers, and those every request has.
    pub fn send(
        &mut self,
        (method, target): (&str, &str),
        headers: &[(String, String)],
        body: &str,
    ) {
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        // A connection that is reset already says so on reading.
        self.stream.write_all(format!("{text}\r\n{body}").as_bytes()).ok();
    }

    /// A signed request.
    pub fn call(&mut self, method: &str, target: &str, body: &str) -> Response {
        self.ask(method, target, body);
        self.receive()
    }

    /// Sends a signed request and does not wait.
    pub fn ask(&mut self, method: &str, target: &str, body: &str) {
        let mut headers = self.signed(method, target, body);
        if !body.is_empty() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        self.send((method, target), &headers, body);
    }

    pub fn get(&mut self, target: &str) -> Response {
        self.call("GET", target, "")
    }

    pub fn post(&mut self, target: &str, body: &str) -> Response {
        self.call("POST", target, body)
    }

    pub fn delete(&mut self, target: &str) -> Response {
        self.call("DELETE", target, "")
    }

    /// Places an order that nothing reaches; returns the exchange's id.
    #[track_caller]
    pub fn place_far(&mut self, client_oid: &str) -> String {
        self.try_place_far(client_oid).data()["orderId"].as_str().unwrap().to_owned()
    }

    /// As [`Http::place_far`], whatever is answered.
    pub fn try_place_far(&mut self, client_oid: &str) -> Response {
        self.ask_far(client_oid);
        self.receive()
    }

    /// As [`Http::place_far`], without waiting.
    pub fn ask_far(&mut self, client_oid: &str) {
        let body = format!(
            "{{\"clientOid\":\"{client_oid}\",\"symbol\":\"BTC-USDT\",\"side\":\"buy\",\
             \"type\":\"limit\",\"price\":\"1000\",\"size\":\"0.001\"}}"
        );
        self.ask("POST", "/api/v1/hf/orders", &body);
    }

    /// The next answer, whole.
    #[track_caller]
    pub fn receive(&mut self) -> Response {
        let head = self.until(|bytes| bytes.ends_with(b"\r\n\r\n"));
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        let body = self.until(|bytes| bytes.len() == length);
        Response { status, headers, body: String::from_utf8(body).unwrap() }
    }

    #[track_caller]
    fn until(&mut self, done: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !done(&bytes) {
            let mut byte = [0];
            let read = self.stream.read(&mut byte);
            assert_eq!(read.as_ref().ok(), Some(&1), "{read:?} after {:?}", text(&bytes));
            bytes.push(byte[0]);
        }
        bytes
    }

    /// Everything that comes until the connection ends, and how it does.
    pub fn drain(&mut self) -> (String, End) {
        self.read_to_end(ANSWER_WAIT)
    }

    /// As [`Http::drain`], where it does not end either.
    pub fn drain_briefly(&mut self) -> (String, End) {
        self.read_to_end(SILENCE)
    }

    fn read_to_end(&mut self, wait: Duration) -> (String, End) {
        self.stream.set_read_timeout(Some(wait)).unwrap();
        let mut bytes = Vec::new();
        let end = match self.stream.read_to_end(&mut bytes) {
            Ok(_) => End::Closed,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
            Err(error) if error.kind() == ErrorKind::WouldBlock => End::Silent,
            Err(error) => panic!("{error}"),
        };
        (text(&bytes), end)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! Signed requests over a keep-alive connection, with nothing in between that costs time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use ibis::clock;
use ibis::exchange::kucoin::protocol::sign::Signer;

/// Longest answer that is read, in bytes.
const ANSWER_BYTES: usize = 16 * 1024;

/// A request before it is signed.
pub struct Request {
    method: &'static str,
    target: String,
    body: String,
}

impl Request {
    /// A request; without a body where that is empty.
    pub fn new(method: &'static str, target: &str, body: &str) -> Self {
        Self { method, target: target.to_owned(), body: body.to_owned() }
    }
}

/// A keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, buffer: vec![0; ANSWER_BYTES] }
    }

    /// Signs a request and sends it.
    pub fn send(&mut self, signer: &Signer, request: &Request) {
        let Request { method, target, body } = request;
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
        let signed = signer.headers(clock::wall_now().ms(), method, target, body.as_bytes());
        for (name, value) in signed.pairs() {
            for part in [name, ": ", value, "\r\n"] {
                text.push_str(part);
            }
        }
        if !body.is_empty() {
            let length = body.len();
            text.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            ));
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.stream.write_all(text.as_bytes()).expect("it reads");
    }

    /// The body of the next answer.
    pub fn receive(&mut self) -> &str {
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[length..]).expect("it answers");
            assert!(read > 0, "it closed the connection");
            length += read;
            let text = std::str::from_utf8(&self.buffer[..length]).expect("text");
            let Some(head) = text.find("\r\n\r\n") else { continue };
            let announced = text[..head]
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .and_then(|length| length.parse::<usize>().ok())
                .expect("a length");
            if length == head + 4 + announced {
                return std::str::from_utf8(&self.buffer[head + 4..length]).expect("text");
            }
        }
    }
}

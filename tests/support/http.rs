//! A plain HTTP client: one request a connection, everything it sends written by the test.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

/// As long as one may wait for an answer: a hang becomes a failure.
const ANSWER_WAIT: Duration = Duration::from_secs(60);

/// Where to ask.
#[derive(Clone, Debug)]
pub enum Door {
    Tcp(SocketAddr),
    Socket(PathBuf),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Takes an answer apart.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("cut: {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let length: usize = headers["content-length"].parse().unwrap();
        assert_eq!(body.len(), length, "{text:?}");
        Self { status: status.parse().unwrap(), headers, body: body.to_owned() }
    }
}

/// A connection to either kind of door.
pub trait Line: Read + Write {}
impl<T: Read + Write> Line for T {}

impl Door {
    /// The name requests are addressed to.
    pub fn host(&self) -> String {
        match self {
            Self::Tcp(address) => address.to_string(),
            Self::Socket(_) => "localhost".to_owned(),
        }
    }

    /// Connects.
    pub fn connect(&self) -> std::io::Result<Box<dyn Line>> {
        match self {
            Self::Tcp(address) => {
                let line = TcpStream::connect(address)?;
                line.set_read_timeout(Some(ANSWER_WAIT))?;
                Ok(Box::new(line))
            }
            Self::Socket(path) => {
                let line = UnixStream::connect::<&Path>(path)?;
                line.set_read_timeout(Some(ANSWER_WAIT))?;
                Ok(Box::new(line))
            }
        }
    }

    /// Sends a text and reads to the end of the connection.
    #[track_caller]
    pub fn send(&self, text: &str) -> String {
        let mut line = self.connect().unwrap();
        // The other end may have answered and closed before all was sent.
        line.write_all(text.as_bytes()).ok();
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        while let Ok(count) = line.read(&mut part) {
            if count == 0 {
                break;
            }
            answer.extend_from_slice(&part[..count]);
        }
        String::from_utf8(answer).unwrap()
    }

    /// A request with these headers, each on a line, and a body.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let (host, length) = (self.host(), body.len());
        let length =
            if method == "GET" { String::new() } else { format!("Content-Length: {length}\r\n") };
        Reply::parse(&self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}{length}\r\n{body}"
        )))
    }

    /// Reads a route.
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "", "")
    }

    /// Gives an order.
    #[track_caller]
    pub fn post(&self, path: &str, body: &str) -> Reply {
        self.ask("POST", path, "Content-Type: application/json\r\n", body)
    }
}

//! An HTTP server on loopback that does what a test tells it to: it answers, lingers, hangs up, is away.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;

/// No test takes nearly as long to see a request: a hang becomes a failure.
const WAIT: Duration = Duration::from_secs(120);

/// What happens to a request, once it is read whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// 200.
    Take,
    /// This status, with these header lines and this body.
    Answer(u16, &'static str, String),
    /// Nothing, until the client leaves.
    Linger,
    /// The connection ends without an answer.
    HangUp,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: Value,
    /// What was done with it.
    pub act: Act,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Act>>,
    seen: Mutex<Vec<Seen>>,
    arrived: Condvar,
    stopped: AtomicBool,
}

/// The server; it goes away when dropped.
pub struct Hook {
    address: SocketAddr,
    state: Arc<State>,
}

impl Hook {
    /// Listens on a port of its own.
    pub fn new() -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Listens where another was.
    pub fn at(address: SocketAddr) -> Self {
        Self::listen(TcpListener::bind(address).unwrap())
    }

    fn listen(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let stopped = |state: &State| state.stopped.load(Ordering::Acquire);
        super::serve_each(listener, shared, stopped, serve);
        Self { address, state }
    }

    /// An address where nobody listens.
    pub fn nobody() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to the next requests, one each; then they are taken.
    pub fn script(&self, acts: impl IntoIterator<Item = Act>) {
        lock(&self.state.script).extend(acts);
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// Waits until so many requests are there.
    pub fn wait_for(&self, count: usize) -> Vec<Seen> {
        self.wait_until(|seen| seen.len() >= count)
    }

    /// Waits until the requests are as they should be.
    #[track_caller]
    pub fn wait_until(&self, enough: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let seen = lock(&self.state.seen);
        let (seen, waited) =
            self.state.arrived.wait_timeout_while(seen, WAIT, |seen| !enough(seen)).unwrap();
        assert!(!waited.timed_out(), "still waiting with {seen:#?}");
        seen.clone()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        // Wakes the listener, which then ends and frees the port.
        drop(TcpStream::connect(self.address));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

fn serve(mut stream: TcpStream, state: &State) {
    let Some((path, headers, body)) = read(&stream) else { return };
    let act = lock(&state.script).pop_front().unwrap_or(Act::Take);
    lock(&state.seen).push(Seen { path, headers, body, act: act.clone() });
    state.arrived.notify_all();
    let answer = |status: u16, headers: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
    };
    match act {
        Act::Take => stream.write_all(answer(200, "", "{\"ok\":true}").as_bytes()).unwrap_or(()),
        Act::Answer(status, headers, body) => {
            stream.write_all(answer(status, headers, &body).as_bytes()).unwrap_or(());
        }
        Act::Linger => drop(stream.read(&mut [0; 1])),
        Act::HangUp => {}
    }
}

/// A request, with a body of JSON or none: its path, its header lines, its body.
pub(super) fn read(stream: &TcpStream) -> Option<(String, BTreeMap<String, String>, Value)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let Some(length) = headers.get("content-length") else {
        return Some((path, headers, Value::Null));
    };
    let mut body = vec![0; length.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some((path, headers, serde_json::from_slice(&body).ok()?))
}

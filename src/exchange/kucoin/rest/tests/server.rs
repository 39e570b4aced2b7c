//! A venue that does what a test tells it to, over real sockets: it answers, lingers, lies and dies.
//!
//! It reads each request whole and then plays the next act of its script. The venue's time is answered
//! without a script. A connection that the client ends stays open here until the server is dropped.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::clock;

/// What happens to a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// These bytes, and the connection goes on.
    Bytes(Vec<u8>),
    /// These bytes, and an orderly end.
    Close(Vec<u8>),
    /// These bytes, and a reset.
    Reset(Vec<u8>),
    /// Nothing is read: the connection is reset when it is made.
    ResetUnread,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Counts connections from 0.
    pub connection: usize,
    pub method: String,
    pub target: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct State {
    script: Mutex<VecDeque<Act>>,
    seen: Mutex<Vec<Seen>>,
    ended: Mutex<Vec<Wire>>,
    tls: Option<Arc<ServerConfig>>,
    /// Plays one act for each connection, whatever arrives.
    deaf: bool,
    /// Milliseconds that the venue's clock is ahead.
    ahead_ms: AtomicI64,
    stopped: AtomicBool,
}

/// A connection, with or without TLS.
enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref(),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(bytes),
            Self::Tls(tls) => tls.read(bytes),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}

/// The server. See the [module](self).
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// An answer with a body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Act {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n{headers}\r\n");
    Act::Bytes((head + body).into_bytes())
}

/// A success with this data.
pub(crate) fn ok(data: &str) -> Act {
    answer(200, "", &format!(r#"{{"code":"200000","data":{data}}}"#))
}

/// A refusal.
pub(crate) fn refuse(status: u16, code: u32, message: &str) -> Act {
    answer(status, "", &format!(r#"{{"code":"{code}","msg":"{message}"}}"#))
}

/// The headers of a quota.
pub(crate) fn quota(limit: u32, remaining: u32, reset_ms: u32) -> String {
    format!(
        "gw-ratelimit-limit: {limit}\r\ngw-ratelimit-remaining: {remaining}\r\n\
         gw-ratelimit-reset: {reset_ms}\r\n"
    )
}

impl Server {
    pub(crate) fn start(script: impl IntoIterator<Item = Act>) -> Self {
        Self::start_with(State::default(), script)
    }

    pub(crate) fn start_tls(
        script: impl IntoIterator<Item = Act>,
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key);
        let tls = Some(Arc::new(config.unwrap()));
        Self::start_with(State { tls, ..State::default() }, script)
    }

    /// A server that plays this act for every connection.
    pub(crate) fn start_without_reading(act: Act) -> Self {
        Self::start_with(State { deaf: true, ..State::default() }, vec![act; 8])
    }

    fn start_with(state: State, script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(state);
        lock(&state.script).extend(script);
        let shared = Arc::clone(&state);
        let accepting = std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                if shared.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (state, stream) = (Arc::clone(&shared), stream.unwrap());
                std::thread::spawn(move || serve(&state, stream, number));
            }
        });
        Self { address, state, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.state.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn then(&self, acts: impl IntoIterator<Item = Act>) {
        lock(&self.state.script).extend(acts);
    }

    pub(crate) fn set_ahead_ms(&self, ahead_ms: i64) {
        self.state.ahead_ms.store(ahead_ms, Ordering::SeqCst);
    }

    /// Every request but those for the time.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = lock(&self.state.seen);
        seen.iter().filter(|seen| !seen.target.starts_with(TIME)).cloned().collect()
    }

    /// How many requests asked for the time.
    pub(crate) fn times_asked(&self) -> usize {
        lock(&self.state.seen).iter().filter(|seen| seen.target.starts_with(TIME)).count()
    }

    /// Acts that nothing asked for.
    pub(crate) fn left(&self) -> usize {
        lock(&self.state.script).len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().unwrap();
        }
    }
}

const TIME: &str = "/api/v1/timestamp";

fn serve(state: &State, tcp: TcpStream, number: usize) {
    let unread = {
        let mut script = lock(&state.script);
        let unread = matches!(script.front(), Some(Act::ResetUnread));
        unread.then(|| script.pop_front()).is_some()
    };
    if unread {
        return reset(&tcp);
    }
    let mut stream = match &state.tls {
        Some(config) => {
            let connection = ServerConnection::new(Arc::clone(config)).unwrap();
            Wire::Tls(Box::new(StreamOwned::new(connection, tcp)))
        }
        None => Wire::Plain(tcp),
    };
    if state.deaf {
        if let Some(Act::Close(bytes)) = lock(&state.script).pop_front() {
            drop(stream.write_all(&bytes));
            return;
        }
        return lock(&state.ended).push(stream);
    }
    let mut buffer = Vec::new();
    while let Some(seen) = read_request(&mut stream, &mut buffer, number) {
        let is_time = seen.target.starts_with(TIME);
        lock(&state.seen).push(seen);
        let act = if is_time {
            let ahead_ms = state.ahead_ms.load(Ordering::SeqCst);
            ok(&(clock::wall_now().ms() + ahead_ms).to_string())
        } else {
            lock(&state.script).pop_front().unwrap_or_else(|| refuse(404, 404_000, "no act left"))
        };
        match act {
            Act::Bytes(bytes) => drop(stream.write_all(&bytes)),
            Act::Close(bytes) => {
                drop(stream.write_all(&bytes));
                return;
            }
            Act::Reset(bytes) => {
                drop(stream.write_all(&bytes));
                return reset(stream.tcp());
            }
            Act::ResetUnread => return reset(stream.tcp()),
        }
    }
    lock(&state.ended).push(stream);
}

/// Ends a connection without a word, once it is dropped.
fn reset(stream: &TcpStream) {
    rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO)).unwrap();
}

/// The next request, or `None` where the client ended the connection.
fn read_request(stream: &mut Wire, buffer: &mut Vec<u8>, connection: usize) -> Option<Seen> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, buffer)?;
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (first.next()?, first.next()?);
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while buffer.len() < length {
        read_more(stream, buffer)?;
    }
    let body = String::from_utf8(buffer.drain(..length).collect()).unwrap();
    Some(Seen { connection, method, target, headers, body })
}

fn read_more(stream: &mut Wire, buffer: &mut Vec<u8>) -> Option<()> {
    let mut bytes = [0; 4096];
    match stream.read(&mut bytes) {
        Ok(length) if length > 0 => {
            buffer.extend_from_slice(&bytes[..length]);
            Some(())
        }
        Ok(_) | Err(_) => None,
    }
}

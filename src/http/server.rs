//! The thread that serves, from its start to its end.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use super::admit::Rules;
use super::board::Board;
use super::connection;
use super::ledger::LedgerReader;
use super::listener::{self, Listeners};
use super::operator::Operator;
use super::peer::Peer;
use super::rate::Limiter;
use super::token::{self, Token};
use crate::config::settings::{HealthSettings, HttpSettings};
use crate::secret::SecretError;
use crate::systemd::descriptors;

/// Connections over TCP at once; who comes next waits for a place. With those of the socket 64.
const TCP_CONNECTIONS_MAX: usize = 48;
/// Connections over the socket at once: places that nobody can take away over TCP.
const SOCKET_CONNECTIONS_MAX: usize = 16;
/// Pause after a connection that could not be accepted: the process may be out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// Threads that may wait for a disk at once.
const BLOCKING_THREADS_MAX: usize = 4;
/// Answers under way at a stop may take this long.
const STOP_MAX: Duration = Duration::from_secs(1);

/// What does not change while the process runs.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `paper` or `live`.
    pub mode: &'static str,
    /// `dev`, `canary` or `prod`.
    pub profile: &'static str,
    /// Hash of the configuration that the process started with.
    pub config_hash: String,
    /// The state directory.
    pub state_dir: PathBuf,
    /// When something counts as degraded or critical, until the agent shows what was configured since.
    pub health: Arc<HealthSettings>,
    /// The names of differences between ledger and venue.
    pub mismatch_kinds: Vec<&'static str>,
}

/// What every connection needs.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) board: Arc<Board>,
    pub(super) facts: Facts,
    pub(super) operator: Arc<dyn Operator>,
    pub(super) rules: Arc<Rules>,
    pub(super) limiter: RefCell<Limiter>,
    pub(super) ledger: LedgerReader,
}

/// Why the interface cannot be started at all.
#[derive(Debug)]
pub enum StartError {
    /// The token cannot be had.
    Token(SecretError),
    /// No thread, or no runtime in it.
    Io(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// The serving thread. Dropped, it stops, after the answers that are under way.
#[derive(Debug)]
pub struct Service {
    serving: Serving,
    recipe: Recipe,
    served: Vec<String>,
    failed: Vec<String>,
    removed: Option<PathBuf>,
}

/// A thread that serves.
#[derive(Debug)]
struct Serving {
    closing: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// What a thread that serves is made of; its sockets stay open without it.
#[derive(Debug)]
struct Recipe {
    tcp: Option<std::net::TcpListener>,
    socket: Option<std::os::unix::net::UnixListener>,
    facts: Facts,
    board: Arc<Board>,
    operator: Arc<dyn Operator>,
    rules: Arc<Rules>,
    limits: (u64, u64),
}

impl Service {
    /// Opens the sockets and starts the thread. `None` where the configuration does not want it.
    pub fn start(
        settings: &HttpSettings,
        (runtime, credentials): (Option<&Path>, Option<&Path>),
        facts: Facts,
        board: Arc<Board>,
        operator: Arc<dyn Operator>,
    ) -> Result<Option<Self>, StartError> {
        let passed = descriptors::take(&listener::NAMES);
        if !settings.enabled {
            for (name, descriptor) in passed {
                descriptors::forget(&name, descriptor);
            }
            return Ok(None);
        }
        let token = token::path(&settings.token_file);
        let token = token.map(|path| Token::load(&path, credentials)).transpose();
        let token = token.map_err(StartError::Token)?;
        let mut listeners = Listeners::open(settings, runtime, passed);
        let rules = Rules::new(
            listeners.address,
            &settings.hosts,
            token,
            settings.token_required_for_reads,
        );
        let limits = (settings.requests_per_minute, settings.writes_per_minute);
        let (served, failed) = (listeners.served.split_off(0), listeners.failed.split_off(0));
        let removed = listeners.removed.take();
        let Listeners { tcp, socket, .. } = listeners;
        let rules = Arc::new(rules);
        let recipe = Recipe { tcp, socket, facts, board, operator, rules, limits };
        let serving = recipe.serve().map_err(StartError::Io)?;
        Ok(Some(Self { serving, recipe, served, failed, removed }))
    }

    /// True where the thread ended by itself: nothing is served any more.
    pub fn has_ended(&self) -> bool {
        self.serving.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Serves again, on the same sockets, in a new thread.
    pub fn revive(&mut self) -> io::Result<()> {
        self.serving = self.recipe.serve()?;
        Ok(())
    }

    /// Says what is served and what is not. Not before the agent is ready: a start that is refused says
    /// one line, its own.
    pub fn announce(&self) {
        for line in &self.failed {
            log::warn!("{line}");
        }
        if !self.served.is_empty() {
            let served = self.served.join(", ");
            log::info!(served = served.as_str(); "control interface: {served}");
        }
    }
}

impl Recipe {
    fn serve(&self) -> io::Result<Serving> {
        let tcp = self.tcp.as_ref().map(std::net::TcpListener::try_clone).transpose()?;
        let socket = self.socket.as_ref();
        let socket = socket.map(std::os::unix::net::UnixListener::try_clone).transpose()?;
        let (facts, board) = (self.facts.clone(), Arc::clone(&self.board));
        let (operator, rules) = (Arc::clone(&self.operator), Arc::clone(&self.rules));
        let limits = self.limits;
        let (closing, closed) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .build()?;
        let thread = std::thread::Builder::new().name("http".to_owned());
        let thread = thread.spawn(move || {
            let ledger = LedgerReader::new(&facts.state_dir);
            let limiter = RefCell::new(Limiter::new(limits.0, limits.1));
            let shared = Rc::new(Shared { board, facts, operator, rules, limiter, ledger });
            LocalSet::new().block_on(&runtime, run((tcp, socket), shared, closed));
            // A thread that waits for a disk does not keep the process.
            runtime.shutdown_background();
        });
        Ok(Serving { closing, thread: Some(thread?) })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Nobody listens any more where the thread has ended by itself.
        self.closing.send(true).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(path) = &self.removed {
            // One that is gone already is gone.
            std::fs::remove_file(path).ok();
        }
    }
}

/// Serves both listeners until the agent stops; nothing is accepted from then on.
async fn run(
    (tcp, socket): (Option<std::net::TcpListener>, Option<std::os::unix::net::UnixListener>),
    shared: Rc<Shared>,
    mut closed: watch::Receiver<bool>,
) {
    let tcp = tcp.and_then(|it| TcpListener::from_std(it).ok()).map(Door::Tcp);
    let socket = socket.and_then(|it| UnixListener::from_std(it).ok()).map(Door::Socket);
    let doors = [(tcp, TCP_CONNECTIONS_MAX), (socket, SOCKET_CONNECTIONS_MAX)];
    let mut served = Vec::new();
    for (door, most) in doors {
        let Some(door) = door else { continue };
        let places = Arc::new(Semaphore::new(most));
        served.push((Arc::clone(&places), most));
        spawn_local(keep(door, places, Rc::clone(&shared), closed.clone()));
    }
    closed.wait_for(|closed| *closed).await.ok();
    let ended = async {
        for (places, most) in served {
            places.acquire_many(u32::try_from(most).unwrap_or(u32::MAX)).await.ok();
        }
    };
    timeout(STOP_MAX, ended).await.ok();
}

/// Where connections come in.
enum Door {
    Tcp(TcpListener),
    Socket(UnixListener),
}

/// Accepts connections, each in a task of its own, as many at once as there are places.
async fn keep(
    door: Door,
    places: Arc<Semaphore>,
    shared: Rc<Shared>,
    mut closed: watch::Receiver<bool>,
) {
    loop {
        let next = async {
            // Who finds no place waits in the kernel's queue; every connection ends in bounded time.
            let place = Arc::clone(&places).acquire_owned().await;
            (place, door.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = closed.wait_for(|closed| *closed) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (shared, closed) = (Rc::clone(&shared), closed.clone());
                spawn_local(async move {
                    let _place = place;
                    connection::serve(stream, peer, shared, closed).await;
                });
            }
            Err(error) => {
                log::warn!("control interface: a connection could not be accepted: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Door {
    async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Without it the connection only is slower.
                stream.set_nodelay(true).ok();
                Ok((Box::new(stream), Peer::Address(address.ip())))
            }
            Self::Socket(listener) => {
                let (stream, _) = listener.accept().await?;
                let peer = stream.peer_cred()?;
                let (uid, gid, pid) = (peer.uid(), peer.gid(), peer.pid().unwrap_or(0));
                Ok((Box::new(stream), Peer::Process { uid, gid, pid }))
            }
        }
    }
}

/// A connection of either kind.
type Stream = Box<dyn Io>;

/// What a connection can do.
trait Io: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Io for T {}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;
    use crate::config::Settings;
    use crate::http::operator::Spooled;

    #[test]
    fn a_thread_that_ended_is_seen_and_another_serves_on_the_same_socket() {
        let settings = Settings::defaults();
        let mut http = (*settings.http).clone();
        http.listen = "127.0.0.1:0".parse().unwrap();
        let state_dir = std::env::temp_dir();
        let facts = Facts {
            mode: "paper",
            profile: "dev",
            config_hash: String::new(),
            state_dir: state_dir.clone(),
            health: Arc::clone(&settings.health),
            mismatch_kinds: Vec::new(),
        };
        let operator = Arc::new(Spooled::new(&state_dir, None));
        let board = Arc::new(Board::new());
        let started = Service::start(&http, (None, None), facts, board, operator);
        let mut service = started.unwrap().unwrap();
        let address = service.recipe.tcp.as_ref().unwrap().local_addr().unwrap();
        let answer = || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let host = format!("Host: {address}\r\nConnection: close\r\n\r\n");
            write!(stream, "GET /livez HTTP/1.1\r\n{host}").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        };
        assert!(answer().starts_with("HTTP/1.1 "));
        assert!(!service.has_ended());
        service.serving.closing.send(true).unwrap();
        while !service.has_ended() {
            std::thread::yield_now();
        }
        service.revive().unwrap();
        assert!(!service.has_ended());
        assert!(answer().starts_with("HTTP/1.1 "));
    }
}

//! A TCP stream that can be made half-open or reset, and that tells how long its client has been slow.
//!
//! The stream belongs to whoever reads and writes it; [`Line`] is what the rest of the exchange holds
//! of it. It is shared with the HTTP library, which wants it to be `Send`: atomics, although all of it
//! runs on one thread.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::settings::HttpLimits;
use crate::clock;

/// Longest wait for an answer that a fault holds back, and longest life of a half-open connection: no
/// client waits longer, and none of them may stay forever.
const STANDSTILL_MAX: Duration = Duration::from_secs(600);

const OPEN: u8 = 0;
const HALF_OPEN: u8 = 1;
const RESET: u8 = 2;

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const BODY: u8 = 2;
const SERVING: u8 = 3;

/// A connection as seen from outside of it.
#[derive(Debug, Default)]
pub struct Line {
    state: AtomicU8,
    phase: AtomicU8,
    since_us: AtomicU64,
}

impl Line {
    /// From here on nothing is read and nothing written; the socket stays open.
    pub fn half_open(&self) {
        self.state.store(HALF_OPEN, Ordering::Relaxed);
        self.enter(SERVING);
    }

    /// The next read or write fails, and the socket ends with a reset when it is dropped.
    pub fn reset(&self) {
        self.state.store(RESET, Ordering::Relaxed);
    }

    /// True after [`Line::half_open`].
    pub fn is_half_open(&self) -> bool {
        self.state.load(Ordering::Relaxed) == HALF_OPEN
    }

    /// The head of a request is complete, its body is read.
    pub fn reads_body(&self) {
        self.enter(BODY);
    }

    /// The request is complete and is worked on.
    pub fn serves(&self) {
        self.enter(SERVING);
    }

    /// The answer is given; the next request may come.
    pub fn answered(&self) {
        if !self.is_half_open() {
            self.enter(IDLE);
        }
    }

    /// How long the client may go on as it does; zero where it was too slow.
    pub fn patience_left(&self, limits: &HttpLimits) -> Duration {
        let limit = match self.phase.load(Ordering::Relaxed) {
            IDLE => Duration::from_millis(limits.idle_timeout_ms.into()),
            HEAD => Duration::from_millis(limits.head_timeout_ms.into()),
            BODY => Duration::from_millis(limits.body_timeout_ms.into()),
            _ => STANDSTILL_MAX,
        };
        let since = Duration::from_micros(self.since_us.load(Ordering::Relaxed));
        limit.saturating_sub(clock::monotonic().saturating_sub(since))
    }

    fn enter(&self, phase: u8) {
        let now = u64::try_from(clock::monotonic().as_micros()).unwrap_or(u64::MAX);
        self.since_us.store(now, Ordering::Relaxed);
        self.phase.store(phase, Ordering::Relaxed);
    }

    fn received(&self) {
        if self.phase.load(Ordering::Relaxed) == IDLE {
            self.enter(HEAD);
        }
    }

    /// What reads and writes do instead of reading and writing.
    fn instead<T>(&self) -> Option<Poll<io::Result<T>>> {
        match self.state.load(Ordering::Relaxed) {
            OPEN => None,
            // No waker is kept: only the end of the connection's task follows.
            HALF_OPEN => Some(Poll::Pending),
            _ => Some(Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }
}

/// The stream.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    line: Arc<Line>,
    _open: Arc<()>,
}

impl Wire {
    /// A stream and its line. A clone of `open` is kept as long as the stream, to count streams by.
    pub fn new(stream: TcpStream, open: &Arc<()>) -> (Self, Arc<Line>) {
        let line = Arc::new(Line::default());
        line.enter(IDLE);
        (Self { stream, line: Arc::clone(&line), _open: Arc::clone(open) }, line)
    }

    /// The line of this stream.
    pub fn line(&self) -> Arc<Line> {
        Arc::clone(&self.line)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.line.state.load(Ordering::Relaxed) == RESET {
            // Without it the connection ends with a mere close, which a client survives as well.
            self.stream.set_zero_linger().ok();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(instead) = self.line.instead() {
            return instead;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.line.received();
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.line.instead() {
            Some(instead) => instead,
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.line.instead() {
            Some(instead) => instead,
            None => Pin::new(&mut self.stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line.instead() {
            Some(instead) => instead,
            None => Pin::new(&mut self.stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.line.instead() {
            Some(instead) => instead,
            None => Pin::new(&mut self.stream).poll_shutdown(context),
        }
    }
}

//! One websocket connection: a socket that lives by its [`Session`].
//!
//! Everything is polled from one place and nothing is lost where the polling stops, so that it can be
//! raced against anything.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::dialer::{BulletSource, Dialer, Socket};
use super::fault::{Fault, Step};
use super::session::{Incoming, Session};
use super::settings::WsSettings;
use super::subscription::Batch;
use crate::exchange::kucoin::protocol::bullet::Bullet;
use crate::net::dial::Origin;

/// What is kept for the socket to take: a subscribe frame of a hundred topics has some 2000 bytes.
const WRITE_BUFFER_BYTES_MAX: usize = 1 << 16;

/// Something a connection gives.
#[derive(Debug)]
pub(super) enum Heard {
    /// Every subscription is answered.
    Up,
    /// A push, as it came.
    Push(Utf8Bytes),
    /// A topic cannot be had, and why.
    Refused(String, String),
    /// A frame of a reserved kind.
    Notice(Utf8Bytes),
}

/// An open connection.
pub(super) struct Connection {
    socket: WebSocketStream<Box<dyn Socket>>,
    session: Session,
    /// What the session's instants count from.
    epoch: Instant,
    timer: Pin<Box<Sleep>>,
    /// Until when what was sent must be off us.
    write_by: Option<Instant>,
    write_timeout: Duration,
    /// A refused topic was the last to be answered.
    up_next: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("session", &self.session).finish_non_exhaustive()
    }
}

/// What every connection of a client is opened with.
#[derive(Clone)]
pub(super) struct Opening {
    pub(super) settings: WsSettings,
    pub(super) bullet: BulletSource,
    pub(super) dialer: Dialer,
    pub(super) batches: Vec<Batch>,
    pub(super) strict: bool,
}

impl Opening {
    /// Takes a token, connects and shakes hands. `chance` names the connection and chooses its server.
    pub(super) async fn open(self, chance: u64) -> Result<Box<Connection>, Fault> {
        let Self { settings, bullet, dialer, batches, strict } = self;
        let limit = settings.bullet_timeout;
        let bullet =
            timeout(limit, bullet()).await.map_err(|_| Fault::Late(Step::Bullet, limit))?;
        let mut bullet: Bullet<'static> = bullet.map_err(Fault::Bullet)?;
        let count = bullet.instance_servers.len().max(1) as u64;
        let server = bullet.instance_servers.drain(..).nth((chance % count) as usize);
        let server = server.ok_or_else(|| Fault::Server("it names none".to_owned()))?;
        bullet.instance_servers.push(server.clone());
        let address = bullet.address(&format!("{chance:016x}"));
        let address = address.ok_or_else(|| Fault::Server("it names none".to_owned()))?;
        let origin = Origin::split(&address);
        let (origin, path) = origin.map_err(|error| Fault::Server(error.to_string()))?;
        // An endpoint may end with its host; a request's target begins with a slash.
        let slash = if path.starts_with('/') { "" } else { "/" };
        let (before, query) = address.split_at(address.len() - path.len());
        let address = format!("{before}{slash}{query}");
        let socket = dialer(origin).await.map_err(Fault::Dial)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(settings.read_buffer_bytes)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
            .max_message_size(Some(settings.frame_bytes_max))
            .max_frame_size(Some(settings.frame_bytes_max));
        let limit = settings.handshake_timeout;
        let opened = client_async_with_config(address.as_str(), socket, Some(config));
        let opened = timeout(limit, opened).await;
        let opened = opened.map_err(|_| Fault::Late(Step::Handshake, limit))?;
        let (socket, _) = opened.map_err(|error| handshake_fault(&error))?;
        let epoch = Instant::now();
        let session = Session::new(&settings, &server, batches, strict, Duration::ZERO);
        Ok(Box::new(Connection {
            socket,
            session,
            epoch,
            timer: Box::pin(sleep_until(epoch)),
            write_by: None,
            write_timeout: settings.write_timeout,
            up_next: false,
        }))
    }
}

impl Connection {
    /// What comes next. May be dropped and called again at any time.
    pub(super) async fn hear(&mut self) -> Result<Heard, Fault> {
        poll_fn(|cx| self.poll_hear(cx)).await
    }

    pub(super) fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<Result<Heard, Fault>> {
        if std::mem::take(&mut self.up_next) {
            return Poll::Ready(Ok(Heard::Up));
        }
        loop {
            if let Err(fault) = self.write(cx) {
                return Poll::Ready(Err(fault));
            }
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(message) => match self.take(message) {
                    Ok(None) => {}
                    Ok(Some(heard)) => return Poll::Ready(Ok(heard)),
                    Err(fault) => return Poll::Ready(Err(fault)),
                },
                Poll::Pending => match self.poll_due(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    /// True once every subscription is answered.
    pub(super) fn is_up(&self) -> bool {
        self.session.is_up()
    }

    /// Says goodbye where the socket takes it at once.
    pub(super) fn close(mut self) {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let _ = Pin::new(&mut self.socket).poll_close(&mut cx);
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Sends what is due as far as the socket takes it.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Fault> {
        let now = self.now();
        while let Some(text) = self.session.outgoing(now) {
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Pending => break,
                Poll::Ready(ready) => ready.map_err(|error| broken(&error))?,
            }
            let message = Message::text(text);
            Pin::new(&mut self.socket).start_send(message).map_err(|error| broken(&error))?;
            self.session.sent(now);
            self.write_by.get_or_insert(self.epoch + now + self.write_timeout);
        }
        if self.write_by.is_some() {
            match Pin::new(&mut self.socket).poll_flush(cx) {
                Poll::Ready(flushed) => {
                    flushed.map_err(|error| broken(&error))?;
                    self.write_by = None;
                }
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<Option<Heard>, Fault> {
        let message = match message {
            None => return Err(Fault::Closed("without a word".to_owned())),
            Some(message) => message.map_err(|error| broken(&error))?,
        };
        let now = self.now();
        match message {
            Message::Text(text) => Ok(match self.session.on_text(&text, now)? {
                Incoming::Push => Some(Heard::Push(text)),
                Incoming::Control => None,
                Incoming::Up => Some(Heard::Up),
                Incoming::Notice => Some(Heard::Notice(text)),
                Incoming::Refused(topic, why) => {
                    self.up_next = self.session.after_refusal();
                    Some(Heard::Refused(topic, why))
                }
            }),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                self.session.heard(now);
                Ok(None)
            }
            Message::Binary(bytes) => {
                Err(Fault::Malformed(format!("a binary frame of {} bytes", bytes.len())))
            }
            Message::Close(None) => Err(Fault::Closed("without a reason".to_owned())),
            Message::Close(Some(frame)) => {
                Err(Fault::Closed(format!("{} {}", u16::from(frame.code), frame.reason)))
            }
        }
    }

    /// Waits for the next deadline. The timer is left where it is while that only moves away, since it
    /// does with every frame: it rings too early at times and is set anew then.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let due = self.epoch.checked_add(self.session.next_due());
        let due = [due, self.write_by].into_iter().flatten().min();
        if let Some(due) = due
            && (due < self.timer.deadline() || self.timer.is_elapsed())
        {
            self.timer.as_mut().reset(due);
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let now = Instant::now();
        if self.write_by.is_some_and(|until| now >= until) {
            return Poll::Ready(Err(Fault::Late(Step::Write, self.write_timeout)));
        }
        Poll::Ready(self.session.on_time(now - self.epoch))
    }
}

/// What a failed handshake says. The address with its token is in none of these.
fn handshake_fault(error: &Error) -> Fault {
    if let Error::Http(response) = error {
        let status = response.status();
        let said = format!("HTTP status {status}");
        return match status.as_u16() {
            401 => Fault::Token(said),
            403 | 429 => Fault::Limit(said),
            _ => Fault::Handshake(said),
        };
    }
    if matches!(error, Error::Url(_) | Error::HttpFormat(_)) {
        return Fault::Server("its address is none".to_owned());
    }
    Fault::Handshake(broken(error).to_string())
}

fn broken(error: &Error) -> Fault {
    match error {
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Fault::Closed("without a word".to_owned())
        }
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            Fault::Malformed(format!("a frame of {size} bytes, {max_size} are taken"))
        }
        Error::Utf8(_) => Fault::Malformed("a text that is not UTF-8".to_owned()),
        Error::Protocol(error) => Fault::Malformed(error.to_string()),
        Error::Io(error) => Fault::Broken(error.to_string()),
        Error::Capacity(CapacityError::TooManyHeaders)
        | Error::Tls(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt
        | Error::Url(_)
        | Error::Http(_)
        | Error::HttpFormat(_) => Fault::Broken("the websocket library gave up".to_owned()),
    }
}

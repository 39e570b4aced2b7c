//! A websocket connection from its upgrade to its end.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::hub::MemberId;
use super::outbox::Outbox;
use super::session::{Session, Topics};
use crate::clock;
use crate::exchange::kucoin::protocol::frame::{ErrorCode, FrameId, error, welcome};
use crate::exchange::server::exchange::Exchange;
use crate::exchange::server::fault::Ending;
use crate::exchange::server::token::Access;
use crate::exchange::server::topic::{Topic, TopicError};
use crate::exchange::server::wire::{Line, Wire};

/// Largest message of a client, in bytes: 100 topics of a list need 2,000.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Bytes read at once: clients say little.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes gathered before they are written.
const WRITE_BUFFER_BYTES: usize = 64 * 1024;
/// How long a client may take to answer a close before its connection just ends.
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(1);
/// Longest life of a half-open connection: no client waits longer, and none may stay forever.
const HALF_OPEN_MAX: Duration = Duration::from_secs(600);

type Socket = WebSocketStream<Wire>;

/// What a client showed when it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Visit {
    pub token: String,
    pub connect_id: String,
}

/// Lives through a connection.
pub(super) async fn live(exchange: Rc<Exchange>, upgrade: OnUpgrade, visit: Visit) {
    let Some(socket) = socket(upgrade).await else { return };
    let line = socket.get_ref().line();
    line.serves();
    let outbox = Rc::new(Outbox::new(
        usize::try_from(exchange.settings.websocket.queue_frames_max).unwrap_or(usize::MAX),
    ));
    match admit(&exchange, &visit) {
        Ok(access) => {
            let member = Member::join(exchange, &outbox, access);
            member.welcome(&visit);
            run(socket, &line, &outbox, Some(&member)).await;
            member.leave();
        }
        Err((code, reason)) => {
            exchange.counters.websockets_refused.add();
            let id = FrameId::from(visit.connect_id.as_str());
            outbox.push(Utf8Bytes::from(error(Some(&id), code, &reason)));
            outbox.end(Ending::Close);
            run(socket, &line, &outbox, None).await;
        }
    }
}

async fn socket(upgrade: OnUpgrade) -> Option<Socket> {
    // An error is a client that left before the handshake was over.
    let upgraded: Upgraded = upgrade.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<Wire>>().ok()?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let (wire, read) = (parts.io.into_inner(), parts.read_buf.to_vec());
    Some(WebSocketStream::from_partially_read(wire, read, Role::Server, Some(config)).await)
}

/// What a visit opens, or why it opens nothing.
fn admit(exchange: &Exchange, visit: &Visit) -> Result<Access, (ErrorCode, String)> {
    let (limits, now) = (&exchange.settings.websocket, clock::monotonic());
    let access = exchange
        .tokens
        .check(&visit.token, now)
        .map_err(|problem| (ErrorCode::TOKEN, problem.to_string()))?;
    let minute = Duration::from_secs(60);
    if !exchange.connects.borrow_mut().take(1, limits.connects_per_minute, minute, now) {
        return Err((ErrorCode::LIMIT, "exceed max permits per minute".to_owned()));
    }
    let most = usize::try_from(limits.connections_max).unwrap_or(usize::MAX);
    if exchange.hub.borrow().connections() >= most {
        return Err((ErrorCode::LIMIT, "exceed max session count limitation".to_owned()));
    }
    Ok(access)
}

/// A connection among the others.
struct Member {
    exchange: Rc<Exchange>,
    outbox: Rc<Outbox>,
    id: MemberId,
    session: RefCell<Session>,
    since: Duration,
    /// How and when the plan ends it.
    planned_end: Option<(Ending, Duration)>,
}

/// The topics of one member.
struct MemberTopics<'a>(&'a Member);

impl Topics for MemberTopics<'_> {
    fn find(&self, text: &str) -> Result<Vec<Topic>, TopicError> {
        self.0.exchange.find_topics(text)
    }

    fn listen(&mut self, topic: &Topic) {
        self.0.exchange.listen(self.0.id, topic);
    }

    fn ignore(&mut self, topic: &Topic) {
        self.0.exchange.ignore(self.0.id, topic);
    }
}

impl Member {
    fn join(exchange: Rc<Exchange>, outbox: &Rc<Outbox>, access: Access) -> Self {
        let now = clock::monotonic();
        let id = exchange.hub.borrow_mut().join(Rc::clone(outbox));
        let run = exchange.clock.run();
        let planned_end = exchange.injector.borrow_mut().on_connection(access.as_str(), run);
        Self {
            outbox: Rc::clone(outbox),
            id,
            session: RefCell::new(Session::new(access, exchange.settings.websocket, now)),
            since: now,
            planned_end: planned_end.map(|(ending, after)| (ending, now + after)),
            exchange,
        }
    }

    fn welcome(&self, visit: &Visit) {
        self.exchange.counters.websockets.add();
        let limits = &self.exchange.settings.websocket;
        let (interval, timeout) = (limits.ping_interval_ms.into(), limits.ping_timeout_ms.into());
        self.outbox.push(Utf8Bytes::from(welcome(&visit.connect_id, interval, timeout)));
    }

    fn hear(&self, text: &str) {
        let counters = &self.exchange.counters;
        counters.frames_in.add();
        let now = clock::monotonic();
        let heard = self.session.borrow_mut().hear(text, now, &mut MemberTopics(self));
        if heard.refused {
            counters.frames_refused.add();
        }
        if let Some(answer) = heard.answer {
            self.outbox.push(Utf8Bytes::from(answer));
        }
        if heard.closes {
            self.outbox.end(Ending::Close);
        }
        // A new topic may have something to say at once.
        self.exchange.distribute();
    }

    /// Ends the connection when its time is over.
    async fn outlive(&self) {
        let age =
            Duration::from_millis(self.exchange.settings.websocket.connection_age_max_ms.into());
        let oldest = self.since + age;
        loop {
            let now = clock::monotonic();
            let silent = self.session.borrow().ping_deadline();
            if let Some((ending, _)) = self.planned_end.filter(|(_, at)| now >= *at) {
                return self.outbox.end(ending);
            }
            if now >= oldest {
                return self.outbox.end(Ending::Close);
            }
            if now >= silent {
                self.exchange.counters.silent_websockets.add();
                let timeout = error(None, ErrorCode::BAD_REQUEST, "ping timeout");
                self.outbox.push(Utf8Bytes::from(timeout));
                return self.outbox.end(Ending::Close);
            }
            let planned = self.planned_end.map_or(Duration::MAX, |(_, at)| at);
            sleep(planned.min(oldest).min(silent).saturating_sub(now)).await;
        }
    }

    fn leave(&self) {
        self.session.borrow_mut().leave(&mut MemberTopics(self));
        self.exchange.hub.borrow_mut().leave(self.id);
        if self.outbox.overflowed() {
            self.exchange.counters.slow_websockets.add();
        }
    }
}

/// Reads and writes until the connection ends.
async fn run(socket: Socket, line: &Arc<Line>, outbox: &Outbox, member: Option<&Member>) {
    let (sink, stream) = socket.split();
    let time = async {
        match member {
            Some(member) => member.outlive().await,
            None => outbox.end(Ending::Close),
        }
        // Whatever the end is: the tasks that read and write bring it about, or it takes too long.
        sleep(HALF_OPEN_MAX).await;
    };
    // Within, so that the socket lives as long as the wait.
    let breaking = async {
        outbox.broken().await;
        if outbox.ending() == Some(Ending::HalfOpen) {
            line.half_open();
            sleep(HALF_OPEN_MAX).await;
        }
        line.reset();
    };
    tokio::select! {
        () = read(stream, outbox, member) => {}
        () = write(sink, outbox) => {}
        () = breaking => {}
        () = time => {}
    }
}

async fn read(mut stream: SplitStream<Socket>, outbox: &Outbox, member: Option<&Member>) {
    while let Some(Ok(message)) = stream.next().await {
        // What comes after the end is not heard any more.
        let member = member.filter(|_| outbox.ending().is_none());
        match (message, member) {
            (Message::Text(text), Some(member)) => member.hear(&text),
            (Message::Binary(bytes), Some(member)) => {
                member.hear(&String::from_utf8_lossy(&bytes));
            }
            (Message::Close(_), _) => return,
            // Protocol pings are answered by the library; they keep nothing alive here.
            (Message::Ping(_) | Message::Pong(_) | Message::Frame(_), _) | (_, None) => {}
        }
    }
}

async fn write(mut sink: SplitSink<Socket, Message>, outbox: &Outbox) {
    loop {
        let ended = send_waiting(&mut sink, outbox).await;
        if ended.is_err() {
            return;
        }
        if outbox.ending() == Some(Ending::Close) {
            let frame = CloseFrame { code: CloseCode::Away, reason: Utf8Bytes::default() };
            // Where it cannot be sent the connection ends without.
            drop(sink.send(Message::Close(Some(frame))).await);
            return sleep(CLOSE_WAIT_MAX).await;
        }
        outbox.changed().await;
    }
}

/// Sends what waits, gathered into few writes.
async fn send_waiting(
    sink: &mut SplitSink<Socket, Message>,
    outbox: &Outbox,
) -> tungstenite::Result<()> {
    let mut any = false;
    while let Some(frame) = outbox.pop() {
        sink.feed(Message::Text(frame)).await?;
        any = true;
    }
    if any { sink.flush().await } else { Ok(()) }
}

//! A venue for tests: hands out tokens, and plays websockets over pipes within the process, so that
//! time can stand still.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::dialer::{BulletSource, Dialer, Socket};
use super::settings::WsSettings;
use crate::exchange::kucoin::protocol::bullet::{Bullet, InstanceServer};

/// Longest that any wait of a test takes; time stands still meanwhile, so that it is hours of nothing.
const PATIENCE: Duration = Duration::from_secs(48 * 3_600);

/// The venue.
pub(crate) struct Venue {
    dialed: UnboundedReceiver<DuplexStream>,
    dials: UnboundedSender<DuplexStream>,
    bullets: Rc<Cell<u32>>,
    refuse: Rc<RefCell<Option<String>>>,
    pipe_bytes: usize,
}

/// A websocket's other end.
pub(crate) struct Peer {
    socket: WebSocketStream<DuplexStream>,
    /// Path and query it was asked for.
    pub(crate) target: String,
}

impl Venue {
    pub(crate) fn new() -> Self {
        let (dials, dialed) = unbounded_channel();
        Self { dialed, dials, bullets: Rc::default(), refuse: Rc::default(), pipe_bytes: 1 << 16 }
    }

    /// With pipes that take so many bytes until they are read.
    pub(crate) fn with_pipes_of(pipe_bytes: usize) -> Self {
        Self { pipe_bytes, ..Self::new() }
    }

    /// Tokens asked for so far.
    pub(crate) fn bullets(&self) -> u32 {
        self.bullets.get()
    }

    /// From now on there are no tokens, for this reason; none to give them again.
    pub(crate) fn refuse_bullets(&self, reason: Option<&str>) {
        *self.refuse.borrow_mut() = reason.map(str::to_owned);
    }

    pub(crate) fn bullet(&self) -> BulletSource {
        let (bullets, refuse) = (Rc::clone(&self.bullets), Rc::clone(&self.refuse));
        Rc::new(move || {
            bullets.set(bullets.get() + 1);
            let (number, refused) = (bullets.get(), refuse.borrow().clone());
            Box::pin(async move {
                match refused {
                    Some(reason) => Err(reason),
                    None => Ok(bullet(number)),
                }
            })
        })
    }

    pub(crate) fn dialer(&self) -> Dialer {
        let (dials, pipe_bytes) = (self.dials.clone(), self.pipe_bytes);
        Rc::new(move |_| {
            let (ours, theirs) = tokio::io::duplex(pipe_bytes);
            let sent = dials.send(theirs).map_err(|error| error.to_string());
            let socket: Box<dyn Socket> = Box::new(ours);
            Box::pin(async move { sent.map(|()| socket) })
        })
    }

    /// The next connection, before its handshake.
    pub(crate) async fn dialed(&mut self) -> DuplexStream {
        timeout(PATIENCE, self.dialed.recv()).await.expect("no connection").expect("no dialer")
    }

    /// The next connection as a websocket.
    pub(crate) async fn accept(&mut self) -> Peer {
        let pipe = self.dialed().await;
        let mut target = String::new();
        #[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
        let note = |request: &Request, response: Response| {
            target = request.uri().to_string();
            Ok(response)
        };
        let socket = accept_hdr_async(pipe, note).await.unwrap();
        Peer { socket, target }
    }

    /// The next connection, welcomed and with every subscription answered until `acks` were.
    pub(crate) async fn accept_up(&mut self, acks: usize) -> Peer {
        let mut peer = self.accept().await;
        peer.welcome().await;
        for _ in 0..acks {
            peer.ack().await;
        }
        peer
    }
}

fn bullet(number: u32) -> Bullet<'static> {
    let server = InstanceServer {
        endpoint: "ws://127.0.0.1:9/endpoint".into(),
        encrypt: false,
        protocol: None,
        ping_interval: 18_000,
        ping_timeout: 10_000,
    };
    Bullet { token: format!("token{number}==").into(), instance_servers: vec![server] }
}

impl Peer {
    pub(crate) async fn send(&mut self, text: impl Into<Utf8Bytes>) {
        self.socket.send(Message::Text(text.into())).await.unwrap();
    }

    pub(crate) fn socket_mut(&mut self) -> &mut WebSocketStream<DuplexStream> {
        &mut self.socket
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn welcome(&mut self) {
        self.send(r#"{"id":"any","type":"welcome"}"#).await;
    }

    /// The next frame that the client sends.
    pub(crate) async fn frame(&mut self) -> Value {
        let text = self.message().await.expect("the client left");
        serde_json::from_str(&text).unwrap()
    }

    /// The next text; `None` where the client left.
    pub(crate) async fn message(&mut self) -> Option<String> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("the client says nothing") {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Answers the next frame, which must ask for a topic, and gives that topic.
    pub(crate) async fn ack(&mut self) -> String {
        let frame = self.frame().await;
        assert_eq!(frame["type"], "subscribe", "{frame}");
        self.send(format!(r#"{{"id":{},"type":"ack"}}"#, frame["id"])).await;
        frame["topic"].as_str().unwrap().to_owned()
    }

    /// Answers the next frame with an error, and gives its topic.
    pub(crate) async fn refuse(&mut self, code: i64, text: &str) -> String {
        let frame = self.frame().await;
        let id = &frame["id"];
        self.send(format!(r#"{{"id":{id},"type":"error","code":{code},"data":"{text}"}}"#)).await;
        frame["topic"].as_str().unwrap().to_owned()
    }

    /// Answers pings until the client leaves.
    pub(crate) async fn answer_pings(&mut self) {
        while let Some(text) = self.message().await {
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame["type"] == "ping"
                && self
                    .socket
                    .send(Message::text(format!(r#"{{"id":{},"type":"pong"}}"#, frame["id"])))
                    .await
                    .is_err()
            {
                return;
            }
        }
    }
}

/// Settings whose chance is known.
pub(crate) fn settings() -> WsSettings {
    WsSettings { seed: 1, ..WsSettings::default() }
}

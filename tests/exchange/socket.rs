//! A small websocket client.

use std::net::TcpStream;
use std::time::Duration;

use ibis::exchange::kucoin::protocol::frame::ClientFrame;
use ibis::exchange::kucoin::protocol::target::encode;
use serde_json::Value;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{self, Error, Message, WebSocket};

/// As long as a frame may take.
const FRAME_WAIT: Duration = Duration::from_secs(60);

/// A connection.
pub struct Socket {
    pub inner: WebSocket<TcpStream>,
}

impl Socket {
    /// Connects with a token; the first frame is still to come.
    pub fn connect(address: &str, token: &str, connect_id: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(FRAME_WAIT)).unwrap();
        let token = encode(token);
        let url = format!("ws://{address}/?token={token}&connectId={connect_id}");
        let (inner, _) = tungstenite::client(url, stream).unwrap();
        Self { inner }
    }

    pub fn send(&mut self, text: &str) {
        self.inner.send(Message::text(text)).unwrap();
    }

    /// The next frame that is no protocol ping or pong.
    #[track_caller]
    pub fn receive(&mut self) -> Value {
        match self.next() {
            Ok(frame) => frame,
            Err(end) => panic!("no frame: {end}"),
        }
    }

    /// The next frame, or how the connection ended.
    pub fn next(&mut self) -> Result<Value, String> {
        loop {
            match self.inner.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) => {
                    // Answers the close, as a client should.
                    self.inner.flush().ok();
                    return Err("closed".to_owned());
                }
                Ok(_) => {}
                Err(Error::Io(error)) => return Err(error.kind().to_string()),
                Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                    return Err("ended without a close".to_owned());
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Asks for a topic; the ack must be the next frame that is no push.
    #[track_caller]
    pub fn subscribe(&mut self, topic: &str) {
        let private = topic.starts_with("/spotMarket/tradeOrders") || topic.starts_with("/account");
        self.send(&ClientFrame::subscribe("s", topic, private).to_json());
        loop {
            let frame = self.receive();
            if frame["type"] != "message" {
                assert_eq!(frame["type"], "ack", "{topic}: {frame}");
                return;
            }
        }
    }

    /// The next push.
    #[track_caller]
    pub fn push(&mut self) -> Value {
        loop {
            let frame = self.receive();
            if frame["type"] == "message" {
                return frame;
            }
        }
    }
}

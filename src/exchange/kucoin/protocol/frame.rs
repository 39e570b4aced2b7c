//! Websocket frames: what a client sends, what a server sends, and the head of every push.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::wire_text::{WireText, owned_already, owned_by_field};
use super::words::words;

/// Topics that one subscribe frame may name.
pub const TOPICS_PER_SUBSCRIBE_MAX: usize = 100;
/// Topics that one connection may watch.
pub const TOPICS_PER_CONNECTION_MAX: usize = 400;
/// Frames a client may send in [`FRAMES_WINDOW_MS`].
pub const FRAMES_MAX: usize = 100;
/// Length of that window, in milliseconds.
pub const FRAMES_WINDOW_MS: i64 = 10_000;

/// The id of a frame. Clients send text, some a number; servers answer with text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FrameId<'a> {
    /// `"id":"17"`.
    Text(WireText<'a>),
    /// `"id":17`.
    Number(i64),
}

impl FrameId<'_> {
    /// The id as a server echoes it.
    pub fn to_text(&self) -> WireText<'_> {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => number.to_string().into(),
        }
    }
}

impl<'a> From<&'a str> for FrameId<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for FrameId<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl super::wire_text::IntoOwned for FrameId<'_> {
    type Owned = FrameId<'static>;
    fn into_owned(self) -> Self::Owned {
        match self {
            Self::Text(text) => FrameId::Text(text.into_owned()),
            Self::Number(number) => FrameId::Number(number),
        }
    }
}

impl Serialize for FrameId<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Number(number) => serializer.serialize_i64(*number),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for FrameId<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw.parse() {
            Ok(number) => Ok(Self::Number(number)),
            Err(_) => serde_json::from_str(raw).map(Self::Text).map_err(serde::de::Error::custom),
        }
    }
}

words! {
    /// What a client wants.
    ClientFrameType {
        /// To know that the connection lives.
        Ping = "ping",
        /// Pushes of a topic.
        Subscribe = "subscribe",
        /// No more of them.
        Unsubscribe = "unsubscribe",
    }
}

/// A frame from a client.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientFrame<'a> {
    /// What the answer carries.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId<'a>>,
    /// What it wants.
    #[serde(rename = "type")]
    pub frame_type: ClientFrameType,
    /// One topic, or several of a kind: `/market/match:BTC-USDT,ETH-USDT`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<WireText<'a>>,
    /// The topic is private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_channel: Option<bool>,
    /// An ack is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<bool>,
}

owned_by_field!(ClientFrame { id, frame_type, topic, private_channel, response });

impl<'a> ClientFrame<'a> {
    /// Asks for a pong.
    pub fn ping(id: impl Into<FrameId<'a>>) -> Self {
        Self {
            id: Some(id.into()),
            frame_type: ClientFrameType::Ping,
            topic: None,
            private_channel: None,
            response: None,
        }
    }

    /// Asks for a topic, and for an ack.
    pub fn subscribe(
        id: impl Into<FrameId<'a>>,
        topic: impl Into<WireText<'a>>,
        private: bool,
    ) -> Self {
        Self {
            id: Some(id.into()),
            frame_type: ClientFrameType::Subscribe,
            topic: Some(topic.into()),
            private_channel: Some(private),
            response: Some(true),
        }
    }

    /// Asks for no more of a topic, and for an ack.
    pub fn unsubscribe(
        id: impl Into<FrameId<'a>>,
        topic: impl Into<WireText<'a>>,
        private: bool,
    ) -> Self {
        Self { frame_type: ClientFrameType::Unsubscribe, ..Self::subscribe(id, topic, private) }
    }

    /// The frame's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self)
            .expect("a frame is an object of texts, numbers and truth values")
    }
}

words! {
    /// What a server says.
    ServerFrameType {
        /// The connection may be used.
        Welcome = "welcome",
        /// A subscription was taken.
        Ack = "ack",
        /// The connection lives.
        Pong = "pong",
        /// Something was refused; the connection may be closed next.
        Error = "error",
        /// A push.
        Message = "message",
        /// Reserved: to be logged.
        Notice = "notice",
        /// Reserved: to be logged.
        Command = "command",
    }
}

/// A frame from a server. Of a push, the head: its data is read by topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerFrame<'a> {
    /// The id of what it answers; of a welcome, the connection's.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FrameId<'a>>,
    /// What it says.
    #[serde(rename = "type")]
    pub frame_type: ServerFrameType,
    /// Of a push: its topic, with one symbol only.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<WireText<'a>>,
    /// Of a push: what its data is; of `/market/ticker:all`, the pair.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<WireText<'a>>,
    /// Of a private push: the account.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<WireText<'a>>,
    /// Of a private push: `private`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<WireText<'a>>,
    /// Of an error: its number, [`ErrorCode`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// Of a push: the data, not read yet; of an error: its text.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a RawValue>,
    /// Of a welcome, at times: how often to ping, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping_interval: Option<i64>,
    /// Of a welcome, at times: how long to wait for a pong, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping_timeout: Option<i64>,
}

impl<'a> ServerFrame<'a> {
    /// Reads a frame.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Reads the data of a push.
    pub fn data<T: Deserialize<'a>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.data.map_or("null", RawValue::get))
    }

    /// The text of an error, or `""`.
    pub fn error_text(&self) -> WireText<'a> {
        self.data().unwrap_or_default()
    }

    fn bare(frame_type: ServerFrameType, id: Option<FrameId<'a>>) -> Self {
        Self {
            id,
            frame_type,
            topic: None,
            subject: None,
            user_id: None,
            channel_type: None,
            code: None,
            data: None,
            ping_interval: None,
            ping_timeout: None,
        }
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self)
            .expect("a frame is an object of texts, numbers and truth values")
    }
}

/// The text of a welcome.
pub fn welcome(connect_id: &str, ping_interval_ms: i64, ping_timeout_ms: i64) -> String {
    let frame = ServerFrame {
        ping_interval: Some(ping_interval_ms),
        ping_timeout: Some(ping_timeout_ms),
        ..ServerFrame::bare(ServerFrameType::Welcome, Some(connect_id.into()))
    };
    frame.to_json()
}

/// The text of an ack. The id is echoed as text.
pub fn ack(id: Option<&FrameId<'_>>) -> String {
    answer(ServerFrameType::Ack, id)
}

/// The text of a pong. The id is echoed as text.
pub fn pong(id: Option<&FrameId<'_>>) -> String {
    answer(ServerFrameType::Pong, id)
}

fn answer(frame_type: ServerFrameType, id: Option<&FrameId<'_>>) -> String {
    let id = id.map(|id| FrameId::Text(id.to_text()));
    ServerFrame::bare(frame_type, id).to_json()
}

/// The text of an error.
pub fn error(id: Option<&FrameId<'_>>, code: ErrorCode, text: &str) -> String {
    #[derive(Serialize)]
    struct ErrorFrame<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<WireText<'a>>,
        r#type: ServerFrameType,
        code: ErrorCode,
        data: &'a str,
    }
    let id = id.map(FrameId::to_text);
    serde_json::to_string(&ErrorFrame { id, r#type: ServerFrameType::Error, code, data: text })
        .expect("an error frame is an object of texts and a number")
}

/// The number of a websocket error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct ErrorCode(pub i64);

owned_already!(ErrorCode);

impl ErrorCode {
    /// The topic cannot be read, or no ping came in time.
    pub const BAD_REQUEST: Self = Self(400);
    /// The token is not good, or not any more: get another.
    pub const TOKEN: Self = Self(401);
    /// A private topic on a public token.
    pub const LOGIN_REQUIRED: Self = Self(403);
    /// No such topic.
    pub const TOPIC_NOT_FOUND: Self = Self(404);
    /// No topic in the frame.
    pub const TOPIC_REQUIRED: Self = Self(406);
    /// No such type of frame.
    pub const TYPE: Self = Self(415);
    /// An error inside.
    pub const SYSTEM: Self = Self(500);
    /// A limit: topics, connections, frames. Its text says which.
    pub const LIMIT: Self = Self(509);

    /// True where the connection is of no more use: get a new token and connect again.
    pub const fn ends_connection(self) -> bool {
        matches!(self.0, 401 | 500 | 420_001 | 420_002)
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::integer_text::deserialize(deserializer).map(Self)
    }
}

/// A push to be sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Push<'a, T> {
    /// Its topic.
    pub topic: &'a str,
    /// `message`.
    pub r#type: ServerFrameType,
    /// What the data is.
    pub subject: &'a str,
    /// An id, on balance pushes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// The account, on private pushes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<&'a str>,
    /// `private`, on private pushes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<&'a str>,
    /// The data.
    pub data: T,
}

impl<'a, T: Serialize> Push<'a, T> {
    /// A public push.
    pub fn public(topic: &'a str, subject: &'a str, data: T) -> Self {
        let r#type = ServerFrameType::Message;
        Self { topic, r#type, subject, id: None, user_id: None, channel_type: None, data }
    }

    /// A private push to an account.
    pub fn private(topic: &'a str, subject: &'a str, user_id: &'a str, data: T) -> Self {
        Self {
            user_id: Some(user_id),
            channel_type: Some("private"),
            ..Self::public(topic, subject, data)
        }
    }

    /// The push's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self)
            .expect("objects of the protocol have text keys and nothing that fails")
    }
}

//! Why a connection is given up, and how patiently the next one is tried.

use std::fmt;
use std::time::Duration;

/// Characters of a text of the venue's that are told on.
const TEXT_SHOWN: usize = 200;

/// Why a connection is of no more use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No token: what the REST call says.
    Bullet(String),
    /// The token names no usable server.
    Server(String),
    /// TCP or TLS.
    Dial(String),
    /// The server did not become a websocket.
    Handshake(String),
    /// A step took too long.
    Late(Step, Duration),
    /// The venue refused the token: another is taken.
    Token(String),
    /// The venue refused what we cannot do without.
    Refused(String),
    /// The venue's limits are met.
    Limit(String),
    /// The venue says that it has an error.
    Venue(String),
    /// A frame that is none of the protocol's.
    Malformed(String),
    /// The venue closed the connection.
    Closed(String),
    /// The connection broke.
    Broken(String),
    /// Who takes the pushes asks for another connection.
    Asked(String),
}

/// What had its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The token.
    Bullet,
    /// The websocket handshake.
    Handshake,
    /// The welcome.
    Welcome,
    /// The answer to a subscription.
    Ack,
    /// The answer to a ping.
    Pong,
    /// Any frame.
    Read,
    /// Taking a frame off us.
    Write,
}

/// How long to wait before the next connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// From nothing to half a minute, by failures in a row.
    Usual,
    /// Longer at once: trying again soon makes it worse or changes nothing.
    Long,
}

impl Fault {
    /// How patiently to try again.
    pub fn patience(&self) -> Patience {
        match self {
            Self::Limit(_) | Self::Refused(_) => Patience::Long,
            Self::Bullet(_)
            | Self::Server(_)
            | Self::Dial(_)
            | Self::Handshake(_)
            | Self::Late(..)
            | Self::Token(_)
            | Self::Venue(_)
            | Self::Malformed(_)
            | Self::Closed(_)
            | Self::Broken(_)
            | Self::Asked(_) => Patience::Usual,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bullet => "no token",
            Self::Handshake => "no websocket",
            Self::Welcome => "no welcome",
            Self::Ack => "a subscription was not answered",
            Self::Pong => "no pong",
            Self::Read => "nothing came",
            Self::Write => "nothing could be sent",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bullet(why) => write!(f, "no token: {}", shown(why)),
            Self::Server(why) => write!(f, "the token names no usable server: {}", shown(why)),
            Self::Dial(why) => write!(f, "{}", shown(why)),
            Self::Handshake(why) => write!(f, "no websocket: {}", shown(why)),
            Self::Late(step, limit) => write!(f, "{step} for {} ms", limit.as_millis()),
            Self::Token(why) => write!(f, "the token is refused: {}", shown(why)),
            Self::Refused(why) => write!(f, "a subscription is refused: {}", shown(why)),
            Self::Limit(why) => write!(f, "a limit of the venue's: {}", shown(why)),
            Self::Venue(why) => write!(f, "an error of the venue's: {}", shown(why)),
            Self::Malformed(why) => write!(f, "not understood: {}", shown(why)),
            Self::Closed(why) => write!(f, "closed by the venue: {}", shown(why)),
            Self::Broken(why) => write!(f, "broken: {}", shown(why)),
            Self::Asked(why) => write!(f, "{}", shown(why)),
        }
    }
}

impl std::error::Error for Fault {}

/// A text in one line, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(TEXT_SHOWN).map(plain).collect()
}

//! The life of one websocket connection without its socket: frames and time in, frames out.
//!
//! ```text
//! welcoming --welcome--> subscribing --every ack--> up        any state --> a fault: connect again
//! ```
//!
//! Deadlines: the welcome, each ack, each pong, and any frame at all (a ping's interval and timeout,
//! since a living venue answers pings). Pings go out every interval from the welcome on. Subscribe
//! frames keep below the venue's 100 frames in 10 s; one that the venue finds too many goes again
//! later; one that it refuses is asked again name by name, and single names that it refuses are told.
//! Instants are durations since any one moment.

use std::collections::VecDeque;
use std::time::Duration;

use super::fault::{Fault, Step};
use super::settings::WsSettings;
use super::subscription::Batch;
use super::verdict::Verdict;
use crate::exchange::kucoin::protocol::bullet::InstanceServer;
use crate::exchange::kucoin::protocol::frame::{
    ClientFrame, ErrorCode, FRAMES_MAX, FRAMES_WINDOW_MS, FrameId, ServerFrame, ServerFrameType,
};

/// Subscribe frames in a window: pings need the rest.
const SENDS_MAX: usize = FRAMES_MAX - 20;
/// The window, and a tenth for the venue's clock.
const SENDS_WINDOW: Duration = Duration::from_millis(FRAMES_WINDOW_MS as u64 * 11 / 10);
/// How long nothing is asked after the venue found it too much.
const SLOW_DOWN: Duration = Duration::from_secs(11);
/// Times a frame is asked again because it was too much, before the connection is given up.
const SLOW_DOWNS_MAX: u32 = 5;
/// Ping intervals and timeouts that are believed; others become the nearest.
const PING_MS: (i64, i64) = (1_000, 60_000);
/// What every push carries and no other frame can: inside a text its quotes would be escaped.
const PUSH_MARK: &str = "\"type\":\"message\"";

/// What a frame was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Incoming {
    /// The protocol's own.
    Control,
    /// Every subscription is answered.
    Up,
    /// A push.
    Push,
    /// A topic cannot be had, and why; the others can.
    Refused(String, String),
    /// A frame of a reserved kind, to be noted.
    Notice,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Welcoming { until: Duration },
    Subscribing,
    Up,
}

/// A subscribe frame whose answer is awaited.
#[derive(Debug)]
struct Asked {
    id: String,
    batch: Batch,
    until: Duration,
}

/// One connection's life.
#[derive(Debug)]
pub(super) struct Session {
    ack_timeout: Duration,
    /// A topic that is refused ends the connection.
    strict: bool,
    state: State,
    waiting: VecDeque<Batch>,
    asked: Vec<Asked>,
    ping_interval: Duration,
    ping_timeout: Duration,
    next_ping: Duration,
    /// The ping under way.
    pinged: Option<(String, Duration)>,
    heard: Duration,
    /// When subscribe frames of the last window were sent.
    sent: VecDeque<Duration>,
    not_before: Duration,
    slow_downs: u32,
    /// Subscribe frames that were taken.
    acks: u64,
    next_id: u64,
    welcome_timeout: Duration,
    /// What the venue last complained of without saying about what.
    complaint: Option<String>,
    next: Option<Next>,
}

/// The frame that goes out next.
#[derive(Debug)]
struct Next {
    id: String,
    text: String,
    /// None for a ping.
    batch: Option<Batch>,
}

impl Session {
    /// The life of a connection that was just opened to `server`.
    pub(super) fn new(
        settings: &WsSettings,
        server: &InstanceServer<'_>,
        batches: Vec<Batch>,
        strict: bool,
        now: Duration,
    ) -> Self {
        Self {
            ack_timeout: settings.ack_timeout,
            strict,
            state: State::Welcoming { until: now + settings.welcome_timeout },
            waiting: batches.into(),
            asked: Vec::new(),
            ping_interval: believed(server.ping_interval),
            ping_timeout: believed(server.ping_timeout),
            next_ping: Duration::MAX,
            pinged: None,
            heard: now,
            sent: VecDeque::new(),
            not_before: now,
            slow_downs: 0,
            acks: 0,
            next_id: 0,
            welcome_timeout: settings.welcome_timeout,
            complaint: None,
            next: None,
        }
    }

    /// True once every subscription is answered.
    pub(super) fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// Any frame came: the connection lives.
    pub(super) fn heard(&mut self, now: Duration) {
        self.heard = now;
    }

    /// Takes a frame's text in.
    pub(super) fn on_text(&mut self, text: &str, now: Duration) -> Result<Incoming, Fault> {
        self.heard = now;
        if text.contains(PUSH_MARK) {
            return Ok(Incoming::Push);
        }
        let frame =
            ServerFrame::parse(text).map_err(|error| Fault::Malformed(error.to_string()))?;
        match frame.frame_type {
            ServerFrameType::Message => Ok(Incoming::Push),
            ServerFrameType::Welcome => Ok(self.welcomed(&frame, now)),
            ServerFrameType::Ack => Ok(self.acked(frame.id.as_ref())),
            ServerFrameType::Pong => {
                let id = frame.id.as_ref().map(FrameId::to_text);
                if self.pinged.as_ref().map(|(id, _)| id.as_str()) == id.as_deref() {
                    self.pinged = None;
                }
                Ok(Incoming::Control)
            }
            ServerFrameType::Error => {
                let code = frame.code.unwrap_or(ErrorCode::SYSTEM);
                self.on_error(frame.id.as_ref(), code, &frame.error_text(), now)
            }
            ServerFrameType::Notice | ServerFrameType::Command | ServerFrameType::Unknown => {
                Ok(Incoming::Notice)
            }
        }
    }

    /// Does what is due: fails where a deadline has passed, has a ping go out where one is.
    pub(super) fn on_time(&mut self, now: Duration) -> Result<(), Fault> {
        if let State::Welcoming { until } = self.state {
            return late(now, until, Step::Welcome, self.welcome_timeout);
        }
        if let Some((_, until)) = self.pinged {
            late(now, until, Step::Pong, self.ping_timeout)?;
        }
        late(now, self.heard + self.silence(), Step::Read, self.silence())?;
        if self.asked.iter().any(|asked| now >= asked.until) {
            return Err(match self.complaint.take() {
                Some(complaint) => Fault::Venue(complaint),
                None => Fault::Late(Step::Ack, self.ack_timeout),
            });
        }
        Ok(())
    }

    /// When [`Session::on_time`] or [`Session::outgoing`] has something to do next.
    pub(super) fn next_due(&self) -> Duration {
        if let State::Welcoming { until } = self.state {
            return until;
        }
        let silent = self.heard + self.silence();
        let answers = self.asked.iter().map(|asked| asked.until);
        let answers = answers.chain(self.pinged.as_ref().map(|(_, until)| *until));
        let first = answers.fold(silent, Duration::min);
        if self.next.is_some() {
            return first;
        }
        let ping = if self.pinged.is_none() { self.next_ping } else { Duration::MAX };
        let ask = self.waiting.front().map_or(Duration::MAX, |_| self.may_send());
        first.min(ping).min(ask)
    }

    /// The frame to send now; it stays until [`Session::sent`].
    pub(super) fn outgoing(&mut self, now: Duration) -> Option<&str> {
        if self.next.is_none() {
            self.next = self.choose(now);
        }
        self.next.as_ref().map(|next| next.text.as_str())
    }

    /// The frame that was outgoing is sent.
    pub(super) fn sent(&mut self, now: Duration) {
        let Some(Next { id, batch, .. }) = self.next.take() else { return };
        match batch {
            None => {
                self.pinged = Some((id, now + self.ping_timeout));
                self.next_ping = now + self.ping_interval;
            }
            Some(batch) => {
                if self.sent.len() >= SENDS_MAX {
                    self.sent.pop_front();
                }
                self.sent.push_back(now);
                self.asked.push(Asked { id, batch, until: now + self.ack_timeout });
            }
        }
    }

    fn choose(&mut self, now: Duration) -> Option<Next> {
        if matches!(self.state, State::Welcoming { .. }) {
            return None;
        }
        if now >= self.next_ping && self.pinged.is_none() {
            let id = self.id();
            return Some(Next { text: ClientFrame::ping(id.as_str()).to_json(), id, batch: None });
        }
        if now < self.may_send() {
            return None;
        }
        let batch = self.waiting.pop_front()?;
        let id = self.id();
        let text = ClientFrame::subscribe(id.as_str(), batch.topic(), batch.private).to_json();
        Some(Next { id, text, batch: Some(batch) })
    }

    /// When the next subscribe frame may go out.
    fn may_send(&self) -> Duration {
        let full = self.sent.front().filter(|_| self.sent.len() >= SENDS_MAX);
        full.map_or(self.not_before, |oldest| self.not_before.max(*oldest + SENDS_WINDOW))
    }

    fn id(&mut self) -> String {
        self.next_id += 1;
        self.next_id.to_string()
    }

    /// How long a living connection may be silent.
    fn silence(&self) -> Duration {
        self.ping_interval + self.ping_timeout
    }

    fn welcomed(&mut self, frame: &ServerFrame<'_>, now: Duration) -> Incoming {
        if !matches!(self.state, State::Welcoming { .. }) {
            return Incoming::Notice;
        }
        self.ping_interval = frame.ping_interval.map_or(self.ping_interval, believed);
        self.ping_timeout = frame.ping_timeout.map_or(self.ping_timeout, believed);
        self.next_ping = now + self.ping_interval;
        self.state = State::Subscribing;
        self.answered()
    }

    fn acked(&mut self, id: Option<&FrameId<'_>>) -> Incoming {
        match self.asked_by(id) {
            Some(at) => {
                self.asked.swap_remove(at);
                self.acks += 1;
                self.answered()
            }
            None => Incoming::Control,
        }
    }

    fn asked_by(&self, id: Option<&FrameId<'_>>) -> Option<usize> {
        let id = id?.to_text();
        self.asked.iter().position(|asked| asked.id == *id)
    }

    /// Up, where nothing is left to be answered.
    fn answered(&mut self) -> Incoming {
        let subscribing = self.state == State::Subscribing;
        if subscribing && self.asked.is_empty() && self.waiting.is_empty() && self.next.is_none() {
            self.state = State::Up;
            return Incoming::Up;
        }
        Incoming::Control
    }

    fn on_error(
        &mut self,
        id: Option<&FrameId<'_>>,
        code: ErrorCode,
        text: &str,
        now: Duration,
    ) -> Result<Incoming, Fault> {
        let said = format!("{} {text}", code.0);
        match Verdict::of(code, text) {
            Verdict::Renew => Err(Fault::Token(said)),
            Verdict::Reconnect => Err(Fault::Venue(said)),
            Verdict::Wait => Err(Fault::Limit(said)),
            Verdict::SlowDown => {
                self.slow_downs += 1;
                if self.slow_downs > SLOW_DOWNS_MAX {
                    return Err(Fault::Limit(said));
                }
                self.not_before = now + SLOW_DOWN;
                match self.asked_by(id).map(|at| self.asked.swap_remove(at)) {
                    Some(asked) => self.waiting.push_back(asked.batch),
                    None => self.complaint = Some(said),
                }
                Ok(Incoming::Control)
            }
            Verdict::Refused => self.refused(id, said),
        }
    }

    fn refused(&mut self, id: Option<&FrameId<'_>>, said: String) -> Result<Incoming, Fault> {
        let Some(at) = self.asked_by(id) else {
            self.complaint = Some(said);
            return Ok(Incoming::Control);
        };
        let batch = self.asked.swap_remove(at).batch;
        let singles = batch.split();
        let last = self.asked.is_empty() && self.waiting.is_empty() && singles.is_empty();
        if self.strict || (last && self.acks == 0) {
            return Err(Fault::Refused(format!("{}: {said}", batch.topic())));
        }
        if singles.is_empty() {
            return Ok(Incoming::Refused(batch.topic(), said));
        }
        self.waiting.extend(singles);
        Ok(Incoming::Control)
    }

    /// After a topic was refused: up, where it was the last to be answered.
    pub(super) fn after_refusal(&mut self) -> bool {
        self.answered() == Incoming::Up
    }
}

/// An interval of the venue's in milliseconds, within reason.
fn believed(ms: i64) -> Duration {
    Duration::from_millis(ms.clamp(PING_MS.0, PING_MS.1).unsigned_abs())
}

fn late(now: Duration, until: Duration, step: Step, limit: Duration) -> Result<(), Fault> {
    if now < until { Ok(()) } else { Err(Fault::Late(step, limit)) }
}

#[cfg(test)]
mod tests {
    use super::super::subscription::Subscription;
    use super::*;

    use proptest::prelude::Strategy;

    const WELCOME: &str = r#"{"id":"x","type":"welcome","pingInterval":20000,"pingTimeout":5000}"#;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn session(subscriptions: &[Subscription]) -> Session {
        let server = InstanceServer {
            endpoint: "ws://127.0.0.1/".into(),
            encrypt: false,
            protocol: None,
            ping_interval: 18_000,
            ping_timeout: 10_000,
        };
        let batches = Batch::all(subscriptions).unwrap();
        Session::new(&WsSettings::default(), &server, batches, false, s(100))
    }

    /// Sends what goes out now; gives the ids and types.
    fn send(session: &mut Session, now: Duration) -> Vec<(String, String)> {
        let mut sent = Vec::new();
        while let Some(text) = session.outgoing(now) {
            let frame: serde_json::Value = serde_json::from_str(text).unwrap();
            let text = |key: &str| frame[key].as_str().unwrap().to_owned();
            sent.push((text("id"), text("type")));
            session.sent(now);
        }
        sent
    }

    fn ack(session: &mut Session, id: &str, now: Duration) -> Incoming {
        session.on_text(&format!(r#"{{"id":"{id}","type":"ack"}}"#), now).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_a_session(
            texts in proptest::collection::vec(
                proptest::prop_oneof![
                    ".{0,60}",
                    (0u32..5, "[a-z]{0,8}", proptest::num::i64::ANY, ".{0,10}").prop_map(
                        |(id, kind, number, text)| {
                            let kinds = ["welcome", "ack", "pong", "error", kind.as_str()];
                            let kind = kinds[number.unsigned_abs() as usize % kinds.len()];
                            let data = serde_json::to_string(&text).unwrap();
                            format!(
                                r#"{{"id":"{id}","type":"{kind}","code":{number},"data":{data},"pingInterval":{number},"pingTimeout":{number}}}"#
                            )
                        }
                    ),
                ],
                0..40,
            ),
        ) {
            let names = vec!["A".to_owned(), "B".to_owned()];
            let mut session = session(&[Subscription::public("/a", names)]);
            let mut now = s(100);
            for text in texts {
                let heard = session.on_text(&text, now);
                if heard.is_err() || session.on_time(now).is_err() {
                    break;
                }
                send(&mut session, now);
                let due = session.next_due();
                proptest::prop_assert!(due > now, "it would spin");
                now = due.min(now + s(3));
            }
        }
    }

    #[test]
    fn four_hundred_topics_go_out_below_the_venues_limit() {
        let names = (0..400).map(|name| format!("N{name}-USDT_1min")).collect();
        let mut session = session(&[Subscription::one_by_one("/market/candles", names)]);
        assert_eq!(send(&mut session, s(100)), []);
        assert_eq!(session.next_due(), s(110));
        assert_eq!(session.on_text(WELCOME, s(101)), Ok(Incoming::Control));
        let (mut now, mut sent, mut up) = (s(101), Vec::new(), false);
        while !up {
            for (id, kind) in send(&mut session, now) {
                sent.push(now);
                up |= match kind.as_str() {
                    "ping" => {
                        let pong = format!(r#"{{"id":"{id}","type":"pong"}}"#);
                        session.on_text(&pong, now).unwrap() == Incoming::Up
                    }
                    _ => ack(&mut session, &id, now) == Incoming::Up,
                };
            }
            assert_eq!(session.on_time(now), Ok(()));
            assert!(up || session.next_due() > now, "it would spin");
            now = session.next_due();
        }
        assert!(sent.len() >= 400);
        for (at, first) in sent.iter().enumerate() {
            let window = sent[at..].iter().filter(|other| **other - *first < s(10)).count();
            assert!(window <= FRAMES_MAX - 10, "{window} frames in 10 s");
        }
        assert!(session.is_up() && *sent.last().unwrap() < s(101 + 45));
    }

    #[test]
    fn pings_follow_the_welcomes_word_and_only_theirs_is_their_pong() {
        let mut session = session(&[Subscription::private("/account/balance")]);
        session.on_text(WELCOME, s(101)).unwrap();
        assert_eq!(send(&mut session, s(101)), [("1".to_owned(), "subscribe".to_owned())]);
        assert_eq!(ack(&mut session, "7", s(102)), Incoming::Control);
        assert_eq!(ack(&mut session, "1", s(102)), Incoming::Up);
        assert_eq!(ack(&mut session, "1", s(102)), Incoming::Control);
        assert_eq!(session.next_due(), s(121));
        assert_eq!(send(&mut session, s(121)), [("2".to_owned(), "ping".to_owned())]);
        assert_eq!(session.next_due(), s(126));
        session.on_text(r#"{"id":"1","type":"pong"}"#, s(122)).unwrap();
        assert_eq!(session.on_time(s(126)), Err(Fault::Late(Step::Pong, s(5))));
        session.on_text(r#"{"id":"2","type":"pong"}"#, s(125)).unwrap();
        assert_eq!(session.on_time(s(126)), Ok(()));
        assert_eq!(session.next_due(), s(141));
    }

    #[test]
    fn absurd_intervals_become_bearable_ones() {
        let mut session = session(&[]);
        let welcome = r#"{"type":"welcome","pingInterval":-5,"pingTimeout":9223372036854775807}"#;
        assert_eq!(session.on_text(welcome, s(101)), Ok(Incoming::Up));
        assert_eq!(session.next_due(), s(102));
        assert_eq!(send(&mut session, s(102)).len(), 1);
        assert_eq!(session.on_time(s(161)), Ok(()));
        assert_eq!(session.on_time(s(162)), Err(Fault::Late(Step::Pong, s(60))));
    }

    #[test]
    fn silence_alone_is_a_fault_too() {
        let mut session = session(&[]);
        session.on_text(WELCOME, s(101)).unwrap();
        // The ping cannot be sent: the socket takes nothing.
        assert!(session.outgoing(s(121)).is_some());
        assert_eq!(session.next_due(), s(126));
        assert_eq!(session.on_time(s(126)), Err(Fault::Late(Step::Read, s(25))));
    }

    #[test]
    fn a_complaint_without_an_id_explains_the_missing_ack() {
        let mut session = session(&[Subscription::private("/account/balance")]);
        session.on_text(WELCOME, s(101)).unwrap();
        send(&mut session, s(101));
        let error = r#"{"type":"error","code":"400","data":"topic is invalid"}"#;
        assert_eq!(session.on_text(error, s(102)), Ok(Incoming::Control));
        let fault = Fault::Venue("400 topic is invalid".to_owned());
        assert_eq!(session.on_time(s(111)), Err(fault));
    }

    #[test]
    fn where_nothing_can_be_had_there_is_no_connection() {
        let names = || vec!["A".to_owned(), "B".to_owned()];
        let mut session = session(&[Subscription::public("/a", names())]);
        session.on_text(WELCOME, s(101)).unwrap();
        send(&mut session, s(101));
        let error = |id: u32| format!(r#"{{"id":"{id}","type":"error","code":404,"data":"no"}}"#);
        assert_eq!(session.on_text(&error(1), s(101)), Ok(Incoming::Control));
        assert_eq!(send(&mut session, s(101)).len(), 2);
        let told = session.on_text(&error(2), s(101));
        assert_eq!(told, Ok(Incoming::Refused("/a:A".to_owned(), "404 no".to_owned())));
        assert!(!session.after_refusal());
        let fault = session.on_text(&error(3), s(101)).unwrap_err();
        assert_eq!(fault, Fault::Refused("/a:B: 404 no".to_owned()));
    }

    #[test]
    fn what_is_always_too_much_is_given_up() {
        let mut session = session(&[Subscription::private("/account/balance")]);
        session.on_text(WELCOME, s(101)).unwrap();
        let mut now = s(101);
        for attempt in 1.. {
            let sent = send(&mut session, now);
            let id = &sent.iter().find(|(_, kind)| kind == "subscribe").unwrap().0;
            let busy = format!(
                r#"{{"id":"{id}","type":"error","code":509,"data":"service busy, please retry later"}}"#
            );
            match session.on_text(&busy, now) {
                Ok(told) => assert_eq!(told, Incoming::Control),
                Err(fault) => {
                    assert!(matches!(fault, Fault::Limit(_)));
                    assert_eq!(attempt, SLOW_DOWNS_MAX + 1);
                    break;
                }
            }
            now += SLOW_DOWN;
        }
    }
}

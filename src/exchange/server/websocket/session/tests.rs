//! Conversations, without any connection.

use super::*;

/// Every topic there can be; remembers who listens.
#[derive(Debug, Default)]
struct Known {
    heard: BTreeSet<Topic>,
}

impl Topics for Known {
    fn find(&self, text: &str) -> Result<Vec<Topic>, TopicError> {
        Topic::parse(text)
    }

    fn listen(&mut self, topic: &Topic) {
        assert!(self.heard.insert(topic.clone()), "{topic:?} twice");
    }

    fn ignore(&mut self, topic: &Topic) {
        assert!(self.heard.remove(topic), "{topic:?} was not heard");
    }
}

struct Conversation {
    session: Session,
    known: Known,
    now: Duration,
}

impl Conversation {
    fn new(access: Access, limits: Limits) -> Self {
        let now = Duration::from_secs(100);
        Self { session: Session::new(access, limits, now), known: Known::default(), now }
    }

    /// What is heard back; `""` where nothing is.
    fn say(&mut self, text: &str) -> String {
        self.session.hear(text, self.now, &mut self.known).answer.unwrap_or_default()
    }

    fn subscribe(&mut self, topic: &str, private: bool) -> String {
        self.say(&ClientFrame::subscribe("7", topic, private).to_json())
    }
}

const MATCHES: &str = "/market/match:AAA-USDT";
const ORDERS: &str = "/spotMarket/tradeOrdersV2";
const ACK: &str = r#"{"id":"7","type":"ack"}"#;

fn error_of(code: i64, text: &str) -> String {
    format!(r#"{{"id":"7","type":"error","code":{code},"data":"{text}"}}"#)
}

#[test]
fn ids_come_back_as_text_whatever_they_were() {
    let mut client = Conversation::new(Access::Public, Limits::default());
    assert_eq!(client.say(r#"{"id":"a@@b","type":"ping"}"#), r#"{"id":"a@@b","type":"pong"}"#);
    let numbered = format!(r#"{{"id":15,"type":"subscribe","topic":"{MATCHES}","response":true}}"#);
    assert_eq!(client.say(&numbered), r#"{"id":"15","type":"ack"}"#);
    assert_eq!(client.say(r#"{"type":"ping"}"#), r#"{"type":"pong"}"#);
}

#[test]
fn an_ack_is_for_those_who_ask_and_topics_are_heard_once() {
    let mut client = Conversation::new(Access::Public, Limits::default());
    assert_eq!(client.say(&format!(r#"{{"type":"subscribe","topic":"{MATCHES}"}}"#)), "");
    assert_eq!(client.subscribe(&format!("{MATCHES},BBB-USDT,AAA-USDT"), false), ACK);
    assert_eq!(client.known.heard.len(), 2);
    let off = ClientFrame::unsubscribe("7", MATCHES, false).to_json();
    assert_eq!(client.say(&off), ACK);
    assert_eq!(client.say(&off), ACK, "not heard is no mistake");
    assert_eq!(client.known.heard.len(), 1);
    client.session.leave(&mut client.known);
    assert!(client.known.heard.is_empty());
}

#[test]
fn private_topics_need_a_private_token_and_channel() {
    let login = error_of(403, "login is required");
    let mut public = Conversation::new(Access::Public, Limits::default());
    assert_eq!(public.subscribe(ORDERS, true), login);
    let mut private = Conversation::new(Access::Private, Limits::default());
    assert_eq!(private.subscribe(ORDERS, false), login);
    assert_eq!(private.subscribe(ORDERS, true), ACK);
    assert_eq!(private.subscribe(MATCHES, false), ACK, "a private token opens all");
}

#[test]
fn mistakes_have_their_own_errors() {
    let mut client = Conversation::new(Access::Public, Limits::default());
    assert_eq!(client.subscribe("", false), error_of(406, "topic is required"));
    let no_topic = r#"{"id":"7","type":"subscribe"}"#;
    assert_eq!(client.say(no_topic), error_of(406, "topic is required"));
    assert!(client.subscribe("/market/nothing:AAA-USDT", false).contains("\"code\":404"));
    let unknown = error_of(415, "type is not supported");
    assert_eq!(client.say(r#"{"id":"7","type":"openTunnel"}"#), unknown);
    assert_eq!(client.say(r#"{"id":"7"}"#), unknown);
    assert_eq!(client.say("{"), r#"{"type":"error","code":400,"data":"message is invalid"}"#);
    assert!(client.known.heard.is_empty());
}

#[test]
fn topics_are_bounded_by_message_and_by_connection() {
    let limits = Limits { topics_per_subscribe: 3, topics_per_connection: 4, ..Limits::default() };
    let mut client = Conversation::new(Access::Public, limits);
    let four = format!("{MATCHES},BBB-USDT,CCC-USDT,DDD-USDT");
    let per_time = error_of(509, "exceed max subscription count limitation of 3 per time");
    assert_eq!(client.subscribe(&four, false), per_time);
    let three = format!("{MATCHES},BBB-USDT,CCC-USDT");
    assert_eq!(client.subscribe(&three, false), ACK);
    let per_session = error_of(509, "exceed max subscription count limitation of 4 per session");
    assert_eq!(client.subscribe("/market/match:DDD-USDT,EEE-USDT", false), per_session);
    assert_eq!(client.known.heard.len(), 3, "all of a message or nothing");
    assert_eq!(client.subscribe(&three, false), ACK, "what is heard does not count again");
    assert_eq!(client.subscribe("/market/match:DDD-USDT", false), ACK);
}

#[test]
fn messages_are_bounded_in_ten_seconds() {
    let limits = Limits { messages_per_10_s: 2, ..Limits::default() };
    let mut client = Conversation::new(Access::Public, limits);
    let ping = r#"{"id":"7","type":"ping"}"#;
    let pong = r#"{"id":"7","type":"pong"}"#;
    assert_eq!([client.say(ping), client.say(ping)], [pong, pong]);
    assert_eq!(client.say(ping), error_of(509, "exceed max permits per 10 seconds"));
    client.now += Duration::from_secs(10);
    assert_eq!(client.say(ping), pong, "a new window");
    client.say(ping);
    let closes: Vec<bool> = (0..EXCESS_MAX)
        .map(|_| client.session.hear(ping, client.now, &mut client.known).closes)
        .collect();
    assert_eq!(closes.iter().position(|closes| *closes), Some(EXCESS_MAX as usize - 1));
}

#[test]
fn pings_alone_keep_a_connection_alive() {
    let mut client = Conversation::new(Access::Public, Limits::default());
    let deadline = Duration::from_secs(128);
    assert_eq!(client.session.ping_deadline(), deadline);
    client.now += Duration::from_secs(10);
    client.subscribe(MATCHES, false);
    assert_eq!(client.session.ping_deadline(), deadline);
    client.say(r#"{"type":"ping"}"#);
    assert_eq!(client.session.ping_deadline(), deadline + Duration::from_secs(10));
}

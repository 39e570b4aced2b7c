//! Telegram's Bot API on loopback: it brings what a test writes in a chat, and keeps what is said there.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use ibis::clock;
use serde_json::{Value, json};

use super::hook::{Act, read};

/// No test takes nearly as long to be answered: a hang becomes a failure.
const WAIT: Duration = Duration::from_secs(120);
/// How long a poll is held that has nothing to bring.
const HOLD: Duration = Duration::from_millis(200);
/// The bot's name.
pub const BOT: &str = "ibis_bot";

#[derive(Default)]
struct Talk {
    /// Updates that are not confirmed.
    pending: Vec<Value>,
    /// Whatever is confirmed comes again, so many times.
    again: u32,
    /// What happens to the next calls of a method; [`Act::Take`] afterwards.
    script: BTreeMap<String, VecDeque<Act>>,
    /// Bodies of `sendMessage` that were taken.
    sent: Vec<Value>,
    /// Calls by method.
    calls: BTreeMap<String, usize>,
    /// Paths that were called.
    paths: Vec<String>,
    updates: i64,
}

#[derive(Default)]
struct State {
    talk: Mutex<Talk>,
    changed: Condvar,
    stopped: AtomicBool,
}

/// The server; it goes away when dropped.
pub struct BotApi {
    address: SocketAddr,
    state: Arc<State>,
}

impl BotApi {
    /// Listens on a port of its own.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let stopped = |state: &State| state.stopped.load(Ordering::Acquire);
        super::serve_each(listener, shared, stopped, serve);
        Self { address, state }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to the next calls of a method, one each.
    pub fn script(&self, method: &str, acts: impl IntoIterator<Item = Act>) {
        let mut talk = self.state.talk.lock().unwrap();
        talk.script.entry(method.to_owned()).or_default().extend(acts);
    }

    /// Somebody writes something now; returns the message's number.
    pub fn say(&self, user: u64, chat: i64, text: &str) -> i64 {
        self.say_ago(Duration::ZERO, user, chat, text)
    }

    /// As [`BotApi::say`], so long ago.
    pub fn say_ago(&self, ago: Duration, user: u64, chat: i64, text: &str) -> i64 {
        let date = (clock::wall_now() - ago).us() / 1_000_000;
        let mut talk = self.state.talk.lock().unwrap();
        talk.updates += 1;
        let id = talk.updates;
        talk.pending.push(json!({ "update_id": id, "message": {
            "message_id": id, "date": date, "text": text, "chat": { "id": chat, "type": "group" },
            "from": { "id": user, "is_bot": false, "username": format!("user{user}") },
        } }));
        drop(talk);
        self.state.changed.notify_all();
        id
    }

    /// What comes from now on comes again, though it was confirmed, in so many polls.
    pub fn repeat(&self, polls: u32) {
        self.state.talk.lock().unwrap().again = polls;
    }

    /// Everything that was said in chats so far.
    pub fn sent(&self) -> Vec<Value> {
        self.state.talk.lock().unwrap().sent.clone()
    }

    /// Every path that was called so far.
    pub fn paths(&self) -> Vec<String> {
        self.state.talk.lock().unwrap().paths.clone()
    }

    /// Calls of a method so far.
    pub fn calls(&self, method: &str) -> usize {
        self.state.talk.lock().unwrap().calls.get(method).copied().unwrap_or(0)
    }

    /// Waits for so many calls of a method.
    #[track_caller]
    pub fn wait_for(&self, method: &str, calls: usize) {
        self.wait(|talk| talk.calls.get(method).is_some_and(|found| *found >= calls).then_some(()));
    }

    /// Waits for the answer to a message.
    #[track_caller]
    pub fn answer(&self, to: i64) -> String {
        self.wait(|talk| {
            let answer = talk.sent.iter().find(|body| body["reply_parameters"]["message_id"] == to);
            answer.and_then(|body| body["text"].as_str().map(str::to_owned))
        })
    }

    #[track_caller]
    fn wait<T>(&self, look: impl Fn(&Talk) -> Option<T>) -> T {
        let talk = self.state.talk.lock().unwrap();
        let waits = |talk: &mut Talk| look(talk).is_none();
        let (talk, _) = self.state.changed.wait_timeout_while(talk, WAIT, waits).unwrap();
        look(&talk).unwrap_or_else(|| panic!("still waiting with {:#?}", talk.sent))
    }
}

impl Drop for BotApi {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        // Wakes the listener, which then ends and frees the port.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut stream: TcpStream, state: &State) {
    let Some((path, _, body)) = read(&stream) else { return };
    let method = path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut talk = state.talk.lock().unwrap();
    talk.paths.push(path);
    *talk.calls.entry(method.clone()).or_default() += 1;
    let act = talk.script.get_mut(&method).and_then(VecDeque::pop_front).unwrap_or(Act::Take);
    if act == Act::Take && method == "sendMessage" {
        talk.sent.push(body.clone());
    }
    drop(talk);
    state.changed.notify_all();
    let answer = |status: u16, headers: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
    };
    let answer = match act {
        Act::Take => answer(200, "", &result(&method, &body, state).to_string()),
        Act::Answer(status, headers, body) => answer(status, headers, &body),
        Act::Linger => return drop(stream.read(&mut [0; 1])),
        Act::HangUp => return,
    };
    stream.write_all(answer.as_bytes()).unwrap_or(());
}

fn result(method: &str, body: &Value, state: &State) -> Value {
    match method {
        "getMe" => json!({ "ok": true, "result": { "id": 1, "is_bot": true, "username": BOT } }),
        "getUpdates" => json!({ "ok": true, "result": updates(body, state) }),
        _ => json!({ "ok": true, "result": {} }),
    }
}

/// What is not confirmed by the offset; waits a moment for something.
fn updates(body: &Value, state: &State) -> Vec<Value> {
    let mut talk = state.talk.lock().unwrap();
    match talk.again.checked_sub(1) {
        Some(left) if body["offset"].is_i64() => talk.again = left,
        _ => {
            let offset = body["offset"].as_i64().unwrap_or(0);
            talk.pending.retain(|update| update["update_id"].as_i64() >= Some(offset));
        }
    }
    let empty = |talk: &mut Talk| talk.pending.is_empty();
    let (talk, _) = state.changed.wait_timeout_while(talk, HOLD, empty).unwrap();
    let limit = body["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(100);
    talk.pending.iter().take(limit).cloned().collect()
}

//! The poll: what came is acted on, and only then confirmed, by the next poll's offset.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::admission::Door;
use super::command::Request;
use super::reply::Words;
use super::update::{self, Message, Update};
use super::{Desk, Said};
use crate::alerts::channels::Outcome;
use crate::alerts::channels::telegram::{Telegram, judge};
use crate::clock;
use crate::domain::operator::CommandId;
use crate::net::request::Answer;
use crate::secret::SecretText;

/// How long Telegram holds a poll that has nothing to bring.
pub const POLL: Duration = Duration::from_secs(25);
/// Updates that one poll brings: with the longest messages they fit into what is read of an answer.
pub const UPDATES_MAX: usize = 8;
/// Updates that are remembered, for a server that brings one again though it was confirmed.
const REMEMBERED: usize = 64;
/// The pause after a poll that brought nothing: a server that does not hold polls is not flooded.
const REST: Duration = Duration::from_secs(1);
/// The pause after the first trouble; it doubles.
const BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause: a command that is given meanwhile is not too old after it.
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// The longest pause where somebody else polls: longer than a poll, which brings them what there is.
const CONFLICT_BACKOFF_MAX: Duration = Duration::from_secs(60);
/// The same trouble is said again in the journal this often.
const SAY_EVERY: Duration = Duration::from_secs(3_600);
/// What Telegram answers where somebody else polls for the same bot.
const CONFLICT: u16 = 409;
/// Characters of a user's name that are written down: Telegram's own bound.
const NAME_CHARS_MAX: usize = 32;

/// Who polls.
#[derive(Debug)]
pub struct Poller {
    telegram: Telegram,
    door: Door,
    desk: Box<dyn Desk>,
    timeout: Duration,
    /// Which agent this is, and where.
    whoami: String,
    /// The bot's name, once it is known.
    bot: Option<String>,
    /// The first update that is not confirmed; none before the first.
    offset: Option<i64>,
    /// Updates that were acted on, by number and time, newest last.
    acted: VecDeque<(i64, i64)>,
    /// The chat was told of another poller.
    told_conflict: bool,
    /// To the chat.
    mouth: mpsc::Sender<Words>,
}

/// What kept a poll from bringing something.
struct Trouble {
    why: String,
    /// How long Telegram asked to be left alone.
    after: Option<Duration>,
    /// The longest pause after it.
    longest: Duration,
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self { why, after: None, longest: BACKOFF_MAX }
    }
}

#[derive(Deserialize)]
struct Me {
    result: Name,
}

#[derive(Deserialize)]
struct Name {
    username: String,
}

impl Poller {
    /// Polls for `telegram`'s bot; an answer that Telegram has ready takes at most `timeout`. What is to
    /// be said goes to `mouth`.
    pub(super) fn new(
        telegram: Telegram,
        door: Door,
        desk: Box<dyn Desk>,
        (timeout, whoami): (Duration, String),
        mouth: mpsc::Sender<Words>,
    ) -> Self {
        let (bot, offset, acted, told_conflict) = (None, None, VecDeque::new(), false);
        Self { telegram, door, desk, timeout, whoami, bot, offset, acted, told_conflict, mouth }
    }

    /// Polls, over every trouble.
    pub(super) async fn run(&mut self) -> Infallible {
        let (mut said, mut backoff): (Option<(String, Duration)>, _) = (None, BACKOFF);
        loop {
            match self.turn().await {
                Ok(brought) => {
                    backoff = BACKOFF;
                    if brought == 0 {
                        sleep(REST).await;
                    }
                }
                Err(Trouble { why, after, longest }) => {
                    let now = clock::monotonic();
                    let lately =
                        |(what, at): &(String, Duration)| *what == why && now < *at + SAY_EVERY;
                    if !said.as_ref().is_some_and(lately) {
                        log::warn!("chat: no commands are heard: {why}");
                        said = Some((why, now));
                    }
                    sleep(after.unwrap_or_default().max(backoff.min(longest))).await;
                    backoff = (backoff * 2).min(CONFLICT_BACKOFF_MAX);
                }
            }
        }
    }

    /// One poll, and what follows from it; returns how many updates came.
    async fn turn(&mut self) -> Result<usize, Trouble> {
        let token = self.telegram.keeper.telegram_token().map_err(|error| error.to_string())?;
        let bot = match &self.bot {
            Some(bot) => bot.clone(),
            None => self.ask_name(&token).await?,
        };
        let mut updates = self.poll(&token).await?;
        let brought = updates.len();
        let last = updates.iter().map(|update| update.id).max();
        // What stops everything does not wait behind questions.
        let urgent = |update: &Update| {
            let message = update.message.as_ref();
            message
                .and_then(|message| Request::read(&message.text, &bot))
                .is_some_and(|request| request.is_urgent())
        };
        updates.sort_by_cached_key(|update| !urgent(update));
        for update in updates {
            if let Some(message) = &update.message {
                self.act(&bot, update.id, message);
            }
        }
        if let Some(last) = last {
            self.offset = Some(last.saturating_add(1));
        }
        Ok(brought)
    }

    async fn poll(&mut self, token: &SecretText) -> Result<Vec<Update>, Trouble> {
        let mut body = json!({
            "timeout": POLL.as_secs(), "limit": UPDATES_MAX, "allowed_updates": ["message"],
        });
        if let (Some(offset), Some(body)) = (self.offset, body.as_object_mut()) {
            body.insert("offset".to_owned(), json!(offset));
        }
        let answer = self.telegram.call(token, "getUpdates", &body, POLL + self.timeout).await;
        let is_conflict = answer.as_ref().is_ok_and(|answer| answer.status == CONFLICT);
        match taken(answer, token) {
            Err(trouble) if is_conflict => Err(self.conflict(&trouble.why)),
            Err(trouble) => Err(trouble),
            Ok(body) => Ok(update::read(&body)?),
        }
    }

    /// Two poll for one bot: each gets some of the commands. The chat hears of it once.
    fn conflict(&mut self, why: &str) -> Trouble {
        let why = format!("{}: {why}; a bot of its own for each that polls", self.whoami);
        if !self.told_conflict {
            self.told_conflict = true;
            self.say(None, format!("{why}. Commands may be lost: give them on the host."));
        }
        Trouble { why, after: None, longest: CONFLICT_BACKOFF_MAX }
    }

    /// The bot's name, by which a group's commands are addressed.
    async fn ask_name(&mut self, token: &SecretText) -> Result<String, Trouble> {
        let answer = self.telegram.call(token, "getMe", &json!({}), self.timeout).await;
        let me: Me = serde_json::from_slice(&taken(answer, token)?)
            .map_err(|_| "the answer to getMe names no bot".to_owned())?;
        self.bot = Some(me.result.username.clone());
        Ok(me.result.username)
    }

    /// Does and answers what a message says, if its writer may, once.
    fn act(&mut self, bot: &str, update: i64, message: &Message) {
        let seconds = message.at.us() / 1_000_000;
        let Some(request) = Request::read(&message.text, bot) else { return };
        if self.acted.contains(&(update, seconds)) || !self.door.admits(message, clock::monotonic())
        {
            return;
        }
        // Numbers of updates begin anew after a quiet week: the time makes them a name.
        let Ok(id) = CommandId::new(&format!("tg-{update}-{seconds}")) else { return };
        let said = Said { id, at: message.at, by: by(message), request };
        let answer = self.desk.answer(&said);
        self.acted.push_back((update, seconds));
        if self.acted.len() > REMEMBERED {
            self.acted.pop_front();
        }
        self.say(Some(message.id), answer);
    }

    fn say(&self, to: Option<i64>, text: String) {
        if self.mouth.try_send(Words { to, text }).is_err() {
            log::warn!("chat: too many answers wait to be sent; one is let go");
        }
    }
}

/// The body of an answer that is none of a refusal.
fn taken(answer: Result<Answer, String>, token: &SecretText) -> Result<Vec<u8>, Trouble> {
    match (judge(answer.as_ref(), token.expose()), answer) {
        (Outcome::Delivered, Ok(answer)) => Ok(answer.body),
        (Outcome::TryAgain { why, after }, _) => Err(Trouble { after, ..Trouble::from(why) }),
        (Outcome::Refused { why }, _) | (Outcome::Delivered, Err(why)) => Err(why.into()),
    }
}

/// `telegram 11 (@ada)`.
fn by(message: &Message) -> String {
    let name = message.user_name.as_deref().unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_graphic).take(NAME_CHARS_MAX).collect();
    match name.is_empty() {
        true => format!("telegram {}", message.user),
        false => format!("telegram {} (@{name})", message.user),
    }
}

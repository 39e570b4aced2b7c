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
/// The longest pause.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
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
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self { why, after: None }
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
        let (mut said, mut backoff) = (String::new(), BACKOFF);
        loop {
            match self.turn().await {
                Ok(brought) => {
                    (said, backoff) = (String::new(), BACKOFF);
                    if brought == 0 {
                        sleep(REST).await;
                    }
                }
                Err(Trouble { why, after }) => {
                    if said != why {
                        log::warn!("chat: no commands are heard: {why}");
                        said = why;
                    }
                    sleep(after.unwrap_or_default().max(backoff)).await;
                    backoff = (backoff * 2).min(BACKOFF_MAX);
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
        if answer.as_ref().is_ok_and(|answer| answer.status == CONFLICT) {
            return Err(self.conflict());
        }
        match (judge(answer.as_ref(), token.expose()), answer) {
            (Outcome::Delivered, Ok(answer)) => Ok(update::read(&answer.body)?),
            (Outcome::TryAgain { why, after }, _) => Err(Trouble { why, after }),
            (Outcome::Refused { why }, _) | (Outcome::Delivered, Err(why)) => Err(why.into()),
        }
    }

    /// Two poll for one bot: each gets some of the commands. The chat hears of it once.
    fn conflict(&mut self) -> Trouble {
        let why = format!(
            "{} polls for a bot that somebody else polls for, too (HTTP {CONFLICT}); a bot for each",
            self.whoami
        );
        if !self.told_conflict {
            self.told_conflict = true;
            let text = format!("{why}. Commands may be lost: give them on the host.");
            self.say(None, text);
        }
        why.into()
    }

    /// The bot's name, by which a group's commands are addressed.
    async fn ask_name(&mut self, token: &SecretText) -> Result<String, Trouble> {
        let answer = self.telegram.call(token, "getMe", &json!({}), self.timeout).await;
        let answer = match (judge(answer.as_ref(), token.expose()), answer) {
            (Outcome::Delivered, Ok(answer)) => answer,
            (Outcome::TryAgain { why, after }, _) => return Err(Trouble { why, after }),
            (Outcome::Refused { why }, _) | (Outcome::Delivered, Err(why)) => {
                return Err(why.into());
            }
        };
        let me: Me = serde_json::from_slice(&answer.body)
            .map_err(|_| "the answer to getMe names no bot".to_owned())?;
        self.bot = Some(me.result.username.clone());
        Ok(me.result.username)
    }

    /// Does and answers what a message says, if its writer may, once.
    fn act(&mut self, bot: &str, update: i64, message: &Message) {
        let seconds = message.at.us() / 1_000_000;
        if self.acted.contains(&(update, seconds)) || !self.door.admits(message, clock::monotonic())
        {
            return;
        }
        let Some(request) = Request::read(&message.text, bot) else { return };
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

/// `telegram 11 (@ada)`.
fn by(message: &Message) -> String {
    let name = message.user_name.as_deref().unwrap_or_default();
    let name: String = name.chars().filter(char::is_ascii_graphic).take(NAME_CHARS_MAX).collect();
    match name.is_empty() {
        true => format!("telegram {}", message.user),
        false => format!("telegram {} (@{name})", message.user),
    }
}

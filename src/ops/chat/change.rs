//! Orders: given through the spool under a name of their message, waited for, their outcome told.

use std::time::Duration;

use crate::alerts::chat::Said;
use crate::alerts::chat::command::Change;
use crate::clock;
use crate::domain::operator::{Via, Wish};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::ops::age::Age;
use crate::ops::command::{Answer, Line, Saying, pause};
use crate::ops::force_exit;
use crate::ops::kill::state::word;
use crate::store::{self, instrument_row, kill};

/// How long an agent may take: one that works needs a turn of its loop.
const WAIT: Duration = Duration::from_secs(7);
/// An order that is older was meant for a situation that is over.
const AGE_MAX: Duration = Duration::from_secs(60);
/// The ledger is looked at this often while a kill is being verified.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Gives an order and tells what came of it, at `now` by the wall clock.
pub fn answer(line: &Line, said: &Said, change: &Change, now: Timestamp) -> String {
    let (wish, reason) = wish(change);
    let deadline = clock::monotonic() + WAIT;
    let word = wish.as_str();
    // Telegram brings a message again where it was not confirmed, as at the start after a crash.
    let known = line.answer(&said.id);
    if known.is_none() {
        if now > said.at + AGE_MAX {
            let age = Age::of(said.at, now);
            return format!("{word}: not done: too old, {age} by this host's clock; say it again");
        }
        if let Some(symbol) = foreign(line, &wish) {
            return format!("{word}: not done: {symbol} is no instrument of this agent");
        }
        let (by, via) = (said.by.clone(), Via::Telegram);
        let saying = Saying { by, via, reason: reason.to_owned() };
        if let Err(error) = line.give_as(said.id, said.at, wish, &saying) {
            log::error!("chat: {word} of {} cannot be given: {error}", said.by);
            return format!("{word}: NOT DONE: the command cannot be given: {error}");
        }
        log::info!("chat: {word} by {}", said.by);
    }
    let answer = known.unwrap_or_else(|| line.wait(&said.id, deadline));
    let text = answer.told(word);
    match (change, answer) {
        (Change::Kill { .. }, Answer::Done(_)) => format!("{text}\n{}", verified(line, deadline)),
        (Change::ForceExit { scope, .. }, Answer::Done(_)) => {
            format!("{text}\n{}", force_exit::told(&force_exit::wait(line, *scope, deadline)))
        }
        _ => text,
    }
}

fn wish(change: &Change) -> (Wish, &str) {
    match change {
        Change::Pause { scope, lasting, reason } => {
            let us = |lasting: Duration| i64::try_from(lasting.as_micros()).unwrap_or(i64::MAX);
            (Wish::Pause { scope: *scope, for_us: lasting.map(us) }, reason)
        }
        Change::Resume { scope, reason } => (Wish::Resume { scope: *scope, from: None }, reason),
        Change::ForceExit { scope, reason } => (Wish::ForceExit { scope: *scope }, reason),
        Change::Kill { reason } => (Wish::Kill { flatten: false }, reason),
    }
}

/// The instrument of an order that no run ever traded; none where the ledger cannot say.
fn foreign(line: &Line, wish: &Wish) -> Option<Symbol> {
    let symbol = wish.scope()?;
    let ledger = store::open_reader(&line.state_dir).ok()?;
    let known = instrument_row::find(&ledger, &[symbol]).ok()?;
    known.is_empty().then_some(symbol)
}

/// Waits until the venue has shown that nothing is at work, and says how it is.
fn verified(line: &Line, deadline: Duration) -> String {
    loop {
        let latch = store::open_reader(&line.state_dir).map(|ledger| kill::latch(&ledger));
        let Ok(Ok(latch)) = latch else { return "the ledger cannot be read; /status".to_owned() };
        let waits = latch.as_ref().is_some_and(|latch| latch.verified_at.is_none());
        if !waits || clock::monotonic() >= deadline {
            return format!("kill_switch: {}", word(latch.as_ref()));
        }
        pause(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::chat::command::Request;
    use crate::domain::operator::CommandId;

    #[test]
    fn an_order_is_given_once_under_its_own_name_and_not_when_it_is_old() {
        let home = std::env::temp_dir().join(format!("ibis-chat-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&home));
        std::fs::create_dir_all(&home).unwrap();
        let line = Line { state_dir: home.clone(), runtime_dir: None };
        let change = Change::Kill { reason: "fire".to_owned() };
        let at = Timestamp::from_ms(1_000_000);
        let said = Said {
            id: CommandId::new("tg-7-1000").unwrap(),
            at,
            by: "telegram 11 (@ada)".to_owned(),
            request: Request::Change(change.clone()),
        };
        let late = answer(&line, &said, &change, at + AGE_MAX + Duration::from_secs(1));
        assert_eq!(late, "kill: not done: too old, 1m01s by this host's clock; say it again");
        assert_eq!(line.waiting(), []);
        for _twice in 0..2 {
            let text = answer(&line, &said, &change, at + AGE_MAX);
            assert_eq!(text, "kill: given; no agent runs, the next one obeys at its start");
        }
        let waiting = line.waiting();
        assert_eq!(waiting.len(), 1);
        let (command, wish) = (&waiting[0], Wish::Kill { flatten: false });
        let (id, by) = (command.id.as_str(), command.by.as_str());
        assert_eq!((id, by, command.via), ("tg-7-1000", "telegram 11 (@ada)", Via::Telegram));
        assert_eq!((&command.wish, command.reason.as_str(), command.at), (&wish, "fire", at));
        std::fs::remove_dir_all(&home).unwrap();
    }
}

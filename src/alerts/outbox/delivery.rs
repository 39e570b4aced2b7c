//! How a message leaves the outbox: claimed, said by whoever claimed it, settled.
//!
//! A channel's messages go one after the other: only the oldest pending one can be claimed, and a claim
//! ends by itself, should its holder die. A message is given up a day after it was made; that something
//! was given up is a message itself.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};

use super::row::{COLUMNS, notification};
use super::{Outbox, begin, say};
use crate::alerts::channels::{ChannelName, Outcome};
use crate::alerts::notification::Notification;
use crate::alerts::signal::{Alert, Signal};
use crate::domain::alert::Severity;
use crate::domain::time::Timestamp;

/// The wait after the first failed attempt; it doubles ...
pub const RETRY_FIRST: Duration = Duration::from_secs(1);
/// ... up to this.
pub const RETRY_MAX: Duration = Duration::from_secs(300);
/// A message is given up when an attempt fails this long after it was made.
pub const AGE_MAX: Duration = Duration::from_secs(24 * 3_600);
/// A wait further in the future than any that is given was written before the clock was set back.
const WAIT_MAX: Duration = Duration::from_secs(2 * 3_600);
/// What somebody else's claim is given before the channel is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Keys whose loss is told of nowhere: the loss of a message about a loss, and of a test.
const SILENT: [&str; 2] = ["alerts/", "test/"];

/// A message that is this process's to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// To whom.
    pub channel: ChannelName,
    /// What.
    pub message: Notification,
    /// Failed attempts before this one.
    pub attempts: u32,
    until: Timestamp,
}

/// What a channel's queue begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Head {
    /// Nothing.
    Empty,
    /// A message whose time has not come, or that somebody else says.
    Waits(Timestamp),
    /// A message to be said now.
    Claimed(Box<Claim>),
}

impl Outbox {
    /// Claims the oldest pending message of a channel for `lease`.
    pub fn claim(
        &mut self,
        channel: ChannelName,
        lease: Duration,
        now: Timestamp,
    ) -> rusqlite::Result<Head> {
        let query = format!(
            "SELECT {COLUMNS}, d.attempts, d.next_attempt_at_us, d.claimed_until_us
             FROM notification_deliveries d JOIN notifications n USING (notification)
             WHERE d.channel = ?1 AND d.status = 'pending' ORDER BY d.notification LIMIT 1"
        );
        let row = |row: &rusqlite::Row<'_>| {
            let times = (row.get(12).map(Timestamp::from_us)?, row.get(13)?);
            Ok((notification(row)?, row.get(11)?, times))
        };
        let mut statement = self.connection.prepare_cached(&query)?;
        let found = statement.query_row([channel.as_str()], row).optional()?;
        let Some((message, attempts, (next_attempt_at, claimed_until_us))) = found else {
            return Ok(Head::Empty);
        };
        let waits_for = next_attempt_at.max(Timestamp::from_us(claimed_until_us));
        if waits_for > now && waits_for < now + WAIT_MAX {
            return Ok(Head::Waits(waits_for));
        }
        let until = now + lease;
        let take = "UPDATE notification_deliveries SET claimed_until_us = ?3
            WHERE channel = ?1 AND notification = ?2 AND status = 'pending' AND claimed_until_us = ?4";
        let taken = self.connection.prepare_cached(take)?.execute(params![
            channel.as_str(),
            message.id,
            until,
            claimed_until_us
        ])?;
        Ok(match taken {
            0 => Head::Waits(now + LOOK_AGAIN),
            _ => Head::Claimed(Box::new(Claim { channel, message, attempts, until })),
        })
    }

    /// Writes down what came of a claimed message; when the channel may be tried again, if not at once.
    pub fn settle(
        &mut self,
        claim: &Claim,
        outcome: &Outcome,
        now: Timestamp,
    ) -> rusqlite::Result<Option<Timestamp>> {
        match outcome {
            Outcome::Delivered => self.delivered(claim, now).map(|()| None),
            Outcome::Refused { why } => self.lost(claim, why, now, now).map(|()| None),
            Outcome::TryAgain { why, after } => {
                let chance =
                    claim.message.id.unsigned_abs().wrapping_add(u64::from(claim.attempts));
                let at = now + back_off(claim.attempts, *after, chance);
                if claim.message.created_at + AGE_MAX <= now {
                    let why =
                        format!("given up after a day and {} attempts: {why}", claim.attempts + 1);
                    self.lost(claim, &why, at, now)?;
                } else {
                    self.postpone(claim, why, at)?;
                }
                Ok(Some(at))
            }
        }
    }

    fn delivered(&self, claim: &Claim, now: Timestamp) -> rusqlite::Result<()> {
        let change = "UPDATE notification_deliveries
            SET status = 'delivered', attempts = attempts + 1, settled_at_us = ?3, last_error = NULL
            WHERE channel = ?1 AND notification = ?2";
        let key = params![claim.channel.as_str(), claim.message.id, now];
        self.connection.prepare_cached(change)?.execute(key).map(drop)
    }

    /// Puts the next attempt off, where the claim is still ours.
    fn postpone(&self, claim: &Claim, why: &str, at: Timestamp) -> rusqlite::Result<()> {
        let change = "UPDATE notification_deliveries
            SET attempts = attempts + 1, next_attempt_at_us = ?4, claimed_until_us = 0, last_error = ?5
            WHERE channel = ?1 AND notification = ?2 AND status = 'pending' AND claimed_until_us = ?3";
        let key = params![claim.channel.as_str(), claim.message.id, claim.until, at, why];
        self.connection.prepare_cached(change)?.execute(key).map(drop)
    }

    /// Gives a message up and says so; the one behind it is tried at `at`.
    fn lost(
        &mut self,
        claim: &Claim,
        why: &str,
        at: Timestamp,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let transaction = begin(&mut self.connection)?;
        let channel = claim.channel;
        transaction.execute(
            "UPDATE notification_deliveries
             SET status = 'dead', attempts = attempts + 1, settled_at_us = ?3, last_error = ?4
             WHERE channel = ?1 AND notification = ?2 AND status = 'pending'",
            params![channel.as_str(), claim.message.id, now, why],
        )?;
        transaction.execute(
            "UPDATE notification_deliveries SET next_attempt_at_us = max(next_attempt_at_us, ?2)
             WHERE channel = ?1 AND status = 'pending' AND notification =
               (SELECT min(notification) FROM notification_deliveries
                WHERE channel = ?1 AND status = 'pending')",
            params![channel.as_str(), at],
        )?;
        if !SILENT.iter().any(|silent| claim.message.key.starts_with(silent)) {
            let key = format!("alerts/{channel}");
            let title = format!("an alert did not reach {channel}");
            let body = format!("{}: {}\n{why}", claim.message.severity, claim.message.title);
            let alert = Alert::new(key, Severity::High, title).because(body);
            let signal = Signal::Happens(alert.with("channel", channel.as_str()));
            say(&transaction, &self.rules, [(&signal, None)].into_iter(), now)?;
        }
        transaction.commit()
    }
}

/// The wait after so many failed attempts before this one: doubled each time, a fifth more or less by
/// chance, and no less than the channel asked for.
fn back_off(attempts: u32, after: Option<Duration>, chance: u64) -> Duration {
    let doubled = RETRY_FIRST.saturating_mul(1_u32.checked_shl(attempts).unwrap_or(u32::MAX));
    let wait = doubled.min(RETRY_MAX);
    // splitmix64's finalizer: neighbours get different waits.
    let mixed = (chance ^ (chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let percent = u32::try_from((mixed ^ (mixed >> 27)) % 41).unwrap_or(20);
    let jittered = wait * (80 + percent) / 100;
    jittered.max(after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_five_minutes_and_keep_what_was_asked_for() {
        for (attempts, seconds) in [(0, 1), (1, 2), (5, 32), (9, 300), (31, 300), (40, 300)] {
            for chance in 0..100 {
                let wait = back_off(attempts, None, chance);
                let middle = Duration::from_secs(seconds);
                assert!(wait >= middle * 4 / 5 && wait <= middle * 6 / 5, "{attempts}: {wait:?}");
            }
        }
        let spread: std::collections::BTreeSet<_> =
            (0..100).map(|c| back_off(3, None, c)).collect();
        assert!(spread.len() > 20);
        let asked = Some(Duration::from_secs(77));
        assert_eq!(back_off(0, asked, 1), Duration::from_secs(77));
    }
}

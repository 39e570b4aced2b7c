//! The alert about a failed unit, told by the report itself: the agent may be dead.
//!
//! With a ledger it is derived from the report's row like every other, and everything that is due is told.
//! Without one it is told past the outbox, at most once in [`DIRECT_EVERY`] for each unit: a file in the
//! state directory remembers when.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::{self, Failure, Reported};
use crate::alerts::blind::message;
use crate::alerts::channels::{self, Channel, ChannelName, Outcome};
use crate::alerts::deliver::{direct, patient_pass};
use crate::alerts::job_signal::unit_alert;
use crate::alerts::notification::Kind;
use crate::alerts::outbox::Outbox;
use crate::alerts::rules::Rules;
use crate::config::Settings;
use crate::domain::time::Timestamp;

/// What telling may take: below the unit's TimeoutStartSec=1min.
pub const LIMIT: Duration = Duration::from_secs(20);
/// Without an outbox a unit's failure is told this often at most: as often as what is critical is said
/// again.
pub const DIRECT_EVERY: Duration = Duration::from_secs(1_800);

/// How the alert went out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// Through the outbox; what is still pending is told by whoever comes next.
    Outbox,
    /// Past it: each channel, and why it did not take it.
    Direct(Vec<(ChannelName, Option<String>)>),
    /// Not again: it was told past the outbox a short time ago.
    Lately,
}

/// Tells the channels about a failure that was reported.
pub fn tell(
    state_dir: &Path,
    (settings, credentials): (&Settings, Option<PathBuf>),
    (failure, reported): (&Failure, &Reported),
    now: Timestamp,
) -> std::io::Result<Told> {
    let channels = channels::of(settings, credentials);
    let sender = channels::sender(settings);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match reported {
        Reported::Stored | Reported::Before => {
            let rules = Rules::from(&*settings.alerts);
            let passed = match Outbox::open(state_dir, rules) {
                Err(error) => Err(error.to_string()),
                Ok(outbox) => {
                    let outbox = RefCell::new(outbox);
                    let pass = patient_pass(&outbox, &channels, &sender, LIMIT);
                    runtime.block_on(pass).map_err(|error| error.to_string())
                }
            };
            match passed {
                Ok(()) => return Ok(Told::Outbox),
                Err(why) => log::warn!("the outbox cannot be used: {why}"),
            }
        }
        Reported::JournalOnly(_) => {}
    }
    if told_lately(state_dir, &failure.unit, now) {
        return Ok(Told::Lately);
    }
    // The report is in the journal already.
    let others = channels.into_iter().filter(|channel| channel.name() != ChannelName::Journal);
    let others: Vec<Channel> = others.collect();
    let alert = unit_alert(&failure::report(failure, now).to_json());
    let message = message(alert, Kind::Firing, now, now);
    let told = runtime.block_on(direct(&others, &message, &sender, LIMIT));
    let why = |outcome: Outcome| match outcome {
        Outcome::Delivered => None,
        Outcome::TryAgain { why, .. } | Outcome::Refused { why } => Some(why),
    };
    let told: Vec<_> = told.into_iter().map(|(name, outcome)| (name, why(outcome))).collect();
    if told.iter().any(|(_, why)| why.is_none()) {
        remember(state_dir, &failure.unit, now);
    }
    Ok(Told::Direct(told))
}

fn told_lately(state_dir: &Path, unit: &str, now: Timestamp) -> bool {
    let told = fs::read_to_string(stamp(state_dir, unit)).ok();
    let told = told.and_then(|text| text.trim().parse().ok()).map(Timestamp::from_us);
    told.is_some_and(|told| told <= now && told + DIRECT_EVERY > now)
}

fn remember(state_dir: &Path, unit: &str, now: Timestamp) {
    let path = stamp(state_dir, unit);
    if let Err(error) = fs::write(&path, format!("{}\n", now.us())) {
        log::warn!("{}: cannot be written: {error}", path.display());
    }
}

/// Where is remembered when a unit's failure was told.
fn stamp(state_dir: &Path, unit: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_@".contains(c) { c } else { '_' };
    let name: String = unit.chars().take(100).map(plain).collect();
    state_dir.join(format!("failure-told-{name}"))
}

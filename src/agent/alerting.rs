//! Alerts of a running agent: one thread beside it, which it neither waits for nor hears from.

use super::Options;
use super::pace::Pace;
use crate::alerts::notifier::Notifier;
use crate::config::Settings;

/// Starts the notifier, which ends when it is dropped; none for a run that is simulated.
///
/// That no thread can be started is no reason not to trade: it is said in the journal.
pub(super) fn start(options: &Options, settings: &Settings) -> Option<Notifier> {
    if options.pace == Pace::Max || !options.replay.is_empty() {
        return None;
    }
    let directories = &options.directories;
    let started = Notifier::start(&directories.state, settings, directories.credentials.clone());
    started.inspect_err(|error| log::error!("no alerts are sent: no thread: {error}")).ok()
}

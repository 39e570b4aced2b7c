//! Alerts and the chat of a running agent: a thread each beside it, which it neither waits for nor hears
//! from, but for what an operator says through the spool.

use std::sync::Arc;

use tokio::sync::watch;

use super::Options;
use super::pace::Pace;
use crate::alerts::channels::{ChannelName, SentCount};
use crate::alerts::chat::Chat;
use crate::alerts::notifier::Notifier;
use crate::config::in_force::InForce;
use crate::ops::chat::{self, Clerk};
use crate::ops::command::Line;

/// Both, each where it is; they end when this is dropped.
#[derive(Debug)]
pub struct Alerting {
    /// Ends first: what it does is told.
    _chat: Option<Chat>,
    notifier: Option<Notifier>,
}

impl Alerting {
    /// What came of each channel's attempts, as the notifier goes on.
    pub(super) fn sent(&self) -> Vec<(ChannelName, Arc<SentCount>)> {
        self.notifier.as_ref().map(Notifier::sent).unwrap_or_default()
    }
}

/// Starts them; none for a run that is simulated.
///
/// That no thread can be started is no reason not to trade: it is said in the journal.
pub(super) fn start(options: &Options, in_force: watch::Receiver<InForce>) -> Option<Alerting> {
    if options.pace == Pace::Max || !options.replay.is_empty() {
        return None;
    }
    let settings = &in_force.borrow().settings.clone();
    let directories = &options.directories;
    let credentials = || directories.credentials.clone();
    let notifier = Notifier::start(&directories.state, settings, credentials());
    let notifier =
        notifier.inspect_err(|error| log::error!("no alerts are sent: no thread: {error}"));
    let (state_dir, runtime_dir) = (directories.state.clone(), directories.runtime.clone());
    let (line, host) = (Line { state_dir, runtime_dir }, chat::host());
    let clerk = Clerk::new(line, in_force, host.clone());
    let chat = Chat::start(settings, credentials(), &host, Box::new(clerk));
    let chat = chat.inspect_err(|error| log::error!("no commands are heard: no thread: {error}"));
    Some(Alerting { _chat: chat.ok().flatten(), notifier: notifier.ok() })
}

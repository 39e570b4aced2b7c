//! `/reload_config`: the signal that `systemctl reload` sends, and what the agent says came of it.

use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::watch;

use crate::clock;
use crate::config::in_force::InForce;
use crate::ops::command::pause;

/// An agent that works needs a turn of its loop.
const WAIT: Duration = Duration::from_secs(7);
/// What is in force is looked at this often meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Has this process, which the agent is, read its configuration again.
pub fn answer(in_force: &watch::Receiver<InForce>) -> String {
    let before = in_force.borrow().reloads;
    if let Err(error) = kill_process(getpid(), Signal::HUP) {
        return format!("reload_config: not done: no signal can be sent: {error}");
    }
    let deadline = clock::monotonic() + WAIT;
    loop {
        let now = in_force.borrow();
        if now.reloads > before {
            return format!("reload_config: {}", now.told);
        }
        drop(now);
        if clock::monotonic() >= deadline {
            return "reload_config: asked for; the agent has not done it yet".to_owned();
        }
        pause(LOOK_EVERY);
    }
}

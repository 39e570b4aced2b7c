//! A program of the operator's, run once for each message: no shell, no arguments, a bounded time.
//!
//! It gets the message as one line of JSON on standard input and its words as `IBIS_ALERT_*`; nothing
//! else of this process's environment but a plain `PATH`. Exit 0 is delivered, anything else is tried
//! again. What it prints is dropped. One that does not end in time is killed with its children.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time::{Instant, sleep};

use super::Outcome;
use crate::alerts::notification::{Notification, Sender};

/// Where the program finds others.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// How often it is asked whether it ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What the kernel may take to end what was killed.
const DEATH: Duration = Duration::from_secs(2);

/// The program.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) path: PathBuf,
}

impl Program {
    pub(super) async fn run(
        &self,
        message: &Notification,
        sender: &Sender,
        timeout: Duration,
    ) -> Outcome {
        let path = self.path.display();
        let mut child = match self.start(message, sender) {
            Ok(child) => child,
            Err(error) => return Outcome::try_again(format!("{path} cannot be started: {error}")),
        };
        // A message is far smaller than a pipe's buffer: this does not wait for the program to read.
        let line = format!("{}\n", message.to_json(sender));
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not want to know is judged by its exit.
            drop(stdin.write_all(line.as_bytes()));
        }
        match ended(&mut child, timeout).await {
            Ok(Some(status)) if status.success() => Outcome::Delivered,
            Ok(Some(status)) => Outcome::try_again(format!("{path} ended with {status}")),
            Ok(None) => {
                kill(&child);
                drop(ended(&mut child, DEATH).await);
                let ms = timeout.as_millis();
                Outcome::try_again(format!("{path} did not end in {ms} ms and was killed"))
            }
            Err(error) => Outcome::try_again(format!("{path}: {error}")),
        }
    }

    fn start(&self, message: &Notification, sender: &Sender) -> std::io::Result<Child> {
        Command::new(&self.path)
            .env_clear()
            .env("PATH", PATH)
            .env("IBIS_ALERT_ID", message.id.to_string())
            .env("IBIS_ALERT_INSTANCE", &sender.instance)
            .env("IBIS_ALERT_MODE", sender.mode)
            .env("IBIS_ALERT_KEY", &message.key)
            .env("IBIS_ALERT_SEVERITY", message.severity.as_str())
            .env("IBIS_ALERT_KIND", message.kind.as_str())
            .env("IBIS_ALERT_TITLE", &message.title)
            .env("IBIS_ALERT_BODY", &message.body)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
    }
}

/// Waits for its end, at most so long.
async fn ended(child: &mut Child, timeout: Duration) -> std::io::Result<Option<ExitStatus>> {
    let until = Instant::now() + timeout;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Ends the program and its children, which are a process group of their own.
fn kill(child: &Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // It may have ended in between.
        kill_process_group(group, Signal::KILL).ok();
    }
}

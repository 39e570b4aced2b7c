//! sd_notify: readiness, status and watchdog, told to the service manager.
//!
//! A thread of its own sends: a service manager that does not read would otherwise stop trading, for
//! its socket blocks when full.
//!
//! **Limits**: `QUEUE_MESSAGES` messages wait; more are dropped. **Failure**: without
//! `$NOTIFY_SOCKET` nothing is sent. A message that cannot be sent is counted and otherwise ignored:
//! systemd acts on the silence, which is what the watchdog is for. The environment is never changed;
//! children are kept out by `NotifyAccess=main`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use sd_notify::NotifyState;

use super::record::head;

/// Longest `STATUS=` text in bytes; systemd shows it on one line.
const STATUS_BYTES_MAX: usize = 512;
/// Messages that may wait for the service manager to read.
const QUEUE_MESSAGES: usize = 64;

/// Sends messages to the service manager.
#[derive(Debug)]
pub struct Notifier {
    /// None where nobody listens.
    queue: Option<SyncSender<Queued>>,
    status: String,
    failed: Arc<AtomicU64>,
}

/// What waits for the sending thread.
#[derive(Debug)]
enum Queued {
    /// Lines of the protocol.
    Message(String),
    /// Answer when everything before is sent.
    Flush(SyncSender<()>),
}

/// How a message leaves the process.
type Send = fn(&[NotifyState<'_>]) -> std::io::Result<()>;

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Notifier {
    /// A notifier for this process; silent where `$NOTIFY_SOCKET` is not set.
    #[expect(
        clippy::disallowed_methods,
        reason = "systemd names its socket in the environment only"
    )]
    pub fn new() -> Self {
        if std::env::var_os("NOTIFY_SOCKET").is_some() {
            Self::start(sd_notify::notify)
        } else {
            Self { queue: None, status: String::new(), failed: Arc::default() }
        }
    }

    fn start(send: Send) -> Self {
        let (queue, messages) = sync_channel(QUEUE_MESSAGES);
        let failed = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&failed);
        let thread = std::thread::Builder::new().name("notify".to_owned());
        // Without the thread nothing is sent, and systemd acts on the silence.
        let started = thread.spawn(move || forward(&messages, send, &theirs)).is_ok();
        Self { queue: started.then_some(queue), status: String::new(), failed }
    }

    /// True where a service manager listens.
    pub fn is_heard(&self) -> bool {
        self.queue.is_some()
    }

    /// `READY=1`: start-up, or a reload, is finished. Sent with the status in one message.
    pub fn ready(&mut self, status: &str) {
        self.status = one_line(status);
        let status = self.status.clone();
        self.send(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// `STATUS=`: a sentence an operator wants. The same sentence again is not sent.
    pub fn status(&mut self, status: &str) {
        let status = one_line(status);
        if status != self.status {
            self.send(&[NotifyState::Status(&status)]);
            self.status = status;
        }
    }

    /// `RELOADING=1` with the time systemd 253 and later demand. [`Notifier::ready`] must follow.
    pub fn reloading(&mut self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.send(&[NotifyState::Reloading, now]),
            Err(_) => self.fail(),
        }
    }

    /// `STOPPING=1`: the first thing after SIGTERM.
    pub fn stopping(&mut self, status: &str) {
        self.status = one_line(status);
        let status = self.status.clone();
        self.send(&[NotifyState::Stopping, NotifyState::Status(&status)]);
    }

    /// `WATCHDOG=1`: call this for work done, never from a timer alone.
    pub fn watchdog(&mut self) {
        self.send(&[NotifyState::Watchdog]);
    }

    /// `EXTEND_TIMEOUT_USEC=`: start-up or stop still makes progress; it may take `by` from now on.
    pub fn extend_timeout(&mut self, by: Duration) {
        let us = u32::try_from(by.as_micros()).unwrap_or(u32::MAX);
        self.send(&[NotifyState::ExtendTimeoutUsec(us)]);
    }

    /// Waits until everything was sent, at most `timeout`: for the last words of a process.
    pub fn flush(&mut self, timeout: Duration) {
        let (done, answer) = sync_channel(1);
        if let Some(queue) = &self.queue
            && queue.try_send(Queued::Flush(done)).is_ok()
        {
            // Not in time: the message is lost with the process, as with any that is not read.
            let _ = answer.recv_timeout(timeout);
        }
    }

    /// How many messages could not be sent.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    fn send(&mut self, message: &[NotifyState<'_>]) {
        let lines: Vec<String> = message.iter().map(ToString::to_string).collect();
        if let Some(queue) = &self.queue
            && queue.try_send(Queued::Message(lines.join("\n"))).is_err()
        {
            self.fail();
        }
    }

    fn fail(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends what is queued until the notifier is gone.
fn forward(messages: &Receiver<Queued>, send: Send, failed: &AtomicU64) {
    for queued in messages {
        match queued {
            Queued::Message(lines) => {
                if send(&[NotifyState::Custom(&lines)]).is_err() {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Nobody waits any more: too late to matter.
            Queued::Flush(done) => drop(done.send(())),
        }
    }
}

/// The time within which systemd wants each `WATCHDOG=1` of this process; send at half of it. None
/// where `WatchdogSec=` is not set.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero())
}

/// A newline would start another assignment of the protocol.
fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    head(text, STATUS_BYTES_MAX).chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    const SOON: Duration = Duration::from_secs(10);
    static SENT: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn record(message: &[NotifyState<'_>]) -> std::io::Result<()> {
        let text: Vec<String> = message.iter().map(ToString::to_string).collect();
        SENT.lock().unwrap().push(text.join("|").replace('\n', "|"));
        Ok(())
    }

    #[test]
    fn says_each_thing_once_and_on_one_line() {
        let mut notifier = Notifier::start(record);
        notifier.status("opening the ledger");
        notifier.status("opening the ledger");
        notifier.ready("trading 8 symbols\nREADY=0");
        notifier.status("trading 8 symbols READY=0");
        notifier.extend_timeout(Duration::from_secs(10));
        notifier.watchdog();
        notifier.stopping("draining");
        notifier.reloading();
        notifier.flush(SOON);
        let mut sent = std::mem::take(&mut *SENT.lock().unwrap());
        let reloading = sent.pop().unwrap();
        assert_eq!(
            sent,
            [
                "STATUS=opening the ledger",
                "READY=1|STATUS=trading 8 symbols READY=0",
                "EXTEND_TIMEOUT_USEC=10000000",
                "WATCHDOG=1",
                "STOPPING=1|STATUS=draining",
            ]
        );
        let us = reloading.strip_prefix("RELOADING=1|MONOTONIC_USEC=").unwrap();
        assert!(us.parse::<u64>().unwrap() > 0);
    }

    #[test]
    fn a_message_that_cannot_be_sent_is_counted() {
        let mut notifier = Notifier::start(|_| Err(std::io::ErrorKind::NotFound.into()));
        notifier.watchdog();
        notifier.flush(SOON);
        assert_eq!(notifier.failed(), 1);
    }

    #[test]
    fn a_service_manager_that_never_reads_does_not_stop_the_caller() {
        let mut notifier = Notifier::start(|_| {
            loop {
                std::thread::park();
            }
        });
        for _ in 0..1_000 {
            notifier.watchdog();
        }
        // One is stuck in the sender or still queued, the queue is full, the rest is dropped.
        let dropped = 1_000 - QUEUE_MESSAGES as u64;
        assert!([dropped, dropped - 1].contains(&notifier.failed()), "{}", notifier.failed());
    }

    #[test]
    fn a_long_status_is_cut_at_a_character() {
        let line = one_line(&"\u{e9}".repeat(STATUS_BYTES_MAX));
        assert_eq!(line.len(), STATUS_BYTES_MAX);
        assert_eq!(one_line(&format!("a{line}")).len(), STATUS_BYTES_MAX - 1);
    }
}

//! sd_notify: readiness, status and watchdog, told to the service manager.
//!
//! **Failure**: without `$NOTIFY_SOCKET` nothing is sent. A message that cannot be sent is counted and
//! otherwise ignored: systemd acts on the silence, which is what the watchdog is for.
//! The environment is never changed; children are kept out by `NotifyAccess=main`.

use std::time::Duration;

use sd_notify::NotifyState;

use super::record::head;

/// Longest `STATUS=` text in bytes; systemd shows it on one line.
const STATUS_BYTES_MAX: usize = 512;

/// Sends messages to the service manager.
#[derive(Debug)]
pub struct Notifier {
    send: fn(&[NotifyState<'_>]) -> std::io::Result<()>,
    status: String,
    failed: u64,
}

impl Default for Notifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Notifier {
    /// A notifier for this process.
    pub const fn new() -> Self {
        Self { send: sd_notify::notify, status: String::new(), failed: 0 }
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
            Err(_) => self.failed += 1,
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

    /// How many messages could not be sent.
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    fn send(&mut self, message: &[NotifyState<'_>]) {
        if (self.send)(message).is_err() {
            self.failed += 1;
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
    use std::cell::RefCell;

    thread_local! {
        static SENT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn record(message: &[NotifyState<'_>]) -> std::io::Result<()> {
        let text: Vec<String> = message.iter().map(ToString::to_string).collect();
        SENT.with_borrow_mut(|sent| sent.push(text.join("|")));
        Ok(())
    }

    #[test]
    fn says_each_thing_once_and_on_one_line() {
        let mut notifier = Notifier { send: record, ..Notifier::new() };
        notifier.status("opening the ledger");
        notifier.status("opening the ledger");
        notifier.ready("trading 8 symbols\nREADY=0");
        notifier.status("trading 8 symbols READY=0");
        notifier.extend_timeout(Duration::from_secs(10));
        notifier.watchdog();
        notifier.stopping("draining");
        notifier.reloading();
        let mut sent = SENT.with_borrow(Clone::clone);
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
        let send = |_: &[NotifyState<'_>]| Err(std::io::ErrorKind::NotFound.into());
        let mut notifier = Notifier { send, ..Notifier::new() };
        notifier.watchdog();
        assert_eq!(notifier.failed(), 1);
    }

    #[test]
    fn a_long_status_is_cut_at_a_character() {
        let line = one_line(&"\u{e9}".repeat(STATUS_BYTES_MAX));
        assert_eq!(line.len(), STATUS_BYTES_MAX);
        assert_eq!(one_line(&format!("a{line}")).len(), STATUS_BYTES_MAX - 1);
    }
}

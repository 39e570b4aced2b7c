//! Signals: SIGTERM and SIGINT stop, SIGHUP reloads, SIGUSR1 is the kill switch.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{self, SignalKind};

/// A signal that means something here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Signal {
    Terminate,
    Interrupt,
    Hangup,
    Kill,
}

impl Signal {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Hangup => "SIGHUP",
            Self::Kill => "SIGUSR1",
        }
    }
}

/// The signals from its creation on.
pub(super) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hangup: unix::Signal,
    kill: unix::Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            hangup: unix::signal(SignalKind::hangup())?,
            kill: unix::signal(SignalKind::user_defined1())?,
        })
    }

    /// The next signal that asks to stop. The others wait for [`Signals::within`].
    pub(super) async fn stop(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }

    /// The next signal, if one comes within `rest`, or before something else wakes the loop. No rest
    /// still looks once.
    pub(super) async fn within(
        &mut self,
        rest: Duration,
        woken: impl Future<Output = ()>,
    ) -> Option<Signal> {
        let pause = async {
            if rest.is_zero() {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(rest).await;
            }
        };
        tokio::select! {
            biased;
            _ = self.kill.recv() => Some(Signal::Kill),
            _ = self.terminate.recv() => Some(Signal::Terminate),
            _ = self.interrupt.recv() => Some(Signal::Interrupt),
            _ = self.hangup.recv() => Some(Signal::Hangup),
            () = woken => None,
            () = pause => None,
        }
    }
}

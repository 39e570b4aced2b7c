//! [`Rest`]: one call after another through door, connection and signature, and what is tried again.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::attempt::{Opened, Trouble};
use super::count::{Counter, RestCount};
use super::failure::Failure;
use super::gate::{Gate, Headroom};
use super::meter::{Meter, OpCount};
use super::priority::Priority;
use super::request::{Body, Call, Requests};
use super::settings::RestSettings;
use super::transport::Transport;
use super::venue_clock::{ClockSkew, Instants, VenueClock};
use crate::clock;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::credentials::Credentials;
use crate::exchange::kucoin::protocol::code::CallKind;
use crate::exchange::kucoin::protocol::endpoint::{Endpoint, Pool};
use crate::exchange::kucoin::protocol::target::Target;

/// Times a read is tried in all.
const TRIES_MAX: u32 = 4;
/// Longest wait before a read is tried again.
const BACK_OFF_MOST: Duration = Duration::from_secs(5);
/// Samples of the venue's clock in a measurement; the surest counts.
const CLOCK_SAMPLES: u32 = 3;

/// A client of KuCoin's REST interface. Cheap to clone; clones share connections, quota and clock.
///
/// Must be used within one thread, in a tokio runtime with I/O and time.
#[derive(Clone)]
pub struct Rest {
    pub(super) shared: Rc<Shared>,
    /// What every call of this handle is for, where it is not what the call is usually for.
    priority: Option<Priority>,
}

/// A call and its answer, whose data is not yet read.
pub(super) struct Answered {
    pub call: Call,
    opened: Opened,
}

impl Answered {
    /// Reads the data.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        self.opened.decode(&self.call)
    }
}

/// What the clones of a client share.
pub(super) struct Shared {
    pub settings: RestSettings,
    pub transport: Transport,
    pub requests: Requests,
    pub gate: Gate,
    pub clock: VenueClock,
    pub counter: Counter,
    pub meter: Meter,
    /// One measurement of the clock at a time.
    measuring: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest")
            .field("origin", self.shared.transport.origin())
            .field("signs", &self.shared.requests.can_sign())
            .finish_non_exhaustive()
    }
}

impl Rest {
    /// A client that connects when it is first used. Without credentials it serves public calls only;
    /// the others fail as unauthorized.
    pub fn new(settings: RestSettings, credentials: Option<&Credentials>) -> Self {
        let (origin, tls) = (settings.origin.clone(), settings.tls.clone());
        let requests = Requests::new(&origin, credentials);
        let shared = Shared {
            transport: Transport::new(origin, tls, settings.dial_limits()),
            settings,
            requests,
            gate: Gate::new(),
            clock: VenueClock::default(),
            counter: Counter::default(),
            meter: Meter::default(),
            measuring: tokio::sync::Mutex::default(),
        };
        Self { shared: Rc::new(shared), priority: None }
    }

    /// A handle whose calls are all for this: for a question that settles an exit, say.
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { shared: Rc::clone(&self.shared), priority: Some(priority) }
    }

    /// Whether there is an API key to sign with.
    pub fn can_sign(&self) -> bool {
        self.shared.requests.can_sign()
    }

    /// What the client did so far.
    pub fn count(&self) -> RestCount {
        self.shared.counter.get()
    }

    /// What the client asked for so far, by what for; what it never asked for aside.
    pub fn op_counts(&self) -> Vec<OpCount> {
        self.shared.meter.counts()
    }

    /// How long no request has been answered; `None` while they are.
    pub fn unanswered_for(&self) -> Option<Duration> {
        let since = self.shared.counter.unanswered_since();
        since.map(|since| clock::monotonic().saturating_sub(since))
    }

    /// What is left of each quota now, where the venue said something of it.
    pub fn headroom(&self) -> Vec<Headroom> {
        self.shared.gate.headroom()
    }

    /// The least that was left of each quota since the last call, where the venue said something of it.
    pub fn take_headroom(&self) -> Vec<Headroom> {
        self.shared.gate.take_headroom()
    }

    /// How our clock stands to the venue's; `None` before the first measurement.
    pub fn clock_skew(&self) -> Option<ClockSkew> {
        self.shared.clock.skew()
    }

    /// The venue's time by our clock and the last measurement, or our time where there is none that
    /// holds: what the beginnings of lists are counted from.
    pub fn venue_time(&self) -> Timestamp {
        let now = Instants::now();
        self.shared.clock.venue_time(now).unwrap_or(now.wall)
    }

    /// How long calls of this pool are held back because the venue asked for it; zero where they are
    /// not.
    pub fn closed_for(&self, pool: Pool) -> Duration {
        self.shared.gate.closed_for(pool)
    }

    /// Measures the venue's clock anew. Do it every few minutes; it is done without asking before the
    /// first signed call, after our clock was set, and after the venue did not believe our time.
    pub async fn resync(&self) -> Result<ClockSkew, Failure> {
        let _turn = self.shared.measuring.lock().await;
        self.measure(self.priority.unwrap_or(Priority::Read)).await
    }

    /// A measurement, unless somebody else's came first.
    async fn ensure_clock(&self, priority: Priority) -> Result<(), Failure> {
        let holds = || self.shared.clock.venue_time(Instants::now()).is_some();
        if holds() {
            return Ok(());
        }
        let _turn = self.shared.measuring.lock().await;
        if holds() { Ok(()) } else { self.measure(priority).await.map(drop) }
    }

    async fn measure(&self, priority: Priority) -> Result<ClockSkew, Failure> {
        let endpoint = Endpoint::ServerTime;
        let call = self.call(endpoint, endpoint.target(""), priority);
        let what = "our own clock was set while the venue's was measured";
        let mut failure = Failure::Unavailable(call.reason(what));
        for _ in 0..CLOCK_SAMPLES {
            if let Err(error) = Box::pin(self.sample(&call)).await {
                failure = error;
                break;
            }
        }
        // One sample is enough; without any, the failure is worth telling.
        let clock = &self.shared.clock;
        clock.venue_time(Instants::now()).and(clock.skew()).ok_or(failure)
    }

    async fn sample(&self, call: &Call) -> Result<(), Failure> {
        let opened = self.perform(call).await?;
        let venue = opened.decode::<i64>(call)?;
        // The request that was answered is timed, not one that failed before it.
        self.shared.clock.sample(opened.sent, Timestamp::from_ms(venue), opened.answered);
        Ok(())
    }

    /// A call without a body.
    pub(super) fn call(&self, endpoint: Endpoint, target: Target, priority: Priority) -> Call {
        let priority = self.priority.unwrap_or(priority);
        Call { endpoint, target, body: Body::Fixed(Bytes::new()), priority }
    }

    /// Makes a call; its answer knows how to be read.
    pub(super) async fn make(&self, call: Call) -> Result<Answered, Failure> {
        let opened = self.perform(&call).await?;
        Ok(Answered { call, opened })
    }

    /// Asks for something.
    pub(super) async fn get(
        &self,
        endpoint: Endpoint,
        target: Target,
    ) -> Result<Answered, Failure> {
        self.make(self.call(endpoint, target, Priority::Read)).await
    }

    /// Sends a body.
    pub(super) async fn post(
        &self,
        endpoint: Endpoint,
        body: String,
        priority: Priority,
    ) -> Result<Answered, Failure> {
        let call = self.call(endpoint, endpoint.target(""), priority);
        self.make(Call { body: Body::Fixed(Bytes::from(body)), ..call }).await
    }

    /// Makes a call, and again where that cannot change the outcome.
    pub(super) async fn perform(&self, call: &Call) -> Result<Opened, Failure> {
        let give_up = Instant::now() + self.shared.settings.read_timeout;
        let (mut tries, mut believed) = (1, true);
        loop {
            if call.endpoint.is_signed() && self.can_sign() {
                self.ensure_clock(call.priority).await?;
            }
            let tried = self.shared.attempt(call).await;
            let failure = tried.as_ref().err();
            if failure.is_none_or(|trouble| trouble.by_venue) {
                let failure = failure.map(|trouble| &trouble.failure);
                self.shared.counter.tried(failure, clock::monotonic());
                self.shared.meter.tried(call.endpoint, failure);
            }
            let trouble = match tried {
                Ok(opened) => return Ok(opened),
                Err(trouble) => trouble,
            };
            // It had no effect, whatever the call was: measure the clock, sign again, repeat once.
            if matches!(trouble.failure, Failure::Clock(_)) && believed && call.endpoint.is_signed()
            {
                believed = false;
                self.shared.counter.add(|count| &mut count.clock_refusals);
                self.shared.clock.forget();
                self.shared.counter.add(|count| &mut count.repeats);
                continue;
            }
            let wait = match self.wait_before_next(call, &trouble, tries) {
                Some(wait) if Instant::now() + wait <= give_up => wait,
                _ => return Err(trouble.failure),
            };
            self.shared.counter.add(|count| &mut count.repeats);
            tries += 1;
            sleep(wait).await;
        }
    }

    /// How long to wait before a read is tried again; `None` where it is not.
    fn wait_before_next(&self, call: &Call, trouble: &Trouble, tries: u32) -> Option<Duration> {
        if call.endpoint.kind() == CallKind::Write || tries >= TRIES_MAX {
            return None;
        }
        let base = self.shared.settings.back_off_base;
        let back_off = self.shared.gate.jitter().back_off(base, BACK_OFF_MOST, tries);
        match &trouble.failure {
            Failure::Unavailable(_) | Failure::Maintenance(_) => Some(back_off),
            Failure::RateLimited { retry_after, .. } if trouble.by_venue => {
                Some(back_off.max(*retry_after))
            }
            Failure::Rejected(_)
            | Failure::NotFound(_)
            | Failure::Duplicate(_)
            | Failure::Unresolved(_)
            | Failure::Unauthorized(_)
            | Failure::Clock(_)
            | Failure::RateLimited { .. }
            | Failure::Halted(_)
            | Failure::Malformed(_) => None,
        }
    }
}

//! One try of a call: its turn at the door, a connection, a fresh signature, and the answer judged.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;

use super::client::Shared;
use super::connection::{Answer, AnswerLimits, Broken, Connection};
use super::failure::Failure;
use super::gate::{Fare, Ticket};
use super::request::{Call, secrets};
use super::venue_clock::Instants;
use crate::clock;
use crate::exchange::kucoin::protocol::code::{CallKind, Class, Code};
use crate::exchange::kucoin::protocol::envelope::{Refused, open};
use crate::exchange::kucoin::protocol::rate_limit::RateLimit;

/// Bytes of an answer to a read. The lists of currencies and symbols and a whole book have one to three
/// megabytes.
pub(super) const READ_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of an answer to a write, which has a few hundred.
pub(super) const WRITE_BYTES_MAX: usize = 256 * 1024;
/// Nothing is sent for this long after an answer that is a page or Cloudflare's error 1015: its limit
/// by address blocks for 30 s.
const BLOCKED: Duration = Duration::from_secs(30);
/// That error, as a code.
const BLOCKED_CODE: Code = Code::new(1_015);
/// The old limit of single endpoints, code 200002 on a read, blocks for 10 s.
const OLD_LIMIT: Duration = Duration::from_secs(10);
/// The code of that limit.
const OLD_LIMIT_CODE: Code = Code::new(200_002);
/// The quota of the pool is used up, where the answer has the headers of the quota.
const QUOTA_CODE: Code = Code::new(429_000);

/// A try that failed.
#[derive(Debug)]
pub(super) struct Trouble {
    pub failure: Failure,
    /// Whether it was the venue that failed it, and not our own budget.
    pub by_venue: bool,
}

/// An answer that is a success, its data not yet read.
#[derive(Debug)]
pub(super) struct Opened {
    body: Vec<u8>,
    data: Range<usize>,
    /// When the request that was answered went out.
    pub sent: Instants,
    /// When its answer was there.
    pub answered: Instants,
}

impl Opened {
    /// Reads the data. Where that fails, a read is malformed, and a write has happened all the same: it
    /// is unresolved until the venue is asked.
    pub(super) fn decode<'a, T: Deserialize<'a>>(&'a self, call: &Call) -> Result<T, Failure> {
        let data = self.body.get(self.data.clone()).unwrap_or_default();
        let data = if data.is_empty() { b"null".as_slice() } else { data };
        serde_json::from_slice(data).map_err(|error| {
            let what = format!("the answer is not as documented: {}", without_values(&error));
            match call.endpoint.kind() {
                CallKind::Read => Failure::Malformed(call.reason(what)),
                CallKind::Write => Failure::Unresolved(call.reason(what)),
            }
        })
    }
}

/// A decoding error without the text it met, which may be a token.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match (text.find('"'), text.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}...{}", text.get(..=first).unwrap_or(""), text.get(last..).unwrap_or(""))
        }
        _ => text,
    }
}

impl Shared {
    /// Tries a call once. A request that certainly never left is sent again, once, on a new connection.
    pub(super) async fn attempt(&self, call: &Call) -> Result<Opened, Trouble> {
        let endpoint = call.endpoint;
        let weight = endpoint.weight_max().unsigned_abs();
        let fare = Fare { pool: endpoint.pool(), weight, priority: call.priority };
        let ticket = match self.gate.enter(fare, call.priority.wait_max()).await {
            Ok(ticket) => ticket,
            Err(retry_after) => {
                self.counter.add(|count| &mut count.rate_limited);
                let reason = call.reason("our own share of the venue's quota is used up");
                let failure = Failure::RateLimited { retry_after, reason };
                return Err(Trouble { failure, by_venue: false });
            }
        };
        let waiting = self.transport.waiting();
        let is_new = waiting.is_none();
        let mut broken = match self.exchange(call, waiting).await {
            Ok(exchanged) => return self.judge(call, ticket, exchanged),
            Err(trouble) => trouble,
        };
        if let Exchange::Broken(Broken { left: false, .. }) = broken
            && !is_new
        {
            self.counter.add(|count| &mut count.repeats);
            broken = match self.exchange(call, None).await {
                Ok(exchanged) => return self.judge(call, ticket, exchanged),
                Err(broken) => broken,
            };
        }
        Err(Trouble { failure: self.give_up(call, ticket, broken), by_venue: true })
    }

    /// As [`Shared::ask`], timed.
    async fn exchange(
        &self,
        call: &Call,
        connection: Option<Connection>,
    ) -> Result<Exchanged, Exchange> {
        let began = clock::monotonic();
        let exchanged = self.ask(call, connection).await;
        self.meter.took(call.endpoint, clock::monotonic().saturating_sub(began));
        exchanged
    }

    /// Sends a request, signed now, and waits for its answer.
    async fn ask(
        &self,
        call: &Call,
        connection: Option<Connection>,
    ) -> Result<Exchanged, Exchange> {
        let connection = match connection {
            Some(connection) => connection,
            None => self.connect().await.map_err(Exchange::Broken)?,
        };
        let sent = Instants::now();
        let measured = self.clock.venue_time(sent);
        if measured.is_none() && call.body.is_dated() {
            // It was set while the call waited for its turn: measured anew, and then sent.
            let what = "nothing was sent: our clock was set since the venue's was measured";
            return Err(Exchange::Unusable(Failure::Clock(call.reason(what))));
        }
        let now = (measured.unwrap_or(sent.wall), sent.monotonic);
        let request = self.requests.make(call, now).map_err(Exchange::Unusable)?;
        let hidden = secrets(&request);
        let limits = AnswerLimits {
            head: self.settings.answer_timeout,
            body: self.settings.body_timeout,
            bytes: match call.endpoint.kind() {
                CallKind::Read => READ_BYTES_MAX,
                CallKind::Write => WRITE_BYTES_MAX,
            },
        };
        let (outcome, connection) = connection.exchange(request, limits).await;
        if !matches!(outcome, Err(Broken { left: false, .. })) {
            self.counter.add(|count| &mut count.requests);
        }
        if let Some(connection) = connection {
            self.transport.keep(connection);
        }
        let answer = outcome.map_err(Exchange::Broken)?;
        Ok(Exchanged { answer, hidden, sent, answered: Instants::now() })
    }

    async fn connect(&self) -> Result<Connection, Broken> {
        self.counter.add(|count| &mut count.connections);
        self.transport.connect().await.map_err(|what| Broken { left: false, what })
    }

    /// The failure of a call that has no answer.
    fn give_up(&self, call: &Call, ticket: Ticket<'_>, broken: Exchange) -> Failure {
        let Broken { left, what } = match broken {
            Exchange::Broken(broken) => broken,
            Exchange::Unusable(failure) => {
                ticket.not_sent();
                return failure;
            }
        };
        if !left {
            ticket.not_sent();
            return Failure::Unavailable(call.reason(format!("nothing was sent: {what}")));
        }
        ticket.answered(None);
        match call.endpoint.kind() {
            CallKind::Read => Failure::Unavailable(call.reason(what)),
            CallKind::Write => {
                self.counter.add(|count| &mut count.unresolved);
                Failure::Unresolved(call.reason(what))
            }
        }
    }

    /// What an answer means, for the call and for those after it.
    fn judge(
        &self,
        call: &Call,
        ticket: Ticket<'_>,
        exchanged: Exchanged,
    ) -> Result<Opened, Trouble> {
        let Exchanged { answer: Answer { status, limit, body }, hidden, sent, answered } =
            exchanged;
        ticket.answered(limit);
        let refused = match open(status, &body, call.endpoint.kind()) {
            Ok(envelope) => {
                let data = envelope.data.map_or(0..0, |data| range_in(&body, data.get()));
                self.gate.served(call.endpoint.pool());
                return Ok(Opened { body, data, sent, answered });
            }
            Err(refused) => refused,
        };
        let retry_after = self.heed(call, &refused, limit);
        if refused.class == Class::Unresolved {
            self.counter.add(|count| &mut count.unresolved);
        }
        let venue = self.requests.said(&hidden, status, refused.code, &refused.message);
        let mut reason = call.reason("");
        reason.venue = Some(venue);
        let failure = Failure::of(refused.class, reason, retry_after);
        Err(Trouble { failure, by_venue: true })
    }

    /// Holds further calls back where the venue asks for it. Returns for how long.
    fn heed(&self, call: &Call, refused: &Refused<'_>, limit: Option<RateLimit>) -> Duration {
        if refused.class != Class::RateLimited {
            return Duration::ZERO;
        }
        self.counter.add(|count| &mut count.rate_limited);
        let pool = call.endpoint.pool();
        match refused.code {
            None if limit.is_some() => self.gate.refused(pool, limit),
            None | Some(BLOCKED_CODE) => self.gate.pause(BLOCKED),
            Some(OLD_LIMIT_CODE) => return OLD_LIMIT,
            Some(QUOTA_CODE) => self.gate.refused(pool, limit),
            Some(_) => self.gate.refused(pool, None),
        }
        self.gate.closed_for(pool)
    }
}

/// A request and its answer.
struct Exchanged {
    answer: Answer,
    /// Values of the request that nobody may see.
    hidden: Vec<hyper::header::HeaderValue>,
    sent: Instants,
    answered: Instants,
}

/// Why there is no answer.
enum Exchange {
    /// The connection failed.
    Broken(Broken),
    /// There is no request to send.
    Unusable(Failure),
}

/// Where a part lies within the body it was read from.
fn range_in(body: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(body.as_ptr().addr());
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_in_its_body_and_values_are_left_out_of_errors() {
        let body = br#"{"code":"200000","data":{"token":"canary"}}"#;
        let envelope = open(200, body, CallKind::Read).unwrap();
        let range = range_in(body, envelope.data.unwrap().get());
        assert_eq!(&body[range], br#"{"token":"canary"}"#);
        let error = serde_json::from_str::<i64>(r#""canary \" \u0041""#).unwrap_err();
        let text = without_values(&error);
        assert!(text.contains("expected i64") && !text.contains("canary"), "{text}");
    }
}

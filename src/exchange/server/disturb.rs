//! Answers under a fault plan.

use std::fmt;
use std::future::pending;
use std::rc::Rc;

use hyper::Response;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::arrival::{self, Arrival};
use super::exchange::Exchange;
use super::fault::{Damage, Ending, Instead, QuotaHeaders, RequestFaults};
use super::reply::{Reply, ReplyBody};
use super::wire::Line;
use crate::exchange::kucoin::protocol::rate_limit::RateLimit;
use crate::exchange::kucoin::protocol::target;

/// A request whose answer is the end of its connection.
#[derive(Debug)]
pub struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is ended on purpose")
    }
}

impl std::error::Error for Aborted {}

/// The answer to a request, with the plan's faults of it.
pub async fn respond(
    exchange: &Rc<Exchange>,
    line: &Line,
    arrival: Arrival,
) -> Result<Response<ReplyBody>, Aborted> {
    let path = target::split(arrival.target()).0;
    let subject = format!("{} {path}", arrival.parts.method.as_str());
    let run = exchange.clock.run();
    let faults = exchange.injector.borrow_mut().on_request(&subject, run);
    exchange.transfer(&faults.transfers);
    if let Some(instead) = &faults.before {
        sleep(faults.delay_before).await;
        return end(exchange, instead, line).await;
    }
    let mut reply = reply(exchange, arrival, &faults).await?;
    if !faults.delay_after.is_zero() {
        sleep(faults.delay_after).await;
    }
    if let Some(instead) = &faults.after {
        return end(exchange, instead, line).await;
    }
    match faults.damage {
        None => Ok(reply.into_response()),
        Some(Damage::Cut) => Ok(reply.into_cut_response()),
        Some(Damage::Truncated) => {
            reply.truncate();
            Ok(reply.into_response())
        }
        Some(Damage::Malformed) => {
            reply.malform();
            Ok(reply.into_response())
        }
    }
}

/// The exchange's answer, now or later. A request that is late arrives even where its client has given
/// up and left meanwhile: it is on its way by itself.
async fn reply(
    exchange: &Rc<Exchange>,
    arrival: Arrival,
    faults: &RequestFaults,
) -> Result<Reply, Aborted> {
    if faults.delay_before.is_zero() {
        return Ok(arrival::respond(exchange, &arrival, faults));
    }
    let (exchange, faults) = (Rc::clone(exchange), faults.clone());
    let late = spawn_local(async move {
        sleep(faults.delay_before).await;
        arrival::respond(&exchange, &arrival, &faults)
    });
    late.await.or(Err(Aborted))
}

/// What happens instead of an answer.
async fn end(
    exchange: &Exchange,
    instead: &Instead,
    line: &Line,
) -> Result<Response<ReplyBody>, Aborted> {
    match instead {
        Instead::Silence => pending().await,
        Instead::End(Ending::HalfOpen) => {
            line.half_open();
            pending().await
        }
        Instead::End(Ending::Reset) => {
            line.reset();
            Err(Aborted)
        }
        Instead::End(Ending::Close) => Err(Aborted),
        Instead::Answer(canned) => {
            let quota = match canned.quota {
                QuotaHeaders::Absent => None,
                QuotaHeaders::UsedUp(reset_ms) => {
                    let reset_ms = i64::try_from(reset_ms).unwrap_or(i64::MAX);
                    let limit = exchange.settings.quotas.spot.into();
                    Some(RateLimit { limit, remaining: 0, reset_ms })
                }
            };
            let reply = Reply {
                http_status: canned.http_status,
                body: canned.body.clone(),
                html: canned.html,
                quota,
            };
            Ok(reply.into_response())
        }
    }
}

//! HTTP connections: requests in, through the faults and the gateway, answers out.

use std::fmt;
use std::future::pending;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::UPGRADE;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep};

use super::exchange::Exchange;
use super::fault::{Damage, Ending, Instead, QuotaHeaders, RequestFaults};
use super::gateway::{self, Received};
use super::perform::perform;
use super::refusal::{BODY_TOO_LARGE, BODY_TOO_SLOW};
use super::reply::{Reply, ReplyBody};
use super::websocket;
use super::wire::{Line, Wire};
use crate::exchange::kucoin::protocol::rate_limit::RateLimit;
use crate::exchange::kucoin::protocol::target;

/// Largest head of a request, and the size of a connection's buffer, in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// A request whose answer is the end of its connection.
#[derive(Debug)]
struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is ended on purpose")
    }
}

impl std::error::Error for Aborted {}

/// Serves the requests of a connection until it ends, or its client is too slow.
pub async fn serve(exchange: Rc<Exchange>, stream: TcpStream, peer: SocketAddr) {
    let (wire, line) = Wire::new(stream, &exchange.open);
    let service = {
        let (exchange, line) = (Rc::clone(&exchange), Arc::clone(&line));
        service_fn(move |request| handle(Rc::clone(&exchange), Arc::clone(&line), peer, request))
    };
    let connection = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(wire), service)
        .with_upgrades();
    tokio::select! {
        // An error is a client that left, or an end on purpose.
        _ = connection => {}
        () = outwait(&line, &exchange) => exchange.counters.slow_requests.add(),
    }
}

/// Returns when the client has been too slow.
async fn outwait(line: &Line, exchange: &Exchange) {
    let limits = &exchange.settings.http;
    let often = Duration::from_millis(limits.head_timeout_ms.div_ceil(2).into());
    loop {
        let left = line.patience_left(limits);
        if left.is_zero() {
            return;
        }
        // A wait between requests may turn into a slow head meanwhile.
        sleep(left.min(often)).await;
    }
}

async fn handle(
    exchange: Rc<Exchange>,
    line: Arc<Line>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Aborted> {
    exchange.counters.requests.add();
    if request.headers().contains_key(UPGRADE) {
        line.serves();
        return Ok(websocket::upgrade(&exchange, request));
    }
    let (parts, body) = request.into_parts();
    let body = if body.is_end_stream() {
        Bytes::new()
    } else {
        line.reads_body();
        match whole(body, &exchange).await {
            Ok(body) => body,
            Err(reply) => {
                exchange.counters.requests_malformed.add();
                line.answered();
                return Ok(reply.into_response());
            }
        }
    };
    line.serves();
    let response = if exchange.injector.borrow().spares_requests() {
        respond(&exchange, (&parts, &body), peer, &RequestFaults::default()).into_response()
    } else {
        disturbed(&exchange, &line, (&parts, &body), peer).await?
    };
    line.answered();
    Ok(response)
}

/// Reads a body to its end, within its bounds.
async fn whole(body: Incoming, exchange: &Exchange) -> Result<Bytes, Reply> {
    let limits = &exchange.settings.http;
    let limit = usize::try_from(limits.body_bytes_max).unwrap_or(usize::MAX);
    let wait = Duration::from_millis(limits.body_timeout_ms.into());
    match tokio::time::timeout(wait, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Reply::refused(&BODY_TOO_LARGE, None))
        }
        // Broken off or never finished: nobody is there to read the answer, or too late.
        Ok(Err(_)) | Err(_) => Err(Reply::refused(&BODY_TOO_SLOW, None)),
    }
}

/// The gateway's and the core's answer.
fn respond(
    exchange: &Rc<Exchange>,
    (parts, body): (&Parts, &Bytes),
    peer: SocketAddr,
    faults: &RequestFaults,
) -> Reply {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let received = Received {
        method: parts.method.as_str(),
        target,
        headers: &parts.headers,
        body,
        address: peer.ip(),
    };
    match gateway::admit(exchange, received) {
        Ok(admitted) => perform(exchange, admitted, &parts.headers, faults),
        Err(reply) => reply,
    }
}

/// As [`respond`], with the plan's faults of this request.
async fn disturbed(
    exchange: &Rc<Exchange>,
    line: &Line,
    request: (&Parts, &Bytes),
    peer: SocketAddr,
) -> Result<Response<ReplyBody>, Aborted> {
    let (parts, _) = request;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let subject = format!("{} {}", parts.method.as_str(), target::split(target).0);
    let run = exchange.clock.run();
    let faults = exchange.injector.borrow_mut().on_request(&subject, run);
    if !faults.delay_before.is_zero() {
        sleep(faults.delay_before).await;
    }
    if let Some(instead) = &faults.before {
        return end(exchange, instead, line).await;
    }
    let mut reply = respond(exchange, request, peer, &faults);
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
            line.answered();
            Ok(reply.into_response())
        }
    }
}

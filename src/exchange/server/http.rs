//! HTTP connections: requests in, through the faults and the gateway, answers out.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::UPGRADE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep};

use super::arrival::{Arrival, respond};
use super::disturb::{self, Aborted};
use super::exchange::Exchange;
use super::fault::RequestFaults;
use super::refusal::{BODY_TOO_LARGE, BODY_TOO_SLOW};
use super::reply::{Reply, ReplyBody};
use super::websocket;
use super::wire::{Line, Wire};

/// Largest head of a request, and the size of a connection's buffer, in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;

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
    let arrival = Arrival { parts, body, address: peer.ip() };
    let response = if exchange.injector.borrow().spares_requests() {
        respond(&exchange, &arrival, &RequestFaults::default()).into_response()
    } else {
        disturb::respond(&exchange, &line, arrival).await?
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

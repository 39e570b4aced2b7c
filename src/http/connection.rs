//! One connection: its requests in, their answers out, with bounds on everything a client decides.

use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::admit::{BODY_BYTES_MAX, Head, admit};
use super::answer::Answer;
use super::peer::Peer;
use super::refusal::Refusal;
use super::route::{Class, Route};
use super::server::Shared;
use super::{command, control, reading};
use crate::clock;
use crate::domain::operator::Wish;

/// Largest head of a request, and the size of a connection's buffer, in bytes: as large as a body.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A head, and the wait for the next one, may take this long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// A body may take this long.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection ends at this age, so that no client keeps its place for ever.
const AGE_MAX: Duration = Duration::from_secs(60);
/// What is being answered then, or at a stop, may take this much longer.
const LAST_ANSWER: Duration = Duration::from_secs(8);

/// Serves a connection until it ends, is too old, or the agent stops.
pub async fn serve<S>(stream: S, peer: Peer, shared: Rc<Shared>, mut closing: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let shared = Rc::clone(&shared);
        async move { Ok::<_, Infallible>(handle(request, peer, &shared).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // An error is a client that left, was too slow, or speaks something else.
        _ = connection.as_mut() => return,
        () = sleep(AGE_MAX) => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
    connection.as_mut().graceful_shutdown();
    // Not in time: the client does not read its answer.
    drop(timeout(LAST_ANSWER, connection).await);
}

async fn handle(
    request: Request<Incoming>,
    peer: Peer,
    shared: &Rc<Shared>,
) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let (method, uri, headers) = (&parts.method, &parts.uri, &parts.headers);
    let head = Head { method, uri, version: parts.version, headers };
    let answer = match admit(head, peer, &shared.rules) {
        Err(refusal) => refuse(&refusal, peer, shared),
        Ok(route) if route.is_write() => order(route, body, peer, shared).await,
        Ok(route) => match count(peer, route.class(), shared) {
            Ok(()) => reading::answer(route, shared).await,
            Err(refusal) => refusal.answer(),
        },
    };
    answer.into_response()
}

/// What is refused counts, too, each reason with what it tries.
fn refuse(refusal: &Refusal, peer: Peer, shared: &Shared) -> Answer {
    let class = match refusal {
        Refusal::TokenMissing | Refusal::TokenWrong | Refusal::TokenUnset => Class::Attempt,
        Refusal::Version
        | Refusal::HostMissing
        | Refusal::HostForeign
        | Refusal::OriginForeign
        | Refusal::NotFound
        | Refusal::Method(_)
        | Refusal::ContentType
        | Refusal::BodyUnexpected
        | Refusal::BodyTooLarge
        | Refusal::BodyTooSlow
        | Refusal::BodyMalformed(_)
        | Refusal::TooMany(_)
        | Refusal::Conflict(..)
        | Refusal::Unavailable(_) => Class::Read,
    };
    // A body that nobody wants is not waited for.
    match count(peer, class, shared) {
        Ok(()) => refusal.answer().closing(),
        Err(too_many) => too_many.answer().closing(),
    }
}

fn count(peer: Peer, class: Class, shared: &Shared) -> Result<(), Refusal> {
    let mut limiter = shared.limiter.borrow_mut();
    limiter.admit(peer.counted(), class, clock::monotonic()).map_err(Refusal::TooMany)
}

/// An order of a peer that may give orders. What it says decides what it counts as.
async fn order(route: Route, body: Incoming, peer: Peer, shared: &Rc<Shared>) -> Answer {
    let read = match whole(body).await {
        Ok(body) => command::read(route, &body),
        Err(refusal) => Err(refusal),
    };
    let class = match &read {
        Ok((Wish::Kill { .. }, _)) => Class::Stop,
        Ok((
            Wish::Release
            | Wish::Pause { .. }
            | Wish::Resume { .. }
            | Wish::ForceExit { .. }
            | Wish::Hold { .. },
            _,
        ))
        | Err(_) => Class::Write,
    };
    if let Err(too_many) = count(peer, class, shared) {
        return too_many.answer();
    }
    match read {
        Ok((wish, reason)) => control::perform(shared, peer, wish, reason).await,
        Err(refusal) => refusal.answer(),
    }
}

/// Reads a body to its end, within its bounds.
async fn whole(body: Incoming) -> Result<Bytes, Refusal> {
    let limit = usize::try_from(BODY_BYTES_MAX).unwrap_or(usize::MAX);
    match timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
        Ok(Err(_)) | Err(_) => Err(Refusal::BodyTooSlow),
    }
}

//! One HTTP/1.1 connection, driven by whoever uses it: no task, no queue, no hidden repetition.
//!
//! A call owns its connection. Where the call fails or is dropped, the connection is closed with it,
//! so that an answer can never meet the wrong question.

use std::future::{Future, poll_fn};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use rustix::net::RecvFlags;
use tokio::time::{Instant, timeout_at};

use super::metered::{Metered, Written};
use crate::exchange::kucoin::protocol::rate_limit::{
    LIMIT_HEADER, REMAINING_HEADER, RESET_HEADER, RateLimit,
};
use crate::net::tls::Stream;

/// Header lines of an answer: several times what the venue sends.
const HEADERS_MAX: usize = 128;
/// Bytes that are read at once, and that an answer's head may have.
const READ_BYTES_MAX: usize = 64 * 1024;

/// How long and how large an answer may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct AnswerLimits {
    /// From the first byte of the request to the end of the answer's head.
    pub head: Duration,
    /// From there to the end of its body.
    pub body: Duration,
    /// Bytes of its body.
    pub bytes: usize,
}

/// An answer, whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub limit: Option<RateLimit>,
    pub body: Vec<u8>,
}

/// A call that ended without a whole answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Broken {
    /// Whether any byte of the request can have left.
    pub left: bool,
    /// What happened.
    pub what: String,
}

type Driver = http1::Connection<Metered, Full<Bytes>>;

/// An open connection with no call on it.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Option<Driver>,
    written: Written,
    /// The socket once more, to look at what arrived unasked.
    socket: OwnedFd,
}

impl Connection {
    /// Makes ready to speak HTTP over a stream.
    pub(super) async fn open(stream: Stream) -> Result<Self, Broken> {
        let unusable = |what: String| Broken { left: false, what };
        let socket = stream.tcp().as_fd().try_clone_to_owned();
        let socket = socket.map_err(|error| unusable(error.to_string()))?;
        let (metered, written) = Metered::new(stream);
        let mut builder = http1::Builder::new();
        let builder = builder.max_headers(HEADERS_MAX).max_buf_size(READ_BYTES_MAX);
        let (sender, driver) =
            builder.handshake(metered).await.map_err(|error| unusable(error.to_string()))?;
        Ok(Self { sender, driver: Some(driver), written, socket })
    }

    /// Whether it waits for a call and nothing arrived in between: an end, or bytes nobody asked for.
    /// Asks the socket itself, since the runtime may not have heard yet.
    pub(super) fn is_healthy(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let nothing = rustix::net::recv(&self.socket, &mut [0_u8; 1][..], flags);
        self.is_ready() && nothing == Err(rustix::io::Errno::WOULDBLOCK)
    }

    /// Sends a request and waits for the whole answer. The connection comes back where it can serve
    /// another call.
    pub(super) async fn exchange(
        mut self,
        request: Request<Full<Bytes>>,
        limits: AnswerLimits,
    ) -> (Result<Answer, Broken>, Option<Self>) {
        let before = self.written.get();
        match self.attempt(request, limits).await {
            Ok(answer) => {
                drive(&mut self.driver, std::future::ready(())).await;
                (Ok(answer), self.is_ready().then_some(self))
            }
            Err(what) => {
                let written = self.written.clone();
                // Closed first: nothing can leave after the count is read.
                drop(self);
                (Err(Broken { left: written.get() != before, what }), None)
            }
        }
    }

    /// Ends the sending half underneath hyper.
    #[cfg(test)]
    pub(super) fn stop_sending(&self) {
        rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Write).unwrap();
    }

    fn is_ready(&self) -> bool {
        self.driver.is_some() && self.sender.is_ready()
    }

    async fn attempt(
        &mut self,
        request: Request<Full<Bytes>>,
        limits: AnswerLimits,
    ) -> Result<Answer, String> {
        let until = Instant::now() + limits.head;
        let response = self.sender.send_request(request);
        let response = timeout_at(until, drive(&mut self.driver, response))
            .await
            .map_err(|_| format!("no answer in {} ms", limits.head.as_millis()))?
            .map_err(|error| told(&error))?;
        let (status, limit) = (response.status().as_u16(), rate_limit(&response));
        let until = Instant::now() + limits.body;
        let body =
            timeout_at(until, self.collect(response.into_body(), limits.bytes)).await.map_err(
                |_| format!("the answer was not whole after {} ms", limits.body.as_millis()),
            )??;
        Ok(Answer { status, limit, body })
    }

    async fn collect(&mut self, mut body: Incoming, bytes_max: usize) -> Result<Vec<u8>, String> {
        let too_large = || format!("the answer has more than {bytes_max} bytes");
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > bytes_max {
            return Err(too_large());
        }
        let mut whole = Vec::with_capacity(announced);
        while let Some(frame) = drive(&mut self.driver, body.frame()).await {
            let frame = frame.map_err(|error| told(&error))?;
            let Ok(data) = frame.into_data() else { continue };
            if whole.len() + data.len() > bytes_max {
                return Err(too_large());
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole)
    }
}

/// Waits for `future` while the connection works for it.
async fn drive<F: Future>(driver: &mut Option<Driver>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Some(running) = driver
            && let Poll::Ready(end) = Pin::new(running).poll(cx)
        {
            // Whoever waits learns of an error by the future.
            drop(end);
            *driver = None;
        }
        future.as_mut().poll(cx)
    })
    .await
}

/// The quota headers, where the answer has all three.
fn rate_limit(response: &Response<Incoming>) -> Option<RateLimit> {
    let header = |name| response.headers().get(name)?.to_str().ok();
    RateLimit::parse(header(LIMIT_HEADER)?, header(REMAINING_HEADER)?, header(RESET_HEADER)?)
}

/// An error with its cause, which hyper leaves to its reader.
fn told(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

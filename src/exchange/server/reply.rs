//! Answers as HTTP: status, body, quota; and bodies that break off.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::time::{Sleep, sleep};

use crate::exchange::kucoin::protocol::rate_limit::{
    LIMIT_HEADER, REMAINING_HEADER, RESET_HEADER, RateLimit,
};
use crate::exchange::kucoin::protocol::refusal::Refusal;

const LIMIT: HeaderName = HeaderName::from_static(LIMIT_HEADER);
const REMAINING: HeaderName = HeaderName::from_static(REMAINING_HEADER);
const RESET: HeaderName = HeaderName::from_static(RESET_HEADER);
const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html");
/// Between the half of a body that is sent and the end of its connection, so that the half arrives.
const BREAK_AFTER: Duration = Duration::from_millis(5);

/// An answer before it is HTTP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// HTTP status.
    pub http_status: u16,
    /// Text of the body.
    pub body: String,
    /// True for a page instead of JSON.
    pub html: bool,
    /// What is left of the pool the request was counted in.
    pub quota: Option<RateLimit>,
}

impl Reply {
    /// The core's answer.
    pub fn json(http_status: u16, body: String, quota: RateLimit) -> Self {
        Self { http_status, body, html: false, quota: Some(quota) }
    }

    /// A refusal.
    pub fn refused(refusal: &Refusal, quota: Option<RateLimit>) -> Self {
        Self { http_status: refusal.http_status, body: refusal.body(), html: false, quota }
    }

    /// Loses the second half of the text; the length that is announced is that of the rest.
    pub fn truncate(&mut self) {
        let half = (0..=self.body.len() / 2).rev().find(|at| self.body.is_char_boundary(*at));
        self.body.truncate(half.unwrap_or(0));
    }

    /// Makes the text no JSON any more, at its full length: the first colon becomes a comma.
    pub fn malform(&mut self) {
        if let Some(at) = self.body.find(':') {
            self.body.replace_range(at..=at, ",");
        }
    }

    /// As HTTP, whole.
    pub fn into_response(self) -> Response<ReplyBody> {
        let body = ReplyBody::Whole(Some(Bytes::from(self.body)));
        response(self.http_status, self.html, self.quota, body)
    }

    /// As HTTP that breaks off halfway.
    pub fn into_cut_response(self) -> Response<ReplyBody> {
        let announced = self.body.len() as u64;
        let mut bytes = Bytes::from(self.body);
        bytes.truncate(bytes.len() / 2);
        let body = ReplyBody::Cut { bytes: Some(bytes), announced, pause: None };
        response(self.http_status, self.html, self.quota, body)
    }
}

fn response(
    http_status: u16,
    html: bool,
    quota: Option<RateLimit>,
    body: ReplyBody,
) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    // A fault plan's statuses are checked; the core's are constants.
    *response.status_mut() =
        hyper::StatusCode::from_u16(http_status).unwrap_or(hyper::StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, if html { HTML } else { JSON });
    if let Some(quota) = quota {
        headers.insert(LIMIT, HeaderValue::from(quota.limit));
        headers.insert(REMAINING, HeaderValue::from(quota.remaining));
        headers.insert(RESET, HeaderValue::from(quota.reset_ms));
    }
    response
}

/// The body of an answer.
#[derive(Debug)]
pub enum ReplyBody {
    /// All of it.
    Whole(Option<Bytes>),
    /// The beginning, then an error, which ends the connection.
    Cut {
        /// What is sent.
        bytes: Option<Bytes>,
        /// The length that the head announces.
        announced: u64,
        /// The wait before the end.
        pause: Option<Pin<Box<Sleep>>>,
    },
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Cut { bytes, pause, .. } => {
                if let Some(bytes) = bytes.take() {
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                let pause = pause.get_or_insert_with(|| Box::pin(sleep(BREAK_AFTER)));
                pause.as_mut().poll(context).map(|()| Some(Err(io::ErrorKind::BrokenPipe.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Cut { announced, .. } => SizeHint::with_exact(*announced),
        }
    }
}

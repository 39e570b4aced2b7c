//! One HTTP/1.1 request, one answer, on a connection of its own, within one deadline.
//!
//! Nothing is tried again here and no connection is kept: whoever asks decides. **Limits**: an answer
//! of [`ANSWER_BYTES_MAX`]. No error repeats a path, a header or a body: they may hold secrets.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::http::request::Builder;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;

use super::dial::{DialLimits, Origin, dial};
use super::tls::Tls;

/// Bytes of an answer's body that are read: several times the longest messages of a chat, as many of
/// them as are asked for at once.
pub const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes that wait to be read, the head among them.
const BUFFER_BYTES: usize = 64 * 1024;
/// Header lines of an answer.
const HEADERS_MAX: usize = 128;
/// What an answer that is there already is given to be read.
const GRACE: Duration = Duration::from_millis(50);
/// The longest wait that an answer may ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// What to send.
#[derive(Clone)]
pub struct Post {
    /// Where.
    pub origin: Origin,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// Further headers; their values are secret.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After` in seconds, at most [`RETRY_AFTER_MAX`]; a date is not read.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends, and waits for the whole answer, at most `timeout` in all. The error says what happened.
pub async fn post(tls: &Tls, post: &Post, timeout: Duration) -> Result<Answer, String> {
    send(tls, &post.origin, posting(post)?, timeout).await
}

/// Asks for `path`, which begins with `/`, as [`post`] sends.
pub async fn get(
    tls: &Tls,
    origin: &Origin,
    path: &str,
    timeout: Duration,
) -> Result<Answer, String> {
    let request = begun(Method::GET, origin, path).body(Full::default());
    send(tls, origin, request.map_err(|_| unusable("path"))?, timeout).await
}

async fn send(
    tls: &Tls,
    origin: &Origin,
    request: Request<Full<Bytes>>,
    timeout: Duration,
) -> Result<Answer, String> {
    let mut exchange = pin!(exchange(tls, origin, request, timeout));
    if let Ok(answer) = tokio::time::timeout(timeout, &mut exchange).await {
        return answer;
    }
    // A thread that was held up finds its time over and the answer there: it looks once more.
    let late = |_| format!("no whole answer in {} ms", timeout.as_millis());
    tokio::time::timeout(GRACE, exchange).await.map_err(late)?
}

async fn exchange(
    tls: &Tls,
    origin: &Origin,
    request: Request<Full<Bytes>>,
    timeout: Duration,
) -> Result<Answer, String> {
    let limits = DialLimits { connect: timeout, tls: timeout };
    let stream = dial(origin, tls, limits).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(told)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(told)?;
        collect(response).await
    };
    tokio::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // What was read before the end is still to be taken.
        _ = connection => answer.await,
    }
}

/// What is said of something that no request can hold.
fn unusable(what: &str) -> String {
    format!("the {what} cannot be sent; correct it")
}

/// What every request begins with.
fn begun(method: Method, origin: &Origin, path: &str) -> Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, origin.authority())
        .header(USER_AGENT, concat!("ibis/", env!("CARGO_PKG_VERSION")))
}

fn posting(post: &Post) -> Result<Request<Full<Bytes>>, String> {
    let mut request = begun(Method::POST, &post.origin, &post.path)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(post.body.clone())))
        .map_err(|_| unusable("path"))?;
    for (name, value) in &post.headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| unusable("header"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(*name, value);
    }
    Ok(request)
}

async fn collect(response: Response<hyper::body::Incoming>) -> Result<Answer, String> {
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = header.and_then(|text| text.trim().parse::<u64>().ok());
    let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| format!("the answer cannot be read: {error}"))?;
    Ok(Answer { status, retry_after, body: body.to_bytes().to_vec() })
}

/// An error with its cause, which hyper leaves to its reader.
fn told(error: hyper::Error) -> String {
    match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

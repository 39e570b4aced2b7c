//! The client against a venue that misbehaves: what a call becomes, and how often the venue saw it.

mod calls;
mod certificate;
mod faults;
mod limits;
mod pages;
mod reuse;
pub(crate) mod server;
mod signing;
mod tls;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::attempt::Opened;
use super::request::{Body, Call};
use super::{Failure, Priority, Rest, RestSettings};
use crate::exchange::kucoin::credentials::Credentials;
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use server::Server;

/// Texts that may be seen nowhere but in the headers of a request.
pub(crate) const CANARIES: [&str; 3] = ["canary-key", "canary-secret", "canary-phrase"];

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_io().enable_time().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, future)
}

pub(crate) fn credentials() -> Credentials {
    let [key, secret, passphrase] = CANARIES;
    let text = format!("key = '{key}'\nsecret = '{secret}'\npassphrase = '{passphrase}'");
    Credentials::parse(&text, Path::new("test")).unwrap()
}

/// Settings with which what must fail fails soon. What must not has enough time on a busy machine.
pub(crate) fn settings(server: &Server) -> RestSettings {
    let mut settings = RestSettings::new(&server.url()).unwrap();
    settings.back_off_base = Duration::from_millis(1);
    settings
}

pub(crate) fn client(server: &Server) -> Rest {
    Rest::new(settings(server), Some(&credentials()))
}

/// A client whose patience ends after `ms`.
fn impatient(server: &Server, ms: u64) -> Rest {
    let mut settings = settings(server);
    settings.answer_timeout = Duration::from_millis(ms);
    settings.body_timeout = Duration::from_millis(ms);
    Rest::new(settings, Some(&credentials()))
}

const ORDER: &str = r#"{"clientOid":"a-1"}"#;

/// Places an order, whatever it is.
async fn write(rest: &Rest) -> Result<Opened, Failure> {
    rest.perform(&order(rest)).await
}

fn order(rest: &Rest) -> Call {
    let endpoint = Endpoint::Place;
    let body = Body::Fixed(Bytes::from_static(ORDER.as_bytes()));
    Call { body, ..rest.call(endpoint, endpoint.target(""), Priority::Entry) }
}

/// Asks for something that is signed.
async fn read(rest: &Rest) -> Result<Opened, Failure> {
    let endpoint = Endpoint::OpenOrders;
    let target = endpoint.target("").with("symbol", "BTC-USDT");
    rest.perform(&rest.call(endpoint, target, Priority::Read)).await
}

/// What became of a call, in a word.
fn word(outcome: &Result<Opened, Failure>) -> &'static str {
    outcome.as_ref().map_or_else(Failure::word, |_| "done")
}

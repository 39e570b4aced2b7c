//! A request that arrived whole, and its undisturbed answer.

use std::net::IpAddr;
use std::rc::Rc;

use hyper::body::Bytes;
use hyper::http::request::Parts;

use super::exchange::Exchange;
use super::fault::RequestFaults;
use super::gateway::{self, Received};
use super::perform::perform;
use super::reply::Reply;

/// A request that arrived whole.
#[derive(Debug)]
pub struct Arrival {
    /// Its head.
    pub parts: Parts,
    /// Its body.
    pub body: Bytes,
    /// Where it came from.
    pub address: IpAddr,
}

impl Arrival {
    /// `path?query` as it came.
    pub fn target(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", |target| target.as_str())
    }
}

/// The gateway's and the core's answer. Of the faults only those that decide a race matter here.
pub fn respond(exchange: &Rc<Exchange>, arrival: &Arrival, faults: &RequestFaults) -> Reply {
    let received = Received {
        method: arrival.parts.method.as_str(),
        target: arrival.target(),
        headers: &arrival.parts.headers,
        body: &arrival.body,
        address: arrival.address,
    };
    match gateway::admit(exchange, received) {
        Ok(admitted) => perform(exchange, admitted, &arrival.parts.headers, faults),
        Err(reply) => reply,
    }
}

//! A call to the exchange and its answer, without transport.

use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::target::Query;

/// A call that passed the gateway.
#[derive(Debug)]
pub struct Call<'a> {
    /// What is asked.
    pub endpoint: Endpoint,
    /// The parameter in the path, or `""`.
    pub path_parameter: &'a str,
    /// The query.
    pub query: Query<'a>,
    /// The body.
    pub body: &'a [u8],
    /// The wall clock, in milliseconds.
    pub transport_ms: i64,
}

/// What the exchange says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// HTTP status.
    pub http_status: u16,
    /// The whole body.
    pub body: String,
}

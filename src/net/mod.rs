//! The way to other machines, for whoever speaks to one: addresses, TCP, TLS, each with its deadline.
//!
//! What is said there is not known here: the venue's protocol is in `exchange`, that of the channels of
//! alerts in `alerts`.

pub mod dial;
pub mod request;
pub mod tls;

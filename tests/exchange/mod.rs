//! `ibis exchange` as its clients see it: the built program over loopback, plain sockets against it.

mod conditions;
mod connection_faults;
mod gateway;
mod http;
mod launch;
mod markets;
pub mod process;
mod push_faults;
mod request_faults;
mod slow_clients;
mod socket;
mod websocket;

//! The control and monitoring interface: HTTP on loopback and on a unix socket.

pub mod token;

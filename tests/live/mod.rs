//! The agent in live mode against `ibis exchange`: both the built program, nothing in between.

mod bad_input;
mod crash;
mod day;
mod reconcile;
mod secrets;
mod storage;
pub mod trader;
pub mod venue_view;

//! The agent in live mode against `ibis exchange`: both the built program, nothing in between.

mod bad_input;
mod crash;
mod day;
mod secrets;
mod storage;
mod trader;
mod venue_view;

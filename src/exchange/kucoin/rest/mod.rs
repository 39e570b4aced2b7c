//! KuCoin's REST interface as a client sees it.
//!
//! ```text
//! Rest::place(..) -> clock -> gate (budget, turn) -> connection -> signature -> answer -> Failure or data
//! ```
//!
//! # What is tried again
//!
//! | what | when |
//! |---|---|
//! | a read | after a failed connection, a lost or broken answer, 5xx, or the venue's plea for patience: a few times, with growing and jittered waits, within [`RestSettings::read_timeout`] |
//! | a write | never, but in the two cases in which certainly nothing happened: no byte of it had left when a kept connection turned out dead; the venue did not believe its timestamp (400002). Once each |
//!
//! A write whose answer is lost after a byte of it left is [`Failure::Unresolved`]. The transport has no
//! repetition of its own: whether a byte left is counted where it is written.
//!
//! # What is held back
//!
//! | the venue says | then |
//! |---|---|
//! | headers of the quota | the agent uses 80 % of it at most, entries up to three quarters of that, reads up to 60 % |
//! | 429000 with those headers | nothing in this pool until the quota begins anew |
//! | 429000 without, 429001, 429002 | nothing in this pool for 0.5 s, doubling to 10 s, jittered |
//! | a page instead of an answer, 1015 | nothing at all for 30 to 45 s |
//!
//! A call that would wait longer than [`Priority::wait_max`] fails as rate limited at once.

mod account;
mod attempt;
mod back_off;
mod budget;
mod client;
mod connection;
mod count;
mod failure;
mod gate;
mod market;
mod meter;
mod metered;
mod orders;
mod paging;
mod priority;
mod request;
mod settings;
#[cfg(test)]
pub(crate) mod tests;
mod transport;
mod venue_clock;

pub use account::SYMBOLS_PER_FEE_CALL;
pub use client::Rest;
pub use count::RestCount;
pub use failure::{Failure, Reason, VenueReason};
pub use gate::Headroom;
pub use market::BookSize;
pub use meter::OpCount;
pub use orders::{DoneQuery, FillQuery, HISTORY_PAGE_MAX};
pub use paging::{FillsSince, HISTORY_KEPT, PAGES_MAX, WINDOW};
pub use priority::Priority;
pub use settings::RestSettings;
pub use venue_clock::{ClockSkew, SKEW_HOLD, SKEW_WARN, SkewVerdict};

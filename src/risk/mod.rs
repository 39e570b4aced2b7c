//! Permission: whether an order may be sent, and how large. Pure.
//!
//! [`standing::Standing`] says what the active holds let through; [`permit::permit_entry`] and [`permit::permit_exit`] are the only makers of [`approval::Approved`],
//! and the way to a venue takes nothing else: an unapproved order does not compile.

pub mod approval;
pub mod guard;
pub mod hold_book;
pub mod limit;
pub mod permit;
pub mod refusal;
pub mod sizing;
pub mod standing;

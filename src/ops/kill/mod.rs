//! `kill`: everything at work is canceled, and nothing is sent any more, until an operator says otherwise.
//!
//! The latch comes first: a file in the spool, which any agent of the directory obeys before it sends
//! anything. Then what is at work goes, by whoever can do it:
//!
//! - [`sweep`]: at a real venue, with a client of one's own, whether an agent works, hangs or is dead,
//! - [`activate`]: both together, and the proof,
//! - [`state`]: how things stand,
//! - [`drill`]: all of it, rehearsed on paper.

pub mod activate;
pub mod drill;
pub mod state;
pub mod sweep;

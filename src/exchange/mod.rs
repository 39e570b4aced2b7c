//! The outside world that takes orders: venues, and what they say about orders and accounts.
//!
//! Knows `domain` (and `durable`, for what a venue must keep), and nothing of the engine.

pub mod paper;

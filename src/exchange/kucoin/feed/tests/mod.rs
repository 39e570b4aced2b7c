//! The feed against a venue that gaps, repeats, crosses, falls silent and comes back.

mod book;
mod fallback;
mod model;
mod queue;
mod stage;

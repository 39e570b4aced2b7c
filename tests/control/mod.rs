//! What stops the agent, and how it goes on: holds, latches, the kill switch, operators' words.

mod causes;
mod force_exit;
mod guards;
mod kill;
mod live_kill;
mod operators;
pub mod stage;

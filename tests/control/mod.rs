//! What stops the agent, and how it goes on: holds, latches, the kill switch, operators' words.

mod guards;
mod operators;

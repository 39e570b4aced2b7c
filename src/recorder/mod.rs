//! The black box: everything the engine is told, written beside the ledger as it is told it, so that
//! any past day can be run again.
//!
//! The engine is a pure function, so its inputs are the whole story. A recording is a row of
//! *segments*, `recorder/<UTC date>/<run>-<number>.jsonl`, `.gz` once closed:
//!
//! - the first line is a [`header::Header`]: the run, the program's version, and the engine as it is
//!   there ([`header::Begin`]), so that every segment replays from itself;
//! - then one [`mod@line`] an input, with the time since the one before;
//! - after an input that made the engine act, the [`digest`] of all its actions;
//! - the last line of a closed segment is the digest of the engine's state.
//!
//! [`recorded_engine::RecordedEngine`] is the engine with a [`recording::Recorder`] on its inputs: what
//! the recorder does not see, the engine does not either. Recording never stops trading: where the
//! disk refuses, it stops itself, says so once, and tries again a minute later. [`replay`] runs a
//! recording; a [`case`] is a piece of one, cut out for a person and a test.

pub mod case;
pub mod digest;
pub mod header;
pub mod input;
pub mod line;
pub mod listing;
pub mod pack;
pub mod reader;
pub mod recorded_engine;
pub mod recording;
pub mod replay;

/// The recordings' directory in the state directory.
pub const DIRECTORY: &str = "recorder";

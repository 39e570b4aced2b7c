//! KuCoin's public market data: the one decoder of its pushes, and the one calibration of its
//! numbered books, for recordings and for the live feed alike.
//!
//! ```text
//! frame --- Decoder ---> Push --- Stream --------> quotes, trades, candles, best levels
//!                          |
//!                          +----- Calibration ---> changes of a book in step with the venue's
//! ```
//!
//! Nothing here does I/O or reads a clock.

mod best_levels;
mod book;
mod calibration;
mod decoder;
mod field;
mod level;
mod level2_frame;
mod push;
pub(super) mod shape;
mod snapshot;
mod stream;
mod topic;
mod words;

pub use self::book::Book;
pub use self::calibration::{Calibration, Fate, Judgement, Sink};
pub use self::decoder::Decoder;
pub use self::level::{Level, Update};
pub use self::push::{Interval, Place, Push, Word};
pub use self::snapshot::Snapshot;
pub use self::stream::Stream;
pub use self::topic::TopicKind;

pub(super) use self::field::Field;
pub(super) use self::topic::Topic;

//! Where market data comes from: an embedded seeded market, or files replayed.
//!
//! A source gives [`MarketEvent`]s whose `at` never goes back; pace is the caller's business, and
//! so is what a book makes of depth changes. Irregularities of files are counted per file in
//! [`FeedCount`]; a row that makes no sense is a [`MarketError`] that names file, line and reason.

mod error;
mod feed_count;
pub mod synthetic;

pub use self::error::MarketError;
pub use self::feed_count::FeedCount;
pub use self::synthetic::Synthetic;

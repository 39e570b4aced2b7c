//! Files of market data, merged in order of time.
//!
//! **Formats** (known by the first line, gzip or plain): CSV of candles, trades, top of book and depth;
//! recorded KuCoin websocket and REST messages as JSON lines. The module of each states its rules.
//!
//! **Merge**: by instant, then by the order in which the files were given. `at` never goes back: each
//! parser skips and counts rows that do. Instants are the file's own (candles and trades the
//! venue's, top of book, depth and recordings the receiver's): clocks of two files are not aligned.
//!
//! **Instruments**: files of the same symbol share one. Grids: see `observation`, or the recorded
//! symbol list. Prices and sizes off the grid are rounded and counted.
//!
//! **Limits**: a buffer of 128 KiB a file (a line may have 16 MiB); recordings are read twice, first
//! for their symbols. **Failure**: a missing, truncated or foreign file, or a malformed row, is a
//! [`MarketError`]; after one the replay is over.

mod books;
mod candle_rows;
mod depth_rows;
mod fields;
mod format;
mod line_reader;
mod observation;
mod record;
mod recording;
mod rest;
mod roster;
mod session;
mod source;
mod top_rows;
mod trade_rows;

use std::collections::VecDeque;
use std::path::Path;

use self::books::Books;
use self::record::Record;
use self::roster::Gathering;
use self::source::{OpenFile, Source};
use super::error::MarketError;
use super::feed_count::FeedCount;
use crate::domain::instrument::Instrument;
use crate::domain::market_data::MarketEvent;
use crate::domain::time::Timestamp;

/// Place in the merged order: instant, then file.
type Place = (Timestamp, usize);

/// Files being replayed.
#[derive(Debug)]
pub struct Replay {
    instruments: Vec<Instrument>,
    sources: Vec<Source>,
    counts: Vec<FeedCount>,
    books: Books,
    /// Events that a depth message gave, all of one instant.
    ready: VecDeque<MarketEvent>,
    /// The file being read, and the place of the next file's head: until there, it goes on.
    current: usize,
    until: Place,
    ended: bool,
}

impl Replay {
    /// Opens files, tells their formats and finds their instruments; reads their first block, and
    /// recordings once as a whole.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, MarketError> {
        let mut gathering = Gathering::default();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            files.push(OpenFile::open(path.as_ref(), &mut gathering)?);
        }
        let first = paths.first().map_or(Path::new(""), AsRef::as_ref);
        let roster = gathering.roster().map_err(|reason| MarketError::file(first, reason))?;
        let counts = files.iter().map(|file| FeedCount::new(file.name())).collect();
        let sources: Result<Vec<_>, _> =
            files.into_iter().map(|file| file.source(&roster)).collect();
        Ok(Self {
            books: Books::new(roster.instruments.len()),
            instruments: roster.instruments,
            sources: sources?,
            counts,
            ready: VecDeque::new(),
            current: 0,
            until: (Timestamp::from_us(i64::MIN), 0),
            ended: false,
        })
    }

    /// The instruments of all files, in the order of their first mention.
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// What each file held so far, in the order given.
    pub fn counts(&self) -> &[FeedCount] {
        &self.counts
    }

    /// The next event of all files, or `None` after the last.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would invite adapters that drop errors"
    )]
    pub fn next(&mut self) -> Result<Option<MarketEvent>, MarketError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.counts[self.current].events += 1;
                return Ok(Some(event));
            }
            if self.ended || !self.select().inspect_err(|_| self.ended = true)? {
                return Ok(None);
            }
            match self.sources[self.current].take() {
                Some(Record::Event(event)) => {
                    self.counts[self.current].events += 1;
                    return Ok(Some(event));
                }
                Some(Record::Book(at, message)) => {
                    let (counts, ready) = (&mut self.counts, &mut self.ready);
                    self.books.apply(self.current, at, &message, counts, ready);
                }
                None => {}
            }
        }
    }

    /// Makes the file with the earliest record the current one; false where all have ended.
    fn select(&mut self) -> Result<bool, MarketError> {
        if let Some(source) = self.sources.get_mut(self.current)
            && let Some(at) = source.head(&mut self.counts[self.current])?
            && (at, self.current) < self.until
        {
            return Ok(true);
        }
        let (mut first, mut second): (Option<Place>, Option<Place>) = (None, None);
        for (index, source) in self.sources.iter_mut().enumerate() {
            let Some(at) = source.head(&mut self.counts[index])? else { continue };
            let place = (at, index);
            if first.is_none_or(|first| place < first) {
                second = first.replace(place);
            } else if second.is_none_or(|second| place < second) {
                second = Some(place);
            }
        }
        let Some((_, current)) = first else {
            self.ended = true;
            self.books.finish(&mut self.counts);
            return Ok(false);
        };
        self.current = current;
        self.until = second.unwrap_or((Timestamp::from_us(i64::MAX), usize::MAX));
        Ok(true)
    }
}

#[cfg(test)]
mod tests;

//! Synchronises numbered depth updates with full-book snapshots, per instrument.
//!
//! Updates wait in a bounded queue until a snapshot comes; those it contains are dropped, the rest
//! is applied. An update that does not follow the last one is a gap: the book is void (DepthReset)
//! until the next snapshot. Updates that never find a snapshot are counted, not applied.

use std::collections::VecDeque;

use super::record::{BookKind, BookMessage, Level};
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{DepthChange, MarketData, MarketEvent};
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;

/// Updates kept per instrument while there is no snapshot; beyond, the oldest is given up.
const WAITING_MAX: usize = 4_096;

/// An update and the source whose count it belongs to.
type Waiting = (usize, BookMessage);

#[derive(Debug)]
enum Book {
    /// No snapshot yet, or none since a gap.
    Waiting(VecDeque<Waiting>),
    /// In step up to this sequence number.
    Synced(i64),
}

/// The books of all instruments, by [`InstrumentId`].
#[derive(Debug)]
pub(super) struct Level2 {
    books: Vec<Book>,
}

impl Level2 {
    pub(super) fn new(instruments: usize) -> Self {
        Self { books: (0..instruments).map(|_| Book::Waiting(VecDeque::new())).collect() }
    }

    /// Takes a message of the source `source` in; events it allows go to `out`, all of instant `at`.
    pub(super) fn apply(
        &mut self,
        source: usize,
        at: Timestamp,
        message: BookMessage,
        counts: &mut [FeedCount],
        out: &mut VecDeque<MarketEvent>,
    ) {
        let book = &mut self.books[message.instrument.index()];
        match message.kind {
            BookKind::Snapshot { sequence } => {
                say(out, at, message.instrument, MarketData::DepthReset);
                emit(out, at, message.instrument, &message.levels, i64::MIN);
                let waiting = match std::mem::replace(book, Book::Synced(sequence)) {
                    Book::Waiting(waiting) => waiting,
                    Book::Synced(_) => VecDeque::new(),
                };
                for (source, message) in waiting {
                    update(book, (source, message), at, counts, out);
                }
            }
            BookKind::Update { .. } => update(book, (source, message), at, counts, out),
        }
    }

    /// Counts what still waits when the sources have ended.
    pub(super) fn finish(&mut self, counts: &mut [FeedCount]) {
        for book in &mut self.books {
            if let Book::Waiting(waiting) = book {
                for (source, _) in waiting.drain(..) {
                    counts[source].unsynced += 1;
                }
            }
        }
    }
}

fn update(
    book: &mut Book,
    (source, message): Waiting,
    at: Timestamp,
    counts: &mut [FeedCount],
    out: &mut VecDeque<MarketEvent>,
) {
    let BookKind::Update { first, last } = message.kind else { return };
    match book {
        Book::Waiting(waiting) => {
            if waiting.len() == WAITING_MAX
                && let Some((oldest, _)) = waiting.pop_front()
            {
                counts[oldest].unsynced += 1;
            }
            waiting.push_back((source, message));
        }
        Book::Synced(sequence) if last <= *sequence => counts[source].duplicates += 1,
        Book::Synced(sequence) if first > *sequence + 1 => {
            counts[source].gaps += 1;
            say(out, at, message.instrument, MarketData::DepthReset);
            *book = Book::Waiting(VecDeque::from([(source, message)]));
        }
        Book::Synced(sequence) => {
            emit(out, at, message.instrument, &message.levels, *sequence);
            *sequence = last;
        }
    }
}

/// The levels whose own sequence is above `after`.
fn emit(
    out: &mut VecDeque<MarketEvent>,
    at: Timestamp,
    id: InstrumentId,
    levels: &[Level],
    after: i64,
) {
    for level in levels.iter().filter(|level| level.sequence > after) {
        let Level { side, price, size, .. } = *level;
        say(out, at, id, MarketData::Depth(DepthChange { side, price, size }));
    }
}

fn say(out: &mut VecDeque<MarketEvent>, at: Timestamp, instrument: InstrumentId, data: MarketData) {
    out.push_back(MarketEvent { at, instrument, data });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::{Lots, Ticks};
    use crate::domain::side::Side;

    fn message(kind: BookKind, sequences: &[i64]) -> BookMessage {
        let level = |&sequence: &i64| Level {
            side: Side::Buy,
            price: Ticks::new(sequence),
            size: Lots::new(1),
            sequence,
        };
        BookMessage {
            instrument: InstrumentId(0),
            kind,
            levels: sequences.iter().map(level).collect(),
        }
    }

    /// Applies messages and gives the prices emitted, 0 for a reset.
    fn play(messages: Vec<BookMessage>) -> (Vec<i64>, FeedCount) {
        let mut counts = [FeedCount::default()];
        let mut out = VecDeque::new();
        let mut level2 = Level2::new(1);
        for message in messages {
            level2.apply(0, Timestamp::from_us(1), message, &mut counts, &mut out);
        }
        level2.finish(&mut counts);
        let prices = out.iter().map(|event| match event.data {
            MarketData::Depth(change) => change.price.get(),
            MarketData::DepthReset
            | MarketData::Quote(_)
            | MarketData::Trade(_)
            | MarketData::Candle(_) => 0,
        });
        (prices.collect(), counts[0].clone())
    }

    fn change(first: i64, last: i64) -> BookMessage {
        message(BookKind::Update { first, last }, &(first..=last).collect::<Vec<_>>())
    }

    fn snapshot(sequence: i64) -> BookMessage {
        message(BookKind::Snapshot { sequence }, &[sequence])
    }

    #[test]
    fn a_snapshot_drops_what_it_contains_and_lets_the_rest_follow() {
        let (prices, count) =
            play(vec![change(8, 9), change(10, 12), change(13, 13), snapshot(11), change(14, 15)]);
        assert_eq!(prices, [0, 11, 12, 13, 14, 15]);
        assert_eq!((count.duplicates, count.gaps, count.unsynced), (1, 0, 0));
    }

    #[test]
    fn without_a_snapshot_nothing_is_applied() {
        let (prices, count) = play(vec![change(1, 1), change(2, 2)]);
        assert_eq!((prices, count.unsynced), (vec![], 2));
    }

    #[test]
    fn a_gap_voids_the_book_until_the_next_snapshot() {
        let (prices, count) =
            play(vec![snapshot(5), change(7, 7), change(8, 8), snapshot(7), change(9, 9)]);
        assert_eq!(prices, [0, 5, 0, 0, 7, 8, 9]);
        assert_eq!((count.gaps, count.duplicates, count.unsynced), (1, 1, 0));
        // A snapshot older than what waits is of no use.
        let (prices, count) = play(vec![change(9, 9), snapshot(5)]);
        assert_eq!((prices, count.gaps, count.unsynced), (vec![0, 5, 0], 1, 1));
    }
}

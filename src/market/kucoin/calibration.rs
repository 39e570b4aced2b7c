//! Keeps a numbered book in step with the venue's: the one place where continuity is judged.
//!
//! Changes wait in a bounded queue until a book comes; those it contains are dropped and the rest is
//! applied. A push must begin at or before the number after the last and end behind it; one that
//! begins later is a gap, and the book is void until another comes. Within a push, changes carry
//! their own numbers: those the book contains already are passed over. The numbers of changes need
//! not be contiguous, those of pushes must.

use std::collections::VecDeque;

use super::level::{Level, Update};
use crate::domain::market_data::MarketData;

/// Pushes kept while there is no book; beyond, the oldest is given up.
const PUSHES_WAITING_MAX: usize = 4_096;
/// Levels of those pushes kept; beyond, the oldest push is given up.
const LEVELS_WAITING_MAX: usize = 65_536;

/// What became of a push.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// The book has it.
    Applied,
    /// It waits for a book.
    Waiting,
    /// The book, or a push that waits, contains it already.
    Duplicate,
    /// Pushes before it are missing: the book is void, and it waits for another.
    Gap,
    /// No book ever met it.
    Unsynced,
}

/// What a book is worth to a calibration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// Taken; pushes that waited have been applied.
    Taken,
    /// The calibration is in step, and the book is not newer.
    NotNeeded,
    /// Pushes between it and those that wait are missing: another must be taken.
    TooOld,
}

/// Where a calibration says what it does.
pub trait Sink {
    /// The book changes.
    fn say(&mut self, data: MarketData);

    /// A push that waited met its end, or one was given up; `source` is who brought it.
    fn note(&mut self, source: usize, fate: Fate);
}

/// A push that waits, its levels apart.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    source: usize,
    first: i64,
    last: i64,
    levels: usize,
}

/// One book's place in the venue's numbering.
#[derive(Debug, Default)]
pub struct Calibration {
    /// In step up to this number; `None` without a book.
    synced: Option<i64>,
    /// Pushes without a gap between them.
    waiting: VecDeque<Waiting>,
    levels: VecDeque<Level>,
}

impl Calibration {
    /// The number of the last change applied; `None` without a book.
    pub fn sequence(&self) -> Option<i64> {
        self.synced
    }

    /// Takes a push of `source` in and tells what became of it.
    pub fn update(&mut self, source: usize, update: Update<'_>, sink: &mut impl Sink) -> Fate {
        let Some(sequence) = self.synced else { return self.wait(source, update, sink) };
        if update.last <= sequence {
            return Fate::Duplicate;
        }
        if update.first > sequence + 1 {
            self.synced = None;
            sink.say(MarketData::DepthReset);
            self.wait(source, update, sink);
            return Fate::Gap;
        }
        tell(update.levels, sequence, sink);
        self.synced = Some(update.last);
        Fate::Applied
    }

    /// Takes a book in, as of the number `sequence`.
    pub fn snapshot(&mut self, sequence: i64, levels: &[Level], sink: &mut impl Sink) -> Judgement {
        if self.synced.is_some_and(|synced| sequence <= synced) {
            return Judgement::NotNeeded;
        }
        let kept = self.waiting.iter().find(|waiting| waiting.last > sequence);
        if kept.is_some_and(|kept| kept.first > sequence + 1) {
            return Judgement::TooOld;
        }
        sink.say(MarketData::DepthReset);
        tell(levels, i64::MIN, sink);
        let mut synced = sequence;
        while let Some(waiting) = self.waiting.pop_front() {
            let late = waiting.last <= synced;
            for level in self.levels.drain(..waiting.levels) {
                if !late && level.sequence > synced {
                    sink.say(MarketData::Depth(level.change()));
                }
            }
            sink.note(waiting.source, if late { Fate::Duplicate } else { Fate::Applied });
            synced = synced.max(waiting.last);
        }
        self.synced = Some(synced);
        Judgement::Taken
    }

    /// Forgets the book and all that waits: a new connection, or the end.
    pub fn restart(&mut self, sink: &mut impl Sink) {
        self.synced = None;
        while self.give_up(sink) {}
    }

    fn wait(&mut self, source: usize, update: Update<'_>, sink: &mut impl Sink) -> Fate {
        let mut fate = Fate::Waiting;
        if let Some(last) = self.waiting.back() {
            if update.last <= last.last {
                return Fate::Duplicate;
            }
            if update.first > last.last + 1 {
                // No book can need what is before a gap and not need what is in it.
                while self.give_up(sink) {}
                fate = Fate::Gap;
            }
        }
        let Update { first, last, levels } = update;
        while self.waiting.len() >= PUSHES_WAITING_MAX
            || (self.levels.len() + levels.len() > LEVELS_WAITING_MAX && !self.waiting.is_empty())
        {
            self.give_up(sink);
        }
        self.waiting.push_back(Waiting { source, first, last, levels: levels.len() });
        self.levels.extend(levels);
        fate
    }

    /// Gives the oldest push up; false where none waits.
    fn give_up(&mut self, sink: &mut impl Sink) -> bool {
        let Some(oldest) = self.waiting.pop_front() else { return false };
        self.levels.drain(..oldest.levels);
        sink.note(oldest.source, Fate::Unsynced);
        true
    }
}

/// The levels whose own number is above `after`.
fn tell(levels: &[Level], after: i64, sink: &mut impl Sink) {
    for level in levels.iter().filter(|level| level.sequence > after) {
        sink.say(MarketData::Depth(level.change()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instrument::{Lots, Ticks};
    use crate::domain::side::Side;

    use proptest::prelude::*;

    /// Prices told, 0 for a reset, and what was noted.
    #[derive(Default)]
    struct Told {
        prices: Vec<i64>,
        noted: Vec<Fate>,
    }

    impl Sink for Told {
        fn say(&mut self, data: MarketData) {
            self.prices.push(match data {
                MarketData::Depth(change) => change.price.get(),
                MarketData::DepthReset => 0,
                MarketData::Quote(_) | MarketData::Trade(_) | MarketData::Candle(_) => -1,
            });
        }

        fn note(&mut self, _: usize, fate: Fate) {
            self.noted.push(fate);
        }
    }

    fn level(sequence: i64) -> Level {
        let (price, size) = (Ticks::new(sequence), Lots::new(1));
        Level { side: Side::Buy, price, size, sequence }
    }

    /// A change for each number from `first` to `last`, priced by it.
    fn change(book: &mut Calibration, first: i64, last: i64, told: &mut Told) -> Fate {
        let levels: Vec<_> = (first..=last).map(level).collect();
        book.update(0, Update { first, last, levels: &levels }, told)
    }

    fn snapshot(book: &mut Calibration, sequence: i64, told: &mut Told) -> Judgement {
        book.snapshot(sequence, &[level(sequence)], told)
    }

    #[test]
    fn a_book_drops_what_it_contains_and_lets_the_rest_follow() {
        let (mut book, mut told) = (Calibration::default(), Told::default());
        for (first, last) in [(8, 9), (10, 12), (13, 13)] {
            assert_eq!(change(&mut book, first, last, &mut told), Fate::Waiting);
        }
        assert_eq!(change(&mut book, 12, 13, &mut told), Fate::Duplicate);
        assert_eq!(snapshot(&mut book, 11, &mut told), Judgement::Taken);
        assert_eq!(change(&mut book, 14, 15, &mut told), Fate::Applied);
        // Late, and one that begins in the book and ends behind it.
        assert_eq!(change(&mut book, 9, 15, &mut told), Fate::Duplicate);
        assert_eq!(change(&mut book, 9, 16, &mut told), Fate::Applied);
        assert_eq!(told.prices, [0, 11, 12, 13, 14, 15, 16]);
        assert_eq!(told.noted, [Fate::Duplicate, Fate::Applied, Fate::Applied]);
        assert_eq!(book.sequence(), Some(16));
        assert_eq!(snapshot(&mut book, 16, &mut told), Judgement::NotNeeded);
    }

    #[test]
    fn without_a_book_nothing_is_applied() {
        let (mut book, mut told) = (Calibration::default(), Told::default());
        change(&mut book, 1, 1, &mut told);
        change(&mut book, 2, 2, &mut told);
        book.restart(&mut told);
        assert_eq!((told.prices, told.noted), (vec![], vec![Fate::Unsynced; 2]));
    }

    #[test]
    fn a_gap_voids_the_book_until_another_comes() {
        let (mut book, mut told) = (Calibration::default(), Told::default());
        snapshot(&mut book, 5, &mut told);
        assert_eq!(change(&mut book, 7, 7, &mut told), Fate::Gap);
        assert_eq!(change(&mut book, 8, 8, &mut told), Fate::Waiting);
        assert_eq!(snapshot(&mut book, 5, &mut told), Judgement::TooOld);
        assert_eq!(snapshot(&mut book, 7, &mut told), Judgement::Taken);
        assert_eq!(change(&mut book, 9, 9, &mut told), Fate::Applied);
        assert_eq!(told.prices, [0, 5, 0, 0, 7, 8, 9]);
        assert_eq!(told.noted, [Fate::Duplicate, Fate::Applied]);
    }

    #[test]
    fn what_waits_has_no_gap_and_a_bound() {
        let (mut book, mut told) = (Calibration::default(), Told::default());
        change(&mut book, 1, 2, &mut told);
        assert_eq!(change(&mut book, 4, 4, &mut told), Fate::Gap);
        assert_eq!(told.noted, [Fate::Unsynced]);
        assert_eq!(snapshot(&mut book, 2, &mut told), Judgement::TooOld);
        for number in 5..=5 + PUSHES_WAITING_MAX as i64 {
            change(&mut book, number, number, &mut told);
        }
        assert_eq!((told.noted.len(), book.waiting.len()), (3, PUSHES_WAITING_MAX));
        let many: Vec<_> = (0..LEVELS_WAITING_MAX as i64).map(level).collect();
        let update = Update { first: 5_000, last: 5_000, levels: &many };
        book.update(0, update, &mut told);
        let update = Update { first: 5_001, last: 5_001, levels: &many };
        book.update(0, update, &mut told);
        assert_eq!((book.waiting.len(), book.levels.len()), (1, LEVELS_WAITING_MAX));
    }

    proptest! {
        /// Whatever is lost, repeated or late, and whenever a book comes: what is told is either
        /// void or exactly the venue's book.
        #[test]
        fn the_book_told_is_the_venues_or_void(
            script in prop::collection::vec((0u8..10, 1i64..4, 1i64..9, 0i64..4), 1..120),
        ) {
            let (mut venue, mut number) = (std::collections::BTreeMap::new(), 100i64);
            let mut history: Vec<(i64, i64, Vec<Level>)> = Vec::new();
            let (mut book, mut shown) = (Calibration::default(), crate::market::kucoin::Book::default());
            struct Shown<'b>(&'b mut crate::market::kucoin::Book);
            impl Sink for Shown<'_> {
                fn say(&mut self, data: MarketData) {
                    self.0.apply(&data);
                }
                fn note(&mut self, _: usize, _: Fate) {}
            }
            let mut snapshots = VecDeque::new();
            for (what, width, price, size) in script {
                let (first, last) = (number + 1, number + width);
                let level = Level {
                    side: Side::Buy, price: Ticks::new(price), size: Lots::new(size), sequence: last,
                };
                let mut sink = Shown(&mut shown);
                match what {
                    // The venue changes; the push is lost (0), repeated (1) or comes.
                    0..=5 => {
                        number = last;
                        venue.insert(price, size);
                        venue.retain(|_, size| *size > 0);
                        history.push((first, last, vec![level]));
                        for _ in 0..[0, 2, 1, 1, 1, 1][usize::from(what)] {
                            book.update(0, Update { first, last, levels: &[level] }, &mut sink);
                        }
                    }
                    // An old push comes late.
                    6 | 7 => if let Some((first, last, levels)) = history.iter().rev().nth(size as usize) {
                        book.update(0, Update { first: *first, last: *last, levels }, &mut sink);
                    },
                    // A book is taken ...
                    8 => snapshots.push_back((number, venue.clone())),
                    // ... and arrives.
                    _ => if let Some((sequence, levels)) = snapshots.pop_front() {
                        let levels: Vec<_> = levels.iter().map(|(price, size)| Level {
                            side: Side::Buy, price: Ticks::new(*price), size: Lots::new(*size), sequence,
                        }).collect();
                        book.snapshot(sequence, &levels, &mut sink);
                    },
                }
                if book.sequence() == Some(number) {
                    let shown: Vec<_> = shown.levels(Side::Buy)
                        .map(|level| (level.price.get(), level.size.get())).collect();
                    let real: Vec<_> = venue.iter().rev().map(|(price, size)| (*price, *size)).collect();
                    prop_assert_eq!(shown, real);
                }
                if book.sequence().is_none() {
                    prop_assert!(shown.is_empty());
                }
            }
        }
    }
}

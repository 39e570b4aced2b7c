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

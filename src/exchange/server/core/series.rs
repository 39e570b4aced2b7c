//! Candles of one pair and length: those of the trades seen, and before them what the market's own
//! history says.

use std::collections::VecDeque;

use crate::domain::instrument::Instrument;
use crate::exchange::kucoin::protocol::candle::{CANDLES_MAX, CandleType};

use super::bar::{Bar, next_start, start_of};
use super::past::Past;
use super::tape::Print;

/// Bars of history in memory from which on no more are remembered; one query may go beyond it by as
/// many as it answers.
const HISTORY_KEPT: usize = CANDLES_MAX;

/// The candles of one length.
#[derive(Debug)]
pub(super) struct Series {
    length: CandleType,
    /// Bars of the trades seen, oldest first; the last one forms. At most [`CANDLES_MAX`].
    live: VecDeque<Bar>,
    /// Where the last live bar's interval ends.
    until_s: i64,
    /// When the first trade could be seen.
    since_s: i64,
    /// Bars of the history before that, oldest first, without a gap from `older_from_s` on.
    older: VecDeque<Bar>,
    older_from_s: i64,
    /// The first interval's earlier part was added to it.
    is_whole: bool,
}

impl Series {
    /// A series that sees trades from `since_s` on.
    pub(super) fn new(length: CandleType, since_s: i64) -> Self {
        let first = start_of(length, since_s);
        let (live, older) = (VecDeque::new(), VecDeque::new());
        let until_s = i64::MIN;
        Self { length, live, until_s, since_s, older, older_from_s: first, is_whole: false }
    }

    /// Its length.
    pub(super) fn length(&self) -> CandleType {
        self.length
    }

    /// Takes a trade in.
    pub(super) fn update(&mut self, print: &Print, instrument: &Instrument) {
        let at_s = print.at.us().div_euclid(1_000_000);
        if at_s < self.until_s
            && let Some(last) = self.live.back_mut()
        {
            last.extend(&Bar::of(last.start_s, print, instrument));
            return;
        }
        let start_s = start_of(self.length, at_s);
        self.until_s = next_start(self.length, start_s);
        if self.live.len() >= CANDLES_MAX {
            self.live.pop_front();
        }
        self.live.push_back(Bar::of(start_s, print, instrument));
    }

    /// The bar that forms, if any trade is in it.
    pub(super) fn forming(&mut self, past: Past<'_>) -> Option<Bar> {
        self.complete(past);
        self.live.back().copied()
    }

    /// At most `limit` bars that start in `from_s..to_s`, newest first.
    pub(super) fn bars(
        &mut self,
        past: Past<'_>,
        from_s: i64,
        to_s: i64,
        limit: usize,
    ) -> Vec<Bar> {
        self.complete(past);
        let asked = from_s..to_s;
        let within = |bar: &&Bar| asked.contains(&bar.start_s);
        let mut found: Vec<Bar> =
            self.live.iter().rev().filter(within).take(limit).copied().collect();
        let wanted = limit - found.len();
        let first_live = start_of(self.length, self.since_s);
        if wanted == 0 || from_s >= first_live {
            return found;
        }
        let to_s = start_of(self.length, to_s.min(first_live));
        let from_s = start_of(self.length, from_s.max(self.earliest(to_s, wanted)));
        if from_s >= self.earliest(self.older_from_s, CANDLES_MAX) {
            self.remember(past, from_s);
        }
        found.extend(self.older.iter().rev().filter(within).take(wanted));
        if from_s < self.older_from_s {
            let distant = past.bars(self.length, from_s, to_s.min(self.older_from_s));
            found.extend(distant.into_iter().rev());
            found.truncate(limit);
        }
        found
    }

    /// Extends the remembered history back to `from_s`, within its bound.
    fn remember(&mut self, past: Past<'_>, from_s: i64) {
        if from_s >= self.older_from_s || self.older.len() >= HISTORY_KEPT {
            return;
        }
        let bars = past.bars(self.length, from_s, self.older_from_s);
        for bar in bars.into_iter().rev() {
            self.older.push_front(bar);
        }
        self.older_from_s = from_s;
    }

    /// The start of the earliest of `count` intervals before `to_s`; months are taken for 31 days.
    fn earliest(&self, to_s: i64, count: usize) -> i64 {
        let seconds = self.length.seconds().unwrap_or(31 * 86_400);
        to_s.saturating_sub(seconds.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    /// Adds to the first interval what was printed in it before anything was seen.
    fn complete(&mut self, past: Past<'_>) {
        if std::mem::replace(&mut self.is_whole, true) {
            return;
        }
        let start_s = start_of(self.length, self.since_s);
        let Some(mut bar) = past.bar(start_s, self.since_s) else { return };
        let first = self.live.front_mut().filter(|first| first.start_s == start_s);
        if let Some(first) = first {
            bar.extend(first);
            *first = bar;
        } else if self.live.len() < CANDLES_MAX {
            self.live.push_front(bar);
            if self.live.len() == 1 {
                self.until_s = next_start(self.length, start_s);
            }
        }
    }
}

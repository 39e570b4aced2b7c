//! The numbered books of all recordings, each kept in step by its calibration.
//!
//! Books and changes of one instrument may come from several files; what becomes of a change is
//! counted for the file that held it. Changes that never find a book are counted, not applied.

use std::collections::VecDeque;

use super::record::{BookKind, BookMessage};
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::{MarketData, MarketEvent};
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;
use crate::market::kucoin::{Calibration, Fate, Judgement, Sink, Update};

/// The calibrations of all instruments, by [`InstrumentId`].
#[derive(Debug)]
pub(super) struct Books {
    calibrations: Vec<Calibration>,
}

/// Events go out under an instant and an instrument, fates into the counts.
struct Told<'t> {
    at: Timestamp,
    instrument: InstrumentId,
    counts: &'t mut [FeedCount],
    out: &'t mut VecDeque<MarketEvent>,
}

impl Sink for Told<'_> {
    fn say(&mut self, data: MarketData) {
        self.out.push_back(MarketEvent { at: self.at, instrument: self.instrument, data });
    }

    fn note(&mut self, source: usize, fate: Fate) {
        let Some(count) = self.counts.get_mut(source) else { return };
        match fate {
            Fate::Duplicate => count.duplicates += 1,
            Fate::Gap => count.gaps += 1,
            Fate::Unsynced => count.unsynced += 1,
            Fate::Applied | Fate::Waiting => {}
        }
    }
}

impl Books {
    pub(super) fn new(instruments: usize) -> Self {
        Self { calibrations: (0..instruments).map(|_| Calibration::default()).collect() }
    }

    /// Takes a message of the file `source` in; events it allows go to `out`, all of instant `at`.
    pub(super) fn apply(
        &mut self,
        source: usize,
        at: Timestamp,
        message: &BookMessage,
        counts: &mut [FeedCount],
        out: &mut VecDeque<MarketEvent>,
    ) {
        let instrument = message.instrument;
        let Some(calibration) = self.calibrations.get_mut(instrument.index()) else { return };
        let mut told = Told { at, instrument, counts, out };
        let fate = match message.kind {
            BookKind::Snapshot { sequence } => {
                match calibration.snapshot(sequence, &message.levels, &mut told) {
                    Judgement::Taken => Fate::Applied,
                    Judgement::NotNeeded => Fate::Duplicate,
                    Judgement::TooOld => Fate::Gap,
                }
            }
            BookKind::Update { first, last } => {
                let update = Update { first, last, levels: &message.levels };
                calibration.update(source, update, &mut told)
            }
        };
        told.note(source, fate);
    }

    /// Counts what still waits when the files have ended.
    pub(super) fn finish(&mut self, counts: &mut [FeedCount]) {
        let (at, instrument, mut out) = (Timestamp::default(), InstrumentId(0), VecDeque::new());
        let mut told = Told { at, instrument, counts, out: &mut out };
        self.calibrations.iter_mut().for_each(|calibration| calibration.restart(&mut told));
    }
}

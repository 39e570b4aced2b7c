//! Decodes public pushes into words on the instruments' grids.
//!
//! Level-2 frames are read in one pass by `level2_frame`; all others, and any it finds unusual, by
//! their shapes. Frames that are no push, topics that ibis does not read and unknown symbols are
//! nothing; a push that makes no sense is an error that says why.

use std::collections::BTreeMap;

use super::level::{Collector, Level, Update};
use super::level2_frame::{Level2Frame, Row, scan};
use super::push::{Interval, Place, Push, Word};
use super::shape::{Depth, Head, Level2, Snapshot, parse};
use super::topic::{Topic, TopicKind};
use super::words;
use crate::domain::identifier::InstrumentId;
use crate::domain::side::Side;
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// A decoder for a set of instruments.
#[derive(Debug)]
pub struct Decoder {
    lanes: BTreeMap<String, Lane>,
    levels: Vec<Level>,
}

impl Decoder {
    /// A decoder that knows these symbols.
    pub fn new(lanes: BTreeMap<String, Lane>) -> Self {
        Self { lanes, levels: Vec::new() }
    }

    /// The instrument of a symbol, as decoders need it.
    pub fn lane(&self, symbol: &str) -> Option<Lane> {
        self.lanes.get(symbol).copied()
    }

    /// What a frame's text says; `None` where it is no public push about a known instrument.
    pub fn decode(&mut self, frame: &str) -> Result<Option<Push<'_>>, Reason> {
        if let Some(scanned) = scan(frame)
            && let Some(lane) = self.lane(scanned.symbol)
            && let Some(off_grid) = self.collect(&scanned, lane)
        {
            return Ok(Some(self.update(lane, (scanned.first, scanned.last), off_grid)));
        }
        self.decode_any(frame)
    }

    /// About which instrument a push is that makes no sense, where it says so much.
    pub fn about(&self, frame: &str) -> Option<InstrumentId> {
        let head: Head<'_> = parse(frame).ok()?;
        let topic = head.topic.as_deref().and_then(Topic::parse)?;
        topic.symbol(head.subject.as_deref()).and_then(|symbol| self.lane(symbol)).map(|it| it.id)
    }

    /// As [`Decoder::decode`], whatever the spelling.
    fn decode_any(&mut self, frame: &str) -> Result<Option<Push<'_>>, Reason> {
        let head: Head<'_> = parse(frame)?;
        let Some(topic) = head.topic.as_deref().and_then(Topic::parse) else { return Ok(None) };
        let data = head.data.ok_or("a push without data")?.get();
        if topic.kind == TopicKind::Snapshot {
            let snapshot: Snapshot<'_> = parse(data)?;
            let Some(lane) = self.lane(&snapshot.data.symbol) else { return Ok(None) };
            let mut off_grid = false;
            let word = words::snapshot(&snapshot, &lane, &mut off_grid)?;
            return Ok(Some(Push { instrument: lane.id, off_grid, word }));
        }
        let symbol = topic.symbol(head.subject.as_deref());
        let Some(lane) = symbol.and_then(|symbol| self.lane(symbol)) else { return Ok(None) };
        let mut off_grid = false;
        let word = match topic.kind {
            TopicKind::Ticker => words::ticker(&parse(data)?, &lane, &mut off_grid)?,
            TopicKind::Level1 => words::level1(&parse(data)?, &lane, &mut off_grid)?,
            TopicKind::Match => {
                let (sequence, trade) = words::trade(&parse(data)?, &lane, &mut off_grid)?;
                Word::Match(sequence, trade)
            }
            TopicKind::Candles => {
                let interval = Interval::new(topic.interval());
                let interval = interval.map_err(|error| format!("a candle's interval {error}"))?;
                Word::Candle(interval, words::candle(&parse(data)?, &lane, &mut off_grid)?)
            }
            TopicKind::Depth5 | TopicKind::Depth50 => return self.best(lane, &parse(data)?),
            TopicKind::Level2 => return self.level2(lane, &parse(data)?),
            TopicKind::Snapshot => return Ok(None),
        };
        Ok(Some(Push { instrument: lane.id, off_grid, word }))
    }

    fn best(&mut self, lane: Lane, depth: &Depth<'_>) -> Result<Option<Push<'_>>, Reason> {
        let mut collector = Collector::new(lane, 0, &mut self.levels);
        collector.rows(Side::Sell, &depth.asks)?;
        collector.rows(Side::Buy, &depth.bids)?;
        let off_grid = collector.off_grid;
        let place = Place { sequence: None, time_ms: depth.timestamp };
        let word = Word::Best(place, &self.levels);
        Ok(Some(Push { instrument: lane.id, off_grid, word }))
    }

    fn level2(&mut self, lane: Lane, update: &Level2<'_>) -> Result<Option<Push<'_>>, Reason> {
        let numbers = (update.sequence_start.0, update.sequence_end.0);
        let mut collector = Collector::new(lane, numbers.0.max(numbers.1), &mut self.levels);
        collector.rows(Side::Sell, &update.changes.asks)?;
        collector.rows(Side::Buy, &update.changes.bids)?;
        let off_grid = collector.off_grid;
        Ok(Some(self.update(lane, numbers, off_grid)))
    }

    /// Collects a scanned frame's levels and tells whether any was off the grid; `None` where there is
    /// anything about them that the general decoder should judge.
    fn collect(&mut self, frame: &Level2Frame<'_>, lane: Lane) -> Option<bool> {
        let last = frame.first.max(frame.last);
        let mut collector = Collector::new(lane, last, &mut self.levels);
        for (side, mut rows) in [(Side::Sell, frame.asks), (Side::Buy, frame.bids)] {
            loop {
                match rows.next() {
                    Row::Level([price, size, own]) => {
                        collector.level(side, price, size, Some(own)).ok()?;
                    }
                    Row::End => break,
                    Row::Unusual => return None,
                }
            }
        }
        Some(collector.off_grid)
    }

    fn update(&self, lane: Lane, (start, end): (i64, i64), off_grid: bool) -> Push<'_> {
        // The venue's documentation prints the two swapped in places.
        let (first, last) = (start.min(end), start.max(end));
        let word = Word::Update(Update { first, last, levels: &self.levels });
        Push { instrument: lane.id, off_grid, word }
    }
}

#[cfg(test)]
mod tests;

//! A recorded KuCoin websocket session: every public push that the live feed reads, read alike.
//!
//! Instants are those of reception. Numbered changes wait for a book (see `books`).

use std::collections::BTreeMap;

use super::observation::Observation;
use super::record::{BookKind, BookMessage, Pending, Record, say};
use super::recording::{Line, line, received_at, text};
use super::roster::Gathering;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::market::feed_count::FeedCount;
use crate::market::kucoin::shape::{Candles, Depth, Head, Level1, Level2, Match, Ticker, parse};
use crate::market::kucoin::shape::{Snapshot, SnapshotData};
use crate::market::kucoin::{Decoder, Stream, Topic, TopicKind, Word};
use crate::market::lane::Lane;
use crate::market::number::Reason;

/// What a session's first message, and that of each connection after, carries.
const WELCOME: &str = "\"welcome\"";

/// The parser's place in the recording.
#[derive(Debug)]
pub(super) struct Session {
    decoder: Decoder,
    stream: Stream,
    last: Timestamp,
}

impl Session {
    pub(super) fn new(lanes: BTreeMap<String, Lane>) -> Self {
        let stream = Stream::new(lanes.len());
        Self { decoder: Decoder::new(lanes), stream, last: Timestamp::from_us(i64::MIN) }
    }

    /// Takes a message in, gives what it says out.
    pub(super) fn row(
        &mut self,
        row: &[u8],
        count: &mut FeedCount,
        out: &mut Pending,
    ) -> Result<(), Reason> {
        let row = text(row)?;
        let at = received_at(row)?;
        let frame = line::<Line<'_>>(row)?.msg.get();
        let Some(push) = self.decoder.decode(frame)? else {
            if frame.contains(WELCOME) {
                self.stream.restart();
            }
            count.ignored += 1;
            return Ok(());
        };
        if at < self.last {
            count.time_backwards += 1;
            return Ok(());
        }
        self.last = at;
        let instrument = push.instrument;
        self.stream.take(&push, count, |data| say(out, at, instrument, data));
        if let Word::Update(update) = push.word {
            let kind = BookKind::Update { first: update.first, last: update.last };
            let message = BookMessage { instrument, kind, levels: update.levels.to_vec() };
            out.push_back(Record::Book(at, Box::new(message)));
        }
        Ok(())
    }
}

/// Learns a message's symbol, and its numbers where no symbol list gives the grid.
pub(super) fn gather(row: &[u8], gathering: &mut Gathering) -> Result<(), Reason> {
    let head: Head<'_> = parse(line::<Line<'_>>(text(row)?)?.msg.get())?;
    let Some(topic) = head.topic.as_deref().and_then(Topic::parse) else { return Ok(()) };
    let data = head.data.ok_or("a push without data")?.get();
    if topic.kind == TopicKind::Snapshot {
        let snapshot = parse::<Snapshot<'_>>(data)?.data;
        if let Some(seen) = unknown(&snapshot.symbol, gathering)? {
            snapshot_numbers(&snapshot, seen);
        }
        return Ok(());
    }
    let Some(symbol) = topic.symbol(head.subject.as_deref()) else { return Ok(()) };
    match unknown(symbol, gathering)? {
        None => Ok(()),
        Some(seen) => numbers(topic.kind, data, seen),
    }
}

/// The observation of a symbol that there is something to learn about.
fn unknown<'g>(
    symbol: &str,
    gathering: &'g mut Gathering,
) -> Result<Option<&'g mut Observation>, Reason> {
    if gathering.knows(symbol) {
        return Ok(None);
    }
    let symbol = Symbol::new(symbol).map_err(|error| format!("symbol {error}"))?;
    Ok(Some(gathering.seen(symbol)))
}

fn numbers(kind: TopicKind, data: &str, seen: &mut Observation) -> Result<(), Reason> {
    match kind {
        TopicKind::Ticker => {
            let ticker: Ticker<'_> = parse(data)?;
            let (prices, sizes) = (
                [&ticker.best_bid, &ticker.best_ask],
                [&ticker.best_bid_size, &ticker.best_ask_size],
            );
            prices.into_iter().flatten().for_each(|text| seen.price(text));
            sizes.into_iter().flatten().for_each(|text| seen.size(text));
        }
        TopicKind::Level1 => {
            let top: Level1<'_> = parse(data)?;
            seen.levels([&top.asks, &top.bids]);
        }
        TopicKind::Depth5 | TopicKind::Depth50 => {
            let depth: Depth<'_> = parse(data)?;
            seen.levels(depth.bids.iter().chain(&depth.asks));
        }
        TopicKind::Level2 => {
            let changes = parse::<Level2<'_>>(data)?.changes;
            seen.levels(changes.bids.iter().chain(&changes.asks));
        }
        TopicKind::Match => {
            let print: Match<'_> = parse(data)?;
            seen.price(&print.price);
            seen.size(&print.size);
        }
        TopicKind::Candles => {
            let candles = parse::<Candles<'_>>(data)?.candles;
            candles.iter().skip(1).take(4).for_each(|text| seen.price(text));
            candles.get(5).into_iter().for_each(|text| seen.size(text));
        }
        TopicKind::Snapshot => {}
    }
    Ok(())
}

fn snapshot_numbers(snapshot: &SnapshotData<'_>, seen: &mut Observation) {
    [snapshot.buy, snapshot.sell].into_iter().flatten().for_each(|text| seen.price(text.get()));
    let sizes = [snapshot.bid_size, snapshot.ask_size];
    sizes.into_iter().flatten().for_each(|text| seen.size(text.get()));
}

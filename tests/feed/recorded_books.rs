//! A recorded session against itself: books rebuilt from changes are what the venue says elsewhere.
//!
//! Each pair has one book from REST, so the changes that it contains (received before it, or overtaken
//! by it) are held against it, and the book that follows against every ticker that carries its number:
//! a ticker's best bid and ask are an independent word of the venue's on the same book.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ibis::domain::instrument::{Instrument, Lots, Ticks};
use ibis::domain::market_data::MarketData;
use ibis::market::Replay;
use ibis::market::kucoin::{Book, Calibration, Fate, Judgement, Level, Sink, Snapshot, Word};
use serde_json::Value;

use super::{decoder, lanes};
use crate::support::shared_data;

#[derive(Default)]
struct Desk {
    calibration: Calibration,
    shown: Shown,
    fetched: Option<Snapshot>,
    /// Every level that a change named.
    changed: Vec<Level>,
}

impl Desk {
    /// Holds the fetched book against the last of the changes that it contains; how many levels.
    fn hold(&self) -> usize {
        let book = self.fetched.as_ref().unwrap();
        let contained = self.changed.iter().filter(|level| level.sequence <= book.sequence);
        let last: BTreeMap<(&str, Ticks), Lots> =
            contained.map(|level| ((level.side.as_str(), level.price), level.size)).collect();
        for ((side, price), size) in &last {
            let same = |level: &&Level| (level.side.as_str(), level.price) == (*side, *price);
            let found = book.levels.iter().find(same).map_or(Lots::ZERO, |level| level.size);
            assert_eq!(found, *size, "{side} {price:?}");
        }
        last.len()
    }
}

#[derive(Default)]
struct Shown {
    book: Book,
    duplicates: u64,
}

impl Sink for Shown {
    fn say(&mut self, data: MarketData) {
        self.book.apply(&data);
    }

    fn note(&mut self, _: usize, fate: Fate) {
        assert_ne!(fate, Fate::Unsynced);
        self.duplicates += u64::from(fate == Fate::Duplicate);
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The session's lines and answers in the order they were received.
fn session(market: &Path) -> (Vec<Instrument>, Vec<Value>) {
    let rest = market.join("kucoin_rest_20210425.jsonl.gz");
    let instruments = Replay::open(&[&rest]).unwrap().instruments().to_vec();
    let mut all = lines(&rest);
    all.extend(lines(&market.join("kucoin_ws_20210425.jsonl.gz")));
    all.sort_by(|one, other| {
        one["recv"].as_f64().unwrap().total_cmp(&other["recv"].as_f64().unwrap())
    });
    (instruments, all)
}

#[test]
fn rebuilt_books_are_the_venues_wherever_it_says_so() {
    let Some(data) = shared_data() else { return };
    let (instruments, all) = session(&data.join("market"));
    let (mut decoder, lanes) = (decoder(&instruments), lanes(&instruments));
    let mut desks: BTreeMap<usize, Desk> = BTreeMap::new();
    let (mut tickers, mut applied) = (0, 0);
    for line in &all {
        if let Some(path) = line["path"].as_str() {
            let Some((_, symbol)) = path.split_once("level2?symbol=") else { continue };
            let lane = &lanes[symbol];
            let book = Snapshot::parse(&line["msg"]["data"].to_string(), lane).unwrap();
            let desk = desks.entry(lane.instrument().index()).or_default();
            let judged = desk.calibration.snapshot(book.sequence, &book.levels, &mut desk.shown);
            assert_eq!(judged, Judgement::Taken, "{symbol}");
            desk.fetched = Some(book);
            continue;
        }
        let frame = line["msg"].to_string();
        let Some(push) = decoder.decode(&frame).unwrap() else { continue };
        let desk = desks.entry(push.instrument.index()).or_default();
        match push.word {
            Word::Update(update) => {
                desk.changed.extend(update.levels);
                let fate = desk.calibration.update(0, update, &mut desk.shown);
                assert_ne!(fate, Fate::Gap, "a gap at {} to {}", update.first, update.last);
                applied += u64::from(fate == Fate::Applied);
                desk.shown.duplicates += u64::from(fate == Fate::Duplicate);
                assert!(!desk.shown.book.is_crossed());
            }
            Word::Top(place, quote) if place.sequence == desk.calibration.sequence() => {
                assert_eq!(desk.shown.book.top(), quote, "at {:?}", place.sequence);
                tickers += 1;
            }
            _ => {}
        }
    }
    let met: usize = desks.values().map(Desk::hold).sum();
    let duplicates: u64 = desks.values().map(|desk| desk.shown.duplicates).sum();
    println!(
        "{applied} changes applied, {duplicates} in the book already, {tickers} tickers and {met} \
         levels agree"
    );
    assert_eq!(desks.len(), 9);
    assert_eq!(applied + duplicates, 3_853);
    assert!(tickers > 700 && met >= 24, "{tickers} {met}");
}

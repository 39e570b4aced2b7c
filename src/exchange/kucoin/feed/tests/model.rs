//! Whatever is lost, repeated, late or dropped: what the taker can build of the events is the venue's
//! book whenever the feed says that it is in step, and void or older-than-a-loss never passes for it.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;

use super::super::event::FeedEvent;
use super::super::fetch::FetchedBook;
use super::super::receiver::Receiver;
use super::super::settings::BookSource;
use super::stage::{book, change, feed_settings};
use crate::domain::identifier::InstrumentId;
use crate::domain::market_data::Quote;
use crate::domain::side::Side;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::ws::{Fault, Queue};
use crate::market::kucoin::Book;

/// What the venue has and has said.
#[derive(Default)]
struct Venue {
    number: i64,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    said: Vec<String>,
    /// Its book after each change.
    books: Vec<Vec<(Side, i64, i64)>>,
}

impl Venue {
    /// Changes a level: bids below 100 ticks, asks from 100 on, so that it is never crossed.
    fn change(&mut self, width: i64, price: i64, size: i64) -> String {
        let (first, last) = (self.number + 1, self.number + width);
        self.number = last;
        let side = if price < 100 { &mut self.bids } else { &mut self.asks };
        side.insert(price, size);
        side.retain(|_, size| *size > 0);
        let level = format!("{} {size}", price_text(price));
        let (ask, bid) = if price < 100 { ("", level.as_str()) } else { (level.as_str(), "") };
        let frame = change("A-USDT", first, last, ask, bid);
        self.said.push(frame.clone());
        self.books.push(self.levels());
        frame
    }

    fn levels(&self) -> Vec<(Side, i64, i64)> {
        let bids = self.bids.iter().rev().map(|(price, size)| (Side::Buy, *price, *size));
        let asks = self.asks.iter().map(|(price, size)| (Side::Sell, *price, *size));
        bids.chain(asks).collect()
    }

    /// The book as an answer of now.
    fn book(&self) -> Result<FetchedBook, String> {
        let of = |levels: &BTreeMap<i64, i64>| -> Vec<(String, String)> {
            let level = |(price, size): (&i64, &i64)| (price_text(*price), size.to_string());
            levels.iter().map(level).collect()
        };
        let (bids, asks) = (of(&self.bids), of(&self.asks));
        fn pairs(levels: &[(String, String)]) -> Vec<(&str, &str)> {
            levels.iter().map(|(price, size)| (price.as_str(), size.as_str())).collect()
        }
        book(self.number, &pairs(&bids), &pairs(&asks))
    }
}

fn price_text(ticks: i64) -> String {
    format!("{}.{}", ticks / 10, ticks % 10)
}

/// Who takes the events.
#[derive(Default)]
struct Taker {
    book: Book,
    quote: Option<Quote>,
    up: bool,
    synced: bool,
}

impl Taker {
    fn take(&mut self, event: &FeedEvent) {
        match event {
            FeedEvent::Up => self.up = true,
            FeedEvent::Down { .. } => (self.up, self.synced) = (false, false),
            FeedEvent::Synced { instrument, .. } => self.synced |= *instrument == InstrumentId(0),
            FeedEvent::Market(event) if event.instrument == InstrumentId(0) => {
                use crate::domain::market_data::MarketData;
                self.book.apply(&event.data);
                match event.data {
                    MarketData::DepthReset => self.synced = false,
                    MarketData::Quote(quote) => self.quote = Some(quote),
                    MarketData::Depth(_) | MarketData::Trade(_) | MarketData::Candle(_) => {}
                }
            }
            FeedEvent::Market(_) | FeedEvent::Polled(_) | FeedEvent::Refused { .. } => {}
        }
    }

    fn levels(&self) -> Vec<(Side, i64, i64)> {
        let of = |side| self.book.levels(side);
        let levels = of(Side::Buy).chain(of(Side::Sell));
        levels.map(|level| (level.side, level.price.get(), level.size.get())).collect()
    }
}

#[derive(Clone, Debug)]
enum Act {
    /// The venue changes a level; its push is lost, comes once or twice.
    Change { times: usize, width: i64, price: i64, size: i64 },
    /// A push of before comes again.
    Late(usize),
    /// Nonsense about the pair.
    Nonsense,
    /// A book that was asked for is taken at the venue ...
    Ask,
    /// ... and comes, or fails.
    Answer(bool),
    /// The connection is lost; or there is one.
    Turn(bool),
    /// The taker takes so many events.
    Take(usize),
    /// Time passes.
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let change =
        (prop_oneof![1 => Just(0usize), 8 => Just(1), 1 => Just(2)], 1i64..3, 96i64..104, 0i64..4)
            .prop_map(|(times, width, price, size)| Act::Change { times, width, price, size });
    prop_oneof![
        12 => change,
        2 => (0usize..5).prop_map(Act::Late),
        1 => Just(Act::Nonsense),
        4 => Just(Act::Ask),
        4 => prop::bool::weighted(0.8).prop_map(Act::Answer),
        1 => prop::bool::weighted(0.7).prop_map(Act::Turn),
        6 => (0usize..30).prop_map(Act::Take),
        2 => (0u64..15_000).prop_map(Act::Pass),
    ]
}

proptest! {
    #[test]
    fn what_the_taker_builds_is_the_venues_book(
        acts in prop::collection::vec(act(), 1..150),
        room in 12usize..60,
    ) {
        let mut settings = feed_settings(BookSource::Level2);
        settings.events_max = room;
        let queue = Queue::new(room, Rc::default());
        let clock = Rc::new(|| Timestamp::from_us(1));
        let mut feed = Receiver::new(&settings, queue.clone(), clock, Duration::ZERO).unwrap();
        let (mut venue, mut taker) = (Venue::default(), Taker::default());
        let (mut now, mut up) = (Duration::from_secs(1), false);
        let mut ready = VecDeque::new();
        for act in acts {
            match act {
                Act::Change { times, width, price, size } => {
                    let frame = venue.change(width, price, size);
                    for _ in 0..if up { times } else { 0 } {
                        feed.push_at(&frame, now);
                    }
                }
                Act::Late(back) => if let Some(frame) = venue.said.iter().rev().nth(back) && up {
                    feed.push_at(frame, now);
                },
                Act::Nonsense => if up {
                    let frame = change("A-USDT", 1, 1, "-5 5", "");
                    feed.push_at(&frame, now);
                },
                Act::Ask => while let Some(what) = feed.next_fetch(now) {
                    ready.push_back((what, venue.book()));
                },
                Act::Answer(good) => if let Some((what, answer)) = ready.pop_front() {
                    feed.on_book(what, if good { answer } else { Err("busy".to_owned()) }, now);
                },
                Act::Turn(to) => if to != up {
                    up = to;
                    if up { feed.up_at(now) } else { feed.down_at(&Fault::Closed("x".to_owned()), now) }
                },
                Act::Take(count) => for _ in 0..count {
                    match queue.pop() {
                        Some(event) => taker.take(&event),
                        None => feed.catch_up(),
                    }
                },
                Act::Pass(ms) => now += Duration::from_millis(ms),
            }
            prop_assert!(queue.len() <= room);
            if queue.is_empty() && taker.synced {
                let taken = taker.levels();
                prop_assert!(taken.is_empty() || venue.books.contains(&taken), "{:?}", taken);
            }
        }
        // At the end what was asked for fails, and then the venue answers and says a thing more each
        // time, until it is heard out.
        if !up {
            feed.up_at(now);
        }
        for (what, ..) in ready {
            feed.on_book(what, Err("late".to_owned()), now);
        }
        for _ in 0..40 {
            while let Some(event) = queue.pop() {
                taker.take(&event);
                if queue.is_empty() {
                    feed.catch_up();
                }
            }
            now = now.max(feed.fetch_due().unwrap_or(now));
            while let Some(what) = feed.next_fetch(now) {
                feed.on_book(what, venue.book(), now);
            }
            let frame = venue.change(1, 98, 5);
            feed.push_at(&frame, now);
        }
        while let Some(event) = queue.pop() {
            taker.take(&event);
            if queue.is_empty() {
                feed.catch_up();
            }
        }
        prop_assert!(taker.up && taker.synced, "{}", feed.count);
        prop_assert_eq!(taker.levels(), venue.levels());
        if let Some(top) = taker.book.top() {
            prop_assert_eq!(taker.quote, Some(top));
        }
    }
}

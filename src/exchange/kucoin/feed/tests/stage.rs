//! A feed, a venue that plays websockets, and REST answers that the test gives.

use std::rc::Rc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::super::event::FeedEvent;
use super::super::fetch::{Fetch, FetchedBook, Fetches};
use super::super::settings::{BookSource, FeedSettings};
use super::super::{Feed, Sources};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::{Instrument, tests::spec};
use crate::domain::market_data::{MarketData, MarketEvent};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::book::{Book, Level};
use crate::exchange::kucoin::protocol::ticker::Level1;
use crate::exchange::kucoin::protocol::trade::Trade;
use crate::exchange::kucoin::ws::scripted::{Peer, Venue, settings};

pub(super) const SYMBOLS: [&str; 2] = ["A-USDT", "B-USDT"];

/// A REST call that waits for its answer.
pub(super) struct Asked<T> {
    pub(super) symbol: String,
    answer: oneshot::Sender<Result<T, String>>,
}

impl<T> Asked<T> {
    pub(super) fn answer(self, answer: Result<T, String>) {
        let _ = self.answer.send(answer);
    }
}

pub(super) struct Stage {
    pub(super) venue: Venue,
    pub(super) feed: Feed,
    pub(super) books: UnboundedReceiver<Asked<FetchedBook>>,
    pub(super) tops: UnboundedReceiver<Asked<Level1>>,
    pub(super) trades: UnboundedReceiver<Asked<Vec<Trade>>>,
    pub(super) began: Instant,
}

pub(super) fn instruments() -> Vec<Instrument> {
    SYMBOLS.map(|symbol| Instrument::new(spec(symbol, "0.1", "1")).unwrap()).into()
}

pub(super) fn feed_settings(book: BookSource) -> FeedSettings {
    FeedSettings { ws: settings(), ..FeedSettings::new(instruments(), book) }
}

fn fetch<T: 'static>(calls: UnboundedSender<Asked<T>>) -> Fetch<T> {
    Rc::new(move |symbol: Symbol| {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { symbol: symbol.to_string(), answer };
        calls.send(asked).map_err(|_| "the test is over").unwrap();
        Box::pin(async move {
            match answered.await {
                Ok(answer) => answer,
                // The test lets it hang.
                Err(_) => std::future::pending().await,
            }
        })
    })
}

impl Stage {
    pub(super) fn new(settings: &FeedSettings) -> Self {
        let (venue, began) = (Venue::new(), Instant::now());
        let (book, books) = unbounded_channel();
        let (level1, tops) = unbounded_channel();
        let (trade, trades) = unbounded_channel();
        let sources = Sources {
            bullet: venue.bullet(),
            dialer: venue.dialer(),
            fetches: Fetches {
                book: fetch(book),
                level1: fetch(level1),
                trades: Some(fetch(trade)),
            },
            clock: Rc::new(move || {
                Timestamp::from_us(i64::try_from(began.elapsed().as_micros()).unwrap())
            }),
        };
        let feed = Feed::start(settings, sources, Rc::default()).unwrap();
        Self { venue, feed, books, tops, trades, began }
    }

    /// The next event in a line.
    pub(super) async fn next(&mut self) -> String {
        self.feed.filled().await;
        tell(&self.feed.next().unwrap())
    }

    /// So many events in lines.
    pub(super) async fn take(&mut self, count: usize) -> Vec<String> {
        let mut told = Vec::new();
        for _ in 0..count {
            told.push(self.next().await);
        }
        told
    }

    /// A connection that is up, told.
    pub(super) async fn up(&mut self) -> Peer {
        let peer = self.venue.accept_up(2).await;
        assert_eq!(self.next().await, "up");
        peer
    }

    /// Answers the next wish for a book, which must be this symbol's.
    pub(super) async fn give_book(&mut self, symbol: &str, answer: Result<FetchedBook, String>) {
        let asked = self.books.recv().await.unwrap();
        assert_eq!(asked.symbol, symbol);
        asked.answer(answer);
    }
}

pub(super) async fn locally<F: Future>(test: F) -> F::Output {
    LocalSet::new().run_until(test).await
}

/// An event in a line.
pub(super) fn tell(event: &FeedEvent) -> String {
    match event {
        FeedEvent::Market(event) => tell_market(event),
        FeedEvent::Polled(event) => format!("polled {}", tell_market(event)),
        FeedEvent::Up => "up".to_owned(),
        FeedEvent::Down { reason } => format!("down: {reason}"),
        FeedEvent::Synced { instrument, partial } => {
            format!("{} synced{}", name(*instrument), if *partial { " in part" } else { "" })
        }
        FeedEvent::Refused { topic, reason } => format!("refused: {topic}: {reason}"),
    }
}

fn name(id: InstrumentId) -> &'static str {
    ["A", "B"][id.index()]
}

fn tell_market(event: &MarketEvent) -> String {
    let what = match event.data {
        MarketData::Quote(quote) => format!("{} | {}", quote.bid.get(), quote.ask.get()),
        MarketData::Trade(trade) => format!("trade {} x {}", trade.price.get(), trade.size.get()),
        MarketData::Depth(change) => {
            format!("{} {} x {}", change.side, change.price.get(), change.size.get())
        }
        MarketData::DepthReset => "reset".to_owned(),
        MarketData::Candle(candle) => format!("candle {}", candle.close.get()),
    };
    format!("{} {what}", name(event.instrument))
}

/// A book as of a number.
pub(super) fn book(
    sequence: i64,
    bids: &[(&str, &str)],
    asks: &[(&str, &str)],
) -> Result<FetchedBook, String> {
    let of = |levels: &[(&str, &str)]| -> Vec<Level> {
        let decimal = |text: &str| Decimal::parse(text).unwrap();
        levels.iter().map(|(price, size)| Level(decimal(price), decimal(size))).collect()
    };
    let book = Book { time: 1, sequence, bids: of(bids), asks: of(asks) };
    Ok(FetchedBook { book, levels_max: None })
}

/// A level-2 push with one ask and one bid, `PRICE SIZE` or empty.
pub(super) fn change(symbol: &str, first: i64, last: i64, ask: &str, bid: &str) -> String {
    let row = |level: &str| {
        level
            .split_once(' ')
            .map_or(String::new(), |(price, size)| format!(r#"["{price}","{size}","{last}"]"#))
    };
    let (ask, bid) = (row(ask), row(bid));
    format!(
        r#"{{"topic":"/market/level2:{symbol}","type":"message","subject":"trade.l2update","data":{{"changes":{{"asks":[{ask}],"bids":[{bid}]}},"sequenceEnd":{last},"sequenceStart":{first},"symbol":"{symbol}","time":1}}}}"#
    )
}

/// A level-1 push.
pub(super) fn level1(symbol: &str, time: i64, bid: &str, ask: &str) -> String {
    format!(
        r#"{{"topic":"/spotMarket/level1:{symbol}","type":"message","subject":"level1","data":{{"asks":["{ask}","2"],"bids":["{bid}","1"],"timestamp":{time}}}}}"#
    )
}

/// A trade push.
pub(super) fn print(symbol: &str, sequence: i64, price: &str) -> String {
    format!(
        r#"{{"topic":"/market/match:{symbol}","type":"message","subject":"trade.l3match","data":{{"price":"{price}","sequence":"{sequence}","side":"buy","size":"3","symbol":"{symbol}","time":"1","tradeId":"{sequence}","type":"match"}}}}"#
    )
}

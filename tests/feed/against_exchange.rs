//! The live feed against `ibis exchange`, in order and disturbed: what it tells makes the books that
//! the exchange has.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use ibis::clock;
use ibis::domain::identifier::InstrumentId;
use ibis::domain::instrument::Instrument;
use ibis::domain::market_data::{DepthChange, MarketData, MarketEvent};
use ibis::domain::side::Side;
use ibis::exchange::kucoin::credentials::Credentials;
use ibis::exchange::kucoin::feed::{BookSource, Feed, FeedEvent, FeedSettings, LiveCount, Sources};
use ibis::exchange::kucoin::instrument::{Rates, from_symbol};
use ibis::exchange::kucoin::protocol::book::Level;
use ibis::exchange::kucoin::rest::{Rest, RestSettings};
use ibis::exchange::kucoin::ws::dialer;
use ibis::market::Lane;
use ibis::market::kucoin::{Book, Snapshot};
use ibis::net::dial::DialLimits;
use ibis::net::tls::Tls;
use tokio::task::LocalSet;

use crate::exchange::process::Exchange;
use crate::support::home::Home;

/// Pairs of the synthetic market.
const SYMBOLS: [&str; 2] = ["BTC-USDT", "ETH-USDT"];
/// Pushes heard before the books are held against the exchange's.
const PUSHES: u64 = 300;
/// Books asked of the exchange, one after another.
const BOOKS: usize = 3;
/// Ends a test that would wait for ever; no part of what is judged.
const PATIENCE: Duration = Duration::from_secs(300);

/// A taker of the feed's events.
struct Taker {
    feed: Feed,
    book: Book,
    synced: bool,
    /// Every book that the first pair's events made.
    made: BTreeSet<String>,
    trades: u64,
    quotes: u64,
}

/// A book as text.
fn text(book: &Book) -> String {
    let levels = book.levels(Side::Buy).chain(book.levels(Side::Sell));
    let level =
        |level: DepthChange| format!("{} {} {};", level.side, level.price.get(), level.size.get());
    levels.map(level).collect()
}

impl Taker {
    async fn take(&mut self) {
        self.feed.filled().await;
        match self.feed.next() {
            Some(FeedEvent::Market(event)) => self.on_market(&event),
            Some(FeedEvent::Synced { instrument: InstrumentId(0), .. }) => {
                self.synced = true;
                self.made.insert(text(&self.book));
            }
            _ => {}
        }
    }

    fn on_market(&mut self, event: &MarketEvent) {
        match event.data {
            MarketData::Trade(_) => self.trades += 1,
            MarketData::Quote(quote) => {
                assert!(quote.bid < quote.ask, "{quote:?}");
                self.quotes += 1;
            }
            MarketData::DepthReset | MarketData::Depth(_) | MarketData::Candle(_) => {}
        }
        if event.instrument == InstrumentId(0) {
            self.book.apply(&event.data);
            self.synced &= event.data != MarketData::DepthReset;
            if self.synced {
                self.made.insert(text(&self.book));
            }
        }
    }
}

/// Follows an exchange for a while and gives what the feed met; with a numbered book, books of the
/// exchange's must be among those the events made.
fn follow(
    plan: &str,
    (source, key): (BookSource, bool),
    enough: impl Fn(&LiveCount) -> bool,
) -> (LiveCount, u64, u64) {
    let home = Home::new();
    home.write("plan.toml", plan);
    let exchange = Exchange::start_in(home, "--seed 3 --speed 100 --faults plan.toml");
    let base_url = exchange.ready["base_url"].as_str().unwrap();
    let path = exchange.ready["credentials_file"].as_str().unwrap();
    let credentials = key.then(|| Credentials::load(Path::new(path), None).unwrap());
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    let work = async {
        let rest = Rest::new(RestSettings::new(base_url).unwrap(), credentials.as_ref());
        let mut instruments = Vec::new();
        for symbol in SYMBOLS {
            let row = rest.symbol(symbol).await.unwrap();
            let spec = from_symbol(&row, Rates::Class).unwrap();
            instruments.push(Instrument::new(spec).unwrap());
        }
        let lane = Lane::new(InstrumentId(0), &instruments[0]).unwrap();
        let limits = DialLimits { connect: PATIENCE, tls: PATIENCE };
        let clock = Rc::new(clock::wall_now);
        let sources = Sources::of_rest(&rest, dialer(Tls::new(), limits), clock);
        let settings = FeedSettings::new(instruments, source);
        let feed = Feed::start(&settings, sources, Rc::default()).unwrap();
        let (book, made) = (Book::default(), BTreeSet::new());
        let mut taker = Taker { feed, book, synced: false, made, trades: 0, quotes: 0 };
        while taker.feed.count().feed.rows < PUSHES || !enough(&taker.feed.count()) {
            taker.take().await;
        }
        if source == BookSource::Level2 && key {
            for _ in 0..BOOKS {
                meet(&mut taker, &rest, &lane).await;
            }
        }
        (taker.feed.count(), taker.trades, taker.quotes)
    };
    let local = LocalSet::new();
    let followed = local.block_on(&runtime, async { tokio::time::timeout(PATIENCE, work).await });
    let (count, trades, quotes) = followed.expect("the feed came to nothing");
    println!("{count}");
    (count, trades, quotes)
}

/// Asks for the exchange's book and takes events until they have made it. One of a moment when the
/// taker's was void is never made: another is asked for.
async fn meet(taker: &mut Taker, rest: &Rest, lane: &Lane) {
    loop {
        while !taker.synced {
            taker.take().await;
        }
        let wanted = book_of(rest, lane).await;
        while taker.synced {
            if taker.made.contains(&wanted) {
                return;
            }
            taker.take().await;
        }
    }
}

/// The exchange's book, as text.
async fn book_of(rest: &Rest, lane: &Lane) -> String {
    let asked = rest.full_book(SYMBOLS[0]).await.unwrap();
    let pairs = |levels: &[Level]| -> Vec<_> {
        levels.iter().map(|Level(price, size)| (*price, *size)).collect()
    };
    let snapshot = Snapshot::new(lane, asked.sequence, pairs(&asked.bids), pairs(&asked.asks));
    let mut book = Book::default();
    for level in snapshot.unwrap().levels {
        book.apply(&MarketData::Depth(level.change()));
    }
    assert!(!book.is_empty());
    text(&book)
}

#[test]
fn numbered_books_are_the_exchanges() {
    let (count, trades, quotes) = follow("", (BookSource::Level2, true), |_| true);
    assert_eq!((count.feed.gaps, count.resyncs, count.malformed), (0, 0, 0), "{count}");
    assert_eq!((count.downs, count.dropped, count.feed.off_grid), (0, 0, 0), "{count}");
    assert!(trades > 0 && quotes > 0);
}

#[test]
fn pushes_lost_repeated_and_out_of_order_leave_the_books_right() {
    let plan = r#"
[[rule]]
fault = "gap"
every = 90
length = 2
[[rule]]
fault = "duplicate_push"
on = "/market/level2:*"
every = 17
[[rule]]
fault = "reorder_push"
on = "/market/level2:*"
every = 130
"#;
    let met = |count: &LiveCount| count.feed.gaps > 3 && count.feed.duplicates > 10;
    let (count, ..) = follow(plan, (BookSource::Level2, true), met);
    assert_eq!((count.malformed, count.feed.crossed, count.downs), (0, 0, 0), "{count}");
}

#[test]
fn lost_connections_leave_the_books_right() {
    let plan = r#"
[[rule]]
fault = "disconnect"
on = "public"
min_ms = 300
max_ms = 600
how = "reset"
limit = 2
"#;
    let met = |count: &LiveCount| count.ups == 3;
    let (count, ..) = follow(plan, (BookSource::Level2, true), met);
    assert_eq!((count.malformed, count.feed.crossed, count.feed.gaps), (0, 0, 0), "{count}");
    assert_eq!(count.downs, 2, "{count}");
}

#[test]
fn the_other_books_need_no_key() {
    for source in [BookSource::Level1, BookSource::Depth5, BookSource::Level2] {
        let (count, trades, quotes) = follow("", (source, false), |_| true);
        assert_eq!((count.malformed, count.feed.crossed, count.downs), (0, 0, 0), "{count}");
        assert!(trades > 0 && quotes > 0, "{source:?}: {count}");
    }
}

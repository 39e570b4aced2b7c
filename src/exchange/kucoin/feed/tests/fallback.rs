//! While the websocket is down, and what comes before, after and beside it.

use std::time::Duration;

use super::super::Feed;
use super::super::FeedError;
use super::super::settings::BookSource;
use super::stage::{Asked, Stage, book, feed_settings, level1, locally, print};
use crate::domain::decimal::Decimal;
use crate::domain::side::Side;
use crate::exchange::kucoin::protocol::candle::CandleType;
use crate::exchange::kucoin::protocol::ticker::Level1;
use crate::exchange::kucoin::protocol::trade::Trade;
use crate::exchange::kucoin::ws::WsSettings;

fn top(sequence: i64, bid: &str, ask: &str) -> Level1 {
    let decimal = |text: &str| Some(Decimal::parse(text).unwrap());
    Level1 {
        time: sequence,
        sequence,
        best_bid: decimal(bid),
        best_bid_size: decimal("1"),
        best_ask: decimal(ask),
        best_ask_size: decimal("1"),
        ..Level1::default()
    }
}

fn trades(sequences: &[i64]) -> Vec<Trade> {
    let price = |sequence| Decimal::from_int(sequence);
    let trade = |&sequence: &i64| Trade {
        sequence,
        price: price(sequence),
        size: Decimal::ONE,
        side: Side::Sell,
        time: 1,
    };
    sequences.iter().map(trade).collect()
}

#[tokio::test(start_paused = true)]
async fn how_long_pushes_took_is_told_once_of_those_that_say_when_they_left() {
    locally(async {
        let mut stage = Stage::new(&feed_settings(BookSource::Level1));
        let mut peer = stage.up().await;
        tokio::time::advance(Duration::from_millis(500)).await;
        let now = i64::try_from(stage.began.elapsed().as_millis()).unwrap();
        peer.send(level1("A-USDT", now - 50, "9.9", "10.1")).await;
        peer.send(print("A-USDT", 50, "10")).await;
        // A clock that is ahead of ours.
        peer.send(level1("B-USDT", now + 5_000, "5", "6")).await;
        stage.take(3).await;
        let lag = stage.feed.take_lag();
        let ms = |percent| lag.percentile_us(percent).unwrap() / 1_000;
        assert_eq!((lag.count(), ms(50)), (2, 0));
        assert!((50..=53).contains(&ms(100)), "{}", ms(100));
        assert_eq!(stage.feed.take_lag().count(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn best_bids_and_asks_are_polled_while_the_websocket_is_down() {
    locally(async {
        let mut stage = Stage::new(&feed_settings(BookSource::Level1));
        let mut peer = stage.up().await;
        peer.send(level1("A-USDT", 5, "9.9", "10.1")).await;
        peer.send(level1("A-USDT", 4, "9.8", "10.1")).await;
        peer.send(print("A-USDT", 50, "10")).await;
        assert_eq!(stage.take(2).await, ["A 99 | 101", "A trade 100 x 3"]);
        assert_eq!(stage.feed.count().feed.time_backwards, 1);
        drop(peer);
        assert_eq!(stage.next().await, "down: closed by the venue: without a word");
        let down = stage.began.elapsed();
        stage.venue.refuse_bullets(Some("HTTP status 503"));
        let asked = stage.tops.recv().await.unwrap();
        assert_eq!((stage.began.elapsed() - down).as_millis(), 1_000);
        // B has said nothing yet: it is asked first, and A in its turn.
        assert_eq!(asked.symbol, "B-USDT");
        asked.answer(Ok(top(7, "5", "6")));
        let polled = |told: &str| !told.starts_with("down: no token");
        assert_eq!(next(&mut stage, polled).await, "polled B 50 | 60");
        // No trade of B's is known: the first answer says where they stand.
        answer(&mut stage.trades, "B-USDT", trades(&[7, 8])).await;
        let asked = stage.tops.recv().await.unwrap();
        assert_eq!(asked.symbol, "A-USDT");
        asked.answer(Ok(top(8, "9.7", "9.8")));
        assert_eq!(next(&mut stage, polled).await, "polled A 97 | 98");
        answer(&mut stage.trades, "A-USDT", trades(&[52, 49, 50, 51])).await;
        assert_eq!(next(&mut stage, polled).await, "polled A trade 510 x 1");
        assert_eq!(next(&mut stage, polled).await, "polled A trade 520 x 1");
        // No answer: something else is tried, not as soon.
        let before = stage.began.elapsed();
        stage.tops.recv().await.unwrap().answer(Err("busy".to_owned()));
        let asked = stage.tops.recv().await.unwrap();
        assert!((stage.began.elapsed() - before).as_millis() >= 2_000);
        stage.venue.refuse_bullets(None);
        let mut peer = stage.venue.accept_up(2).await;
        assert_eq!(next(&mut stage, polled).await, "up");
        // An answer to a poll from before is late.
        asked.answer(Ok(top(9, "1", "2")));
        peer.send(level1("A-USDT", 10, "9.9", "10.1")).await;
        peer.send(print("A-USDT", 52, "10")).await;
        peer.send(print("A-USDT", 53, "10")).await;
        assert_eq!(stage.take(2).await, ["A 99 | 101", "A trade 100 x 3"]);
    })
    .await;
}

/// The next event that is not left out.
async fn next(stage: &mut Stage, wanted: impl Fn(&str) -> bool) -> String {
    loop {
        let told = stage.next().await;
        if wanted(&told) {
            return told;
        }
    }
}

async fn answer<T>(
    asked: &mut tokio::sync::mpsc::UnboundedReceiver<Asked<T>>,
    symbol: &str,
    answer: T,
) {
    let asked = asked.recv().await.unwrap();
    assert_eq!(asked.symbol, symbol);
    asked.answer(Ok(answer));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_pair_is_asked_once_for_its_first_quote() {
    locally(async {
        let mut stage = Stage::new(&feed_settings(BookSource::Depth5));
        let mut peer = stage.up().await;
        peer.send(
            r#"{"topic":"/spotMarket/level2Depth5:A-USDT","type":"message","subject":"level2","data":{"asks":[["10.1","2"]],"bids":[["10","1"]],"timestamp":1}}"#,
        )
        .await;
        let told = stage.take(4).await;
        assert_eq!(told, ["A reset", "A sell 101 x 2", "A buy 100 x 1", "A 100 | 101"]);
        let asked = stage.tops.recv().await.unwrap();
        assert_eq!(asked.symbol, "B-USDT");
        asked.answer(Ok(top(7, "5", "6")));
        assert_eq!(stage.next().await, "polled B 50 | 60");
        answer(&mut stage.trades, "B-USDT", trades(&[])).await;
        let more = tokio::time::timeout(Duration::from_secs(3_600), stage.tops.recv());
        tokio::select! {
            more = more => assert!(more.is_err(), "a poll too many"),
            () = peer.answer_pings() => {}
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_voids_books_and_what_was_fetched_for_it() {
    locally(async {
        let mut stage = Stage::new(&feed_settings(BookSource::Level2));
        let peer = stage.up().await;
        stage.give_book("A-USDT", book(10, &[("10", "1")], &[("10.1", "2")])).await;
        assert_eq!(stage.take(5).await[4], "A synced");
        let late = stage.books.recv().await.unwrap();
        drop(peer);
        assert_eq!(stage.take(2).await, ["down: closed by the venue: without a word", "A reset"]);
        let _peer = stage.up().await;
        late.answer(book(1, &[("1", "1")], &[("2", "2")]));
        stage.give_book("A-USDT", book(20, &[("10", "1")], &[("10.1", "2")])).await;
        stage.give_book("B-USDT", book(20, &[("10", "1")], &[("10.1", "2")])).await;
        let told = stage.take(10).await;
        assert_eq!((told[4].as_str(), told[9].as_str()), ("A synced", "B synced"));
        let count = stage.feed.count();
        assert_eq!((count.ups, count.downs, count.snapshots, count.resyncs), (2, 1, 3, 0));
        assert!(count.to_string().contains("2 times up"), "{count}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn candles_come_when_they_close_and_a_refused_topic_is_told() {
    locally(async {
        let mut settings = feed_settings(BookSource::Level1);
        settings.candles = Some(CandleType::Minute1);
        let mut stage = Stage::new(&settings);
        let mut peer = stage.venue.accept().await;
        peer.welcome().await;
        peer.ack().await;
        peer.ack().await;
        assert_eq!(peer.ack().await, "/market/candles:A-USDT_1min");
        assert_eq!(peer.refuse(404, "no such topic").await, "/market/candles:B-USDT_1min");
        assert_eq!(
            stage.take(2).await,
            ["refused: /market/candles:B-USDT_1min: 404 no such topic", "up"]
        );
        let candle = |start: i64, close: &str| {
            format!(
                r#"{{"topic":"/market/candles:A-USDT_1min","type":"message","subject":"trade.candles.update","data":{{"symbol":"A-USDT","candles":["{start}","10","{close}","11","9","3","30"],"time":1}}}}"#
            )
        };
        for (start, close) in [(60, "10"), (60, "10.5"), (120, "10.6")] {
            peer.send(candle(start, close)).await;
        }
        assert_eq!(stage.next().await, "A candle 105");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn more_than_a_connection_carries_is_refused_at_the_start() {
    locally(async {
        let mut settings = feed_settings(BookSource::Level1);
        let template = settings.instruments[0].spec().clone();
        settings.instruments = (0..201)
            .map(|number| {
                let symbol = crate::domain::symbol::Symbol::new(&format!("N{number}-USDT"));
                let spec = crate::domain::instrument::InstrumentSpec {
                    symbol: symbol.unwrap(),
                    ..template.clone()
                };
                crate::domain::instrument::Instrument::new(spec).unwrap()
            })
            .collect();
        settings.ws = WsSettings::default();
        let stage = Stage::new(&feed_settings(BookSource::Level1));
        let sources = super::super::Sources {
            bullet: stage.venue.bullet(),
            dialer: stage.venue.dialer(),
            fetches: super::super::Fetches {
                book: std::rc::Rc::new(|_| Box::pin(std::future::pending())),
                level1: std::rc::Rc::new(|_| Box::pin(std::future::pending())),
                trades: None,
            },
            clock: std::rc::Rc::new(|| crate::domain::time::Timestamp::from_us(0)),
        };
        let error = Feed::start(&settings, sources, std::rc::Rc::default()).unwrap_err();
        assert!(matches!(error, FeedError::Topics(_)));
        assert!(error.to_string().starts_with("402 websocket topics"), "{error}");
    })
    .await;
}

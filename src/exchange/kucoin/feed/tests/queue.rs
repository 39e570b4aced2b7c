//! A taker that is too slow: what it loses is told as a loss, and then all is told again.

use super::super::settings::BookSource;
use super::stage::{Stage, book, change, feed_settings, level1, locally, print};

/// Lets the feed work until it has seen so many pushes.
async fn seen(stage: &Stage, pushes: u64) {
    while stage.feed.count().feed.rows < pushes {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_emptied_and_books_are_told_again() {
    locally(async {
        let mut settings = feed_settings(BookSource::Level2);
        settings.events_max = 10;
        let mut stage = Stage::new(&settings);
        let mut peer = stage.up().await;
        stage.give_book("A-USDT", book(10, &[("10", "1")], &[("10.1", "2")])).await;
        assert_eq!(stage.take(5).await[4], "A synced");
        stage.give_book("B-USDT", book(10, &[("5", "1")], &[("6", "2")])).await;
        assert_eq!(stage.take(5).await[4], "B synced");
        for number in 11..=21 {
            peer.send(change("A-USDT", number, number, "10.1 3", "")).await;
        }
        seen(&stage, 11).await;
        // The first has two events, a level and the quote with its new size; the tenth did not fit.
        assert_eq!(stage.take(2).await, ["down: 11 events were not taken in time", "up"]);
        assert_eq!(stage.feed.count().dropped, 11);
        let a = ["A reset", "A buy 100 x 1", "A sell 101 x 3", "A 100 | 101", "A synced"];
        let b = ["B reset", "B buy 50 x 1", "B sell 60 x 2", "B 50 | 60", "B synced"];
        assert_eq!(stage.take(5).await, a);
        // There was no room for this one at first: it came when there was.
        assert_eq!(stage.take(5).await, ["A sell 101 x 3", b[0], b[1], b[2], b[3]]);
        assert_eq!(stage.next().await, b[4]);
        peer.send(change("B-USDT", 11, 11, "6 0", "")).await;
        assert_eq!(stage.next().await, "B sell 60 x 0");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_last_quotes_survive_a_full_queue() {
    locally(async {
        let mut settings = feed_settings(BookSource::Level1);
        settings.events_max = 6;
        let mut stage = Stage::new(&settings);
        let mut peer = stage.up().await;
        peer.send(level1("B-USDT", 1, "5", "6")).await;
        for number in 0..7 {
            peer.send(print("A-USDT", number, "10")).await;
        }
        seen(&stage, 8).await;
        assert_eq!(stage.take(2).await, ["down: 7 events were not taken in time", "up"]);
        let mut told = Vec::new();
        while let Some(event) = stage.feed.next() {
            told.push(super::stage::tell(&event));
        }
        let expected = ["A reset", "B reset", "B 50 | 60", "A trade 100 x 3"];
        assert_eq!(told, expected);
    })
    .await;
}

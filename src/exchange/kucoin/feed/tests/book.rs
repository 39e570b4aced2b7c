//! Numbered books: in step, void after a gap, begun anew where they cannot be true.

use std::time::Duration;

use super::super::settings::BookSource;
use super::stage::{Stage, book, change, feed_settings, locally, print};

#[tokio::test(start_paused = true)]
async fn a_book_is_told_when_it_is_in_step_and_repetition_is_passed_over() {
    locally(async {
        let mut stage = Stage::new(&feed_settings(BookSource::Level2));
        let mut peer = stage.venue.accept().await;
        peer.welcome().await;
        assert_eq!(peer.ack().await, "/market/level2:A-USDT,B-USDT");
        // What comes before the last ack is kept: the book may be older.
        peer.send(change("A-USDT", 11, 11, "10.3 5", "")).await;
        assert_eq!(peer.ack().await, "/market/match:A-USDT,B-USDT");
        assert_eq!(stage.next().await, "up");
        peer.send(change("A-USDT", 12, 13, "", "9.9 7")).await;
        peer.send(print("A-USDT", 12, "10.1")).await;
        assert_eq!(stage.next().await, "A trade 101 x 3");
        stage.give_book("A-USDT", book(11, &[("10", "1")], &[("10.1", "2"), ("10.3", "5")])).await;
        let told = stage.take(7).await;
        let whole =
            ["A reset", "A buy 100 x 1", "A buy 99 x 7", "A sell 101 x 2", "A sell 103 x 5"];
        assert_eq!(told[..5], whole);
        assert_eq!(told[5..], ["A 100 | 101", "A synced"]);
        // Late, repeated, out of order, and one that overlaps.
        for frame in [
            change("A-USDT", 11, 11, "10.3 9", ""),
            change("A-USDT", 12, 13, "", "9.9 8"),
            change("A-USDT", 13, 14, "10.2 4", ""),
            change("A-USDT", 15, 15, "10.1 0", ""),
        ] {
            peer.send(frame).await;
        }
        assert_eq!(stage.take(2).await, ["A sell 102 x 4", "A sell 101 x 0"]);
        assert_eq!(stage.next().await, "A 100 | 102");
        let count = stage.feed.count();
        assert_eq!((count.feed.duplicates, count.feed.gaps, count.resyncs), (3, 0, 0));
        // B still waits for its book.
        stage.give_book("B-USDT", book(3, &[("5", "1")], &[("6", "2")])).await;
        assert_eq!(stage.take(5).await.last().unwrap(), "B synced");
    })
    .await;
}

/// A stage with A's book as of 10 in step, and B's wish unanswered.
async fn in_step() -> (Stage, crate::exchange::kucoin::ws::scripted::Peer) {
    let mut stage = Stage::new(&feed_settings(BookSource::Level2));
    let peer = stage.up().await;
    stage.give_book("A-USDT", book(10, &[("10", "1")], &[("10.1", "2")])).await;
    assert_eq!(stage.take(5).await[4], "A synced");
    let _hangs = stage.books.recv().await.unwrap();
    (stage, peer)
}

#[tokio::test(start_paused = true)]
async fn after_a_gap_the_book_is_void_until_another_is_in_step() {
    locally(async {
        let (mut stage, mut peer) = in_step().await;
        peer.send(change("A-USDT", 12, 12, "", "9.9 7")).await;
        assert_eq!(stage.next().await, "A reset");
        let gap = stage.began.elapsed();
        // A book from before the gap is of no use; the next one is asked for later.
        stage.give_book("A-USDT", book(10, &[("10", "1")], &[("10.1", "2")])).await;
        peer.send(change("A-USDT", 13, 13, "10.2 6", "")).await;
        stage.give_book("A-USDT", Err("busy".to_owned())).await;
        stage.give_book("A-USDT", book(12, &[("9.9", "7")], &[("10.1", "2")])).await;
        let waited = stage.began.elapsed() - gap;
        assert!(waited >= Duration::from_millis(200 + 400 + 800), "{waited:?}");
        let told = stage.take(6).await;
        let whole = ["A reset", "A buy 99 x 7", "A sell 101 x 2", "A sell 102 x 6", "A 99 | 101"];
        assert_eq!(told[..5], whole);
        assert_eq!(told[5], "A synced");
        let count = stage.feed.count();
        assert_eq!((count.feed.gaps, count.resyncs, count.failed_fetches), (1, 1, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_crossed_book_and_a_push_without_sense_begin_it_anew() {
    locally(async {
        let (mut stage, mut peer) = in_step().await;
        peer.send(change("A-USDT", 11, 11, "", "10.1 7")).await;
        assert_eq!(stage.take(2).await, ["A buy 101 x 7", "A reset"]);
        // So is a fetched book that is crossed, before it is told.
        stage.give_book("A-USDT", book(11, &[("10.1", "7")], &[("10.1", "2")])).await;
        stage.give_book("A-USDT", book(12, &[("10", "7")], &[("10.1", "2")])).await;
        assert_eq!(stage.take(5).await[4], "A synced");
        peer.send(change("A-USDT", 13, 13, "", "-1 7")).await;
        assert_eq!(stage.next().await, "A reset");
        stage.give_book("A-USDT", book(13, &[("10", "7")], &[("10.1", "2")])).await;
        assert_eq!(stage.take(5).await[4], "A synced");
        let count = stage.feed.count();
        assert_eq!((count.feed.crossed, count.malformed, count.resyncs), (2, 1, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_counts_anew_is_found_out() {
    locally(async {
        let (mut stage, mut peer) = in_step().await;
        for number in 0..=256 {
            peer.send(change("A-USDT", number % 8, number % 8, "", "9 1")).await;
        }
        assert_eq!(stage.next().await, "A reset");
        stage.give_book("A-USDT", book(3, &[("9", "1")], &[("10.1", "2")])).await;
        assert_eq!(stage.take(5).await[4], "A synced");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_book_in_part_is_believed_between_its_edges_only() {
    locally(async {
        let mut stage = Stage::new(&feed_settings(BookSource::Level2));
        let mut peer = stage.up().await;
        let partial = |sequence, bids: &[(&str, &str)], asks: &[(&str, &str)]| {
            let mut book = book(sequence, bids, asks).unwrap();
            book.levels_max = Some(2);
            Ok(book)
        };
        let asks = [("10.1", "2"), ("10.2", "2")];
        stage.give_book("A-USDT", partial(10, &[("10", "1"), ("9.8", "1")], &asks)).await;
        assert_eq!(stage.take(7).await[5..], ["A 100 | 101", "A synced in part"]);
        let _hangs = stage.books.recv().await.unwrap();
        peer.send(change("A-USDT", 11, 11, "10.5 1", "10 0")).await;
        assert_eq!(stage.take(3).await[2], "A 98 | 101");
        peer.send(change("A-USDT", 12, 12, "10.1 0", "")).await;
        assert_eq!(stage.take(2).await[1], "A 98 | 102");
        // The next best ask told is beyond what the book ever showed: there may be better ones.
        peer.send(change("A-USDT", 13, 13, "10.2 0", "")).await;
        assert_eq!(stage.take(2).await, ["A sell 102 x 0", "A reset"]);
        // A side of fewer levels than were asked for is whole: it may run empty.
        let bids = [("9.8", "1"), ("9.7", "1")];
        stage.give_book("A-USDT", partial(13, &bids, &[("10.4", "2")])).await;
        assert_eq!(stage.take(6).await[4..], ["A 98 | 104", "A synced in part"]);
        peer.send(change("A-USDT", 14, 14, "10.4 0", "")).await;
        peer.send(change("A-USDT", 15, 15, "10.6 1", "")).await;
        let told = ["A sell 104 x 0", "A sell 106 x 1", "A 98 | 106"];
        assert_eq!(stage.take(3).await, told);
        peer.send(change("A-USDT", 16, 16, "", "9.8 0")).await;
        assert_eq!(stage.take(2).await[1], "A 97 | 106");
        peer.send(change("A-USDT", 17, 17, "", "9.7 0")).await;
        assert_eq!(stage.take(2).await, ["A buy 97 x 0", "A reset"]);
    })
    .await;
}

//! A connection is replaced before the venue cuts it, and nothing is missed meanwhile.

use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use super::super::scripted::{Peer, Venue, settings};
use super::{Ear, Told, locally, topics};

fn push(number: u32) -> String {
    format!(
        r#"{{"topic":"/market/match:A-USDT","type":"message","data":{{"sequence":"{number}"}}}}"#
    )
}

/// A peer that answers pings and says a push every hour for so many hours.
fn alive(mut peer: Peer, first: u32, hours: u32) -> tokio::task::JoinHandle<Instant> {
    spawn_local(async move {
        for hour in 0..hours {
            let next = Instant::now() + Duration::from_secs(3_600);
            let _ = tokio::time::timeout_at(next, peer.answer_pings()).await;
            if Instant::now() < next {
                break;
            }
            peer.send(push(first + hour)).await;
        }
        peer.answer_pings().await;
        Instant::now()
    })
}

#[tokio::test(start_paused = true)]
async fn a_successor_takes_over_and_both_are_heard_meanwhile() {
    locally(async {
        let mut venue = Venue::new();
        let ear = Ear::new(&venue, settings(), &topics());
        let began = Instant::now();
        let old = alive(venue.accept_up(2).await, 0, 1);
        assert_eq!(ear.next().await, Told::Up);
        assert_eq!(ear.next().await, Told::Push(push(0)));
        let mut successor = venue.accept().await;
        let age = began.elapsed().as_secs();
        assert!((22 * 3_600..23 * 3_600 + 60).contains(&age), "{age} s");
        assert!(successor.target.contains("token2%3D"));
        successor.welcome().await;
        successor.ack().await;
        successor.send(push(50)).await;
        assert_eq!(ear.next().await, Told::Push(push(50)));
        assert!(!old.is_finished());
        successor.ack().await;
        let took_over = Instant::now();
        let successor = alive(successor, 100, 3);
        let left = old.await.unwrap();
        assert_eq!((left - took_over).as_secs(), settings().overlap.as_secs());
        for hour in 100..103 {
            assert_eq!(ear.next().await, Told::Push(push(hour)));
        }
        // And that one has a successor in its turn, without a word of Up or Down in between.
        let third = venue.accept_up(2).await;
        assert!(third.target.contains("token3%3D"));
        assert!(ear.is_silent() && !successor.is_finished());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_successor_that_fails_is_tried_again_while_the_old_one_lives() {
    locally(async {
        let mut venue = Venue::new();
        let ear = Ear::new(&venue, settings(), &topics());
        let old = alive(venue.accept_up(2).await, 0, 0);
        assert_eq!(ear.next().await, Told::Up);
        sleep(Duration::from_secs(3_600)).await;
        venue.refuse_bullets(Some("maintenance"));
        sleep(Duration::from_secs(23 * 3_600)).await;
        let asked = venue.bullets();
        assert!(asked > 10, "{asked} tokens asked for");
        assert!(ear.is_silent() && !old.is_finished());
        venue.refuse_bullets(None);
        // One that dies while it subscribes changes nothing either.
        drop(venue.accept().await);
        let _successor = venue.accept_up(2).await;
        old.await.unwrap();
        assert!(ear.is_silent());
    })
    .await;
}

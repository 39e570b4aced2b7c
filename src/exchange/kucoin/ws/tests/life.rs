//! From the token to the last ack, and every way that can fail.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::super::fault::{Fault, Step};
use super::super::scripted::{Peer, Venue, settings};
use super::{Ear, Told, locally, topics};

/// A connection that is up, and who hears it.
async fn up(venue: &mut Venue) -> (Ear, Peer) {
    let ear = Ear::new(venue, settings(), &topics());
    let peer = venue.accept_up(2).await;
    assert_eq!(ear.next().await, Told::Up);
    (ear, peer)
}

#[tokio::test(start_paused = true)]
async fn comes_up_when_every_subscription_is_answered_and_again_with_a_new_token() {
    locally(async {
        let mut venue = Venue::new();
        let ear = Ear::new(&venue, settings(), &topics());
        let mut peer = venue.accept().await;
        assert!(peer.target.starts_with("/endpoint?token=token1%3D%3D&connectId="));
        peer.welcome().await;
        assert_eq!(peer.ack().await, "/market/match:A-USDT,B-USDT");
        let push = r#"{"topic":"/market/match:A-USDT","type":"message","data":{}}"#;
        peer.send(push).await;
        assert_eq!(ear.next().await, Told::Push(push.to_owned()));
        assert_eq!(peer.ack().await, "/market/level2:A-USDT");
        assert_eq!(ear.next().await, Told::Up);
        drop(peer);
        assert_eq!(ear.fault().await, Fault::Closed("without a word".to_owned()));
        let mut peer = venue.accept().await;
        assert!(peer.target.starts_with("/endpoint?token=token2%3D%3D&"), "{}", peer.target);
        peer.welcome().await;
        assert_eq!(peer.ack().await, "/market/match:A-USDT,B-USDT");
        assert_eq!(peer.ack().await, "/market/level2:A-USDT");
        assert_eq!(ear.next().await, Told::Up);
        assert_eq!(venue.bullets(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_in_time_ends_the_connection() {
    locally(async {
        let mut venue = Venue::new();
        let ear = Ear::new(&venue, settings(), &topics());
        let limit = settings().welcome_timeout;
        let began = Instant::now();
        let silent = venue.dialed().await;
        assert_eq!(ear.fault().await, Fault::Late(Step::Handshake, limit));
        assert_eq!(began.elapsed(), limit);
        drop(silent);
        let peer = venue.accept().await;
        let began = Instant::now();
        assert_eq!(ear.fault().await, Fault::Late(Step::Welcome, limit));
        assert!((limit..limit + Duration::from_millis(5)).contains(&began.elapsed()));
        drop(peer);
        let mut peer = venue.accept().await;
        peer.welcome().await;
        peer.ack().await;
        let began = Instant::now();
        assert_eq!(ear.fault().await, Fault::Late(Step::Ack, limit));
        assert!((limit..limit + Duration::from_millis(5)).contains(&began.elapsed()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_half_open_connection_is_found_by_its_missing_pong() {
    locally(async {
        let mut venue = Venue::new();
        let (ear, mut peer) = up(&mut venue).await;
        let began = Instant::now();
        let ping = peer.frame().await;
        assert_eq!(ping["type"], "ping");
        assert_eq!(began.elapsed().as_secs(), 18);
        peer.send(format!(r#"{{"id":{},"type":"pong"}}"#, ping["id"])).await;
        // Pushes alone do not stand in for the next pong, and a pong of another ping neither.
        assert_eq!(peer.frame().await["type"], "ping");
        assert_eq!(began.elapsed().as_secs(), 36);
        let push = r#"{"topic":"/market/match:A-USDT","type":"message","data":{}}"#;
        peer.send(push).await;
        peer.send(format!(r#"{{"id":{},"type":"pong"}}"#, ping["id"])).await;
        assert_eq!(ear.next().await, Told::Push(push.to_owned()));
        assert_eq!(ear.fault().await, Fault::Late(Step::Pong, Duration::from_secs(10)));
        assert_eq!(began.elapsed().as_secs(), 46);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_takes_nothing_ends_the_connection() {
    locally(async {
        let mut venue = Venue::with_pipes_of(256);
        let names = (0..100).map(|name| format!("NAME{name}-USDT")).collect();
        let many = [super::Subscription::public("/market/match", names)];
        let ear = Ear::new(&venue, settings(), &many);
        let mut peer = venue.accept().await;
        peer.welcome().await;
        assert_eq!(ear.fault().await, Fault::Late(Step::Write, settings().write_timeout));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_token_and_a_refused_one_are_told_and_tried_again() {
    locally(async {
        let mut venue = Venue::new();
        venue.refuse_bullets(Some("HTTP status 503"));
        let ear = Ear::new(&venue, settings(), &topics());
        assert_eq!(ear.fault().await, Fault::Bullet("HTTP status 503".to_owned()));
        assert_eq!(ear.fault().await.to_string(), "no token: HTTP status 503");
        venue.refuse_bullets(None);
        let mut pipe = venue.dialed().await;
        pipe.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let fault = ear.fault().await;
        assert_eq!(fault, Fault::Token("HTTP status 401 Unauthorized".to_owned()));
        let mut peer = venue.accept().await;
        peer.send(r#"{"id":"any","type":"error","code":401,"data":"token is expired"}"#).await;
        assert_eq!(ear.fault().await, Fault::Token("401 token is expired".to_owned()));
        assert!(venue.accept_up(2).await.target.contains("token5%3D"), "a new token each time");
        assert_eq!(ear.next().await, Told::Up);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn foreign_frames_end_the_connection_and_reserved_ones_are_told() {
    locally(async {
        let mut venue = Venue::new();
        let (ear, mut peer) = up(&mut venue).await;
        peer.send(r#"{"type":"notice","data":"upgrade at noon"}"#).await;
        assert!(matches!(ear.next().await, Told::Notice(text) if text.contains("noon")));
        peer.send_message(Message::Ping("x".into())).await;
        peer.send("{\"type\":").await;
        assert!(matches!(ear.fault().await, Fault::Malformed(_)));
        for message in [
            Message::Binary(vec![1, 2, 3].into()),
            Message::text("x".repeat(settings().frame_bytes_max + 1)),
        ] {
            let mut peer = venue.accept_up(2).await;
            assert_eq!(ear.next().await, Told::Up);
            // The pipe holds less than the longest frame: the client leaves in the middle of it.
            let sending = tokio::task::spawn_local(async move {
                use futures_util::SinkExt;
                let _ = peer.socket_mut().send(message).await;
                peer
            });
            let fault = ear.fault().await;
            assert!(matches!(fault, Fault::Malformed(_)), "{fault}");
            sending.abort();
        }
        let mut peer = venue.accept_up(2).await;
        assert_eq!(ear.next().await, Told::Up);
        let reason = CloseFrame { code: 1012.into(), reason: "server upgrade".into() };
        peer.send_message(Message::Close(Some(reason))).await;
        assert_eq!(ear.fault().await, Fault::Closed("1012 server upgrade".to_owned()));
        let mut peer = venue.accept_up(2).await;
        assert_eq!(ear.next().await, Told::Up);
        peer.send(r#"{"topic":"/a","type":"message","data":"nonsense"}"#).await;
        assert!(matches!(ear.next().await, Told::Push(_)));
        assert_eq!(ear.fault().await, Fault::Asked("asked for".to_owned()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_name_does_not_take_the_others_along() {
    locally(async {
        let mut venue = Venue::new();
        let ear = Ear::new(&venue, settings(), &topics());
        let mut peer = venue.accept().await;
        peer.welcome().await;
        let missing = "topic is not found";
        assert_eq!(peer.refuse(404, missing).await, "/market/match:A-USDT,B-USDT");
        assert_eq!(peer.ack().await, "/market/level2:A-USDT");
        assert_eq!(peer.ack().await, "/market/match:A-USDT");
        assert_eq!(peer.refuse(404, missing).await, "/market/match:B-USDT");
        let refused = ("/market/match:B-USDT".to_owned(), format!("404 {missing}"));
        assert_eq!(ear.next().await, Told::Refused(refused.0, refused.1));
        assert_eq!(ear.next().await, Told::Up);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn too_much_at_once_is_asked_again_later_and_a_limit_waits_long() {
    locally(async {
        let mut venue = Venue::new();
        let ear = Ear::new(&venue, settings(), &topics());
        let mut peer = venue.accept().await;
        peer.welcome().await;
        let began = Instant::now();
        peer.refuse(509, "exceed max permits per second").await;
        peer.ack().await;
        assert_eq!(peer.ack().await, "/market/match:A-USDT,B-USDT");
        assert_eq!(began.elapsed().as_secs(), 11);
        assert_eq!(ear.next().await, Told::Up);
        peer.send(r#"{"type":"error","code":509,"data":"exceed max session count limitation"}"#)
            .await;
        assert!(matches!(ear.fault().await, Fault::Limit(_)));
        let began = Instant::now();
        venue.accept().await;
        assert!(began.elapsed().as_secs() >= 12, "{:?}", began.elapsed());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_venue_that_is_gone_is_not_stormed() {
    locally(async {
        let venue = Venue::new();
        venue.refuse_bullets(Some("gone"));
        let ear = Ear::new(&venue, settings(), &topics());
        let began = Instant::now();
        for _ in 0..200 {
            ear.fault().await;
        }
        let minutes = began.elapsed().as_secs() / 60;
        assert!((16..200).contains(&minutes), "{minutes} minutes for 200 attempts");
    })
    .await;
}

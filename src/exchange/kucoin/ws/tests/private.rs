//! The private channel: nothing is told before it is complete, and a loss is told as one.

use std::rc::Rc;

use super::super::private::{PrivateChannel, PrivateEvent};
use super::super::queue::Queue;
use super::super::scripted::{Venue, settings};
use super::locally;

fn order(id: &str) -> String {
    format!(
        r#"{{"topic":"/spotMarket/tradeOrdersV2","type":"message","subject":"orderChange","userId":"u","channelType":"private","data":{{"clientOid":"{id}","orderId":"6720da3fa30a360007f5f832","orderTime":1730206271588,"orderType":"limit","originSize":"0.00001","side":"buy","status":"new","symbol":"BTC-USDT","ts":1730206271616000000,"type":"received"}}}}"#
    )
}

const BALANCE: &str = r#"{"topic":"/account/balance","type":"message","subject":"account.balance","id":"3","userId":"u","channelType":"private","data":{"accountId":"5","currency":"USDT","total":"21.1","available":"20.1","hold":"1","availableChange":"-0.5","holdChange":"0.5","relationContext":{"symbol":"BTC-USDT","orderId":"6"},"relationEvent":"trade.hold","relationEventId":"3","time":"1730269283892"}}"#;

async fn next(channel: &PrivateChannel) -> String {
    channel.filled().await;
    match channel.next().unwrap() {
        PrivateEvent::Up => "up".to_owned(),
        PrivateEvent::Down { reason } => format!("down: {reason}"),
        PrivateEvent::Order(push) => push.client_oid.unwrap_or_default().to_string(),
        PrivateEvent::Balance(push) => format!("{} {}", push.currency, push.available),
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_are_told_from_up_on_and_nonsense_begins_anew() {
    locally(async {
        let mut venue = Venue::new();
        let channel =
            PrivateChannel::start(settings(), venue.bullet(), venue.dialer(), Rc::default());
        let mut peer = venue.accept().await;
        peer.welcome().await;
        let frame = peer.frame().await;
        assert_eq!(frame["topic"], "/spotMarket/tradeOrdersV2");
        assert_eq!(frame["privateChannel"], true);
        peer.send(format!(r#"{{"id":{},"type":"ack"}}"#, frame["id"])).await;
        // This may not be the first of its kind: it belongs to what is reconciled.
        peer.send(order("early")).await;
        assert_eq!(peer.ack().await, "/account/balance");
        assert_eq!(next(&channel).await, "up");
        peer.send(order("a1")).await;
        peer.send(BALANCE).await;
        peer.send(r#"{"topic":"/other","type":"message","data":{}}"#).await;
        peer.send(order("a2").replace(r#""side":"buy","#, "")).await;
        assert_eq!(next(&channel).await, "a1");
        assert_eq!(next(&channel).await, "USDT 20.1");
        let down = next(&channel).await;
        assert!(
            down.starts_with("down: a private push is not understood: missing field"),
            "{down}"
        );
        let mut peer = venue.accept_up(2).await;
        assert_eq!(next(&channel).await, "up");
        peer.send(order("a3")).await;
        assert_eq!(next(&channel).await, "a3");
        let count = channel.count();
        assert_eq!((count.received, count.ignored, count.malformed), (6, 2, 1));
        assert_eq!((count.ups, count.downs, count.dropped), (2, 1, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_a_loss_and_is_told_as_one() {
    locally(async {
        let mut venue = Venue::new();
        let channel = PrivateChannel::with_queue(
            settings(),
            venue.bullet(),
            venue.dialer(),
            Queue::new(3, Rc::default()),
        );
        let mut peer = venue.accept_up(2).await;
        for id in ["a1", "a2", "a3"] {
            peer.send(order(id)).await;
        }
        peer.send(BALANCE).await;
        while channel.count().received < 4 {
            tokio::task::yield_now().await;
        }
        assert_eq!(next(&channel).await, "down: 4 events were not taken in time");
        assert_eq!(next(&channel).await, "up");
        assert_eq!(next(&channel).await, "USDT 20.1");
        assert_eq!(channel.count().dropped, 4);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_topic_brings_the_channel_down() {
    locally(async {
        let mut venue = Venue::new();
        let channel =
            PrivateChannel::start(settings(), venue.bullet(), venue.dialer(), Rc::default());
        let mut peer = venue.accept().await;
        peer.welcome().await;
        peer.refuse(403, "login is required").await;
        assert_eq!(
            next(&channel).await,
            "down: a subscription is refused: /spotMarket/tradeOrdersV2: 403 login is required"
        );
        drop(channel);
    })
    .await;
}

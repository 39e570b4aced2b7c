//! The same over real sockets of this machine: what pipes cannot show.

use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use super::super::dialer::{BulletSource, dialer};
use super::super::fault::Fault;
use super::super::scripted::settings;
use super::{Client, Queue, Subscription, Teller, Told, locally};
use crate::exchange::kucoin::protocol::bullet::{Bullet, InstanceServer};
use crate::net::dial::DialLimits;
use crate::net::tls::Tls;

fn bullet(endpoint: String) -> BulletSource {
    Rc::new(move || {
        let server = InstanceServer {
            endpoint: endpoint.clone().into(),
            encrypt: false,
            protocol: None,
            ping_interval: 18_000,
            ping_timeout: 10_000,
        };
        let token = "t".into();
        Box::pin(async move { Ok(Bullet { token, instance_servers: vec![server] }) })
    })
}

#[tokio::test]
async fn a_client_comes_up_over_tcp_and_hears_the_end() {
    locally(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Without a path: the target must begin with one all the same.
        let endpoint = format!("ws://{}", listener.local_addr().unwrap());
        let limits = DialLimits { connect: Duration::from_secs(30), tls: Duration::from_secs(30) };
        let topics = [Subscription::public("/market/match", vec!["A-USDT".to_owned()])];
        let dialer = dialer(Tls::new(), limits);
        let client = Client::new(settings(), &topics, false, bullet(endpoint), dialer).unwrap();
        let told = Queue::new(100, Rc::default());
        let handler = Rc::new(std::cell::RefCell::new(Teller(told.clone())));
        let task = tokio::task::spawn_local(client.run(handler));
        let (tcp, _) = listener.accept().await.unwrap();
        let mut peer = accept_async(tcp).await.unwrap();
        peer.send(Message::text(r#"{"id":"x","type":"welcome"}"#)).await.unwrap();
        let subscribe = peer.next().await.unwrap().unwrap();
        assert!(subscribe.to_text().unwrap().contains(r#""topic":"/market/match:A-USDT""#));
        peer.send(Message::text(r#"{"id":"1","type":"ack"}"#)).await.unwrap();
        told.filled().await;
        assert_eq!(told.pop(), Some(Told::Up));
        drop(peer);
        told.filled().await;
        assert_eq!(told.pop(), Some(Told::Down(Fault::Closed("without a word".to_owned()))));
        task.abort();
    })
    .await;
}

#[tokio::test]
async fn addresses_in_clear_and_dead_ports_are_told() {
    locally(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        for (endpoint, fault) in [
            ("ws://10.0.0.1/".to_owned(), "the token names no usable server: would send keys"),
            (format!("ws://{address}/"), "cannot connect"),
        ] {
            let limits =
                DialLimits { connect: Duration::from_secs(30), tls: Duration::from_secs(30) };
            let (bullet, dialer) = (bullet(endpoint), dialer(Tls::new(), limits));
            let client = Client::new(settings(), &[], false, bullet, dialer).unwrap();
            let told = Queue::new(100, Rc::default());
            let handler = Rc::new(std::cell::RefCell::new(Teller(told.clone())));
            let task = tokio::task::spawn_local(client.run(handler));
            told.filled().await;
            let Some(Told::Down(found)) = told.pop() else { panic!("not down") };
            assert!(found.to_string().starts_with(fault), "{found}");
            task.abort();
        }
    })
    .await;
}

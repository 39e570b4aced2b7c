//! The life of websocket connections.

use ibis::exchange::kucoin::protocol::frame::ClientFrame;
use serde_json::json;

use super::process::Exchange;
use super::socket::Socket;

const MATCHES: &str = "/market/match:BTC-USDT";
const ORDERS: &str = "/spotMarket/tradeOrdersV2";

#[test]
fn a_bullet_tells_where_to_connect_and_how_often_to_ping() {
    let exchange = Exchange::start("");
    for bullet in ["/api/v1/bullet-public", "/api/v1/bullet-private"] {
        let data = exchange.http().post(bullet, "").data();
        let server = &data["instanceServers"][0];
        assert_eq!(server["endpoint"], format!("ws://{}/", exchange.address));
        assert_eq!(
            (&server["pingInterval"], &server["pingTimeout"]),
            (&json!(18000), &json!(10000))
        );
        assert_eq!((&server["encrypt"], &server["protocol"]), (&json!(false), &json!("websocket")));
    }
}

#[test]
fn welcome_ack_and_pong_carry_the_ids_they_should() {
    let exchange = Exchange::start("");
    let mut socket = exchange.visit("/api/v1/bullet-public");
    let welcome = socket.receive();
    assert_eq!((&welcome["id"], &welcome["type"]), (&json!("here"), &json!("welcome")));
    socket.send(&ClientFrame::subscribe("/market/match@@BTC-USDT", MATCHES, false).to_json());
    assert_eq!(socket.receive(), json!({"id": "/market/match@@BTC-USDT", "type": "ack"}));
    socket.send(r#"{"id":1545910660739,"type":"ping"}"#);
    assert_eq!(socket.receive(), json!({"id": "1545910660739", "type": "pong"}));
    socket.send(&ClientFrame::unsubscribe("u", MATCHES, false).to_json());
    assert_eq!(socket.receive(), json!({"id": "u", "type": "ack"}));
}

#[test]
fn mistakes_are_answered_with_error_frames() {
    let exchange = Exchange::start("");
    let mut socket = exchange.public();
    let mut code = |text: &str| {
        socket.send(text);
        let frame = socket.receive();
        assert_eq!(frame["type"], "error", "{frame}");
        frame["code"].as_i64().unwrap()
    };
    let subscribe = |topic: &str, private| ClientFrame::subscribe("1", topic, private).to_json();
    assert_eq!(code(&subscribe("/market/nothing:BTC-USDT", false)), 404);
    assert_eq!(code(&subscribe(ORDERS, true)), 403);
    assert_eq!(code(&subscribe("", false)), 406);
    assert_eq!(code(r#"{"id":"1","type":"openTunnel"}"#), 415);
    assert_eq!(code("not json"), 400);
    let mut private = exchange.private();
    private.subscribe(ORDERS);
    private.subscribe(MATCHES);
    assert_eq!(exchange.end("TERM")["frames_refused"], 5);
}

#[test]
fn tokens_are_checked_and_end() {
    let exchange =
        Exchange::with_plan("[[rule]]\nfault = \"token_expiry\"\non = \"private\"\nafter_ms = 0\n");
    let heard = |token: &str| {
        let mut socket = Socket::connect(&exchange.address, token, "here");
        let frame = socket.receive();
        assert_eq!(socket.next().unwrap_err(), "closed");
        frame
    };
    let error = |text: &str| json!({"id": "here", "type": "error", "code": 401, "data": text});
    assert_eq!(heard("invented"), error("token is invalid"));
    assert_eq!(heard(""), error("token is invalid"));
    let expired = exchange.http().post("/api/v1/bullet-private", "").data();
    assert_eq!(heard(expired["token"].as_str().unwrap()), error("token is expired"));
    exchange.public();
    let report = exchange.end("TERM");
    assert_eq!(report["websockets_refused"], 3);
    assert_eq!(report["faults"][0]["injected"], 1);
}

#[test]
fn connections_at_once_and_in_a_minute_are_bounded() {
    let plan = "[websocket]\nconnections_max = 2\nconnects_per_minute = 4\n";
    let exchange = Exchange::with_plan(plan);
    let bullet = "/api/v1/bullet-public";
    let first = exchange.public();
    let _second = exchange.public();
    let mut third = exchange.visit(bullet);
    let refused = third.receive();
    assert_eq!(refused["code"], 509);
    assert_eq!(refused["data"], "exceed max session count limitation");
    drop(first);
    let mut fourth = exchange.visit(bullet);
    fourth.receive();
    let refused = exchange.visit(bullet).receive();
    assert_eq!(refused["data"], "exceed max permits per minute", "{refused}");
}

#[test]
fn a_connection_without_pings_is_told_and_closed() {
    let plan = "[websocket]\nping_interval_ms = 200\nping_timeout_ms = 100\n";
    let exchange = Exchange::with_plan(plan);
    let mut socket = exchange.visit("/api/v1/bullet-public");
    assert_eq!(socket.receive()["pingInterval"], 200);
    assert_eq!(socket.receive(), json!({"type": "error", "code": 400, "data": "ping timeout"}));
    assert_eq!(socket.next().unwrap_err(), "closed");
    assert_eq!(exchange.end("TERM")["silent_websockets"], 1);
}

#[test]
fn a_connection_is_closed_when_it_is_old_however_it_pings() {
    let exchange = Exchange::with_plan(
        "[websocket]\nconnection_age_max_ms = 300\nmessages_per_10_s = 1000000\n",
    );
    let mut socket = exchange.public();
    let closed = loop {
        socket.inner.send(r#"{"id":"1","type":"ping"}"#.into()).ok();
        if let Err(end) = socket.next() {
            break end;
        }
    };
    assert_eq!(closed, "closed");
}

#[test]
fn too_many_messages_are_refused_and_then_cut() {
    let exchange = Exchange::with_plan("[websocket]\nmessages_per_10_s = 5\n");
    let mut socket = exchange.public();
    for _ in 0..40 {
        // The connection may be gone already.
        socket.inner.send(r#"{"id":"1","type":"ping"}"#.into()).ok();
    }
    let mut types = Vec::new();
    while let Ok(frame) = socket.next() {
        types.push(frame["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(types.iter().filter(|kind| *kind == "pong").count(), 5, "{types:?}");
    let report = exchange.end("TERM");
    assert_eq!(report["frames_refused"], 21, "it is cut after the venue's patience");
}

#[test]
fn a_handshake_without_its_headers_is_no_handshake() {
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    let upgrade = ("Upgrade".to_owned(), "websocket".to_owned());
    http.send(("GET", "/?token=x"), &[upgrade], "");
    assert_eq!(http.receive().status, 404);
}

#[test]
fn the_base_url_may_be_reached_by_another_name() {
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    let port = exchange.address.rsplit(':').next().unwrap();
    let text = format!("POST /api/v1/bullet-public HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    std::io::Write::write_all(&mut http.stream, text.as_bytes()).unwrap();
    let data = http.receive().data();
    assert_eq!(data["instanceServers"][0]["endpoint"], format!("ws://localhost:{port}/"));
}

//! Faults of websocket connections.

use super::process::Exchange;

fn plan(how: &str) -> String {
    format!(
        "[websocket]\nmessages_per_10_s = 1000000\n[[rule]]\nfault = \"disconnect\"\non = \"private\"\nmin_ms = 20\nmax_ms = 60\n\
         how = \"{how}\"\nlimit = 1\n"
    )
}

#[test]
fn a_connection_ends_in_order_or_with_a_reset() {
    for (how, expected) in [("close", "closed"), ("reset", "connection reset")] {
        let exchange = Exchange::with_plan(&plan(how));
        let mut spared = exchange.public();
        let mut ended = exchange.private();
        assert_eq!(ended.next().unwrap_err(), expected);
        spared.send(r#"{"id":"1","type":"ping"}"#);
        assert_eq!(spared.receive()["type"], "pong");
        let mut second = exchange.private();
        second.send(r#"{"id":"1","type":"ping"}"#);
        assert_eq!(second.receive()["type"], "pong", "the limit is one");
        assert_eq!(exchange.injected(), [1]);
    }
}

#[test]
fn a_half_open_connection_says_nothing_any_more_and_does_not_close() {
    let exchange = Exchange::with_plan(&plan("half_open"));
    let mut socket = exchange.private();
    let brief = std::time::Duration::from_millis(300);
    socket.inner.get_ref().set_read_timeout(Some(brief)).unwrap();
    // Pongs come until it is half-open; then nothing, although the socket takes what is sent.
    let end = loop {
        socket.send(r#"{"id":"1","type":"ping"}"#);
        if let Err(end) = socket.next() {
            break end;
        }
    };
    assert_eq!(end, "operation would block");
    assert_eq!(exchange.injected(), [1]);
}

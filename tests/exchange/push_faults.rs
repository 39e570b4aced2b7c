//! Faults of pushes: own orders give pushes whose order and number are known.

use super::process::Exchange;
use super::socket::Socket;

const ORDERS: &str = "/spotMarket/tradeOrders";

/// The client's ids of the `open` pushes of so many orders, placed under a rule for their topic.
fn pushed(rule: &str, orders: usize) -> Vec<String> {
    let exchange = Exchange::with_plan(&format!("[[rule]]\non = \"{ORDERS}\"\n{rule}\n"));
    let mut socket = exchange.private();
    socket.subscribe(ORDERS);
    let mut http = exchange.http();
    for count in 1..=orders {
        http.place_far(&count.to_string());
    }
    // The last order's cancel closes the list: its push is not the rule's any more, or late as well.
    let ids = opens_until_canceled(&mut socket, &mut http, orders);
    assert!(exchange.injected()[0] > 0, "{rule}");
    ids
}

fn opens_until_canceled(
    socket: &mut Socket,
    http: &mut super::http::Http,
    last: usize,
) -> Vec<String> {
    http.delete(&format!("/api/v1/hf/orders/client-order/{last}?symbol=BTC-USDT")).data();
    let mut ids = Vec::new();
    loop {
        let push = socket.push();
        assert_eq!(push["topic"], ORDERS, "{push}");
        match push["data"]["type"].as_str().unwrap() {
            "open" => ids.push(push["data"]["clientOid"].as_str().unwrap().to_owned()),
            "canceled" => return ids,
            other => panic!("{other}: {push}"),
        }
    }
}

#[test]
fn pushes_may_be_lost_singly_and_in_rows() {
    assert_eq!(pushed("fault = \"drop_push\"\nevery = 2\nlimit = 2", 5), ["1", "3", "5"]);
    let row = "fault = \"drop_push\"\nevery = 2\nlength = 3\nlimit = 1";
    assert_eq!(pushed(row, 6), ["1", "5", "6"]);
}

#[test]
fn pushes_may_come_twice() {
    assert_eq!(
        pushed("fault = \"duplicate_push\"\nevery = 3\nlimit = 1", 4),
        ["1", "2", "3", "3", "4"]
    );
}

#[test]
fn pushes_may_change_places() {
    let swap = "fault = \"reorder_push\"\nevery = 2\nlimit = 1";
    assert_eq!(pushed(swap, 4), ["1", "3", "2", "4"]);
}

#[test]
fn a_late_push_holds_up_what_follows_in_its_topic_alone() {
    let late = "fault = \"delay_push\"\nmin_ms = 40\nmax_ms = 80\nlimit = 1";
    assert_eq!(pushed(late, 3), ["1", "2", "3"]);
    let exchange = Exchange::with_plan(&format!("[[rule]]\non = \"{ORDERS}\"\n{late}\n"));
    let mut socket = exchange.private();
    socket.subscribe(ORDERS);
    socket.subscribe("/account/balance");
    exchange.http().place_far("1");
    assert_eq!(socket.push()["topic"], "/account/balance");
    assert_eq!(socket.push()["topic"], ORDERS);
}

#[test]
fn a_gap_is_a_hole_in_the_sequences_of_level_2() {
    let run = |plan: &str| {
        let home = crate::support::home::Home::new();
        home.write("plan.toml", plan);
        let exchange = Exchange::start_in(home, "--faults plan.toml --speed 100");
        let mut socket = exchange.public();
        socket.subscribe("/market/level2:BTC-USDT");
        let (mut holes, mut last) = (0, None);
        for _ in 0..60 {
            let push = socket.push();
            let number = |name: &str| push["data"][name].as_i64().unwrap();
            holes += i32::from(last.is_some_and(|last| number("sequenceStart") != last + 1));
            last = Some(number("sequenceEnd"));
        }
        holes
    };
    assert_eq!(run(""), 0);
    // Of 74 pushes the 10th and 11th, 20th and 21st, ... 70th and 71st are lost.
    assert_eq!(run("[[rule]]\nfault = \"gap\"\nevery = 10\nlength = 2\n"), 7);
}

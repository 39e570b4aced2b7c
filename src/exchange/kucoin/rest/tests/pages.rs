//! Histories that come in pages, and the windows they are asked in.

use super::calls::ORDER_SAMPLE;
use super::server::{Act, Server, ok};
use super::*;
use crate::exchange::kucoin::rest::{HISTORY_PAGE_MAX, PAGES_MAX};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn fill(id: usize) -> String {
    format!(
        r#"{{"id":{id},"orderId":"67","tradeId":{id},"symbol":"A-B","side":"buy","liquidity":"taker","type":"limit","price":"1","size":"1","funds":"1","fee":"0.001","feeCurrency":"B","createdAt":{id}}}"#
    )
}

/// A page with the fills `from` down to `to`.
fn page(from: usize, to: usize) -> Act {
    let items: Vec<_> = (to..=from).rev().map(fill).collect();
    ok(&format!(r#"{{"lastId":{to},"items":[{}]}}"#, items.join(",")))
}

/// The values of a query field in every request.
fn values(server: &Server, name: &str) -> Vec<Option<String>> {
    let value = |target: &str| {
        let fields = target.split_once('?').unwrap().1.split('&');
        fields
            .filter_map(|field| field.split_once('='))
            .find(|field| field.0 == name)
            .map(|field| field.1.to_owned())
    };
    server.seen().iter().map(|seen| value(&seen.target)).collect()
}

#[test]
fn pages_are_read_to_the_last_and_put_in_order() {
    let server = Server::start([page(250, 151), page(151, 52), page(51, 1)]);
    let rest = client(&server);
    let since = rest.venue_time() - DAY;
    let found = run(rest.fills_since("A-B", since)).unwrap();
    let ids: Vec<_> = found.fills.iter().map(|fill| fill.id).collect();
    assert_eq!(ids, (1..=250).collect::<Vec<_>>());
    assert_eq!(found.from, since);
    assert!(found.through > since + DAY / 2);
    assert_eq!(values(&server, "lastId"), [None, Some("151".into()), Some("52".into())]);
    assert_eq!(values(&server, "startAt"), vec![Some(since.ms().to_string()); 3]);
    assert_eq!(values(&server, "endAt"), [None, None, None], "the last window is open");
}

#[test]
fn a_long_time_is_asked_for_in_windows_of_seven_days() {
    let server = Server::start([page(1, 1), page(2, 2), page(3, 3)]);
    let rest = client(&server);
    let since = rest.venue_time() - 15 * DAY;
    let found = run(rest.fills_since("A-B", since)).unwrap();
    assert_eq!(found.fills.len(), 3);
    let at = |days: u32| Some((since + days * DAY).ms().to_string());
    assert_eq!(values(&server, "startAt"), [at(0), at(7), at(14)]);
    assert_eq!(values(&server, "endAt"), [at(7), at(14), None]);
}

#[test]
fn what_is_too_old_is_not_asked_for_and_said_so() {
    let server = Server::start(vec![page(0, 1); 5]);
    let rest = client(&server);
    let found = run(rest.fills_since("A-B", crate::domain::time::Timestamp::from_ms(0))).unwrap();
    assert!(found.from > rest.venue_time() - 29 * DAY);
    assert_eq!((server.seen().len(), found.fills.len()), (4, 0));
}

#[test]
fn a_cursor_that_stands_still_ends() {
    let server = Server::start(vec![page(100, 1); 3]);
    let rest = client(&server);
    let found = run(rest.fills_since("A-B", rest.venue_time() - DAY)).unwrap();
    assert_eq!((found.fills.len(), server.seen().len()), (HISTORY_PAGE_MAX, 2));
}

#[test]
fn too_many_pages_are_said_to_be_incomplete() {
    let pages = (0..PAGES_MAX).map(|number| page(20_000 - 100 * number, 19_901 - 100 * number));
    let server = Server::start([page(1, 1)].into_iter().chain(pages));
    let rest = client(&server);
    run(async {
        let since = rest.venue_time() - 8 * DAY;
        let found = rest.fills_since("A-B", since).await.unwrap();
        // The first window is whole, the second is not, and none of it is given.
        assert_eq!((found.through, found.fills.len()), (since + 7 * DAY, 1));
        assert_eq!(server.left(), 1);
    });
    let pages = (0..PAGES_MAX).map(|number| page(20_000 - 100 * number, 19_901 - 100 * number));
    let server = Server::start(pages);
    let failure = run(client(&server).fills_of_order("A-B", "67")).unwrap_err();
    assert_eq!(failure.word(), "malformed", "{failure}");
}

#[test]
fn open_orders_are_collected_pair_by_pair() {
    let orders = format!("[{ORDER_SAMPLE}]");
    let server = Server::start([ok(r#"{"symbols":["A-B","C-D"]}"#), ok(&orders), ok(&orders)]);
    let found = run(client(&server).all_open_orders()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(server.seen()[2].target, "/api/v1/hf/orders/active?symbol=C-D");
}

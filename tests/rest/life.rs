//! An order's life, and the account's, by calls alone.

use ibis::domain::side::Side;
use ibis::exchange::kucoin::protocol::candle::CandleType;
use ibis::exchange::kucoin::protocol::order::{OrderState, OrderType, TimeInForce};
use ibis::exchange::kucoin::protocol::place::PlaceOrder;
use ibis::exchange::kucoin::rest::{BookSize, DoneQuery, Failure, Priority, Rest};

use super::*;

/// A resting order, placed.
async fn rest_an_order(rest: &Rest) -> PlaceOrder<'static> {
    let mut order = buy(rest, "0.95", TimeInForce::Gtc).await;
    order.post_only = Some(true);
    rest.place(&order, Priority::Entry).await.unwrap();
    order
}

#[test]
fn an_order_rests_is_seen_everywhere_and_is_canceled() {
    let exchange = traded("");
    let rest = client(&exchange);
    run(async {
        let order = rest_an_order(&rest).await;
        let id = order.client_oid.as_deref().unwrap();
        let seen = rest.order_by_client_id(SYMBOL, id).await.unwrap();
        assert_eq!(
            (seen.state(), seen.price, seen.size),
            (OrderState::Open, order.price.unwrap(), order.size.unwrap())
        );
        assert_eq!(rest.order_by_id(SYMBOL, &seen.id).await.unwrap(), seen);
        assert_eq!(rest.open_orders(SYMBOL).await.unwrap(), std::slice::from_ref(&seen));
        assert_eq!(rest.symbols_with_open_orders().await.unwrap(), [SYMBOL]);
        assert_eq!(rest.all_open_orders().await.unwrap().len(), 1);
        let held = rest.accounts().await.unwrap();
        assert!(
            held.iter().any(|row| row.currency == "USDT" && row.holds.is_positive()),
            "{held:?}"
        );

        rest.cancel_by_client_id(SYMBOL, id).await.unwrap();
        let gone = rest.order_by_client_id(SYMBOL, id).await.unwrap();
        assert_eq!(gone.state(), OrderState::Canceled);
        assert_eq!(rest.open_orders(SYMBOL).await.unwrap().len(), 0);
        let done = rest.done_orders(SYMBOL, DoneQuery::default()).await.unwrap();
        assert_eq!(done.items, [gone]);
        let again = rest.cancel_by_client_id(SYMBOL, id).await.unwrap_err();
        assert_eq!(again.word(), "not found", "{again}");
        let again = rest.place(&order, Priority::Entry).await.unwrap_err();
        assert_eq!(again.word(), "duplicate", "{again}");
    });
    assert_eq!(rest.count().connections, 1, "{:?}", rest.count());
}

#[test]
fn an_order_fills_and_its_fills_add_up() {
    let exchange = traded("");
    let rest = client(&exchange);
    run(async {
        let began = rest.server_time().await.unwrap();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let order = buy(&rest, "1.02", TimeInForce::Ioc).await;
            let placed = rest.place_sync(&order, Priority::Entry).await.unwrap();
            assert!(placed.deal_size.is_positive(), "{placed:?}");
            ids.push(placed.order_id.to_string());
        }
        let since = rest.fills_since(SYMBOL, began).await.unwrap();
        let mut fills = 0;
        for id in &ids {
            let order = rest.order_by_id(SYMBOL, id).await.unwrap();
            let own = rest.fills_of_order(SYMBOL, id).await.unwrap();
            fills += own.len();
            assert_eq!(own.iter().map(|fill| fill.size).sum::<Decimal>(), order.deal_size);
            assert_eq!(own.iter().map(|fill| fill.funds).sum::<Decimal>(), order.deal_funds);
            assert_eq!(own.iter().map(|fill| fill.fee).sum::<Decimal>(), order.fee);
            assert!(own.iter().all(|fill| since.fills.contains(fill)));
        }
        assert_eq!(since.fills.len(), fills);
        assert!(since.fills.windows(2).all(|pair| pair[0].id < pair[1].id));
        let base = rest.accounts().await.unwrap();
        let bought = since.fills.iter().map(|fill| fill.size).sum();
        assert!(
            base.iter().any(|row| row.currency == "BTC" && row.available == bought),
            "{base:?}"
        );
    });
}

#[test]
fn everything_is_canceled_at_once_and_by_the_switch() {
    let exchange = traded("");
    let rest = client(&exchange);
    run(async {
        assert_eq!(rest.dead_man_get().await.unwrap(), None);
        let set = rest.dead_man_set(60, &[SYMBOL]).await.unwrap();
        assert_eq!(set.trigger_time - set.current_time, 60);
        let armed = rest.dead_man_get().await.unwrap().unwrap();
        assert_eq!((armed.timeout, armed.symbols.as_deref()), (Some(60), Some(SYMBOL)));
        rest.dead_man_set(-1, &[]).await.unwrap();
        assert_eq!(rest.dead_man_get().await.unwrap(), None);

        rest_an_order(&rest).await;
        rest.cancel_all(SYMBOL).await.unwrap();
        assert_eq!(rest.all_open_orders().await.unwrap().len(), 0);
        rest_an_order(&rest).await;
        let canceled = rest.cancel_everything().await.unwrap();
        assert_eq!((canceled.succeed_symbols.len(), canceled.failed_symbols.len()), (1, 0));
        assert_eq!(rest.all_open_orders().await.unwrap().len(), 0);
    });
}

#[test]
fn market_data_agrees_with_itself() {
    let exchange = traded("");
    let rest = client(&exchange);
    run(async {
        let (part, full) =
            (rest.book_part(SYMBOL, BookSize::Levels20).await, rest.full_book(SYMBOL).await);
        let (part, full) = (part.unwrap(), full.unwrap());
        assert!(part.sequence <= full.sequence && part.bids.len() <= 20);
        for book in [&part, &full] {
            assert!(book.bids[0].0 < book.asks[0].0, "{book:?}");
        }
        let top = rest.level1(SYMBOL).await.unwrap();
        assert!(top.best_bid.unwrap() < top.best_ask.unwrap());
        let rows = rest.symbols().await.unwrap();
        assert!(rows.contains(&rest.symbol(SYMBOL).await.unwrap()));
        let now = rest.server_time().await.unwrap();
        let hour = Duration::from_secs(3_600);
        let candles = rest.candles(SYMBOL, CandleType::Minute1, now - hour, now).await.unwrap();
        assert!(candles.iter().all(|candle| candle.low <= candle.high));
        rest.bullet_public().await.unwrap();
        rest.bullet_private().await.unwrap();
    });
}

#[test]
fn refusals_say_what_to_do() {
    let exchange = traded("");
    let rest = client(&exchange);
    run(async {
        let mut rich = buy(&rest, "0.95", TimeInForce::Gtc).await;
        rich.size = rich.size.map(|size| size.times(1_000_000));
        let mut odd = buy(&rest, "0.95", TimeInForce::Gtc).await;
        odd.price = odd.price.map(|price| price + Decimal::EPSILON);
        let mut late = buy(&rest, "0.95", TimeInForce::Gtc).await;
        late.client_timestamp = late.client_timestamp.map(|stamp| stamp - 60_000);
        let unknown = PlaceOrder::new(OrderType::Market, "NO-PAIR", Side::Sell);
        for (order, word) in
            [(rich, "rejected"), (odd, "rejected"), (late, "rejected"), (unknown, "halted")]
        {
            let failure = rest.place(&order, Priority::Entry).await.unwrap_err();
            assert_eq!(failure.word(), word, "{failure}");
            assert!(failure.venue().is_some(), "{failure}");
        }
        assert_eq!(rest.all_open_orders().await.unwrap().len(), 0);
        let failure = rest.order_by_client_id(SYMBOL, "nobody").await.unwrap_err();
        assert!(matches!(failure, Failure::NotFound(_)), "{failure}");
    });
}

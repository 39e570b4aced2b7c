//! The REST client against `ibis exchange`: two programs that share a vocabulary and nothing else.

mod faults;
mod life;
mod preflight;

use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ibis::domain::decimal::{Decimal, Round};
use ibis::domain::instrument::Instrument;
use ibis::domain::side::Side;
use ibis::exchange::kucoin::credentials::Credentials;
use ibis::exchange::kucoin::instrument::{Rates, from_symbol};
use ibis::exchange::kucoin::protocol::order::{OrderType, TimeInForce};
use ibis::exchange::kucoin::protocol::place::PlaceOrder;
use ibis::exchange::kucoin::rest::{Rest, RestSettings};

use crate::exchange::process::Exchange;

const SYMBOL: &str = "BTC-USDT";

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_io().enable_time().build().unwrap().block_on(future)
}

fn settings(exchange: &Exchange) -> RestSettings {
    RestSettings::new(exchange.ready["base_url"].as_str().unwrap()).unwrap()
}

fn client(exchange: &Exchange) -> Rest {
    let path = exchange.ready["credentials_file"].as_str().unwrap();
    Rest::new(settings(exchange), Some(&Credentials::load(Path::new(path), None).unwrap()))
}

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// An exchange whose market has begun: its first quotes come with its first events.
fn traded(words: &str) -> Exchange {
    let exchange = Exchange::start(&format!("--speed 20 {words}"));
    wait_for_quotes(&exchange);
    exchange
}

/// As [`traded`], with a fault plan.
fn disturbed(plan: &str) -> Exchange {
    let exchange = Exchange::with_plan(plan);
    wait_for_quotes(&exchange);
    exchange
}

fn wait_for_quotes(exchange: &Exchange) {
    let rest = Rest::new(settings(exchange), None);
    run(async {
        while rest.level1(SYMBOL).await.unwrap().best_bid.is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

/// The venue's pair as an instrument.
async fn instrument(rest: &Rest) -> Instrument {
    let row = rest.symbol(SYMBOL).await.unwrap();
    Instrument::new(from_symbol(&row, Rates::Class).unwrap()).unwrap()
}

/// A buy worth about 20 in quote, at the best bid times `ratio`, with an id of its own.
async fn buy(rest: &Rest, ratio: &str, time_in_force: TimeInForce) -> PlaceOrder<'static> {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let instrument = instrument(rest).await;
    let bid = rest.level1(SYMBOL).await.unwrap().best_bid.unwrap();
    let ticks = instrument.price_floor(bid.mul(d(ratio), Round::Down)).unwrap();
    let price = instrument.price_of(ticks);
    let lots = instrument.quantity_floor(d("20").div(price, Round::Down)).unwrap();
    let mut order = PlaceOrder::new(OrderType::Limit, SYMBOL, Side::Buy);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    order.client_oid = Some(format!("rest-{number}").into());
    (order.price, order.size) = (Some(price), Some(instrument.quantity_of(lots)));
    order.time_in_force = Some(time_in_force);
    (order.allow_max_time_window, order.client_timestamp) =
        (Some(5_000), Some(rest.venue_time().ms()));
    order
}

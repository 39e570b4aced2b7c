//! The simulated exchange without transport: `cargo bench --bench exchange_core`. Prints a table;
//! asserts nothing about time.
//!
//! Calls go through [`Core::answer`] as the gateway makes them: endpoint, query and JSON body, the
//! whole answer as text. One thread; bodies are prepared before the clock starts. Times are those the
//! thread spent on a processor, so that a busy machine tells the same.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::time::Duration;

use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::Asset;
use ibis::domain::time::Timestamp;
use ibis::exchange::kucoin::protocol::endpoint::Endpoint;
use ibis::exchange::kucoin::protocol::target::Query;
use ibis::exchange::server::answer::{Answer, Call};
use ibis::exchange::server::core::{AccountSpec, Core, CoreOptions, Push};
use ibis::market::{Market, Synthetic};

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;
const ORDERS: usize = 100_000;
const PRIVATE: [&str; 2] = ["/spotMarket/tradeOrdersV2", "/account/balance"];

fn main() {
    println!("{:<52}{:>12}{:>12}", "case", "per second", "us each");
    rest_and_cancel("limit orders that rest, then canceled", &[]);
    rest_and_cancel("the same, orders and balances watched", &PRIVATE);
    market_orders("market orders filled, market moving", &[]);
    market_orders("the same, orders and balances watched", &PRIVATE);
    let public: Vec<_> = PRIVATE
        .iter()
        .copied()
        .chain([
            "/market/level2:BTC-USDT",
            "/market/match:BTC-USDT",
            "/market/candles:BTC-USDT_1min",
            "/spotMarket/level1:BTC-USDT",
        ])
        .collect();
    market_orders("the same, four public topics of the pair too", &public);
    queries();
    hours("market hours of ten pairs, nobody watching", &[]);
    let all = ["BTC", "ETH", "SOL", "AVAX", "ARB", "GRT", "VET", "HOT", "SHIB", "MOG"];
    let topics: Vec<String> = all
        .iter()
        .flat_map(|base| {
            ["/market/level2", "/market/match", "/market/ticker", "/spotMarket/level2Depth50"]
                .map(|topic| format!("{topic}:{base}-USDT"))
        })
        .collect();
    let topics: Vec<_> = topics.iter().map(String::as_str).collect();
    hours("market hours of ten pairs, forty topics watched", &topics);
    first_questions();
}

/// Places and cancels in turn, two orders in the book at most; both are counted.
fn rest_and_cancel(name: &str, topics: &[&str]) {
    let mut exchange = Exchange::new(topics);
    let bodies: Vec<_> = (0..ORDERS)
        .map(|index| {
            format!(
                r#"{{"type":"limit","symbol":"BTC-USDT","side":"buy","price":"{}","size":"0.001","clientOid":"order-{index}"}}"#,
                50_000 + index % 100
            )
        })
        .collect();
    let ids: Vec<_> = (0..ORDERS).map(|index| format!("order-{index}")).collect();
    let seconds = timed(|| {
        for (body, id) in bodies.iter().zip(&ids) {
            exchange.ask(Endpoint::Place, "", "", body);
            exchange.ask(Endpoint::CancelByClientId, id, "symbol=BTC-USDT", "");
            exchange.drop_pushes();
        }
    });
    line(name, 2 * ORDERS, seconds);
}

/// Buys and sells in turn; the market moves on by a second after every hundred orders.
fn market_orders(name: &str, topics: &[&str]) {
    let mut exchange = Exchange::new(topics);
    let bodies: Vec<_> = (0..ORDERS)
        .map(|index| {
            let side = if index % 2 == 0 { "buy" } else { "sell" };
            format!(
                r#"{{"type":"market","symbol":"BTC-USDT","side":"{side}","size":"0.00001","clientOid":"order-{index}"}}"#
            )
        })
        .collect();
    let mut moving = Duration::ZERO;
    let seconds = timed(|| {
        for (index, body) in bodies.iter().enumerate() {
            if index % 100 == 0 {
                moving += Duration::from_secs(1);
                exchange.advance(moving);
            }
            exchange.ask(Endpoint::PlaceSync, "", "", body);
            exchange.drop_pushes();
        }
    });
    line(name, ORDERS, seconds);
}

fn queries() {
    let mut exchange = Exchange::new(&[]);
    for index in 0..200 {
        let body = format!(
            r#"{{"type":"limit","symbol":"BTC-USDT","side":"buy","price":"50000","size":"0.001","clientOid":"order-{index}"}}"#
        );
        exchange.ask(Endpoint::Place, "", "", &body);
    }
    let symbol = "symbol=BTC-USDT";
    for (name, endpoint, parameter, query, count) in [
        (
            "order by client order id, of 200 open",
            Endpoint::OrderByClientId,
            "order-77",
            symbol,
            50_000,
        ),
        ("all 200 open orders", Endpoint::OpenOrders, "", symbol, 1_000),
        ("balances", Endpoint::Accounts, "", "type=trade_hf", 50_000),
        ("20 levels of the book", Endpoint::BookPart, "20", symbol, 50_000),
    ] {
        let seconds = timed(|| {
            for _ in 0..count {
                exchange.ask(endpoint, parameter, query, "");
            }
        });
        line(name, count, seconds);
    }
}

/// Simulated hours; what is counted is market events, of which a pair has about two a second.
fn hours(name: &str, topics: &[&str]) {
    let mut exchange = Exchange::new(topics);
    let mut pushes = 0;
    let seconds = timed(|| {
        for second in 1..=4 * 3_600 {
            exchange.advance(Duration::from_secs(second));
            pushes += exchange.drop_pushes();
        }
    });
    let events = exchange.events();
    line(name, events, seconds);
    if pushes > 0 {
        line("    of it, pushes", pushes, seconds);
    }
}

/// What is slow once, because the market's history is asked for it.
fn first_questions() {
    let mut exchange = Exchange::new(&[]);
    let from = START_MS / 1_000;
    let hour = format!("symbol=BTC-USDT&type=1hour&startAt={}", from - 1_500 * 3_600);
    let minute = format!("symbol=BTC-USDT&type=1min&startAt={}", from - 1_500 * 60);
    for (name, endpoint, query) in [
        ("all tickers", Endpoint::AllTickers, ""),
        ("1500 candles of a minute", Endpoint::Candles, minute.as_str()),
        ("1500 candles of an hour", Endpoint::Candles, hour.as_str()),
    ] {
        for which in ["the first time", "again"] {
            let seconds = timed(|| {
                exchange.ask(endpoint, "", query, "");
            });
            line(&format!("{name}, {which}"), 1, seconds);
        }
    }
}

/// An exchange whose account has enough of everything.
struct Exchange {
    core: Core,
    pushes: Vec<Push>,
}

impl Exchange {
    fn new(topics: &[&str]) -> Self {
        let start = Timestamp::from_ms(START_MS);
        let asset = |name| Asset::new(name).expect("an asset");
        let balances = vec![
            (asset("USDT"), Decimal::from_int(10_000_000)),
            (asset("BTC"), Decimal::from_int(1_000)),
        ];
        let market = Market::Synthetic(Synthetic::new(1, start));
        let account = AccountSpec::new("key", balances);
        let mut core = Core::new(market, account, CoreOptions { start });
        core.advance(start + Duration::from_secs(10)).expect("a synthetic market has no errors");
        for topic in topics {
            for topic in core.check_topic(topic).expect("a topic") {
                core.watch(&topic);
            }
        }
        Self { core, pushes: Vec::new() }
    }

    fn advance(&mut self, since_start: Duration) {
        let now = Timestamp::from_ms(START_MS) + Duration::from_secs(10) + since_start;
        self.core.advance(now).expect("a synthetic market has no errors");
    }

    fn ask(&mut self, endpoint: Endpoint, path_parameter: &str, query: &str, body: &str) -> Answer {
        let query = Query::parse(query);
        let body = body.as_bytes();
        let transport_ms = START_MS;
        let answer =
            self.core.answer(&Call { endpoint, path_parameter, query, body, transport_ms });
        assert!(answer.body.starts_with(r#"{"code":"200000""#), "{}", answer.body);
        answer
    }

    /// How many there were.
    fn drop_pushes(&mut self) -> usize {
        self.core.take_pushes(&mut self.pushes);
        let count = self.pushes.len();
        self.pushes.clear();
        count
    }

    fn events(&self) -> usize {
        let counts = self.core.market_counts().iter().map(|count| count.events);
        usize::try_from(counts.sum::<u64>()).unwrap_or(usize::MAX)
    }
}

#[expect(clippy::disallowed_types, reason = "a benchmark's figures, not money")]
type Seconds = f64;

fn timed(work: impl FnOnce()) -> Seconds {
    let start = processor_ns();
    work();
    (processor_ns() - start) as Seconds / 1e9
}

/// Nanoseconds that this thread was on a processor: the first word of its `schedstat`.
fn processor_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|word| word.parse().ok()).expect("a number of nanoseconds")
}

fn line(name: &str, count: usize, seconds: Seconds) {
    let rate = count as Seconds / seconds;
    println!("{name:<52}{rate:>12.0}{:>12.2}", seconds * 1e6 / count as Seconds);
}

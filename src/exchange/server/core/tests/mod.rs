//! What clients see of the exchange, family by family, and laws over random clients.

mod accounts;
mod client_book;
mod laws;
mod markets;
mod operator;
mod orders;
mod pushes;
mod recorded;
mod stops;

use serde_json::Value;

use super::*;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::market_data::{DepthChange, MarketData, MarketEvent, Quote, Trade};
use crate::domain::side::Side;
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::target::{Query, split};
use crate::exchange::server::answer::Call;
use crate::market::Synthetic;

pub(super) fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// 2026-01-01T00:00:00Z.
pub(super) const START_MS: i64 = 1_767_225_600_000;

/// An exchange whose market says what the test lets it say, and a client without transport.
pub(super) struct Bench {
    pub core: Core,
    pub transport_ms: i64,
}

impl Bench {
    pub fn new() -> Self {
        let asset = |name| Asset::new(name).unwrap();
        let balances = vec![(asset("USDT"), d("100000")), (asset("BTC"), d("2"))];
        let start = Timestamp::from_ms(START_MS);
        let market = Market::Synthetic(Synthetic::new(1, start));
        let account = AccountSpec::new("key", balances);
        let core = Core::new(market, account, CoreOptions { start });
        Self { core, transport_ms: START_MS }
    }

    /// With the market at 60000 x 1 and 60001 x 1.
    pub fn quoted() -> Self {
        let mut bench = Self::new();
        bench.quote(("60000", "1"), ("60001", "1"));
        bench
    }

    pub fn btc(&self) -> Instrument {
        self.core.pair(InstrumentId(0)).instrument.clone()
    }

    fn ticks(&self, price: &str) -> Ticks {
        self.btc().price(d(price)).unwrap()
    }

    fn lots(&self, size: &str) -> Lots {
        self.btc().quantity(d(size)).unwrap()
    }

    /// The market says something about BTC-USDT, a millisecond after what it said before.
    pub fn say(&mut self, data: MarketData) {
        let at = Timestamp::from_us(self.core.now().us() + 1_000);
        self.core.hear(&MarketEvent { at, instrument: InstrumentId(0), data });
        self.core.pass(at);
        self.check();
    }

    pub fn quote(&mut self, bid: (&str, &str), ask: (&str, &str)) {
        let quote = Quote {
            bid: self.ticks(bid.0),
            bid_size: self.lots(bid.1),
            ask: self.ticks(ask.0),
            ask_size: self.lots(ask.1),
        };
        self.say(MarketData::Quote(quote));
    }

    pub fn print(&mut self, price: &str, size: &str, aggressor: Side) {
        let (price, size) = (self.ticks(price), self.lots(size));
        self.say(MarketData::Trade(Trade { price, size, aggressor: Some(aggressor) }));
    }

    pub fn depth(&mut self, side: Side, price: &str, size: &str) {
        let (price, size) = (self.ticks(price), self.lots(size));
        self.say(MarketData::Depth(DepthChange { side, price, size }));
    }

    /// Lets the market's time pass.
    pub fn wait_ms(&mut self, ms: i64) {
        self.core.pass(Timestamp::from_us(self.core.now().us() + ms * 1_000));
        self.check();
    }

    pub fn call(&mut self, method: &str, target: &str, body: &str) -> (u16, Value) {
        let (path, query) = split(target);
        let (endpoint, path_parameter) = Endpoint::of(method, path).unwrap();
        let answer = self.core.answer(&Call {
            endpoint,
            path_parameter,
            query: Query::parse(query),
            body: body.as_bytes(),
            transport_ms: self.transport_ms,
        });
        self.check();
        (answer.http_status, serde_json::from_str(&answer.body).unwrap())
    }

    /// The data of a call that succeeds.
    fn data(&mut self, method: &str, target: &str, body: &str) -> Value {
        let (status, mut answer) = self.call(method, target, body);
        assert_eq!((status, &answer["code"]), (200, &"200000".into()), "{target}: {answer}");
        answer["data"].take()
    }

    pub fn get(&mut self, target: &str) -> Value {
        self.data("GET", target, "")
    }

    pub fn post(&mut self, target: &str, body: &str) -> Value {
        self.data("POST", target, body)
    }

    pub fn delete(&mut self, target: &str) -> Value {
        self.data("DELETE", target, "")
    }

    /// The refusal of a call: `400100 order not exist.`
    pub fn refused(&mut self, method: &str, target: &str, body: &str) -> String {
        let (status, answer) = self.call(method, target, body);
        let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        assert_ne!(text("code"), "200000", "{target}: {answer}");
        let (code, msg) = (text("code"), text("msg"));
        if status == 200 { format!("{code} {msg}") } else { format!("{status} {code} {msg}") }
    }

    /// Places an order for BTC-USDT from its fields, without the outer braces. Its id.
    pub fn place(&mut self, fields: &str) -> String {
        let body = format!(r#"{{"symbol":"BTC-USDT",{fields}}}"#);
        self.post("/api/v1/hf/orders", &body)["orderId"].as_str().unwrap().to_owned()
    }

    pub fn limit(&mut self, name: &str, side: &str, price: &str, size: &str) -> String {
        self.place(&format!(
            r#""clientOid":"{name}","side":"{side}","type":"limit","price":"{price}","size":"{size}""#
        ))
    }

    pub fn order(&mut self, id: &str) -> Value {
        self.get(&format!("/api/v1/hf/orders/{id}?symbol=BTC-USDT"))
    }

    pub fn watch(&mut self, topic: &str) {
        for topic in self.core.check_topic(topic).unwrap() {
            self.core.watch(&topic);
        }
    }

    /// The pushes since the last call: topic and frame.
    pub fn pushes(&mut self) -> Vec<(String, Value)> {
        let mut pushes = Vec::new();
        self.core.take_pushes(&mut pushes);
        let frame = |push: Push| {
            let frame: Value = serde_json::from_str(&push.text).unwrap();
            assert_eq!(frame["topic"], *push.topic);
            assert_eq!(push.private, frame["channelType"] == "private");
            (push.topic.to_string(), frame)
        };
        pushes.into_iter().map(frame).collect()
    }

    /// What must hold whenever nothing is under way.
    pub fn check(&self) {
        assert_eq!(self.core.venue.check(), Vec::<String>::new());
        assert_eq!(self.core.account.wallet.balances(), self.core.venue.balances());
    }
}

/// Fields of an object as text, in the order asked for.
pub(super) fn fields<const N: usize>(object: &Value, names: [&str; N]) -> [String; N] {
    names.map(|name| {
        let value = &object[name];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    })
}

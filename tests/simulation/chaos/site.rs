//! The venue's side of a world: the exchange's core, and what others do there.

use std::collections::BTreeMap;
use std::rc::Rc;

use ibis::domain::decimal::Decimal;
use ibis::domain::identifier::{Asset, ClientOrderId, ExecutionId, VenueOrderId};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::engine::audit::{VenueBooks, VenueFill, VenueOrder};
use ibis::exchange::kucoin::protocol::endpoint::{Endpoint, Method};
use ibis::exchange::kucoin::protocol::target::{Query, split};
use ibis::exchange::kucoin::venue::{balances, reports};
use ibis::exchange::server::answer::Call;
use ibis::exchange::server::core::{AccountSpec, Core, CoreOptions, Push};
use ibis::market::{Market, Synthetic};
use serde_json::Value;

use super::ask::{Answer, Ask};

/// What an order was placed as.
#[derive(Clone, Copy, Debug)]
pub struct PlacedOrder {
    pub client_order_id: ClientOrderId,
    pub venue_order_id: VenueOrderId,
    pub symbol: Symbol,
}

/// The venue.
pub struct Site {
    pub core: Core,
    pub symbols: Rc<[Symbol]>,
    /// Every order that was taken.
    pub placed: Vec<PlacedOrder>,
    /// The last answer to each question.
    last: BTreeMap<String, (u16, String)>,
    hands: u64,
}

impl Site {
    pub fn new(market: Synthetic, start: Timestamp, deposit: Decimal) -> Self {
        let symbols = market.instruments().iter().map(|it| it.symbol()).collect();
        let deposits = vec![(Asset::new("USDT").unwrap(), deposit)];
        let account = AccountSpec::new("key", deposits);
        let mut core = Core::new(Market::Synthetic(market), account, CoreOptions { start });
        for topic in core.check_topic("/spotMarket/tradeOrdersV2").unwrap() {
            core.watch(&topic);
        }
        Self { core, symbols, placed: Vec::new(), last: BTreeMap::new(), hands: 0 }
    }

    /// Private pushes since the last call.
    pub fn pushes(&mut self) -> Vec<Rc<str>> {
        let mut pushes: Vec<Push> = Vec::new();
        self.core.take_pushes(&mut pushes);
        pushes.into_iter().filter(|push| push.private).map(|push| push.text).collect()
    }

    /// Answers a request.
    pub fn call(
        &mut self,
        method: Method,
        target: &str,
        body: &str,
        now: Timestamp,
    ) -> (u16, String) {
        let (path, query) = split(target);
        let (endpoint, path_parameter) = Endpoint::of(method.as_str(), path).unwrap();
        let answer = self.core.answer(&Call {
            endpoint,
            path_parameter,
            query: Query::parse(query),
            body: body.as_bytes(),
            transport_ms: now.ms(),
        });
        if endpoint == Endpoint::Place {
            self.note_placed(body, &answer.body);
        }
        (answer.http_status, answer.body)
    }

    fn note_placed(&mut self, request: &str, answer: &str) {
        let answer: Value = serde_json::from_str(answer).unwrap();
        let Some(venue_order_id) = answer["data"]["orderId"].as_str() else { return };
        let request: Value = serde_json::from_str(request).unwrap();
        let client_oid = answer["data"]["clientOid"].as_str().unwrap();
        self.placed.push(PlacedOrder {
            client_order_id: ClientOrderId::new(client_oid).unwrap(),
            venue_order_id: VenueOrderId::new(venue_order_id).unwrap(),
            symbol: Symbol::new(request["symbol"].as_str().unwrap()).unwrap(),
        });
    }

    /// True where the order of this request was taken.
    pub fn knows(&self, request: &str) -> bool {
        let named = |placed: &PlacedOrder| {
            request.contains(&format!(r#""clientOid":"{}""#, placed.client_order_id))
        };
        self.placed.iter().rev().take(20).any(named)
    }

    /// The answer that the same question had before, if it was asked; remembers this one.
    pub fn earlier(&mut self, target: &str, answer: &(u16, String)) -> Option<(u16, String)> {
        self.last.insert(target.to_owned(), answer.clone())
    }

    /// Somebody else places an order on the same account. The answer.
    pub fn by_hand(&mut self, fields: &str, symbol: Symbol, now: Timestamp) -> (String, String) {
        self.hands += 1;
        let name = format!("hand-{}", self.hands);
        let body = format!(r#"{{"symbol":"{symbol}","clientOid":"{name}",{fields}}}"#);
        let (_, answer) = self.call(Method::Post, "/api/v1/hf/orders", &body, now);
        (name, answer)
    }

    /// Open orders whose name begins with `prefix`: name at the venue, name here, what remains.
    pub fn open(&mut self, prefix: &str, now: Timestamp) -> Vec<(PlacedOrder, Decimal)> {
        let mut open = Vec::new();
        for symbol in Rc::clone(&self.symbols).iter() {
            let ask = Ask::OpenOrders(symbol.to_string());
            let Answer::OpenOrders(Ok(orders)) = self.ask(&ask, now) else { continue };
            for order in orders {
                let name = order.client_oid.as_ref().unwrap().as_str();
                if name.starts_with(prefix) {
                    let placed = PlacedOrder {
                        client_order_id: ClientOrderId::new(name).unwrap(),
                        venue_order_id: VenueOrderId::new(order.id.as_str()).unwrap(),
                        symbol: *symbol,
                    };
                    open.push((placed, order.remain_size));
                }
            }
        }
        open
    }

    /// Asks past the network.
    pub fn ask(&mut self, ask: &Ask, now: Timestamp) -> Answer {
        let target = ask.target(&self.symbols, None);
        let (status, body) = self.call(ask.endpoint().method(), &target, &ask.body(), now);
        ask.read(status, &body)
    }

    /// Cancels an order by its name here.
    pub fn cancel(&mut self, order: &PlacedOrder, now: Timestamp) -> bool {
        let endpoint = Endpoint::CancelByClientId;
        let target = endpoint.target(order.client_order_id.as_str()).with("symbol", order.symbol);
        let (_, body) = self.call(Method::Delete, target.wire(), "", now);
        body.contains("200000")
    }

    /// Takes a size off an order.
    pub fn reduce(&mut self, order: &PlacedOrder, by: Decimal, now: Timestamp) -> bool {
        let target = Endpoint::Reduce.target(order.venue_order_id.as_str());
        let target = target.with("symbol", order.symbol).with("cancelSize", by);
        let (_, body) = self.call(Method::Delete, target.wire(), "", now);
        body.contains("200000")
    }

    /// The best bid and ask.
    pub fn top(&mut self, symbol: Symbol, now: Timestamp) -> Option<(Decimal, Decimal)> {
        let target = Endpoint::Level1.target("").with("symbol", symbol);
        let (_, body) = self.call(Method::Get, target.wire(), "", now);
        let answer: Value = serde_json::from_str(&body).unwrap();
        let price = |name: &str| answer["data"][name].as_str()?.parse().ok();
        Some((price("bestBid")?, price("bestAsk")?))
    }

    /// Everything, for the audit.
    pub fn books(&mut self, now: Timestamp) -> VenueBooks {
        let open: Vec<VenueOrderId> =
            self.open("", now).into_iter().map(|(order, _)| order.venue_order_id).collect();
        let orders = self.placed.iter().map(|placed| VenueOrder {
            client_order_id: placed.client_order_id,
            venue_order_id: placed.venue_order_id,
            symbol: placed.symbol,
            open: open.contains(&placed.venue_order_id),
        });
        let orders = orders.collect();
        let Answer::Accounts(Ok(rows)) = self.ask(&Ask::Accounts, now) else {
            panic!("the account has balances")
        };
        VenueBooks { orders, fills: self.fills(now), balances: balances(&rows) }
    }

    fn fills(&mut self, now: Timestamp) -> Vec<VenueFill> {
        let mut fills = Vec::new();
        for symbol in Rc::clone(&self.symbols).iter() {
            let ask = Ask::Listed(*symbol, Timestamp::from_ms(1_000));
            let mut page = None;
            loop {
                let target = ask.target(&self.symbols, page).replace("startAt=1000&", "");
                let (status, body) = self.call(Method::Get, &target, "", now);
                let Answer::Fills(Ok(found)) = ask.read(status, &body) else {
                    panic!("fills of {symbol}: {body}")
                };
                page = found.iter().map(|fill| fill.id).min();
                for report in reports(&found).unwrap() {
                    fills.push(VenueFill {
                        symbol: *symbol,
                        execution_id: ExecutionId::new(&report.trade_id.to_string()).unwrap(),
                        venue_order_id: report.venue_order_id,
                        side: report.side,
                        quantity: report.size,
                        notional: report.funds,
                        fee: report.fee,
                        fee_asset: report.fee_asset,
                    });
                }
                if found.len() < 100 {
                    break;
                }
            }
        }
        fills
    }
}

//! Calls about orders: place, cancel, ask, and the dead man's switch.

use std::time::Duration;

use super::client::{Answered, Rest};
use super::failure::Failure;
use super::priority::Priority;
use super::request::{Body, Call, Expiring, order_text};
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::protocol::cancel::{
    CANCELED_SYMBOL, Canceled, CanceledByClientId, CanceledEverything, CanceledIds,
};
use crate::exchange::kucoin::protocol::dead_man::{
    DeadMan, DeadManQuery, SYMBOLS_MAX, SetDeadMan, TIMEOUT_OFF, TIMEOUT_S_MAX, TIMEOUT_S_MIN,
};
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::fill::Fill;
use crate::exchange::kucoin::protocol::order::{OpenSymbols, Order};
use crate::exchange::kucoin::protocol::page::Cursor;
use crate::exchange::kucoin::protocol::place::{PlaceOrder, Placed, PlacedSync};
use crate::exchange::kucoin::protocol::target::Target;
use crate::exchange::kucoin::protocol::wire_text::{IntoOwned, WireText};

/// Orders or fills in one answer (KuCoin's documentation).
pub const HISTORY_PAGE_MAX: usize = 100;

/// Which done orders of a pair are asked for. Newest first, [`HISTORY_PAGE_MAX`] at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DoneQuery {
    /// Not before; at most 7 days before `end_at`.
    pub start_at: Option<Timestamp>,
    /// Not after.
    pub end_at: Option<Timestamp>,
    /// Older than this: `last_id` of the page before.
    pub last_id: Option<i64>,
}

/// Which fills of a pair are asked for. Newest first, [`HISTORY_PAGE_MAX`] at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FillQuery<'a> {
    /// Of this order only, by the venue's id; the times do not count then.
    pub order_id: Option<&'a str>,
    /// Not before; at most 7 days before `end_at`.
    pub start_at: Option<Timestamp>,
    /// Not after.
    pub end_at: Option<Timestamp>,
    /// Older than this: `last_id` of the page before.
    pub last_id: Option<i64>,
}

impl Rest {
    /// Places an order. The answer says that the venue took it, and nothing about its fate.
    pub async fn place(
        &self,
        order: &PlaceOrder<'_>,
        priority: Priority,
    ) -> Result<Placed<'static>, Failure> {
        let answered = self.post(Endpoint::Place, order_text(order), priority).await?;
        Ok(answered.read::<Placed<'_>>()?.into_owned())
    }

    /// Places an order that dies at the venue's gateway where it comes later than `window` after `since`
    /// of the monotonic clock: a copy that was held up somewhere does not begin to work after its end.
    pub async fn place_within(
        &self,
        order: PlaceOrder<'static>,
        (since, window): (Duration, Duration),
        priority: Priority,
    ) -> Result<Placed<'static>, Failure> {
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        let body = Body::Order(Box::new(Expiring { order, since, window_ms }));
        let endpoint = Endpoint::Place;
        let call = self.call(endpoint, endpoint.target(""), priority);
        let answered = self.make(Call { body, ..call }).await?;
        Ok(answered.read::<Placed<'_>>()?.into_owned())
    }

    /// Places an order and waits for its first matching.
    pub async fn place_sync(
        &self,
        order: &PlaceOrder<'_>,
        priority: Priority,
    ) -> Result<PlacedSync<'static>, Failure> {
        let answered = self.post(Endpoint::PlaceSync, order_text(order), priority).await?;
        Ok(answered.read::<PlacedSync<'_>>()?.into_owned())
    }

    /// Lets the venue check an order. It places nothing.
    pub async fn place_test(&self, order: &PlaceOrder<'_>) -> Result<Placed<'static>, Failure> {
        let answered = self.post(Endpoint::PlaceTest, order_text(order), Priority::Read).await?;
        Ok(answered.read::<Placed<'_>>()?.into_owned())
    }

    /// Asks for the cancel of an order by our id. The answer says that the venue took the request.
    pub async fn cancel_by_client_id(
        &self,
        symbol: &str,
        client_oid: &str,
    ) -> Result<CanceledByClientId<'static>, Failure> {
        let endpoint = Endpoint::CancelByClientId;
        let answered = self.protect(endpoint, of(endpoint, client_oid, symbol)).await?;
        Ok(answered.read::<CanceledByClientId<'_>>()?.into_owned())
    }

    /// Asks for the cancel of an order by the venue's id.
    pub async fn cancel_by_id(
        &self,
        symbol: &str,
        order_id: &str,
    ) -> Result<Canceled<'static>, Failure> {
        let endpoint = Endpoint::Cancel;
        let answered = self.protect(endpoint, of(endpoint, order_id, symbol)).await?;
        Ok(answered.read::<Canceled<'_>>()?.into_owned())
    }

    /// Asks for the cancel of every order of a pair. Stop orders are not touched.
    pub async fn cancel_all(&self, symbol: &str) -> Result<(), Failure> {
        let endpoint = Endpoint::CancelSymbol;
        let answered = self.protect(endpoint, of(endpoint, "", symbol)).await?;
        match answered.read::<WireText<'_>>()? {
            said if said == CANCELED_SYMBOL => Ok(()),
            said => {
                let what = format!("the venue says {:?} instead of success", said.as_str());
                Err(Failure::Unresolved(answered.call.reason(what)))
            }
        }
    }

    /// Asks for the cancel of every order. Weighs 30. It may fail for single pairs.
    pub async fn cancel_everything(&self) -> Result<CanceledEverything<'static>, Failure> {
        let endpoint = Endpoint::CancelEverything;
        let answered = self.protect(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<CanceledEverything<'_>>()?.into_owned())
    }

    /// Asks for the cancel of every stop order; returns how many there were.
    pub async fn cancel_stop_orders(&self) -> Result<usize, Failure> {
        let endpoint = Endpoint::StopCancelSeveral;
        let answered = self.protect(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<CanceledIds<'_>>()?.cancelled_order_ids.len())
    }

    /// An order by our id.
    pub async fn order_by_client_id(
        &self,
        symbol: &str,
        client_oid: &str,
    ) -> Result<Order<'static>, Failure> {
        let endpoint = Endpoint::OrderByClientId;
        self.order(endpoint, of(endpoint, client_oid, symbol)).await
    }

    /// An order by the venue's id.
    pub async fn order_by_id(
        &self,
        symbol: &str,
        order_id: &str,
    ) -> Result<Order<'static>, Failure> {
        let endpoint = Endpoint::Order;
        self.order(endpoint, of(endpoint, order_id, symbol)).await
    }

    async fn order(&self, endpoint: Endpoint, target: Target) -> Result<Order<'static>, Failure> {
        let answered = self.get(endpoint, target).await?;
        match answered.read::<Option<Order<'_>>>()? {
            Some(order) => Ok(order.into_owned()),
            None => Err(Failure::NotFound(answered.call.reason("the venue has no such order"))),
        }
    }

    /// The open orders of a pair.
    pub async fn open_orders(&self, symbol: &str) -> Result<Vec<Order<'static>>, Failure> {
        let endpoint = Endpoint::OpenOrders;
        let answered = self.get(endpoint, of(endpoint, "", symbol)).await?;
        Ok(answered.read::<Option<Vec<Order<'_>>>>()?.unwrap_or_default().into_owned())
    }

    /// The pairs that have open orders.
    pub async fn symbols_with_open_orders(&self) -> Result<Vec<String>, Failure> {
        let endpoint = Endpoint::OpenSymbols;
        let answered = self.get(endpoint, endpoint.target("")).await?;
        let symbols = answered.read::<Option<OpenSymbols<'_>>>()?.map(|open| open.symbols);
        Ok(symbols.into_iter().flatten().map(|symbol| symbol.to_string()).collect())
    }

    /// A page of a pair's done orders. The venue keeps 7 days of them.
    pub async fn done_orders(
        &self,
        symbol: &str,
        query: DoneQuery,
    ) -> Result<Cursor<Order<'static>>, Failure> {
        let endpoint = Endpoint::DoneOrders;
        let target = of(endpoint, "", symbol)
            .with_some("startAt", query.start_at.map(Timestamp::ms))
            .with_some("endAt", query.end_at.map(Timestamp::ms))
            .with_some("lastId", query.last_id)
            .with("limit", HISTORY_PAGE_MAX);
        let answered = self.get(endpoint, target).await?;
        Ok(answered.read::<Cursor<Order<'_>>>()?.into_owned())
    }

    /// A page of own fills of a pair. The venue keeps 7 days of them.
    pub async fn fills(
        &self,
        symbol: &str,
        query: FillQuery<'_>,
    ) -> Result<Cursor<Fill<'static>>, Failure> {
        let endpoint = Endpoint::Fills;
        let target = of(endpoint, "", symbol)
            .with_some("orderId", query.order_id)
            .with_some("startAt", query.start_at.map(Timestamp::ms))
            .with_some("endAt", query.end_at.map(Timestamp::ms))
            .with_some("lastId", query.last_id)
            .with("limit", HISTORY_PAGE_MAX);
        let answered = self.get(endpoint, target).await?;
        Ok(answered.read::<Cursor<Fill<'_>>>()?.into_owned())
    }

    /// Lets the venue cancel the open orders of these pairs unless this is called again within
    /// `timeout_s` seconds (5 to 86400, or -1 to switch it off). At most 50 pairs; none means all.
    /// Each call replaces the one before.
    pub async fn dead_man_set(&self, timeout_s: i64, symbols: &[&str]) -> Result<DeadMan, Failure> {
        let endpoint = Endpoint::DeadManSet;
        let call = self.call(endpoint, endpoint.target(""), Priority::Protective);
        let in_range = (TIMEOUT_S_MIN..=TIMEOUT_S_MAX).contains(&timeout_s);
        if !in_range && timeout_s != TIMEOUT_OFF || symbols.len() > SYMBOLS_MAX {
            let what = "the switch takes 5 to 86400 seconds, or -1, and at most 50 pairs";
            return Err(Failure::Rejected(call.reason(what)));
        }
        let symbols = (!symbols.is_empty()).then(|| WireText::from(symbols.join(",")));
        let set = SetDeadMan { timeout: timeout_s, symbols };
        let body = serde_json::to_string(&set).expect("a number and a text make an object");
        self.post(endpoint, body, Priority::Protective).await?.read()
    }

    /// How the switch is set; `None` where it is not.
    pub async fn dead_man_get(&self) -> Result<Option<DeadManQuery<'static>>, Failure> {
        let endpoint = Endpoint::DeadManQuery;
        let answered = self.get(endpoint, endpoint.target("")).await?;
        Ok(answered.read::<Option<DeadManQuery<'_>>>()?.into_owned())
    }

    /// A call that makes the position safer.
    async fn protect(&self, endpoint: Endpoint, target: Target) -> Result<Answered, Failure> {
        self.make(self.call(endpoint, target, Priority::Protective)).await
    }
}

/// The target of an endpoint with a parameter in its path and a pair in its query.
fn of(endpoint: Endpoint, parameter: &str, symbol: &str) -> Target {
    endpoint.target(parameter).with("symbol", symbol)
}

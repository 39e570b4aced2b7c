//! Placing orders: what a client asks for, what the venue is asked, what is answered.

use crate::domain::decimal::Decimal;
use crate::domain::identifier::{ClientOrderId, InstrumentId};
use crate::domain::order::TimeInForce as Lasting;
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::order::{OrderType, Stp, TimeInForce};
use crate::exchange::kucoin::protocol::place::{
    BatchItem, CLIENT_OID_BYTES_MAX, PlaceBatch, PlaceOrder, Placed, PlacedSync, REMARK_BYTES_MAX,
    SyncStatus,
};
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::kucoin::protocol::status::ServiceState;
use crate::exchange::paper::{Amount, OrderRequest, RequestedType, SelfTrade, Terms, Visibility};
use crate::exchange::server::answer::Call;

use super::Core;
use super::denial::Denial;
use super::journal::Cause;
use super::query::body;
use super::record::{Note, Record};
use super::stop::{Stop, StopState};

/// Orders of a batch that are taken: what newer documentation allows.
const BATCH_MAX: usize = 20;

/// An order ready for the venue.
struct Prepared {
    request: OrderRequest,
    note: Note,
}

impl Core {
    /// `POST hf/orders`.
    pub(super) fn place_order(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let order: PlaceOrder<'_> = body(call)?;
        let sequence = self.place(&order, call.transport_ms)?;
        let record = self.record(sequence)?;
        Ok(success(&Placed {
            order_id: record.order.venue_order_id.as_str().into(),
            client_oid: Some(record.order.client_order_id.as_str().into()),
        }))
    }

    /// `POST hf/orders/sync`.
    pub(super) fn place_order_sync(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let order: PlaceOrder<'_> = body(call)?;
        let sequence = self.place(&order, call.transport_ms)?;
        Ok(success(&self.placed_sync(self.record(sequence)?)))
    }

    /// `POST hf/orders/test`: the order is judged and named, and never placed.
    pub(super) fn place_test(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        let order: PlaceOrder<'_> = body(call)?;
        let Prepared { request, .. } = self.prepare(&order, call.transport_ms)?;
        self.venue.judge(&request)?;
        let seconds = u32::try_from(self.now().us().div_euclid(1_000_000)).unwrap_or(0);
        Ok(success(&Placed {
            order_id: format!("{seconds:08x}e{:015x}", 0).into(),
            client_oid: Some(request.client_order_id.as_str().into()),
        }))
    }

    /// `POST hf/orders/multi`.
    pub(super) fn place_batch(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.batch(call, false)
    }

    /// `POST hf/orders/multi/sync`.
    pub(super) fn place_batch_sync(&mut self, call: &Call<'_>) -> Result<String, Denial> {
        self.batch(call, true)
    }

    fn batch(&mut self, call: &Call<'_>, sync: bool) -> Result<String, Denial> {
        let PlaceBatch { order_list, .. } = body(call)?;
        if order_list.is_empty() || order_list.len() > BATCH_MAX {
            return Err(refusal::PARAMETER.into());
        }
        let mut placed = Vec::with_capacity(order_list.len());
        for order in &order_list {
            placed.push(match order.order_type {
                OrderType::Limit => self.place(order, call.transport_ms),
                OrderType::Market | OrderType::Unknown => Err(refusal::PARAMETER.into()),
            });
        }
        let items: Vec<_> = placed.iter().map(|placed| self.batch_item(placed, sync)).collect();
        Ok(success(&items))
    }

    fn batch_item<'a>(&'a self, placed: &'a Result<u64, Denial>, sync: bool) -> BatchItem<'a> {
        let record = match placed {
            Ok(sequence) => self.record(*sequence),
            Err(denial) => Err(denial.clone()),
        };
        let record = match record {
            Ok(record) => record,
            Err(denial) => {
                let fail_msg = Some(denial.msg.into_owned().into());
                return BatchItem { success: false, fail_msg, ..BatchItem::default() };
            }
        };
        let PlacedSync { order_id, client_oid, .. } = self.placed_sync(record);
        let item = BatchItem {
            order_id: Some(order_id),
            client_oid,
            success: true,
            ..BatchItem::default()
        };
        if !sync {
            return item;
        }
        let placed = self.placed_sync(record);
        BatchItem {
            order_time: Some(placed.order_time),
            origin_size: Some(placed.origin_size),
            deal_size: Some(placed.deal_size),
            remain_size: Some(placed.remain_size),
            canceled_size: Some(placed.canceled_size),
            status: Some(placed.status),
            match_time: Some(placed.match_time),
            ..item
        }
    }

    fn placed_sync<'a>(&self, record: &'a Record) -> PlacedSync<'a> {
        let order = &record.order;
        let sizes = record.sizes(&self.pair(order.instrument).instrument);
        PlacedSync {
            order_id: order.venue_order_id.as_str().into(),
            client_oid: Some(order.client_order_id.as_str().into()),
            order_time: order.accepted_at.ms(),
            origin_size: sizes.asked,
            deal_size: sizes.filled,
            remain_size: sizes.open,
            canceled_size: sizes.canceled,
            status: if order.is_open() { SyncStatus::Open } else { SyncStatus::Done },
            match_time: order.updated_at.ms(),
        }
    }

    /// Places an order. Its sequence.
    pub(super) fn place(
        &mut self,
        order: &PlaceOrder<'_>,
        transport_ms: i64,
    ) -> Result<u64, Denial> {
        let Prepared { request, note } = self.prepare(order, transport_ms)?;
        let placed = self.submit(request, note);
        self.finish_turn();
        placed
    }

    /// Gives an order to the venue, and takes in what it did.
    pub(super) fn submit(&mut self, request: OrderRequest, note: Note) -> Result<u64, Denial> {
        self.arriving = Some(note);
        let placed = self.venue.place(request, self.tide.now);
        self.mark_stale(request.instrument);
        self.absorb(Cause::Command);
        self.arriving = None;
        Ok(placed?)
    }

    /// Judges an order by the exchange's own rules.
    fn prepare(&mut self, order: &PlaceOrder<'_>, transport_ms: i64) -> Result<Prepared, Denial> {
        let id = self.check_open_for_orders(&order.symbol)?;
        check_window(order, transport_ms)?;
        let client_order_id = match order.client_oid.as_deref() {
            None | Some("") => self.client_order_id(),
            Some(text) => client_order_id(text)?,
        };
        let waits = |stop: &Stop| stop.state == StopState::Waiting;
        if self.orders.knows(&client_order_id)
            || self.stops.by_client(&client_order_id).is_some_and(waits)
        {
            return Err(refusal::DUPLICATE.into());
        }
        let too_long = |text: &str| text.len() > REMARK_BYTES_MAX || !text.is_ascii();
        if [&order.remark, &order.tags].into_iter().flatten().any(|text| too_long(text)) {
            return Err(refusal::PARAMETER.into());
        }
        self.pair(id).listing.check(order)?;
        request(order, id, client_order_id)
    }

    /// The venue's request and the note of an order that a stop order becomes.
    pub(super) fn prepared(
        &mut self,
        order: &PlaceOrder<'_>,
    ) -> Result<(OrderRequest, Note), Denial> {
        let Prepared { request, note } = self.prepare(order, 0)?;
        Ok((request, note))
    }

    /// The pair of an order, where orders are taken.
    pub(super) fn check_open_for_orders(&self, symbol: &str) -> Result<InstrumentId, Denial> {
        if self.service.state != ServiceState::Open {
            return Err(refusal::PLACING_SUSPENDED.into());
        }
        let id = self.find(symbol)?;
        let trades = self.pair(id).listing.trading;
        if trades { Ok(id) } else { Err(refusal::SYMBOL_NOT_AVAILABLE.into()) }
    }

    /// A client order id for an order without one.
    pub(super) fn client_order_id(&mut self) -> ClientOrderId {
        self.account.unnamed += 1;
        let text = format!("unnamed-{:016x}", self.account.unnamed);
        ClientOrderId::new(&text).expect("24 characters of the alphabet")
    }

    pub(super) fn record(&self, sequence: u64) -> Result<&Record, Denial> {
        self.orders.get(sequence).ok_or_else(|| refusal::ORDER_NOT_FOUND.into())
    }
}

/// A client's order id, where it is one.
pub(super) fn client_order_id(text: &str) -> Result<ClientOrderId, Denial> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.len() > CLIENT_OID_BYTES_MAX || !text.bytes().all(legal) {
        return Err(refusal::PARAMETER.into());
    }
    ClientOrderId::new(text).map_err(|_| refusal::PARAMETER.into())
}

/// An order that comes too late by its own word is dead.
fn check_window(order: &PlaceOrder<'_>, transport_ms: i64) -> Result<(), Denial> {
    match (order.client_timestamp, order.allow_max_time_window) {
        (None, None) => Ok(()),
        (Some(sent), Some(window)) if window >= 0 => {
            let late = transport_ms.saturating_sub(sent) > window;
            if late {
                Err(Denial::parameter("The order exceeds its allowMaxTimeWindow."))
            } else {
                Ok(())
            }
        }
        _ => Err(refusal::PARAMETER.into()),
    }
}

/// The venue's request for an order that passed the exchange's rules.
fn request(
    order: &PlaceOrder<'_>,
    instrument: InstrumentId,
    client_order_id: ClientOrderId,
) -> Result<Prepared, Denial> {
    let lasting = order.time_in_force.unwrap_or(TimeInForce::Gtc);
    let market = order.order_type == OrderType::Market;
    let cancel_after = order.cancel_after.filter(|seconds| *seconds > 0);
    let lifetime_s = match (lasting, cancel_after) {
        _ if market => None,
        (TimeInForce::Gtt, Some(seconds)) => {
            Some(u32::try_from(seconds).map_err(|_| Denial::from(refusal::PARAMETER))?)
        }
        (TimeInForce::Gtt, None) => {
            return Err(Denial::parameter("cancelAfter is required for GTT orders."));
        }
        (TimeInForce::Unknown, _) => return Err(refusal::PARAMETER.into()),
        (TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok, _) => None,
    };
    let order_type = match order.price {
        Some(price) if !market => RequestedType::Limit {
            price,
            time_in_force: match lasting {
                TimeInForce::Ioc => Lasting::Ioc,
                TimeInForce::Fok => Lasting::Fok,
                TimeInForce::Gtc | TimeInForce::Gtt | TimeInForce::Unknown => Lasting::Gtc,
            },
            post_only: order.post_only.unwrap_or(false),
        },
        _ => RequestedType::Market,
    };
    let amount = match (order.size, order.funds) {
        (Some(size), _) => Amount::Size(size),
        (None, funds) => Amount::Funds(funds.unwrap_or_default()),
    };
    let terms = Terms {
        self_trade: self_trade(order.stp)?,
        visibility: visibility(order)?,
        lifetime_s,
        replaces: false,
    };
    let note = Note {
        remark: order.remark.as_deref().map(Into::into),
        tags: order.tags.as_deref().map(Into::into),
        time_in_force: order.time_in_force.filter(|_| !market),
        cancel_after: lifetime_s.map_or(0, i64::from),
        post_only: order.post_only.unwrap_or(false),
        stop: None,
    };
    let side = order.side;
    let request = OrderRequest { instrument, client_order_id, side, order_type, amount, terms };
    Ok(Prepared { request, note })
}

fn self_trade(stp: Option<Stp>) -> Result<Option<SelfTrade>, Denial> {
    Ok(match stp {
        None => None,
        Some(Stp::CancelNewest) => Some(SelfTrade::CancelNewest),
        Some(Stp::CancelOldest) => Some(SelfTrade::CancelOldest),
        Some(Stp::CancelBoth) => Some(SelfTrade::CancelBoth),
        Some(Stp::DecreaseAndCancel) => Some(SelfTrade::DecreaseAndCancel),
        Some(Stp::Unknown) => return Err(refusal::PARAMETER.into()),
    })
}

/// Hidden, or an iceberg where that is asked for, as KuCoin has it where both are.
fn visibility(order: &PlaceOrder<'_>) -> Result<Visibility<Decimal>, Denial> {
    match (order.hidden.unwrap_or(false), order.iceberg.unwrap_or(false), order.visible_size) {
        (_, true, Some(shown)) => Ok(Visibility::Iceberg(shown)),
        (_, true, None) => Err(Denial::parameter("visibleSize is required for iceberg orders.")),
        (true, false, _) => Ok(Visibility::Hidden),
        (false, false, _) => Ok(Visibility::Whole),
    }
}

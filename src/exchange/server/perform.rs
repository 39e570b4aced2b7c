//! What an admitted request does: a token, a cancel that is late on purpose, or a call to the core.

use std::rc::Rc;
use std::time::Duration;

use hyper::HeaderMap;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::answer::{Answer, Call};
use super::bullet;
use super::exchange::Exchange;
use super::fault::RequestFaults;
use super::gateway::Admitted;
use super::reply::Reply;
use super::token::Access;
use crate::exchange::kucoin::protocol::cancel::{Canceled, CanceledByClientId};
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::envelope::success;
use crate::exchange::kucoin::protocol::target::{Plus, Query, decode};

/// Cancels of one order, by the venue's id or the client's.
const CANCELS: [Endpoint; 4] = [
    Endpoint::Cancel,
    Endpoint::CancelByClientId,
    Endpoint::CancelSync,
    Endpoint::CancelByClientIdSync,
];

/// Does what an admitted request asks; `headers` are the request's.
pub fn perform(
    exchange: &Rc<Exchange>,
    admitted: Admitted<'_>,
    headers: &HeaderMap,
    faults: &RequestFaults,
) -> Reply {
    let endpoint = admitted.endpoint;
    let answer = if endpoint == Endpoint::BulletPublic {
        token(exchange, Access::Public, headers)
    } else if endpoint == Endpoint::BulletPrivate {
        token(exchange, Access::Private, headers)
    } else if CANCELS.contains(&endpoint) {
        cancel(exchange, admitted, faults)
    } else {
        call(exchange, admitted)
    };
    Reply::json(answer.http_status, answer.body, admitted.quota)
}

fn token(exchange: &Exchange, access: Access, headers: &HeaderMap) -> Answer {
    Answer { http_status: 200, body: bullet::answer(exchange, access, headers) }
}

/// Lets the core answer.
fn call(exchange: &Exchange, admitted: Admitted<'_>) -> Answer {
    let parameter = decode(admitted.path_parameter, Plus::Plus);
    exchange.answer(&Call {
        endpoint: admitted.endpoint,
        path_parameter: parameter.as_deref().unwrap_or(admitted.path_parameter),
        query: Query::parse(admitted.query),
        body: admitted.body,
        transport_ms: exchange.transport_ms(),
    })
}

/// A cancel of one order, and the race it may lose on purpose.
fn cancel(exchange: &Rc<Exchange>, admitted: Admitted<'_>, faults: &RequestFaults) -> Answer {
    if faults.fill_first {
        exchange.fill_now(admitted.path_parameter);
    }
    let late = faults.late_cancel.and_then(|delay| cancel_later(exchange, admitted, delay));
    late.unwrap_or_else(|| call(exchange, admitted))
}

/// Acknowledges the cancel of an open order, and cancels it after `delay`. `None` where the request is
/// no plain cancel, or not of an open order: then nothing is late about it.
fn cancel_later(
    exchange: &Rc<Exchange>,
    admitted: Admitted<'_>,
    delay: Duration,
) -> Option<Answer> {
    let id = admitted.path_parameter;
    let (question, body) = if admitted.endpoint == Endpoint::Cancel {
        (Endpoint::Order, success(&Canceled { order_id: id.into() }))
    } else if admitted.endpoint == Endpoint::CancelByClientId {
        let body = success(&CanceledByClientId { client_oid: id.into() });
        (Endpoint::OrderByClientId, body)
    } else {
        return None;
    };
    let asked = call(exchange, Admitted { endpoint: question, ..admitted });
    if !asked.body.contains("\"active\":true") {
        return None;
    }
    let (endpoint, quota) = (admitted.endpoint, admitted.quota);
    let (id, query) = (id.to_owned(), admitted.query.to_owned());
    let exchange = Rc::clone(exchange);
    spawn_local(async move {
        sleep(delay).await;
        let later = Admitted { endpoint, path_parameter: &id, query: &query, body: b"", quota };
        // Whether it came too late is for the pushes and queries to tell.
        drop(call(&exchange, later));
    });
    Some(Answer { http_status: 200, body })
}

//! The handshake: from a request to a websocket.

use std::rc::Rc;

use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::connection::{Visit, live};
use crate::exchange::kucoin::protocol::refusal;
use crate::exchange::kucoin::protocol::target::Query;
use crate::exchange::server::exchange::Exchange;
use crate::exchange::server::reply::{Reply, ReplyBody};

/// The only version of the websocket protocol.
const VERSION: &str = "13";
/// Longest `connectId` that is echoed, in bytes.
const CONNECT_ID_BYTES_MAX: usize = 256;

/// Answers a request for a websocket, which then lives in a task of its own.
pub fn upgrade(exchange: &Rc<Exchange>, mut request: Request<Incoming>) -> Response<ReplyBody> {
    let Some(accept) = accept_key(request.method(), request.headers()) else {
        exchange.counters.requests_malformed.add();
        return Reply::refused(&refusal::ROUTE, None).into_response();
    };
    let visit = visit(request.uri().query().unwrap_or(""));
    let upgrade = hyper::upgrade::on(&mut request);
    spawn_local(live(Rc::clone(exchange), upgrade, visit));
    let mut response = Response::new(ReplyBody::Whole(None));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// The answer to a client's key; `None` where the request is no handshake.
fn accept_key(method: &Method, headers: &HeaderMap) -> Option<HeaderValue> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let websocket = text(UPGRADE)?.eq_ignore_ascii_case("websocket");
    let upgrade =
        text(CONNECTION)?.split(',').any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
    let version = text(SEC_WEBSOCKET_VERSION)? == VERSION;
    let key = text(SEC_WEBSOCKET_KEY)?;
    let fits = websocket && upgrade && version && method == Method::GET;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok().filter(|_| fits)
}

fn visit(query: &str) -> Visit {
    let query = Query::parse(query);
    let connect_id = query.get("connectId").filter(|id| id.len() <= CONNECT_ID_BYTES_MAX);
    Visit {
        token: query.get("token").unwrap_or("").to_owned(),
        connect_id: connect_id.unwrap_or("ibis").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_read_in_any_order_with_anything_around_it() {
        let visits = [
            "token=a%3D.b%3D&privateChannel=false&connectId=public",
            "connectId=public&token=a%3D.b%3D",
        ]
        .map(visit);
        for seen in visits {
            assert_eq!((seen.token.as_str(), seen.connect_id.as_str()), ("a=.b=", "public"));
        }
        assert_eq!(visit("").connect_id, "ibis");
        assert_eq!(visit(&format!("connectId={}", "x".repeat(300))).connect_id, "ibis");
    }

    #[test]
    fn only_a_handshake_gets_a_key() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("WebSocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        // The example of RFC 6455, section 1.3.
        headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        let accept = accept_key(&Method::GET, &headers).unwrap();
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(accept_key(&Method::POST, &headers), None);
        for name in [UPGRADE, CONNECTION, SEC_WEBSOCKET_VERSION, SEC_WEBSOCKET_KEY] {
            let mut headers = headers.clone();
            headers.remove(name);
            assert_eq!(accept_key(&Method::GET, &headers), None);
        }
    }
}

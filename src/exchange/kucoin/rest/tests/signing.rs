//! Signatures, the venue's clock, and secrets that nobody sees.

use super::server::{Server, answer, ok, refuse};
use super::*;
use crate::clock;
use crate::domain::side::Side;
use crate::exchange::kucoin::protocol::order::OrderType;
use crate::exchange::kucoin::protocol::place::PlaceOrder;
use crate::exchange::kucoin::protocol::sign::{Presented, Verifier};
use crate::exchange::kucoin::rest::SkewVerdict;

#[test]
fn requests_are_signed_as_the_venue_verifies_them() {
    let server = Server::start([ok("[]"), ok("{}")]);
    let rest = client(&server);
    run(async {
        let endpoint = Endpoint::TradeFees;
        let target = endpoint.target("").with("symbols", "BTC-USDT,ETH-USDT");
        rest.perform(&rest.call(endpoint, target, Priority::Read)).await.unwrap();
        write(&rest).await.unwrap();
    });
    let [key, secret, passphrase] = CANARIES;
    let verifier = Verifier::new(secret.as_bytes(), passphrase);
    let seen = server.seen();
    assert_eq!(seen[0].target, "/api/v1/trade-fees?symbols=BTC-USDT%2CETH-USDT");
    assert_eq!((seen[1].method.as_str(), seen[1].body.as_str()), ("POST", ORDER));
    for request in seen {
        let header = |name: &str| request.headers[name].as_str();
        let presented = Presented {
            timestamp: header("kc-api-timestamp"),
            sign: header("kc-api-sign"),
            passphrase: header("kc-api-passphrase"),
        };
        assert_eq!((header("kc-api-key"), header("kc-api-key-version")), (key, "3"));
        assert!(verifier.is_passphrase(&presented));
        let (method, body) = (request.method.as_str(), request.body.as_bytes());
        assert!(verifier.is_signature(&presented, method, &request.target, body), "{request:?}");
        assert_eq!(header("host"), server.url().trim_start_matches("http://"));
    }
}

#[test]
fn public_calls_carry_no_key_and_signed_ones_want_one() {
    let server = Server::start([ok("[]")]);
    let rest = Rest::new(settings(&server), None);
    run(async {
        let public = rest.call(Endpoint::Symbols, Endpoint::Symbols.target(""), Priority::Read);
        rest.perform(&public).await.unwrap();
        let failure = read(&rest).await.unwrap_err();
        assert_eq!(failure.word(), "unauthorized");
        assert!(failure.to_string().contains("there is no API key"), "{failure}");
    });
    let seen = server.seen();
    assert!(seen.len() == 1 && !seen[0].headers.keys().any(|name| name.starts_with("kc-api")));
    assert_eq!(server.times_asked(), 0);
}

#[test]
fn timestamps_are_the_venues() {
    let server = Server::start([ok("[]"), ok("[]")]);
    server.set_ahead_ms(7_000);
    let rest = client(&server);
    assert_eq!(rest.clock_skew(), None);
    run(async {
        read(&rest).await.unwrap();
        read(&rest).await.unwrap();
    });
    assert_eq!(server.times_asked(), 3, "measured once, by three samples");
    let now = clock::wall_now().ms();
    for request in server.seen() {
        let stamp: i64 = request.headers["kc-api-timestamp"].parse().unwrap();
        assert!((now - 30_000..=now).contains(&(stamp - 7_000)), "{stamp} at {now}");
    }
    let skew = rest.clock_skew().unwrap();
    assert_eq!(skew.verdict, SkewVerdict::Hold);
    assert!((skew.offset_us - 7_000_000).abs() <= skew.uncertainty_us + 1_000, "{skew:?}");
}

#[test]
fn a_timestamp_that_is_not_believed_is_measured_and_sent_once_more() {
    let refused = || refuse(400, 400_002, "Invalid KC-API-TIMESTAMP");
    for is_write in [true, false] {
        let call = async |rest: &Rest| match is_write {
            true => write(rest).await,
            false => read(rest).await,
        };
        let server = Server::start([refused(), ok("{}")]);
        let rest = client(&server);
        run(async {
            rest.resync().await.unwrap();
            server.set_ahead_ms(60_000);
            assert_eq!(word(&call(&rest).await), "done");
        });
        let stamps: Vec<i64> = server
            .seen()
            .iter()
            .map(|seen| seen.headers["kc-api-timestamp"].parse().unwrap())
            .collect();
        assert!(stamps.len() == 2 && stamps[1] - stamps[0] > 55_000, "{stamps:?}");
        assert_eq!(rest.count().clock_refusals, 1);
        // Not even then: it is told, and not tried for ever.
        server.then([refused(), refused()]);
        assert_eq!(word(&run(call(&rest))), "clock");
        assert_eq!(server.seen().len(), 4);
    }
}

/// A day's order, given so many milliseconds ago, and when it was by the venue's clock as it was told.
fn stamps_of(server: &Server) -> Vec<(i64, i64)> {
    let stamps = server.seen().into_iter().map(|seen| {
        let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(body["allowMaxTimeWindow"], 5_000);
        let signed: i64 = seen.headers["kc-api-timestamp"].parse().unwrap();
        (body["clientTimestamp"].as_i64().unwrap(), signed)
    });
    stamps.collect()
}

#[test]
fn an_orders_time_is_the_venues_from_when_it_was_given() {
    let placed = || ok(r#"{"orderId":"67","clientOid":"a-1"}"#);
    let server =
        Server::start([placed(), refuse(400, 400_002, "Invalid KC-API-TIMESTAMP"), placed()]);
    server.set_ahead_ms(-60_000);
    let rest = client(&server);
    let place = async |waited: Duration| {
        let order = PlaceOrder::new(OrderType::Market, "BTC-USDT", Side::Buy);
        let window = (clock::monotonic().saturating_sub(waited), Duration::from_secs(5));
        rest.place_within(order, window, Priority::Entry).await.unwrap();
    };
    run(async {
        // Nothing was measured yet, and our clock is a minute ahead.
        place(Duration::ZERO).await;
        // What was measured is not believed any more; and it had waited for a second.
        server.set_ahead_ms(20_000);
        place(Duration::from_secs(1)).await;
    });
    let stamps = stamps_of(&server);
    let before =
        |(order, signed): (i64, i64), ms: i64| (ms..ms + 30_000).contains(&(signed - order));
    assert!(stamps.len() == 3 && before(stamps[0], 0), "{stamps:?}");
    assert!(before(stamps[1], 1_000) && before(stamps[2], 1_000), "{stamps:?}");
    let now = clock::wall_now().ms();
    assert!(stamps[0].0 < now - 55_000 && stamps[1].0 < now - 55_000, "{stamps:?} at {now}");
    assert!(stamps[2].0 - stamps[1].0 > 75_000, "measured anew: {stamps:?}");
}

#[test]
fn a_venue_that_does_not_tell_the_time_gets_no_order() {
    let server = Server::start([]);
    let url = server.url();
    drop(server);
    let rest = Rest::new(RestSettings::new(&url).unwrap(), Some(&credentials()));
    let failure = run(write(&rest)).unwrap_err();
    assert_eq!(failure.word(), "unavailable");
    assert!(failure.to_string().contains("GET /api/v1/timestamp"), "{failure}");
}

#[test]
fn nothing_the_program_can_say_has_a_secret_in_it() {
    // A venue that repeats every header it was sent, as some gateways do in their error pages.
    let server = Server::start([]);
    let rest = client(&server);
    let mut said = format!("{rest:?} {:?}", credentials());
    run(async {
        server.then([ok("{}")]);
        write(&rest).await.unwrap();
        let headers = server.seen()[0].headers.clone();
        let echo: Vec<String> = headers.values().map(|value| value.replace('"', "")).collect();
        let passphrase = headers["kc-api-passphrase"].clone();
        for status in [200, 401, 500] {
            server.then([answer(
                status,
                "",
                &format!(r#"{{"code":"400005","msg":"{}"}}"#, echo.join(" ")),
            )]);
            let failure = write(&rest).await.unwrap_err();
            said += &format!("{failure} {failure:?} {:?} ", failure.venue());
            assert!(!said.contains(&passphrase), "{said}");
        }
        server.then([answer(200, "", &echo.join(" "))]);
        let failure = write(&rest).await.unwrap_err();
        said += &format!("{failure} {failure:?}");
    });
    said += &format!("{:?}", order(&rest));
    for canary in CANARIES {
        assert!(!said.contains(canary), "{canary} in {said}");
    }
    assert!(said.contains("[secret]"), "the venue's message was repeated, without the key");
}

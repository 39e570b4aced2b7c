//! Every way to be refused, and the requests that independent clients really sent.

use std::path::Path;

use hyper::header::HeaderValue;

use super::*;
use crate::exchange::kucoin::protocol::sign::Signer;

const NOW_MS: i64 = 1_700_000_000_000;
const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const TARGET: &str = "/api/v1/accounts?type=trade_hf";
const SIGNED: Signed<'_> = Signed { method: "GET", target: TARGET, body: b"" };

fn file(key: &str, secret: &str, passphrase: &str) -> CredentialsFile {
    let text = format!(
        "key = \"{key}\"\nsecret = \"{secret}\"\npassphrase = \"{passphrase}\"\n\
         permissions = [\"General\"]\n"
    );
    CredentialsFile::parse(&text, Path::new("account.toml")).unwrap()
}

fn headers(timestamp_ms: i64) -> HeaderMap {
    let signer = Signer::new("k", b"s", "p");
    let mut headers = HeaderMap::new();
    for (name, value) in signer.headers(timestamp_ms, "GET", TARGET, b"").pairs() {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn each_mistake_has_its_own_code() {
    let known = Authentication::new(&file("k", "s", "p"));
    let refused = |change: &dyn Fn(&mut HeaderMap)| {
        let mut headers = headers(NOW_MS);
        change(&mut headers);
        known.check(&headers, SIGNED, HOME, NOW_MS).unwrap_err().code.number()
    };
    assert_eq!(known.check(&headers(NOW_MS), SIGNED, HOME, NOW_MS), Ok(()));
    for name in [KEY, SIGN, TIMESTAMP, PASSPHRASE] {
        assert_eq!(refused(&|headers| drop(headers.remove(&name))), 400_001, "{name}");
        let empty = HeaderValue::from_static("");
        assert_eq!(refused(&|headers| drop(headers.insert(&name, empty.clone()))), 400_001);
    }
    let set = |name: HeaderName, value: &'static str| {
        let value = HeaderValue::from_static(value);
        refused(&|headers| drop(headers.insert(&name, value.clone())))
    };
    assert_eq!(set(TIMESTAMP, "noon"), 400_002);
    assert_eq!(set(TIMESTAMP, "-9223372036854775808"), 400_002);
    assert_eq!(set(KEY, "other"), 400_003);
    assert_eq!(set(PASSPHRASE, "p"), 400_004);
    assert_eq!(set(SIGN, "AAAA"), 400_005);
    assert_eq!(set(VERSION, "1"), 400_008);
    assert_eq!(refused(&|headers| drop(headers.remove(&VERSION))), 400_008);
    assert_eq!(set(VERSION, "4"), 400_009);
}

#[test]
fn versions_two_and_three_are_the_same() {
    let known = Authentication::new(&file("k", "s", "p"));
    for version in ["2", "3"] {
        let mut headers = headers(NOW_MS);
        headers.insert(VERSION, HeaderValue::from_static(version));
        assert_eq!(known.check(&headers, SIGNED, HOME, NOW_MS), Ok(()), "{version}");
    }
}

/// What ccxt 4.5.90 and the official Python SDK 1.3.2 really sent, with invented credentials.
#[test]
fn requests_of_independent_clients_pass() {
    let known = Authentication::new(&file("ibis-test-key", "ibis-test-secret", "ibis-test-pass"));
    let passphrase = "kf7gqE1sesWsBBekQRVz84SGF+iuc5aIdKIHwLgnqd8=";
    let body = "{\"clientOid\":\"ibis-84e277f72eab48248b627ad3\",\"side\":\"buy\",\"symbol\":\
        \"BTC-USDT\",\"type\":\"limit\",\"size\":\"0.00018853\",\"price\":\"63649.9\"}";
    let requests = [
        (
            "DELETE",
            "/api/v1/hf/orders/6700000001a200c47dca0009?symbol=BTC-USDT",
            "",
            "2",
            "1795309206992",
            "zq6xLNq7IGmJGUtLlcSb6ZICyVNfSryU8bdIqWoB5j8=",
        ),
        (
            "POST",
            "/api/v1/hf/orders",
            body,
            "2",
            "1795309206984",
            "/PrIOTQyZxb9WFi4o65WYq/NtZqB6FCe9wjdbeMjvDU=",
        ),
        (
            "GET",
            "/api/v1/trade-fees?symbols=BTC-USDT%2CETH-USDT",
            "",
            "3",
            "1795309324244",
            "Xh+3xXZ+koJqA8Rf4xZDh1s+/MLHvwGGJunZciI4UcE=",
        ),
    ];
    for (method, target, body, version, timestamp, sign) in requests {
        let mut headers = HeaderMap::new();
        let pairs = [
            (KEY, "ibis-test-key"),
            (SIGN, sign),
            (TIMESTAMP, timestamp),
            (PASSPHRASE, passphrase),
            (VERSION, version),
        ];
        for (name, value) in pairs {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let signed = Signed { method, target, body: body.as_bytes() };
        let now_ms = timestamp.parse().unwrap();
        assert_eq!(known.check(&headers, signed, HOME, now_ms), Ok(()), "{target}");
    }
}

#[test]
fn the_clock_may_be_five_seconds_off_and_no_more() {
    let known = Authentication::new(&file("k", "s", "p"));
    for (off, fits) in [(-5_001, false), (-5_000, true), (5_000, true), (5_001, false)] {
        let checked = known.check(&headers(NOW_MS + off), SIGNED, HOME, NOW_MS);
        assert_eq!(checked.is_ok(), fits, "{off}");
    }
}

#[test]
fn a_whitelist_and_permissions_bind_the_key() {
    let mut limited = file("k", "s", "p");
    limited.addresses = vec!["10.0.0.1".parse().unwrap()];
    let known = Authentication::new(&limited);
    let checked = known.check(&headers(NOW_MS), SIGNED, HOME, NOW_MS);
    assert_eq!(checked, Err(refusal::ADDRESS));
    assert_eq!(known.check(&headers(NOW_MS), SIGNED, limited.addresses[0], NOW_MS), Ok(()));

    let nothing = BTreeSet::new();
    assert_eq!(known.permit(Permission::None, &nothing), Ok(()));
    assert_eq!(known.permit(Permission::General, &nothing), Ok(()));
    assert_eq!(known.permit(Permission::Spot, &nothing), Err(refusal::PERMISSION));
    let revoked = BTreeSet::from(["General".to_owned()]);
    assert_eq!(known.permit(Permission::General, &revoked), Err(refusal::PERMISSION));
}

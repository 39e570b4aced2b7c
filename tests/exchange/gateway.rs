//! The gateway: who may pass, and how often.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::process::Exchange;
use crate::support::home::Home;
use crate::support::shared_data;

const ACCOUNTS: &str = "/api/v1/accounts?type=trade_hf";

fn header(headers: &mut [(String, String)], name: &str, value: &str) {
    let (_, old) = headers.iter_mut().find(|(known, _)| known == name).unwrap();
    value.clone_into(old);
}

#[test]
fn each_mistake_of_a_signature_has_its_code_and_status() {
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    let cases = [
        ("KC-API-TIMESTAMP", "1", (400, "400002")),
        ("KC-API-KEY", "nobody", (401, "400003")),
        ("KC-API-PASSPHRASE", "plain", (401, "400004")),
        ("KC-API-SIGN", "AAAA", (401, "400005")),
        ("KC-API-KEY-VERSION", "1", (400, "400008")),
        ("KC-API-KEY-VERSION", "9", (400, "400009")),
    ];
    for (name, value, (status, code)) in cases {
        let mut headers = http.signed("GET", ACCOUNTS, "");
        header(&mut headers, name, value);
        http.send(("GET", ACCOUNTS), &headers, "");
        assert_eq!(http.receive().refusal(), (status, code.to_owned()), "{name}");
    }
    for name in ["KC-API-KEY", "KC-API-SIGN", "KC-API-TIMESTAMP", "KC-API-PASSPHRASE"] {
        let mut headers = http.signed("GET", ACCOUNTS, "");
        headers.retain(|(known, _)| known != name);
        http.send(("GET", ACCOUNTS), &headers, "");
        assert_eq!(http.receive().refusal(), (400, "400001".to_owned()), "{name}");
    }
    // Signed for another target, method or body.
    let headers = http.signed("GET", "/api/v1/accounts", "");
    http.send(("GET", ACCOUNTS), &headers, "");
    assert_eq!(http.receive().refusal(), (401, "400005".to_owned()));
    for (skew_ms, refused) in [(-6_000, true), (6_000, true), (-3_000, false), (3_000, false)] {
        http.skew_ms = skew_ms;
        let code = http.get(ACCOUNTS).json()["code"].as_str().unwrap().to_owned();
        assert_eq!(code == "400002", refused, "{skew_ms}");
    }
    let report = exchange.end("TERM");
    assert_eq!(report["requests_unauthorized"], 13);
}

#[test]
fn a_key_is_bound_to_its_permissions_and_addresses() {
    let start = |more: &str| {
        let home = Home::new();
        let text = format!("key = \"k\"\nsecret = \"s\"\npassphrase = \"p\"\n{more}\n");
        let path = home.write("account.toml", text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        Exchange::start_in(home, "--credentials account.toml")
    };
    let reader = start("permissions = [\"General\"]");
    let mut http = reader.http();
    http.get(ACCOUNTS).data();
    let placed = http.post("/api/v1/hf/orders", "{}");
    assert_eq!(placed.refusal(), (403, "400007".to_owned()));
    let elsewhere = start("ip_whitelist = [\"10.1.2.3\"]");
    assert_eq!(elsewhere.http().get(ACCOUNTS).refusal(), (403, "400006".to_owned()));
}

#[test]
fn signatures_hold_for_encoded_and_plain_targets_and_are_ignored_in_public() {
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    let plain = "/api/v1/trade-fees?symbols=BTC-USDT,ETH-USDT";
    let encoded = "/api/v1/trade-fees?symbols=BTC-USDT%2CETH-USDT";
    for signed in [plain, encoded] {
        let headers = http.signed("GET", signed, "");
        http.send(("GET", encoded), &headers, "");
        http.receive().data();
    }
    let mut headers = http.signed("GET", "/api/v1/timestamp", "");
    header(&mut headers, "KC-API-SIGN", "wrong");
    http.send(("GET", "/api/v1/timestamp"), &headers, "");
    http.receive().data();
    http.send(("GET", "/api/v1/timestamp?unknown=1"), &[], "");
    http.receive().data();
}

#[test]
fn what_is_no_request_of_the_protocol_is_refused() {
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    for (method, target) in [("GET", "/"), ("GET", "/api/v1/nothing"), ("PUT", "/api/v1/timestamp")]
    {
        assert_eq!(http.call(method, target, "").refusal(), (404, "404000".to_owned()));
    }
    let body = "{\"symbol\":\"BTC-USDT\"}";
    for content_type in [Some("text/plain"), None] {
        let mut headers = http.signed("POST", "/api/v1/hf/orders/test", body);
        headers.extend(content_type.map(|text| ("Content-Type".to_owned(), text.to_owned())));
        http.send(("POST", "/api/v1/hf/orders/test"), &headers, body);
        assert_eq!(http.receive().refusal(), (415, "415000".to_owned()));
    }
    // An empty body has no type.
    let mut headers = http.signed("POST", "/api/v1/bullet-private", "");
    headers.push(("Content-Type".to_owned(), "application/octet-stream".to_owned()));
    http.send(("POST", "/api/v1/bullet-private"), &headers, "");
    http.receive().data();
    let large = "x".repeat(70_000);
    let refused = exchange.http().post("/api/v1/hf/orders", &large);
    assert_eq!(refused.status, 413);
    assert_eq!(exchange.end("TERM")["requests_malformed"], 6);
}

#[test]
fn a_connection_serves_many_requests_and_pipelined_ones_in_order() {
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    for _ in 0..50 {
        http.get("/api/v1/timestamp").data();
    }
    for _ in 0..10 {
        http.ask("GET", "/api/v1/timestamp", "");
        http.ask("GET", "/api/v1/nothing", "");
    }
    for _ in 0..10 {
        http.receive().data();
        assert_eq!(http.receive().status, 404);
    }
    let report = exchange.end("TERM");
    assert_eq!((report["connections"].as_u64(), report["requests"].as_u64()), (Some(1), Some(70)));
}

#[test]
fn quotas_are_told_on_every_answer_and_refill_when_they_say() {
    let plan = "[quota]\npublic = 10\nspot = 7\nmanagement = 9\nwindow_ms = 400\n";
    let exchange = Exchange::with_plan(plan);
    let mut http = exchange.http();
    // Three of ten each.
    for left in [7, 4, 1] {
        let answer = http.get("/api/v1/timestamp");
        let reset = answer.number("gw-ratelimit-reset");
        assert_eq!(answer.number("gw-ratelimit-limit"), 10);
        assert!((0..=400).contains(&reset), "{reset}");
        if answer.number("gw-ratelimit-remaining") != left {
            // The window ended meanwhile: a slow machine.
            assert_eq!(answer.number("gw-ratelimit-remaining"), 7);
        }
    }
    let refused = loop {
        let answer = http.get("/api/v1/timestamp");
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(refused.refusal(), (429, "429000".to_owned()));
    assert!(refused.number("gw-ratelimit-remaining") < 3);
    assert!(refused.number("gw-ratelimit-reset") <= 400);
    // Other pools are their own.
    assert_eq!(http.get("/api/v1/base-fee").number("gw-ratelimit-limit"), 7);
    assert_eq!(http.get(ACCOUNTS).number("gw-ratelimit-limit"), 9);
    let again = loop {
        let answer = http.get("/api/v1/timestamp");
        if answer.status == 200 {
            break answer;
        }
    };
    assert_eq!(again.number("gw-ratelimit-remaining"), 7, "a window of its own");
    assert!(exchange.end("TERM")["requests_limited"].as_u64().unwrap() >= 1);
}

#[test]
fn refusals_of_the_gateway_are_the_recorded_ones() {
    let Some(data) = shared_data() else { return };
    let directory = data.join("kucoin-fixtures/error");
    let exchange = Exchange::start("");
    let mut http = exchange.http();
    let mut seen = vec![http.get("/api/v1/nothing")];
    for (name, value) in
        [("KC-API-TIMESTAMP", "1"), ("KC-API-KEY", "nobody"), ("KC-API-SIGN", "AAAA"), ("", "")]
    {
        let mut headers = http.signed("GET", ACCOUNTS, "");
        match name {
            "" => headers.clear(),
            name => header(&mut headers, name, value),
        }
        http.send(("GET", ACCOUNTS), &headers, "");
        seen.push(http.receive());
    }
    for refusal in seen {
        let (status, code) = refusal.refusal();
        let mut files = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        let start = format!("error_{code}_");
        let path =
            files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&start));
        let text = fs::read_to_string(path.unwrap_or_else(|| panic!("{refusal:?}"))).unwrap();
        let recorded: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(recorded["http_status"], status);
        assert_eq!(recorded["response"], refusal.json());
    }
}

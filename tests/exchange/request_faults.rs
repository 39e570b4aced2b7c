//! Faults of requests: each seen from outside, each repeated by its seed.

use super::http::{End, Response};
use super::process::Exchange;

const TIME: &str = "/api/v1/timestamp";

/// A plan of one rule for the server's time.
fn rule(text: &str) -> String {
    format!("[[rule]]\non = \"GET {TIME}\"\n{text}\n")
}

/// The answer to one request under a plan of one rule, which must have acted once.
#[track_caller]
fn answer(text: &str) -> Response {
    let exchange = Exchange::with_plan(&rule(text));
    let answer = exchange.http().get(TIME);
    assert_eq!(exchange.injected(), [1], "{text}");
    answer
}

/// What comes of one request under a plan of one rule, and how the connection ends.
#[track_caller]
fn ending(text: &str, wait: bool) -> (String, End) {
    let exchange = Exchange::with_plan(&rule(text));
    let mut http = exchange.http();
    http.ask("GET", TIME, "");
    let seen = if wait { http.drain() } else { http.drain_briefly() };
    // Others are not disturbed.
    exchange.http().get("/api/v1/status").json();
    assert_eq!(exchange.injected(), [1], "{text}");
    seen
}

#[test]
fn errors_of_any_code_take_the_place_of_the_answer() {
    let told = answer("fault = \"error\"\ncode = \"500000\"");
    assert_eq!(told.refusal(), (500, "500000".to_owned()));
    assert!(!told.headers.contains_key("gw-ratelimit-limit"));
    let told = answer("fault = \"error\"\ncode = \"200004\"\nwhen = \"after\"");
    assert_eq!(told.refusal(), (200, "200004".to_owned()));
    let told = answer("fault = \"error\"\ncode = \"123456\"\nhttp = 418\nmsg = \"no\"");
    assert_eq!(told.refusal(), (418, "123456".to_owned()));
}

#[test]
fn a_limit_comes_with_its_headers_or_without() {
    let without = answer("fault = \"rate_limited\"");
    assert_eq!(without.refusal(), (429, "429000".to_owned()));
    assert!(!without.headers.contains_key("gw-ratelimit-reset"));
    let with = answer("fault = \"rate_limited\"\nheaders = true\nreset_ms = 77");
    assert_eq!(with.refusal(), (429, "429000".to_owned()));
    assert_eq!(with.number("gw-ratelimit-reset"), 77);
    assert_eq!(with.number("gw-ratelimit-remaining"), 0);
}

#[test]
fn a_page_may_come_instead_of_json() {
    let page = answer("fault = \"html\"\nhttp = 502");
    assert_eq!((page.status, page.headers["content-type"].as_str()), (502, "text/html"));
    assert!(page.body.starts_with("<!DOCTYPE html>"), "{page:?}");
}

#[test]
fn answers_may_be_damaged_in_three_ways() {
    let whole = answer("fault = \"delay\"\nmin_ms = 0");
    let malformed = answer("fault = \"malformed\"");
    assert_eq!(malformed.body.len(), whole.body.len());
    assert!(serde_json::from_str::<serde_json::Value>(&malformed.body).is_err());
    let truncated = answer("fault = \"truncated\"");
    assert_eq!(truncated.body.len(), whole.body.len() / 2);
    assert!(whole.body.starts_with(truncated.body.as_str()));
    let (cut, end) = ending("fault = \"cut\"", true);
    assert_ne!(end, End::Silent);
    let announced = format!("content-length: {}\r\n", whole.body.len());
    let (head, body) = cut.split_once("\r\n\r\n").unwrap();
    assert!(format!("{head}\r\n").contains(&announced), "{cut}");
    assert_eq!(body.len(), whole.body.len() / 2);
}

#[test]
fn silence_a_reset_and_a_half_open_socket_give_no_answer() {
    for when in ["before", "after"] {
        let of = |fault: &str| format!("fault = \"{fault}\"\nwhen = \"{when}\"\nlimit = 1");
        assert_eq!(ending(&of("timeout"), false), (String::new(), End::Silent));
        assert_eq!(ending(&of("reset"), true), (String::new(), End::Reset));
        assert_eq!(ending(&of("half_open"), false), (String::new(), End::Silent));
    }
}

#[test]
fn a_half_open_connection_does_not_notice_that_its_client_left() {
    let exchange = Exchange::with_plan(&rule("fault = \"half_open\"\nlimit = 1"));
    let mut http = exchange.http();
    http.ask("GET", TIME, "");
    assert_eq!(http.drain_briefly(), (String::new(), End::Silent));
    http.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(http.drain_briefly(), (String::new(), End::Silent));
    // A client that waits in silence is let go of.
    let exchange = Exchange::with_plan(&rule("fault = \"timeout\"\nlimit = 1"));
    let mut http = exchange.http();
    http.ask("GET", TIME, "");
    http.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_ne!(http.drain().1, End::Silent);
}

#[test]
fn a_late_request_finds_its_signature_too_old() {
    let exchange = Exchange::with_plan(
        "[[rule]]\nfault = \"delay\"\non = \"GET /api/v1/accounts\"\nmin_ms = 200\nlimit = 1\n",
    );
    let mut http = exchange.http();
    http.skew_ms = -4_900;
    assert_eq!(http.get("/api/v1/accounts").refusal(), (400, "400002".to_owned()));
    http.skew_ms = 0;
    http.get("/api/v1/accounts").data();
}

#[test]
fn a_late_request_arrives_although_its_client_left() {
    let exchange = Exchange::with_plan(
        "[quota]\nspot = 10000000\n[[rule]]\nfault = \"delay\"\non = \"POST /api/v1/hf/orders\"\n\
         min_ms = 500\n",
    );
    let mut gone = exchange.http();
    gone.ask_far("a");
    assert_eq!(gone.drain_briefly(), (String::new(), End::Silent));
    drop(gone);
    let mut http = exchange.http();
    let mut arrived =
        || http.get("/api/v1/hf/orders/client-order/a?symbol=BTC-USDT").json()["code"] == "200000";
    assert!((0..1_000_000).any(|_| arrived()));
}

#[test]
fn the_clock_may_be_skewed_for_a_while() {
    let exchange = Exchange::with_plan("[[rule]]\nfault = \"clock_skew\"\noffset_ms = 60000\n");
    let mut http = exchange.http();
    assert_eq!(http.get("/api/v1/accounts").refusal(), (400, "400002".to_owned()));
    http.skew_ms = 60_000;
    http.get("/api/v1/accounts").data();
    assert_eq!(exchange.injected(), [1]);
}

#[test]
fn the_same_seed_gives_the_same_faults_and_another_gives_others() {
    let run = |seed: u32| -> Vec<u16> {
        let exchange = Exchange::with_plan(&format!(
            "seed = {seed}\n[quota]\npublic = 100000\n{}",
            rule("fault = \"error\"\ncode = \"503000\"\nchance = \"0.3\"")
        ));
        let mut http = exchange.http();
        (0..60).map(|_| http.get(TIME).status).collect()
    };
    let first = run(1);
    assert_eq!(run(1), first);
    assert_ne!(run(2), first);
    let refused = first.iter().filter(|status| **status == 503).count();
    assert!((5..35).contains(&refused), "{refused} of 60 at 30 %");
}

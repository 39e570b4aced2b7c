//! How an exchange begins and ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::http::End;
use super::process::Exchange;
use crate::support::home::Home;

#[test]
fn it_says_where_it_is_and_makes_an_account_for_its_owner_alone() {
    let exchange = Exchange::start("--state-dir state");
    let keys: Vec<&String> = exchange.ready.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["base_url", "credentials_file", "listening"]);
    let address = &exchange.address;
    assert_eq!(exchange.ready["base_url"], format!("http://{address}"));
    assert!(address.starts_with("127.0.0.1:") && !address.ends_with(":0"), "{address}");

    let account = exchange.home.path("state/exchange-credentials.toml");
    assert_eq!(exchange.ready["credentials_file"], account.to_str().unwrap());
    assert_eq!(fs::metadata(&account).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&account).unwrap();
    assert!(text.contains("[balances]\nUSDT = \"10000\""), "{text}");
    exchange.http().get("/api/v1/accounts").data();
}

#[test]
fn an_account_that_is_there_is_used() {
    let home = Home::new();
    let account = home.write("mine.toml", "key = \"k\"\nsecret = \"s\"\npassphrase = \"p\"\n");
    fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
    let exchange = Exchange::start_in(home, "--credentials mine.toml");
    assert_eq!(exchange.signer().key(), "k");
    exchange.http().get("/api/v1/accounts").data();
    let other = fs::read_to_string(&account).unwrap();
    assert_eq!(other.lines().count(), 3, "it is not touched");
}

#[test]
fn every_pair_has_a_book_and_a_last_trade_from_the_first_request_on() {
    let exchange = Exchange::start("");
    let tickers = exchange.http().get("/api/v1/market/allTickers").data();
    let rows = tickers["ticker"].as_array().unwrap();
    assert_eq!(rows.len(), 10);
    for row in rows {
        for field in ["buy", "sell", "bestBidSize", "bestAskSize", "last"] {
            assert!(row[field].is_string(), "{field} of {row}");
        }
    }
}

#[test]
fn both_signals_end_it_with_a_report() {
    for (signal, name) in [("TERM", "SIGTERM"), ("INT", "SIGINT")] {
        let exchange = Exchange::start("");
        exchange.http().get("/api/v1/timestamp").data();
        let mut socket = exchange.public();
        let report = exchange.end(signal);
        assert_eq!(report["ended"], name);
        assert_eq!(
            (report["requests"].as_u64(), report["websockets"].as_u64()),
            (Some(3), Some(1))
        );
        assert_eq!(socket.next().unwrap_err(), "closed", "websockets are closed in order");
    }
}

#[test]
fn requests_that_are_held_back_do_not_hold_its_end_up() {
    let exchange = Exchange::with_plan(
        "[[rule]]\nfault = \"timeout\"\non = \"* /api/v1/timestamp\"\n\
         [[rule]]\nfault = \"half_open\"\non = \"* /api/v1/status\"\n",
    );
    let held = ["/api/v1/timestamp", "/api/v1/status"].map(|target| {
        let mut http = exchange.http();
        http.ask("GET", target, "");
        assert_eq!(http.drain_briefly().1, End::Silent);
        http
    });
    assert_eq!(exchange.injected(), [1, 1]);
    drop(held);
}

#[test]
fn what_cannot_be_is_refused_in_one_line_with_its_exit_code() {
    let home = Home::new();
    home.write("bad.toml", "[[rule]]\nfault = \"dealy\"\n");
    home.write("open.toml", "key = \"k\"\nsecret = \"s\"\npassphrase = \"p\"\n");
    home.write("broken.csv", "what is this\n");
    let open = home.path("open.toml");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let cases = [
        ("--listen 0.0.0.0:0", 64, "not a loopback address"),
        ("--listen nowhere", 64, "nowhere"),
        ("--speed 0", 64, "--speed"),
        ("--replay x.csv --seed 3", 64, "--seed"),
        ("--replay broken.csv", 65, "market file broken.csv"),
        ("--replay absent.csv", 65, "absent.csv"),
        ("--credentials open.toml", 77, "chmod 600"),
        ("--credentials no/such/file.toml", 77, "cannot be made"),
        ("--faults absent.toml", 78, "fault plan absent.toml"),
        ("--faults bad.toml", 78, "rule 1 (dealy): is no fault"),
    ];
    for (words, code, message) in cases {
        let ended = home.ibis(&format!("exchange {words}"));
        let complaint = ended.refused(code);
        assert!(complaint.contains(message), "{words}: {complaint}");
    }
}

#[test]
fn a_port_that_is_taken_is_refused_for_now() {
    let exchange = Exchange::start("");
    let home = Home::new();
    let ended = home.ibis(&format!("exchange --listen {}", exchange.address));
    assert!(ended.refused(75).contains("cannot listen on 127.0.0.1"), "{ended:?}");
}

#[test]
fn an_explicit_word_opens_it_to_others() {
    let exchange = Exchange::start("--listen 0.0.0.0:0 --allow-remote");
    let port = exchange.address.rsplit(':').next().unwrap();
    let mut http = super::http::Http::connect(&format!("127.0.0.1:{port}"), exchange.signer());
    http.get("/api/v1/timestamp").data();
}

#[test]
fn the_help_explains_every_fault() {
    let help = Home::new().ibis("exchange --help").stdout;
    for word in ["fault = \"delay\"", "fault = \"gap\"", "fault = \"increments\"", "--allow-remote"]
    {
        assert!(help.contains(word), "{word}");
    }
}

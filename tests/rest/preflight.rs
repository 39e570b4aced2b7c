//! Preflight against an exchange that is in order, and against those that are not.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use ibis::domain::symbol::Symbol;
use ibis::exchange::kucoin::preflight::{FailureClass, Preflight, Verdict, Wanted, gather, judge};

use super::*;
use crate::support::home::Home;

fn look(rest: &Rest, symbol: &str) -> Preflight {
    let symbols = vec![Symbol::new(symbol).unwrap()];
    let held = Vec::new();
    let entry_min = "11".parse().unwrap();
    let wanted = Wanted { symbols, held, needs_account: true, allow_withdrawal: false, entry_min };
    let facts = run(gather(rest, &wanted));
    judge(&wanted, &facts)
}

/// The names of the checks with this verdict.
fn with(preflight: &Preflight, verdict: Verdict) -> Vec<&str> {
    let checks = preflight.checks.iter().filter(|check| check.verdict == verdict);
    checks.map(|check| check.name.as_str()).collect()
}

#[test]
fn an_exchange_in_order_passes() {
    let exchange = traded("");
    let rest = client(&exchange);
    let passed = look(&rest, SYMBOL);
    assert_eq!(with(&passed, Verdict::Warn), ["address list"], "{:#?}", passed.checks);
    assert_eq!((with(&passed, Verdict::Fail).len(), passed.instruments.len()), (0, 1));
    assert_eq!(run(rest.all_open_orders()).unwrap().len(), 0, "nothing was placed");
    let typo = look(&rest, "BCT-USDT");
    assert_eq!(typo.failure_class(), Some(FailureClass::Config));
    let check = typo.checks.iter().find(|check| check.name == "symbol BCT-USDT").unwrap();
    assert!(check.advice.contains("BTC-USDT"), "{check:?}");
}

#[test]
fn a_wrong_key_is_named_for_what_is_wrong_with_it() {
    let exchange = traded("");
    let path = exchange.ready["credentials_file"].as_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    for (name, advice) in
        [("key", "no such key"), ("secret", "is wrong"), ("passphrase", "the passphrase is wrong")]
    {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ="))).unwrap();
        let wrong = text.replace(line, &format!("{name} = \"0123456789abcdef01234567\""));
        let credentials = Credentials::parse(&wrong, Path::new(name)).unwrap();
        let judged = look(&Rest::new(settings(&exchange), Some(&credentials)), SYMBOL);
        assert_eq!(judged.failure_class(), Some(FailureClass::Credentials), "{name}");
        let check = judged.checks.iter().find(|check| check.name == "api key").unwrap();
        assert!(check.advice.contains(advice), "{name}: {check:?}");
    }
}

#[test]
fn a_key_that_may_withdraw_and_an_address_that_may_not_call() {
    for (line, name) in [
        ("permissions = [\"General\", \"Spot\", \"Transfer\"]", "permissions"),
        ("permissions = [\"General\"]", "permissions"),
        ("ip_whitelist = [\"203.0.113.7\"]", "api key"),
    ] {
        let home = Home::new();
        let text = format!(
            "key = \"k\"\nsecret = \"s\"\npassphrase = \"p\"\n{line}\n[balances]\nUSDT = \"1\"\n"
        );
        let account = home.write("mine.toml", text);
        fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
        let exchange = Exchange::start_in(home, "--credentials mine.toml");
        let credentials = Credentials::load(&account, None).unwrap();
        let judged = look(&Rest::new(settings(&exchange), Some(&credentials)), SYMBOL);
        assert_eq!(judged.failure_class(), Some(FailureClass::Credentials), "{line}");
        assert!(with(&judged, Verdict::Fail).contains(&name), "{line}: {:#?}", judged.checks);
    }
}

#[test]
fn a_venue_that_is_closed_unified_or_of_another_time() {
    for (plan, name, class) in [
        ("fault = \"maintenance\"\nmode = \"cancelonly\"", "service", FailureClass::Venue),
        ("fault = \"unified_account\"", "account mode", FailureClass::Credentials),
        ("fault = \"clock_skew\"\noffset_ms = -60000", "clock", FailureClass::Venue),
        ("fault = \"delist\"\nsymbol = \"BTC-USDT\"", "symbol BTC-USDT", FailureClass::Config),
    ] {
        let exchange = Exchange::with_plan(&format!("[[rule]]\n{plan}\n"));
        let judged = look(&client(&exchange), SYMBOL);
        let failed = judged.checks.iter().find(|check| check.verdict == Verdict::Fail);
        let failed = failed.unwrap_or_else(|| panic!("{plan}: {:#?}", judged.checks));
        assert_eq!((failed.name.as_str(), failed.failure_class), (name, Some(class)), "{plan}");
    }
}

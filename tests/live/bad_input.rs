//! What a live agent is given wrongly, and what the venue turns into while it runs: each is named, each
//! does what README says, and none opens a position.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::trader::Trader;
use super::venue_view::VenueView;
use crate::exchange::process::Exchange;
use crate::support::home::Home;

const SYMBOLS: [&str; 2] = ["BTC-USDT", "ETH-USDT"];
/// Long enough to trade, had anything been accepted.
const RUN: &str = "--speed 600 --max-runtime 3s";

/// An exchange whose key may do this and comes from there.
fn exchange_with(credentials: &str) -> Exchange {
    let home = Home::new();
    let path = home.write(
        "account.toml",
        format!(
            "key = \"0123456789abcdef01234567\"\nsecret = \"a-secret-of-the-test\"\n\
             passphrase = \"a-passphrase\"\n{credentials}[balances]\nUSDT = \"10000\"\n"
        ),
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    Exchange::start_in(home, "--credentials account.toml --speed 600")
}

/// A copy of the exchange's credentials in the trader's home, with something replaced.
fn with_changed(exchange: &Exchange, from: &str, to: &str) -> Trader {
    let path = exchange.ready["credentials_file"].as_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from:?} is not in the file");
    let trader = Trader::new(exchange, &SYMBOLS, "");
    let copy = trader.home.write("changed.toml", text.replace(from, to));
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    let configuration = fs::read_to_string(trader.home.path("ibis.toml")).unwrap();
    let changed = configuration.replace(path, copy.to_str().unwrap());
    trader.home.write("ibis.toml", changed);
    trader
}

#[track_caller]
fn assert_untouched(exchange: &Exchange) {
    let venue = VenueView::ask(exchange, &SYMBOLS);
    assert_eq!((venue.open.len(), venue.orders.len(), venue.fills.len()), (0, 0, 0));
}

#[test]
fn wrong_credentials_are_77_and_name_what_is_wrong() {
    let exchange = exchange_with("");
    for (from, to, named) in [
        ("0123456789abcdef01234567", "0123456789abcdef01234568", "400003"),
        ("a-secret-of-the-test", "another-secret-of-the-test", "40000"),
        ("a-passphrase", "another-passphrase", "400004"),
    ] {
        let trader = with_changed(&exchange, from, to);
        let ended = trader.run(RUN);
        assert_eq!(ended.code, Some(77), "{ended:?}");
        assert!(ended.complaint().contains(named), "{ended:?}");
        assert!(!ended.stderr.contains(to) || named == "400003", "{ended:?}");
        assert_eq!(trader.ibis("preflight").code, Some(77));
    }
    assert_untouched(&exchange);
}

#[test]
fn a_key_that_may_not_or_may_too_much_is_77() {
    for (credentials, named) in [
        ("ip_whitelist = [\"203.0.113.7\"]\n", "400006"),
        ("permissions = [\"General\"]\n", "Spot"),
        ("permissions = [\"General\", \"Spot\", \"Transfer\"]\n", "exchange.allow_withdrawal_key"),
    ] {
        let exchange = exchange_with(credentials);
        let trader = Trader::new(&exchange, &SYMBOLS, "");
        let ended = trader.run(RUN);
        assert_eq!(ended.code, Some(77), "{credentials}: {ended:?}");
        assert!(ended.complaint().contains(named), "{ended:?}");
        if credentials.contains("Transfer") {
            assert_untouched(&exchange);
            let allowed = Trader::new(&exchange, &SYMBOLS, "allow_withdrawal_key = true\n");
            assert_eq!(allowed.run(RUN).code, Some(0));
        }
    }
}

#[test]
fn a_credentials_file_that_others_read_or_that_is_missing_is_77() {
    let exchange = exchange_with("");
    let trader = with_changed(&exchange, "USDT", "USDT");
    let file = trader.home.path("changed.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let ended = trader.run(RUN);
    assert_eq!(ended.code, Some(77), "{ended:?}");
    assert!(ended.complaint().contains("changed.toml"), "{ended:?}");
    fs::remove_file(&file).unwrap();
    assert_eq!(trader.run(RUN).code, Some(77));
    assert_untouched(&exchange);
}

#[test]
fn a_wrong_configuration_is_78_or_64_before_anything_is_sent() {
    let exchange = exchange_with("");
    let of = |change: &dyn Fn(String) -> String, words: &str| {
        let trader = Trader::new(&exchange, &SYMBOLS, "");
        let text = fs::read_to_string(trader.home.path("ibis.toml")).unwrap();
        trader.home.write("ibis.toml", change(text));
        trader.run(&format!("{RUN} {words}"))
    };
    let ended = of(&|text| text.replace("BTC-USDT", "BTC-USDD"), "");
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(ended.complaint().contains("did you mean BTC-USDT"), "{ended:?}");
    let ended = of(&|text| text.replace("armed = true", "armed = false"), "");
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(ended.complaint().contains("armed = true"), "{ended:?}");
    let ended = of(&|text| text.replace("http://127.0.0.1", "http://192.0.2.1"), "");
    assert_eq!(ended.code, Some(78), "{ended:?}");
    let ended = of(&|text| text, "--replay /dev/null");
    assert_eq!(ended.code, Some(64), "{ended:?}");
    let ended = of(&|text| text, "--speed max");
    assert_eq!(ended.code, Some(64), "{ended:?}");
    assert_untouched(&exchange);
}

#[test]
fn a_venue_that_is_not_there_is_69() {
    let exchange = exchange_with("");
    let trader = with_changed(&exchange, "USDT", "USDT");
    drop(exchange);
    let ended = trader.run(RUN);
    assert_eq!(ended.code, Some(69), "{ended:?}");
    assert_eq!(trader.ibis("preflight").code, Some(69));
}

#[test]
fn a_venue_that_is_not_fit_is_refused_at_the_start() {
    for (plan, code, named) in [
        ("fault = \"clock_skew\"\noffset_ms = 60000\n", 69, "clock"),
        ("fault = \"unified_account\"\n", 77, "mode"),
        ("fault = \"maintenance\"\nmode = \"close\"\n", 69, "service"),
    ] {
        let home = Home::new();
        home.write("plan.toml", format!("[[rule]]\n{plan}"));
        let exchange = Exchange::start_in(home, "--faults plan.toml --speed 600");
        let trader = Trader::new(&exchange, &SYMBOLS, "");
        let ended = trader.run(RUN);
        assert_eq!(ended.code, Some(code), "{plan}: {ended:?}");
        assert!(ended.complaint().contains(named), "{plan}: {ended:?}");
    }
}

/// Runs an agent through a condition; the holds it set, by scope and code.
fn held(rules: &str) -> (Vec<(String, String)>, Trader, Exchange) {
    let home = Home::new();
    home.write("plan.toml", rules);
    let exchange = Exchange::start_in(home, "--faults plan.toml --seed 3 --speed 600");
    let trader = Trader::new(&exchange, &SYMBOLS, "request_timeout = \"1s\"\n");
    let ended = trader.run("--speed 600 --max-runtime 25s --json");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let holds = {
        let ledger = trader.ledger();
        let mut query = ledger.prepare("SELECT scope, code FROM holds").unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    (holds, trader, exchange)
}

/// Orders of a symbol that were meant to open a position after the hold of this code was set.
fn entries_after(trader: &Trader, scope: &str, code: &str) -> i64 {
    trader.count(&format!(
        "SELECT count(*) FROM intents i WHERE i.purpose = 'entry' AND ('{scope}' = 'global' OR
         i.symbol = '{scope}') AND EXISTS (SELECT 1 FROM holds h WHERE h.scope = '{scope}' AND
         h.code = '{code}' AND h.set_at_us <= i.created_at_us AND
         coalesce(h.cleared_at_us, 9e18) > i.created_at_us)"
    ))
}

#[test]
fn what_the_venue_turns_into_holds_entries_and_says_so() {
    // Seconds of a symbol's conditions are the market's, of the others the wall's.
    for (rules, scope, code) in [
        (
            "[[rule]]\nfault = \"delist\"\nsymbol = \"ETH-USDT\"\nfrom_s = 3600\n",
            "ETH-USDT",
            "instrument_halted",
        ),
        (
            "[[rule]]\nfault = \"increments\"\nsymbol = \"ETH-USDT\"\nfrom_s = 3600\n\
             base_increment = \"0.1\"\nbase_min_size = \"0.1\"\n",
            "ETH-USDT",
            "instrument_changed",
        ),
        (
            "[[rule]]\nfault = \"maintenance\"\nmode = \"cancelonly\"\nfrom_s = 6\nuntil_s = 12\n",
            "global",
            "venue_unavailable",
        ),
        (
            "[[rule]]\nfault = \"revoke\"\npermission = \"Spot\"\nfrom_s = 6\nuntil_s = 12\n",
            "global",
            "venue_unauthorized",
        ),
    ] {
        let (holds, trader, _exchange) = held(rules);
        let wanted = (scope.to_owned(), code.to_owned());
        assert!(holds.contains(&wanted), "{rules}: {holds:?}");
        assert_eq!(entries_after(&trader, scope, code), 0, "{rules}");
        // A refused key is a person's to look at, even once it is taken again; the rest ends by itself.
        let latched =
            "SELECT count(*) FROM holds WHERE level = 'hard_stop' AND cleared_at_us IS NULL";
        assert_eq!(trader.count(latched) == 1, code == "venue_unauthorized", "{rules}");
    }
}

//! Judgements of facts as they may be, and a gathering from a venue that plays along.

use std::collections::BTreeMap;

use super::*;
use crate::domain::decimal::Decimal;
use crate::exchange::kucoin::instrument::tests::{d, row};
use crate::exchange::kucoin::protocol::account::{AccountMode, AccountRow, ApiKey};
use crate::exchange::kucoin::protocol::code::Code;
use crate::exchange::kucoin::protocol::endpoint::Endpoint;
use crate::exchange::kucoin::protocol::fee::{BaseFee, TradeFee};
use crate::exchange::kucoin::protocol::status::{ServiceState, ServiceStatus};
use crate::exchange::kucoin::protocol::wire_text::IntoOwned;
use crate::exchange::kucoin::rest::tests::server::{Server, answer, ok, refuse};
use crate::exchange::kucoin::rest::tests::{CANARIES, client, run};
use crate::exchange::kucoin::rest::{ClockSkew, Reason, SkewVerdict, VenueReason};

const KEY: &str = r#"{"apiKey":"canary","apiVersion":3,"permission":"General,Spot","ipWhitelist":"203.0.113.7","createdAt":1,"uid":1,"isMaster":false}"#;
const FEES: &str = r#"[{"symbol":"BTC-USDT","takerFeeRate":"0.0008","makerFeeRate":"0.0006"}]"#;
const BALANCES: &str = r#"[{"id":"1","currency":"USDT","type":"trade_hf","balance":"105","available":"100","holds":"5"}]"#;

fn wanted() -> Wanted {
    let symbols = vec![Symbol::new("BTC-USDT").unwrap()];
    Wanted {
        symbols,
        held: Vec::new(),
        needs_account: true,
        allow_withdrawal: false,
        entry_min: d("11"),
    }
}

fn read<'a, T: serde::Deserialize<'a> + IntoOwned>(json: &'a str) -> T::Owned {
    serde_json::from_str::<T>(json).unwrap().into_owned()
}

fn reason(venue: Option<(u16, u32, &str)>) -> Reason {
    let venue = venue.map(|(http_status, code, message)| VenueReason {
        http_status,
        code: Some(Code::new(code)),
        message: message.to_owned(),
    });
    Reason { call: Endpoint::ApiKey, venue, what: "x".to_owned() }
}

/// Everything is as it must be.
fn good() -> Facts {
    let verdict = SkewVerdict::Good;
    let granted = GrantedFacts {
        mode: Ok(AccountMode::Classic),
        high_frequency: Ok(true),
        fees: Ok(read::<Vec<TradeFee<'_>>>(FEES)),
        tier: Ok(BaseFee { taker_fee_rate: d("0.001"), maker_fee_rate: d("0.001") }),
        balances: Ok(read::<Vec<AccountRow<'_>>>(BALANCES)),
        token: Ok(()),
        test_order: Some(TestOrder { symbol: wanted().symbols[0], outcome: Ok(()) }),
    };
    Facts {
        clock: Ok(ClockSkew { offset_us: 12_000, uncertainty_us: 3_000, verdict }),
        venue: Some(VenueFacts {
            status: Ok(ServiceStatus { status: ServiceState::Open, msg: None }),
            symbols: Ok(vec![row("ETH-USDT"), row("BTC-USDT"), row("BTC-USDC")]),
            missing: BTreeMap::new(),
            token: Ok(()),
            own_address: Some("203.0.113.7".to_owned()),
        }),
        account: Some(AccountFacts { key: Ok(read::<ApiKey<'_>>(KEY)), granted: Some(granted) }),
    }
}

fn venue(facts: &mut Facts) -> &mut VenueFacts {
    facts.venue.as_mut().unwrap()
}

fn granted(facts: &mut Facts) -> &mut GrantedFacts {
    facts.account.as_mut().unwrap().granted.as_mut().unwrap()
}

fn set_key(facts: &mut Facts, permission: &str, ip_whitelist: &str) {
    let key = facts.account.as_mut().unwrap().key.as_mut().unwrap();
    key.permission = permission.to_owned().into();
    key.ip_whitelist = Some(ip_whitelist.to_owned().into());
}

/// The one check that is not as it must be, after a change.
#[track_caller]
fn odd(wanted: &Wanted, change: impl FnOnce(&mut Facts)) -> PreflightCheck {
    let mut facts = good();
    change(&mut facts);
    let judged = judge(wanted, &facts);
    let odd: Vec<_> = judged.checks.iter().filter(|check| check.verdict != Verdict::Ok).collect();
    assert_eq!(odd.len(), 1, "{odd:#?}");
    assert_eq!(odd[0].failure_class.is_some(), odd[0].verdict == Verdict::Fail);
    assert!(!odd[0].advice.is_empty(), "{odd:?}");
    odd[0].clone()
}

#[test]
fn a_good_account_passes_every_check() {
    let judged = judge(&wanted(), &good());
    assert_eq!((judged.verdict(), judged.failure_class()), (Verdict::Ok, None));
    let names: Vec<_> = judged.checks.iter().map(|check| check.name.as_str()).collect();
    let expected = [
        "clock",
        "service",
        "symbol BTC-USDT",
        "public websocket",
        "api key",
        "permissions",
        "address list",
        "account mode",
        "high frequency",
        "fees",
        "balances",
        "private websocket",
        "test order",
    ];
    assert_eq!(names, expected);
    let values: Vec<_> = judged.checks.iter().map(|check| check.value.as_str()).collect();
    assert_eq!(values[0], "12 ms to the venue's, give or take 3 ms");
    assert!(values[2].ends_with("fees 0.0006 maker, 0.0008 taker"), "{}", values[2]);
    assert_eq!(values[10], "USDT 100");
    assert_eq!(judged.instruments[0].spec().taker_fee, d("0.0008"));
}

#[test]
fn a_bad_key_is_a_matter_of_credentials() {
    let class = Some(FailureClass::Credentials);
    for (code, advice) in [
        (400_003, "no such key"),
        (400_004, "passphrase"),
        (400_005, "secret"),
        (400_006, "add the address 203.0.113.7"),
        (400_007, "General and Spot"),
        (400_009, "old version"),
        (411_100, "ask KuCoin"),
    ] {
        let check = odd(&wanted(), |facts| {
            let key = Err(Failure::Unauthorized(reason(Some((401, code, "no")))));
            facts.account = Some(AccountFacts { key, granted: None });
        });
        assert_eq!((check.name.as_str(), check.failure_class), ("api key", class));
        assert!(check.advice.contains(advice), "{check:?}");
    }
    let check = odd(&wanted(), |facts| facts.account = None);
    assert_eq!((check.value.as_str(), check.failure_class), ("there is none", class));
    let public = Wanted { needs_account: false, ..wanted() };
    let judged = judge(&public, &Facts { account: None, ..good() });
    assert_eq!(judged.verdict(), Verdict::Ok, "without orders no key is needed");
}

#[test]
fn permissions_are_those_that_are_needed() {
    let credentials = Some(FailureClass::Credentials);
    let allowed = Wanted { allow_withdrawal: true, ..wanted() };
    for (permission, wanted, class) in [
        ("General", wanted(), credentials),
        ("Spot", wanted(), credentials),
        ("", wanted(), credentials),
        ("general,spot", wanted(), credentials),
        ("General,Spot,Transfer", wanted(), credentials),
        ("General, Spot, transfer", wanted(), credentials),
        ("General,Spot,Withdrawal", wanted(), credentials),
        ("General,Spot,Transfer", allowed, None),
        ("General,Spot,Margin,Earn", wanted(), None),
        ("General,Spot,InnerTransfer", wanted(), None),
    ] {
        let check = odd(&wanted, |facts| set_key(facts, permission, "203.0.113.7"));
        assert_eq!(
            (check.name.as_str(), check.failure_class),
            ("permissions", class),
            "{permission}"
        );
    }
    let check = odd(&wanted(), |facts| set_key(facts, "Spot,General", " "));
    assert_eq!((check.name.as_str(), check.verdict), ("address list", Verdict::Warn));
    assert!(check.advice.contains("203.0.113.7"), "{check:?}");
}

#[test]
fn the_account_is_one_this_program_can_trade() {
    let check = odd(&wanted(), |facts| granted(facts).mode = Ok(AccountMode::Unified));
    assert_eq!(check.failure_class, Some(FailureClass::Credentials));
    let unknown = Failure::Rejected(reason(Some((404, 404_000, "URL not found"))));
    let check = odd(&wanted(), |facts| granted(facts).mode = Err(unknown.clone()));
    assert_eq!((check.name.as_str(), check.verdict), ("account mode", Verdict::Warn));
    let check = odd(&wanted(), |facts| granted(facts).high_frequency = Ok(false));
    assert_eq!(check.verdict, Verdict::Warn);
    let check = odd(&wanted(), |facts| granted(facts).balances = Ok(Vec::new()));
    assert_eq!((check.value.as_str(), check.verdict), ("USDT 0", Verdict::Warn));
    let lost = Failure::Unavailable(reason(None));
    let check = odd(&wanted(), |facts| granted(facts).token = Err(lost.clone()));
    assert_eq!(check.failure_class, Some(FailureClass::Venue));
    let check = odd(&wanted(), |facts| {
        granted(facts).fees = Err(lost.clone());
    });
    assert_eq!((check.name.as_str(), check.verdict), ("fees", Verdict::Warn));
    let check = odd(&wanted(), |facts| {
        granted(facts).fees = Err(lost.clone());
        granted(facts).tier = Err(lost);
    });
    assert_eq!((check.name.as_str(), check.failure_class), ("fees", Some(FailureClass::Venue)));
}

#[test]
fn a_test_order_says_what_is_missing() {
    let outcome = |facts: &mut Facts, failure: Failure| {
        granted(facts).test_order.as_mut().unwrap().outcome = Err(failure);
    };
    let poor = Failure::Rejected(reason(Some((200, 200_004, "Balance insufficient!"))));
    let check = odd(&wanted(), |facts| outcome(facts, poor));
    assert_eq!(check.verdict, Verdict::Warn);
    let refused = Failure::Unauthorized(reason(Some((403, 400_007, "Access denied"))));
    let check = odd(&wanted(), |facts| outcome(facts, refused));
    assert_eq!(check.failure_class, Some(FailureClass::Credentials));
    let check = odd(&wanted(), |facts| granted(facts).test_order = None);
    assert_eq!((check.value.as_str(), check.verdict), ("not tried", Verdict::Warn));
}

#[test]
fn a_name_that_is_no_pair_is_told_its_neighbour() {
    for (name, neighbour) in [
        ("BCT-USDT", "did you mean BTC-USDT?"),
        ("BTC-USD", "did you mean BTC-USD"),
        ("btc-usdt", "did you mean BTC-USDT?"),
        ("ETH-USDTT", "did you mean ETH-USDT?"),
        ("XRP-USDT", "remove it"),
        ("DOGE-EUR", "remove it"),
    ] {
        let symbol = Symbol::new(name).unwrap();
        let wanted = Wanted { symbols: vec![symbol], ..wanted() };
        let missing = Failure::Rejected(reason(Some((200, 900_001, "symbol not exists"))));
        let mut facts = good();
        venue(&mut facts).missing.insert(symbol, missing);
        let judged = judge(&wanted, &facts);
        let check = &judged.checks[2];
        assert_eq!(check.failure_class, Some(FailureClass::Config), "{check:?}");
        assert!(check.advice.contains(neighbour), "{check:?}");
        assert_eq!(judged.instruments.len(), 0);
    }
    let mut facts = good();
    venue(&mut facts).symbols = Ok(Vec::new());
    let odd = Failure::Malformed(reason(None));
    venue(&mut facts).missing.insert(wanted().symbols[0], odd);
    assert!(judge(&wanted(), &facts).checks[2].value.starts_with("malformed"));
}

#[test]
fn a_pair_must_trade_by_rules_that_can_be_followed() {
    let change =
        |change: fn(&mut crate::exchange::kucoin::protocol::symbol::SymbolRow<'static>)| {
            odd(&wanted(), |facts| change(&mut venue(facts).symbols.as_mut().unwrap()[1]))
        };
    let class = |check: PreflightCheck| check.failure_class;
    for check in [
        change(|row| row.enable_trading = false),
        change(|row| row.callauction_is_enabled = true),
        change(|row| row.st = true),
    ] {
        assert_eq!(check.verdict, Verdict::Warn, "{check:?}");
    }
    assert_eq!(
        class(change(|row| row.price_increment = Decimal::ZERO)),
        Some(FailureClass::Config)
    );
    // One tick of one lot needs 25 decimal places.
    let check = change(|row| row.price_increment = Decimal::from_raw(10));
    assert!(check.value.contains("18 decimal places"), "{check:?}");
    let check = odd(&wanted(), |facts| {
        let fees = granted(facts).fees.as_mut().unwrap();
        fees[0].buy_tax_rate = Some(d("0.01"));
    });
    assert!(check.advice.contains("tax"), "{check:?}");
    let mut facts = good();
    venue(&mut facts).symbols = Err(Failure::Unavailable(reason(None)));
    let judged = judge(&wanted(), &facts);
    assert_eq!(judged.failure_class(), Some(FailureClass::Venue));
}

#[test]
fn the_clock_and_the_service_can_hold_everything_up() {
    for (verdict, expected) in [(SkewVerdict::Warn, None), (SkewVerdict::Hold, Some(69))] {
        let check = odd(&wanted(), |facts| facts.clock.as_mut().unwrap().verdict = verdict);
        assert_eq!(check.failure_class.map(FailureClass::exit_code), expected);
    }
    for state in [ServiceState::Close, ServiceState::CancelOnly, ServiceState::Unknown] {
        let check = odd(&wanted(), |facts| {
            let status = venue(facts).status.as_mut().unwrap();
            (status.status, status.msg) = (state, Some("upgrade".into()));
        });
        assert_eq!(check.failure_class, Some(FailureClass::Venue));
        assert!(check.value.ends_with(", \"upgrade\""), "{check:?}");
    }
    let clock = Err(Failure::Unavailable(reason(None)));
    let judged = judge(&wanted(), &Facts { clock, venue: None, account: None });
    assert_eq!((judged.checks.len(), judged.failure_class()), (1, Some(FailureClass::Venue)));
}

#[test]
fn who_must_mend_is_whom_waiting_does_not_help() {
    let mut facts = good();
    venue(&mut facts).status.as_mut().unwrap().status = ServiceState::Close;
    venue(&mut facts).symbols = Ok(Vec::new());
    assert_eq!(judge(&wanted(), &facts).failure_class(), Some(FailureClass::Config));
    set_key(&mut facts, "", "");
    let class = judge(&wanted(), &facts).failure_class().unwrap();
    assert_eq!((class, class.exit_code()), (FailureClass::Credentials, 77));
    assert_eq!(FailureClass::Config.exit_code(), 78);
}

fn symbols() -> String {
    serde_json::to_string(&[row("BTC-USDT"), row("ETH-USDT")]).unwrap()
}

const BULLET: &str = r#"{"token":"t","instanceServers":[]}"#;
const TOP: &str =
    r#"{"time":1,"sequence":"1","price":"50000","bestBid":"50000","bestAsk":"50001"}"#;

#[test]
fn a_venue_is_asked_everything_once_and_changes_nothing() {
    let server = Server::start([
        ok(r#"{"status":"open","msg":""}"#),
        ok(&symbols()),
        ok(BULLET),
        ok("\"203.0.113.7\""),
        ok(KEY),
        ok(r#"{"selfAccountMode":"CLASSIC"}"#),
        ok("true"),
        ok(FEES),
        ok(r#"{"takerFeeRate":"0.001","makerFeeRate":"0.001"}"#),
        ok(BALANCES),
        ok(BULLET),
        ok(TOP),
        ok(r#"{"orderId":"67","clientOid":"p"}"#),
    ]);
    let facts = run(gather(&client(&server), &wanted()));
    let judged = judge(&wanted(), &facts);
    assert_eq!(judged.verdict(), Verdict::Ok, "{:#?}", judged.checks);
    assert_eq!(server.left(), 0);
    let posts: Vec<_> = server
        .seen()
        .into_iter()
        .filter(|seen| seen.method != "GET")
        .map(|seen| seen.target)
        .collect();
    let harmless = ["/api/v1/bullet-public", "/api/v1/bullet-private", "/api/v1/hf/orders/test"];
    assert_eq!(posts, harmless);
    let said = format!("{facts:?} {judged:?}");
    assert!(CANARIES.iter().all(|canary| !said.contains(canary)), "{said}");
}

#[test]
fn a_refused_key_is_not_tried_again_and_again() {
    let server = Server::start([
        ok(r#"{"status":"open","msg":""}"#),
        ok("[]"),
        refuse(200, 900_001, "symbol not exists"),
        ok(BULLET),
        answer(404, "", ""),
        refuse(401, 400_003, "KC-API-KEY not exists"),
    ]);
    let facts = run(gather(&client(&server), &wanted()));
    assert_eq!((server.left(), server.seen().len()), (0, 6));
    let judged = judge(&wanted(), &facts);
    let failed: Vec<_> =
        judged.checks.iter().filter(|check| check.verdict == Verdict::Fail).collect();
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert_eq!(judged.failure_class(), Some(FailureClass::Credentials));
}

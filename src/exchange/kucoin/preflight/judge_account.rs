//! The key and its account.

use std::collections::BTreeSet;

use super::judge::check_token;
use super::{
    AccountFacts, FailureClass, GrantedFacts, PreflightCheck, TestOrder, VenueFacts, Wanted,
};
use crate::domain::decimal::Decimal;
use crate::exchange::kucoin::protocol::account::{AccountMode, AccountRow, ApiKey};
use crate::exchange::kucoin::protocol::code::{CallKind, Cause, cause};
use crate::exchange::kucoin::rest::Failure;

/// What a key must be allowed to do.
const NEEDED: [&str; 2] = ["General", "Spot"];

/// Adds the checks of a key and of what it may see.
pub(super) fn check_account(
    wanted: &Wanted,
    venue: &VenueFacts,
    account: &AccountFacts,
    checks: &mut Vec<PreflightCheck>,
) {
    let own_address = venue.own_address.as_deref();
    match &account.key {
        Ok(key) => {
            let kind = if key.is_master { "master account" } else { "sub-account" };
            let value = format!("accepted, version {}, of a {kind}", key.api_version);
            checks.push(PreflightCheck::ok("api key", value));
            checks.push(check_permissions(wanted, key));
            checks.push(check_address_list(key, own_address));
        }
        Err(failure) => {
            let mut check = PreflightCheck::unanswered("api key", failure);
            if matches!(failure, Failure::Unauthorized(_)) {
                check.advice = mend(failure, own_address);
            }
            checks.push(check);
        }
    }
    let Some(granted) = &account.granted else { return };
    checks.push(check_mode(granted));
    checks.push(check_high_frequency(granted));
    checks.push(check_fees(wanted, granted));
    checks.push(check_balances(wanted, granted));
    checks.push(check_token("private websocket", &granted.token));
    checks.push(check_test_order(granted));
}

/// The check where there is no key but one is needed.
pub(super) fn check_no_account(wanted: &Wanted) -> Option<PreflightCheck> {
    wanted.needs_account.then(|| {
        let advice = "make one at KuCoin with General and Spot only, and name its file in \
                      exchange.credentials_file";
        PreflightCheck::fail("api key", "there is none", advice, FailureClass::Credentials)
    })
}

/// What to do about a refusal of the key.
pub(super) fn mend(failure: &Failure, own_address: Option<&str>) -> String {
    let code = failure.venue().and_then(|venue| venue.code).map(|code| code.number());
    let text = match code {
        Some(400_003) => "there is no such key: copy it again, and check exchange.base_url",
        Some(400_004) => "the passphrase is wrong: it is the one typed when the key was made",
        Some(400_005) => "the secret is wrong: make a new API key, its secret is shown once",
        Some(400_006) => {
            let address = own_address.unwrap_or("of this machine");
            return format!("add the address {address} to the key's list at KuCoin");
        }
        Some(400_007) => "the key may not do this: give it General and Spot at KuCoin",
        Some(400_008 | 400_009) => "the key is of an old version: make a new API key",
        _ => "ask KuCoin why it does not serve this account",
    };
    text.to_owned()
}

/// True for what lets money out. `Transfer` is KuCoin's word for withdrawals.
fn lets_money_out(permission: &str) -> bool {
    let permission = permission.to_ascii_lowercase();
    permission == "transfer" || permission.contains("withdraw")
}

fn check_permissions(wanted: &Wanted, key: &ApiKey<'_>) -> PreflightCheck {
    let name = "permissions";
    let value = key.permissions().collect::<Vec<_>>().join(", ");
    let class = FailureClass::Credentials;
    let missing: Vec<_> = NEEDED.into_iter().filter(|needed| !key.permits(needed)).collect();
    if !missing.is_empty() {
        let advice = format!("give the key {} at KuCoin", missing.join(" and "));
        return PreflightCheck::fail(name, value, advice, class);
    }
    let extra: Vec<_> = key.permissions().filter(|granted| !NEEDED.contains(granted)).collect();
    if extra.iter().any(|granted| lets_money_out(granted)) && !wanted.allow_withdrawal {
        let advice = "the key may withdraw: take Transfer from it at KuCoin, make a new key, or \
                      accept it with exchange.allow_withdrawal_key = true";
        return PreflightCheck::fail(name, value, advice, class);
    }
    if extra.is_empty() {
        return PreflightCheck::ok(name, value);
    }
    let advice = format!("take {} from the key: it is not needed", extra.join(" and "));
    PreflightCheck::warn(name, value, advice)
}

fn check_address_list(key: &ApiKey<'_>, own_address: Option<&str>) -> PreflightCheck {
    let name = "address list";
    if key.is_bound_to_addresses() {
        return PreflightCheck::ok(name, "the key works from listed addresses only");
    }
    let address = own_address.map_or_else(String::new, |address| format!(" {address}"));
    let advice = format!("bind it at KuCoin to the address{address} of this machine");
    PreflightCheck::warn(name, "the key works from everywhere", advice)
}

fn check_mode(granted: &GrantedFacts) -> PreflightCheck {
    let name = "account mode";
    match &granted.mode {
        Ok(AccountMode::Classic) => PreflightCheck::ok(name, "classic"),
        Ok(AccountMode::Unified) => {
            let advice = "switch the account to classic at KuCoin, or use a sub-account that is";
            PreflightCheck::fail(name, "unified", advice, FailureClass::Credentials)
        }
        Ok(AccountMode::Unknown) => {
            PreflightCheck::warn(name, "unknown", "look whether KuCoin says classic")
        }
        // An older venue does not know the question.
        Err(failure @ (Failure::Rejected(_) | Failure::NotFound(_))) => {
            PreflightCheck::warn(name, failure.to_string(), "look whether KuCoin says classic")
        }
        Err(failure) => PreflightCheck::unanswered(name, failure),
    }
}

fn check_high_frequency(granted: &GrantedFacts) -> PreflightCheck {
    let name = "high frequency";
    match &granted.high_frequency {
        Ok(true) => PreflightCheck::ok(name, "opened"),
        // Current accounts need no opening, whatever they say; the test order tells.
        Ok(false) => {
            let advice = "if the test order is refused, move funds to the trading account first";
            PreflightCheck::warn(name, "not opened", advice)
        }
        Err(failure) => PreflightCheck::unanswered(name, failure),
    }
}

fn check_fees(wanted: &Wanted, granted: &GrantedFacts) -> PreflightCheck {
    let name = "fees";
    let fees = match (&granted.fees, &granted.tier) {
        (Ok(fees), _) => fees,
        (Err(_), Ok(tier)) => {
            let value = format!("{} maker, {} taker", tier.maker_fee_rate, tier.taker_fee_rate);
            let advice = "KuCoin did not tell the rates of the pairs: those of the tier are used";
            return PreflightCheck::warn(name, value, advice);
        }
        (Err(failure), Err(_)) => return PreflightCheck::unanswered(name, failure),
    };
    let told = fees.iter().filter(|fee| wanted.symbols.iter().any(|s| fee.symbol == s.as_str()));
    let rates: BTreeSet<String> = told
        .map(|fee| format!("{} maker, {} taker", fee.maker_fee_rate, fee.taker_fee_rate))
        .collect();
    PreflightCheck::ok(name, rates.into_iter().collect::<Vec<_>>().join("; "))
}

fn check_balances(wanted: &Wanted, granted: &GrantedFacts) -> PreflightCheck {
    let name = "balances";
    let rows = match &granted.balances {
        Ok(rows) => rows,
        Err(failure) => return PreflightCheck::unanswered(name, failure),
    };
    let quotes: BTreeSet<_> = wanted.symbols.iter().map(|symbol| symbol.quote()).collect();
    let of = |asset: &str| -> Decimal {
        let rows = rows.iter().filter(|row| row.currency == *asset);
        rows.map(available).sum()
    };
    let balances: Vec<_> = quotes.iter().map(|asset| (asset, of(asset.as_str()))).collect();
    let value: Vec<_> =
        balances.iter().map(|(asset, available)| format!("{asset} {available}")).collect();
    let value = value.join(", ");
    let empty: Vec<_> = balances
        .iter()
        .filter(|(_, available)| !available.is_positive() || *available < wanted.entry_min)
        .map(|(asset, _)| asset.as_str())
        .collect();
    if empty.is_empty() {
        return PreflightCheck::ok(name, value);
    }
    let advice = format!(
        "an entry takes {} (risk.notional_min): move {} to the trading account to enter",
        wanted.entry_min,
        empty.join(" and ")
    );
    PreflightCheck::warn(name, value, advice)
}

fn available(row: &AccountRow<'_>) -> Decimal {
    row.available
}

fn check_test_order(granted: &GrantedFacts) -> PreflightCheck {
    let name = "test order";
    let Some(TestOrder { symbol, outcome }) = &granted.test_order else {
        let advice = "no wanted pair trades and has a price; see the checks of the symbols";
        return PreflightCheck::warn(name, "not tried", advice);
    };
    match outcome {
        Ok(()) => PreflightCheck::ok(name, format!("{symbol}, accepted and not placed")),
        Err(failure) if lacks_funds(failure) => {
            let advice = "move funds to the trading account to enter";
            PreflightCheck::warn(name, failure.to_string(), advice)
        }
        Err(failure) => PreflightCheck::unanswered(name, failure),
    }
}

/// True where the balance is all that is missing.
fn lacks_funds(failure: &Failure) -> bool {
    failure.venue().is_some_and(|venue| {
        let kind = CallKind::Read;
        cause(venue.http_status, venue.code, &venue.message, kind) == Cause::Funds
    })
}

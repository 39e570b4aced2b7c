//! Each wanted pair: is it there, does it trade, can this program follow its rules?

use super::{FailureClass, GrantedFacts, PreflightCheck, VenueFacts, Wanted};
use crate::domain::edit_distance::edit_distance;
use crate::domain::instrument::Instrument;
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::instrument::{Rates, from_symbol};
use crate::exchange::kucoin::protocol::fee::TradeFee;
use crate::exchange::kucoin::protocol::symbol::SymbolRow;
use crate::exchange::kucoin::rest::Failure;

/// Adds a check for each wanted pair; returns those that may be traded.
pub(super) fn check_symbols(
    wanted: &Wanted,
    venue: &VenueFacts,
    granted: Option<&GrantedFacts>,
    checks: &mut Vec<PreflightCheck>,
) -> Vec<Instrument> {
    let rows = match &venue.symbols {
        Ok(rows) => rows,
        Err(failure) => {
            checks.push(PreflightCheck::unanswered("symbols", failure));
            return Vec::new();
        }
    };
    let mut instruments = Vec::new();
    for symbol in &wanted.symbols {
        let name = format!("symbol {symbol}");
        let Some(row) = rows.iter().find(|row| row.symbol == symbol.as_str()) else {
            let check = absent(name, *symbol, venue, rows);
            let delisted = check.failure_class == Some(FailureClass::Config);
            checks.push(match delisted && wanted.held.contains(symbol) {
                true => {
                    let advice = "what is held of it is kept, and cannot be sold here";
                    PreflightCheck::warn(check.name, "KuCoin lists it no more", advice)
                }
                false => check,
            });
            continue;
        };
        let fee = granted.and_then(|granted| actual(granted, *symbol));
        match instrument(row, rates(granted, fee)) {
            Ok(instrument) => {
                let check = present(name, row, fee, &instrument);
                if check.failure_class.is_none() {
                    instruments.push(instrument);
                }
                checks.push(check);
            }
            Err(why) => {
                let advice = "remove it from market.symbols; this program cannot trade it";
                checks.push(PreflightCheck::fail(name, why, advice, FailureClass::Config));
            }
        }
    }
    instruments
}

/// What the account pays for a pair.
fn actual(granted: &GrantedFacts, symbol: Symbol) -> Option<&TradeFee<'static>> {
    granted.fees.as_ref().ok()?.iter().find(|fee| fee.symbol == symbol.as_str())
}

fn rates<'a>(granted: Option<&GrantedFacts>, fee: Option<&'a TradeFee<'a>>) -> Rates<'a> {
    let tier = granted.and_then(|granted| granted.tier.as_ref().ok());
    match (fee, tier) {
        (Some(fee), _) => Rates::Actual(fee),
        (None, Some(tier)) => Rates::Tier(*tier),
        (None, None) => Rates::Class,
    }
}

fn instrument(row: &SymbolRow<'_>, rates: Rates<'_>) -> Result<Instrument, String> {
    let spec = from_symbol(row, rates).map_err(|error| error.to_string())?;
    Instrument::new(spec).map_err(|error| error.to_string())
}

/// A pair that is not in the list.
fn absent(
    name: String,
    symbol: Symbol,
    venue: &VenueFacts,
    rows: &[SymbolRow<'_>],
) -> PreflightCheck {
    let class = FailureClass::Config;
    match venue.missing.get(&symbol) {
        Some(failure @ Failure::Malformed(_)) => {
            let advice = "remove it from market.symbols, or look for a newer version";
            PreflightCheck::fail(name, failure.to_string(), advice, class)
        }
        Some(failure @ (Failure::Unavailable(_) | Failure::RateLimited { .. })) => {
            PreflightCheck::unanswered(name, failure)
        }
        _ => {
            let advice = match nearest(symbol.as_str(), rows) {
                Some(near) => format!("did you mean {near}? write it in market.symbols"),
                None => "remove it from market.symbols".to_owned(),
            };
            PreflightCheck::fail(name, "KuCoin has no such pair", advice, class)
        }
    }
}

/// The pair that was probably meant: trading ones first where several are as near.
fn nearest<'a>(name: &str, rows: &'a [SymbolRow<'_>]) -> Option<&'a str> {
    let name = name.to_ascii_uppercase();
    let near = rows.iter().filter_map(|row| {
        Some((mistyped(&name, &row.symbol)?, !row.enable_trading, row.symbol.as_str()))
    });
    near.min().map(|(.., symbol)| symbol)
}

/// How many characters of base and quote are mistyped, where each is more right than wrong: there are so
/// many short names that any is near to another.
fn mistyped(typed: &str, meant: &str) -> Option<usize> {
    let ((base, quote), (base_meant, quote_meant)) =
        (typed.rsplit_once('-')?, meant.rsplit_once('-')?);
    let part = |typed: &str, meant: &str| {
        let distance = edit_distance(typed, meant);
        (2 * distance < meant.len()).then_some(distance)
    };
    Some(part(base, base_meant)? + part(quote, quote_meant)?)
}

/// A pair that is in the list and whose rules can be followed.
fn present(
    name: String,
    row: &SymbolRow<'_>,
    fee: Option<&TradeFee<'_>>,
    instrument: &Instrument,
) -> PreflightCheck {
    let halted = |what: &str| {
        let advice = "entries wait until KuCoin opens it; or remove it from market.symbols";
        PreflightCheck::warn(name.clone(), what, advice)
    };
    if !row.enable_trading {
        return halted("it does not trade now");
    }
    if row.callauction_is_enabled {
        return halted("it is in its opening auction");
    }
    let spec = instrument.spec();
    let value = format!(
        "tick {}, lot {}, from {} {} or {} {}, fees {} maker, {} taker",
        spec.tick,
        spec.lot,
        spec.quantity_min,
        instrument.base(),
        spec.notional_min,
        instrument.quote(),
        spec.maker_fee,
        spec.taker_fee
    );
    let taxed = fee.is_some_and(|fee| {
        let taxes = [fee.buy_tax_rate, fee.sell_tax_rate];
        taxes.into_iter().flatten().any(|rate| !rate.is_zero())
    });
    if taxed {
        let advice = "KuCoin withholds a tax here, of which the ledger knows nothing";
        return PreflightCheck::warn(name, value, advice);
    }
    if row.st {
        let advice = "KuCoin marks it as a special risk and may remove it: trade another";
        return PreflightCheck::warn(name, value, advice);
    }
    PreflightCheck::ok(name, value)
}

//! Market data before a start: does every wanted pair have a bid and an ask, and are they of now?

use std::time::Duration;

use super::PreflightCheck;
use crate::domain::decimal::Decimal;
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::protocol::ticker::Level1;
use crate::exchange::kucoin::rest::{Failure, Rest};

/// What the venue said of a pair.
pub type Quote = (Symbol, Result<Level1, Failure>);

/// Asks for the best prices of each pair, one after the other.
pub async fn ask(rest: &Rest, symbols: &[Symbol]) -> Vec<Quote> {
    let mut quotes = Vec::with_capacity(symbols.len());
    for symbol in symbols {
        quotes.push((*symbol, rest.level1(symbol.as_str()).await));
    }
    quotes
}

/// Judges them. A quote is old where it is `stale_after` behind the newest one: the market's own clock
/// counts, which need not be this machine's.
pub fn judge(quotes: &[Quote], stale_after: Duration) -> PreflightCheck {
    let name = "market data";
    let newest = quotes.iter().filter_map(|(_, top)| Some(top.as_ref().ok()?.time)).max();
    let stale_ms = i64::try_from(stale_after.as_millis()).unwrap_or(i64::MAX);
    let mut troubles = Vec::new();
    for (symbol, top) in quotes {
        match top {
            Err(failure) => troubles.push(format!("{symbol}: {failure}")),
            Ok(top) if !is_two_sided(top) => troubles.push(format!("{symbol}: no bid or no ask")),
            Ok(top) => {
                let age_ms = newest.unwrap_or(top.time).saturating_sub(top.time);
                if age_ms >= stale_ms {
                    troubles.push(format!("{symbol}: {} s old", age_ms / 1_000));
                }
            }
        }
    }
    let fine = quotes.len() - troubles.len();
    let value = format!("{fine} of {} pairs have a bid and an ask of now", quotes.len());
    if troubles.is_empty() {
        return PreflightCheck::ok(name, value);
    }
    if fine == 0
        && let Some((_, Err(failure))) = quotes.iter().find(|(_, top)| top.is_err())
    {
        return PreflightCheck::unanswered(name, failure);
    }
    let advice = format!("entries wait for prices of now; {}", troubles.join("; "));
    PreflightCheck::warn(name, value, advice)
}

fn is_two_sided(top: &Level1) -> bool {
    let is_price = |price: Option<Decimal>| price.is_some_and(Decimal::is_positive);
    is_price(top.best_bid) && is_price(top.best_ask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::kucoin::instrument::tests::d;
    use crate::exchange::kucoin::preflight::{FailureClass, Verdict};
    use crate::exchange::kucoin::protocol::endpoint::Endpoint;
    use crate::exchange::kucoin::rest::Reason;

    const STALE: Duration = Duration::from_secs(30);

    fn quote(symbol: &str, ms: i64, ask: Option<&str>) -> Quote {
        let top =
            Level1 { time: ms, best_bid: Some(d("1")), best_ask: ask.map(d), ..Level1::default() };
        (Symbol::new(symbol).unwrap(), Ok(top))
    }

    #[test]
    fn each_pair_needs_both_sides_of_now() {
        let (btc, eth) = (quote("BTC-USDT", 90_000, Some("2")), quote("ETH-USDT", 0, Some("2")));
        let silent = |symbol: &str| {
            let reason =
                Reason { call: Endpoint::ApiKey, venue: None, what: "no route".to_owned() };
            (Symbol::new(symbol).unwrap(), Err(Failure::Unavailable(reason)))
        };
        for (quotes, verdict, told) in [
            (vec![btc.clone()], Verdict::Ok, ""),
            (vec![btc.clone(), quote("ETH-USDT", 60_001, Some("2"))], Verdict::Ok, ""),
            (vec![btc.clone(), eth], Verdict::Warn, "ETH-USDT: 90 s old"),
            (vec![btc.clone(), quote("ETH-USDT", 90_000, None)], Verdict::Warn, "no bid or no ask"),
            (vec![btc, silent("ETH-USDT")], Verdict::Warn, "no route"),
            (vec![silent("BTC-USDT"), silent("ETH-USDT")], Verdict::Fail, "network"),
        ] {
            let check = judge(&quotes, STALE);
            assert_eq!(check.verdict, verdict, "{check}");
            assert!(check.advice.contains(told), "{check}");
            let class = (verdict == Verdict::Fail).then_some(FailureClass::Venue);
            assert_eq!(check.failure_class, class);
        }
    }
}

//! One row of a `trade_history.json`: an order that was filled, as the Python IBIS wrote it.
//!
//! `{order_id, symbol, side, price, size, funds, fee, fee_currency, timestamp, executed_at}`, numbers
//! read as the text they are. Rules:
//!
//! * `symbol` without a quote gets `-` and the fee's currency: every row of that system, so no repair;
//! * `size` 0 (its tracker used the field up) becomes funds / price, rounded down: a repair;
//! * a price of more than 18 places (a float's tail) is rounded down: marked, not counted as a repair;
//! * a size above 10^6, which its own validator refused, is as good as any other;
//! * `executed_at` is the creation time again and is ignored.

use super::row_fields::Fields;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::identifier::Asset;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;
use crate::store::imported_trade::{ImportedTrade, Repair, TradeId};

/// Last instant accepted, in milliseconds: 5138-11-16. Beyond it a timestamp has another unit.
const TIMESTAMP_MS_MAX: i64 = 100_000_000_000_000;

/// Why a row is not a trade.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RowError {
    /// It is not JSON: the whole document is in doubt.
    Syntax(String),
    /// A field is missing, of the wrong kind or out of range.
    Rejected(String),
}

/// Reads a row.
pub fn parse(row: &[u8]) -> Result<(ImportedTrade, Repair), RowError> {
    let fields = Fields::read(row).map_err(|error| {
        if error.is_data() {
            RowError::Rejected(without_place(&error))
        } else {
            RowError::Syntax(without_place(&error))
        }
    })?;
    trade(&fields).map_err(RowError::Rejected)
}

fn trade(fields: &Fields<'_>) -> Result<(ImportedTrade, Repair), String> {
    let text = |name: &str, error: &dyn std::fmt::Display| format!("{name} {error}");
    let fee_asset =
        Asset::new(&fields.fee_currency).map_err(|error| text("fee_currency", &error))?;
    let symbol = if fields.symbol.contains('-') {
        Symbol::new(&fields.symbol)
    } else {
        Symbol::new(&format!("{}-{fee_asset}", fields.symbol))
    }
    .map_err(|error| text("symbol", &error))?;
    let (price, price_rounded) = amount("price", fields.price)?;
    if price.is_zero() {
        return Err("price is 0".to_owned());
    }
    let exact = |name: &str, value: &str| match amount(name, value)? {
        (value, false) => Ok(value),
        (_, true) => Err(format!("{name} has more than 18 decimal places")),
    };
    let (size, funds) = (exact("size", fields.size)?, exact("funds", fields.funds)?);
    let size_from_funds = size.is_zero();
    let quantity = if size_from_funds { quotient(funds, price)? } else { size };
    if quantity.is_zero() {
        return Err("size and funds are both 0: nothing was traded".to_owned());
    }
    let trade = ImportedTrade {
        id: TradeId::new(&fields.order_id).map_err(|error| text("order_id", &error))?,
        symbol,
        side: fields.side.parse::<Side>()?,
        price,
        quantity,
        funds,
        fee: exact("fee", fields.fee)?,
        fee_asset,
        at: instant(fields.timestamp)?,
    };
    let fee_not_in_quote = fee_asset != symbol.quote();
    Ok((trade, Repair { size_from_funds, price_rounded, fee_not_in_quote }))
}

/// A number, bare or in quotes, not negative; and whether 18 places lost anything of it.
fn amount(name: &str, value: &str) -> Result<(Decimal, bool), String> {
    let text = value.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(value);
    // Nearly every number is in the strict grammar, whose parser is several times faster.
    let (value, is_rounded) = match Decimal::parse(text) {
        Ok(value) => (value, false),
        Err(_) => {
            Decimal::parse_foreign(text).map_err(|error| format!("{name} {text:?} is {error}"))?
        }
    };
    let is_nonzero = is_rounded || !value.is_zero();
    if text.starts_with('-') && is_nonzero {
        return Err(format!("{name} {text} is negative"));
    }
    Ok((value, is_rounded))
}

/// `funds / price` rounded down, where a decimal can hold it.
fn quotient(funds: Decimal, price: Decimal) -> Result<Decimal, String> {
    // A decimal reaches 1.7e20: below 10^20 the division cannot abort.
    let limit = Decimal::from_int(1_000_000_000).times(100_000_000_000);
    let is_safe = price >= Decimal::ONE || limit.mul(price, Round::Down) > funds;
    if is_safe {
        Ok(funds.div(price, Round::Down))
    } else {
        Err("size is 0 and funds / price is too large".to_owned())
    }
}

/// Milliseconds since 1970, bare or in quotes.
fn instant(value: &str) -> Result<Timestamp, String> {
    let text = value.trim_matches('"');
    match text.parse::<i64>() {
        Ok(ms) if (1..TIMESTAMP_MS_MAX).contains(&ms) => Ok(Timestamp::from_ms(ms)),
        _ => Err(format!("timestamp {text} is not milliseconds since 1970")),
    }
}

/// The message of an error without its place, which is relative to the row.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(replace: &str, with: &str) -> String {
        let row = r#"{"order_id": "698d", "symbol": "SUP", "side": "buy", "price": 0.00602,
            "size": 0.0, "funds": 5.943546, "fee": 1.7830638e-02, "fee_currency": "USDT",
            "timestamp": 1770847014995, "executed_at": "1770847014995"}"#;
        assert!(row.contains(replace));
        row.replace(replace, with)
    }

    #[test]
    fn a_used_up_size_comes_from_what_was_paid() {
        let (trade, repair) = parse(row("", "").as_bytes()).unwrap();
        assert_eq!(trade.symbol.as_str(), "SUP-USDT");
        assert_eq!(trade.quantity.to_string(), "987.3");
        assert_eq!(trade.fee.to_string(), "0.017830638");
        assert_eq!(trade.at.ms(), 1_770_847_014_995);
        assert_eq!(repair.marks().as_deref(), Some("size_from_funds"));
    }

    #[test]
    fn a_size_that_is_there_is_kept_whatever_its_magnitude() {
        let text = row("\"size\": 0.0", "\"size\": \"102871013889.0548\"");
        let (trade, repair) = parse(text.as_bytes()).unwrap();
        assert_eq!(trade.quantity.to_string(), "102871013889.0548");
        assert_eq!(repair.marks(), None);
    }

    #[test]
    fn marks_tell_how() {
        let text = row("0.00602", "0.0060200000000000001");
        let (trade, repair) = parse(text.as_bytes()).unwrap();
        assert_eq!(trade.price.to_string(), "0.00602");
        assert_eq!(repair.marks().as_deref(), Some("size_from_funds,price_rounded"));
        let (trade, repair) = parse(row("\"SUP\"", "\"SUP-BTC\"").as_bytes()).unwrap();
        assert_eq!(trade.quote_fee(), Decimal::ZERO);
        assert!(repair.fee_not_in_quote);
    }

    #[test]
    fn a_row_that_is_no_trade_is_rejected_with_the_reason() {
        for (replace, with, reason) in [
            ("\"buy\"", "\"hold\"", "neither buy nor sell"),
            ("0.00602", "-0.00602", "price -0.00602 is negative"),
            ("0.00602", "0", "price is 0"),
            ("0.00602", "true", "price \"true\" is not a plain decimal"),
            ("\"fee\":", "\"fees\":", "missing field `fee`"),
            ("5.943546", "0", "nothing was traded"),
            ("5.943546", "5e400", "too large"),
            ("\"698d\"", "\"\"", "order_id empty"),
            ("\"698d\"", "698", "invalid type"),
            ("1770847014995,", "1770847014.995,", "not milliseconds"),
        ] {
            match parse(row(replace, with).as_bytes()) {
                Err(RowError::Rejected(found)) => assert!(found.contains(reason), "{found}"),
                other => panic!("{with}: {other:?}"),
            }
        }
        assert!(matches!(
            parse(b"{\"order_id\": 1,}"),
            Err(RowError::Syntax(_)) | Err(RowError::Rejected(_))
        ));
        assert!(matches!(parse(row("5.943546", "5.9.4").as_bytes()), Err(RowError::Syntax(_))));
    }

    #[test]
    fn a_tiny_price_never_aborts() {
        let tiny = row("0.00602", "1e-18").replace("5.943546", "100000000000000000000");
        assert!(matches!(parse(tiny.as_bytes()), Err(RowError::Rejected(_))));
    }
}

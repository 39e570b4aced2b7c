//! The fields of a row, as the texts they are: a scan of the flat shape that nearly every row has,
//! and the JSON parser for all others.
//!
//! The scan takes only what it is sure of (known members once, plain numbers, strings without
//! escapes); whatever else a row holds, right or wrong, is the parser's to read or to refuse.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A row's fields. Numbers are as written, with the quotes where they had some.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Fields<'a> {
    /// The foreign order id.
    #[serde(borrow)]
    pub order_id: Cow<'a, str>,
    /// With or without a quote.
    #[serde(borrow)]
    pub symbol: Cow<'a, str>,
    /// `buy` or `sell`.
    #[serde(borrow)]
    pub side: Cow<'a, str>,
    /// Quote units for one base unit.
    #[serde(borrow, deserialize_with = "as_written")]
    pub price: &'a str,
    /// Base units.
    #[serde(borrow, deserialize_with = "as_written")]
    pub size: &'a str,
    /// Quote units.
    #[serde(borrow, deserialize_with = "as_written")]
    pub funds: &'a str,
    /// Units of `fee_currency`.
    #[serde(borrow, deserialize_with = "as_written")]
    pub fee: &'a str,
    /// What the fee was paid in.
    #[serde(borrow)]
    pub fee_currency: Cow<'a, str>,
    /// Milliseconds since 1970.
    #[serde(borrow, deserialize_with = "as_written")]
    pub timestamp: &'a str,
}

impl<'a> Fields<'a> {
    /// Reads a whole row, braces included.
    pub fn read(row: &'a [u8]) -> serde_json::Result<Self> {
        match std::str::from_utf8(row).ok().and_then(scan) {
            Some(fields) => Ok(fields),
            None => serde_json::from_slice(row),
        }
    }
}

fn as_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'de str, D::Error> {
    <&RawValue>::deserialize(deserializer).map(RawValue::get)
}

/// The fields of a flat row; `None` where it is anything but that.
fn scan(row: &str) -> Option<Fields<'_>> {
    let mut scan = Scan { rest: row };
    let mut found: [Option<&str>; 9] = [None; 9];
    scan.expect(b'{')?;
    loop {
        let name = scan.string()?;
        scan.expect(b':')?;
        let value = scan.value()?;
        // An unknown member is skipped; a known one that comes twice is the parser's to refuse.
        if let Some(slot) = place(name).and_then(|place| found.get_mut(place))
            && slot.replace(value).is_some()
        {
            return None;
        }
        match scan.token()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    if !scan.rest.is_empty() {
        return None;
    }
    let [id, symbol, side, price, size, funds, fee, currency, at] = found;
    Some(Fields {
        order_id: Cow::Borrowed(unquoted(id?)?),
        symbol: Cow::Borrowed(unquoted(symbol?)?),
        side: Cow::Borrowed(unquoted(side?)?),
        price: price?,
        size: size?,
        funds: funds?,
        fee: fee?,
        fee_currency: Cow::Borrowed(unquoted(currency?)?),
        timestamp: at?,
    })
}

fn unquoted(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

/// Where a member goes.
fn place(name: &str) -> Option<usize> {
    Some(match name {
        "order_id" => 0,
        "symbol" => 1,
        "side" => 2,
        "price" => 3,
        "size" => 4,
        "funds" => 5,
        "fee" => 6,
        "fee_currency" => 7,
        "timestamp" => 8,
        _ => return None,
    })
}

struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// The next byte that is not white space, consumed.
    fn token(&mut self) -> Option<u8> {
        self.rest = after_blanks(self.rest);
        let first = *self.rest.as_bytes().first()?;
        self.rest = self.rest.get(1..)?;
        Some(first)
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.token()? == wanted).then_some(())
    }

    /// What stands between two quotes, without any escape.
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let is_end = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < b' ';
        let end = self.rest.as_bytes().iter().position(is_end)?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix('"')?;
        Some(text)
    }

    /// A string with its quotes, or a number of digits and at most one point.
    fn value(&mut self) -> Option<&'a str> {
        self.rest = after_blanks(self.rest);
        let whole = self.rest;
        if whole.starts_with('"') {
            self.string()?;
            return whole.get(..whole.len() - self.rest.len());
        }
        let is_end = |&byte: &u8| !(byte.is_ascii_digit() || byte == b'.');
        let end = whole.as_bytes().iter().position(is_end)?;
        let (number, rest) = whole.split_at_checked(end)?;
        self.rest = rest;
        is_plain(number).then_some(number)
    }
}

fn after_blanks(text: &str) -> &str {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let blank = text.bytes().take_while(is_blank).count();
    text.get(blank..).unwrap_or("")
}

/// True for a number in JSON's grammar without sign and exponent.
fn is_plain(number: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    match number.as_bytes() {
        [b'0'] | [b'0', b'.', ..] | [b'1'..=b'9', ..] => {}
        _ => return false,
    }
    let whole = number.bytes().take_while(is_digit).count();
    match number.as_bytes().get(whole..) {
        Some([b'.', places @ ..]) => !places.is_empty() && places.iter().all(is_digit),
        Some(rest) => rest.is_empty(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROW: &str = r#"{ "order_id": "698d","symbol":"SUP", "side" :"buy", "price": 0.00602,
        "size": "0.0", "funds": 5, "fee": 10.5, "fee_currency": "USDT", "x": 1,
        "timestamp": 1770847014995, "executed_at": "1770847014995" }"#;

    #[test]
    fn a_flat_row_is_scanned_and_every_other_left_to_the_parser() {
        let parsed: Fields<'_> = serde_json::from_str(ROW).unwrap();
        assert_eq!((parsed.price, parsed.size), ("0.00602", "\"0.0\""));
        assert_eq!(scan(ROW), Some(parsed));
        for (replace, with) in [
            ("0.00602", "6e-3"),
            ("0.00602", "-1"),
            ("0.00602", "01"),
            ("0.00602", "1."),
            ("0.00602", ".1"),
            ("0.00602", "1.2.3"),
            ("0.00602", "null"),
            ("\"698d\"", "\"698\\u0064\""),
            ("\"698d\"", "\"698\td\""),
            ("\"698d\"", "698"),
            ("\"x\": 1", "\"x\": [1]"),
            ("\"x\"", "\"fee\""),
            ("\"x\"", "x"),
            (" }", ", }"),
            (" }", " } }"),
            (" }", ""),
        ] {
            assert!(ROW.contains(replace));
            assert_eq!(scan(&ROW.replacen(replace, with, 1)), None, "{replace} {with}");
        }
    }

    proptest! {
        #[test]
        fn what_the_scan_takes_the_parser_reads_the_same(
            at in 0..ROW.len(), with in "[ \",:{}0-9.e\\\\a-]{0,3}", removed in 0usize..3,
        ) {
            let mut row = ROW.to_owned();
            row.replace_range(at..(at + removed).min(row.len()), &with);
            if let Some(fields) = scan(&row) {
                prop_assert_eq!(serde_json::from_str::<Fields<'_>>(&row).unwrap(), fields);
            }
        }
    }
}

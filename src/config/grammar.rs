//! The grammar of values, strict so that a wrong unit is an error and not a surprise.
//!
//! | kind | TOML | environment | not |
//! |---|---|---|---|
//! | duration | `"500ms"` `"30s"` `"5m"` `"1h"` `"7d"` | the same | `30`, `"30"`, `"1.5s"` |
//! | ratio | `"3.5%"` | the same | `0.035`, `"0.035"` |
//! | amount | `11` or `"0.5"` | the same | `0.5` (a TOML float), `"1e3"`, `"1_000"` |
//! | integer | `20` | the same | `"20"` in a file, `20.0` |
//! | bytes | `"50MB"` `"1GiB"` | the same | `1024` |
//! | flag | `true` `false` | the same | `1`, `"yes"` |
//! | url | `"https://host:port"` | the same | a path or a user in it |
//! | path | `"/etc/ibis/kucoin.toml"` | the same | |
//! | address | `"127.0.0.1:9000"` | the same | a name |
//! | hosts | `["ibis.example.org"]` | `a.example.org,b:9000` | a URL |
//! | text | `"-1001234"` | the same | blanks, characters outside ASCII |
//! | symbols | `["BTC-USDT"]` | `BTC-USDT,ETH-USDT` | |
//! | deposits | `"USDT 10000, BTC 0.5"` | the same | an asset twice |

use std::time::Duration;

use super::address::{address, hosts};
use super::key::{Kind, nearest};
use super::value::{BYTE_UNITS, DURATION_UNITS, Problem, Raw, Value};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::symbol::Symbol;

/// Reads a value of `kind`.
pub fn parse(kind: Kind, raw: &Raw) -> Result<Value, Problem> {
    match kind {
        Kind::Duration => duration(&text(raw, "\"30s\" (ms, s, m, h or d)")?).map(Value::Duration),
        Kind::Ratio => ratio(&text(raw, "\"3.5%\"")?),
        Kind::Amount => amount(raw),
        Kind::Integer => integer(raw),
        Kind::Bytes => bytes(&text(raw, "\"50MB\" or \"1GiB\"")?),
        Kind::Flag => flag(raw),
        Kind::Word(words) => word(&text(raw, "a quoted word")?, words),
        Kind::Name => name(&text(raw, "a quoted name")?),
        Kind::Url => url(&text(raw, "\"https://host\"")?),
        Kind::Path => path(&text(raw, "a quoted path")?),
        Kind::OptionalPath => optional_path(&text(raw, "a quoted path")?),
        Kind::Address => address(&text(raw, "\"127.0.0.1:9000\"")?),
        Kind::Hosts => hosts(raw),
        Kind::Text => plain(&text(raw, "a quoted text")?),
        Kind::Symbols => symbols(raw),
        Kind::Deposits => deposits(&text(raw, "\"USDT 10000\"")?),
    }
}

/// The text of a value that must be text in a file.
fn text(raw: &Raw, example: &str) -> Result<String, Problem> {
    match raw {
        Raw::Text(text) | Raw::Untyped(text) => Ok(text.trim().to_owned()),
        Raw::Integer(digits) => Ok(digits.clone()),
        Raw::Float(digits) => Ok(digits.clone()),
        Raw::Flag(_) => Err(Problem::new("is a boolean", format!("write {example}"))),
        Raw::List(_) => Err(Problem::new("is a list", format!("write {example}"))),
        Raw::Other(kind) => Err(Problem::new(format!("is a {kind}"), format!("write {example}"))),
    }
}

/// Splits `30s` into its digits and its unit.
fn split_unit(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Reads a whole number with a unit of time.
pub fn duration(text: &str) -> Result<Duration, Problem> {
    let (digits, unit) = split_unit(text);
    let bad = |what: &str, fix: &str| Problem::new(format!("{text:?} {what}"), fix);
    if digits.is_empty() {
        return Err(bad("is not a duration", "write a whole number and a unit, such as \"30s\""));
    }
    if unit.is_empty() {
        let fix = format!("write \"{digits}s\" for seconds (units: ms, s, m, h, d)");
        return Err(bad("has no unit", &fix));
    }
    let Some((_, size)) = DURATION_UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(bad(
            "is not a whole number with a unit of time",
            "the units are ms, s, m, h, d; write 1.5s as \"1500ms\"",
        ));
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(*size))
        .map(Duration::from_millis)
        .ok_or_else(|| bad("is too long", "write a shorter duration"))
}

fn ratio(text: &str) -> Result<Value, Problem> {
    let Some(percent) = text.strip_suffix('%') else {
        let fix = match Decimal::parse(text) {
            Ok(ratio) if ratio.abs() < Decimal::ONE => format!("write \"{}%\"", ratio.times(100)),
            Ok(percent) => format!("write \"{percent}%\""),
            Err(_) => "write a percentage such as \"3.5%\"".to_owned(),
        };
        return Err(Problem::new(format!("{text:?} is not a percentage"), fix));
    };
    Decimal::parse(percent.trim_end())
        .ok()
        .and_then(|percent| percent.mul_exact(PERCENT))
        .map(Value::Ratio)
        .ok_or_else(|| {
            let what = format!("{text:?} is not a percentage of at most 16 decimals");
            Problem::new(what, "write a percentage such as \"3.5%\"")
        })
}

/// One hundredth.
const PERCENT: Decimal = Decimal::from_raw(10_000_000_000_000_000);

fn amount(raw: &Raw) -> Result<Value, Problem> {
    if let Raw::Float(digits) = raw {
        let what = format!("{digits} is a TOML float, which is not exact");
        return Err(Problem::new(what, format!("write it as a string: \"{digits}\"")));
    }
    let text = text(raw, "11 or \"0.5\"")?;
    Decimal::parse(&text).map(Value::Amount).map_err(|error| {
        Problem::new(format!("{text:?} is {error}"), "write a plain number: 11 or \"0.5\"")
    })
}

fn integer(raw: &Raw) -> Result<Value, Problem> {
    let (text, in_quotes) = match raw {
        Raw::Integer(text) | Raw::Untyped(text) => (text.trim(), false),
        Raw::Text(text) => (text.trim(), true),
        Raw::Float(text) => (text.as_str(), false),
        Raw::Flag(_) => return Err(Problem::new("is a boolean", "write a whole number")),
        Raw::List(_) => return Err(Problem::new("is a list", "write a whole number")),
        Raw::Other(kind) => {
            return Err(Problem::new(format!("is a {kind}"), "write a whole number"));
        }
    };
    match text.parse::<u64>() {
        Ok(_) if text.starts_with('+') => {
            Err(Problem::new(format!("{text:?} has a sign"), "write a whole number"))
        }
        Ok(_) if in_quotes => {
            Err(Problem::new(format!("{text:?} is in quotes"), format!("write {text}")))
        }
        Ok(count) => Ok(Value::Integer(count)),
        Err(_) => {
            Err(Problem::new(format!("{text:?} is not a whole number"), "write one such as 20"))
        }
    }
}

fn bytes(text: &str) -> Result<Value, Problem> {
    let (digits, unit) = split_unit(text);
    let unit = unit.trim_start();
    let fix = "write a whole number and B, kB, MB, GB, KiB, MiB or GiB, such as \"50MB\"";
    let bad = |what: &str| Problem::new(format!("{text:?} {what}"), fix);
    if digits.is_empty() {
        return Err(bad("is not a size"));
    }
    if unit.is_empty() {
        return Err(bad("has no unit"));
    }
    let (_, size) = BYTE_UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| bad("is not a whole number with a unit of size"))?;
    digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(*size))
        .map(Value::Bytes)
        .ok_or_else(|| bad("is too large"))
}

fn flag(raw: &Raw) -> Result<Value, Problem> {
    match raw {
        Raw::Flag(flag) => Ok(Value::Flag(*flag)),
        Raw::Untyped(text) if text.trim() == "true" => Ok(Value::Flag(true)),
        Raw::Untyped(text) if text.trim() == "false" => Ok(Value::Flag(false)),
        Raw::Text(text) | Raw::Untyped(text) | Raw::Integer(text) | Raw::Float(text) => {
            Err(Problem::new(format!("{text:?} is not a boolean"), "write true or false"))
        }
        Raw::List(_) => Err(Problem::new("is a list", "write true or false")),
        Raw::Other(kind) => Err(Problem::new(format!("is a {kind}"), "write true or false")),
    }
}

fn word(text: &str, words: &[&str]) -> Result<Value, Problem> {
    if words.contains(&text) {
        return Ok(Value::Word(text.to_owned()));
    }
    let choices = words.join(", ");
    let fix = match nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"? choices: {choices}"),
        None => format!("choices: {choices}"),
    };
    Err(Problem::new(format!("{text:?} is not one of its words"), fix))
}

/// The instance is part of every client order id, hence short and plain.
fn name(text: &str) -> Result<Value, Problem> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain && (1..=NAME_LENGTH_MAX).contains(&text.len()) {
        return Ok(Value::Word(text.to_owned()));
    }
    Err(Problem::new(
        format!("{text:?} is not a name"),
        format!("write 1 to {NAME_LENGTH_MAX} letters, digits or _"),
    ))
}

/// Scheme, host and port: what a venue's paths are appended to.
fn url(text: &str) -> Result<Value, Problem> {
    let fix = "write \"https://host\" or \"http://127.0.0.1:8443\"";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    match host {
        Some(host) if !host.is_empty() && host.bytes().all(plain) => {
            Ok(Value::Word(text.strip_suffix('/').unwrap_or(text).to_owned()))
        }
        Some(_) | None => Err(Problem::new(format!("{text:?} is not a base URL"), fix)),
    }
}

fn path(text: &str) -> Result<Value, Problem> {
    if text.is_empty() || text.chars().any(char::is_control) {
        let what = format!("{text:?} is not a path");
        return Err(Problem::new(what, "write one such as \"/etc/ibis/kucoin.toml\""));
    }
    Ok(Value::Word(text.to_owned()))
}

fn optional_path(text: &str) -> Result<Value, Problem> {
    if text.is_empty() { Ok(Value::Word(String::new())) } else { path(text) }
}

/// The text itself is in no error: it may be an address that only its owner should know.
fn plain(text: &str) -> Result<Value, Problem> {
    if text.len() <= TEXT_LENGTH_MAX && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Value::Word(text.to_owned()));
    }
    let fix =
        format!("write at most {TEXT_LENGTH_MAX} printable characters without blanks, or \"\"");
    Err(Problem::new("is not a plain text", fix))
}

/// Characters in a [`Kind::Text`]: the address of a webhook has some two hundred.
const TEXT_LENGTH_MAX: usize = 500;

/// Characters in a [`Kind::Name`]: leaves 28 of the 40 of a client order id for run and sequence.
const NAME_LENGTH_MAX: usize = 12;

fn symbols(raw: &Raw) -> Result<Value, Problem> {
    let fix = "write a list such as [\"BTC-USDT\"]";
    let texts: Vec<String> = match raw {
        Raw::List(texts) => texts.clone(),
        Raw::Untyped(text) => {
            text.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
        }
        Raw::Text(_) | Raw::Integer(_) | Raw::Float(_) | Raw::Flag(_) | Raw::Other(_) => {
            return Err(Problem::new("is not a list of symbols", fix));
        }
    };
    let mut symbols = Vec::with_capacity(texts.len());
    for text in texts {
        let symbol = Symbol::new(&text)
            .map_err(|error| Problem::new(format!("{text:?} is not a symbol ({error})"), fix))?;
        if symbols.contains(&symbol) {
            return Err(Problem::new(format!("{symbol} is there twice"), "remove one"));
        }
        symbols.push(symbol);
    }
    Ok(Value::Symbols(symbols))
}

fn deposits(text: &str) -> Result<Value, Problem> {
    let bad =
        |what: String| Problem::new(what, "write assets and amounts: \"USDT 10000, BTC 0.5\"");
    let mut deposits: Vec<(Asset, Decimal)> = Vec::new();
    for part in text.split(',') {
        let (asset, amount) = part
            .trim()
            .split_once(' ')
            .and_then(|(asset, amount)| {
                Some((Asset::new(asset).ok()?, Decimal::parse(amount.trim()).ok()?))
            })
            .ok_or_else(|| bad(format!("{:?} is not an asset and an amount", part.trim())))?;
        if amount.is_negative() {
            return Err(bad(format!("{amount} {asset} is negative")));
        }
        if deposits.iter().any(|(known, _)| *known == asset) {
            return Err(bad(format!("{asset} is there twice")));
        }
        deposits.push((asset, amount));
    }
    deposits.sort_unstable();
    Ok(Value::Deposits(deposits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(kind: Kind, raw: Raw) -> Result<String, String> {
        parse(kind, &raw)
            .map(|value| value.to_string())
            .map_err(|problem| format!("{}; {}", problem.what, problem.fix))
    }

    fn text(kind: Kind, text: &str) -> Result<String, String> {
        file(kind, Raw::Text(text.to_owned()))
    }

    #[test]
    fn reads_what_the_table_of_the_module_says() {
        for (kind, from, to) in [
            (Kind::Duration, "500ms", "500ms"),
            (Kind::Duration, "60s", "1m"),
            (Kind::Duration, "90s", "90s"),
            (Kind::Duration, "0m", "0s"),
            (Kind::Duration, "7d", "7d"),
            (Kind::Ratio, "3.5%", "3.5%"),
            (Kind::Ratio, "0%", "0%"),
            (Kind::Ratio, "0.01 %", "0.01%"),
            (Kind::Amount, "0.50", "0.5"),
            (Kind::Url, "https://api.kucoin.com/", "https://api.kucoin.com"),
            (Kind::Url, "http://127.0.0.1:8443", "http://127.0.0.1:8443"),
            (Kind::Bytes, "50MB", "50MB"),
            (Kind::Bytes, "1024MiB", "1GiB"),
            (Kind::Bytes, "0GB", "0B"),
            (Kind::Deposits, "USDT 10000,BTC 0.50", "BTC 0.5, USDT 10000"),
        ] {
            assert_eq!(text(kind, from).as_deref(), Ok(to), "{from}");
        }
        let percent = parse(Kind::Ratio, &Raw::Text("3.5%".into())).unwrap();
        assert_eq!(percent, Value::Ratio(Decimal::parse("0.035").unwrap()));
    }

    #[test]
    fn a_wrong_unit_says_which_to_write() {
        let number = |digits: &str| Raw::Integer(digits.into());
        let float = |digits: &str| Raw::Float(digits.into());
        for (kind, raw, fix) in [
            (Kind::Duration, number("30"), "write \"30s\""),
            (Kind::Duration, Raw::Text("30".into()), "write \"30s\""),
            (Kind::Duration, Raw::Text("1.5s".into()), "\"1500ms\""),
            (Kind::Duration, Raw::Text("5min".into()), "units are ms, s, m, h, d"),
            (Kind::Duration, Raw::Text("-5s".into()), "whole number and a unit"),
            (Kind::Duration, Raw::Text("99999999999999999d".into()), "shorter"),
            (Kind::Ratio, float("0.035"), "write \"3.5%\""),
            (Kind::Ratio, number("2"), "write \"2%\""),
            (Kind::Amount, float("0.5"), "write it as a string: \"0.5\""),
            (Kind::Amount, Raw::Text("1e3".into()), "plain number"),
            (Kind::Integer, Raw::Text("5".into()), "write 5"),
            (Kind::Integer, number("-5"), "such as 20"),
            (Kind::Bytes, number("1024"), "such as \"50MB\""),
            (Kind::Bytes, Raw::Text("50 mb".into()), "such as \"50MB\""),
            (Kind::Flag, Raw::Text("true".into()), "true or false"),
            (Kind::Word(&["ask", "bid"]), Raw::Text("aks".into()), "did you mean \"ask\"?"),
            (Kind::Name, Raw::Text("ibis-1".into()), "letters, digits or _"),
            (Kind::Name, Raw::Text("a_name_too_long".into()), "1 to 12"),
            (Kind::Url, Raw::Text("api.kucoin.com".into()), "https://host"),
            (Kind::Url, Raw::Text("https://u:p@host".into()), "https://host"),
            (Kind::Url, Raw::Text("https://host/api".into()), "https://host"),
            (Kind::Path, Raw::Text("".into()), "kucoin.toml"),
            (Kind::Symbols, Raw::List(vec!["BTCUSDT".into()]), "[\"BTC-USDT\"]"),
            (Kind::Symbols, Raw::Text("BTC-USDT".into()), "[\"BTC-USDT\"]"),
            (Kind::Deposits, Raw::Text("10000".into()), "\"USDT 10000"),
            (Kind::Deposits, Raw::Text("USDT 1, USDT 2".into()), "\"USDT 10000"),
        ] {
            let error = file(kind, raw.clone()).unwrap_err();
            assert!(error.contains(fix), "{raw:?}: {error}");
        }
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        const KINDS: [Kind; 15] = [
            Kind::Duration,
            Kind::Ratio,
            Kind::Amount,
            Kind::Integer,
            Kind::Bytes,
            Kind::Flag,
            Kind::Word(&["ask", "bid"]),
            Kind::Name,
            Kind::Url,
            Kind::Path,
            Kind::OptionalPath,
            Kind::Address,
            Kind::Hosts,
            Kind::Symbols,
            Kind::Deposits,
        ];
        prop::sample::select(KINDS.to_vec())
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back_as_the_same_value(
            kind in kinds(),
            text in "[0-9]{1,6}(\\.[0-9]{1,3})?(ms|s|m|h|d|%|B|kB|MB|GiB)?|ask|true|A-B|A 1",
        ) {
            if let Ok(value) = parse(kind, &Raw::Untyped(text)) {
                prop_assert_eq!(parse(kind, &Raw::Untyped(value.to_string())), Ok(value));
            }
        }

        #[test]
        fn hostile_text_is_one_line_of_error_not_a_panic(kind in kinds(), text in ".{0,20}\n?") {
            if let Err(problem) = parse(kind, &Raw::Text(text)) {
                prop_assert!(!problem.what.contains('\n') && !problem.fix.contains('\n'));
            }
        }
    }
}

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
//! | symbols | `["BTC-USDT"]` | `BTC-USDT,ETH-USDT` | |
//! | deposits | `"USDT 10000, BTC 0.5"` | the same | an asset twice |

use std::fmt;
use std::time::Duration;

use super::key::{Kind, nearest};
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::symbol::Symbol;

/// A value as its source wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Raw {
    /// A TOML string.
    Text(String),
    /// A TOML integer, in decimal digits.
    Integer(String),
    /// A TOML float, as written.
    Float(String),
    /// A TOML boolean.
    Flag(bool),
    /// A TOML array of strings.
    List(Vec<String>),
    /// Text from the environment or the command line, which carry no types.
    Untyped(String),
    /// A TOML type that no key takes; its name.
    Other(&'static str),
}

/// A checked value. Ordered within a variant, which is what ranges compare.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Value {
    /// A length of time, to the millisecond.
    Duration(Duration),
    /// A ratio: `"3.5%"` is 0.035.
    Ratio(Decimal),
    /// An amount of an asset.
    Amount(Decimal),
    /// A count.
    Integer(u64),
    /// A size in bytes.
    Bytes(u64),
    /// Yes or no.
    Flag(bool),
    /// One of a key's words, or a name.
    Word(String),
    /// Instruments, in the order given.
    Symbols(Vec<Symbol>),
    /// Amounts by asset, in the order of the assets' names.
    Deposits(Vec<(Asset, Decimal)>),
}

/// Why a value is refused: what is wrong, and what to write instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What is wrong with it.
    pub what: String,
    /// What to write.
    pub fix: String,
}

impl Problem {
    fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }
}

impl Value {
    /// Reads a value of `kind`.
    pub fn parse(kind: Kind, raw: &Raw) -> Result<Self, Problem> {
        match kind {
            Kind::Duration => duration(&text(raw, "\"30s\" (ms, s, m, h or d)")?),
            Kind::Ratio => ratio(&text(raw, "\"3.5%\"")?),
            Kind::Amount => amount(raw),
            Kind::Integer => integer(raw),
            Kind::Bytes => bytes(&text(raw, "\"50MB\" or \"1GiB\"")?),
            Kind::Flag => flag(raw),
            Kind::Word(words) => word(&text(raw, "a quoted word")?, words),
            Kind::Name => name(&text(raw, "a quoted name")?),
            Kind::Symbols => symbols(raw),
            Kind::Deposits => deposits(&text(raw, "\"USDT 10000\"")?),
        }
    }

    /// The value as a TOML file would write it.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Integer(_) | Self::Flag(_) => self.to_string(),
            Self::Amount(amount) if amount.places() == 0 => self.to_string(),
            Self::Symbols(symbols) => {
                let quoted: Vec<String> = symbols.iter().map(|s| format!("\"{s}\"")).collect();
                format!("[{}]", quoted.join(", "))
            }
            Self::Duration(_)
            | Self::Ratio(_)
            | Self::Amount(_)
            | Self::Bytes(_)
            | Self::Word(_)
            | Self::Deposits(_) => format!("\"{self}\""),
        }
    }
}

/// Canonical text: what [`Value::parse`] reads back from the environment.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration(duration) => {
                let ms = duration.as_millis();
                let (unit, size) = DURATION_UNITS
                    .iter()
                    .copied()
                    .find(|(_, size)| ms.is_multiple_of(u128::from(*size)) && ms != 0)
                    .unwrap_or(("s", 1_000));
                write!(f, "{}{unit}", ms / u128::from(size))
            }
            Self::Ratio(ratio) => write!(f, "{}%", ratio.times(100)),
            Self::Amount(amount) => amount.fmt(f),
            Self::Integer(count) => count.fmt(f),
            Self::Bytes(size) => {
                let fits = |(_, unit): &&(&str, u64)| size.is_multiple_of(*unit) && *size != 0;
                let (unit, bytes) = BYTE_UNITS.iter().find(fits).copied().unwrap_or(("B", 1));
                write!(f, "{}{unit}", size / bytes)
            }
            Self::Flag(flag) => flag.fmt(f),
            Self::Word(word) => word.fmt(f),
            Self::Symbols(symbols) => {
                let texts: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
                f.write_str(&texts.join(","))
            }
            Self::Deposits(deposits) => {
                let texts: Vec<String> =
                    deposits.iter().map(|(asset, amount)| format!("{asset} {amount}")).collect();
                f.write_str(&texts.join(", "))
            }
        }
    }
}

/// Milliseconds in each unit of time, largest first.
const DURATION_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Bytes in each unit of size, largest first; `MB` is decimal and `MiB` binary (IEC 80000-13).
const BYTE_UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

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

fn duration(text: &str) -> Result<Value, Problem> {
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
        .map(|ms| Value::Duration(Duration::from_millis(ms)))
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

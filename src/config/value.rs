//! A configuration value: as its source wrote it ([`Raw`]), and checked ([`Value`]), with its
//! canonical text.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::grammar;
use super::key::Kind;
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
    /// An IP address and a port.
    Address(SocketAddr),
    /// Host names, in the order given.
    Hosts(Vec<String>),
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
    pub(super) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), fix: fix.into() }
    }
}

impl Value {
    /// Reads a value of `kind`.
    pub fn parse(kind: Kind, raw: &Raw) -> Result<Self, Problem> {
        grammar::parse(kind, raw)
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
            Self::Hosts(hosts) => {
                let quoted: Vec<String> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
                format!("[{}]", quoted.join(", "))
            }
            Self::Duration(_)
            | Self::Ratio(_)
            | Self::Address(_)
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
            Self::Address(address) => address.fmt(f),
            Self::Hosts(hosts) => f.write_str(&hosts.join(",")),
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
pub(super) const DURATION_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Bytes in each unit of size, largest first; `MB` is decimal and `MiB` binary (IEC 80000-13).
pub(super) const BYTE_UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

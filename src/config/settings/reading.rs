//! How a checked value becomes the Rust type of its field.

use std::net::SocketAddr;
use std::time::Duration;

use super::{BookSource, Decision, EntryPrice, ForeignOrders, MarketSource, Mode, Record};
use crate::config::input::Input;
use crate::config::profile::Profile;
use crate::config::value::Value;
use crate::domain::alert::Severity;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::symbol::Symbol;
use crate::risk::standing::ExitPolicy;

/// Reads one section's keys.
pub(super) struct Section<'a> {
    pub(super) input: &'a Input,
    pub(super) name: &'static str,
}

impl Section<'_> {
    pub(super) fn get<T: FromValue>(&self, leaf: &str) -> T {
        let name = format!("{}.{leaf}", self.name);
        self.input
            .get(&name)
            .and_then(|(value, _)| T::from_value(value))
            .expect("a test reads every field of every section from the table")
    }
}

/// A Rust type that a checked value becomes; `None` where the field's type is not the key's kind.
pub(super) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty { $($pattern:pat => $result:expr),+ $(,)? })*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                match value { $($pattern => Some($result),)+ _ => None }
            }
        }
    )*};
}

from_value! {
    Duration { Value::Duration(duration) => *duration }
    Decimal { Value::Ratio(number) | Value::Amount(number) => *number }
    u64 { Value::Integer(count) | Value::Bytes(count) => *count }
    bool { Value::Flag(flag) => *flag }
    String { Value::Word(word) => word.clone() }
    SocketAddr { Value::Address(address) => *address }
    Vec<String> { Value::Hosts(hosts) => hosts.clone() }
    Vec<Symbol> { Value::Symbols(symbols) => symbols.clone() }
    Vec<(Asset, Decimal)> { Value::Deposits(deposits) => deposits.clone() }
}

/// Types a key's words.
macro_rules! from_word {
    ($($type:ty { $($word:literal => $result:expr),+ $(,)? })*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Option<Self> {
                let word = String::from_value(value)?;
                match word.as_str() { $($word => Some($result),)+ _ => None }
            }
        }
    )*};
}

from_word! {
    Mode { "paper" => Self::Paper, "live" => Self::Live }
    Profile { "dev" => Self::Dev, "canary" => Self::Canary, "prod" => Self::Prod }
    Decision { "hold" => Self::Hold, "adopt" => Self::Adopt }
    ExitPolicy { "hold" => Self::Hold, "reduce" => Self::Reduce, "flatten" => Self::Flatten }
    ForeignOrders { "hold" => Self::Hold, "ignore" => Self::Ignore }
    EntryPrice { "ask" => Self::Ask, "bid" => Self::Bid }
    MarketSource { "synthetic" => Self::Synthetic, "kucoin" => Self::Kucoin }
    Record { "auto" => Self::Auto, "always" => Self::Always, "never" => Self::Never }
    Severity {
        "critical" => Self::Critical, "high" => Self::High, "medium" => Self::Medium,
        "low" => Self::Low, "info" => Self::Info,
    }
    BookSource { "level1" => Self::Level1, "depth5" => Self::Depth5, "level2" => Self::Level2 }
    log::LevelFilter {
        "error" => Self::Error, "warn" => Self::Warn, "info" => Self::Info,
        "debug" => Self::Debug, "trace" => Self::Trace,
    }
}

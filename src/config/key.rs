//! What a configuration key is: name, kind, default, range, unit, origin. The keys themselves are in
//! [`super::table`]; parsing, errors, the sample file and the environment names derive from them.

use super::value::{Raw, Value};
use crate::domain::edit_distance::edit_distance;

/// How a key's value is written. See [`super::value`] for the grammar of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `"500ms"`, `"30s"`, `"5m"`, `"1h"`, `"7d"`.
    Duration,
    /// `"3.5%"`.
    Ratio,
    /// `11` or `"0.5"`.
    Amount,
    /// `20`.
    Integer,
    /// `"50MB"`, `"1GiB"`.
    Bytes,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// 1 to 12 of `[A-Za-z0-9_]`.
    Name,
    /// `"https://host"` or `"http://127.0.0.1:8443"`: scheme, host and port alone.
    Url,
    /// `"/etc/ibis/kucoin.toml"`.
    Path,
    /// As `Path`, or `""` for none.
    OptionalPath,
    /// `"127.0.0.1:9000"`: an IP address and a port, 0 for any free one.
    Address,
    /// `["ibis.example.org", "ibis.example.org:9000"]`.
    Hosts,
    /// `"-1001234"`: at most 500 printable characters without blanks, or none.
    Text,
    /// `["BTC-USDT", "ETH-USDT"]`.
    Symbols,
    /// `"USDT 10000, BTC 0.5"`.
    Deposits,
}

/// One configuration key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `section.key`.
    pub name: &'static str,
    /// How its value is written.
    pub kind: Kind,
    /// The built-in default, as the environment would give it.
    pub default: &'static str,
    /// Smallest and largest value allowed, both included; `None` where order has no meaning.
    pub range: Option<(&'static str, &'static str)>,
    /// What the number counts, where the kind does not say it.
    pub unit: &'static str,
    /// Where the default comes from.
    pub origin: &'static str,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
    /// Whether SIGHUP applies a new value; else it needs a restart.
    pub reloadable: bool,
}

impl Key {
    /// A key of `kind` with its default; the other properties follow.
    pub(super) const fn new(name: &'static str, kind: Kind, default: &'static str) -> Self {
        let (unit, origin, doc) = ("", "", "");
        Self { name, kind, default, range: None, unit, origin, doc, reloadable: false }
    }

    /// Bounds the value, both ends included.
    pub(super) const fn range(mut self, min: &'static str, max: &'static str) -> Self {
        self.range = Some((min, max));
        self
    }

    /// Says what the number counts.
    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Says where the default comes from.
    pub(super) const fn origin(mut self, origin: &'static str) -> Self {
        self.origin = origin;
        self
    }

    /// Says what the key does.
    pub(super) const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// SIGHUP applies a new value.
    pub(super) const fn reloadable(mut self) -> Self {
        self.reloadable = true;
        self
    }

    /// The part before the dot: the TOML table.
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(section, _)| section)
    }

    /// The part after the dot.
    pub fn leaf(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(_, leaf)| leaf)
    }

    /// The environment variable that sets this key: `IBIS__RISK__NOTIONAL_MIN`.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.replacen('.', "__", 1).to_ascii_uppercase())
    }

    /// The built-in default.
    pub fn default_value(&self) -> Value {
        Value::parse(self.kind, &Raw::Untyped(self.default.to_owned()))
            .expect("a test parses every default of the table")
    }

    /// The range as a sentence part: `from 1s to 5m`, with the unit where there is one.
    pub fn range_text(&self) -> String {
        match (self.kind, self.range) {
            (Kind::Word(words), _) => format!("one of {}", words.join(", ")),
            (_, Some((min, max))) if self.unit.is_empty() => format!("from {min} to {max}"),
            (_, Some((min, max))) => format!("from {min} to {max} {}", self.unit),
            (_, None) => self.unit.to_owned(),
        }
    }

    /// Checks `value` against the range; `Err` carries the range in words.
    pub fn check_range(&self, value: &Value) -> Result<(), String> {
        let Some((min, max)) = self.range else { return Ok(()) };
        let bound = |text: &str| Value::parse(self.kind, &Raw::Untyped(text.to_owned()));
        match (bound(min), bound(max)) {
            (Ok(min), Ok(max)) if (&min..=&max).contains(&value) => Ok(()),
            _ => Err(self.range_text()),
        }
    }
}

/// Variables with this prefix are configuration; one that names no key is an error.
pub const VARIABLE_PREFIX: &str = "IBIS__";

/// Longer names resemble no key; comparing them would cost without bound.
const NAME_BYTES_MAX: usize = 64;

/// The key whose name is nearest to `name`, or `None` where none resembles it.
///
/// The same word in another section comes first; then the smallest edit distance, up to half of the
/// name's length.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let leaf = |name: &'a str| name.rsplit_once('.').map_or(name, |(_, leaf)| leaf);
    let wanted = name.rsplit_once('.').map_or(name, |(_, leaf)| leaf);
    if let Some(same) = names.clone().find(|candidate| leaf(candidate) == wanted) {
        return Some(same);
    }
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let (distance, candidate) =
        names.map(|candidate| (edit_distance(name, candidate), candidate)).min()?;
    (distance * 2 <= name.len()).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn suggests_the_nearest_name_or_nothing() {
        let names = ["risk.notional_min", "risk.notional_max", "market.seed"];
        let near = |name| nearest(name, names.iter().copied());
        assert_eq!(near("risk.notional_mni"), Some("risk.notional_min"));
        assert_eq!(near("agent.seed"), Some("market.seed"));
        assert_eq!(near("rsik.notional_max"), Some("risk.notional_max"));
        assert_eq!(near("x.y"), None);
    }

    proptest! {
        #[test]
        fn distance_is_zero_for_the_same_and_symmetric(a in "[a-c]{0,6}", b in "[a-c]{0,6}") {
            let distance = edit_distance(&a, &b);
            prop_assert_eq!(distance == 0, a == b);
            prop_assert_eq!(distance, edit_distance(&b, &a));
            prop_assert!(distance >= a.len().abs_diff(b.len()) && distance <= a.len().max(b.len()));
        }
    }
}

//! The target of a request, `path?query`: percent coding and query fields in their order.
//!
//! The signature covers the text that is **not** percent-encoded, the wire carries the encoded one;
//! both have the same fields in the same order, so [`Target`] builds them together.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

/// A target in both forms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    signed: String,
    wire: String,
    has_query: bool,
}

impl Target {
    /// A path without a query. Its parameter, if any, must be in it: see
    /// [`Endpoint::target`](super::endpoint::Endpoint::target).
    pub fn new(path: &str) -> Self {
        Self { signed: path.to_owned(), wire: path.to_owned(), has_query: false }
    }

    /// Appends a text to the path.
    pub(super) fn push_segment(&mut self, segment: &str) {
        self.signed.push_str(segment);
        encode_onto(segment, &mut self.wire);
    }

    /// Appends a query field.
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        let mark = if self.has_query { '&' } else { '?' };
        self.has_query = true;
        for text in [&mut self.signed, &mut self.wire] {
            text.push(mark);
            text.push_str(name);
            text.push('=');
        }
        let start = self.signed.len();
        // Writing to a String does not fail.
        let _ = write!(self.signed, "{value}");
        encode_onto(self.signed.get(start..).unwrap_or_default(), &mut self.wire);
        self
    }

    /// Appends a query field where there is a value.
    pub fn with_some(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// What is signed.
    pub fn signed(&self) -> &str {
        &self.signed
    }

    /// What is sent.
    pub fn wire(&self) -> &str {
        &self.wire
    }
}

/// Percent-encodes a path segment or a query value: everything but `A-Z a-z 0-9 - . _ ~`.
pub fn encode(text: &str) -> Cow<'_, str> {
    if text.bytes().all(is_unreserved) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 8);
    encode_onto(text, &mut encoded);
    Cow::Owned(encoded)
}

fn encode_onto(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
            out.push('%');
            out.push(digit(byte >> 4).to_ascii_uppercase());
            out.push(digit(byte & 15).to_ascii_uppercase());
        }
    }
}

/// RFC 3986, section 2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether a plus stands for a space: it does in queries of HTML forms, not in paths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plus {
    /// It is itself.
    Plus,
    /// It is a space.
    Space,
}

/// Percent-decodes a text. A `%` without two hexadecimal digits stands for itself; `None` where the
/// result is not UTF-8.
pub fn decode(text: &str, plus: Plus) -> Option<Cow<'_, str>> {
    let mapped = |byte: u8| byte == b'%' || byte == b'+' && plus == Plus::Space;
    if !text.bytes().any(mapped) {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |at: usize| {
            bytes.get(at).and_then(|&digit| char::from(digit).to_digit(16)).map(|digit| digit as u8)
        };
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) if plus == Plus::Space => decoded.push(b' '),
            _ => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Query fields that are read; the rest of a query is ignored.
pub const QUERY_FIELDS_MAX: usize = 64;

/// The fields of a query in their order, decoded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Query<'a> {
    /// Reads what stands after the `?` of a target on the wire. Fields that are not UTF-8 are left out.
    pub fn parse(query: &'a str) -> Self {
        let fields = query.split('&').filter(|field| !field.is_empty()).filter_map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            Some((decode(name, Plus::Space)?, decode(value, Plus::Space)?))
        });
        Self { fields: fields.take(QUERY_FIELDS_MAX).collect() }
    }

    /// The first field of a name, where it is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(field, _)| field == name)?;
        Some(value.as_ref()).filter(|value| !value.is_empty())
    }

    /// All fields, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

/// A target on the wire as path and query.
pub fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn signs_the_plain_text_and_sends_the_encoded_one() {
        let target = Target::new("/api/v1/trade-fees")
            .with("symbols", "BTC-USDT,ETH-USDT")
            .with_some("limit", Some(20))
            .with_some("lastId", None::<i64>);
        assert_eq!(target.signed(), "/api/v1/trade-fees?symbols=BTC-USDT,ETH-USDT&limit=20");
        assert_eq!(target.wire(), "/api/v1/trade-fees?symbols=BTC-USDT%2CETH-USDT&limit=20");
    }

    #[test]
    fn reads_queries_as_clients_write_them() {
        let query =
            Query::parse("symbol=BTC-USDT&a=%2C+%e2%82%ac&empty=&flag&&symbol=second&x=%ff");
        assert_eq!(query.get("symbol"), Some("BTC-USDT"));
        assert_eq!(query.get("a"), Some(", \u{20ac}"));
        for absent in ["empty", "flag", "x", "other"] {
            assert_eq!(query.get(absent), None, "{absent}");
        }
        assert_eq!(query.iter().count(), 5);
        assert_eq!(decode("100%&%4", Plus::Plus).unwrap(), "100%&%4");
        assert_eq!(decode("a+b", Plus::Plus).unwrap(), "a+b");
        assert_eq!(Query::parse(&"a=1&".repeat(1000)).iter().count(), QUERY_FIELDS_MAX);
    }

    proptest! {
        #[test]
        fn coding_round_trips(text in ".{0,40}") {
            for plus in [Plus::Plus, Plus::Space] {
                let encoded = encode(&text);
                prop_assert_eq!(decode(&encoded, plus).unwrap(), text.as_str());
            }
            let target = Target::new("/p").with("a", &text).with("b", 1);
            let query = Query::parse(split(target.wire()).1);
            prop_assert_eq!(query.iter().collect::<Vec<_>>(), [("a", text.as_str()), ("b", "1")]);
            prop_assert_eq!(decode(target.wire(), Plus::Plus).unwrap(), target.signed());
        }

        #[test]
        fn any_text_decodes_or_is_refused(text in ".{0,60}") {
            let _ = decode(&text, Plus::Space);
            let _ = Query::parse(&text);
        }
    }
}

//! Patterns of a rule's `on`: `*` stands for any run of characters, everything else for itself.

/// A pattern such as `POST /api/v1/hf/orders*`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glob {
    parts: Vec<String>,
}

impl Glob {
    /// The pattern in `text`.
    pub fn new(text: &str) -> Self {
        Self { parts: text.split('*').map(str::to_owned).collect() }
    }

    /// True where the pattern covers the whole of `text`.
    pub fn matches(&self, text: &str) -> bool {
        let [first, rest @ ..] = self.parts.as_slice() else { return text.is_empty() };
        let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
        let [middle @ .., last] = rest else { return left.is_empty() };
        for part in middle {
            let Some(at) = left.find(part.as_str()) else { return false };
            left = left.get(at + part.len()..).unwrap_or("");
        }
        left.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        let cases = [
            ("*", "anything", true),
            ("", "", true),
            ("", "x", false),
            ("POST /a", "POST /a", true),
            ("POST /a", "POST /ab", false),
            ("POST /a*", "POST /ab", true),
            ("* /a", "GET /a", true),
            ("* /a", "GET /a/b", false),
            ("/market/*:BTC-*", "/market/match:BTC-USDT", true),
            ("/market/*:BTC-*", "/market/match:ETH-USDT", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("a**b", "ab", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern:?} on {text:?}");
        }
    }
}

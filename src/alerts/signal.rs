//! What something says that a person should hear: it fires, it ends, it happened.

use std::collections::BTreeMap;

use crate::domain::alert::Severity;

/// Characters of a title: a line on a phone.
pub const TITLE_CHARACTERS_MAX: usize = 200;
/// Characters of a body: half of what a Telegram message takes (4096).
pub const BODY_CHARACTERS_MAX: usize = 2_000;
/// Characters of a key: `hold/SYMBOL/CODE` has some fifty.
pub const KEY_CHARACTERS_MAX: usize = 120;
/// Characters of a label's value.
const LABEL_CHARACTERS_MAX: usize = 120;

/// By name, in the order of the names.
pub type Labels = BTreeMap<String, String>;

/// What an alert says. Every text is bounded and free of control characters but line ends in the body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// What it is about, the same as long as it is the same: `hold/global/stale_data`.
    pub key: String,
    /// How much it matters.
    pub severity: Severity,
    /// One line. As long as it stays the same there is no news.
    pub title: String,
    /// More, for a person; may be empty.
    pub body: String,
    /// For programs.
    pub labels: Labels,
}

impl Alert {
    /// An alert without body and labels.
    pub fn new(key: impl AsRef<str>, severity: Severity, title: impl AsRef<str>) -> Self {
        Self {
            key: line(key.as_ref(), KEY_CHARACTERS_MAX),
            severity,
            title: line(title.as_ref(), TITLE_CHARACTERS_MAX),
            body: String::new(),
            labels: Labels::new(),
        }
    }

    /// Says more.
    #[must_use]
    pub fn because(mut self, body: impl AsRef<str>) -> Self {
        let lines: Vec<String> =
            body.as_ref().lines().map(|text| line(text, BODY_CHARACTERS_MAX)).collect();
        self.body = cut(&lines.join("\n"), BODY_CHARACTERS_MAX);
        self
    }

    /// Adds a label; one without a value is none.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        if !value.as_ref().is_empty() {
            self.labels.insert(name.to_owned(), line(value.as_ref(), LABEL_CHARACTERS_MAX));
        }
        self
    }
}

/// A change that something says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signal {
    /// It is so, until its end is told.
    Fires(Alert),
    /// It happened, and that is all.
    Happens(Alert),
    /// What fired under this key is over.
    Ends {
        /// The key.
        key: String,
    },
}

impl Signal {
    /// What it is about.
    pub fn key(&self) -> &str {
        match self {
            Self::Fires(alert) | Self::Happens(alert) => &alert.key,
            Self::Ends { key } => key,
        }
    }
}

/// One line without control characters, cut where it is too long.
fn line(text: &str, characters_max: usize) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(plain.trim(), characters_max)
}

fn cut(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(characters_max.saturating_sub(3)).collect();
            format!("{kept}...")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_plain() {
        let alert = Alert::new("k\n", Severity::Low, format!("a\u{7}b{}", "x".repeat(500)))
            .because("one\ntwo\u{1b}[31m")
            .with("empty", "")
            .with("symbol", "BTC-USDT");
        assert_eq!(alert.key, "k");
        assert!(alert.title.starts_with("a bxx") && alert.title.ends_with("x..."));
        assert_eq!(alert.title.chars().count(), TITLE_CHARACTERS_MAX);
        assert_eq!(alert.body, "one\ntwo [31m");
        assert_eq!(alert.labels.len(), 1);
    }
}

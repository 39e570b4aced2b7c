//! JSON objects written straight onto a string, for the one body that is in a hurry.

use std::fmt::{Display, Write as _};

use crate::domain::decimal::Decimal;

/// An object being written. Fields without a value are left out.
#[derive(Debug)]
pub(super) struct Object<'a> {
    out: &'a mut String,
    mark: char,
}

impl<'a> Object<'a> {
    /// Begins an object at the end of `out`.
    pub fn begin(out: &'a mut String) -> Self {
        Self { out, mark: '{' }
    }

    /// Ends the object.
    pub fn end(self) {
        if self.mark == '{' {
            self.out.push('{');
        }
        self.out.push('}');
    }

    fn name(&mut self, name: &str) {
        self.out.push(self.mark);
        self.mark = ',';
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    fn display(&mut self, name: &str, value: impl Display) {
        self.name(name);
        // Writing to a String does not fail.
        let _ = write!(self.out, "{value}");
    }

    /// A text that needs no escapes.
    pub fn word(&mut self, name: &str, word: &str) {
        self.name(name);
        self.out.push('"');
        self.out.push_str(word);
        self.out.push('"');
    }

    /// Any text.
    pub fn text(&mut self, name: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.word(name, text);
        } else {
            self.name(name);
            self.out.push('"');
            escape_onto(text, self.out);
            self.out.push('"');
        }
    }

    /// A decimal, as text.
    pub fn decimal(&mut self, name: &str, value: Option<Decimal>) {
        let Some(value) = value else { return };
        self.name(name);
        // Writing to a String does not fail.
        let _ = write!(self.out, "\"{value}\"");
    }

    /// An integer.
    pub fn integer(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.display(name, value);
        }
    }

    /// A truth value.
    pub fn boolean(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.display(name, value);
        }
    }
}

/// RFC 8259, section 7: quote, backslash and everything below space.
fn escape_onto(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..' ' => {
                // Writing to a String does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

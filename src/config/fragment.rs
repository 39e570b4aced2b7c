//! First stage: one TOML file as a list of `section.key = value` with line numbers. Knows TOML, not
//! the keys.
//!
//! **Limits**: a file of at most 1 MiB.

use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin};
use super::value::Raw;

/// Bytes a file may have: a thousand times the sample file would still fit.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// One assignment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// `section.key`, or however deep the file nested it.
    pub name: String,
    /// The value as written.
    pub raw: Raw,
    /// Where.
    pub origin: Origin,
}

/// Reads a file. A missing file is an error.
pub fn read(path: &Path) -> Result<Vec<Entry>, ConfigError> {
    let origin = || Origin::File(path.to_owned(), None);
    let unreadable = |error: std::io::Error| {
        let fix = if error.kind() == std::io::ErrorKind::NotFound {
            "check the path"
        } else {
            "make it a file that this user may read"
        };
        ConfigError::new(origin(), format!("cannot read this file ({error})"), fix)
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::new(origin(), "larger than 1 MiB", "check the path"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| ConfigError::new(origin(), "not UTF-8 text", "write it as plain text"))?;
    parse(path, &text)
}

/// Parses the text of the file at `path`.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, ConfigError> {
    let document = DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, &span));
        let what = error.message().lines().next().unwrap_or("a syntax error").to_owned();
        let origin = Origin::File(path.to_owned(), line);
        ConfigError::new(origin, format!("not valid TOML: {what}"), "correct that line")
    })?;
    let mut found = Vec::new();
    collect(document.get_ref(), "", &mut found);
    found.sort_by_key(|(span, _, _)| span.start);
    Ok(found
        .into_iter()
        .map(|(span, name, raw)| Entry {
            name,
            raw,
            origin: Origin::File(path.to_owned(), Some(line_of(text, &span))),
        })
        .collect())
}

/// Flattens nested tables into dotted names. The parser bounds the depth.
fn collect(table: &DeTable<'_>, prefix: &str, found: &mut Vec<(Range<usize>, String, Raw)>) {
    for (key, value) in table {
        let name = match prefix {
            "" => key.get_ref().to_string(),
            prefix => format!("{prefix}.{}", key.get_ref()),
        };
        match value.get_ref().as_table() {
            Some(inner) => collect(inner, &name, found),
            None => found.push((key.span(), name, raw(value.get_ref()))),
        }
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(integer) if integer.radix() == 10 => {
            Raw::Integer(integer.as_str().to_owned())
        }
        DeValue::Integer(_) => Raw::Other("number that is not decimal"),
        DeValue::Float(float) => Raw::Float(float.as_str().to_owned()),
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map_or(Raw::Other("list of something else than strings"), Raw::List),
        DeValue::Datetime(_) => Raw::Other("date"),
        DeValue::Table(_) => Raw::Other("table"),
    }
}

/// The line, from 1, that a byte range starts on.
fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_the_line_of_every_value() {
        let text = "[risk]\nnotional_min = 11\n\n[agent]\nmode = \"paper\"\nx.y = [\"a\", 1]\n";
        let entries = parse(Path::new("f"), text).unwrap();
        let lines: Vec<String> =
            entries.iter().map(|e| format!("{} {} {:?}", e.origin, e.name, e.raw)).collect();
        assert_eq!(
            lines,
            [
                "f:2 risk.notional_min Integer(\"11\")",
                "f:5 agent.mode Text(\"paper\")",
                "f:6 agent.x.y Other(\"list of something else than strings\")",
            ]
        );
    }

    #[test]
    fn a_syntax_error_is_one_line_with_its_place() {
        let error = parse(Path::new("f"), "[risk]\nnotional_min 11\n").unwrap_err().to_string();
        assert!(error.starts_with("f:2: not valid TOML: "), "{error}");
        assert!(!error.contains('\n'));
    }

    proptest! {
        #[test]
        fn hostile_text_is_refused_not_a_panic(text in "[\\[\\]a-c.=\"'\n0-9#,{} -]{0,60}") {
            if let Err(error) = parse(Path::new("f"), &text) {
                prop_assert!(!error.to_string().contains('\n'));
            }
        }
    }
}

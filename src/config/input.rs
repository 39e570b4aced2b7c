//! Second stage: everything given, merged. Later sources win; each value remembers where it is from.
//!
//! Every assignment is checked, also one that a later source overrides: a mistake is reported when it
//! is made, not when the override goes away.

use std::collections::BTreeMap;

use super::error::{ConfigError, Origin};
use super::fragment::Entry;
use super::key::{Key, nearest};
use super::table::{self, KEYS};
use super::value::{Raw, Value};

/// Checked values by key name, each with its origin. Holds every key of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    values: BTreeMap<&'static str, (Value, Origin)>,
}

impl Input {
    /// The built-in defaults.
    pub fn defaults() -> Self {
        let default = |key: &Key| (key.name, (key.default_value(), Origin::Default));
        Self { values: KEYS.iter().map(default).collect() }
    }

    /// Checks an assignment and lets it override what was there.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), ConfigError> {
        let found = table::find(&entry.name).or_else(|| unsectioned(&entry.name));
        let Some(key) = found else { return Err(unknown(entry)) };
        let refused = |what: String, fix: String| {
            let what = format!("{} {what}", key.name);
            Err(ConfigError::new(entry.origin.clone(), what, fix))
        };
        let value = match Value::parse(key.kind, &entry.raw) {
            Ok(value) => value,
            Err(problem) => return refused(format!("= {}", problem.what), problem.fix),
        };
        if let Err(range) = key.check_range(&value) {
            return refused(format!("= {value} is out of range"), format!("write a value {range}"));
        }
        self.values.insert(key.name, (value, entry.origin.clone()));
        Ok(())
    }

    /// The value of a key of the table and where it came from.
    pub fn get(&self, name: &str) -> Option<&(Value, Origin)> {
        self.values.get(name)
    }

    /// All keys in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value, &Origin)> {
        self.values.iter().map(|(name, (value, origin))| (*name, value, origin))
    }
}

/// An entry from text that carries no types: a variable or an option.
pub fn untyped(name: &str, text: &str, origin: Origin) -> Entry {
    Entry { name: name.to_owned(), raw: Raw::Untyped(text.to_owned()), origin }
}

/// What stands above the first section of a file belongs to `[agent]`.
fn unsectioned(name: &str) -> Option<&'static Key> {
    if name.contains('.') { None } else { table::find(&format!("agent.{name}")) }
}

/// The error for a name that is no key, with the nearest one.
fn unknown(entry: &Entry) -> ConfigError {
    let sections = table::sections();
    if sections.contains(&entry.name.as_str()) {
        let what = format!("{} is a section, not a key", entry.name);
        let fix = format!("write [{}] on a line of its own", entry.name);
        return ConfigError::new(entry.origin.clone(), what, fix);
    }
    let near = nearest(&entry.name, KEYS.iter().map(|key| key.name));
    let fix = match (&entry.origin, near.and_then(table::find)) {
        (Origin::Variable(_), Some(key)) => format!("did you mean {}?", key.variable()),
        (
            Origin::Default | Origin::File(..) | Origin::Option(_) | Origin::Profile(_),
            Some(key),
        ) => format!("did you mean {}?", key.name),
        (_, None) => format!("the sections are {}", sections.join(", ")),
    };
    ConfigError::new(entry.origin.clone(), format!("unknown key {:?}", entry.name), fix)
}

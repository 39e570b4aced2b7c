//! The keys of one table of a plan: each is taken once, what is left over is a mistake.

use toml::{Table, Value};

use crate::domain::decimal::Decimal;

/// A value as the plan has it; of a list or a table what it is.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(time) => time.to_string(),
        Value::Array(_) => "[...]".to_owned(),
        Value::Table(_) => "{...}".to_owned(),
    }
}

/// A table being read.
#[derive(Debug)]
pub(super) struct Fields {
    table: Table,
    asked: Vec<&'static str>,
}

impl Fields {
    pub(super) fn new(table: Table) -> Self {
        Self { table, asked: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.table.remove(key)
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("{key} = {}: write a text in quotes", shown(&other))),
        }
    }

    /// A text that must be there.
    pub(super) fn text_needed(&mut self, key: &'static str) -> Result<String, String> {
        self.text(key)?.ok_or_else(|| format!("has no `{key}`"))
    }

    /// A whole number from `min` to `max`.
    pub(super) fn integer(
        &mut self,
        key: &'static str,
        (min, max): (i64, i64),
    ) -> Result<Option<i64>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Integer(number)) if (min..=max).contains(&number) => Ok(Some(number)),
            Some(other) => {
                Err(format!("{key} = {}: write a whole number from {min} to {max}", shown(&other)))
            }
        }
    }

    /// As [`Fields::integer`], of 0 or more.
    pub(super) fn count(
        &mut self,
        key: &'static str,
        (min, max): (u32, u32),
    ) -> Result<Option<u32>, String> {
        let number = self.integer(key, (min.into(), max.into()))?;
        Ok(number.map(|number| u32::try_from(number).unwrap_or(max)))
    }

    /// True or false; `default` where it is not there.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> Result<bool, String> {
        match self.take(key) {
            None => Ok(default),
            Some(Value::Boolean(flag)) => Ok(flag),
            Some(other) => Err(format!("{key} = {}: write true or false", shown(&other))),
        }
    }

    /// A positive decimal in quotes, as the venue writes them.
    pub(super) fn decimal(&mut self, key: &'static str) -> Result<Option<Decimal>, String> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let number = value.as_str().and_then(|text| Decimal::parse(text).ok());
        let number = number.filter(|number| number.is_positive());
        number
            .map(Some)
            .ok_or_else(|| format!("{key} = {}: write as in {key} = \"0.01\"", shown(&value)))
    }

    /// One of `words`.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, String> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            format!("{key} = {text:?}: write one of {}", words.join(", "))
        })
    }

    /// Complains about a key that nobody asked for.
    pub(super) fn finish(self) -> Result<(), String> {
        let Some((key, _)) = self.table.iter().next() else { return Ok(()) };
        Err(format!("does not know `{key}`; it takes {}", self.asked.join(", ")))
    }
}

//! From a plan's text to its seed, quotas, limits and rules.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use toml::{Table, Value};

use super::catalogue;
use super::dice::PARTS;
use super::fields::Fields;
use super::glob::Glob;
use super::kind::Kind;
use super::rule::{Frequency, Rule, Window};
use crate::domain::decimal::Decimal;
use crate::exchange::paper::OpenOrdersMax;
use crate::exchange::server::rate_limit::Quotas;
use crate::exchange::server::settings::{HttpLimits, ServerSettings};
use crate::exchange::server::websocket::Limits;

/// Largest plan, in bytes.
const PLAN_BYTES_MAX: u64 = 1024 * 1024;
/// Most rules: each is asked on every request, push and connection of its kind.
const RULES_MAX: usize = 1_000;
/// Latest second of a run that a window can name: ten years.
const SECOND_MAX: i64 = 315_360_000;

/// A plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Chooses what chance decides.
    pub seed: u64,
    /// `[quota]`, `[http]`, `[websocket]`, `[orders]`; the defaults where the plan has none.
    pub settings: ServerSettings,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
}

/// Why a plan cannot be used: where, what, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanError(String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Reads the plan in a file.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let error = |reason: String| PlanError(format!("fault plan {}: {reason}", path.display()));
        let size = fs::metadata(path).map_err(|cause| error(cause.to_string()))?.len();
        if size > PLAN_BYTES_MAX {
            return Err(error(format!("{size} bytes; at most {PLAN_BYTES_MAX} are read")));
        }
        let text = fs::read_to_string(path).map_err(|cause| error(cause.to_string()))?;
        Self::parse(&text).map_err(|PlanError(reason)| error(reason))
    }

    /// Reads the plan in a text.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let table = text.parse::<Table>().map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            PlanError(format!("line {line}: {}", error.message().replace('\n', " ")))
        })?;
        plan(table).map_err(PlanError)
    }
}

fn plan(mut table: Table) -> Result<Plan, String> {
    let settings = ServerSettings {
        quotas: part(&mut table, "quota", quotas)?,
        http: part(&mut table, "http", http_limits)?,
        websocket: part(&mut table, "websocket", limits)?,
        orders: part(&mut table, "orders", open_orders)?,
    };
    let rules = match table.remove("rule") {
        None => Vec::new(),
        Some(Value::Array(rules)) => rules,
        Some(_) => return Err("`rule` must be written as [[rule]]".to_owned()),
    };
    if rules.len() > RULES_MAX {
        return Err(format!("{} rules; at most {RULES_MAX} are read", rules.len()));
    }
    let mut fields = Fields::new(table);
    let seed = fields.integer("seed", (0, i64::MAX))?.unwrap_or(0).unsigned_abs();
    fields
        .finish()
        .map_err(|what| format!("{what}, [quota], [http], [websocket], [orders], [[rule]]"))?;
    Ok(Plan {
        seed,
        settings,
        rules: rules
            .into_iter()
            .enumerate()
            .map(|(index, value)| rule(value).map_err(|what| format!("rule {}{what}", index + 1)))
            .collect::<Result<_, _>>()?,
    })
}

/// A section of the plan's head.
fn part<T>(
    table: &mut Table,
    name: &str,
    read: impl Fn(Fields) -> Result<T, String>,
) -> Result<T, String> {
    let fields = match table.remove(name) {
        None => Fields::new(Table::new()),
        Some(Value::Table(table)) => Fields::new(table),
        Some(_) => return Err(format!("`{name}` must be written as [{name}]")),
    };
    read(fields).map_err(|what| format!("[{name}] {what}"))
}

fn quotas(mut fields: Fields) -> Result<Quotas, String> {
    let default = Quotas::default();
    let mut quota = |key, default| -> Result<u32, String> {
        Ok(fields.count(key, (0, u32::MAX))?.unwrap_or(default))
    };
    let quotas = Quotas {
        spot: quota("spot", default.spot)?,
        management: quota("management", default.management)?,
        public: quota("public", default.public)?,
        window_ms: quota("window_ms", default.window_ms)?.max(1),
    };
    fields.finish()?;
    Ok(quotas)
}

fn http_limits(mut fields: Fields) -> Result<HttpLimits, String> {
    let default = HttpLimits::default();
    let mut limit = |key, default| -> Result<u32, String> {
        Ok(fields.count(key, (1, u32::MAX))?.unwrap_or(default))
    };
    let limits = HttpLimits {
        head_timeout_ms: limit("head_timeout_ms", default.head_timeout_ms)?,
        body_timeout_ms: limit("body_timeout_ms", default.body_timeout_ms)?,
        idle_timeout_ms: limit("idle_timeout_ms", default.idle_timeout_ms)?,
        body_bytes_max: limit("body_bytes_max", default.body_bytes_max)?,
        connections_max: limit("connections_max", default.connections_max)?,
    };
    fields.finish()?;
    Ok(limits)
}

fn limits(mut fields: Fields) -> Result<Limits, String> {
    let default = Limits::default();
    let mut limit = |key, default| -> Result<u32, String> {
        Ok(fields.count(key, (1, u32::MAX))?.unwrap_or(default))
    };
    let limits = Limits {
        ping_interval_ms: limit("ping_interval_ms", default.ping_interval_ms)?,
        ping_timeout_ms: limit("ping_timeout_ms", default.ping_timeout_ms)?,
        token_validity_ms: limit("token_validity_ms", default.token_validity_ms)?,
        connection_age_max_ms: limit("connection_age_max_ms", default.connection_age_max_ms)?,
        connections_max: limit("connections_max", default.connections_max)?,
        connects_per_minute: limit("connects_per_minute", default.connects_per_minute)?,
        messages_per_10_s: limit("messages_per_10_s", default.messages_per_10_s)?,
        topics_per_subscribe: limit("topics_per_subscribe", default.topics_per_subscribe)?,
        topics_per_connection: limit("topics_per_connection", default.topics_per_connection)?,
        queue_frames_max: limit("queue_frames_max", default.queue_frames_max)?,
    };
    fields.finish()?;
    Ok(limits)
}

fn open_orders(mut fields: Fields) -> Result<OpenOrdersMax, String> {
    let default = OpenOrdersMax::default();
    let mut limit = |key, default| -> Result<u32, String> {
        Ok(fields.count(key, (1, u32::MAX))?.unwrap_or(default))
    };
    let max = OpenOrdersMax {
        all: limit("open_max", default.all)?,
        per_instrument: limit("open_per_symbol_max", default.per_instrument)?,
    };
    fields.finish()?;
    Ok(max)
}

/// A rule; the complaint follows its number.
fn rule(value: Value) -> Result<Rule, String> {
    let Value::Table(table) = value else { return Err(" must be written as [[rule]]".to_owned()) };
    let mut fields = Fields::new(table);
    let word = fields.text_needed("fault").map_err(|what| format!(": {what}"))?;
    rule_of(&word, fields).map_err(|what| format!(" ({word}): {what}"))
}

fn rule_of(word: &str, mut fields: Fields) -> Result<Rule, String> {
    let (name, kind) = catalogue::kind(word, &mut fields)?;
    let window = window(&mut fields)?;
    let mut rule = Rule {
        name,
        kind,
        on: Glob::new("*"),
        on_text: String::new(),
        frequency: Frequency::ALWAYS,
        window,
        limit: None,
    };
    if let Kind::Condition(condition) = &rule.kind {
        rule.on_text = condition.subject().to_owned();
    } else {
        rule.on_text =
            fields.text("on")?.unwrap_or_else(|| catalogue::default_pattern(name).to_owned());
        rule.on = Glob::new(&rule.on_text);
        rule.frequency = frequency(&mut fields)?;
        rule.limit = fields.integer("limit", (1, i64::MAX))?.map(i64::unsigned_abs);
    }
    fields.finish()?;
    Ok(rule)
}

fn window(fields: &mut Fields) -> Result<Window, String> {
    let mut second = |key| -> Result<Option<Duration>, String> {
        let number = fields.integer(key, (0, SECOND_MAX))?;
        Ok(number.map(|number| Duration::from_secs(number.unsigned_abs())))
    };
    let (from, until) = (second("from_s")?.unwrap_or_default(), second("until_s")?);
    if until.is_some_and(|until| until <= from) {
        return Err("until_s is not after from_s".to_owned());
    }
    Ok(Window { from, until })
}

fn frequency(fields: &mut Fields) -> Result<Frequency, String> {
    let chance = fields.decimal("chance")?;
    let every = fields.integer("every", (1, i64::MAX))?;
    match (chance, every) {
        (Some(_), Some(_)) => Err("has both `chance` and `every`: keep one".to_owned()),
        (None, Some(count)) => Ok(Frequency::Every(count.unsigned_abs())),
        (None, None) => Ok(Frequency::ALWAYS),
        (Some(chance), None) => parts(chance).map(Frequency::Chance).ok_or_else(|| {
            format!("chance = {chance}: write a number from 0.000001 to 1, in quotes")
        }),
    }
}

/// A chance in [`PARTS`].
fn parts(chance: Decimal) -> Option<u32> {
    let part = Decimal::ONE.raw() / i128::from(PARTS);
    let parts = u32::try_from(chance.raw() / part).ok()?;
    (chance.raw() % part == 0 && parts <= PARTS).then_some(parts)
}

#[cfg(test)]
mod tests;

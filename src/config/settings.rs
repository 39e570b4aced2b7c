//! Third stage: typed settings, checked against each other. What the rest of the program sees.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::error::{ConfigError, Origin};
use super::input::Input;
use super::table::KEYS;
use super::value::Value;
pub use super::words::{
    BookSource, Decision, EntryPrice, ForeignOrders, MarketSource, Mode, Record,
};
use crate::domain::alert::Severity;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::symbol::Symbol;

/// Declares a section's struct; the doc of each field is its key in the table.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $name {
            $(#[doc = concat!("`", stringify!($field), "` of the table.")] pub $field: $type,)*
        }
        impl $name {
            fn read(section: &Section<'_>) -> Self {
                Self { $($field: section.get(stringify!($field)),)* }
            }
        }
    };
}

section! {
    /// `[agent]`
    AgentSettings {
        instance: String, mode: Mode, armed: bool, log_level: log::LevelFilter,
        state_json_interval: Duration, progress_interval: Duration, stop_timeout: Duration,
    }
}

section! {
    /// `[market]`. Empty `symbols` means all.
    MarketSettings {
        source: MarketSource, book: BookSource, seed: u64, symbols: Vec<Symbol>,
        stale_after: Duration,
    }
}

section! {
    /// `[strategy]`. Ratios are fractions: 3.5 % is 0.035. `trailing_activation` 0 is off.
    StrategySettings {
        fast_candles: u64, slow_candles: u64, candle_interval: Duration,
        stop_loss: Decimal, take_profit: Decimal,
        trailing_activation: Decimal, trailing_distance: Decimal,
        exit_on_cross: bool, hold_max: Duration,
        entry_price: EntryPrice, entry_ttl: Duration, entry_soft_ttl: Duration,
        exit_slippage_max: Decimal, reentry_cooldown: Duration,
    }
}

section! {
    /// `[risk]`. Notionals in quote units, ratios as fractions of equity.
    RiskSettings {
        notional_min: Decimal, notional_max: Decimal, risk_per_trade: Decimal,
        exposure_max_instrument: Decimal, exposure_max_total: Decimal,
        open_positions_max: u64, cash_reserve: Decimal,
    }
}

section! {
    /// `[reconcile]`
    ReconcileSettings {
        interval: Duration, unexplained: Decision, foreign_orders: ForeignOrders,
    }
}

section! {
    /// `[exchange]`. The credentials file's path as written.
    ExchangeSettings {
        base_url: String, credentials_file: String,
        request_timeout: Duration, order_window: Duration, dead_man_timeout: Duration,
        allow_withdrawal_key: bool,
    }
}

section! {
    /// `[paper]`. Fees as fractions of notional.
    PaperSettings {
        deposit: Vec<(Asset, Decimal)>,
        order_latency: Duration, report_latency: Duration, latency_jitter: Duration,
        fee_class_a: Decimal, fee_class_b: Decimal, fee_class_c: Decimal,
    }
}

section! {
    /// `[health]`. Sizes in bytes, `dust` in quote units.
    HealthSettings {
        progress_age_warn: Duration, progress_age_critical: Duration,
        data_age_warn: Duration, data_age_critical: Duration,
        state_json_age_warn: Duration, state_json_age_critical: Duration,
        disk_free_warn: u64, disk_free_critical: u64,
        clock_skew_warn: Duration, clock_skew_critical: Duration,
        unclean_starts_warn: u64, unclean_starts_critical: u64,
        healthcheck_age_max: Duration, exec_integrity_age_max: Duration,
        hourly_kpi_age_max: Duration, log_retention_age_max: Duration,
        backup_age_max: Duration, restore_drill_age_max: Duration,
        dust: Decimal, inflight_grace: Duration,
    }
}

section! {
    /// `[backup]`. Sizes in bytes.
    BackupSettings { keep_newest: u64, keep_age: Duration, bytes_max: u64 }
}

section! {
    /// `[retention]`. Sizes in bytes.
    RetentionSettings {
        archive_age_max: Duration, archive_bytes_max: u64,
        report_age_max: Duration, samples_age_max: Duration, vacuum_budget: Duration,
    }
}

section! {
    /// `[recorder]`. Sizes in bytes.
    RecorderSettings {
        record: Record, segment_age_max: Duration, segment_bytes_max: u64,
        age_max: Duration, bytes_max: u64, disk_free_min: u64,
    }
}

section! {
    /// `[alerts]`. An empty text turns its channel off; the credentials file's path as written.
    AlertSettings {
        telegram_chat_id: String, telegram_severity: Severity, telegram_base_url: String,
        webhook_url: String, webhook_severity: Severity,
        alertmanager_url: String, alertmanager_severity: Severity,
        command: String, command_severity: Severity, journal_severity: Severity,
        credentials_file: String, request_timeout: Duration,
        floor_critical: Duration, floor_high: Duration, floor_medium: Duration,
        floor_low: Duration, floor_info: Duration,
        repeat_critical: Duration, repeat_other: Duration,
    }
}

/// The validated configuration. A clone shares its parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `[agent]`
    pub agent: Arc<AgentSettings>,
    /// `[market]`
    pub market: Arc<MarketSettings>,
    /// `[strategy]`
    pub strategy: Arc<StrategySettings>,
    /// `[risk]`
    pub risk: Arc<RiskSettings>,
    /// `[reconcile]`
    pub reconcile: Arc<ReconcileSettings>,
    /// `[exchange]`
    pub exchange: Arc<ExchangeSettings>,
    /// `[paper]`
    pub paper: Arc<PaperSettings>,
    /// `[health]`
    pub health: Arc<HealthSettings>,
    /// `[recorder]`
    pub recorder: Arc<RecorderSettings>,
    /// `[retention]`
    pub retention: Arc<RetentionSettings>,
    /// `[backup]`
    pub backup: Arc<BackupSettings>,
    /// `[alerts]`
    pub alerts: Arc<AlertSettings>,
    effective: Arc<BTreeMap<&'static str, String>>,
}

/// Keys whose values differ between two settings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changed {
    /// SIGHUP applies these.
    pub reloadable: Vec<&'static str>,
    /// These wait for a restart.
    pub restart: Vec<&'static str>,
}

impl Settings {
    /// The settings of the built-in defaults.
    pub fn defaults() -> Self {
        Self::of(&Input::defaults())
    }

    /// Checks `input` as a whole and types it.
    pub fn validate(input: &Input) -> Result<Self, ConfigError> {
        let settings = Self::of(input);
        super::relation::check(&settings, input)?;
        Ok(settings)
    }

    /// As [`Settings::validate`], without the rules between keys.
    pub(super) fn unchecked(input: &Input) -> Self {
        Self::of(input)
    }

    fn of(input: &Input) -> Self {
        let section = |name| Section { input, name };
        Self {
            agent: Arc::new(AgentSettings::read(&section("agent"))),
            market: Arc::new(MarketSettings::read(&section("market"))),
            strategy: Arc::new(StrategySettings::read(&section("strategy"))),
            risk: Arc::new(RiskSettings::read(&section("risk"))),
            reconcile: Arc::new(ReconcileSettings::read(&section("reconcile"))),
            exchange: Arc::new(ExchangeSettings::read(&section("exchange"))),
            paper: Arc::new(PaperSettings::read(&section("paper"))),
            health: Arc::new(HealthSettings::read(&section("health"))),
            recorder: Arc::new(RecorderSettings::read(&section("recorder"))),
            retention: Arc::new(RetentionSettings::read(&section("retention"))),
            backup: Arc::new(BackupSettings::read(&section("backup"))),
            alerts: Arc::new(AlertSettings::read(&section("alerts"))),
            effective: Arc::new(
                input.iter().map(|(name, value, _)| (name, value.to_string())).collect(),
            ),
        }
    }

    /// Every key with its effective value in canonical text, by name.
    pub fn effective(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.effective.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// SHA-256 over the effective `key=value` lines, in hex: the identity of a configuration.
    pub fn hash(&self) -> String {
        let mut digest = Sha256::new();
        for (name, value) in self.effective() {
            digest.update(format!("{name}={value}\n"));
        }
        digest.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
            hex
        })
    }

    /// The keys that differ in `new`, in the order of the table.
    pub fn changed(&self, new: &Self) -> Changed {
        let mut changed = Changed::default();
        for key in KEYS {
            if self.effective.get(key.name) == new.effective.get(key.name) {
                continue;
            }
            match key.reloadable {
                true => changed.reloadable.push(key.name),
                false => changed.restart.push(key.name),
            }
        }
        changed
    }

    /// These settings with the reloadable keys of `new`: what is in force after SIGHUP.
    pub fn reloaded(&self, new: &Self) -> Self {
        let mut input = Input::defaults();
        for key in KEYS {
            let from = if key.reloadable { &new.effective } else { &self.effective };
            let value = from.get(key.name).map_or(key.default, String::as_str);
            let entry = super::input::untyped(key.name, value, Origin::Default);
            input.apply(&entry).expect("canonical text of a checked value reads back");
        }
        Self::of(&input)
    }
}

/// Reads one section's keys.
struct Section<'a> {
    input: &'a Input,
    name: &'static str,
}

impl Section<'_> {
    fn get<T: FromValue>(&self, leaf: &str) -> T {
        let name = format!("{}.{leaf}", self.name);
        self.input
            .get(&name)
            .and_then(|(value, _)| T::from_value(value))
            .expect("a test reads every field of every section from the table")
    }
}

/// A Rust type that a checked value becomes; `None` where the field's type is not the key's kind.
trait FromValue: Sized {
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
    Decision { "hold" => Self::Hold, "adopt" => Self::Adopt }
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

//! Third stage: typed settings, checked against each other. What the rest of the program sees.

mod reading;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::error::{ConfigError, Origin};
use super::input::Input;
use super::profile::{self, Locked, Profile};
use super::table::KEYS;
pub use super::words::{
    BookSource, Decision, EntryPrice, ForeignOrders, MarketSource, Mode, Record,
};
use crate::domain::alert::Severity;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::domain::symbol::Symbol;
use crate::risk::standing::ExitPolicy;
use reading::Section;

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
        instance: String, mode: Mode, armed: bool, profile: Profile, log_level: log::LevelFilter,
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
    /// `[control]`
    ControlSettings {
        exit_policy: ExitPolicy, kill_cooldown: Duration, pause_cancel_after: Duration,
    }
}

section! {
    /// `[guards]`. Ratios are fractions; zero turns a guard off.
    GuardSettings {
        daily_loss_degraded: Decimal, daily_loss_stop: Decimal, daily_loss_auto_resume: bool,
        drawdown_degraded: Decimal, drawdown_stop: Decimal, drawdown_kill: Decimal,
        turnover_degraded: Decimal, turnover_stop: Decimal,
        order_errors_max: u64, order_errors_pause: Duration,
        cancels_per_minute_max: u64, cancel_storm_pause: Duration, cancel_storms_max: u64,
        cancel_failures_max: u64,
        slippage_max: Decimal, slippage_fills_max: u64, slippage_pause: Duration,
        edge_min: Decimal, edge_resume: Decimal, edge_pause: Duration,
        degraded_max: Duration, dwell: Duration, mismatch_max: Duration,
    }
}

section! {
    /// `[protections]`, by freqtrade's names.
    ProtectionSettings {
        cooldown_period: bool, cooldown_period_stop_duration: Duration,
        stoploss_guard: bool, stoploss_guard_lookback_period: Duration,
        stoploss_guard_trade_limit: u64, stoploss_guard_stop_duration: Duration,
        stoploss_guard_required_profit: Decimal, stoploss_guard_only_per_pair: bool,
        max_drawdown: bool, max_drawdown_lookback_period: Duration,
        max_drawdown_trade_limit: u64, max_drawdown_stop_duration: Duration,
        max_drawdown_max_allowed_drawdown: Decimal,
        low_profit_pairs: bool, low_profit_pairs_lookback_period: Duration,
        low_profit_pairs_trade_limit: u64, low_profit_pairs_stop_duration: Duration,
        low_profit_pairs_required_profit: Decimal,
    }
}

section! {
    /// `[conditions]`. Ratios are fractions; zero turns a cause off.
    ConditionSettings {
        api_window: Duration, api_errors_max: u64, api_calls_min: u64,
        api_error_ratio_degraded: Decimal, api_error_ratio_pause: Decimal, api_stay: Duration,
        rate_limit_min: Decimal, rate_limit_stay: Duration, connection_down_max: Duration,
        loop_gap_max: Duration, loop_stay: Duration,
        error_window: Duration, errors_degraded: u64, errors_critical: u64,
        heartbeat_interval: Duration, summary_interval: Duration,
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
    /// `[http]`. Paths as written; an empty `token_file` means none.
    HttpSettings {
        enabled: bool, listen: SocketAddr, socket: String,
        token_file: String, token_required_for_reads: bool, hosts: Vec<String>,
        requests_per_minute: u64, writes_per_minute: u64,
    }
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
    /// `[validate]`. Ratios are fractions.
    ValidateSettings {
        running_min: Decimal, turnover_max: Decimal,
        daily_loss_max: Decimal, drawdown_max: Decimal,
    }
}

section! {
    /// `[alerts]`. An empty text turns its channel or the ping off; the credentials file's path as written.
    AlertSettings {
        telegram_chat_id: String, telegram_users: String, telegram_severity: Severity,
        telegram_base_url: String,
        webhook_url: String, webhook_severity: Severity,
        alertmanager_url: String, alertmanager_severity: Severity,
        command: String, command_severity: Severity, journal_severity: Severity,
        ping_url: String, ping_interval: Duration,
        credentials_file: String, request_timeout: Duration,
        floor_critical: Duration, floor_high: Duration, floor_medium: Duration,
        floor_low: Duration, floor_info: Duration,
        repeat_critical: Duration, repeat_other: Duration,
    }
}

section! {
    /// `[drift]`
    DriftSettings { sample_interval: Duration, age_max: Duration }
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
    /// `[control]`
    pub control: Arc<ControlSettings>,
    /// `[guards]`
    pub guards: Arc<GuardSettings>,
    /// `[protections]`
    pub protections: Arc<ProtectionSettings>,
    /// `[conditions]`
    pub conditions: Arc<ConditionSettings>,
    /// `[reconcile]`
    pub reconcile: Arc<ReconcileSettings>,
    /// `[exchange]`
    pub exchange: Arc<ExchangeSettings>,
    /// `[paper]`
    pub paper: Arc<PaperSettings>,
    /// `[health]`
    pub health: Arc<HealthSettings>,
    /// `[http]`
    pub http: Arc<HttpSettings>,
    /// `[recorder]`
    pub recorder: Arc<RecorderSettings>,
    /// `[retention]`
    pub retention: Arc<RetentionSettings>,
    /// `[backup]`
    pub backup: Arc<BackupSettings>,
    /// `[alerts]`
    pub alerts: Arc<AlertSettings>,
    /// `[validate]`
    pub validate: Arc<ValidateSettings>,
    /// `[drift]`
    pub drift: Arc<DriftSettings>,
    locked: Arc<Vec<Locked>>,
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

    /// Checks `input` as a whole, lowers it to what its profile allows, and types it.
    pub fn validate(input: &Input) -> Result<Self, ConfigError> {
        let settings = Self::of(input);
        super::relation::check(&settings, input)?;
        let mut allowed = input.clone();
        let locked = profile::lock(&settings, &mut allowed)?;
        if locked.is_empty() {
            return Ok(settings);
        }
        Ok(Self { locked: Arc::new(locked), ..Self::of(&allowed) })
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
            control: Arc::new(ControlSettings::read(&section("control"))),
            guards: Arc::new(GuardSettings::read(&section("guards"))),
            protections: Arc::new(ProtectionSettings::read(&section("protections"))),
            conditions: Arc::new(ConditionSettings::read(&section("conditions"))),
            reconcile: Arc::new(ReconcileSettings::read(&section("reconcile"))),
            exchange: Arc::new(ExchangeSettings::read(&section("exchange"))),
            paper: Arc::new(PaperSettings::read(&section("paper"))),
            health: Arc::new(HealthSettings::read(&section("health"))),
            http: Arc::new(HttpSettings::read(&section("http"))),
            recorder: Arc::new(RecorderSettings::read(&section("recorder"))),
            retention: Arc::new(RetentionSettings::read(&section("retention"))),
            backup: Arc::new(BackupSettings::read(&section("backup"))),
            alerts: Arc::new(AlertSettings::read(&section("alerts"))),
            validate: Arc::new(ValidateSettings::read(&section("validate"))),
            drift: Arc::new(DriftSettings::read(&section("drift"))),
            locked: Arc::default(),
            effective: Arc::new(
                input.iter().map(|(name, value, _)| (name, value.to_string())).collect(),
            ),
        }
    }

    /// What the profile lowered, by key.
    pub fn locked(&self) -> &[Locked] {
        &self.locked
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
        let merged = Self::of(&input);
        // The profile that runs has the last word, whatever the new configuration's would be.
        let lowered = profile::lock(&merged, &mut input).is_ok_and(|locked| !locked.is_empty());
        let locked = Arc::clone(&self.locked);
        Self { locked, ..if lowered { Self::of(&input) } else { merged } }
    }
}

//! Rules between keys: each value is fine alone, together they make no sense.

use super::error::{ConfigError, Origin};
use super::input::Input;
use super::settings::{MarketSource, Mode, Settings};
use super::user_list;
use crate::net::dial::Origin as Address;

/// Pairs of keys where the first must not be above the second.
const NOT_ABOVE: &[(&str, &str)] = &[
    ("risk.notional_min", "risk.notional_max"),
    ("risk.exposure_max_instrument", "risk.exposure_max_total"),
    ("health.progress_age_warn", "health.progress_age_critical"),
    ("health.data_age_warn", "health.data_age_critical"),
    ("health.state_json_age_warn", "health.state_json_age_critical"),
    ("health.clock_skew_warn", "health.clock_skew_critical"),
    ("health.unclean_starts_warn", "health.unclean_starts_critical"),
    ("health.disk_free_critical", "health.disk_free_warn"),
    ("market.stale_after", "health.data_age_critical"),
];

/// Milliseconds in a day, which candles must divide so that each day starts one.
const DAY_MS: u128 = 86_400_000;

/// Checks all rules; the first that is broken is the error.
pub fn check(settings: &Settings, input: &Input) -> Result<(), ConfigError> {
    venue(settings, input)?;
    http(settings, input)?;
    alerts(settings, input)?;
    for (low, high) in NOT_ABOVE {
        if let (Some((small, _)), Some((large, _))) = (input.get(low), input.get(high))
            && small > large
        {
            let what = format!("{low} = {small} is above {high} = {large}");
            let fix = format!("set {high} to {small} or more, or lower {low}");
            return Err(ConfigError::new(origin(input, &[low, high]), what, fix));
        }
    }
    let strategy = &settings.strategy;
    if strategy.fast_candles >= strategy.slow_candles {
        let (fast, slow) = (strategy.fast_candles, strategy.slow_candles);
        let names = ["strategy.fast_candles", "strategy.slow_candles"];
        let what = format!("{} = {fast} is not below {} = {slow}", names[0], names[1]);
        let fix = "make the fast average the shorter one";
        return Err(ConfigError::new(origin(input, &names), what, fix));
    }
    if !DAY_MS.is_multiple_of(strategy.candle_interval.as_millis()) {
        let name = "strategy.candle_interval";
        let what = format!("{name} = {:?} does not divide a day", strategy.candle_interval);
        let fix = "write one such as \"1m\", \"5m\", \"15m\", \"1h\" or \"4h\"";
        return Err(ConfigError::new(origin(input, &[name]), what, fix));
    }
    Ok(())
}

/// What trading at a venue needs to be said.
fn venue(settings: &Settings, input: &Input) -> Result<(), ConfigError> {
    let live = settings.agent.mode == Mode::Live;
    if live && !settings.agent.armed {
        let what = "agent.mode = live without agent.armed = true";
        let fix = "write armed = true where real orders are meant, else mode = \"paper\"";
        return Err(ConfigError::new(origin(input, &["agent.mode"]), what, fix));
    }
    let venue_data = live || settings.market.source == MarketSource::Kucoin;
    if venue_data && settings.market.symbols.is_empty() {
        let what = "market.symbols is empty, and the venue lists a thousand";
        let fix = "name those to trade: symbols = [\"BTC-USDT\", \"ETH-USDT\"]";
        let names = ["market.symbols", "market.source", "agent.mode"];
        return Err(ConfigError::new(origin(input, &names), what, fix));
    }
    Ok(())
}

/// An interface that others reach needs a secret, for what it says and for what it does.
fn http(settings: &Settings, input: &Input) -> Result<(), ConfigError> {
    let http = &settings.http;
    if http.enabled && !http.listen.ip().is_loopback() && http.token_file.is_empty() {
        let what = format!("http.listen = {} is no loopback address, without a token", http.listen);
        let fix = "set http.token_file, or listen on 127.0.0.1";
        return Err(ConfigError::new(origin(input, &["http.listen"]), what, fix));
    }
    if http.token_required_for_reads && http.token_file.is_empty() {
        let name = "http.token_required_for_reads";
        let what = format!("{name} = true without http.token_file");
        return Err(ConfigError::new(origin(input, &[name]), what, "set http.token_file"));
    }
    Ok(())
}

/// Addresses that can be used, and a command that is one program. No error repeats an address.
fn alerts(settings: &Settings, input: &Input) -> Result<(), ConfigError> {
    let alerts = &settings.alerts;
    for (name, url) in [
        ("alerts.telegram_base_url", &alerts.telegram_base_url),
        ("alerts.webhook_url", &alerts.webhook_url),
        ("alerts.alertmanager_url", &alerts.alertmanager_url),
        ("alerts.ping_url", &alerts.ping_url),
    ] {
        let web = url.starts_with("https://") || url.starts_with("http://") || url.is_empty();
        match Address::split(url) {
            Err(error) if !url.is_empty() => {
                let (what, fix) = (error.to_string(), "correct the address");
                let what = format!("{name} {}", what.replace("keys and orders", "what it says"));
                return Err(ConfigError::new(origin(input, &[name]), what, fix));
            }
            Ok(_) | Err(_) if web => {}
            Ok(_) | Err(_) => {
                let what = format!("{name} is no web address");
                let fix = "write https://HOST/PATH, or http://127.0.0.1:PORT/PATH";
                return Err(ConfigError::new(origin(input, &[name]), what, fix));
            }
        }
    }
    chat(settings, input)?;
    if !alerts.command.is_empty() && !alerts.command.starts_with('/') {
        let what = "alerts.command is no absolute path";
        let fix = "write one such as \"/usr/local/bin/page\"; it gets no arguments and no shell";
        return Err(ConfigError::new(origin(input, &["alerts.command"]), what, fix));
    }
    Ok(())
}

/// Commands need people who may give them, and a chat to give them in.
fn chat(settings: &Settings, input: &Input) -> Result<(), ConfigError> {
    let name = "alerts.telegram_users";
    let users = user_list::users(&settings.alerts.telegram_users).map_err(|what| {
        let fix = "write numbers of Telegram users: \"11,22\"";
        ConfigError::new(origin(input, &[name]), format!("{name} {what}"), fix)
    })?;
    if !users.is_empty() && settings.alerts.telegram_chat_id.is_empty() {
        let what = format!("{name} without alerts.telegram_chat_id");
        let fix = "name the chat in which they may give commands";
        return Err(ConfigError::new(origin(input, &[name]), what, fix));
    }
    Ok(())
}

/// Where to look: the first of `names` that someone set; the default where none is.
fn origin(input: &Input, names: &[&str]) -> Origin {
    names
        .iter()
        .filter_map(|name| input.get(name))
        .map(|(_, origin)| origin)
        .find(|origin| **origin != Origin::Default)
        .cloned()
        .unwrap_or(Origin::Default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::table::find;

    /// Else a reload could take one of a pair and break the rule that was just checked.
    #[test]
    fn related_keys_reload_together() {
        for (low, high) in NOT_ABOVE {
            let (low, high) = (find(low).expect(low), find(high).expect(high));
            assert_eq!(low.reloadable, high.reloadable, "{} {}", low.name, high.name);
        }
    }
}
